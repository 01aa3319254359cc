"""A mail's own words, without the mails that it answers: read line by line, in the twelve languages (ANS-6).

What mail programs write is known by its form first (an address, a moment, a rule across the page, `>`), and by words only
beside it, so that "On Monday I wrote:" stays. Replies between quoted lines keep their order. mail-parser-reply is asked
about the languages that are not ours.
"""

from __future__ import annotations

import re
from functools import cache

from custagent.channels.mail.quotation_words import ABOVE, FIRST_PERSON, LABELS, ORIGINAL, SENT_FROM, WROTE
from custagent.locales import catalogue, languages

#: Letters of a mail in which own words are looked for; nobody writes more.
_MAX_TEXT = 100_000
#: A longer line is somebody's words, not a program's.
_MAX_LINE = 250
#: Lines that one heading is broken into.
_MAX_BROKEN = 4
_MAX_HEAD = 8
_MAX_SIGNATURE = 15
#: Letters of a heading without an address, and of one with everything in it.
_SHORT = 80
_MAX_ATTRIBUTION = 300
#: Letters of a telephone's greeting, addresses included.
_MAX_GREETING = 120
_LABELS_OF_HEAD = 3
#: Lines within which a quotation begins behind its heading.
_NEAR = 5
_SHORTEST_ABOVE = min(map(len, ABOVE))
#: Lines that mail-parser-reply is shown at most.
_MAX_FOREIGN = 200
#: An answer shorter than this part of a mail that holds no sure quotation is more likely a mistake of ours.
_LEAST = 0.1

_MANY_BREAKS = re.compile(r"\n{4,}")
_QUOTED = re.compile(r"\s?>")
_WEIGHT = re.compile(r"\s?>=?\s*\d")
_RULE = re.compile(r"\s*[_\-=*]{10,}\s*")
_DASHED = re.compile(r"\s*(?:[-_=*#]{2,}|>)\s*(\S.{2,70}?)\s*[-_=*#:]{2,}\s*")
_TITLED = re.compile(r"\s*(\S.{2,50}?)\s?[:：]\s*")
_LABEL = re.compile(
    r"\s*\*{0,2}([^\W\d_][^\W\d_ \u00a0]{0,20}(?:[ \u00a0][^\W\d_]{1,5})?)\s?\*{0,2}\s?[:：]\*{0,2}\s*(\S?.*)"
)
_ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+\.[^\s<>@]+")
_DATE = re.compile(r"\b(?:\d{4}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4})\b")
_TIME = re.compile(r"\b\d{1,2}[:.]\d{2}\b")
_NO_VERB = re.compile(r"[^<>]{4,120}<[^\s<>@]+@[^\s<>@]+>\s?:\s*")
#: Some programs leave out the colon: then address, day and time must all be there, and the verb at the end.
_NO_COLON = re.compile(r"(?=[^:]{0,200}\d\d?[:.]\d\d).{10,200}<[^\s<>@]+@[^\s<>@]+>\s[^\W\d_]{3,12}")
_LETTERS = re.compile(r"[^\w'’@ -]+")
_BLANKS = re.compile(r"\s+")
_FOREIGN = re.compile(r"(?:[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|napsal)[^\n]{0,200}[:：]\s*$", re.MULTILINE)
_SIGNATURE = re.compile(r"--\s?|__\s?|—\s?")


def folded(text: str) -> str:
    """Letters, digits and single blanks in lower case: `-----Original Message-----` and `*Original message*` are one."""
    return _BLANKS.sub(" ", _LETTERS.sub(" ", text.replace("\u00a0", " ")).strip(" -_")).strip().casefold()


def own_words(text: str) -> str:
    """What the writer of the mail wrote; the whole text where nothing else is left."""
    text = _MANY_BREAKS.sub("\n\n\n", text[:_MAX_TEXT])
    lines = text.replace("\u00a0", " ").split("\n")
    found = _Reading(lines)
    own = found.own()
    shorter = len(own) < _LEAST * len(text.strip())
    if not own or (shorter and not found.sure):
        own = text.strip()
    return _foreign(own)


