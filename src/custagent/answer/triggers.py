"""What a message asks for before any content is looked at: a person, a closed topic, nothing but a greeting.

Pure functions over words. A phrase matches exactly its words in sequence, whatever the case and punctuation: other
forms of a word ("cancelling" for "cancel") are phrases of their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from custagent.core.agent import AgentDefinition, Guardrail
from custagent.locales import Catalogue

#: Scripts without spaces between words, and Hangul, whose particles cling to the words: each character counts as one.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+(?:'[^\W_{_UNSPACED}]+)*")
#: Written in many ways, or not seen at all.
_SPELLINGS = str.maketrans(
    {**dict.fromkeys("\u2019\u2018\u02bc\u00b4`", "'"), **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff")}
)
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
    #: The phrase of `handoff_phrases` that was said, "" when none was.
    handoff_phrase: str = ""
    guardrail: Guardrail | None = None
    small_talk: SmallTalk | None = None
    #: The one language in which small talk was made or a person asked for; "" when it was none, or could be several.
    language: str = ""


def find_triggers(text: str, agent: AgentDefinition, catalogues: Iterable[Catalogue]) -> Triggers:
    """What `text` triggers in any of the catalogues."""
    spoken = plain(text)
    if not spoken:
        signed = _signed(text)
        return Triggers(empty=signed is None, small_talk=signed)
    several = tuple(catalogues)
    person = [one.language for one in several if _asks_for_person(spoken, one)]
    small_talk = {one.language: kind for one in several if (kind := _small_talk(spoken, one))}
    spoken_in = person or list(small_talk)
    return Triggers(
        asks_for_person=bool(person),
        handoff_phrase=_first_said(spoken, agent.handoff_phrases or _phrases_of_role(agent, several)),
        guardrail=next((rail for rail in agent.guardrails if _first_said(spoken, rail.phrases)), None),
        small_talk=next(iter(small_talk.values()), None),
        language=spoken_in[0] if len(spoken_in) == 1 else "",
    )


def plain(text: str) -> str:
    """The words of `text`, case folded, single spaces: "" when it has none."""
    # A wide letter only shows its capital after NFKC; the dot of the Turkish capital I stands apart after folding.
    normal = unicodedata.normalize("NFKC", text.translate(_SPELLINGS)).casefold().replace("i\u0307", "i")
    return " ".join(_WORD.findall(normal.translate(_SPELLINGS)))


def says(spoken: str, phrase: str) -> bool:
    """Whether the words of `phrase` stand in `spoken`, which is plain, in sequence."""
    wanted = _plain_phrase(phrase)
    return bool(wanted) and f" {wanted} " in f" {spoken} "


#: Phrases are few and come again with every message.
_plain_phrase = lru_cache(maxsize=4096)(plain)


def _first_said(spoken: str, phrases: Iterable[str]) -> str:
    return next((phrase for phrase in phrases if says(spoken, phrase)), "")


def _asks_for_person(spoken: str, catalogue: Catalogue) -> bool:
    if _first_said(spoken, catalogue.person):
        return True
    return any(spoken == _plain_phrase(alone) for alone in catalogue.person_alone)


def _phrases_of_role(agent: AgentDefinition, catalogues: Iterable[Catalogue]) -> list[str]:
    """What makes the role hand over where the team has not written phrases of its own (CRE-4)."""
    return [phrase for one in catalogues for phrase in one.role_handoff.get(agent.role.value, ())]


def _small_talk(spoken: str, catalogue: Catalogue) -> SmallTalk | None:
    """What the message is when it is nothing but small talk."""
    said = spoken.split()
    if len(said) > _MAX_SMALL_TALK_WORDS:
        return None
    meanings = _meanings(catalogue)
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


def _meanings(catalogue: Catalogue) -> Mapping[str, SmallTalk | None]:
    """What each phrase of small talk means; None for words that only go with others."""
    return {
        **dict.fromkeys(map(_plain_phrase, catalogue.fillers)),
        **dict.fromkeys(map(_plain_phrase, catalogue.acknowledgements), SmallTalk.ACKNOWLEDGEMENT),
        **dict.fromkeys(map(_plain_phrase, catalogue.greetings), SmallTalk.GREETING),
        **dict.fromkeys(map(_plain_phrase, catalogue.thanks), SmallTalk.THANKS),
        **dict.fromkeys(map(_plain_phrase, catalogue.goodbyes), SmallTalk.GOODBYE),
    }


def _signed(text: str) -> SmallTalk | None:
    """What a message of nothing but signs says; None where one of them says something else."""
    signs = [char for char in text if not char.isspace() and char not in _AROUND_SIGNS]
    if any(char not in _SIGNS for char in signs):
        return None
    return next((kind for kind in SmallTalk if kind in {_SIGNS[char] for char in signs}), None)
