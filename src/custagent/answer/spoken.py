"""The words of a message as rules compare them, without its case, its punctuation and the many ways to type a sign."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

#: Scripts without spaces between words, and Hangul, whose particles cling to the words: each character counts as one.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_LETTERS = rf"[^\W_{_UNSPACED}]+"
_WORD = re.compile(rf"[{_UNSPACED}]|{_LETTERS}(?:'{_LETTERS})*")
#: Written in many ways, or not seen at all.
_SPELLINGS = str.maketrans(
    {**dict.fromkeys("\u2019\u2018\u02bc\u00b4`", "'"), **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff")}
)
#: Letters that are no letter with a mark to Unicode, and are still typed without it.
_PLAIN_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "ı": "i"})
_MARK = re.compile("[\u0300-\u036f]")
#: What ends a sentence, or sets a part of it off: "Hello (a person, please) - now!"
#: A dot after up to three letters is more often that of an abbreviation ("pr. person").
_END = re.compile(r"(?:[!?;:…¿¡]|(?<!\b\w)(?<!\b\w{2})(?<!\b\w{3})\.)+")
_PAUSE = re.compile(r"[,()\[\]\"“”„«»–—]|(?<!\w)-|-(?!\w)")
_SIGN_OR_WORD = re.compile(rf"{_END.pattern}|{_PAUSE.pattern}|[{_UNSPACED}]|{_LETTERS}")
#: The comma among the words of a sentence.
PAUSE = ","


def plain(text: str) -> str:
    """The words of `text`, case folded, single spaces: "" when it has none."""
    # Most entries of the catalogues are such words, and reading all of them is felt at the start.
    if text.isascii() and text.isalnum():
        return text.lower()
    return " ".join(_WORD.findall(_normal(text)))


def says(spoken: str, phrase: str) -> bool:
    """Whether the words of `phrase` stand in `spoken`, which is plain, in sequence."""
    wanted = plain_phrase(phrase)
    return bool(wanted) and f" {wanted} " in f" {spoken} "


def folded(text: str) -> str:
    """As `plain`, and without accents: "Är nån där?" is "ar nan dar", as many type it on a foreign keyboard."""
    if text.isascii() and text.isalnum():
        return text.lower()
    return " ".join(_WORD.findall(_without_accents(_normal(text))))


def sentences(text: str) -> list[list[str]]:
    """The words of each sentence, folded and without apostrophes ("I'd" is "i d"), with a PAUSE where it pauses."""
    found: list[list[str]] = [[]]
    for sign in _SIGN_OR_WORD.findall(_without_accents(_normal(text))):
        if _END.fullmatch(sign):
            found.append([])
        else:
            found[-1].append(PAUSE if _PAUSE.fullmatch(sign) else sign)
    return [words for words in found if any(word != PAUSE for word in words)]


#: Phrases are few and come again with every message.
plain_phrase = lru_cache(maxsize=16_384)(plain)
folded_phrase = lru_cache(maxsize=16_384)(folded)


def _normal(text: str) -> str:
    # A wide letter only shows its capital after NFKC; the dot of the Turkish capital I stands apart after folding.
    normal = unicodedata.normalize("NFKC", text.translate(_SPELLINGS)).casefold().replace("i\u0307", "i")
    return normal.translate(_SPELLINGS)


def _without_accents(normal: str) -> str:
    return _MARK.sub("", unicodedata.normalize("NFD", normal)).translate(_PLAIN_LETTERS)
