"""What WhatsApp and Messenger share: the Graph API that both are sent through, its errors, and reading its JSON."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

from custagent.channels.http import PATIENCE, UNSURE, Response, ask
from custagent.core.errors import ChannelError, ConfigError, SendFault

#: What an error's code says of the reply and of the channel, whichever of the two products (channels sheet, §1.7).
_FAULTS: Final[Mapping[int, SendFault]] = {
    # The token, what it may do, and an account that was stopped.
    190: SendFault.CHANNEL_OUT,
    0: SendFault.CHANNEL_OUT,
    3: SendFault.CHANNEL_OUT,
    10: SendFault.CHANNEL_OUT,
    33: SendFault.CHANNEL_OUT,
    368: SendFault.CHANNEL_OUT,
    **dict.fromkeys(range(200, 300), SendFault.CHANNEL_OUT),
    2: SendFault.RETRY,
    4: SendFault.SLOW_CHANNEL,
    80007: SendFault.SLOW_CHANNEL,
    100: SendFault.PERMANENT,
}
#: An unknown error, of which the HTTP status tells more.
_UNKNOWN: Final = 1
_TOO_MANY: Final = 429
_UNAUTHORISED: Final = (401, 403)
_SERVER: Final = 500
#: The code of a parameter that is wrong, the proof of the app's secret among them.
_PARAMETER: Final = 100
#: What to do about a token that is not taken, by its subcode.
_TOKEN: Final = 190
_RENEW: Final = (
    "Make a new permanent token in Meta's Business settings (System users > Generate token), put it into the variable"
    " that access_token names, and start the runner again."
)
_SUBCODES: Final = {463: "the access token has expired", 460: "the account's password was changed"}


class Graph:
    """Meta's Graph API as one channel sees it."""

    def __init__(
        self,
        channel: str,
        *,
        base: str,
        version: str,
        token: Callable[[], str],
        app_secrets: Callable[[], Sequence[str]],
        faults: Mapping[int, SendFault],
        subcodes: Mapping[int, tuple[SendFault, str]] | None = None,
    ) -> None:
        """`token` and `app_secrets` raise ConfigError for what is not set; `faults` are the product's own codes.

        `subcodes` say more than the code they come with, where the product has such: what follows, and why in plain words.
        """
        self._channel = channel
        self._root = f"{base.rstrip('/')}/{version}"
        self._token = token
        self._app_secrets = app_secrets
        self._faults = faults
        self._subcodes = subcodes or {}

    async def call(
        self,
        method: str,
        path: Sequence[str],
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        seconds: float = PATIENCE,
        unsure: float = UNSURE,
    ) -> dict[str, Any]:
        """What the API tells. Raises ChannelError, sorted by the error's code.

        `unsure` is how long to wait before something is sent again that may have been taken.
        """
        token, secrets = self._secrets()
        content = json.dumps(body).encode() if body is not None else b""
        headers = {"Authorization": f"Bearer {token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        address = "/".join([self._root, *(quote(part, safe="") for part in path)])
        for secret in secrets:
            proven = {**(query or {}), "appsecret_proof": proof(token, secret)}
            answer = await ask(
                method, f"{address}?{urlencode(proven)}", headers=headers, body=content, seconds=seconds, unsure=unsure
            )
            told = answer.told
            # While the app's secret is being changed, the one that is in force may be the one before.
            if not (_code(told) == _PARAMETER and "appsecret_proof" in str(told) and secret != secrets[-1]):
                break
        if answer.ok and told:
            return told
        raise refused(self._channel, answer, self._faults, unsure, subcodes=self._subcodes)

    async def download(self, address: str, *, most: int) -> Response:
        """The bytes at an address that the API gave, which wants the token too. Raises ChannelError."""
        token, _ = self._secrets()
        return await ask("GET", address, headers={"Authorization": f"Bearer {token}"}, seconds=3 * PATIENCE, most=most)

    def _secrets(self) -> tuple[str, Sequence[str]]:
        try:
            return self._token(), self._app_secrets()
        except ConfigError as error:
            raise ChannelError(
                f"{self._channel} has no access: {error.message}", hint=error.hint, fault=SendFault.CHANNEL_OUT
            ) from error


def proof(token: str, secret: str) -> str:
    """What shows that whoever has the token knows the app's secret too (Meta: appsecret_proof)."""
    return hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def refused(
    channel: str,
    answer: Response,
    faults: Mapping[int, SendFault],
    unsure: float,
    *,
    subcodes: Mapping[int, tuple[SendFault, str]] | None = None,
) -> ChannelError:
    """What follows from an answer that is not what was asked for."""
    error = mapping(answer.told.get("error"))
    code, subcode = _code(answer.told), error.get("error_subcode")
    if not error:
        # A gateway's page, or half an answer: Meta itself may have taken the reply.
        unclear = answer.ok or answer.status >= _SERVER
        fault = _by_status(answer.status)
        return ChannelError(
            f"{channel}: Meta answered with HTTP {answer.status} and no reason",
            fault=fault,
            retry_after=max(answer.retry_after, unsure if unclear else 0.0),
        )
    known = (subcodes or {}).get(subcode) if isinstance(subcode, int) else None
    if known:
        return ChannelError(f"{channel}: {known[1]} ({reason(error)})", fault=known[0], retry_after=answer.retry_after)
    if code is None or code == _UNKNOWN or (code not in faults and code not in _FAULTS):
        fault = SendFault.RETRY if error.get("is_transient") is True else _by_status(answer.status)
    else:
        fault = faults.get(code) or _FAULTS[code]
    why = _SUBCODES.get(subcode) if code == _TOKEN and isinstance(subcode, int) else None
    return ChannelError(
        f"{channel}: Meta refused: {why or reason(error)} (HTTP {answer.status})",
        hint=_RENEW if code == _TOKEN else "",
        fault=fault,
        retry_after=answer.retry_after,
    )


def reason(error: Mapping[str, Any]) -> str:
    """Why Meta did not do it, in its own words, with its number: both forms of `error_data` are known."""
    data = error.get("error_data")
    details = text(data, "details") or text(error, "error_data")
    told = text(error, "message") or text(error, "title") or "no reason given"
    code = error.get("code")
    number = f"(#{code}) " if isinstance(code, int) and f"(#{code})" not in told else ""
    return f"{number}{told}{f': {details}' if details and details not in told else ''}"[:500]


def _by_status(status: int) -> SendFault:
    if status == _TOO_MANY:
        return SendFault.SLOW_CHANNEL
    if status in _UNAUTHORISED:
        return SendFault.CHANNEL_OUT
    return SendFault.PERMANENT if 300 <= status < _SERVER else SendFault.RETRY  # noqa: PLR2004 - HTTP's own


def _code(told: Mapping[str, Any]) -> int | None:
    code = mapping(told.get("error")).get("code")
    return code if isinstance(code, int) else None


# Reading what anybody may have written: nothing is where it should be until it was looked at.


def mapping(value: object) -> dict[str, Any]:
    """The value, {} for anything but a mapping."""
    return value if isinstance(value, dict) else {}


def mappings(value: object) -> list[dict[str, Any]]:
    """The mappings of a list; [] for anything else."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def first(value: object) -> dict[str, Any]:
    """The first mapping of a list; {} for anything else."""
    return next(iter(mappings(value)), {})


def text(holder: object, key: str) -> str:
    """A text in a mapping; "" for anything else. Halves of characters cannot be kept, and are no ids either."""
    value = holder.get(key) if isinstance(holder, dict) else None
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else ""


def canonical(item: object) -> str:
    """JSON of what came, the same for the same item however its keys were ordered."""
    return json.dumps(item, sort_keys=True, separators=(",", ":"))
