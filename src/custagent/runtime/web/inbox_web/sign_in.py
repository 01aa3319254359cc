"""Who works at the web inbox, and how they prove it: invitations, passwords, sessions.

A password is kept as argon2id; tokens are 256 random bits of which only the SHA-256 is kept. Whoever guesses is slowed
down, by the address that they type and by the machine that they come from.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from custagent.core.errors import CustagentError, UnknownName, UsageError
from custagent.core.people import Permission, User
from custagent.core.workspace import Workspace
from custagent.locales.staff import StaffWords, staff_words
from custagent.runtime.bootstrap import Application

#: How long an invitation is good for.
INVITED_FOR = timedelta(days=3)
#: The furthest end of one that is believed; a day more, for clocks that are corrected a little.
_LATEST = INVITED_FOR + timedelta(days=1)
#: A session ends after so long without use, and after so long whatever happens.
IDLE = timedelta(hours=12)
LONGEST = timedelta(days=14)
#: A session's last use is written down no more often than this: not each request is a write.
_NOTED_EVERY = timedelta(minutes=5)
#: Letters; long is what makes a password good.
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 1000
#: Tries that cost nothing but themselves; after them each makes the next one wait twice as long.
FREE_TRIES = 5
LONGEST_WAIT = timedelta(minutes=15)
#: Failures that are older than this are forgotten.
FORGIVEN_AFTER = timedelta(hours=24)


class Refused(CustagentError):
    """Something that the inbox itself says no to, in anybody's language: by a key of `StaffWords.refused`."""

    def __init__(self, key: str, **values: object) -> None:
        self._key, self._values = key, values
        super().__init__(self.told(staff_words()))

    def told(self, words: StaffWords) -> str:
        """What is wrong, and what to do."""
        return words.refused[self._key].format(**self._values)


class SignInRefused(Refused):
    """A password that is wrong, or a try that came too soon. It says no more than that."""


class PasswordRefused(Refused, UsageError):
    """A password that nobody should have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Somebody who may use the inbox."""

    user: User
    #: Goes with every change: what another site lets the browser send does not know it.
    csrf: str


