"""How the agent sounds: its fixed texts by personality and role (CRE-4).

One file a language, beside the catalogues: of these only the contact's language is read, and it is read when something is
said. A personality that has no part in them has a file of its own, `NAME.toml`, with a part for each language that somebody
wrote it in; in the others it says what the plain tone says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from custagent.locales import catalogue
from custagent.locales.catalogue_file import read

#: The tone of an agent with a brand voice or without a personality: nothing put on.
PLAIN = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """A personality in a few words."""

    #: What people read who choose one.
    told: str
    #: What a model is asked for.
    asked: str


#: The personalities. Beside its line here and in `core.agent.Personality`, one is a file of texts.
MANNERS: Mapping[str, Manner] = {
    "friendly": Manner(told="Warm and helpful.", asked="friendly and warm"),
    "professional": Manner(told="Polite and to the point.", asked="professional and precise"),
    "casual": Manner(told="Relaxed, in everyday words.", asked="casual and easy-going"),
    "empathetic": Manner(told="Shows that it understands how people feel.", asked="empathetic and patient"),
    "witty": Manner(told="With a light touch of humour.", asked="light and witty, never at the contact's expense"),
}
TONES = (PLAIN, *MANNERS)
#: What every tone says.
KEYS = (
    "greeting", "lead_in", "foreign", "closing", "clarify", "clarify_one", "rephrase", "handoff", "thanks", "goodbye",
    "acknowledgement",
)  # fmt: skip
#: What has no tone and is said another way only where a brand voice avoids a word of the catalogue's.
PLAIN_KEYS = (
    "disclosure", "handoff_unavailable", "out_of_credits", "follow_up", "closed", "foreign_unnamed", "empty", "attachment",
    "attachment_unread", "link", "number", "not_helped", "go_on", "part_unknown", "too_long", "too_long_private",
)  # fmt: skip
#: The roles that have a way of their own, with what they say otherwise; the first role's is what the tone says.
ROLE_KEYS = {
    "marketing-specialist": ("greeting", "lead_in", "closing"),
    "sales-representative": ("greeting", "lead_in", "closing", "handoff"),
}
#: What can be left out where nothing is left to say it with.
OPTIONAL = ("lead_in", "closing")
#: Said with every answer, so that there are ways enough never to say the same twice in a row.
FEWEST = {"lead_in": 3, "closing": 2}
FEWEST_OF_ROLE = {"lead_in": 2, "closing": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tones:
    """One language's ways to say things."""

    language: str
    #: Words that take their form from the noun after them: articles, possessives.
    agreeing: frozenset[str]
    #: By tone, then by key: the ways to say it.
    said: Mapping[str, Mapping[str, tuple[str, ...]]]
    #: By tone, role and key: the ways of the roles that have their own.
    by_role: Mapping[str, Mapping[str, Mapping[str, tuple[str, ...]]]]


@cache
def tones(language: str) -> Tones:
    """The ways of `language`, which has a catalogue. Raises ValueError, naming file and key, where one is missing."""
    name = f"locales/tones/{language}.toml"
    raw = read(files(__name__) / f"{language}.toml")
    raw |= {tone: told for tone in MANNERS if tone not in raw and (told := _of_its_own(tone, language, raw))}
    if missing := list(faults(raw)):
        raise ValueError("\n".join(f"{name}: {fault}" for fault in missing))
    return Tones(
        language=language,
        agreeing=frozenset(raw["agreeing"]),
        said={tone: {key: tuple(raw[tone][key]) for key in _keys(tone)} for tone in TONES},
        by_role={
            tone: {
                role: {key: tuple(raw[tone][role][key]) for key in keys} for role, keys in ROLE_KEYS.items()
            }
            for tone in TONES
        },
    )  # fmt: skip


def ways(language: str, tone: str, role: str, key: str) -> tuple[str, ...]:
    """The ways to say one text in the tone of a personality, as an agent of that role does, the usual one first.

    A personality says its own, and where it has none or has just said it, the catalogue's; in the plain tone the catalogue's
    comes first. `key` is "lead_in", "closing", or one of the catalogue's `messages` and `compose`.
    """
    told = tones(language)
    own = told.by_role[tone].get(role, {}).get(key) or told.said[tone].get(key, ())
    if key in OPTIONAL:
        return own
    texts = catalogue(language)
    base = texts.role_messages.get(role, {}).get(key) or texts.messages.get(key) or texts.compose[key]
    return (base, *own) if tone == PLAIN else tuple(dict.fromkeys((*own, base)))


def _of_its_own(tone: str, language: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    """What the personality's own file has in the language, the plain tone where nobody wrote it; nothing without a file."""
    file = files(__name__) / f"{tone}.toml"
    if not file.is_file():
        return {}
    return read(file).get(language) or {key: raw[PLAIN][key] for key in (*KEYS, *ROLE_KEYS)}


def _keys(tone: str) -> tuple[str, ...]:
    return (*KEYS, *PLAIN_KEYS) if tone == PLAIN else KEYS


def faults(raw: Mapping[str, Any]) -> Iterator[str]:
    """What the file lacks, and what nobody would read."""
    if not raw.get("agreeing"):
        yield "`agreeing` is missing"
    for tone in TONES:
        table = raw.get(tone, {})
        yield from _faults_of(f"[{tone}]", table, {key: FEWEST.get(key, 1) for key in _keys(tone)}, tuple(ROLE_KEYS))
        for role, keys in ROLE_KEYS.items():
            wanted = {key: FEWEST_OF_ROLE.get(key, 1) for key in keys}
            yield from _faults_of(f"[{tone}.{role}]", table.get(role, {}), wanted)
    yield from (f"nobody reads `{key}`" for key in raw.keys() - {"agreeing", *TONES})


def _faults_of(
    where: str, table: Mapping[str, Any], wanted: Mapping[str, int], tables: tuple[str, ...] = ()
) -> Iterator[str]:
    for key, fewest in wanted.items():
        told = table.get(key, ())
        if not isinstance(told, list) or len(told) < fewest or not all(isinstance(one, str) and one for one in told):
            yield f"{where} needs `{key}`, a list of at least {fewest} text{'s' if fewest > 1 else ''}"
    yield from (f"{where} has `{key}`, which nobody reads" for key in table.keys() - wanted.keys() - set(tables))
