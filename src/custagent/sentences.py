"""Where one sentence ends and the next begins.

Rules, not a model: a mark that ends sentences, white space, then something that can begin one. Abbreviations and
ordinals of the twelve languages of the catalogue do not end a sentence. Lines that are list items or table rows
stand alone.
"""

from __future__ import annotations

import re

#: Lower case, without the last dot. A lower-case letter after the dot goes on with the sentence anyway, so words that
#: only stand within one (usw., osv., etc.) need not be here.
_ABBREVIATIONS = frozenset(
    """
    mr mrs ms dr prof st vs inc ltd co corp dept al
    bl.a dvs resp jfr inkl exkl t.ex
    bzw ggf evtl zzgl abs str hr fr bspw vgl
    ex env mme mlle mm sr sra srta ud uds ej dott sig bijv dhr mw
    f.eks jf zob ifm esim ks vrt ts np tj m.in wg ul godz
    """.split()
)
#: These end no sentence before a number: "no. 5", "ca. 30", "tel. +46". Elsewhere they are words, or end one.
_BEFORE_NUMBERS = frozenset(
    """
    no nos nr fig vol pp cf approx ca kl max maks min tel art kap sect sec pág pag blz
    jan feb mar apr jun jul aug sep sept oct okt nov dec dez
    """.split()
)
#: Before a number with a dot they make it an ordinal: "am 3. Oktober", "den 3. mars", "im 1. Stock".
_BEFORE_ORDINALS = frozenset("am vom zum der die das den dem des im beim ab bis seit".split())
_MONTHS = tuple(
    "Januar Februar März April Mai Juni Juli August September Oktober November Dezember Jänner Quartal".split()
)
_CLOSING = "\"'”’»)\\]"
_BOUNDARY = re.compile(rf"(?<=[.!?…؟।۔])[{_CLOSING}]*\s+|(?<=[。！？])[」』”’）]*")
#: The last words of a text that ends with a dot: the word before, and the last one without its dot.
_LAST_WORDS = re.compile(rf"(?:(\S+)\s+)?(\S+)\.[{_CLOSING}]*$")
_INITIALS = re.compile(r"[^\W\d_](?:\.[^\W\d_])*")
_LIST_ITEM = re.compile(r"^\s*(?:[-*•–]|\d{1,3}[.)])\s+")
#: No abbreviation with the word before it is longer. Looking further back would make long texts slow.
_LOOK_BACK = 60
_LOOK_AHEAD = 12


def sentences(text: str) -> list[str]:
    """The sentences of `text` in order; list items and table rows count as sentences, wrapped lines are joined."""
    found: list[str] = []
    for block in re.split(r"\n\s*\n", text):
        lines = [line.strip() for line in block.split("\n") if line.strip()]
        if any(_LIST_ITEM.match(line) for line in lines) or _is_table(lines):
            for line in lines:
                found += running_sentences(line) if not _LIST_ITEM.match(line) else [line]
        else:
            found += running_sentences(" ".join(lines))
    return found


def running_sentences(text: str) -> list[str]:
    """The sentences of one paragraph, whatever it looks like: a list item is no exception here."""
    found: list[str] = []
    start = 0
    for match in _BOUNDARY.finditer(text):
        end = match.end()
        if _ends(text, start, end):
            found.append(text[start:end].strip())
            start = end
    found.append(text[start:].strip())
    return [sentence for sentence in found if sentence]


def _is_table(lines: list[str]) -> bool:
    """Whether these are the rows of a table, perhaps below its caption (`core.document.Section.text`)."""
    rows = sum("; " in line and ": " in line for line in lines)
    return rows > 1 and rows * 2 >= len(lines)


def _ends(text: str, start: int, end: int) -> bool:
    """Whether the sentence that began at `start` ends at `end`, where a mark has been and white space ends."""
    rest = text[end : end + _LOOK_AHEAD]
    if not rest or rest[0].islower():
        return not rest
    head = text[max(start, end - _LOOK_BACK) : end].rstrip()
    found = _LAST_WORDS.search(head)
    if found is None:
        return True
    before, last = (group.lstrip("(\"'“‘«[").lower() for group in (found.group(1) or "", found.group(2)))
    if last in _ABBREVIATIONS or _INITIALS.fullmatch(last):
        return False
    if last in _BEFORE_NUMBERS:
        return not (rest[0].isdigit() or rest[0] in "+(")
    if last.isdigit():
        # "1. Open the page": a number that begins a step belongs to it.
        begins_step = end - start <= _LOOK_BACK and text[start:end].strip("\"'“‘«[( ") == f"{last}."
        is_ordinal = len(last) <= len("31") and (before in _BEFORE_ORDINALS or rest.startswith(_MONTHS))
        return not (begins_step or is_ordinal)
    return True
