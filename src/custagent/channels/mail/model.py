"""The words of mail: what was read of one, what is to be done with it, and what a report tells of ours.

bytes -> Mail -> Verdict. Nothing here is masked yet: that is the runner's work, before the first write (ANS-7).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Somebody's address as a header names it."""

    #: `local@domain`, the domain in lower case and ASCII letters where it can be.
    address: str
    #: The name beside it; "" when there is none.
    name: str = ""

    @property
    def key(self) -> str:
        """What two spellings of one mailbox have in common."""
        return self.address.lower()

    @property
    def local(self) -> str:
        """The part before the @, in lower case."""
        return self.key.rpartition("@")[0]

    @property
    def domain(self) -> str:
        """The part behind the @, in lower case."""
        return self.key.rpartition("@")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFile:
    """A file in a mail."""

    #: Safe to show and to save: no folders, no control characters.
    name: str
    #: As the mail declares it, in lower case; "application/octet-stream" when it does not.
    media_type: str
    #: Empty when `error` says why it was left out.
    content: bytes
    #: Bytes, also of what was left out.
    size: int
    #: It stands in the text as a picture, and is no file that somebody attached.
    inline: bool = False
    #: Why it is not here, in one sentence; "" elsewhere.
    error: str = ""


class ReportKind(StrEnum):
    """What a mail server, or a mail program, tells of a mail of ours."""

    #: It will never arrive.
    FAILED = "failed"
    #: It has not arrived yet; the server goes on trying.
    DELAYED = "delayed"
    DELIVERED = "delivered"
    #: The contact's program showed it.
    READ = "read"
    #: The contact called it spam: nothing may be sent to the address any more.
    COMPLAINT = "complaint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A bounce, receipt or complaint (RFC 3464, 8098, 5965), or what older servers write instead."""

    kind: ReportKind
    #: Message-IDs that it may be about, the surest first: one of them is ours, or it is not about us.
    about: tuple[str, ...] = ()
    #: Whom it could not be delivered to; "" when it does not tell.
    recipient: str = ""
    #: The enhanced status (RFC 3463), such as "5.1.1"; "" when it does not tell.
    status: str = ""
    #: What the server said, in one line.
    diagnostic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What was read of one mail. Whatever bytes came, there is one of these."""

    #: Message-IDs stand without their angle brackets, here and everywhere. "" when it has none.
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    #: Oldest first.
    references: tuple[str, ...] = ()
    #: None where no address can be read.
    sender: Address | None = None
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    #: The addresses it was delivered to, as the receiving servers noted them.
    delivered_to: tuple[str, ...] = ()
    #: The envelope's sender; "" is the null one, None when the receiving server did not note it.
    return_path: str | None = None
    subject: str = ""
    #: UTC; None when it has no date, or none that makes sense.
    sent_at: datetime | None = None
    #: The writer's own words, without what is quoted below or between them.
    text: str = ""
    #: All of the text, with what is quoted and what was forwarded, for people.
    full_text: str = ""
    #: ISO 639-1, where the mail tells; "" elsewhere.
    language: str = ""
    files: tuple[MailFile, ...] = ()
    #: Why the agent must leave it to people, in a word or two; "" when the mail's form is no reason.
    for_people: str = ""
    report: Report | None = None
    #: A calendar program's answer to an invitation.
    automatic: bool = False
    #: Names in lower case, values unfolded, in the mail's order.
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    #: In lower case, without parameters.
    media_type: str = "text/plain"
    #: SHA-256 of the bytes.
    body_hash: str = ""

    @property
    def key(self) -> str:
        """What the mail is known by, once however often it is read: its Message-ID, else its hash."""
        return self.message_id or f"sha256-{self.body_hash}"

    @property
    def links(self) -> tuple[str, ...]:
        """The Message-IDs that it goes back to, oldest first; the last is what it answers."""
        return tuple(dict.fromkeys((*self.references, *self.in_reply_to)))

    def header(self, name: str) -> tuple[str, ...]:
        """The values of the headers of this name, topmost first."""
        return tuple(value for known, value in self.headers if known == name.lower())


class Handling(StrEnum):
    """What is to be done with a mail."""

    #: The agent may answer.
    ANSWER = "answer"
    #: It is a contact's, and people see it; nothing is sent by itself.
    PEOPLE = "people"
    #: It tells of a mail of ours: see `Mail.report`.
    REPORT = "report"
    #: A machine wrote it, or it is not for us: nobody is bothered, nothing is sent.
    ASIDE = "aside"


class Reason(StrEnum):
    """Why a mail is not answered by itself (RFC 3834 §2; the order is that of the checks)."""

    REPORT = "report"
    OWN = "own mail"
    IGNORED = "on the ignore list"
    NO_SENDER = "no sender"
    AUTOMATIC = "automatic reply"
    MAILING_LIST = "mailing list"
    BULK = "bulk mail"
    SPAM = "marked as spam"
    NULL_SENDER = "no return address"
    MACHINE = "a machine's address"
    NOT_ADDRESSED = "not addressed to us"
    UNREADABLE = "unreadable form"
    EMPTY = "nothing written"
    TOO_MANY = "too many replies"
    BUSY_THREAD = "too many in a row"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the gate says of a mail."""

    handling: Handling
    #: None when the agent may answer.
    reason: Reason | None = None
    #: What told it, such as the header's name; never its content.
    told_by: str = ""
    #: For `InboundMessage.for_people`; "" when the agent may answer.
    for_people: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """What the gate must know of the channel's account."""

    #: All that it receives at, aliases included; the first is what it writes from.
    addresses: tuple[str, ...]
    #: Addresses, and domains with or without an @ before them, that are never answered.
    ignored: Collection[str] = ()
    #: Automatic replies to one address in 24 hours, and mails on one thread in an hour.
    most_a_day: int = 4
    most_an_hour: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """How much went to and fro before this mail."""

    #: Automatic replies to the sender's address within 24 hours.
    replies_in_day: int = 0
    #: Mails of both sides on the thread within an hour.
    mails_in_hour: int = 0
