"""A mailbox as a channel: replies handed to its mail server and kept beside what people sent, its connection tried.

Reading is in `reading`; what becomes of a mail, in `intake`. Here only what is needed for sending is made, and
nothing is kept: one is made for each reply.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import smtplib
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage

from custagent.channels.aside import aside
from custagent.channels.email.login import MailLogin, ehlo_name, login_of
from custagent.channels.email.smtp import Envelope, open_submission
from custagent.channels.mail.compose import (
    Letter,
    as_bytes,
    bounces_to,
    needs_utf8,
    notice,
    recipients,
    reply,
)
from custagent.channels.mail.threads import Threads
from custagent.channels.reception import Surroundings
from custagent.core.channel import EmailChannel
from custagent.core.errors import ChannelError, CustagentError, SendFault
from custagent.core.message import DeliveryReceipt, DeliveryStatus, MessageKind, OutboundMessage
from custagent.core.ports import ChannelAdapter
from custagent.locales import nearest

_log = logging.getLogger(__name__)

#: Seconds that keeping a copy of what was sent may take. It has gone out: whatever happens to the copy changes nothing.
KEEPING = 15.0


class EmailAdapter(ChannelAdapter):
    """Sends on one mailbox."""

    def __init__(self, channel: EmailChannel, around: Surroundings) -> None:
        self._channel = channel
        self._around = around

    @property
    def name(self) -> str:
        """See the port."""
        return self._channel.name

    @property
    def idempotent(self) -> bool:
        """Not surely: many mail programs show a second copy, although it has the same Message-ID."""
        return False

    async def send(self, outbound: OutboundMessage) -> DeliveryReceipt:
        """See the port. The receipt has the Message-ID; of a disclosure none, for it goes out above what follows it."""
        if outbound.message.kind is MessageKind.DISCLOSURE:
            return DeliveryReceipt(status=DeliveryStatus.SENT)
        letter = self._letter(outbound.message.language)
        mail = reply(outbound, letter)
        await self._submit(mail, bounces_to(outbound, letter), attempts=outbound.attempts)
        return DeliveryReceipt(status=DeliveryStatus.SENT, external_id=str(mail["Message-ID"]).strip("<>"))

    async def notify(self, to: str, *, subject: str, text: str, about: str, at: datetime) -> None:
        """Write to one of the company's own people; `about` tells one notice from another. Raises ChannelError."""
        mail = notice(to, subject=subject, text=text, about=f"{about} {to}", at=at, letter=self._letter("en"))
        await self._submit(mail, self._channel.address, attempts=0, keep=False)

    async def check(self) -> Sequence[tuple[str, str]]:
        """See the port."""
        from custagent.channels.email.check import check

        return await check(self._channel, self._login)

    @property
    def _login(self) -> MailLogin:
        return login_of(self._channel, self._around.secrets, self._around.root)

    def _letter(self, language: str) -> Letter:
        try:
            company, key = self._around.company(), self._around.key()
        except CustagentError as error:
            raise ChannelError(error.message, hint=error.hint, fault=SendFault.CHANNEL_OUT) from error
        return Letter(
            threads=Threads(key=key, address=self._channel.address),
            name=self._channel.sender_name or company,
            signature=self._channel.signature or "",
            subject=nearest(language).compose["mail_subject"].format(company=company),
            plus=self._channel.plus_addresses,
            copies=self._channel.reply_to_cc,
        )

    async def _submit(self, mail: EmailMessage, sender: str, *, attempts: int, keep: bool = True) -> None:
        """Hand it over, and keep a copy. Raises ChannelError where it went to nobody."""
        content = as_bytes(mail)
        sending = _Sending(
            login=self._login,
            ehlo=ehlo_name(self._channel),
            envelope=Envelope(sender=sender, recipients=recipients(mail), content=content, utf8=needs_utf8(mail)),
            attempts=attempts,
        )
        refused = await aside(sending.run, name=f"smtp {self.name}", abandon=sending.abandon)
        for one in refused:
            _log.warning("%s: a copy was not taken: %s", self.name, one)
        if keep and self._channel.sent_folder != "none":
            await self._keep(content)

    async def _keep(self, content: bytes) -> None:
        """Beside what people sent from this mailbox. It has gone out already, so nothing fails by it."""
        login, now = self._login, self._around.clock.now()
        try:
            async with asyncio.timeout(KEEPING):
                await aside(_keeper(login, self._channel, content, now), name=f"sent {self.name}")
        except (ChannelError, TimeoutError) as error:
            told = error.message if isinstance(error, ChannelError) else f"{login.imap} does not answer"
            _log.warning("%s: a reply was sent, but is not kept in the folder for sent mail: %s", self.name, told)


@dataclass(slots=True)
class _Sending:
    """One mail on its way over a connection of its own."""

    login: MailLogin
    ehlo: str
    envelope: Envelope
    attempts: int
    _socket: socket.socket | None = field(default=None, init=False)

    def run(self) -> tuple[str, ...]:
        """Who was refused while others were not. Raises ChannelError."""
        with open_submission(self.login, ehlo=self.ehlo, opened=self._opened) as submission:
            return submission.send(self.envelope, attempts=self.attempts)

    def abandon(self) -> None:
        """Nobody waits any more: what has not gone out yet must not go out behind our back."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _opened(self, smtp: smtplib.SMTP) -> None:
        self._socket = smtp.sock


def _keeper(login: MailLogin, channel: EmailChannel, content: bytes, at: datetime) -> Callable[[], None]:
    def keep() -> None:
        from custagent.channels.email.imap import open_folder

        folder = open_folder(login, channel.folder)
        try:
            place = folder.sent_folder() if channel.sent_folder == "auto" else channel.sent_folder
            if place:
                folder.keep(place, content, at)
        finally:
            folder.close()

    return keep
