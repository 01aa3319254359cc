"""What every ChatModel promises, and how the one behind LiteLLM keeps it against a real server on 127.0.0.1."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from custagent.answer.model.model import MOST_CHARS, RETRY_AFTER, LiteLLMChatModel
from custagent.core.agent import ModelOptions
from custagent.core.errors import ModelError
from custagent.core.ports import ChatModel, Completion
from custagent.testing import ScriptedModel

KEY = "sk-secret-0123456789"
ASKED = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Vad kostar det? ☃"},
]

#: A status with a body, or None: the connection is closed without an answer.
Reply = tuple[int, bytes] | None


def completion(text: str | None = "49 kr.", **rest) -> Reply:
    """A body as OpenAI sends it."""
    body = {
        "id": "1", "object": "chat.completion", "created": 1, "model": "small",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}, **rest,
    }  # fmt: skip
    return 200, json.dumps(body).encode()


def error(status: int, message: str = "no") -> Reply:
    return status, json.dumps({"error": {"message": message, "type": "x", "code": status}}).encode()


class Service:
    """A chat service that gives its replies in turn, the last one again and again."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.asked: list[tuple[str, str, dict]] = []
        self.hold = threading.Event()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.asked.append((self.path, self.headers.get("Authorization", ""), json.loads(body)))
                reply = service.replies.pop(0) if len(service.replies) > 1 else service.replies[0]
                if reply is None:
                    service.hold.wait(60)
                    self.close_connection = True
                    return
                self.send_response(reply[0])
                streams = reply[1].startswith(b"data:")
                self.send_header("Content-Type", "text/event-stream" if streams else "application/json")
                self.send_header("Content-Length", str(len(reply[1])))
                self.end_headers()
                self.wfile.write(reply[1])

            def log_message(self, *args: object) -> None:
                """Tests are quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self._server.server_port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def count(self) -> int:
        return len(self.asked)


@pytest.fixture(scope="module")
def running() -> Iterator[Service]:
    service = Service()
    # What the library loads with its first calls is loaded, however busy the machine is.
    patient = LiteLLMChatModel("openai/small", ModelOptions(api_base=service.base, timeout="120s"), api_key=KEY)
    for reply, heard in ((completion(), None), (streamed("49 kr."), [].append)):
        service.replies = [reply]
        patient.complete(ASKED, heard=heard)
    yield service
    service.close()


@pytest.fixture
def service(running) -> Service:
    running.replies, running.asked = [completion()], []
    running.hold.clear()
    return running


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def model(service, pauses) -> LiteLLMChatModel:
    return LiteLLMChatModel(
        "openai/small", ModelOptions(api_base=service.base, timeout="5s"), api_key=KEY, pause=pauses.append
    )


def failure(model: LiteLLMChatModel, **rest) -> ModelError:
    with pytest.raises(ModelError) as caught:
        model.complete(ASKED, **rest)
    return caught.value


class TestEveryChatModel:
    @pytest.fixture(params=["scripted", "litellm"])
    def any_model(self, request, model) -> ChatModel:
        return {"scripted": ScriptedModel(["49 kr."]), "litellm": model}[request.param]

    def test_it_completes_a_conversation(self, any_model):
        said = any_model.complete(ASKED)
        assert isinstance(said, Completion)
        assert said.text == "49 kr."
        assert said.model
        assert said.input_tokens > 0
        assert said.output_tokens > 0

    def test_it_leaves_the_messages_as_they_are(self, any_model):
        messages = [dict(one) for one in ASKED]
        any_model.complete(messages)
        assert messages == ASKED

    def test_it_fails_with_a_model_error(self, any_model, service):
        any_model.complete(ASKED)
        service.replies = [error(400)]
        with pytest.raises(ModelError):
            any_model.complete(ASKED)


class TestRequest:
    def test_it_asks_the_service_that_was_named(self, model, service):
        said = model.complete(ASKED)
        path, authorization, body = service.asked[0]
        assert (path, authorization) == ("/v1/chat/completions", f"Bearer {KEY}")
        assert body["model"] == "small"
        assert body["messages"] == ASKED
        assert (body["temperature"], body["max_tokens"]) == (0.0, 500)
        assert said == Completion(text="49 kr.", model="openai/small", input_tokens=12, output_tokens=3)
        assert service.count == 1

    def test_the_agents_options_are_passed_on(self, service):
        options = ModelOptions(api_base=service.base, temperature=0.7, max_tokens=99)
        LiteLLMChatModel("openai/small", options, api_key=KEY).complete(ASKED)
        body = service.asked[0][2]
        assert (body["temperature"], body["max_tokens"]) == (0.7, 99)

    def test_an_option_that_the_model_does_not_take_is_left_out(self, service):
        LiteLLMChatModel("openai/o3-mini", ModelOptions(api_base=service.base), api_key=KEY).complete(ASKED)
        assert "temperature" not in service.asked[0][2]

    def test_an_answer_that_counts_no_tokens_has_used_none_that_we_know(self, model, service):
        service.replies = [completion(usage=None)]
        assert model.complete(ASKED).text == "49 kr."

    def test_nothing_is_printed(self, model, service, capfd):
        service.replies = [error(401)]
        failure(model)
        assert capfd.readouterr() == ("", "")

    def test_litellm_is_told_to_fetch_no_price_list_and_to_read_no_file_of_secrets(self, model):
        model.complete(ASKED)
        told = os.environ["LITELLM_LOCAL_MODEL_COST_MAP"], os.environ["LITELLM_MODE"]
        assert told == ("True", "PRODUCTION")


FORM = {"type": "object", "properties": {"sentences": {"type": "array", "items": {"type": "string"}}}}


def streamed(*pieces: str, usage: bool = True, end: bool = True) -> Reply:
    """A body as OpenAI streams it."""
    events = [
        {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "small",
         "choices": [{"index": 0, "delta": {"role": "assistant", "content": piece}, "finish_reason": None}]}
        for piece in pieces
    ]  # fmt: skip
    last = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "small"}
    events.append({**last, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    if usage:
        events.append(
            {**last, "choices": [], "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}}
        )
    text = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    return 200, (text + ("data: [DONE]\n\n" if end else "")).encode()


class TestForm:
    def test_the_service_is_asked_to_keep_to_the_form(self, model, service):
        model.complete(ASKED, form=FORM)
        asked = service.asked[0][2]["response_format"]
        assert (asked["type"], asked["json_schema"]["schema"], asked["json_schema"]["strict"]) == (
            "json_schema", FORM, True,
        )  # fmt: skip

    @pytest.mark.parametrize("status", [400, 404, 415, 422])
    def test_one_that_knows_no_forms_is_asked_without_and_then_always(self, model, service, pauses, status):
        service.replies = [error(status), completion()]
        assert model.complete(ASKED, form=FORM).text == "49 kr."
        assert model.complete(ASKED, form=FORM).text == "49 kr."
        assert ["response_format" in asked for _, _, asked in service.asked] == [True, False, False]
        assert pauses == []

    def test_one_that_refuses_for_another_reason_is_not_asked_for_ever(self, model, service):
        service.replies = [error(400)]
        failure(model, form=FORM)
        assert service.count == 2


class TestStream:
    def test_all_of_the_text_so_far_is_told_as_it_comes(self, model, service):
        service.replies = [streamed("Twenty", " crowns", ".")]
        heard: list[str] = []
        said = model.complete(ASKED, heard=heard.append)
        assert heard == ["Twenty", "Twenty crowns", "Twenty crowns."]
        assert said == Completion(text="Twenty crowns.", model="openai/small", input_tokens=12, output_tokens=3)
        assert service.asked[0][2]["stream"] is True

    def test_one_that_counts_no_tokens(self, model, service):
        service.replies = [streamed("49 kr.", usage=False)]
        assert model.complete(ASKED, heard=[].append).text == "49 kr."

    @pytest.mark.parametrize("first", [error(400), completion(), streamed()])
    def test_one_that_does_not_stream_is_asked_for_all_of_it(self, model, service, first):
        service.replies = [first, completion()]
        heard: list[str] = []
        assert model.complete(ASKED, heard=heard.append).text == "49 kr."
        assert heard == ["49 kr."]
        assert [asked.get("stream", False) for _, _, asked in service.asked] == [True, False]

    def test_a_failure_before_the_first_word_is_tried_once_more(self, model, service, pauses):
        service.replies = [error(503), streamed("49 kr.")]
        assert model.complete(ASKED, heard=[].append).text == "49 kr."
        assert pauses == [RETRY_AFTER]

    def test_what_writes_on_and_on_is_listened_to_no_longer(self, model, service):
        service.replies = [streamed(*["x" * 1000] * 100)]
        assert len(model.complete(ASKED, heard=[].append).text) == MOST_CHARS


class TestMasking:
    def test_every_message_is_masked_before_it_leaves(self, service):
        masking = LiteLLMChatModel(
            "openai/small",
            ModelOptions(api_base=service.base),
            api_key=KEY,
            masked=lambda text: text.replace("4111", "#"),
        )
        masking.complete([
            {"role": role, "content": f"{role} 4111"} for role in ("system", "user", "assistant")
        ])  # fmt: skip
        assert "4111" not in json.dumps(service.asked[0][2])
        assert [one["content"] for one in service.asked[0][2]["messages"]] == ["system #", "user #", "assistant #"]


class TestCost:
    def test_it_is_known_where_the_price_is(self, service):
        known = LiteLLMChatModel("openai/gpt-4o-mini", ModelOptions(api_base=service.base), api_key=KEY)
        cost = known.complete(ASKED).cost
        assert cost is not None
        assert 0 < cost < 0.01

    def test_else_it_is_not(self, model, service):
        assert model.complete(ASKED).cost is None
        service.replies = [completion(usage=None)]
        known = LiteLLMChatModel("openai/gpt-4o-mini", ModelOptions(api_base=service.base), api_key=KEY)
        assert known.complete(ASKED).cost is None


class TestRetry:
    @pytest.mark.parametrize("status", [429, 500, 502, 503, 529])
    def test_a_failure_that_may_pass_is_tried_once_more(self, model, service, pauses, status):
        service.replies = [error(status), completion()]
        assert model.complete(ASKED).text == "49 kr."
        assert (service.count, pauses) == (2, [RETRY_AFTER])

    @pytest.mark.parametrize("status", [429, 500])
    def test_and_only_once(self, model, service, status):
        service.replies = [error(status)]
        failure(model)
        assert service.count == 2

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 504])
    def test_a_refusal_is_final(self, model, service, pauses, status):
        service.replies = [error(status)]
        failure(model)
        assert (service.count, pauses) == (1, [])

    def test_a_lost_connection_is_tried_once_more(self, model, service, pauses):
        service.hold.set()
        service.replies = [None, completion()]
        assert model.complete(ASKED).text == "49 kr."
        assert (service.count, pauses) == (2, [RETRY_AFTER])

    def test_a_time_out_is_not(self, service, pauses):
        service.replies = [None]
        slow = LiteLLMChatModel(
            "openai/small", ModelOptions(api_base=service.base, timeout="1s"), api_key=KEY, pause=pauses.append
        )
        told = failure(slow)
        assert "tim" in told.message.lower()
        assert (service.count, pauses) == (1, [])

    def test_a_service_that_is_not_there(self, pauses):
        gone = LiteLLMChatModel(
            "openai/small", ModelOptions(api_base="http://127.0.0.1:9/v1"), api_key=KEY, pause=pauses.append
        )
        assert "'openai/small'" in failure(gone).message
        assert pauses == [RETRY_AFTER]


class TestFailure:
    @pytest.mark.parametrize(
        "reply",
        [
            (200, b"this is no json"),
            (200, b"{}"),
            (200, b"[]"),
            (200, b"null"),
            (200, b""),
            (200, b'{"choices": []}'),
            (200, b'{"choices": [{"message": null}]}'),
            completion(None),
            completion(""),
            completion("  \n"),
            completion(
                None,
                choices=[
                    {
                        "index": 0,
                        "finish_reason": "content_filter",
                        "message": {"role": "assistant", "content": None},
                    }
                ],
            ),
            (200, b'{"error": {"message": "overloaded"}}'),
            (500, b"<html>oops</html>"),
        ],
    )
    def test_an_answer_of_no_use_is_a_model_error(self, model, service, reply):
        service.replies = [reply]
        told = failure(model)
        assert "'openai/small'" in told.message
        assert "model_options" in told.hint

    @pytest.mark.parametrize("name", ["nosuchprovider/small", "small/"])
    def test_a_model_that_litellm_does_not_know_is_a_model_error(self, name):
        assert repr(name) in failure(LiteLLMChatModel(name, api_key=KEY, pause=lambda _: None)).message

    @pytest.mark.parametrize("status", [400, 401, 404, 500])
    def test_the_key_is_never_told(self, model, service, status):
        service.replies = [error(status, f"Incorrect API key provided: {KEY}. Also: Bearer {KEY}")]
        told = failure(model)
        assert KEY not in f"{told.message} {told.hint} {told!r}"
        assert "Incorrect API key provided: ***" in told.message

    def test_nor_one_from_the_environment(self, service, monkeypatch):
        monkeypatch.setenv("OPENAI_API_KEY", "sk-from-the-environment")
        service.replies = [error(401, "wrong key sk-from-the-environment")]
        model = LiteLLMChatModel("openai/small", ModelOptions(api_base=service.base))
        assert "sk-from-the-environment" not in failure(model).message
        assert service.asked[0][1] == "Bearer sk-from-the-environment"

    def test_a_long_error_is_cut_and_on_one_line(self, model, service):
        service.replies = [error(400, "too\nlong " * 1000)]
        message = failure(model).message
        assert len(message) < 400
        assert "\n" not in message
        assert message.endswith("…")


def test_the_fake_fails_when_its_script_is_over():
    model = ScriptedModel(["one", "two"])
    assert [model.complete(ASKED).text, model.complete(ASKED).text] == ["one", "two"]
    with pytest.raises(ModelError):
        model.complete(ASKED)
    assert model.prompts == [ASKED] * 3
