"""The chat model behind LiteLLM: any hosted or local model it knows."""

from __future__ import annotations

import atexit
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from custagent.core.agent import ModelOptions
from custagent.core.errors import ModelError
from custagent.core.ports import Completion
from custagent.core.written import seconds
from custagent.deadline import close_with, run_within, stream_within

#: Failures that may have passed a moment later.
_PASSING = frozenset({429, 500, 502, 503, 529})
#: How a service says that it does not take a request: perhaps it knows no forms, or cannot stream.
_NOT_TAKEN = frozenset({400, 404, 415, 422, 501})
#: Seconds before the one retry, where the service does not ask for more.
RETRY_AFTER = 1.0
#: A model that writes on and on is listened to no longer: many times what fits into a reply.
MOST_CHARS = 40_000
#: A provider's error can be a whole page.
_MAX_ERROR_CHARS = 300
#: A shorter "secret" would blot out ordinary words.
_MIN_SECRET_CHARS = 6


@dataclass(slots=True, kw_only=True)
class _Request:
    """One completion that is wanted, over all its tries."""

    messages: list[dict[str, str]]
    #: When it has to be over, in monotonic seconds.
    deadline: float
    form: Mapping[str, object] | None = None
    heard: Callable[[str], None] | None = None
    #: What was told to `heard`.
    told: str = field(default="")

    @property
    def left(self) -> float:
        return max(0.0, self.deadline - time.monotonic())

    def tell(self, text: str) -> None:
        self.told = text
        if self.heard:
            self.heard(text)