class Doorkeeper:
    """Lets people in and out. Its methods read and write the database: call them in a thread."""

    def __init__(self, app: Application, hasher: PasswordHasher | None = None) -> None:
        self._app = app
        self._hasher = hasher or PasswordHasher()

    def invite(self, name: str, workspace: Workspace) -> str:
        """A token that lets the user set a password, once. Raises UnknownName, UsageError, PermissionDenied."""
        self._app.actor.require(Permission.ADMIN, workspace)
        user = next((one for one in workspace.users if one.name == name), None)
        if user is None:
            raise UnknownName(f"there is no user {name!r}", hint="Who there is: custagent users list")
        if not workspace.may(user, Permission.ANSWER):
            raise UsageError(
                f"{name} may not answer, so there is nothing to sign in to",
                hint="Add the permission answer to the user in custagent.yaml, then custagent apply.",
            )
        token = secrets.token_urlsafe(32)
        until = self._app.clock.now() + INVITED_FOR
        self._app.store.sign_in.invite(name, _hash(token), until, audit=self._app.audit_entry("users invite", name))
        return token

    def invited(self, token: str, workspace: Workspace) -> User | None:
        """Whose invitation the token is."""
        now = self._app.clock.now()
        return _allowed(workspace, self._app.store.sign_in.invited(_hash(token), now, latest=now + _LATEST))

    def accept(self, token: str, password: str, workspace: Workspace) -> str:
        """Set the password by an invitation; the token of a new session. Raises PasswordRefused, SignInRefused."""
        user = self.invited(token, workspace)
        if user is None:
            raise SignInRefused("link_used")
        check_password(password, user)
        entry = replace(self._app.audit_entry("set password", user.name), actor=user.name)
        hashed = self._hasher.hash(password)
        if not self._app.store.sign_in.accept(_hash(token), hashed, self._app.clock.now(), audit=entry):
            raise SignInRefused("link_used")
        return self._begin(user)

    def sign_in(self, email: str, password: str, address: str, workspace: Workspace) -> str:
        """The token of a new session. Raises SignInRefused; it takes as long for somebody who does not exist."""
        keys = _keys(email, address)
        self._refuse_haste(keys)
        user = _allowed(workspace, getattr(workspace.user_by_email(email.strip()), "name", ""))
        kept = self._app.store.sign_in.password_hash(user.name) if user else ""
        if not self._is_right(kept or self._nobodys, password) or user is None or not kept:
            now = self._app.clock.now()
            self._app.store.sign_in.note_failure(keys, now, since=now - FORGIVEN_AFTER)
            raise SignInRefused("wrong_sign_in")
        self._app.store.sign_in.forgive(keys)
        return self._begin(user)

    def wait(self, keys: tuple[str, ...]) -> timedelta:
        """How long whoever has these keys has to wait before the next try."""
        now, longest = self._app.clock.now(), timedelta()
        for failures, last_at in self._app.store.sign_in.failures(keys):
            if failures >= FREE_TRIES:
                pause = min(timedelta(seconds=2 ** min(failures - FREE_TRIES, 20)), LONGEST_WAIT)
                # A clock that was set back lets nobody wait longer than the pause.
                longest = max(longest, min(pause, last_at + pause - now))
        return longest

    def who(self, token: str, workspace: Workspace) -> SignedIn | None:
        """Who is signed in with this token, as long as they are in custagent.yaml and may answer."""
        if not token:
            return None
        now, hashed = self._app.clock.now(), _hash(token)
        session = self._app.store.sign_in.session(hashed)
        if session is None:
            return None
        user = _allowed(workspace, session.user)
        # Either way: what began while the clock was years ahead does not hold for years.
        if user is None or abs(now - session.seen_at) >= IDLE or abs(now - session.began_at) >= LONGEST:
            self._app.store.sign_in.close_session(hashed)
            return None
        if now - session.seen_at >= _NOTED_EVERY:
            self._app.store.sign_in.use(hashed, now)
        return SignedIn(user=user, csrf=csrf_of(token))

    def sign_out(self, token: str) -> None:
        """End the session."""
        self._app.store.sign_in.close_session(_hash(token))

    def sign_out_everywhere(self, user: User) -> None:
        """End all sessions of the user."""
        entry = replace(self._app.audit_entry("sign out everywhere", user.name), actor=user.name)
        self._app.store.sign_in.close_sessions(user.name, audit=entry)

    def change_password(self, user: User, token: str, old: str, new: str, address: str) -> None:
        """Another password, by whoever knows the one there is; every other session of theirs ends.

        Raises SignInRefused, PasswordRefused.
        """
        keys = _keys(user.email, address)
        self._refuse_haste(keys)
        now = self._app.clock.now()
        if not self._is_right(self._app.store.sign_in.password_hash(user.name), old):
            self._app.store.sign_in.note_failure(keys, now, since=now - FORGIVEN_AFTER)
            raise SignInRefused("other_password")
        check_password(new, user)
        entry = replace(self._app.audit_entry("change password", user.name), actor=user.name)
        hashed = self._hasher.hash(new)
        self._app.store.sign_in.change_password(user.name, hashed, now, keep=_hash(token), audit=entry)
        self._app.store.sign_in.forgive(keys)

    def _refuse_haste(self, keys: tuple[str, ...]) -> None:
        if (wait := self.wait(keys)) > timedelta():
            raise SignInRefused("too_many", seconds=max(1, round(wait.total_seconds())))

    def _begin(self, user: User) -> str:
        token = secrets.token_urlsafe(32)
        entry = replace(self._app.audit_entry("sign in", user.name), actor=user.name)
        self._app.store.sign_in.open_session(_hash(token), user.name, self._app.clock.now(), audit=entry)
        return token

    def _is_right(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password[:LONGEST_PASSWORD])
        except (VerificationError, InvalidHashError):
            return False

    @cached_property
    def _nobodys(self) -> str:
        """A hash that no password has."""
        return self._hasher.hash(secrets.token_urlsafe(32))


def csrf_of(token: str) -> str:
    """What a page of this session sends along with each change."""
    return hmac.new(token.encode(), b"custagent inbox csrf", hashlib.sha256).hexdigest()


def is_same(shown: str, wanted: str) -> bool:
    """Compared in a time that tells nothing."""
    return hmac.compare_digest(shown.encode(), wanted.encode())


def check_password(password: str, user: User) -> None:
    """Raises PasswordRefused for a password that is easy to guess."""
    if len(password) < SHORTEST_PASSWORD:
        raise PasswordRefused("short_password", count=len(password), least=SHORTEST_PASSWORD)
    if len(password) > LONGEST_PASSWORD:
        raise PasswordRefused("long_password", most=LONGEST_PASSWORD)
    folded = password.lower()
    known = (user.email.lower(), user.email.lower().partition("@")[0], user.name.lower(), user.full_name.lower())
    if folded in known or len(set(folded)) < SHORTEST_PASSWORD // 3:
        raise PasswordRefused("easy_password")


def _allowed(workspace: Workspace, name: str) -> User | None:
    """The user of this name who may answer."""
    user = next((one for one in workspace.users if one.name == name), None)
    return user if user is not None and workspace.may(user, Permission.ANSWER) else None


def _keys(email: str, address: str) -> tuple[str, str]:
    """What failures are counted by."""
    return _hash(f"email {email.strip().lower()}"), _hash(f"address {address}")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
