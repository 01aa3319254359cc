"""Decisions, reasons, signals and triggers in plain words, for people who were not there.

But for the signals, which the command line alone shows, the words stand in `locales/staff`.
"""

from __future__ import annotations

from typing import Final

from custagent.locales.staff import StaffWords, staff_words

#: What each signal says, short enough for its line.
SIGNALS: Final = {
    "cosine": "how alike they are in meaning",
    "lexical": "how many of its words are there",
    "lead": "how far above the next five pages",
    "apart": "how far it stands out from the rest",
    "coverage": "share of the topic that it holds",
    "topic_words": "words that carry a topic",
    "unknown": "share of the topic found nowhere",
    "other_question": "it answers another question",
    "unsettled": "speaks of something not named",
    "same_language": "1: both are in one language",
    # Of replies of older versions.
    "margin": "how far above the next page",
    "asks": "1: it stands under a question",
}


def decision_in_words(decision: str, words: StaffWords | None = None) -> str:
    """ "answered"; a decision of another version of custagent as it was written. In English unless told."""
    return (words or staff_words()).decisions.get(decision, decision)


def reason_in_words(reason: str, words: StaffWords | None = None) -> str:
    """Why, as the end of a sentence that begins with "because"."""
    return (words or staff_words()).reasons.get(reason, _spaced(reason))


def reason_in_short(reason: str, words: StaffWords) -> str:
    """The same in a word or two."""
    return words.reasons_in_short.get(reason, _spaced(reason))


def signal_in_words(signal: str) -> str:
    """What a signal says; "" for one of another version."""
    return SIGNALS.get(signal, "")


def trigger_in_words(trigger: str, value: str, words: StaffWords | None = None) -> str:
    """What in the message counted, with the words or the topic where there are any."""
    name = (words or staff_words()).triggers.get(trigger, _spaced(trigger))
    return f"{name}: {value}" if value else name


def _spaced(name: str) -> str:
    return name.replace("-", " ").replace("_", " ")
