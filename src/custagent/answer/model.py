"""The chat model behind LiteLLM: any hosted or local model it knows."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from custagent.answer.deadline import run_within
from custagent.core.agent import ModelOptions
from custagent.core.errors import ModelError
from custagent.core.ports import Completion
from custagent.core.written import seconds

#: Failures that may have passed a moment later.
_PASSING = frozenset({429, 500, 502, 503, 529})
#: Seconds before the one retry, where the service does not ask for more.
RETRY_AFTER = 1.0
#: A provider's error can be a whole page.
_MAX_ERROR_CHARS = 300
#: A shorter "secret" would blot out ordinary words.
_MIN_SECRET_CHARS = 6


class LiteLLMChatModel:
    """A ChatModel. The messages leave the machine for wherever `model` and `api_base` say."""

    def __init__(
        self,
        model: str,
        options: ModelOptions | None = None,
        *,
        api_key: str | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.model = model
        self.options = options or ModelOptions()
        self._api_key = api_key
        self._pause = pause

    def complete(self, messages: Sequence[Mapping[str, str]]) -> Completion:
        """See the port. It ends within the options' `timeout`, whatever the service does.

        One retry after a failure that may pass, where there is time for it; a time-out has taken long enough already.
        """
        litellm = _library()
        sent = [dict(message) for message in messages]
        deadline = time.monotonic() + seconds(self.options.timeout)
        try:
            try:
                response = self._ask(litellm, sent, deadline)
            except litellm.exceptions.openai.APIError as error:
                pause = max(RETRY_AFTER, _asked_to_wait(error))
                if not _may_pass(litellm, error) or time.monotonic() + pause >= deadline:
                    raise
                self._pause(pause)
                response = self._ask(litellm, sent, deadline)
            return self._completion(response)
        except TimeoutError as error:
            raise self._failed(f"it did not answer in time ({self.options.timeout})") from error
        # Every error of LiteLLM's is one of these; the others are what an answer of no known form leads to.
        except (litellm.exceptions.openai.OpenAIError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise self._failed(str(error) or type(error).__name__) from error

    def _ask(self, litellm: Any, messages: list[dict[str, str]], deadline: float) -> Any:
        left = max(0.0, deadline - time.monotonic())
        return run_within(
            left,
            lambda: litellm.acompletion(
                model=self.model,
                messages=messages,
                api_base=self.options.api_base,
                api_key=self._api_key,
                temperature=self.options.temperature,
                max_tokens=self.options.max_tokens,
                timeout=left,
                # Some models refuse a temperature: then it is left out.
                drop_params=True,
                num_retries=0,
            ),
        )

    def _completion(self, response: Any) -> Completion:
        text = response.choices[0].message.content
        if not isinstance(text, str) or not text.strip():
            raise ValueError("it answered with no text")
        usage = getattr(response, "usage", None)
        return Completion(
            text=text,
            model=self.model,
            input_tokens=int(getattr(usage, "prompt_tokens", 0) or 0),
            output_tokens=int(getattr(usage, "completion_tokens", 0) or 0),
        )

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


def _may_pass(litellm: Any, error: Exception) -> bool:
    openai = litellm.exceptions.openai
    if isinstance(error, openai.APITimeoutError):
        return False
    return isinstance(error, openai.APIConnectionError) or getattr(error, "status_code", None) in _PASSING


def _asked_to_wait(error: Exception) -> float:
    """The seconds of the service's Retry-After; 0.0 where it names none, or a date."""
    headers = getattr(error, "litellm_response_headers", None) or {}
    try:
        return float(headers.get("retry-after", 0))
    except (TypeError, ValueError):
        return 0.0


def _library() -> Any:
    # When it is imported, LiteLLM fetches a price list and reads a `.env` file, unless told not to; custagent makes no
    # call unasked, and a workspace's secrets are the environment's.
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ.setdefault("LITELLM_MODE", "PRODUCTION")
    import litellm

    litellm.telemetry = False
    # Else it prints advice to stdout, where a script expects JSON.
    litellm.suppress_debug_info = True
    return litellm
