"""Confidence: the calibrated probability that an answer from the best passages would be right (ANS-3).

A logistic model over the signals, one for questions in the passage's language and one for questions in another,
where words cannot be compared and only cosines speak. The coefficients were fitted by
`benchmarks/confidence.py` on labelled questions; docs/decisions tells on which, and how well it holds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from custagent.answer.signals import Signals


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """What one signal adds to the log-odds: its weight times how far its value, at most `cap`, is from the usual one."""

    signal: str
    weight: float
    #: Its average over the questions that were fitted on: such a value speaks neither for nor against an answer.
    usual: float = 0.0
    cap: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A logistic model: log-odds = intercept + the sum of the terms."""

    #: The log-odds of a question whose signals are all as usual.
    intercept: float
    terms: tuple[Term, ...]

    def confidence(self, signals: Signals) -> float:
        """The probability, 0..1."""
        odds = self.intercept + math.fsum(self.parts(signals).values())
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, odds))))

    def parts(self, signals: Signals) -> dict[str, float]:
        """What each signal adds to the log-odds, by name: above 0 it speaks for answering, below 0 against it."""
        values = signals.by_name()
        return {term.signal: term.weight * (min(values[term.signal], term.cap) - term.usual) for term in self.terms}


#: Beyond this lead over the next pages, more says nothing more.
_CAP = 0.1
SAME_LANGUAGE = Calibration(
    intercept=-23.3,
    terms=(
        Term(signal="cosine", weight=25.9),
        Term(signal="margin", weight=4.2, cap=_CAP),
        Term(signal="lead", weight=36.4, cap=_CAP),
        Term(signal="coverage", weight=0.82),
        Term(signal="asks", weight=-1.18),
    ),
)
CROSS_LANGUAGE = Calibration(
    intercept=-52.9,
    terms=(Term(signal="cosine", weight=63.0), Term(signal="lead", weight=53.4, cap=_CAP)),
)


def calibration_of(signals: Signals) -> Calibration:
    """The model that judges a question with these signals."""
    return SAME_LANGUAGE if signals.same_language else CROSS_LANGUAGE


def confidence_of(signals: Signals) -> float:
    """The confidence in the best passage, 0..1; 0 when nothing was found."""
    if signals == Signals():
        return 0.0
    return calibration_of(signals).confidence(signals)
