"""The fixed texts and the words that rules go by, one catalogue a language (ANS-6)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

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
    #: By personality; "plain" when a brand voice is set.
    lead_in: Mapping[str, str]
    #: The same where a role has its own (CRE-4), by role, then by personality.
    role_lead_in: Mapping[str, Mapping[str, str]]
    greetings: tuple[str, ...]
    thanks: tuple[str, ...]
    goodbyes: tuple[str, ...]
    acknowledgements: tuple[str, ...]
    fillers: tuple[str, ...]
    #: The parts of a request for a person, by name: see `answer/parts.py`.
    person: Mapping[str, tuple[str, ...]]
    #: What angry people say: each `curse` alone tells it, a `complaint` only with more.
    curses: tuple[str, ...]
    complaints: tuple[str, ...]
    #: What is shouted when it stands in capitals: "NOW".
    urgent: tuple[str, ...]
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
    negations: frozenset[str]
    #: Number words with their digits; "one" is left out, for it is an article or pronoun more often.
    numbers: Mapping[str, str]
    stop_words: frozenset[str]
    #: Words that customers write alone, and groups of letters that tell the language.
    cues: frozenset[str]
    cue_parts: tuple[str, ...]
    #: What languages are called, by ISO 639-1 code.
    languages: Mapping[str, str]


@cache
def languages() -> tuple[str, ...]:
    """The languages that have a catalogue, sorted."""
    names = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@cache
def catalogue(language: str) -> Catalogue:
    """The catalogue of `language`. Raises KeyError when there is none: ask `languages()` or use `nearest`."""
    if language not in languages():
        raise KeyError(language)
    raw = tomllib.loads((files(__name__) / f"{language}.toml").read_text(encoding="utf-8"))
    small_talk, follow_up = raw["small_talk"], raw["follow_up"]
    return Catalogue(
        language=language,
        direction=raw["direction"],
        messages=raw["messages"],
        role_messages=raw["role_messages"],
        compose=raw["compose"],
        lead_in=raw["lead_in"],
        role_lead_in=raw["role_lead_in"],
        greetings=tuple(small_talk["greetings"]),
        thanks=tuple(small_talk["thanks"]),
        goodbyes=tuple(small_talk["goodbyes"]),
        acknowledgements=tuple(small_talk["acknowledgements"]),
        fillers=tuple(small_talk["fillers"]),
        person={part: tuple(phrases) for part, phrases in raw["person"].items()},
        curses=tuple(raw["anger"]["curses"]),
        complaints=tuple(raw["anger"]["complaints"]),
        urgent=tuple(raw["anger"]["urgent"]),
        role_handoff={role: tuple(phrases) for role, phrases in raw["role_handoff"].items()},
        follow_up_starts=tuple(follow_up["starts"]),
        pronouns=frozenset(follow_up["pronouns"]),
        empty_pronouns=tuple(follow_up["empty_pronouns"]),
        agreement=tuple(follow_up["agreement"]),
        refusal=tuple(follow_up["refusal"]),
        ordinals=tuple(tuple(words) for words in follow_up["ordinals"]),
        negations=frozenset(raw["negations"]["words"]),
        numbers=raw["numbers"],
        stop_words=frozenset(raw["stop_words"]["words"]),
        cues=frozenset(raw["cues"]["words"]),
        cue_parts=tuple(raw["cues"]["parts"]),
        languages=raw["languages"],
    )


def nearest(*wanted: str) -> Catalogue:
    """The first of the wanted languages that has a catalogue, else English."""
    for language in wanted:
        if language in languages():
            return catalogue(language)
    return catalogue(FALLBACK)
