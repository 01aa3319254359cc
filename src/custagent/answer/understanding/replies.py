"""What a message of a word or two means after what the agent said: "yes", "no", "it did not work", a thumb down.

After an answer a "no" says that it did not help, and other words are asked for, then a person; after "anything else?" it
says goodbye; after a question back it turns down what was offered (`decide`). "Yes" never asks anything by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache

from custagent.answer.spoken import folded, folded_phrase
from custagent.answer.understanding.triggers import SmallTalk, Triggers
from custagent.core.answer import DecisionKind, Question, Reason, Utterance
from custagent.locales import Catalogue, catalogue

#: A longer message says more.
_MAX_WORDS = 14
#: Signs that an answer was none, and what may stand around them.
_DISLIKES = frozenset("👎😞☹🙁😕😟😢😭😠😡")
_AROUND_SIGNS = frozenset("!?.\ufe0f\u200d🏻🏼🏽🏾🏿")


def heard(question: Question, found: Triggers, catalogues: Iterable[Catalogue]) -> Triggers:
    """`found` with what the message means as a reply to the agent's last words."""
    last = next((said for said in reversed(question.history) if said.role == "agent"), None)
    several = tuple(catalogues)
    if last is not None and last.decision is DecisionKind.CLARIFY:
        return found
    spoken = folded(question.text)
    if dislikes(question.text) or _says_so(spoken, several):
        return replace(found, not_helped=True, empty=False) if _has_answered(question.history) else found
    if found.refuses:
        return _refused(found, last)
    agrees = found.small_talk is None and any(spoken in _agreement(one.language) for one in several)
    return replace(found, small_talk=_agreed(last)) if agrees else found


def dislikes(text: str) -> bool:
    """Whether it is nothing but signs, one of which says that something was not good."""
    signs = {char for char in text if not char.isspace()} - _AROUND_SIGNS
    return bool(signs) and signs <= _DISLIKES


def _refused(found: Triggers, last: Utterance | None) -> Triggers:
    """ "No", after this."""
    if last is None:
        return replace(found, small_talk=SmallTalk.GO_ON)
    if last.decision is DecisionKind.HANDOFF:
        return replace(found, small_talk=SmallTalk.ACKNOWLEDGEMENT)
    if last.decision is None or last.reason is Reason.SMALL_TALK:
        return replace(found, small_talk=SmallTalk.GOODBYE)
    return replace(found, not_helped=True)


def _agreed(last: Utterance | None) -> SmallTalk:
    """ "Yes", after this."""
    answered = last is not None and last.decision in (DecisionKind.ANSWER, DecisionKind.HANDOFF)
    return SmallTalk.ACKNOWLEDGEMENT if answered and last and last.reason is not Reason.SMALL_TALK else SmallTalk.GO_ON


def _has_answered(history: Sequence[Utterance]) -> bool:
    """Whether there was anything that could have helped, or was asked for again."""
    return any(
        said.decision in (DecisionKind.ANSWER, DecisionKind.REPHRASE) and said.reason is not Reason.SMALL_TALK
        for said in history
        if said.role == "agent"
    )


def _says_so(spoken: str, catalogues: Sequence[Catalogue]) -> bool:
    said = spoken.replace("'", "").split()
    if not 0 < len(said) <= _MAX_WORDS:
        return False
    # "Das hat leider nicht geholfen": what else stands around it stands within it there.
    codes = [one.language for one in catalogues]
    return any(_is_made_of(said, code) or _is_made_of(_without_around(said, code), code) for code in codes)


def _without_around(said: Sequence[str], language: str) -> list[str]:
    left = f" {' '.join(said)} "
    for phrase in sorted(_bare(catalogue(language).replies["around"]), key=len, reverse=True):
        left = left.replace(f" {phrase} ", " ")
    return left.split()


def _is_made_of(said: Sequence[str], language: str) -> bool:
    """Whether one says that it did not help and the rest nothing more, the longest phrase first."""
    complaints, around = _complaints(language)
    told, at = False, 0
    while at < len(said):
        phrases = ((end, " ".join(said[at:end])) for end in range(len(said), at, -1))
        end, phrase = next(((end, one) for end, one in phrases if one in complaints or one in around), (0, ""))
        if not end:
            return False
        told, at = told or phrase in complaints, end
    return told


@cache
def _complaints(language: str) -> tuple[frozenset[str], frozenset[str]]:
    """What says that an answer was none, and what may stand around it; without apostrophes and accents, as many leave them out."""
    texts = catalogue(language)
    around = (*texts.refusal, *texts.fillers, *texts.replies["around"], *texts.acknowledgements, *texts.thanks)
    return _bare(texts.replies["not_helped"]), _bare((*around, *texts.greetings, *texts.replies["polite"]))


def _bare(phrases: Iterable[str]) -> frozenset[str]:
    return frozenset(folded_phrase(phrase).replace("'", "") for phrase in phrases)


@cache
def _agreement(language: str) -> frozenset[str]:
    return frozenset(map(folded_phrase, catalogue(language).agreement))
