"""Confidence: the calibrated probability that an answer from the best passages would be right (ANS-3).

A logistic model over the signals, one for questions in the passage's language and one for questions in another,
where words cannot be compared and only cosines speak; and a third for messages that do not say what they are about,
which no passage can answer. The coefficients were fitted by
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
        return _probability(self.log_odds(signals))

    def log_odds(self, signals: Signals) -> float:
        """The logarithm of right to wrong; 0 is one to one."""
        return self.intercept + math.fsum(self.parts(signals).values())

    def parts(self, signals: Signals) -> dict[str, float]:
        """What each signal adds to the log-odds, by name: above 0 it speaks for answering, below 0 against it."""
        values = signals.by_name()
        return {term.signal: term.weight * (min(values[term.signal], term.cap) - term.usual) for term in self.terms}


#: Beyond these, more says nothing more.
_MOST_LEAD, _MOST_APART = 0.1, 4.0
SAME_LANGUAGE = Calibration(
    intercept=1.511,
    terms=(
        Term(signal="cosine", weight=30.72, usual=0.877),
        Term(signal="lexical", weight=0.32, usual=0.280),
        Term(signal="apart", weight=0.60, usual=2.034, cap=_MOST_APART),
        Term(signal="coverage", weight=0.55, usual=0.547),
        Term(signal="unknown", weight=-1.18, usual=0.195),
        Term(signal="other_question", weight=-1.92, usual=0.077),
    ),
)
CROSS_LANGUAGE = Calibration(
    intercept=-1.876,
    terms=(
        Term(signal="cosine", weight=66.68, usual=0.807),
        Term(signal="lead", weight=47.35, usual=0.016, cap=_MOST_LEAD),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vagueness:
    """How likely it is that a message does not say what it is about: another logistic model, over what it speaks of as
    known and the log-odds that the best passage answers it, for that passage may settle what nobody has named."""

    intercept: float
    #: What the signal and the log-odds of an answer add to the log-odds of this.
    unsettled: float
    answerable: float

    def probability(self, signals: Signals) -> float:
        """0..1; 0 when the message speaks of nothing as known that was not named."""
        if not signals.unsettled:
            return 0.0
        answerable = calibration_of(signals).log_odds(signals)
        return _probability(self.intercept + self.unsettled * signals.unsettled + self.answerable * answerable)


VAGUENESS = Vagueness(intercept=-1.665, unsettled=1.87, answerable=-0.39)
#: From this on it is asked back about: about half of those that should be, and one in ten of those that need not be
#: (docs/decisions, confidence).
VAGUE_FROM = 0.3
#: Less sure than this, the content knows nothing of the kind, and there is nothing to offer.
VAGUE_LEAST = 0.05


def calibration_of(signals: Signals) -> Calibration:
    """The model that judges a question with these signals."""
    return SAME_LANGUAGE if signals.same_language else CROSS_LANGUAGE


def confidence_of(signals: Signals) -> float:
    """The confidence in the best passage, 0..1; 0 when nothing was found."""
    if signals == Signals():
        return 0.0
    return calibration_of(signals).confidence(signals)


def is_underspecified(signals: Signals) -> bool:
    """Whether the message speaks of a thing as known that neither the conversation nor the content tells (ANS-2)."""
    return VAGUENESS.probability(signals) >= VAGUE_FROM and confidence_of(signals) >= VAGUE_LEAST


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, log_odds))))
