"""The numbers and addresses in a text: what a reader acts on, and what must therefore never be invented."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
#: "1 000 000", "12'500": groups of three with a space or apostrophe between.
_SPACED_NUMBER = re.compile(r"(?<![\d.,:])\d{1,3}(?:[ \u00a0\u2009\u202f'’]\d{3})+(?:[.,]\d+)?(?![\d:])")
_DATE = re.compile(r"\d{1,4}\.\d{1,2}\.\d{1,4}")
_SPACES_IN_NUMBER = re.compile(r"[ \u00a0\u2009\u202f'’]")
_WORD = re.compile(r"[^\W\d_]+")

#: What never belongs to an address, and so ends it.
_BREAKS = re.compile(r"[\s<>\"“”„«»|，。、！？；：（）【】\[\]]+")
_EDGES = ".,;:!?()'’‘*_`…{}"
_SCHEME = "://"
_MAIL_OR_HANDLE = re.compile(r"@\w")
_DOMAIN = re.compile(r"[\w-][.．][^\W\d_]{2,}")
#: Abbreviations that look like "host.tld".
_NO_DOMAINS = frozenset("t.ex p.ex f.eks m.fl o.s.v".split())


def numbers(text: str, words: Mapping[str, str]) -> Iterator[frozenset[str]]:
    """Each number of `text` as the set of its readings; `words` are number words with their digits.

    Two numbers are the same when they share a reading: "1,000", "1 000" and "1000" do, "1,5" and "1.5" do.
    """
    rest = _ascii_digits(text)
    for match in _SPACED_NUMBER.finditer(rest):
        yield _readings(_SPACES_IN_NUMBER.sub("", match.group()))
    for match in _NUMBER.finditer(_SPACED_NUMBER.sub(" ", rest)):
        yield _readings(match.group())
    for word in _WORD.findall(text.lower()):
        if word in words:
            yield frozenset({words[word]})


def known_numbers(text: str, words: Mapping[str, str]) -> frozenset[str]:
    """All readings of all numbers of `text`, for a statement's numbers to be looked up in.

    Generous where the text can be read in several ways: "10 100" is also 10 and 100, "10:00" is also 10, and
    "1.5.2026" also its day, month and year.
    """
    known = {reading for readings in numbers(text, words) for reading in readings}
    for match in _NUMBER.finditer(_ascii_digits(text)):
        known |= _readings(match.group())
        if match.group().endswith(":00"):
            known |= _readings(match.group().removesuffix(":00"))
        if _DATE.fullmatch(match.group()):
            known |= {reading for part in match.group().split(".") for reading in _readings(part)}
    return frozenset(known)


def addresses(text: str) -> Iterator[str]:
    """Each web address, mail address, handle and bare domain of `text`, without the punctuation around it."""
    for piece in _BREAKS.split(text):
        word = piece.strip(_EDGES)
        if _SCHEME in word:
            start = word.index(_SCHEME)
            while start and word[start - 1].isascii() and word[start - 1].isalnum():
                start -= 1
            yield word[start:]
        elif _MAIL_OR_HANDLE.search(word):
            yield word.removeprefix("mailto:")
        elif _DOMAIN.search(word) and word.lower() not in _NO_DOMAINS:
            yield word


def _readings(number: str) -> frozenset[str]:
    """The values that a written number may stand for, in one spelling: no grouping, a point before decimals."""
    parts = re.split(r"[.,:]", number)
    readings = {".".join(parts)}
    if ":" not in number and len(parts) > 1:
        if len(parts[0]) <= 3 and all(len(part) == 3 for part in parts[1:]):  # noqa: PLR2004 - thousands
            readings.add("".join(parts))
        readings.add("".join(parts[:-1]) + "." + parts[-1])
        readings |= {reading.partition(".")[0] for reading in readings if re.fullmatch(r"\d+\.0{1,2}", reading)}
    return frozenset(readings | {reading.lstrip("0") or "0" for reading in readings if reading.isdigit()})


def _ascii_digits(text: str) -> str:
    """`text` with the digits of every script as 0 to 9."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.digit(char)) if char.isdecimal() else char for char in text)
