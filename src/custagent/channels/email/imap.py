"""A mailbox as it is read: what came since last time, whole or cut, marked when it is done with (RFC 3501, 2177).

Everything here blocks; it is called in a thread of its own (`aside`). All raise ChannelError, whose hint says what to do.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from imapclient import SEEN, IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError, LoginError

from custagent.channels.email.login import MailLogin, no_trust_hint, not_let_in
from custagent.core.errors import ChannelError, SendFault

#: Seconds to wait for a connection, and for each answer.
CONNECT, ANSWER = 10.0, 30.0
#: Set on mails that are done with, where the server keeps such words: people change \Seen.
DONE = b"$CustagentDone"
#: Bytes of a mail that are read. Of longer ones, the beginning, and nothing that hangs on them.
WHOLE, BEGINNING = 25 * 1024 * 1024, 64 * 1024
#: Bytes that one answer of the server may hold, unless a single mail is longer.
_AT_ONCE = 4 * 1024 * 1024
#: Gmail keeps what it sends by itself.
_KEEPS_SENT = "X-GM-EXT-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A mail in the folder, not yet read."""

    uid: int
    #: Bytes.
    size: int
    #: When it arrived in the mailbox, UTC.
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A mail that was read."""

    waiting: Waiting
    #: As it came; of one that is longer than WHOLE, its beginning.
    raw: bytes

    @property
    def cut(self) -> bool:
        """Whether only the beginning was read."""
        return self.waiting.size > WHOLE


class ImapFolder:
    """One signed-in connection with one folder open. Made by `open_folder`; close it, or abandon it."""

    def __init__(self, client: IMAPClient, folder: str, where: str) -> None:
        """Opens the folder."""
        self._client = client
        self._where = where
        self._lock = threading.Lock()
        with self._told():
            selected = client.select_folder(folder)
            #: Whether the server tells of new mail by itself (RFC 2177).
            self.tells = bool(client.has_capability("IDLE"))
            # Old servers do not say what comes next.
            after_all = max(client.search(["ALL"]), default=0) + 1 if b"UIDNEXT" not in selected else 0
        #: Of another value, the numbers of all mails mean something else.
        self.uid_validity = int(selected.get(b"UIDVALIDITY", 0))
        #: The number that the next mail gets.
        self.uid_next = int(selected.get(b"UIDNEXT", after_all))
        flags = selected.get(b"PERMANENTFLAGS", ())
        self._keeps_keywords = b"\\*" in flags or DONE in flags

    def close(self) -> None:
        """Sign off."""
        with contextlib.suppress(ChannelError), self._told():
            self._client.logout()

    def abandon(self) -> None:
        """Cut the connection, from whichever thread: what waits for it in another one fails at once."""
        if self._lock.acquire(blocking=False):
            _cut(self._client)
            self._lock.release()
            return
        with contextlib.suppress(OSError):
            self._client.socket().shutdown(socket.SHUT_RDWR)

    def after(self, last: int) -> list[int]:
        """The numbers of the mails that are newer than `last`, in order."""
        with self._told():
            # Of an empty range servers tell the newest mail all the same (RFC 3501, 6.4.8).
            return sorted(uid for uid in self._client.search(["UID", f"{last + 1}:*"]) if uid > last)

    def since(self, day: date) -> list[int]:
        """The numbers of the mails that arrived on that day or later, in order."""
        with self._told():
            return sorted(self._client.search(["SINCE", day]))

    def look(self, uids: Sequence[int]) -> list[Waiting]:
        """How large they are and when they came; those that are gone meanwhile are absent."""
        with self._told():
            answers = self._client.fetch(uids, ["RFC822.SIZE", "INTERNALDATE"])
        return [
            Waiting(uid=uid, size=int(answer[b"RFC822.SIZE"]), at=answer[b"INTERNALDATE"].astimezone(UTC))
            for uid, answer in sorted(answers.items())
            if uid in uids and b"RFC822.SIZE" in answer and isinstance(answer.get(b"INTERNALDATE"), datetime)
        ]

    def read(self, waiting: Sequence[Waiting]) -> Iterator[Fetched]:
        """The mails in order, without marking them as seen; several in one answer where they are short."""
        batch: list[Waiting] = []
        for one in waiting:
            if one.size > WHOLE or (batch and sum(each.size for each in batch) + one.size > _AT_ONCE):
                yield from self._read(batch)
                batch = []
            if one.size > WHOLE:
                yield from self._read([one], part=f"<0.{BEGINNING}>")
            else:
                batch.append(one)
        yield from self._read(batch)

    def _read(self, batch: Sequence[Waiting], *, part: str = "") -> Iterator[Fetched]:
        if not batch:
            return
        with self._told():
            answers = self._client.fetch([one.uid for one in batch], [f"BODY.PEEK[]{part}"])
        for one in batch:
            raw = answers.get(one.uid, {}).get(b"BODY[]<0>" if part else b"BODY[]")
            if isinstance(raw, bytes):
                yield Fetched(waiting=one, raw=raw)

    def mark(self, uids: Sequence[int]) -> None:
        """They are done with; only a word for people who look, for what was read is remembered here."""
        if uids and self._keeps_keywords:
            with self._told():
                self._client.add_flags(uids, [DONE], silent=True)

    def wait(self, seconds: float, stopped: Callable[[], bool]) -> None:
        """Until the server tells something, or so many seconds have passed."""
        with self._told():
            self._client.idle()
            left = 0.0 if self._holds_news() else seconds
            while left > 0 and not stopped():
                piece = min(1.0, left)
                left -= piece
                if self._client.idle_check(timeout=piece):
                    break
            self._client.idle_done()

    def _holds_news(self) -> bool:
        """Whether the server told something together with its "go ahead": that lies in a buffer already, and looking at
        the connection, as `idle_check` does, shows nothing.
        """
        sock = self._client.socket()
        sock.settimeout(0)
        try:
            return bool(self._client._imap.file.peek(1))  # noqa: SLF001 - there is no other way to it
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            sock.settimeout(ANSWER)

    def keep_alive(self) -> None:
        """Say something, so that neither side takes the other for gone."""
        with self._told():
            self._client.noop()

    def sent_folder(self) -> str:
        """Where the server wants what was sent; "" where it keeps that by itself, or has no such folder."""
        with self._told():
            if self._client.has_capability(_KEEPS_SENT):
                return ""
            return str(self._client.find_special_folder(b"\\Sent") or "")

    def has(self, folder: str) -> bool:
        """Whether the mailbox has a folder of this name."""
        with self._told():
            return bool(self._client.folder_exists(folder))

    def keep(self, folder: str, raw: bytes, at: datetime) -> None:
        """Put a mail into a folder, as read."""
        with self._told():
            self._client.append(folder, raw, flags=[SEEN], msg_time=at)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """After a fault the connection is of no use any more: nobody knows which answer comes next on it."""
        with self._lock:
            try:
                with _told(self._where):
                    yield
            except ChannelError:
                _cut(self._client)
                raise


def open_folder(login: MailLogin, folder: str) -> ImapFolder:
    """Connect, sign in and open the folder. Nothing is said before the connection is encrypted."""
    client = connect(login)
    try:
        sign_in(client, login)
    except BaseException:
        _cut(client)
        raise
    try:
        return ImapFolder(client, folder, str(login.imap))
    except ChannelError as error:
        raise ChannelError(
            f"the folder {folder} cannot be opened: {error.message}",
            hint="Set `folder:` in custagent.yaml to a folder of the mailbox, such as INBOX.",
            fault=SendFault.CHANNEL_OUT,
        ) from error


def connect(login: MailLogin) -> IMAPClient:
    """An encrypted connection that nobody has signed in on. Raises ChannelError."""
    server, context = login.imap, login.tls_context()
    timeout = SocketTimeout(connect=CONNECT, read=ANSWER)
    with _told(str(server)):
        client = IMAPClient(server.host, server.port, ssl=server.tls, ssl_context=context, timeout=timeout)
        client.normalise_times = False
        if not server.tls:
            try:
                client.starttls(context)
            except BaseException:
                _cut(client)
                raise
    return client


def sign_in(client: IMAPClient, login: MailLogin) -> None:
    """Raises ChannelError that says what to look at."""
    secret = login.secret()
    with _told(str(login.imap)):
        try:
            if secret.token:
                client.oauth2_login(login.username, secret.value)
            elif client.has_capability("AUTH=PLAIN"):
                # Unlike LOGIN it takes every letter.
                client.plain_login(login.username, secret.value)
            else:
                client.login(login.username, secret.value)
        except LoginError as error:
            raise ChannelError(
                f"{login.imap} does not let {login.username} in: {_words(error)}",
                hint=not_let_in(secret),
                fault=SendFault.CHANNEL_OUT,
            ) from error


def _cut(client: IMAPClient) -> None:
    with contextlib.suppress(IMAPClientError, OSError):
        client.shutdown()


@contextlib.contextmanager
def _told(where: str) -> Iterator[None]:
    """What goes wrong with the server, in our words."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise ChannelError(
            f"the certificate of {where} cannot be trusted: {error.verify_message}",
            hint=no_trust_hint(),
            fault=SendFault.CHANNEL_OUT,
        ) from error
    except TimeoutError as error:
        raise ChannelError(f"{where} does not answer", fault=SendFault.CHANNEL_OUT) from error
    except OSError as error:
        raise ChannelError(
            f"{where} cannot be reached: {error.strerror or error}",
            hint="Check the host and port in custagent.yaml, and that this machine may connect to it.",
            fault=SendFault.CHANNEL_OUT,
        ) from error
    except LoginError:
        raise
    except (IMAPClientError, ValueError, AssertionError) as error:
        raise ChannelError(f"{where} says: {_words(error)}", fault=SendFault.CHANNEL_OUT) from error


def _words(error: Exception) -> str:
    """What the server said, on one line and not endless."""
    words = " ".join(str(error).split()).removeprefix("b'").removesuffix("'")
    return words[:300] or type(error).__name__
