"""A text as it is searched: spellings evened out, with the way back to the original's offsets.

Digits of every script become ASCII, wide letters narrow, blanks and dashes plain; characters that cannot be seen, and
accents heaped on digits, are gone. So nothing hides behind them, and patterns need only one spelling.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from custagent.conversation.privacy.found import Found
from custagent.core.privacy import MaskKind

#: Stands in a view wherever something is masked already. No pattern reaches across it.
BARRIER: Final = "\ue000"

#: What the reader sees instead.
PLACEHOLDERS: Final = {
    MaskKind.CARD_NUMBER: "[card number]",
    MaskKind.IBAN: "[IBAN]",
    MaskKind.IDENTITY_NUMBER: "[identity number]",
    MaskKind.PASSWORD: "[password]",
    MaskKind.SECURITY_CODE: "[security code]",
    MaskKind.API_KEY: "[API key]",
}

_placeholder = re.compile("|".join(map(re.escape, PLACEHOLDERS.values())))
_wide = range(0xFF01, 0xFF5F)
_WIDE_TO_NARROW: Final = 0xFEE0
# Shown as nothing although Unicode does not class them as format characters: a joiner, fillers, the frame of a keycap.
_UNSEEN: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u20e3\u3164\uffa0")
# Letters that no decomposition makes plain.
_PLAIN: Final = {"ł": "l", "ø": "o", "æ": "a", "œ": "o", "ð": "d", "þ": "t", "ß": "s", "ı": "i"}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What detectors look at; `text` and `folded` are of one length."""

    text: str
    #: Lower case without accents.
    folded: str
    #: For each character, where its original begins and ends.
    starts: Sequence[int]
    ends: Sequence[int]

    def original(self, found: Found) -> Found:
        """The same stretch by the original's offsets."""
        return replace(found, start=self.starts[found.start], end=self.ends[found.end - 1])

    def without(self, stretches: Iterable[tuple[int, int]]) -> View:
        """The view with barriers in place of `stretches`."""
        text, folded = list(self.text), list(self.folded)
        for start, end in stretches:
            text[start:end] = folded[start:end] = BARRIER * (end - start)
        return replace(self, text="".join(text), folded="".join(folded))


def view(text: str) -> View:
    """The view of `text`, what earlier masking left behind already closed off."""
    if text.isascii():
        places = range(len(text) + 1)
        whole = View(text=text, folded=text.lower(), starts=places[:-1], ends=places[1:])
    else:
        whole = _evened(text)
    masked = [match.span() for match in _placeholder.finditer(whole.text)]
    return whole.without(masked) if masked else whole


def _evened(text: str) -> View:
    shown: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for place, original in enumerate(text):
        character = _even(original)
        if not character:
            if ends and unicodedata.category(original).startswith("M"):  # belongs to the character before it
                ends[-1] = place + 1
            continue
        if unicodedata.combining(original) and shown:
            whole = unicodedata.normalize("NFC", shown[-1] + original)
            if len(whole) == 1:
                shown[-1] = whole
            ends[-1] = place + 1
            continue
        shown.append(character)
        starts.append(place)
        ends.append(place + 1)
    return View(text="".join(shown), folded="".join(map(_fold, shown)), starts=starts, ends=ends)


@lru_cache(maxsize=4096)
def _even(character: str) -> str:
    """The one spelling of a character; "" for one that is not seen."""
    category = unicodedata.category(character)
    if category == "Cf" or character in _UNSEEN or unicodedata.name(character, "").startswith("VARIATION SELECTOR"):
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Zs":
        return " "
    if category == "Pd" or character == "\N{MINUS SIGN}":
        return "-"
    if ord(character) in _wide:
        return chr(ord(character) - _WIDE_TO_NARROW)
    return "\N{REPLACEMENT CHARACTER}" if character == BARRIER else character


@lru_cache(maxsize=4096)
def _fold(character: str) -> str:
    lower = character.lower()
    plain = _PLAIN.get(lower) or unicodedata.normalize("NFD", lower)[:1]
    return plain if len(plain) == 1 else character