class LiteLLMChatModel:
    """A ChatModel. The messages leave the machine for wherever `model` and `api_base` say.

    `masked` takes out of every message what no model may see (ANS-7), whoever wrote it: contact, agent or page.
    """

    def __init__(
        self,
        model: str,
        options: ModelOptions | None = None,
        *,
        api_key: str | None = None,
        masked: Callable[[str], str] = str,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.model = model
        self.options = options or ModelOptions()
        self._api_key = api_key
        self._masked = masked
        self._pause = pause
        #: Whether the service refused a request only for its form, or for being asked to stream.
        self._is_plain = False

    def load(self) -> None:
        """Bring the library into memory, which the first question would wait seconds for. Asks nobody."""
        _library()

    def complete(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        form: Mapping[str, object] | None = None,
        within: float | None = None,
        heard: Callable[[str], None] | None = None,
    ) -> Completion:
        """See the port. It ends within the options' `timeout`, whatever the service does.

        One retry after a failure that may pass, where there is time for it; a time-out has taken long enough already.
        A service that does not take a form, or does not stream, is asked again without, and from then on.
        """
        litellm = _library()
        sent = [{name: self._masked(value) for name, value in message.items()} for message in messages]
        limit = min(seconds(self.options.timeout), within if within is not None else float("inf"))
        request = _Request(messages=sent, deadline=time.monotonic() + limit, form=form, heard=heard)
        try:
            return self._tried(litellm, request)
        except TimeoutError as error:
            raise self._failed(f"it did not answer in time ({limit:.0f}s)") from error
        # Every error of LiteLLM's is one of these; the others are what an answer of no known form leads to.
        except (litellm.exceptions.openai.OpenAIError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise self._failed(str(error) or type(error).__name__) from error

    def _tried(self, litellm: Any, request: _Request) -> Completion:
        try:
            return self._asked(litellm, request)
        except litellm.exceptions.openai.APIError as error:
            if request.told:  # what was heard is taken back by nothing
                raise
            if not self._is_plain and (request.form or request.heard) and _status(error) in _NOT_TAKEN:
                self._is_plain = True
            else:
                self._wait(litellm, request, error)
            return self._asked(litellm, request)

    def _wait(self, litellm: Any, request: _Request, error: Exception) -> None:
        """Until it may be tried again. Raises the error where that is no use, or too late."""
        pause = max(RETRY_AFTER, _asked_to_wait(error))
        if not _may_pass(litellm, error) or pause >= request.left:
            raise error
        self._pause(pause)

    def _asked(self, litellm: Any, request: _Request) -> Completion:
        if request.heard is not None and not self._is_plain:
            if completion := self._streamed(litellm, request):
                return completion
            # It took the question and streamed nothing: it may answer in one go.
            self._is_plain = True
        settings = self._settings(request)
        response = run_within(request.left, lambda: litellm.acompletion(**settings))
        completion = self._completion(litellm, response.choices[0].message.content, response)
        request.tell(completion.text)
        return completion

    def _streamed(self, litellm: Any, request: _Request) -> Completion | None:
        settings = {**self._settings(request), "stream": True, "stream_options": {"include_usage": True}}
        text, last = "", None
        with closing(stream_within(request.left, lambda: _chunks(litellm, settings))) as chunks:
            for chunk in chunks:
                last = chunk if getattr(chunk, "usage", None) else last
                piece = chunk.choices[0].delta.content if chunk.choices else None
                if piece:
                    text += piece
                    request.tell(text)
                if len(text) > MOST_CHARS:
                    break
        return self._completion(litellm, text, last) if text.strip() else None

    def _settings(self, request: _Request) -> dict[str, Any]:
        settings: dict[str, Any] = {
            "model": self.model,
            "messages": request.messages,
            "api_base": self.options.api_base,
            "api_key": self._api_key,
            "temperature": self.options.temperature,
            "max_tokens": self.options.max_tokens,
            # The deadline is kept around the call. Here it is always the same, for LiteLLM keeps a client for each.
            "timeout": float(seconds(self.options.timeout)),
            # Some models refuse a temperature, or know no forms: then they are left out.
            "drop_params": True,
            "num_retries": 0,
            "max_retries": 0,
        }
        if request.form and not self._is_plain:
            schema = {"name": "reply", "strict": True, "schema": dict(request.form)}
            settings["response_format"] = {"type": "json_schema", "json_schema": schema}
        return settings

    def _completion(self, litellm: Any, text: object, response: Any) -> Completion:
        if not isinstance(text, str) or not text.strip():
            raise ValueError("it answered with no text")
        usage = getattr(response, "usage", None)
        completion = Completion(
            text=text[:MOST_CHARS],
            model=self.model,
            input_tokens=int(getattr(usage, "prompt_tokens", 0) or 0),
            output_tokens=int(getattr(usage, "completion_tokens", 0) or 0),
        )
        return replace(completion, cost=_cost(litellm, completion))

    def _failed(self, why: str) -> ModelError:
        told = " ".join(self._without_secrets(why).split())
        if len(told) > _MAX_ERROR_CHARS:
            told = told[:_MAX_ERROR_CHARS].rstrip() + " …"
        return ModelError(
            f"the model {self.model!r} failed: {told}",
            hint="Check `model:` and `model_options:` of the agent, the key, and that the service is up.",
        )

    def _without_secrets(self, text: str) -> str:
        """Providers like to repeat the key that they refuse."""
        keys = [value for name, value in os.environ.items() if name.upper().endswith(("_KEY", "_TOKEN", "_SECRET"))]
        for key in sorted({self._api_key or "", *keys}, key=len, reverse=True):
            if len(key) >= _MIN_SECRET_CHARS:
                text = text.replace(key, "***")
        return text


async def _chunks(litellm: Any, settings: Mapping[str, Any]) -> AsyncIterator[Any]:
    stream = await litellm.acompletion(**settings)
    async with aclosing(stream):
        async for chunk in stream:
            yield chunk


def _cost(litellm: Any, completion: Completion) -> float | None:
    """US dollars; None where no price is known, or no tokens were counted."""
    if not completion.input_tokens:
        return None
    try:
        sent, written = litellm.cost_per_token(
            model=completion.model,
            prompt_tokens=completion.input_tokens,
            completion_tokens=completion.output_tokens,
        )
    except (litellm.exceptions.ModelNotMappedError, litellm.exceptions.openai.OpenAIError, ValueError, LookupError):
        return None
    return float(sent + written)


def _status(error: Exception) -> int | None:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


def _may_pass(litellm: Any, error: Exception) -> bool:
    openai = litellm.exceptions.openai
    if isinstance(error, openai.APITimeoutError):
        return False
    return isinstance(error, openai.APIConnectionError) or _status(error) in _PASSING


def _asked_to_wait(error: Exception) -> float:
    """The seconds of the service's Retry-After; 0.0 where it names none, or a date."""
    headers = getattr(error, "litellm_response_headers", None) or {}
    try:
        return float(headers.get("retry-after", 0))
    except (TypeError, ValueError):
        return 0.0


@cache
def _library() -> Any:
    # When it is imported, LiteLLM fetches a price list and reads a `.env` file, unless told not to; custagent makes no
    # call unasked, and a workspace's secrets are the environment's.
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ.setdefault("LITELLM_MODE", "PRODUCTION")
    import litellm

    litellm.telemetry = False
    # Else it prints advice to stdout, where a script expects JSON.
    litellm.suppress_debug_info = True
    # Its own connections are not closed when the process ends, and are complained about ("Unclosed connector").
    litellm.disable_aiohttp_transport = True
    atexit.register(close_with, litellm.close_litellm_async_clients)
    return litellm
