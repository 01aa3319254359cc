"""Header fields of a mail as text, addresses, ids, moments and parameters.

Own readers where the standard library's raise, recurse or take quadratic time for what strangers send. All of these
take the value of one field, unfolded or not, and none raises.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz
from urllib.parse import unquote_to_bytes

from custagent.channels.mail.charset import decoded, from_base64, from_quoted_printable
from custagent.channels.mail.model import Address

#: Characters of one field that are read.
MAX_FIELD = 20_000
_MAX_ADDRESSES = 200
_MAX_IDS = 200
#: RFC 3696's largest address, and RFC 1035's largest name.
_MAX_ADDRESS = 320
_MAX_DOMAIN = 255
#: RFC 2231: charset, language and text between two of them.
_SEPARATORS = 2
_MAX_ID = 998
_YEARS = range(1980, 2101)

#: RFC 2047. Blanks within the text are no rule of it, but what some programs write.
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]{0,2000})\?=")
_FOLD = re.compile(r"\r?\n[ \t]*|\r[ \t]*")
_BLANKS = re.compile(r"[ \t\r\n]+")
_ID = re.compile(r"<([^<>\s]+)>")
_BARE_ID = re.compile(r"[^<>\s,]+@[^<>\s,]+")
_ADDRESS = re.compile(r"[^\s<>(),:;\"\[\]@\\]+@[^\s<>(),:;\"\[\]@\\]+")
_QUOTED_LOCAL = re.compile(r'"((?:[^"\\\r\n\t]|\\.){1,64})"@([^\s<>(),:;"\[\]@\\]+)')
_PARAMETER = re.compile(r';\s*([^\s=;]+)\s*=\s*("(?:[^"\\]|\\.)*"?|[^;]*)')
_SECTION = re.compile(r"([^*]+)\*(\d{1,3})?(\*?)")
#: Nothing that a person reads: controls stand for blanks, marks that turn or hide the writing around them for nothing.
_CONTROLS = frozenset({"Cc", "Zl", "Zp"})
_MARKS = frozenset({"Cf", "Cs"})
#: But these two join and part letters within words.
_JOINERS = "\u200c\u200d"


def from_wire(value: str) -> str:
    """The field as text: `parse` keeps a mail's bytes as letters of Latin 1, and some programs write raw bytes here."""
    return value if value.isascii() else decoded(value.encode("latin-1", "replace"))


def readable(value: str) -> str:
    """The field as people read it: unfolded, decoded, without what cannot be seen."""
    return _shown(_words(_FOLD.sub(" ", value[:MAX_FIELD])))


def addresses(value: str) -> tuple[Address, ...]:
    """The addresses of From, To and their like, the names beside them decoded; what is none is left out."""
    found = []
    for one in _listed(_FOLD.sub(" ", value[:MAX_FIELD])):
        if (address := _address(one)) is not None:
            found.append(address)
        if len(found) == _MAX_ADDRESSES:
            break
    return tuple(found)


def message_ids(value: str) -> tuple[str, ...]:
    """The Message-IDs in a field without their brackets, each once; bare ones where none has brackets."""
    text = _FOLD.sub(" ", value[:MAX_FIELD])
    found = _ID.findall(text) or _BARE_ID.findall(text)
    kept = [one for one in dict.fromkeys(found) if len(one) <= _MAX_ID and one.isprintable()]
    return tuple(kept[:1] + kept[1:][-_MAX_IDS:])


def moment(value: str) -> datetime | None:
    """The moment in UTC; None for what is none."""
    try:
        told = parsedate_tz(_FOLD.sub(" ", value[:200]))
        if told is None or told[0] not in _YEARS:
            return None
        return datetime(*told[:6], tzinfo=UTC) - timedelta(seconds=told[9] or 0)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """The field's own value in lower case, and its parameters by name in lower case (RFC 2231 and 2047 decoded)."""
    text = _FOLD.sub(" ", value[:MAX_FIELD])
    main = text.partition(";")[0].strip().lower()
    plain: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for name, raw in _PARAMETER.findall(text):
        given = _unquoted(raw.strip())
        section = _SECTION.fullmatch(name.lower())
        if section:
            piece = (int(section[2] or 0), bool(section[3]) or section[2] is None, given)
            pieces.setdefault(section[1], []).append(piece)
        else:
            plain.setdefault(name.lower(), _shown(_words(given)))
    return main, plain | {name: _joined(parts) for name, parts in pieces.items()}


