"""What a message asks for before any content is looked at: a person, a closed topic, nothing but a greeting.

Pure functions over words. A phrase that a team wrote matches its words in sequence, whatever the case and punctuation,
and in other forms as the language's stemmer knows them ("cancelling" for "cancel"). Small talk is read without accents
too, as many type it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache

from custagent.answer.spoken import folded, folded_phrase, plain, plain_phrase, says, sentences
from custagent.answer.understanding.anger import complains_loudly, curses
from custagent.answer.understanding.person import asks_for_person
from custagent.answer.understanding.role_phrases import role_phrase
from custagent.core.agent import AgentDefinition, Guardrail
from custagent.language import detect, words
from custagent.locales import Catalogue, catalogue

#: So much of a message is searched for wishes and anger.
_READ_CHARS = 20_000
#: A longer message says more than a greeting.
_MAX_SMALL_TALK_WORDS = 12
#: Of the catalogues, which come likeliest first, so many languages are those of the message and of the agent.
_LIKELY = 2
#: A message that is nothing but addresses; numbers, order numbers ("#A-4711", "SE 12 34"), or what was masked of them.
_LINKS = re.compile(r"(?:<?(?:https?://|www\.)\S+>?\s*)+[?!.]*", re.IGNORECASE)
_NUMBERS = re.compile(
    r"[#№]?\s*(?:[A-Z]{1,4}[-\s]?)?\d(?:[\s./-]*\d){2,}[\s./-]*[?!.]*|(?:\[[a-z ]{3,20}\][\s.,]*)+[?!.]*"
)
_MAX_BARE_CHARS = 2000
#: "https://help.example/support" asks for nobody.
_ADDRESSES = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+", re.IGNORECASE)


class SmallTalk(StrEnum):
    """What a message without a question is; where it is several things, the first of these counts."""

    GOODBYE = "goodbye"
    THANKS = "thanks"
    GREETING = "greeting"
    #: "ok": it has been read.
    ACKNOWLEDGEMENT = "acknowledgement"
    #: "yes", after "Is there anything else I can help you with?": only a reply can be this (`replies.py`).
    GO_ON = "go_on"


class Bare(StrEnum):
    """What a message is that does not say what its writer would like to know."""

    LINK = "link"
    NUMBER = "number"


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
    #: Nothing but a file came.
    attachment: bool = False
    #: Nothing but a link or a number came.
    bare: Bare | None = None
    #: The answer before was none for the contact (`replies.py`).
    not_helped: bool = False
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
    likely = tuple(one.language for one in several[:_LIKELY])
    said = sentences(_ADDRESSES.sub(" ", text[:_READ_CHARS]))
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
        handoff_phrase=_phrase_said(text, agent, several),
        guardrail=guarded(text, agent, likely),
        bare=_bare(text),
        small_talk=next(iter(small_talk.values()), None),
        language=spoken_in[0] if len(spoken_in) == 1 else "",
    )


def guarded(text: str, agent: AgentDefinition, languages: tuple[str, ...]) -> Guardrail | None:
    """The closed topic that the text raises, in any form of its phrases that these languages know."""
    return next((rail for rail in agent.guardrails if _first_said(text, rail.phrases, languages)), None)


def _phrase_said(text: str, agent: AgentDefinition, several: Sequence[Catalogue]) -> str:
    """The phrase that hands over: the team's own, else what makes the role do so (CRE-4)."""
    if agent.handoff_phrases:
        return _first_said(text, agent.handoff_phrases, tuple(one.language for one in several[:_LIKELY]))
    return role_phrase(sentences(text[:_READ_CHARS]), agent.role.value, several)


def _first_said(text: str, phrases: Iterable[str], languages: tuple[str, ...] = ()) -> str:
    """The first of the phrases that is said, as it is written or in another form in one of the languages."""
    spoken = plain(text[:_READ_CHARS])
    stems: dict[str, str] = {}
    for phrase in phrases:
        if says(spoken, phrase):
            return phrase
        # Without words of letters, "!!!" has no other form.
        for language in dict.fromkeys((*languages, *_written_in(phrase, languages))) if plain_phrase(phrase) else ():
            if language not in stems:
                stems[language] = f" {' '.join(words(text[:_READ_CHARS], language))} "
            if f" {_stems(phrase, language)} " in stems[language]:
                return phrase
    return ""


@lru_cache(maxsize=4096)
def _stems(phrase: str, language: str) -> str:
    return " ".join(words(phrase, language))


@lru_cache(maxsize=4096)
def _written_in(phrase: str, languages: tuple[str, ...]) -> tuple[str, ...]:
    """The language of a phrase, where it tells."""
    found = detect(phrase, languages[0] if languages else "")[0]
    return (found,) if found else ()


def _bare(text: str) -> Bare | None:
    """What the message is when it is nothing but that."""
    said = text.strip()
    if len(said) > _MAX_BARE_CHARS:
        return None
    if _LINKS.fullmatch(said):
        return Bare.LINK
    return Bare.NUMBER if _NUMBERS.fullmatch(said) else None


def is_small_talk(text: str, texts: Catalogue) -> bool:
    """Whether it is nothing but greetings, thanks and the like in that language."""
    return bool(_small_talk_in((texts,), plain(text)))


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
