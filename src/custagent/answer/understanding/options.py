"""Which of the things that the agent offered a message picks: by its words, its place, by agreeing, or all of them.

People answer "2", "nr 2", "the second one please", "the storage", "winter storrage", "both" and "yes".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import cache

from custagent.answer.signals import QUESTION_MARKS
from custagent.answer.spoken import plain, plain_phrase
from custagent.core.answer import DecisionKind, Question, Utterance
from custagent.locales import Catalogue, catalogue

#: A message of more words says something of its own; the words of an option may be twice as many.
_MAX_WORDS = 12
#: How alike a typed word, or a whole option, is to what it was meant to be; of shorter words none is a misspelling.
_ALIKE = 0.8
_MIN_MISSPELT = 5
_MAX_CHARS = 300


def asked_back(question: Question) -> Utterance | None:
    """The agent's last message, where it asked what was meant."""
    last = next((said for said in reversed(question.history) if said.role == "agent"), None)
    return last if last is not None and last.decision is DecisionKind.CLARIFY else None


def chosen_options(question: Question, catalogues: Iterable[Catalogue]) -> tuple[str, ...]:
    """The options of the agent's last message that this one picks, in their order; the likeliest language comes first."""
    asked = asked_back(question)
    if asked is None or not asked.options or len(question.text) > _MAX_CHARS:
        return ()
    spoken, options = plain(question.text), asked.options
    if not spoken:
        return ()
    if same := [option for option in options if plain(option) == spoken]:
        return (same[0],)
    several = tuple(catalogues)
    if len(spoken.split()) > _MAX_WORDS or not several:
        return ()
    chosen = next((found for one in several if (found := _by_place(spoken, options, _words(one.language)))), ())
    if chosen or question.text.rstrip().endswith(QUESTION_MARKS):
        return chosen
    return _by_words(spoken, options, several[0])


def _by_place(spoken: str, options: Sequence[str], words: _Words) -> tuple[str, ...]:
    """Named by their places, by agreeing to the only one, or by wanting all, in one language."""
    # "Les deux, merci": what is polite in one place belongs to the choice in another, so that each step is looked at.
    for said in _steps(spoken, words.around):
        if said in words.both and len(options) > 1:
            return tuple(options)
        if said in words.agreement and len(options) == 1:
            return (options[0],)
    places = {_place(part, words) for part in _parts(spoken, words.joins)}
    if places and all(place is not None and place < len(options) for place in places):
        return tuple(options[place] for place in sorted(place for place in places if place is not None))
    return ()


def _by_words(spoken: str, options: Sequence[str], texts: Catalogue) -> tuple[str, ...]:
    """The one option whose words these are, misspelt perhaps, and not all of them."""
    alike = [option for option in options if _is_alike(spoken, plain(option))]
    if len(alike) == 1:
        return (alike[0],)
    own = [word for word in _stripped(spoken, _words(texts.language).around).split() if word not in texts.stop_words]
    held = [option for option in options if own and _holds(plain(option).split(), own)]
    return (held[0],) if len(held) == 1 else ()


def _holds(option: Sequence[str], own: Sequence[str]) -> bool:
    """Whether each of the words is one of the option's; a number alone was read as a place before."""
    return not own[0].isdecimal() and all(any(_is_alike(word, meant) for meant in option) for word in own)


def _place(said: str, words: _Words) -> int | None:
    """The place that is named, from 0: a digit, an ordinal, or an ordinal with a letter wrong."""
    said = _stripped(said, words.around)
    if said.isdecimal() and len(said) == 1 and int(said) > 0:
        return int(said) - 1
    exact = [place for place, ordinals in enumerate(words.ordinals) if said in ordinals]
    near = {place for place, ordinals in enumerate(words.ordinals) for one in ordinals if _is_alike(said, one)}
    if exact or len(near) == 1:
        return exact[0] if exact else near.pop()
    return None


def _is_alike(typed: str, meant: str) -> bool:
    if typed == meant:
        return True
    if min(len(typed), len(meant)) < _MIN_MISSPELT:
        return False
    return SequenceMatcher(None, typed, meant, autojunk=False).ratio() >= _ALIKE


def _parts(said: str, joins: frozenset[str]) -> list[str]:
    """ "1 and 3" in parts; what is not joined is one part."""
    parts: list[list[str]] = [[]]
    for word in said.split():
        if word in joins:
            parts.append([])
        else:
            parts[-1].append(word)
    return [" ".join(part) for part in parts if part]


def _stripped(said: str, around: Sequence[list[str]]) -> str:
    """Without polite words and "number" at both ends."""
    return list(_steps(said, around))[-1]


def _steps(said: str, around: Sequence[list[str]]) -> Iterator[str]:
    """The words, and what is left of them as one polite phrase after the other goes: behind first, the longest first."""
    words = said.split()
    yield said
    while cut := next((len(one) for one in around if len(one) < len(words) and words[-len(one) :] == one), 0):
        words = words[:-cut]
        yield " ".join(words)
    while cut := next((len(one) for one in around if len(one) < len(words) and words[: len(one)] == one), 0):
        words = words[cut:]
        yield " ".join(words)


class _Words:
    """One language's words about choosing, plain."""

    def __init__(self, texts: Catalogue) -> None:
        around = {plain_phrase(phrase) for part in ("polite", "numbered") for phrase in texts.replies[part]}
        self.around = sorted((phrase.split() for phrase in around if phrase), key=len, reverse=True)
        self.both = frozenset(map(plain_phrase, texts.replies["both"]))
        self.agreement = frozenset(map(plain_phrase, texts.agreement))
        self.ordinals = [tuple(map(plain_phrase, place)) for place in texts.ordinals]
        self.joins = frozenset(phrase for join in texts.questions["joins"] if " " not in (phrase := plain_phrase(join)))


@cache
def _words(language: str) -> _Words:
    return _Words(catalogue(language))
