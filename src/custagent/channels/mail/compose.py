"""Replies and notifications as mails: text and simple HTML, in the thread they belong to, the same at every try.

What others wrote goes into headers only as text that cannot end a line, and into HTML only escaped. Nothing is loaded from
anywhere and nothing tells us who reads it.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address as Named
from email.message import EmailMessage
from email.utils import format_datetime

from custagent.channels.mail.fields import POLICY
from custagent.channels.mail.gate import writer
from custagent.channels.mail.headers import addresses, readable
from custagent.channels.mail.model import Address, Mail
from custagent.channels.mail.subject import of_reply
from custagent.channels.mail.threads import Threads
from custagent.channels.plain import plain_text
from custagent.channels.sources import with_sources
from custagent.core.errors import ChannelError, SendFault
from custagent.core.message import OutboundMessage, Sender

#: Ids that are named at most; those in the middle of a long thread are left out (RFC 5322 §3.6.4 asks for the first).
MAX_REFERENCES = 20
_MAX_ID = 250
#: Asks programs not to answer a program's mail, nor to send receipts. Not `All`: Exchange would keep bounces from us.
_SUPPRESS = "OOF, AutoReply, RN, NRN"
_RTL = frozenset({"ar", "fa", "he", "ur", "yi", "dv", "ps", "sd", "ug"})
_URL = re.compile(r"https?://[^\s<>\"']+")
_URL_END = ".,;:!?)]}»”’"
#: Whoever has an address at these is nobody's colleague by it.
_FREE = frozenset(
    "gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com icloud.com me.com mac.com"
    " aol.com gmx.de gmx.net gmx.at gmx.ch web.de t-online.de freenet.de mail.com proton.me protonmail.com orange.fr"
    " free.fr laposte.net wanadoo.fr libero.it virgilio.it telia.com wp.pl onet.pl o2.pl interia.pl ziggo.nl kpnmail.nl"
    " hotmail.fr hotmail.de hotmail.es hotmail.it yahoo.de yahoo.fr yahoo.es yahoo.it yahoo.co.uk btinternet.com"
    " sapo.pt uol.com.br terra.com.br seznam.cz mail.ru yandex.ru qq.com 163.com naver.com".split()
)
#: Second labels under which organisations have their names, as in example.co.uk.
_SHARED = frozenset("co com net org gov gob gouv ac edu ltd plc or ne go in id web".split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """How the channel's mails look."""

    #: The channel's address, and what makes the ids.
    threads: Threads
    #: Other addresses that the channel receives at.
    aliases: tuple[str, ...] = ()
    #: What stands beside the address for the agent's mails, such as the company's name.
    name: str = ""
    #: Below every reply; "" for none.
    signature: str = ""
    #: Of a mail that starts a thread.
    subject: str = ""
    #: Whether the mailbox takes `name+token@`: then replies and bounces lead back by their address, too.
    plus: bool = False
    #: Whether those in Cc get the reply as well.
    copies: bool = False


def details(mail: Mail) -> dict[str, str]:
    """What a reply to the mail must know: `InboundMessage.reply_details`."""
    told = {
        "subject": mail.subject,
        "references": " ".join(mail.links[:1] + mail.links[1:][-MAX_REFERENCES:]),
        "message-id": mail.message_id,
        "to": answered(mail),
        "cc": ", ".join(address.address for address in mail.cc[:20]),
    }
    return {name: value for name, value in told.items() if value}


def answered(mail: Mail) -> str:
    """Where a reply goes: to Reply-To where it is the sender's organisation's, else to the sender; "" to nobody."""
    sender = writer(mail)
    if sender is None:
        return ""
    wanted = next(iter(mail.reply_to), sender)
    return wanted.address if _are_colleagues(wanted, sender) else sender.address


