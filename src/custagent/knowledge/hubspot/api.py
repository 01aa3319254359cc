"""Asking HubSpot's API: with a private app's token, page by page, patient where it asks for patience.

The token goes to the API's own address and nowhere else: redirects are not followed, and the address guard holds here
as everywhere (SRC-7). No error ever holds it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlencode

import httpcore
import httpx

from custagent.core.errors import FetchError, UsageError
from custagent.knowledge.web import headers as header
from custagent.knowledge.web.addresses import AddressGuard
from custagent.knowledge.web.fetch import USER_AGENT, certificate_error
from custagent.knowledge.web.transport import GuardedTransport

#: Where HubSpot serves it.
BASE: Final = "https://api.hubapi.com"
#: Pages an answer, the most that HubSpot gives.
LIMIT: Final = 100
#: Seconds for one answer from the first lookup to the last byte.
PATIENCE: Final = 60.0
#: A hundred pages with all their modules are some megabytes.
MAX_ANSWER: Final = 64_000_000
#: How often a request is tried, and the seconds before the second try; each later one waits twice as long.
TRIES: Final = 5
BACK_OFF: Final = 1.0
#: HubSpot counts requests by ten seconds: so long is waited when it does not say how long.
RATE_WINDOW: Final = 10.0
LONGEST_WAIT: Final = 120.0
#: Pages of a list, so that a server that never ends does not keep us for ever.
_MOST_ANSWERS: Final = 10_000
_MOST_WORDS: Final = 300


class HubSpotApi:
    """One account; use it as `async with`."""

    def __init__(
        self,
        token: str,
        *,
        base: str = BASE,
        allow_hosts: tuple[str, ...] = (),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Raises AddressRefused for a `base` that is not on the public web, UsageError for one without https.

        A host of `allow_hosts` may be asked wherever it is, without encryption too: it is a server of one's own.
        """
        guard = AddressGuard(allow_hosts)
        self._base = guard.check_url(base.rstrip("/"))
        if self._base.scheme != "https" and not _is_allowed(self._base, allow_hosts):
            raise UsageError(f"{base} would show the token to everybody on the way", hint="Write it with https://.")
        if not token.isascii() or not token.isprintable() or " " in token:
            raise UsageError(
                "the token holds characters that no HubSpot token has", hint="Copy it again from the private app."
            )
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "User-Agent": USER_AGENT,
        }
        self._transport = GuardedTransport(guard, connections=1, network=httpcore.AnyIOBackend())
        self._sleep = sleep

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.__aexit__(kind, error, trace)

    async def results(self, path: str) -> AsyncIterator[Mapping[str, Any]]:
        """Everything that the list at `path` holds, answer by answer (`paging.next.after`). Raises FetchError."""
        after = ""
        known: set[str] = set()
        while len(known) < _MOST_ANSWERS:
            query = {"limit": str(LIMIT), "archived": "false", **({"after": after} if after else {})}
            answer = await self._get(f"{path}?{urlencode(query)}")
            results = answer.get("results")
            if not isinstance(results, list):
                raise FetchError(f"{self._base.host}{path} answered something that is no list of pages.")
            for result in results:
                if isinstance(result, dict):
                    yield result
            after = _after(answer)
            if not after:
                return
            if after in known:
                break
            known.add(after)
        raise FetchError(f"{self._base.host}{path} gave the same part of the list again and again.")

    async def _get(self, target: str) -> Mapping[str, Any]:
        url = httpx.URL(str(self._base).rstrip("/") + target)
        wait = BACK_OFF
        for attempt in range(1, TRIES + 1):
            last = attempt == TRIES
            try:
                async with asyncio.timeout(PATIENCE):
                    status, headers, body = await self._ask(url)
            except (TimeoutError, httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
                if refused := certificate_error(error):
                    raise FetchError(
                        f"the certificate of {url.host} is not valid ({refused.verify_message}).",
                        hint="Whoever runs it, or the proxy on the way to it, has to correct that.",
                    ) from error
                if last:
                    raise FetchError(f"{url.host} did not answer.", hint="Check that you are online.") from error
                asked = None
            else:
                if status == HTTPStatus.OK:
                    return _loaded(body, url)
                asked = _wait(status, headers, body)
                if asked is None or last:
                    raise _refusal(status, body, url)
            await self._sleep(wait if not asked else min(asked, LONGEST_WAIT))
            wait *= 2
        raise AssertionError("the last try returns or raises")

    async def _ask(self, url: httpx.URL) -> tuple[int, httpx.Headers, bytes]:
        request = httpx.Request(
            "GET", url, headers=self._headers, extensions={"timeout": httpx.Timeout(PATIENCE).as_dict()}
        )
        response = await self._transport.handle_async_request(request)
        try:
            body = bytearray()
            async for part in response.aiter_raw():
                body += part
                if len(body) > MAX_ANSWER:
                    raise FetchError(f"{url.host} sent more than {MAX_ANSWER // 1_000_000} MB in one answer.")
            return response.status_code, response.headers, bytes(body)
        finally:
            await response.aclose()


def _is_allowed(base: httpx.URL, allow_hosts: tuple[str, ...]) -> bool:
    port = base.port or 80
    return any(entry.lower() in (base.host, f"{base.host}:{port}") for entry in allow_hosts)


def _loaded(body: bytes, url: httpx.URL) -> Mapping[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError as error:
        raise FetchError(f"{url.host}{url.path} answered something that is no JSON.") from error
    if not isinstance(answer, dict):
        raise FetchError(f"{url.host}{url.path} answered something that is no list of pages.")
    return answer


def _after(answer: Mapping[str, Any]) -> str:
    """Where the list goes on; "" at its end."""
    found: Any = answer
    for name in ("paging", "next", "after"):
        found = found.get(name) if isinstance(found, dict) else None
    return str(found) if isinstance(found, str | int) else ""


def _wait(status: int, headers: httpx.Headers, body: bytes) -> float | None:
    """Seconds to wait before another try, 0 for the usual pause; None when trying again is no use."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        if _told(body).get("policyName") == "DAILY":
            return None
        asked = header.retry_after(headers)
        return RATE_WINDOW if asked is None else asked
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return header.retry_after(headers) or 0.0
    return None


def _told(body: bytes) -> Mapping[str, Any]:
    """HubSpot's error, as an object of `message`, `category`, `policyName`, `errors`; empty when it is none."""
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _refusal(status: int, body: bytes, url: httpx.URL) -> FetchError:
    told = _told(body)
    match status:
        case HTTPStatus.UNAUTHORIZED:
            message = "HubSpot does not know the token, or it was taken back."
            hint = "Copy it again in HubSpot: Settings > Integrations > Private Apps > your app > Auth."
        case HTTPStatus.FORBIDDEN:
            scopes = _scopes(told) or ["content"]
            message = f"The token may not read this: it lacks the scope {' or '.join(scopes)}."
            hint = "Add it in HubSpot: Settings > Integrations > Private Apps > your app > Scopes. Then run this again."
        case HTTPStatus.TOO_MANY_REQUESTS:
            daily = told.get("policyName") == "DAILY"
            message = f"HubSpot takes no more requests {'today' if daily else 'for the moment'} from this account."
            hint = "Other apps of the account count too. Try again tomorrow." if daily else "Try again in a minute."
        case HTTPStatus.NOT_FOUND:
            message = f"{url.host} knows no {url.path}."
            hint = "Check --api-base; and that the account has HubSpot's Content Hub or Marketing Hub."
        case _:
            words = " ".join(str(told.get("message", "")).split())[:_MOST_WORDS]
            message = f"{url.host} answered {status}{f': {words}' if words else ''}."
            hint = "Try again later." if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ""
    return FetchError(message, hint=hint, status=status)


def _scopes(told: Mapping[str, Any]) -> list[str]:
    """The scopes that HubSpot names as missing, wherever in the error it does."""
    errors = told.get("errors")
    places = [told, *(one for one in errors if isinstance(one, dict))] if isinstance(errors, list) else [told]
    found: list[str] = []
    for place in places:
        context = place.get("context")
        named = (
            context.get("requiredGranularScopes") or context.get("requiredScopes") if isinstance(context, dict) else []
        )
        found += [scope for scope in named if isinstance(scope, str)] if isinstance(named, list) else []
    return list(dict.fromkeys(found))
