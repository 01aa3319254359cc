"""The fixed texts and the words that rules go by, one catalogue a language (ANS-6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from custagent.locales.catalogue_file import read

#: The language whose catalogue serves where there is no other.
FALLBACK = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """One language's texts. The keys are those of `en.toml`."""

    language: str
    #: How the language runs: "ltr" or "rtl".
    direction: str
    #: What people may override as `messages:` in the agent's definition.
    messages: Mapping[str, str]
    #: The messages that a role words otherwise (CRE-4), by role.
    role_messages: Mapping[str, Mapping[str, str]]
    compose: Mapping[str, str]
    greetings: tuple[str, ...]
    thanks: tuple[str, ...]
    goodbyes: tuple[str, ...]
    acknowledgements: tuple[str, ...]
    fillers: tuple[str, ...]
    #: The parts of a request for a person, by name: see `answer/understanding/parts.py`.
    person: Mapping[str, tuple[str, ...]]
    #: What angry people say: each `curse` alone tells it, a `complaint` only with more.
    curses: tuple[str, ...]
    complaints: tuple[str, ...]
    #: What is shouted when it stands in capitals: "NOW".
    urgent: tuple[str, ...]
    #: What aims the complaint behind it at us: "you are".
    aimed: tuple[str, ...]
    #: Word sequences that make a role hand over, by role, for agents without `handoff_phrases` (CRE-4).
    role_handoff: Mapping[str, tuple[str, ...]]
    follow_up_starts: tuple[str, ...]
    pronouns: frozenset[str]
    #: Word sequences whose pronoun stands for nothing: "is there".
    empty_pronouns: tuple[str, ...]
    #: Whole messages that accept what was offered.
    agreement: tuple[str, ...]
    #: Whole messages that turn down all that was offered.
    refusal: tuple[str, ...]
    #: Whole messages that choose from what was offered: the first entry the first choice, and so on.
    ordinals: tuple[tuple[str, ...], ...]
    #: What a reply to the agent is made of, how questions are joined, and what is not the writer's own in a pasted mail,
    #: each by name: `en.toml` says what they are.
    replies: Mapping[str, tuple[str, ...]]
    questions: Mapping[str, tuple[str, ...]]
    mail: Mapping[str, tuple[str, ...]]
    #: What a quoted sentence cannot do without, and what says nothing, by name: see `answer/quoting/context.py`.
    passage: Mapping[str, tuple[str, ...]]
    #: How questions ask for a price or a length of time, and how both are stated, by name.
    sought: Mapping[str, tuple[str, ...]]
    #: What customers and pages say for the same thing: groups of words, or of phrases of words.
    same_words: tuple[tuple[str, ...], ...]
    #: What points at a thing as known, each one word.
    definites: frozenset[str]
    negations: frozenset[str]
    #: Number words with their digits; "one" is left out, for it is an article or pronoun more often.
    numbers: Mapping[str, str]
    #: Words that a statement may add to what its passage says.
    light_words: frozenset[str]
    #: Words that join two clauses.
    joints: frozenset[str]
    #: Phrases that narrow or widen a statement, by what they do: the keys are the same in every language.
    limits: Mapping[str, tuple[str, ...]]
    stop_words: frozenset[str]
    #: Words that customers write alone, and groups of letters that tell the language.
    cues: frozenset[str]
    cue_parts: tuple[str, ...]
    #: Whole messages that ask the agent to be silent, and those that ask for replies again, with what is said to each.
    silence: tuple[str, ...]
    replies_again: tuple[str, ...]
    silenced: str
    back: str
    #: When people are there again: by weekday ("mon"), "today", "tomorrow" or "date", and "back" around them.
    hours: Mapping[str, str]
    #: What languages are called, by ISO 639-1 code.
    languages: Mapping[str, str]
    #: What the live chat's widget says itself; `KEY_one`, `KEY_few` and `KEY_many` are plural forms of `KEY`.
    widget: Mapping[str, str]


@cache
def languages() -> tuple[str, ...]:
    """The languages that have a catalogue, sorted."""
    names = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@cache
def catalogue(language: str) -> Catalogue:
    """The catalogue of `language`. Raises KeyError when there is none: ask `languages()` or use `nearest`."""
    raw = _raw(language)
    return Catalogue(
        language=language,
        direction=raw["direction"],
        messages=raw["messages"],
        role_messages=raw["role_messages"],
        compose=raw["compose"],
        **_phrases(raw["small_talk"]),
        person=_phrases(raw["person"]),
        **_phrases(raw["anger"]),
        role_handoff=_phrases(raw["role_handoff"]),
        follow_up_starts=tuple(raw["follow_up"]["starts"]),
        pronouns=frozenset(raw["follow_up"]["pronouns"]),
        empty_pronouns=tuple(raw["follow_up"]["empty_pronouns"]),
        agreement=tuple(raw["follow_up"]["agreement"]),
        refusal=tuple(raw["follow_up"]["refusal"]),
        ordinals=tuple(tuple(words) for words in raw["follow_up"]["ordinals"]),
        replies=_phrases(raw["replies"]),
        questions=_phrases(raw["questions"]),
        mail=_phrases(raw["mail"]),
        passage=_phrases(raw["passage"]),
        sought=_phrases(raw["sought"]),
        same_words=tuple(tuple(group) for group in raw["same_words"]["groups"]),
        definites=frozenset(raw["definites"]["words"]),
        negations=frozenset(raw["negations"]["words"]),
        numbers=raw["numbers"],
        light_words=frozenset(raw["claims"]["light"]),
        joints=frozenset(raw["claims"]["joints"]),
        limits=_phrases(raw["claims"]["limits"]),
        stop_words=frozenset(raw["stop_words"]["words"]),
        cues=frozenset(raw["cues"]["words"]),
        cue_parts=tuple(raw["cues"]["parts"]),
        silence=tuple(raw["opt_out"]["silence"]),
        replies_again=tuple(raw["opt_out"]["replies"]),
        silenced=raw["opt_out"]["silenced"],
        back=raw["opt_out"]["back"],
        hours=raw["hours"],
        languages=raw["languages"],
        widget=raw["widget"],
    )


def _phrases(table: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(phrases) for key, phrases in table.items()}


def _raw(language: str) -> dict[str, Any]:
    if language not in languages():
        raise KeyError(language)
    return read(files(__name__) / f"{language}.toml")


def nearest(*wanted: str) -> Catalogue:
    """The first of the wanted languages that has a catalogue, else English."""
    for language in wanted:
        if language in languages():
            return catalogue(language)
    return catalogue(FALLBACK)
