"""Decisions, reasons, signals and triggers in plain words, for people who were not there."""

from __future__ import annotations

from typing import Final

from custagent.core.answer import DecisionKind, Reason

DECISIONS: Final = {
    DecisionKind.ANSWER: "answered",
    DecisionKind.CLARIFY: "asked back",
    DecisionKind.REPHRASE: "asked for other words",
    DecisionKind.HANDOFF: "handed over to a person",
}

REASONS: Final = {
    Reason.GROUNDED: "the content answers the question, and the agent is sure enough of it",
    Reason.SHORT_ANSWER: "one of your short answers matches the question; it goes before pages",
    Reason.SMALL_TALK: "it was a greeting, thanks or goodbye, which needs no content",
    Reason.AMBIGUOUS: "several different things fit the question equally well",
    Reason.UNDERSPECIFIED: "it speaks of something as known that neither the conversation nor the content names",
    Reason.UNSURE: "something fits, but not surely enough to answer with it",
    Reason.NOTHING_FITS: "nothing in the content fits the question well enough",
    Reason.EMPTY: "the message held no words",
    Reason.ATTACHMENT: "a file came without words, and the agent cannot open files",
    Reason.NO_QUESTION: "a link or a number alone does not say what is wanted",
    Reason.NOT_HELPED: "the contact said that the answer had not helped",
    Reason.ATTEMPTS_USED: "nothing fits, and the agent had asked back as often as it may",
    Reason.ASKED_FOR_PERSON: "the contact asked for a person",
    Reason.ANGRY: "the contact was angry: a person does more than any text",
    Reason.HANDOFF_PHRASE: "the contact said one of the agent's handoff phrases",
    Reason.GUARDRAIL: "the message raised a topic that the agent must not answer",
    Reason.PAUSED: "somebody had paused the agent, or the channel",
    Reason.CHANNEL_OUT: "nothing went out on the channel, so no answer would have arrived",
    Reason.OUT_OF_CREDITS: "no credits were left for a new conversation",
    Reason.FAILED: "the model failed, or nothing that it wrote passed the check",
}

#: Why a message was left to people without the agent having thought about it, by what its channel says of it.
_OF_CHANNELS: Final = {
    "opted-out": "the contact had asked the agent to be silent (STOP)",
    "not-delivered": "what the agent answered could not be delivered",
    "standby": "another app had the conversation on that channel",
}

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

#: What in a message counts besides its question.
TRIGGERS: Final = {
    "empty": "it holds no words",
    "attachment": "nothing but a file",
    "bare": "a link or a number alone",
    "not-helped": "says that the answer did not help",
    "asks-for-person": "asks for a person",
    "angry": "anger",
    "refuses": "turns down what was offered",
    "handoff-phrase": "handoff phrase",
    "guardrail": "closed topic",
    "small-talk": "small talk",
    "language": "said in",
}


def decision_in_words(decision: str) -> str:
    """ "answered"; a decision of another version of custagent as it was written."""
    return DECISIONS.get(DecisionKind(decision), decision) if decision in set(DecisionKind) else decision


def reason_in_words(reason: str) -> str:
    """Why, as the end of a sentence that begins with "because"."""
    if reason in set(Reason):
        return REASONS.get(Reason(reason), _spaced(reason))
    return _OF_CHANNELS.get(reason, _spaced(reason))


def signal_in_words(signal: str) -> str:
    """What a signal says; "" for one of another version."""
    return SIGNALS.get(signal, "")


def trigger_in_words(trigger: str, value: str) -> str:
    """What in the message counted, with the words or the topic where there are any."""
    name = TRIGGERS.get(trigger, _spaced(trigger))
    return f"{name}: {value}" if value else name


def _spaced(name: str) -> str:
    return name.replace("-", " ").replace("_", " ")
