"""Header fields on their way out: folded so that every server and program reads them as they were meant.

The standard library folds structured fields by parsing them again, which tears long ids apart into encoded words and loses
quotes around names. Here each kind of field is folded at the places where it may be, and nothing else is changed.
"""

from __future__ import annotations

import re
from email.header import Header
from email.headerregistry import Address as Named
from email.policy import SMTP, EmailPolicy
from typing import ClassVar

#: Characters of a line that are wanted, and that one may have (RFC 5322 §2.1.1).
_WANTED = 78
_PEOPLE = frozenset({"from", "to", "cc", "reply-to", "sender"})
_IDS = frozenset({"message-id", "in-reply-to", "references"})
_TEXTS = frozenset({"subject"})
#: What a name may hold without quotes (RFC 5322 atoms, and blanks between them).
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")


class MailPolicy(EmailPolicy):
    """SMTP's policy with our folding."""

    #: Left to the standard library: they are short, and ours.
    _ours: ClassVar[frozenset[str]] = _PEOPLE | _IDS | _TEXTS

    def fold(self, name: str, value: str) -> str:
        """The field as text, lines ended by CRLF."""
        kind = name.lower()
        if kind not in self._ours:
            folded: str = super().fold(name, value)
            return folded
        if kind in _IDS:
            tokens = str(value).split()
        elif kind in _PEOPLE:
            tokens = _people(value, utf8=self.utf8)
        else:
            tokens = _text(str(value), name=name, utf8=self.utf8)
        return _lines(name, tokens)

    def fold_binary(self, name: str, value: str) -> bytes:
        """The field as bytes."""
        return self.fold(name, value).encode("utf-8" if self.utf8 else "ascii", "surrogateescape")


#: What our mails are written by; `utf8=True` only where an address has letters beyond ASCII (RFC 6531).
POLICY = MailPolicy(cte_type="7bit", linesep=SMTP.linesep)


def _people(value: str, *, utf8: bool) -> list[str]:
    named: tuple[Named, ...] = getattr(value, "addresses", ())
    tokens: list[str] = []
    for at, one in enumerate(named):
        comma = "," if at < len(named) - 1 else ""
        tokens += [*_name(one.display_name, utf8=utf8), f"<{one.addr_spec}>{comma}"]
    return tokens


def _name(name: str, *, utf8: bool) -> list[str]:
    if not name:
        return []
    if not name.isascii() and not utf8:
        return _encoded(name, used=len("Reply-To: "))
    if _ATOMS.fullmatch(name):
        return name.split()
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return [f'"{quoted}"']


def _text(text: str, *, name: str, utf8: bool) -> list[str]:
    if (text.isascii() or utf8) and all(len(word) < _WANTED for word in text.split(" ")):
        return text.split()
    return _encoded(text, used=len(name) + 2)


def _encoded(text: str, *, used: int) -> list[str]:
    """Encoded words of at most 75 characters (RFC 2047 §2)."""
    return Header(text, "utf-8", maxlinelen=_WANTED, header_name="x" * max(0, used - 2)).encode().split()


def _lines(name: str, tokens: list[str]) -> str:
    """The tokens after each other, a new line before each that does not fit."""
    lines, line = [], f"{name}:"
    for token in tokens:
        if len(line) + 1 + len(token) > _WANTED and line.strip() and line != f"{name}:":
            lines.append(line)
            line = ""
        line += f" {token}"
    return "\r\n".join((*lines, line)) + "\r\n"
