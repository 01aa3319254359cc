"""What becomes of a mail: a contact's message, word of a reply of ours, or nothing that anybody should be bothered with.

It is told by the mail alone and by what is written down already, so that a mail which is read twice is taken once.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from custagent.channels.aside import aside
from custagent.channels.email.imap import Fetched
from custagent.channels.mail.authentication import is_verified
from custagent.channels.mail.compose import details
from custagent.channels.mail.gate import judge, writer
from custagent.channels.mail.model import Handling, Mail, Mailbox, MailFile, Report, ReportKind, Traffic
from custagent.channels.mail.parse import read
from custagent.channels.mail.threads import Threads, is_another_sender
from custagent.channels.reception import Reception
from custagent.core.channel import EmailChannel
from custagent.core.conversation import Conversation
from custagent.core.message import (
    Attachment,
    DeliveryReceipt,
    DeliveryStatus,
    DeliveryUpdate,
    Identity,
    IdentityKind,
    InboundMessage,
)

_log = logging.getLogger(__name__)

#: An older mail, read after an outage, is not answered by itself: somebody may have done so meanwhile.
ANSWERED_WITHIN = timedelta(hours=72)
#: Characters of a mail's text, and of what is kept of it for people.
LONGEST_TEXT, LONGEST_WHOLE = 20_000, 60_000
#: A shorter text is read together with its subject: the question often stands there alone.
_SHORT = 40
_STATUSES = {
    ReportKind.FAILED: DeliveryStatus.FAILED,
    ReportKind.COMPLAINT: DeliveryStatus.FAILED,
    ReportKind.DELIVERED: DeliveryStatus.DELIVERED,
    ReportKind.READ: DeliveryStatus.READ,
}


class MailRecords(Protocol):
    """What is written down, as far as it decides what becomes of a mail. Both raise StoreError."""

    async def conversation(self, id_: str) -> Conversation | None:
        """The conversation of this id, on whatever channel."""
        ...

    async def traffic(self, channel: str, address: str, conversation: str) -> Traffic:
        """How much went to and fro with an address, and in a conversation; "" for none."""
        ...


@dataclass(slots=True)
class _Pile:
    """What is written down together."""

    messages: list[InboundMessage] = field(default_factory=list)
    updates: list[DeliveryUpdate] = field(default_factory=list)


class Intake:
    """Takes the mails of one mailbox."""

    def __init__(self, channel: EmailChannel, reception: Reception, records: MailRecords) -> None:
        self._channel = channel
        self.reception = reception
        self._records = records
        self._box = Mailbox(
            addresses=(channel.address, *channel.aliases),
            ignored=frozenset(channel.ignore),
            most_a_day=channel.replies_a_day,
            most_an_hour=channel.mails_an_hour,
        )

    async def take(self, fetched: Sequence[Fetched]) -> None:
        """Write down what the mails bring; durable when it returns. Raises what `Reception` raises."""
        mails = await aside(lambda: [read(one.raw) for one in fetched], name=f"parse {self._channel.name}")
        threads = Threads(key=self.reception.around.key(), address=self._channel.address)
        known = set(await self.reception.known(self._channel.name, [mail.key for mail in mails]))
        pile, left = _Pile(), Counter[str]()
        for one, mail in zip(fetched, mails, strict=True):
            if mail.key in known:
                continue
            known.add(mail.key)
            if {message.external_id for message in pile.messages} & set(mail.links):
                # It answers one that is not written down yet.
                await self._write(pile)
                pile = _Pile()
            reason = await self._sort(one, mail, threads, pile)
            left.update([reason] if reason else [])
        await self._write(pile)
        if left:
            told = ", ".join(f"{reason} ({count})" for reason, count in sorted(left.items()))
            _log.info("%s: left in the mailbox: %s", self._channel.name, told)

    async def _write(self, pile: _Pile) -> None:
        await self.reception.receive_all(pile.messages)
        await self.reception.note(pile.updates)

    async def _sort(self, fetched: Fetched, mail: Mail, threads: Threads, pile: _Pile) -> str:
        """Put on the pile what follows from a mail; why nothing does, "" where something does."""
        conversation = await self._conversation(mail, threads)
        address = mail.sender.key if mail.sender else ""
        traffic = await self._records.traffic(self._channel.name, address, conversation.id if conversation else "")
        verdict = judge(mail, self._box, threads, traffic)
        if verdict.handling is Handling.REPORT and mail.report is not None:
            update = self._told(mail, mail.report, threads)
            pile.updates.extend([update] if update else [])
            return "" if update else "a report about no mail of ours"
        if verdict.handling in (Handling.REPORT, Handling.ASIDE):
            return verdict.reason.value if verdict.reason else verdict.handling.value
        for_people = verdict.for_people or mail.for_people
        if fetched.cut:
            for_people = "mail too large"
        elif not for_people and self.reception.around.clock.now() - fetched.waiting.at > ANSWERED_WITHIN:
            for_people = "old mail"
        if conversation is not None and is_another_sender(mail, _addresses(conversation)):
            # Nobody gets into a conversation of somebody else's, and nobody else's answers are sent to them.
            conversation, for_people = None, for_people or "another sender"
        pile.messages.append(await self._message(fetched, mail, conversation, for_people))
        return ""

    async def _conversation(self, mail: Mail, threads: Threads) -> Conversation | None:
        """The conversation that the mail goes on with, whoever wrote it."""
        named = threads.conversation_of(mail)
        found = await self._records.conversation(named) if named else None
        return found or (await self.reception.conversation_of(self._channel.name, mail.links) if mail.links else None)

    async def _message(
        self, fetched: Fetched, mail: Mail, conversation: Conversation | None, for_people: str
    ) -> InboundMessage:
        # A form on a web page sends from a machine's address, each time for somebody else.
        sender = writer(mail)
        key = sender.key if sender else "unknown sender"
        return InboundMessage(
            channel=self._channel.name,
            external_id=mail.key,
            contact_key=key,
            contact_name=sender.name if sender else "",
            text=_text(mail, new=conversation is None),
            # Ours, not the sender's: clocks of others may say anything.
            sent_at=fetched.waiting.at,
            language=mail.language,
            attachments=tuple([await self._keep(file) for file in mail.files if not file.inline]),
            identities=(Identity(kind=IdentityKind.EMAIL, value=key),) if sender else (),
            thread=conversation.id if conversation else "",
            for_people=for_people,
            reply_details=self._details(mail),
            body_hash=mail.body_hash,
        )

    async def _keep(self, file: MailFile) -> Attachment:
        if file.error:
            return Attachment(name=file.name, media_type=file.media_type, size=file.size, error=file.error)
        return await self.reception.keep(file.content, name=file.name, media_type=file.media_type)

    def _details(self, mail: Mail) -> Mapping[str, str]:
        """What a reply is written by, and what people may want to see."""
        told = {
            **details(mail),
            "verified": "yes" if is_verified(mail, self._channel.authserv_id or "") else "",
            "whole": mail.full_text[:LONGEST_WHOLE] if mail.full_text.strip() != mail.text.strip() else "",
        }
        return {name: value for name, value in told.items() if value}

    def _told(self, mail: Mail, report: Report, threads: Threads) -> DeliveryUpdate | None:
        """What a report says of a reply of ours; None where it is about none, or only tells that it takes longer."""
        ours = next((one for one in report.about if threads.sent(one)), "")
        outbound = threads.bounced(mail)
        if outbound is None:
            return None
        status = _STATUSES.get(report.kind)
        if status is None:
            _log.warning("%s: message %s is delayed on its way: %s", self._channel.name, outbound, report.diagnostic)
            return None
        if report.kind is ReportKind.COMPLAINT:
            _log.error("%s: whoever got message %s calls it spam", self._channel.name, outbound)
        error = _reason(report) if status is DeliveryStatus.FAILED else ""
        receipt = DeliveryReceipt(status=status, external_id=ours, error=error)
        return DeliveryUpdate(channel=self._channel.name, receipt=receipt, outbound=outbound)


def _text(mail: Mail, *, new: bool) -> str:
    """What the contact says. Of a new mail the subject belongs to it where the text alone says little."""
    text, subject = mail.text[:LONGEST_TEXT], " ".join(mail.subject.split())
    asks = subject.endswith("?") or len(text) < _SHORT
    if new and subject and asks and subject.lower() not in text.lower():
        return f"{subject}\n\n{text}".strip()
    return text


def _addresses(conversation: Conversation) -> tuple[str, ...]:
    """What the contact of the conversation writes from: the key on mail, what was left on a chat elsewhere."""
    return conversation.contact.key, conversation.contact.email


def _reason(report: Report) -> str:
    """Why a reply did not arrive, for people."""
    if report.kind is ReportKind.COMPLAINT:
        return "the contact's mail service says that the contact took it for spam"
    to = f" to {report.recipient}" if report.recipient else ""
    said = " ".join(part for part in (report.status, report.diagnostic) if part)
    return f"it came back: it could not be delivered{to}" + (f" ({said[:300]})" if said else "")
