"""OAuth access tokens for mail servers: fetched when they are needed, kept until they are about to run out.

Two ways of RFC 6749 need nobody at a browser: a refresh token (§6: Google, Microsoft), and the program's own name and secret
(§4.4: Microsoft 365, for mailboxes that an administrator has opened to it).
"""

from __future__ import annotations

import asyncio
import time
from contextvars import Context
from dataclasses import dataclass, field
from threading import Lock
from urllib.parse import urlencode, urlsplit

from custagent.channels.http import Response, ask
from custagent.core.errors import ChannelError, SendFault

#: Seconds before its end in which a token is not used any more: signing in takes a while.
_MARGIN = 60.0
#: What a token lives for when the server does not say, seconds.
_USUAL_LIFE = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a token is given for."""

    url: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    #: Without one the program signs in as itself.
    refresh_token: str = field(default="", repr=False)
    scope: str = ""

    def form(self) -> bytes:
        """What the server is sent."""
        kind = "refresh_token" if self.refresh_token else "client_credentials"
        told = {
            "grant_type": kind,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "refresh_token": self.refresh_token,
            "scope": self.scope,
        }
        return urlencode({name: value for name, value in told.items() if value}).encode()


class AccessTokens:
    """Those of all mailboxes, whose threads may ask at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        #: With the moment (monotonic) from which each is not used any more.
        self._kept: dict[Grant, tuple[str, float]] = {}

    def of(self, grant: Grant) -> str:
        """A token that is good for a while. Raises ChannelError where none is given."""
        with self._lock:
            token, until = self._kept.get(grant, ("", 0.0))
            if time.monotonic() < until:
                return token
            token, lifetime = _fetched(grant)
            self._kept[grant] = token, time.monotonic() + lifetime - _MARGIN
            return token

    def forget(self, grant: Grant) -> None:
        """A mail server did not take the token: the next one is a new one."""
        with self._lock:
            self._kept.pop(grant, None)


def _fetched(grant: Grant) -> tuple[str, float]:
    """A new token, and its seconds to live."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    asking = ask("POST", grant.url, headers=headers, body=grant.form())
    # Called in a thread of its own, and what holds for a reply that is being sent does not hold for this request.
    answer = Context().run(asyncio.run, asking)
    token, lifetime = answer.told.get("access_token"), answer.told.get("expires_in")
    if not answer.ok or not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise _refused(grant, answer)
    return token, float(lifetime) if isinstance(lifetime, int | float) and lifetime > 0 else _USUAL_LIFE


def _refused(grant: Grant, answer: Response) -> ChannelError:
    host = urlsplit(grant.url).hostname
    reason = answer.told.get("error_description") or answer.told.get("error") or f"status {answer.status}"
    if answer.ok:
        reason = "its answer holds none"
    hint = "Try again later: `custagent channels check NAME`."
    if answer.told.get("error") == "invalid_grant":
        hint = "The refresh token has run out or was taken back: get a new one and set the variable that `refresh_token:` names."
    elif answer.status in (400, 401, 403):
        hint = "Check `token_url:`, `client_id:`, `scope:` and the variable that `client_secret:` names."
    return ChannelError(
        f"{host} gives no access token: {str(reason)[:300]}",
        hint=hint,
        retry_after=answer.retry_after,
        fault=SendFault.CHANNEL_OUT,
    )