def reply(outbound: OutboundMessage, letter: Letter) -> EmailMessage:
    """The reply as a mail. Raises ChannelError where there is no address that it could go to."""
    message, before = outbound.message, outbound.replied_to
    told: Mapping[str, str] = before.details if before else {}
    automatic = message.sender is not Sender.PERSON
    mail = _begun(letter, outbound.author_name if not automatic else "", message.at)
    # What came from outside may have been masked on its way.
    mail["To"] = [_recipient(outbound.contact_key if not _is_address(told.get("to", "")) else told["to"])]
    if letter.copies and (copies := _copies(told.get("cc", ""), letter)):
        mail["Cc"] = copies
    mail["Subject"] = readable(of_reply(told["subject"]) if told.get("subject") else letter.subject or letter.name)
    mail["Message-ID"] = f"<{letter.threads.message_id(message.conversation, outbound.id)}>"
    if letter.plus:
        mail["Reply-To"] = [_recipient(letter.threads.reply_address(message.conversation))]
    _thread(mail, told, before.external_id if before else "")
    if automatic:
        mail["Auto-Submitted"] = "auto-replied"
        mail["X-Auto-Response-Suppress"] = _SUPPRESS
    _write(mail, text_of(outbound, letter.signature), message.language)
    return mail


def notice(
    to: str, *, subject: str, text: str, about: str, at: datetime, letter: Letter, language: str = ""
) -> EmailMessage:
    """A mail to one of the company's own people. `about` tells one notice from another: its Message-ID is made of it."""
    mail = _begun(letter, "", at)
    mail["To"] = [_recipient(to)]
    mail["Subject"] = readable(subject)
    mail["Message-ID"] = f"<{letter.threads.notice_id(about)}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = _SUPPRESS
    _write(mail, text, language)
    return mail


def bounces_to(outbound: OutboundMessage, letter: Letter) -> str:
    """The envelope's sender: bounces of this reply come to it."""
    return letter.threads.bounce_address(outbound.id) if letter.plus else letter.threads.address


def recipients(mail: EmailMessage) -> tuple[str, ...]:
    """Everybody the mail goes to, once each."""
    named = (one.addr_spec for name in ("To", "Cc") for one in getattr(mail[name], "addresses", ()))
    return tuple(dict.fromkeys(named))


def needs_utf8(mail: EmailMessage) -> bool:
    """Whether it can only go where servers take letters beyond ASCII in addresses (RFC 6531)."""
    named = (one.addr_spec for name in ("From", "To", "Cc", "Reply-To") for one in getattr(mail[name], "addresses", ()))
    return not all(address.isascii() for address in named)


def as_bytes(mail: EmailMessage) -> bytes:
    """The mail as it goes over the line."""
    return mail.as_bytes(policy=POLICY.clone(utf8=needs_utf8(mail)))


def _begun(letter: Letter, name: str, at: datetime) -> EmailMessage:
    mail = EmailMessage(policy=POLICY)
    mail["Date"] = format_datetime(at)
    shown = " – ".join(part for part in (readable(name), readable(letter.name)) if part)
    mail["From"] = [_recipient(letter.threads.address, name=shown)]
    return mail


def _recipient(address: str, *, name: str = "") -> Named:
    """An address for a header. Raises ChannelError for what is none."""
    found = addresses(address)
    if not _is_address(address):
        raise ChannelError(
            f"The reply cannot be sent: {readable(address)[:100]!r} is no mail address.",
            hint="Answer the contact another way, and close the conversation.",
            fault=SendFault.PERMANENT,
        )
    local, _, domain = found[0].address.rpartition("@")
    return Named(display_name=name[:100], username=_unquoted(local), domain=domain)


def _is_address(text: str) -> bool:
    found = addresses(text)
    # The domain may have been spelled in its own letters.
    return len(found) == 1 and found[0].local == text.strip().lower().rpartition("@")[0]


def _unquoted(local: str) -> str:
    return re.sub(r"\\(.)", r"\1", local[1:-1]) if local.startswith('"') else local


