"""Confidence: the calibrated probability that answering from the best passage would be right (ANS-3).

A logistic model over the signals, one for questions in the passage's language and one for questions in another,
where words cannot be compared and only the cosine speaks. The coefficients were fitted by
`benchmarks/confidence.py` on labelled questions; docs/decisions tells on which, and how well it holds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from custagent.answer.signals import Signals


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """What one signal adds to the log-odds: its weight times its value, at most `cap`."""

    signal: str
    weight: float
    cap: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A logistic model: log-odds = intercept + the sum of the terms."""

    intercept: float
    terms: tuple[Term, ...]

    def confidence(self, signals: Signals) -> float:
        """The probability, 0..1."""
        values = signals.by_name()
        odds = self.intercept + sum(term.weight * min(values[term.signal], term.cap) for term in self.terms)
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, odds))))


#: Beyond this lead over the next page, more says nothing more.
_MARGIN_CAP = 0.1
SAME_LANGUAGE = Calibration(
    intercept=-17.8,
    terms=(
        Term(signal="cosine", weight=19.2),
        Term(signal="margin", weight=24.3, cap=_MARGIN_CAP),
        Term(signal="lead", weight=21.3),
        Term(signal="coverage", weight=0.91),
    ),
)
CROSS_LANGUAGE = Calibration(
    intercept=-36.0,
    terms=(Term(signal="cosine", weight=42.4), Term(signal="margin", weight=18.0, cap=_MARGIN_CAP)),
)


def confidence_of(signals: Signals) -> float:
    """The confidence in the best passage, 0..1; 0 when nothing was found."""
    if signals == Signals():
        return 0.0
    return (SAME_LANGUAGE if signals.same_language else CROSS_LANGUAGE).confidence(signals)