def _words(text: str) -> str:
    """Encoded words decoded. Neighbours in one charset are joined first: they may be split within a character."""
    told: list[str] = []
    charset, waiting, end = "", b"", 0
    for word in _WORD.finditer(text):
        between = text[end : word.start()]
        if between.strip() or (word[1].lower() != charset and waiting):
            told.append(decoded(waiting, charset))
            waiting = b""
        # Blanks between two words belong to neither.
        told.append(between if between.strip() or not end else "")
        charset, end = word[1].lower(), word.end()
        data = word[3].encode("utf-8", "replace")
        waiting += from_base64(data) if word[2] in "bB" else from_quoted_printable(data.replace(b"_", b" "))
    return "".join((*told, decoded(waiting, charset), text[end:]))


def _shown(text: str) -> str:
    if not text.isascii() or not text.isprintable():
        text = "".join(_seen(letter) for letter in text)
    return _BLANKS.sub(" ", text).strip()


def _seen(letter: str) -> str:
    category = unicodedata.category(letter)
    if category in _CONTROLS:
        return " "
    return "" if category in _MARKS and letter not in _JOINERS else letter


def _listed(text: str) -> Iterator[str]:
    """The members of a list of addresses: split at commas, semicolons and group names outside quotes and brackets."""
    start, depth, quoted, angled, at = 0, 0, False, False, 0
    while at < len(text):
        letter = text[at]
        if letter == "\\":
            at += 2
            continue
        if letter == '"' and not depth:
            quoted = not quoted
        elif not quoted and letter in "()":
            depth = max(0, depth + (1 if letter == "(" else -1))
        elif not quoted and not depth:
            if letter in "<>":
                angled = letter == "<"
            elif letter in ",;" and not angled:
                yield text[start:at]
                start = at + 1
            elif letter == ":" and not angled:
                start = at + 1
        at += 1
    rest = text[start:]
    # A quote or bracket that never ends swallows what follows: read it without them.
    yield from re.split(r"[,;]", rest) if quoted or depth or angled else (rest,)


def _address(text: str) -> Address | None:
    inner = text[text.rfind("<") + 1 :].partition(">")[0] if "<" in text else text
    # A route before the address (RFC 5322 §4.4) ends in a colon.
    spelled = _QUOTED_LOCAL.search(inner)
    found = None if spelled else _ADDRESS.search(inner)
    if spelled:
        local, domain = f'"{spelled[1]}"', spelled[2]
    elif found:
        local, _, domain = found[0].rpartition("@")
    else:
        return None
    address = f"{local}@{_domain(domain)}"
    if len(address) > _MAX_ADDRESS or not address.isprintable():
        return None
    beside = text[: text.rfind("<")] if "<" in text else "".join(re.findall(r"\(([^()]*)\)", text)[-1:])
    return Address(address=address, name=_shown(_words(_unquoted(_BLANKS.sub(" ", beside).strip())))[:200])


def _domain(domain: str) -> str:
    domain = domain.lower().rstrip(".")
    if domain.isascii() or len(domain) > _MAX_DOMAIN:
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


def _unquoted(text: str) -> str:
    if not text.startswith('"'):
        return text
    return re.sub(r"\\(.)", r"\1", text[1:].removesuffix('"'))


def _joined(pieces: list[tuple[int, bool, str]]) -> str:
    """The value of a parameter that comes in sections, some of them percent-encoded."""
    data, charset = b"", ""
    for number, encoded, text in sorted(pieces, key=lambda piece: piece[0]):
        given = text
        if encoded and not charset and not number and text.count("'") >= _SEPARATORS:
            charset, _, given = text.split("'", 2)
        data += unquote_to_bytes(given) if encoded else given.encode("utf-8", "replace")
    return _shown(_words(decoded(data, charset)))