def _copies(listed: str, letter: Letter) -> list[Named]:
    own = {address.lower() for address in (letter.threads.address, *letter.aliases)}
    found = {one.key: one for one in addresses(listed)}
    # Nobody gets a copy at the channel's own addresses, with a token or without.
    return [
        _recipient(one.address)
        for one in found.values()
        if f"{one.local.partition('+')[0]}@{one.domain}" not in own and _is_address(one.address)
    ]


def _thread(mail: EmailMessage, told: Mapping[str, str], answered_id: str) -> None:
    """What the mail answers. Only what looks like ids, for some of them came from outside."""
    last = told.get("message-id") or answered_id
    ids = [one for one in dict.fromkeys((*told.get("references", "").split(), last)) if _is_id(one)]
    if not _is_id(last):
        return
    ids = [one for one in ids if one != last] + [last]
    mail["In-Reply-To"] = f"<{last}>"
    mail["References"] = " ".join(f"<{one}>" for one in ids[:1] + ids[1:][-(MAX_REFERENCES - 1) :])


def _is_id(text: str) -> bool:
    return (
        0 < len(text) <= _MAX_ID
        and text.isascii()
        and text.isprintable()
        and not re.search(r"[<>\s]", text)
        and "@" in text
    )


def text_of(outbound: OutboundMessage, signature: str) -> str:
    """What the agent says of itself, the reply, what the contact may choose from, its sources as links, and the signature."""
    message = outbound.message
    parts = [part for part in (outbound.preface.strip(), with_sources(message).strip()) if part]
    if message.options:
        parts.append("\n".join(f"- {option}" for option in message.options))
    if signature.strip():
        parts.append(f"-- \n{signature.strip()}")
    return "\n\n".join(parts)


def _write(mail: EmailMessage, text: str, language: str) -> None:
    """Both forms of the text. The boundary is made of the Message-ID: a mail that is sent again is the same mail."""
    clean = plain_text(text)
    code = language if re.fullmatch(r"[a-z]{2}", language) else ""
    mail.set_content(clean)
    mail.add_alternative(page(clean, code), subtype="html")
    if code:
        mail["Content-Language"] = code
    digest = hashlib.sha256(str(mail["Message-ID"]).encode()).hexdigest()
    mail.set_boundary(f"=_{digest[:32]}")


def page(text: str, language: str) -> str:
    """The text as a page: paragraphs and links, nothing else."""
    told = f' lang="{language}"' if language else ""
    way = "rtl" if language in _RTL else "ltr" if language else "auto"
    paragraphs = (part for part in re.split(r"\n[ \t]*\n", text.strip()) if part.strip())
    body = "\n".join(f"<p>{_linked(part.strip(chr(10)))}</p>" for part in paragraphs)
    return f'<!DOCTYPE html>\n<html{told} dir="{way}">\n<body>\n{body}\n</body>\n</html>\n'


def _linked(text: str) -> str:
    told, end = [], 0
    for found in _URL.finditer(text):
        url = found[0].rstrip(_URL_END)
        shown = html.escape(url)
        told += [html.escape(text[end : found.start()]), f'<a href="{shown}">{shown}</a>']
        end = found.start() + len(url)
    return "".join((*told, html.escape(text[end:]))).replace("\n", "<br>\n")


def _are_colleagues(one: Address, other: Address) -> bool:
    """Whether two addresses are of one organisation: one mailbox, or domains of one name that nobody can just join."""
    if one.key == other.key:
        return True
    first, second = _organisation(one.domain), _organisation(other.domain)
    return first == second and not {one.domain, other.domain, first} & _FREE


def _organisation(domain: str) -> str:
    """The name that was registered, nearly: without a list of all registries, the last two labels or three."""
    labels = domain.split(".")
    long = len(labels) > 2 and labels[-2] in _SHARED  # noqa: PLR2004 - a name below a shared label has three
    return ".".join(labels[-3:] if long else labels[-2:])
