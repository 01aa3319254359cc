"""Masking: sensitive numbers and words become placeholders before a text is written down or shown to a model (ANS-7)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from custagent.conversation.privacy.api_keys import find_api_keys
from custagent.conversation.privacy.cards import find_cards
from custagent.conversation.privacy.found import Found
from custagent.conversation.privacy.ibans import find_ibans
from custagent.conversation.privacy.identity_numbers import find_identity_numbers
from custagent.conversation.privacy.passwords import find_passwords
from custagent.conversation.privacy.security_codes import find_security_codes
from custagent.conversation.privacy.view import PLACEHOLDERS, View, view
from custagent.core.privacy import MaskKind

#: Every kind.
ALL: Final = frozenset(MaskKind)

#: What looks for what. Where two find the same stretch, the earlier knows it better.
_DETECTORS: Final[tuple[tuple[frozenset[MaskKind], Callable[[View], Iterator[Found]]], ...]] = (
    (frozenset({MaskKind.API_KEY, MaskKind.PASSWORD}), find_api_keys),
    (frozenset({MaskKind.IBAN}), find_ibans),
    (frozenset({MaskKind.CARD_NUMBER, MaskKind.SECURITY_CODE}), find_cards),
    (frozenset({MaskKind.IDENTITY_NUMBER}), find_identity_numbers),
    (frozenset({MaskKind.SECURITY_CODE}), find_security_codes),
    (frozenset({MaskKind.PASSWORD}), find_passwords),
)
# What is masked changes what stands beside it, so the text is looked at again until nothing is found. Two rounds are
# the rule, three were never seen to be too few; the bound keeps the time linear.
_ROUNDS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """A text that may be written down."""

    text: str
    #: What was masked, by the offsets of the text that was given; in order, without overlaps.
    found: tuple[Found, ...] = ()


def mask(text: str, *, kinds: Collection[MaskKind] = ALL) -> Masked:
    """`text` with everything of `kinds` replaced by what it was, such as "[card number]".

    Pure, never raises, time linear in the length of the text. Masking what was masked changes nothing.
    """
    seen = view(text)
    found: list[Found] = []
    for _ in range(_ROUNDS):
        chosen = _chosen(seen, kinds)
        if not chosen:
            break
        found += chosen
        seen = seen.without((each.start, each.end) for each in chosen)
    if not found:
        return Masked(text=text)
    originals = sorted((seen.original(each) for each in found), key=lambda each: each.start)
    return Masked(text="".join(_pieces(text, originals)), found=tuple(originals))


def _pieces(text: str, found: Iterable[Found]) -> Iterator[str]:
    place = 0
    for each in found:
        yield text[place : each.start]
        yield PLACEHOLDERS[each.kind]
        place = each.end
    yield text[place:]


def _chosen(seen: View, kinds: Collection[MaskKind]) -> list[Found]:
    """What is found in one look. What overlaps becomes one, named after its longest part, then what is known best."""
    candidates = [
        each
        for finds, detector in _DETECTORS
        if not finds.isdisjoint(kinds)
        for each in detector(seen)
        if each.kind in kinds
    ]
    chosen: list[Found] = []
    longest = 0
    for each in sorted(candidates, key=lambda found: found.start):
        length = each.end - each.start
        if not chosen or each.start >= chosen[-1].end:
            chosen.append(each)
            longest = length
        else:
            before = chosen[-1]
            kind = each.kind if length > longest else before.kind
            chosen[-1] = Found(kind=kind, start=before.start, end=max(before.end, each.end))
            longest = max(longest, length)
    return chosen
