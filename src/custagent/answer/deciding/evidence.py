"""What is written down about one decision, so that it can be understood and taken again later (ANS-3, ANS-8)."""

from __future__ import annotations

from dataclasses import fields
from enum import Enum

from custagent.answer.deciding.confidence import CROSS_LANGUAGE, SAME_LANGUAGE, Calibration, calibration_of
from custagent.answer.deciding.ranking import Ranking
from custagent.answer.signals import Signals
from custagent.answer.understanding.triggers import Triggers
from custagent.core.agent import ConfidenceThresholds, Guardrail
from custagent.core.answer import Evidence, Reckoning
from custagent.core.ids import content_hash

#: How many passages are kept.
KEPT = 10
_NAMES = {id(SAME_LANGUAGE): "same-language", id(CROSS_LANGUAGE): "cross-language"}
_VERSION_LENGTH = 8


def evidence_of(
    language: str,
    triggers: Triggers,
    ranking: Ranking | None = None,
    signals: Signals | None = None,
    *,
    thresholds: ConfidenceThresholds,
) -> Evidence:
    """The evidence of a message in `language`; without a ranking the content was not asked."""
    told = _told(triggers)
    if ranking is None or signals is None:
        return Evidence(language=language, triggers=told)
    return Evidence(
        searched=ranking.query,
        language=language,
        triggers=told,
        chunks=ranking.chunks[:KEPT],
        signals=signals.by_name(),
        reckoning=reckoning_of(signals, thresholds) if ranking.chunks else None,
    )


def reckoning_of(signals: Signals, thresholds: ConfidenceThresholds) -> Reckoning:
    """How the confidence of these signals comes about, and what it is held against."""
    calibration = calibration_of(signals)
    return Reckoning(
        calibration=calibration_name(calibration),
        base=calibration.intercept,
        parts=calibration.parts(signals),
        answer_from=thresholds.answer,
        clarify_from=thresholds.clarify,
        preset=thresholds.preset or "",
    )


def calibration_name(calibration: Calibration) -> str:
    """Its name and what tells this version of it from others: coefficients that differ have another name."""
    version = content_hash(repr(calibration))[:_VERSION_LENGTH]
    return f"{_NAMES.get(id(calibration), 'own')} {version}"


def _told(triggers: Triggers) -> dict[str, str]:
    """What was found in the message, by name: the words or the topic where there are any."""
    found = {}
    for field in fields(triggers):
        value = getattr(triggers, field.name)
        if value:
            found[field.name.replace("_", "-")] = _in_words(value)
    return found


def _in_words(value: object) -> str:
    if isinstance(value, Guardrail):
        return value.topic
    if isinstance(value, Enum):
        return str(value.value)
    return value if isinstance(value, str) else ""
