"""What a message asks for before any content is looked at: a person, a closed topic, nothing but a greeting.

Pure functions over words. A phrase that a team wrote matches exactly its words in sequence, whatever the case and
punctuation: other forms of a word ("cancelling" for "cancel") are phrases of their own. Small talk is read without
accents too, as many type it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from custagent.answer.anger import complains_loudly, curses
from custagent.answer.person import asks_for_person
from custagent.answer.spoken import folded, folded_phrase, plain, plain_phrase, says, sentences
from custagent.core.agent import AgentDefinition, Guardrail
from custagent.locales import Catalogue, catalogue

#: So much of a message is searched for wishes and anger.
_READ_CHARS = 20_000
#: A longer message says more than a greeting.
_MAX_SMALL_TALK_WORDS = 12


class SmallTalk(StrEnum):
    """What a message without a question is; where it is several things, the first of these counts."""

    GOODBYE = "goodbye"
    THANKS = "thanks"
    GREETING = "greeting"
    #: "ok": it has been read.
    ACKNOWLEDGEMENT = "acknowledgement"


#: Signs that say it without words, and what may stand around them.
_SIGNS = {
    **dict.fromkeys("👋🤗", SmallTalk.GREETING),
    **dict.fromkeys("👍🙏❤♥🧡💛💚💙💜👏🎉🥰", SmallTalk.THANKS),
    **dict.fromkeys("👌🆗✅🙂😊😀😃😄😁", SmallTalk.ACKNOWLEDGEMENT),
}
_AROUND_SIGNS = frozenset("!.\ufe0f\u200d🏻🏼🏽🏾🏿")


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggers:
    """What was found in one message."""

    empty: bool = False
    asks_for_person: bool = False
    #: Curses, or more than one complaint: nothing that content could say helps.
    angry: bool = False
    #: Turns down all that was offered, when something was: "none of these".
    refuses: bool = False
    #: The phrase of `handoff_phrases` that was said, "" when none was.
    handoff_phrase: str = ""
    guardrail: Guardrail | None = None
    small_talk: SmallTalk | None = None
    #: The one language in which small talk was made or a person asked for, or anger shown; "" when it was none, or could be several.
    language: str = ""


def find_triggers(text: str, agent: AgentDefinition, catalogues: Iterable[Catalogue]) -> Triggers:
    """What `text` triggers in any of the catalogues; the likeliest language comes first."""
    spoken = plain(text)
    if not spoken:
        signed = _signed(text)
        return Triggers(empty=signed is None, small_talk=signed)
    several = tuple(catalogues)
    said = sentences(text[:_READ_CHARS])
    person = [one.language for one in several if asks_for_person(said, one.language)]
    angry = [one.language for one in several if curses(said, one.language)]
    # What is a complaint in one language may be anything in another.
    angry += [one.language for one in several[:1] if not angry and complains_loudly(text, said, one.language)]
    small_talk = _small_talk_in(several, spoken)
    spoken_in = person or angry or list(small_talk)
    return Triggers(
        asks_for_person=bool(person),
        angry=bool(angry),
        refuses=any(spoken == plain_phrase(phrase) for one in several for phrase in one.refusal),
        handoff_phrase=_first_said(spoken, agent.handoff_phrases or _phrases_of_role(agent, several)),
        guardrail=next((rail for rail in agent.guardrails if _first_said(spoken, rail.phrases)), None),
        small_talk=next(iter(small_talk.values()), None),
        language=spoken_in[0] if len(spoken_in) == 1 else "",
    )


def _first_said(spoken: str, phrases: Iterable[str]) -> str:
    return next((phrase for phrase in phrases if says(spoken, phrase)), "")


def _phrases_of_role(agent: AgentDefinition, catalogues: Iterable[Catalogue]) -> list[str]:
    """What makes the role hand over where the team has not written phrases of its own (CRE-4)."""
    return [phrase for one in catalogues for phrase in one.role_handoff.get(agent.role.value, ())]


def _small_talk_in(several: Sequence[Catalogue], spoken: str) -> dict[str, SmallTalk]:
    """The languages in which the message is nothing but small talk, likeliest first, with what it is there.

    As it is written, else without accents: "hej då" is a goodbye in Swedish, and "hej, da" no Danish greeting.
    """
    if len(spoken.split()) > _MAX_SMALL_TALK_WORDS:
        return {}
    for said, reading in ((spoken, plain_phrase), (folded(spoken), folded_phrase)):
        found = ((one.language, _small_talk(said.split(), _meanings(one.language, reading))) for one in several)
        if told := {language: kind for language, kind in found if kind}:
            return told
    return {}


def _small_talk(said: Sequence[str], meanings: Mapping[str, SmallTalk | None]) -> SmallTalk | None:
    found: set[SmallTalk | None] = set()
    at = 0
    while at < len(said):
        # The longest phrase that begins here.
        end = next((end for end in range(len(said), at, -1) if " ".join(said[at:end]) in meanings), None)
        if end is None:
            return None
        found.add(meanings[" ".join(said[at:end])])
        at = end
    return next((kind for kind in SmallTalk if kind in found), None)


@cache
def _meanings(language: str, reading: Callable[[str], str]) -> Mapping[str, SmallTalk | None]:
    """What each phrase of small talk means; None for words that only go with others."""
    texts = catalogue(language)
    return {
        **dict.fromkeys(map(reading, texts.fillers)),
        **dict.fromkeys(map(reading, texts.acknowledgements), SmallTalk.ACKNOWLEDGEMENT),
        **dict.fromkeys(map(reading, texts.greetings), SmallTalk.GREETING),
        **dict.fromkeys(map(reading, texts.thanks), SmallTalk.THANKS),
        **dict.fromkeys(map(reading, texts.goodbyes), SmallTalk.GOODBYE),
    }


def _signed(text: str) -> SmallTalk | None:
    """What a message of nothing but signs says; None where one of them says something else."""
    signs = [char for char in text if not char.isspace() and char not in _AROUND_SIGNS]
    if any(char not in _SIGNS for char in signs):
        return None
    return next((kind for kind in SmallTalk if kind in {_SIGNS[char] for char in signs}), None)
