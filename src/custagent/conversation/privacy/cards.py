"""Payment card numbers (ISO/IEC 7812): 13 to 19 digits of a known issuer that end in their Luhn digit.

Groups may be parted by blanks, hyphens and dots. Within a longer row of numbers only the usual layouts count (groups of
three and more, the last may be shorter); any other grouping counts when the whole row is the card.

Visa numbers of 13 digits and Maestro numbers of 13 to 15 count only beside a word about cards: EAN-13 codes, phone numbers
with a country code, time stamps and ids of web pages have as many digits, one in ten of them passes Luhn by chance, and
issuers have long moved to sixteen. (So an EAN-13 that passes Luhn stays; ISBNs begin with 978 and 979, as no card does.)
Not known here: cards of one airline or fuel company, which begin with 1 or 7.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from custagent.conversation.privacy.checksums import luhn
from custagent.conversation.privacy.found import Found
from custagent.conversation.privacy.surroundings import CARD, near, stands_alone
from custagent.conversation.privacy.view import View
from custagent.core.privacy import MaskKind

_SHORTEST: Final = 13
_LONGEST: Final = 19
_GROUP: Final = 3

_row = re.compile(r"[0-9]+(?:[ .-]{1,3}[0-9]+)*")
_digits = re.compile(r"[0-9]+")
_expiry = re.compile(
    r"[ \t,;|]{1,3}(?:[a-z]{2,8}[ .:]{1,3}){0,2}(?:0[1-9]|1[0-2]) ?[/-] ?(?:20)?[0-9]{2}[ \t,;|]{1,3}([0-9]{3,4})(?![0-9a-z])"
)

_FROM_16: Final = frozenset(range(16, 20))
# The first and last first six digits of each network, and how many digits its numbers have, as the networks publish.
_ISSUERS: Final = (
    (180000, 180099, frozenset({15})),  # JCB
    (213100, 213199, frozenset({15})),
    (220000, 220499, _FROM_16),  # Mir
    (222100, 272099, frozenset({16})),  # Mastercard
    (300000, 305999, frozenset(range(14, 20))),  # Diners Club
    (309500, 309599, frozenset(range(14, 20))),
    (340000, 349999, frozenset({15})),  # American Express
    (352800, 358999, _FROM_16),  # JCB
    (360000, 369999, frozenset(range(14, 20))),  # Diners Club
    (370000, 379999, frozenset({15})),  # American Express
    (380000, 399999, frozenset(range(14, 20))),  # Diners Club
    (400000, 499999, frozenset({16, 18, 19})),  # Visa
    (500000, 509999, _FROM_16),  # Maestro, Dankort, Elo, RuPay, Verve
    (510000, 559999, frozenset({16})),  # Mastercard
    (560000, 589999, _FROM_16),  # Maestro
    (600000, 659999, _FROM_16),  # Discover, UnionPay, Maestro, Hipercard, Elo, RuPay, Troy
    (670000, 679999, _FROM_16),  # Maestro
    (810000, 827999, _FROM_16),  # UnionPay, RuPay
    (860000, 860099, frozenset({16})),  # Uzcard
    (979200, 979299, frozenset({16})),  # Troy
    (986000, 986099, frozenset({16})),  # Humo
)
_TO_15: Final = frozenset(range(13, 16))
# What is hardly issued any more.
_RARE: Final = (
    (400000, 499999, frozenset({13})),  # Visa
    (500000, 509999, _TO_15),  # Maestro
    (560000, 589999, _TO_15),
    (630000, 639999, _TO_15),
    (670000, 679999, _TO_15),
)


def find_cards(view: View) -> Iterator[Found]:
    """Card numbers, and the security code where one follows a card's number and month of expiry."""
    for row in _row.finditer(view.text):
        if row.end() - row.start() < _SHORTEST:
            continue
        groups = [match.span() for match in _digits.finditer(view.text, *row.span())]
        for first in range(len(groups)):
            for card in _cards_from(view, groups, first):
                yield card
                if code := _expiry.match(view.folded, card.end):
                    yield Found(kind=MaskKind.SECURITY_CODE, start=code.start(1), end=code.end(1))


def _cards_from(view: View, groups: list[tuple[int, int]], first: int) -> Iterator[Found]:
    """The cards that begin with the group at `first`, one a length."""
    start = groups[first][0]
    digits, regular = "", True
    for last in range(first, len(groups)):
        at, end = groups[last]
        if len(digits) + end - at > _LONGEST:
            return
        digits += view.text[at:end]
        whole_row = first == 0 and last == len(groups) - 1
        if (
            len(digits) >= _SHORTEST
            and (regular or whole_row)
            and stands_alone(view, start, end)
            and not (first == last and _is_fraction(view.text, start))
            and (_is_issued(digits, _ISSUERS) or (_is_issued(digits, _RARE) and near(view, start, end, CARD)))
        ):
            yield Found(kind=MaskKind.CARD_NUMBER, start=start, end=end)
        regular = regular and end - at >= _GROUP
        if not regular and first > 0:
            return


def _is_issued(digits: str, issuers: tuple[tuple[int, int, frozenset[int]], ...]) -> bool:
    """Whether one of `issuers` could have given out this number: first digits, length and Luhn digit agree."""
    issuer = int(digits[:6])
    return any(low <= issuer <= high and len(digits) in lengths for low, high, lengths in issuers) and luhn(digits)


def _is_fraction(text: str, start: int) -> bool:
    """Whether the digits are the decimals of a number such as 0.4111111111111111."""
    before = text[max(0, start - 3) : start]
    return before[-1:] in (".", ",") and before[-2:-1].isdigit() and (before[-1] == "." or before[-2] == "0")
