"""What can be told from a message and its conversation alone, before any content is looked at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from custagent.answer.understanding.mail import own_words
from custagent.answer.understanding.options import chosen_options
from custagent.answer.understanding.replies import heard
from custagent.answer.understanding.several import question_alone, questions_in
from custagent.answer.understanding.triggers import Triggers, find_triggers
from custagent.core.agent import AgentDefinition
from custagent.core.answer import Question
from custagent.language import detect
from custagent.locales import Catalogue, catalogue, languages, nearest

#: What a message says beyond this is not read.
MAX_MESSAGE_CHARS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A message with what was understood of it."""

    #: Without what is not the writer's own, nor thanks and greetings around its question.
    question: Question
    #: ISO 639-1.
    language: str
    triggers: Triggers
    #: The option of the agent's last message that it picks, "" when it picks none, or several.
    chosen: str = ""
    #: Where it asks several things: each question, or option picked, in order. Empty for one.
    parts: tuple[str, ...] = ()
    #: Where the parts are options that were picked.
    picks: bool = False

    @property
    def texts(self) -> Catalogue:
        """The catalogue of its language, or English where there is none."""
        return nearest(self.language)


def understand(question: Question, agent: AgentDefinition) -> Asked:
    """What the message is about, in which language, and what it triggers."""
    question = _readable(question)
    given = _language_code(question.language)
    every = _likeliest_first(given or agent.default_language, agent)
    chosen = chosen_options(question, every)
    language = _language(question, given or agent.default_language, every, known=bool(given), chosen=bool(chosen))
    likely = _likeliest_first(language, agent)
    found = find_triggers(question.text, agent, likely)
    if chosen:
        # The words of an option are the agent's own: a page called "Talk to a person" asks for nobody.
        found = Triggers(guardrail=found.guardrail)
        several = chosen if len(chosen) > 1 else ()
        one = "" if several else chosen[0]
        return Asked(
            question=question, language=language, triggers=found, chosen=one, parts=several, picks=bool(several)
        )
    found = _with_files(heard(question, found, likely), question)
    language = found.language or language
    texts = nearest(language, agent.default_language)
    alone = replace(question, text=question_alone(question.text, texts))
    return Asked(question=alone, language=language, triggers=found, parts=questions_in(question.text, language, texts))


def _with_files(found: Triggers, question: Question) -> Triggers:
    """A file without words, or with no more than "hello", wants to be looked at."""
    return Triggers(attachment=True) if question.attachments and (found.empty or found.small_talk) else found


def _likeliest_first(language: str, agent: AgentDefinition) -> tuple[Catalogue, ...]:
    likely = (nearest(language, agent.default_language), nearest(agent.default_language))
    every = (*likely, *(catalogue(one) for one in languages()))
    return tuple({one.language: one for one in every}.values())


def _language(question: Question, prior: str, every: Sequence[Catalogue], *, known: bool, chosen: bool) -> str:
    """The message's language where it is sure, else the conversation's, else the agent's (ANS-6)."""
    for index, said in enumerate(() if known else question.history):
        if said.role == "contact" and not chosen_options(
            replace(question, text=said.text, history=question.history[:index]), every
        ):
            prior = detect(said.text, prior)[0] or prior
    return prior if chosen else detect(question.text, prior)[0] or prior


def _readable(question: Question) -> Question:
    """The writer's own words, without what cannot be encoded, and no longer than anybody writes."""
    history = tuple(replace(said, text=_readable_text(said.text)) for said in question.history)
    return replace(question, text=own_words(_readable_text(question.text)), history=history)


def _readable_text(text: str) -> str:
    return text[:MAX_MESSAGE_CHARS].encode("utf-8", "replace").decode("utf-8")


def _language_code(language: str) -> str:
    """ISO 639-1 from what a browser or person gives ("sv-SE", "EN"); "" for what is no code."""
    code = re.split(r"[-_]", language.strip().lower(), maxsplit=1)[0]
    code = {"no": "nb", "nn": "nb"}.get(code, code)
    return code if re.fullmatch("[a-z]{2}", code) else ""
