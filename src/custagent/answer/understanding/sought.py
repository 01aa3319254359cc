"""What kind of thing a question asks for, and whether a sentence states one: a price, or how long something takes.

"What does delivery to Norway cost?" is about delivery and Norway, and so is a sentence on customs; only one of the table
states what is asked for. The words are in the catalogues (`[sought]`).
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache

from custagent.answer.spoken import plain, says
from custagent.language import word_set
from custagent.locales import catalogue, languages

#: What stands before or behind a price's figures.
_SIGN = r"(?:[$€£¥₹]|\b(?:kr|sek|nok|dkk|isk|eur|usd|gbp|chf|pln|czk|zł|euros?|euroa|dollars?|pounds?|kronor|kroner|pence|cents?)\b)"
_CURRENCY = re.compile(_SIGN, re.IGNORECASE)
_MONEY = re.compile(rf"{_SIGN}\.?\s?\d|\d\s?(?:{_SIGN}|:-|,-)", re.IGNORECASE)
_DIGIT = re.compile(r"\d")


class Sought(StrEnum):
    """A kind of thing that is asked for."""

    MONEY = "money"
    TIME = "time"


def sought_by(question: str, language: str) -> Sought | None:
    """What the question asks for; None for anything else, and in languages without a catalogue."""
    if language not in languages():
        return None
    texts, spoken = catalogue(language), plain(question)
    return next((kind for kind in Sought if any(says(spoken, cue) for cue in texts.sought[kind])), None)


def states(text: str, kind: Sought, language: str, *, under: str = "") -> bool:
    """Whether `text` states a price, or a length of time; the unit may stand in the headings that it is `under`."""
    texts, spoken = catalogue(language), plain(text)
    if kind is Sought.MONEY:
        if _MONEY.search(text) or any(says(spoken, word) for word in texts.sought["free"]):
            return True
        return _CURRENCY.search(under) is not None and _DIGIT.search(text) is not None
    words = spoken.split()
    has_figure = _DIGIT.search(text) is not None or not texts.numbers.keys().isdisjoint(words)
    return has_figure and not set(texts.sought["units"]).isdisjoint([*words, *plain(under).split()])


@cache
def cue_words(kind: Sought, language: str) -> frozenset[str]:
    """The stems by which a question tells what it asks for; a statement need not hold them."""
    return word_set(" ".join(catalogue(language).sought[kind]), language)