class _Reading:
    """One mail's lines, from the top, until its own words end."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._kept: list[str] = []
        #: A quotation was seen that no person writes by hand.
        self.sure = False

    def own(self) -> str:
        at, end = 0, _above(self._lines)
        self.sure = end < len(self._lines)
        quotes = any(_QUOTED.match(line) for line in self._lines[:end])
        attributed = False
        while at < end:
            line = self._lines[at]
            length = _attribution(self._lines, at, end)
            if length:
                self.sure = attributed = True
                at += length
                if not _quoted_next(self._lines, at, end):
                    break
            elif _is_heading(line) or _is_head(self._lines, at, end):
                self.sure = True
                break
            elif _QUOTED.match(line) and (attributed or not _WEIGHT.match(line)):
                self.sure = True
                at += 1
            else:
                self._kept.append(line)
                at += 1
        return self._without_signature(quotes=quotes)

    def _without_signature(self, *, quotes: bool) -> str:
        kept = _trimmed(self._kept)
        cut = next(
            (at for at, line in enumerate(kept) if _SIGNATURE.fullmatch(line) and len(kept) - at <= _MAX_SIGNATURE),
            None,
        )
        # In a mail with inline replies, what stands behind one signature may be the next reply.
        if cut and not quotes:
            kept = _trimmed(kept[:cut])
        elif cut:
            kept = _trimmed(kept[:cut] + kept[_block_end(kept, cut) :])
        for _ in range(3):
            if len(kept) > 1 and _is_greeting(kept[-1]):
                kept = _trimmed(kept[:-1])
        while kept and _RULE.fullmatch(kept[-1]):
            kept = _trimmed(kept[:-1])
        return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _trimmed(lines: list[str]) -> list[str]:
    start, end = 0, len(lines)
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return lines[start:end]


def _block_end(lines: list[str], at: int) -> int:
    """Where the paragraph that begins at `at` ends."""
    return next((there for there in range(at, len(lines)) if not lines[there].strip()), len(lines))


def _above(lines: list[str]) -> int:
    """Where another program asks to reply above; the number of lines where none does."""
    for at, line in enumerate(lines):
        said = folded(line) if _SHORTEST_ABOVE <= len(line) <= _MAX_LINE else ""
        if said and any(phrase in said for phrase in ABOVE):
            # A person who repeats the words writes them in a sentence.
            bare = line.strip(" >")
            if not bare[:1].isalpha() or len(bare) <= _SHORT:
                return _attributed_before(lines, at)
    return len(lines)


def _attributed_before(lines: list[str], at: int) -> int:
    """Programs quote the mark together with the mail: its heading goes too."""
    for there in range(max(0, at - _MAX_BROKEN - 1), at):
        if _attribution(lines, there, at):
            return there
    return at


def _attribution(lines: list[str], at: int, end: int) -> int:
    """How many lines from here say who wrote what follows: "On 3 May 2026 at 10:00, Anna <anna@…> wrote:"; 0 for none."""
    joined = ""
    for length in range(1, _MAX_BROKEN + 1):
        there = at + length - 1
        if there >= end or len(lines[there]) > _MAX_LINE:
            return 0
        line = lines[there].strip()
        if not line.strip("> *") or (length > 1 and joined.endswith((".", "!", "?")) and "@" not in joined):
            return 0
        joined = f"{joined} {line}" if joined else line
        if joined.rstrip("* ").endswith((":", "：")):
            return length if _attributes(joined, quoted=_quoted_next(lines, there + 1, end)) else 0
        if _NO_COLON.fullmatch(joined) and _verb().search(folded(joined)):
            return length
    return 0


def _attributes(text: str, *, quoted: bool) -> bool:
    bare = text.lstrip("> *")
    moment = bool(_DATE.search(bare)) and bool(_TIME.search(bare))
    address = _ADDRESS.search(bare) is not None
    if _NO_VERB.fullmatch(bare) and moment:
        return True
    said = folded(bare)
    if len(said) > _MAX_ATTRIBUTION or not _verb().search(said):
        return False
    alone = set(said.split())
    if alone & FIRST_PERSON and not address and not quoted:
        return False
    return address or moment or (quoted and bool(_DATE.search(bare) or len(said) <= _SHORT))


def _quoted_next(lines: list[str], at: int, end: int) -> bool:
    """Whether the next line that holds anything is quoted."""
    following = next((line for line in lines[at : min(end, at + _NEAR)] if line.strip()), "")
    return _QUOTED.match(following) is not None


def _is_heading(line: str) -> bool:
    """ "-----Original Message-----", "Begin forwarded message:"."""
    if len(line) > _MAX_LINE or (dashed := _DASHED.fullmatch(line) or _TITLED.fullmatch(line)) is None:
        return False
    said = folded(dashed[1])
    return said in _originals() or any(said.startswith(f"{one} from ") for one in ("message", "forwarded message"))


def _is_head(lines: list[str], at: int, end: int) -> bool:
    """Whether the head of a mail stands here, as Outlook repeats it: "From: … Sent: … Subject: …"."""
    if not lines[at].strip():
        return False
    if _RULE.fullmatch(lines[at]):
        behind = next((there for there in range(at + 1, min(at + 3, end)) if lines[there].strip()), end)
        return behind < end and _is_head_at(lines, behind, end)
    return _is_head_at(lines, at, end)


def _is_head_at(lines: list[str], at: int, end: int) -> bool:
    first = _label(lines[at])
    if first is None or first[0] not in {"from", "sent"}:
        return False
    found: set[str] = set()
    address, seen = False, 0
    for line in lines[at : min(end, at + 2 * _MAX_HEAD)]:
        if not line.strip():
            # Some programs part the labels by empty lines.
            if len(found) >= _LABELS_OF_HEAD and "subject" in found:
                break
            continue
        label = _label(line)
        seen += 1
        if label is None and seen > _MAX_HEAD:
            break
        if label is not None:
            found.add(label[0])
            address = address or (label[0] == "from" and "@" in label[1])
    # "From: Berlin, To: Hamburg, Date: 3 May" is what a traveller asks for.
    return "from" in found and len(found) >= _LABELS_OF_HEAD and ("subject" in found or address)


def _label(line: str) -> tuple[str, str] | None:
    """What a label names, and what stands behind it."""
    found = _LABEL.fullmatch(line[:_MAX_LINE])
    if found is None:
        return None
    named = _labels().get(found[1].replace("\u00a0", " ").casefold())
    return (named, found[2]) if named else None


def _is_greeting(line: str) -> bool:
    """A telephone's or a mail program's own line below the text."""
    bare = line.strip(" *_[]<>-")
    if len(bare) > _MAX_GREETING or bare.endswith(("?", "!")):
        return False
    said = folded(re.sub(r"[<(\[]?https?://\S*", "", bare))
    return len(said) <= _SHORT and any(said.startswith(phrase) for phrase in _greetings())


def _foreign(text: str) -> str:
    """What mail-parser-reply leaves of it in languages that are not ours. Its expressions take quadratic time: only
    ordinary lines, and not too many, are shown to it.
    """
    lines = text.split("\n")
    if len(lines) > _MAX_FOREIGN or max(map(len, lines)) > _MAX_LINE or not _is_foreign(text):
        return text
    from mailparser_reply.parser import EmailMessage

    known = EmailMessage(
        text=re.sub(r"\n{3,}", "\n\n", text), languages=["cs", "ja", "ko", "zh"], include_english=False
    )
    own = str(known.read().latest_reply or "").strip()
    return own if len(own) >= _LEAST * len(text) else text


def _is_foreign(text: str) -> bool:
    """Whether a line ends as a heading does in an Eastern writing, or in Czech."""
    return _FOREIGN.search(text) is not None


@cache
def _labels() -> dict[str, str]:
    return {word.replace("\u00a0", " "): name for name, words in LABELS.items() for word in words.split(" ")}


@cache
def _verb() -> re.Pattern[str]:
    """The verbs, each at the start of a word: "napisał(a)" ends as it likes."""
    verbs = sorted({*WROTE, *_phrases("wrote")})
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, verbs))})")


@cache
def _originals() -> frozenset[str]:
    return frozenset(folded(phrase) for phrase in (*ORIGINAL, *_phrases("original")))


@cache
def _greetings() -> tuple[str, ...]:
    return tuple(folded(phrase) for phrase in SENT_FROM)


def _phrases(part: str) -> set[str]:
    return {phrase for one in languages() for phrase in catalogue(one).mail[part]}
