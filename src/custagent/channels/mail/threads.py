"""Which conversation a mail goes on with, told by ids and addresses that only we can make. Never by the subject.

A reply of ours has the Message-ID `<conversation.outbound.mac@domain>` and, where the mailbox takes plus addresses, the
Reply-To `support+c<conversation><mac>@domain`; its envelope's sender is `support+b<outbound>.<mac>@domain`. The mac is an
HMAC over what stands before it and what it is for, so nobody can write into a conversation by making up its id.
Everything is in lower case: mail servers change the case of local parts.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import string
from collections.abc import Iterable
from dataclasses import dataclass, field

from custagent.channels.mail.model import Mail

#: Octets of a local part (RFC 5321 §4.5.3.1.1).
_MAX_LOCAL = 64
#: Letters of a mac: 65 bits.
_MAC = 13
#: Conversations are 22 letters and digits: as a number they take fewer letters than any other way.
_MAX_ENCODED = 60
_BASE62 = string.ascii_letters + string.digits
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_SHORT_LENGTH, _LONG_LENGTH = 22, 27
_MESSAGE_ID = re.compile(r"([a-z2-7]{2,60})\.([0-9]{1,19})\.([a-z2-7]{13})@[^@\s]{1,255}", re.IGNORECASE | re.ASCII)
_NOTICE_ID = re.compile(r"n\.([a-z2-7]{26})\.([a-z2-7]{13})@[^@\s]{1,255}", re.IGNORECASE | re.ASCII)
_REPLY = re.compile(r"c([a-z2-7]{2,60})([a-z2-7]{13})", re.IGNORECASE | re.ASCII)
_BOUNCE = re.compile(r"b([0-9]{1,19})\.([a-z2-7]{13})", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A mail of ours, as its Message-ID tells."""

    conversation: str
    #: The outbox row.
    outbound: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Threads:
    """Makes our ids and addresses, and knows them again."""

    #: A secret of the workspace's.
    key: bytes = field(repr=False)
    #: What the channel writes from.
    address: str

    def message_id(self, conversation: str, outbound: int) -> str:
        """The Message-ID of a reply, the same at every try. Raises ValueError for ids that cannot stand in one."""
        told = f"{_encoded(conversation)}.{_number(outbound)}"
        return f"{told}.{self._mac('message', told)}@{self.domain}"

    def notice_id(self, about: str) -> str:
        """The Message-ID of a mail that belongs to no conversation, such as a notification, by what it is about."""
        told = _base32(hashlib.sha256(about.encode()).digest()[:16])
        return f"n.{told}.{self._mac('notice', told)}@{self.domain}"

    def reply_address(self, conversation: str) -> str:
        """Where replies lead back to the conversation from; the plain address where the token makes it too long."""
        told = _encoded(conversation)
        return self._plus(f"c{told}{self._mac('reply', told)}")

    def bounce_address(self, outbound: int) -> str:
        """The envelope's sender, which bounces of this one reply come to; the plain address where it is too long."""
        told = _number(outbound)
        return self._plus(f"b{told}.{self._mac('bounce', told)}")

    def sent(self, message_id: str) -> Sent | None:
        """The reply of ours that has this Message-ID, None when it is none of ours."""
        found = _MESSAGE_ID.fullmatch(message_id.strip("<> "))
        if found is None or not self._fits("message", f"{found[1]}.{found[2]}", found[3]):
            return None
        conversation = _decoded(found[1])
        return None if conversation is None else Sent(conversation=conversation, outbound=int(found[2]))

    def is_ours(self, message_id: str) -> bool:
        """Whether we made this Message-ID, for a reply or for a notification."""
        found = _NOTICE_ID.fullmatch(message_id.strip("<> "))
        return self.sent(message_id) is not None or (found is not None and self._fits("notice", found[1], found[2]))

    def conversation_of(self, mail: Mail) -> str | None:
        """The conversation that the mail goes on with: by what it answers, the latest first, then by its addresses.

        None when neither tells: then the contact's own Message-IDs in `mail.links` may (`Reception.conversation_of`).
        """
        for message_id in reversed(mail.links):
            if sent := self.sent(message_id):
                return sent.conversation
        for address in _delivered(mail):
            found = _REPLY.fullmatch(self._token(address))
            if found and self._fits("reply", found[1], found[2]) and (conversation := _decoded(found[1])):
                return conversation
        return None

    def bounced(self, mail: Mail) -> int | None:
        """The outbox row of the reply that a report is about, by its ids, then by the address it came to."""
        for message_id in mail.report.about if mail.report else ():
            if sent := self.sent(message_id):
                return sent.outbound
        for address in _delivered(mail):
            found = _BOUNCE.fullmatch(self._token(address))
            if found and self._fits("bounce", found[1], found[2]):
                return int(found[1])
        return None

    @property
    def domain(self) -> str:
        """What stands behind the @ in all of them."""
        return self.address.rpartition("@")[2].lower()

    def _plus(self, token: str) -> str:
        local = f"{self.address.rpartition('@')[0].partition('+')[0]}+{token}"
        return self.address if len(local.encode()) > _MAX_LOCAL else f"{local}@{self.domain}"

    def _token(self, address: str) -> str:
        """What stands behind the plus of an address of ours: aliases count, for servers rewrite one to the other."""
        return address.rpartition("@")[0].partition("+")[2]

    def _mac(self, purpose: str, told: str) -> str:
        digest = hmac.new(self.key, f"{purpose}:{told}".encode(), hashlib.sha256).digest()
        return _base32(digest)[:_MAC]

    def _fits(self, purpose: str, told: str, mac: str) -> bool:
        return hmac.compare_digest(self._mac(purpose, told.lower()), mac.lower())


def is_another_sender(mail: Mail, known: Iterable[str]) -> bool:
    """Whether somebody else than the thread's contacts writes on it: a hijack, or a colleague who took over.

    `known` are the addresses of the contacts. Either way people look first.
    """
    return mail.sender is None or mail.sender.key not in {address.lower() for address in known}


def _delivered(mail: Mail) -> Iterable[str]:
    yield from mail.delivered_to
    yield from (address.address for address in (*mail.to, *mail.cc))


def _number(outbound: int) -> str:
    if not 0 < outbound < 2**63:
        raise ValueError(f"{outbound} is no outbox row")
    return str(outbound)


def _encoded(conversation: str) -> str:
    """The id in lower-case letters: 27 of them for ids of the usual form, else as its bytes behind a mark of their own."""
    if len(conversation) == _SHORT_LENGTH and conversation.isascii() and conversation.isalnum():
        number, letters = 0, []
        for letter in conversation:
            number = number * len(_BASE62) + _BASE62.index(letter)
        for _ in range(_LONG_LENGTH):
            number, digit = divmod(number, len(_BASE32))
            letters.append(_BASE32[digit])
        return "".join(letters)
    text = _base32(conversation.encode())
    if not conversation or len(text) > _MAX_ENCODED:
        raise ValueError(f"the conversation's id {conversation!r} cannot stand in a Message-ID")
    return text


def _decoded(text: str) -> str | None:
    text = text.lower()
    if len(text) == _LONG_LENGTH:
        number, letters = 0, []
        for letter in reversed(text):
            number = number * len(_BASE32) + _BASE32.index(letter)
        for _ in range(_SHORT_LENGTH):
            number, digit = divmod(number, len(_BASE62))
            letters.append(_BASE62[digit])
        return None if number else "".join(reversed(letters))
    try:
        return base64.b32decode(text.upper() + "=" * (-len(text) % 8)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()
