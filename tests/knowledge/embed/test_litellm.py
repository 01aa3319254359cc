"""LiteLLM embeddings against a real server on this machine that speaks like OpenAI's."""

import json
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import numpy as np
import pytest

from custagent.core.errors import EmbedderError
from custagent.knowledge.embed.litellm import BATCH, LiteLLMEmbedder

KEY = "sk-the-secret-key"


class Service:
    """Notes what it is asked; `fault` says how it fails."""

    def __init__(self) -> None:
        self.asked: list[dict] = []
        self.fault = ""
        self.done = Event()

    def answer(self, asked: dict) -> tuple[int, bytes]:
        rows = [
            {"object": "embedding", "index": at, "embedding": [3.0, 4.0, float(len(text))]}
            for at, text in enumerate(asked["input"])
        ]
        body = {"object": "list", "model": asked["model"], "data": rows[::-1], "usage": {"total_tokens": 1}}
        match self.fault:
            case "sign-in":
                said = {"error": {"message": f"Incorrect API key provided: {KEY}", "code": "invalid_api_key"}}
                return 401, json.dumps(said).encode()
            case "broken":
                return 500, b'{"error": {"message": "the disk is full"}}'
            case "web page":
                return 200, b"<html>Welcome to nginx</html>"
            case "no vectors":
                return 200, b'{"message": "hello"}'
            case "words":
                rows[0]["embedding"] = ["three", "four"]
            case "uneven":
                rows[0]["embedding"] = [1.0]
            case "one too few":
                body["data"] = rows[1:]
            case "not a number":
                rows[0]["embedding"] = [float("nan")] * 3
            case "slow":
                self.done.wait(60)
        return 200, json.dumps(body).encode()


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadingHTTPServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.service.asked.append({"path": self.path, "auth": self.headers["Authorization"], **asked})
            status, body = server.service.answer(asked)
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except ConnectionError:
                return

        def log_message(self, *_):
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def service(server) -> Service:
    server.service = Service()
    return server.service


@pytest.fixture
def embedder(server, service) -> LiteLLMEmbedder:
    return LiteLLMEmbedder("openai/small", api_base=f"http://127.0.0.1:{server.server_port}/v1", api_key=KEY)


def test_it_asks_as_the_service_expects(embedder, service):
    assert embedder.embed_query("hello").shape == (1, 3)
    (asked,) = service.asked
    assert (asked["path"], asked["auth"]) == ("/v1/embeddings", f"Bearer {KEY}")
    assert (asked["model"], asked["input"]) == ("small", ["hello"])


def test_many_texts_go_in_batches_and_come_back_in_order(embedder, service):
    texts = ["x" * length for length in range(1, 2 * BATCH + 3)]
    vectors = embedder.embed_passages(texts)
    assert [len(asked["input"]) for asked in service.asked] == [BATCH, BATCH, 2]
    lengths = 5 * vectors[:, 2] / np.hypot(vectors[:, 0], vectors[:, 1])
    assert lengths == pytest.approx([len(text) for text in texts], rel=1e-3), "the service answered in reverse"


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("sign-in", "Incorrect API key"),
        ("web page", "failed"),
        ("no vectors", "failed"),
        ("words", "failed"),
        ("uneven", "no vectors"),
        ("one too few", "one vector for each text"),
        ("not a number", "one vector for each text"),
    ],
)
def test_a_useless_answer_is_an_error_that_names_the_model(embedder, service, fault, told):
    service.fault = fault
    with pytest.raises(EmbedderError, match=told) as caught:
        embedder.embed_passages(["one", "two"])
    assert "openai/small" in caught.value.message
    assert "custagent.yaml" in caught.value.hint
    assert len(caught.value.message) < 400
    assert len(service.asked) == 1, "asking again would not help"


@pytest.mark.parametrize("fault", ["sign-in", "broken"])
def test_the_key_shows_nowhere(embedder, service, fault, capfd):
    """Services repeat what was sent to them."""
    service.fault = fault
    with pytest.raises(EmbedderError) as caught:
        embedder.embed_query("hello")
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert KEY not in embedder.name
    printed = capfd.readouterr()
    assert printed.out + printed.err == "", "the terminal is not LiteLLM's"


def test_a_service_that_does_not_answer_is_waited_for_no_longer_than_told(server, service):
    service.fault = "slow"
    base = f"http://127.0.0.1:{server.server_port}/v1"
    with pytest.raises(EmbedderError, match=r"(?i)time"):
        LiteLLMEmbedder("openai/small", api_base=base, api_key=KEY, timeout=0.05).embed_query("hello")
    service.done.set()


def test_no_service_at_all(server):
    embedder = LiteLLMEmbedder("openai/small", api_base="http://127.0.0.1:9/v1", api_key=KEY)
    with pytest.raises(EmbedderError, match="openai/small"):
        embedder.embed_query("hello")


def test_two_servers_with_a_model_of_one_name_are_two_engines():
    one = LiteLLMEmbedder("openai/m", api_base="http://anna:secret@one.example:8000/v1/?key=1")
    other = LiteLLMEmbedder("openai/m", api_base="http://two.example/v1")
    assert one.name == "litellm openai/m at one.example:8000/v1"
    assert other.name == "litellm openai/m at two.example/v1"
    assert LiteLLMEmbedder("openai/m").name == "litellm openai/m"
