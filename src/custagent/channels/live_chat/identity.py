"""Who a visitor is, as the company's own site says it: short-lived signed tokens in, a session of ours out.

The site's server signs a JWT (RFC 7519, HS256) with a secret that it shares with the channel: `sub` is its id of the
customer, `aud` the channel, `exp` at most an hour away; `name` and `email` are taken as the site's word. What the browser
then holds is a token of ours, signed with a key that is made from the same secret: nothing is kept of it on the server,
and when the secret changes, all of them end.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from custagent.channels.plain import plain_text
from custagent.core.channel import LiveChatChannel
from custagent.core.message import Identity, IdentityKind

#: Seconds between being signed and running out that a site's token may have at most; clocks may differ by `_LEEWAY`.
LONGEST_LIFE: Final = 3600
_LEEWAY: Final = 60
#: Seconds that a session lasts; the site names the visitor anew on each page, so a longer one is of no use.
SESSION: Final = 12 * 3600
#: Characters of a secret that HS256 needs at least (RFC 7518, §3.2: as many bits as its hash).
SHORTEST_SECRET: Final = 32
_ALGORITHM: Final = "HS256"
_TYPE: Final = "custagent-visitor"
#: Three parts in base64url, and no longer than a header can be.
_JWT = re.compile(r"[A-Za-z0-9_-]{1,4000}\.[A-Za-z0-9_-]{1,4000}\.[A-Za-z0-9_-]{1,200}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)+")
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Somebody whom the company's site has signed in."""

    #: The company's own id of the customer.
    id: str
    name: str = ""
    #: As the site has proved it.
    email: str = ""

    @property
    def identities(self) -> tuple[Identity, ...]:
        """What the channel knows the customer by, the surest first."""
        found = (Identity(kind=IdentityKind.CUSTOMER, value=self.id),)
        return (*found, Identity(kind=IdentityKind.EMAIL, value=self.email)) if self.email else found


class Unproved(Exception):
    """Who it is is not proved, and why: for the caller next door, who makes a refusal of it."""


class Identities:
    """Proves who visitors of one channel are."""

    def __init__(self, channel: str, secrets: Callable[[], Sequence[str]]) -> None:
        """`secrets` are those that hold now: today's first, then, while it is being changed, the one before.

        It may raise ConfigError when none is set.
        """
        self._channel = channel
        self._secrets = secrets

    def key_of(self, customer: Customer) -> str:
        """The contact's key: the same on each device. 64 hex digits, of which nobody reads the id."""
        return hashlib.sha256(f"customer\0{self._channel}\0{customer.id}".encode()).hexdigest()

    def proved(self, token: str, now: datetime) -> Customer:
        """The customer whom the site's token names. Raises Unproved, ConfigError."""
        claims = self._claims(token, [secret.encode() for secret in self._usable()])
        seconds = now.timestamp()
        expires, starts = _time(claims, "exp"), max(_time(claims, "nbf", 0.0), _time(claims, "iat", 0.0))
        if expires <= seconds:
            raise Unproved("the token has run out: its exp is in the past. Make a new one for each page")
        if expires > seconds + LONGEST_LIFE + _LEEWAY:
            raise Unproved("the token lasts too long: its exp may be one hour away at most")
        if starts > seconds + _LEEWAY:
            raise Unproved("the token is of the future: its iat or nbf is later than now. Are both clocks right?")
        return _customer(claims)

    def session(self, customer: Customer, now: datetime) -> str:
        """A token for the visitor's browser. Raises Unproved, ConfigError."""
        import jwt

        claims = {"sub": customer.id, "aud": self._channel, "exp": int(now.timestamp()) + SESSION}
        told = {name: value for name, value in (("name", customer.name), ("email", customer.email)) if value}
        key = _session_key(self._usable()[0])
        return jwt.encode({**claims, **told}, key, algorithm=_ALGORITHM, headers={"typ": _TYPE})

    def of_session(self, token: str, now: datetime) -> Customer | None:
        """Whose session it is; None when it is none of ours, or has ended. Raises ConfigError."""
        try:
            claims = self._claims(token, [_session_key(secret) for secret in self._usable()])
            return _customer(claims) if _time(claims, "exp") > now.timestamp() else None
        except Unproved:
            return None

    def fault(self) -> str:
        """What is wrong with the secret; "" when nothing is. Raises ConfigError."""
        short = [secret for secret in self._secrets() if len(secret) < SHORTEST_SECRET]
        return (
            f"the identity secret has fewer than {SHORTEST_SECRET} characters, so that it could be guessed"
            if short
            else ""
        )

    def _usable(self) -> Sequence[str]:
        secrets = [secret for secret in self._secrets() if len(secret) >= SHORTEST_SECRET]
        if not secrets:
            raise Unproved(self.fault() or "no identity secret is set")
        return secrets

    def _claims(self, token: str, keys: Sequence[bytes]) -> dict[str, Any]:
        """What the token says, if one of the keys has signed it for this channel. Times are looked at elsewhere."""
        import jwt

        if not _JWT.fullmatch(token):
            raise Unproved("this is no JWT")
        # Times are compared by the program's own clock.
        options: Any = {"require": ["sub", "aud", "exp"], "verify_exp": False, "verify_nbf": False, "verify_iat": False}
        wrong = ""
        for key in keys:
            try:
                claims = jwt.decode(token, key, algorithms=[_ALGORITHM], audience=self._channel, options=options)
            except (jwt.PyJWTError, ValueError, RecursionError) as error:
                wrong = wrong or f"the token does not hold: {error}"
            else:
                return dict(claims)
        raise Unproved(wrong)


def identities_of(channel: LiveChatChannel, secrets: Callable[[str], Sequence[str]]) -> Identities | None:
    """What proves who the channel's visitors are; None where its site signs nobody in."""
    reference = channel.identity_secret
    return Identities(channel.name, lambda: secrets(reference)) if reference else None


def _session_key(secret: str) -> bytes:
    """Of its own, so that no token of the site is a session, and no session a token of the site."""
    return hmac.digest(secret.encode(), b"custagent visitor session", "sha256")


def _customer(claims: dict[str, Any]) -> Customer:
    known = claims["sub"]
    if not isinstance(known, str) or not known.strip() or len(known) > _LONGEST:
        raise Unproved(f"sub is not the customer's id: a text of 1 to {_LONGEST} characters")
    email = claims.get("email")
    proved = isinstance(email, str) and len(email) <= _LONGEST and _EMAIL.fullmatch(email)
    return Customer(id=known.strip(), name=_line(claims.get("name")), email=str(email).lower() if proved else "")


def _line(value: object) -> str:
    return " ".join(plain_text(value).split())[:_LONGEST] if isinstance(value, str) else ""


def _time(claims: dict[str, Any], name: str, default: float | None = None) -> float:
    value = claims.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unproved(f"{name} is not a number of seconds")
    return float(value)
