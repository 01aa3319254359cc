"""Follow-up questions are completed from their conversation before the content is searched (ANS-5).

Deterministic: a choice from what the agent offered, a message that starts as a continuation, or a short one with a
pronoun is searched together with what the contact said before. Anything else stands for itself, and what was said just
before counts a little.
"""

from __future__ import annotations

from dataclasses import replace

from custagent.answer.deciding.decide import unanswered
from custagent.answer.signals import QUESTION_MARKS, topic_words
from custagent.answer.spoken import plain, says
from custagent.answer.understanding.options import asked_back
from custagent.answer.understanding.triggers import is_small_talk
from custagent.core.answer import Question
from custagent.core.ports import Search
from custagent.locales import Catalogue

#: A message with more topic words than this stands for itself, whatever it starts with.
MAX_TOPIC_WORDS = 3
#: "How long?": a message of this few words, none with a topic, needs the one before.
BARE_WORDS = 2
#: How much a message that stands for itself is still searched together with the one before it. Recall@5 of d1's
#: answerable questions at 0, .3, .4, .5: .896 .904 .911 .911 (as a person rewrote them: .904); d8's .957 .974 .974 .974.
CONTEXT_WEIGHT = 0.4
#: How many of the contact's earlier messages a message can be completed with.
MAX_EARLIER = 3


def complete(question: Question, language: str, catalogue: Catalogue, *, chosen: str = "") -> Search:
    """What to search for; `chosen` is the option that the message picks, see `chosen_options`."""
    parts = [chosen or question.text]
    current = question
    leans = bool(chosen) or goes_on(current, language, catalogue)
    while leans and len(parts) <= MAX_EARLIER and (before := said_before(current, catalogue)):
        parts.append(before.text)
        current = before
        leans = goes_on(current, language, catalogue)
    text = "\n".join(reversed(parts))
    before = said_before(question, catalogue)
    if len(parts) > 1 or before is None:
        return Search(text=text)
    return Search(text=text, context=f"{before.text}\n{text}", weight=CONTEXT_WEIGHT)


def is_new_topic(question: Question, language: str, catalogue: Catalogue) -> bool:
    """Whether the contact has left behind what the agent last asked back about (ANS-2).

    So it is when the message stands for itself and shares no topic word with what was said since.
    """
    own = topic_words(question.text, language)
    if not own or goes_on(question, language, catalogue):
        return False
    run = unanswered(question.history)
    said = [line for one in run for line in ((one.text,) if one.role == "contact" else one.options)]
    return own.isdisjoint(topic_words("\n".join(said), language))


def said_before(question: Question, catalogue: Catalogue) -> Question | None:
    """The contact's message before this one, with what had been said until then; greetings and thanks say nothing."""
    for index in range(len(question.history) - 1, -1, -1):
        said = question.history[index]
        if said.role == "contact" and not is_small_talk(said.text, catalogue):
            return replace(question, text=said.text, history=question.history[:index])
    return None


def stands_alone(text: str, language: str, catalogue: Catalogue) -> bool:
    """Whether it names its own topic and points at nothing that was said before."""
    return bool(topic_words(text, language)) and not _has_pronoun(plain(text), catalogue)


def goes_on(question: Question, language: str, catalogue: Catalogue) -> bool:
    """Whether the message needs what was said before."""
    own = topic_words(question.text, language)
    asked = asked_back(question)
    if asked is not None:
        offered = topic_words("\n".join(asked.options) or asked.text, language)
        is_question = question.text.rstrip().endswith(QUESTION_MARKS)
        if not own.isdisjoint(offered) or (len(own) <= MAX_TOPIC_WORDS and not is_question):
            return True
    if len(own) > MAX_TOPIC_WORDS:
        return False
    spoken = plain(question.text)
    if not own and len(spoken.split()) <= BARE_WORDS:
        return True
    starts = any(f"{spoken} ".startswith(f"{plain(start)} ") for start in catalogue.follow_up_starts)
    return starts or _has_pronoun(spoken, catalogue)


def _has_pronoun(spoken: str, catalogue: Catalogue) -> bool:
    for phrase in catalogue.empty_pronouns:
        if says(spoken, phrase):
            spoken = f" {spoken} ".replace(f" {plain(phrase)} ", " ")
    return not catalogue.pronouns.isdisjoint(spoken.split())
