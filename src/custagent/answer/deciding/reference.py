"""What a message speaks of as known: "the actor", "this burger". Where nobody has named it, it has to be asked back about.

A determiner that points ("this", "the", …; each catalogue's `definites`) with the words up to the next helpless word is a
reference. It is settled when the conversation has one of its words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from custagent.answer.signals import Signals, topic_words
from custagent.core.answer import Question
from custagent.language import words
from custagent.locales import catalogue, languages

#: "the last generation iPad Air": no more words than these belong to one reference.
MAX_WORDS = 4
_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*|[.,;:!?]")


def with_references(signals: Signals, question: Question, language: str) -> Signals:
    """The signals of a question in `language` together with that of what it speaks of as known.

    A conversation may begin with "the order": there is no other one. Amid a conversation it is one that was named.
    """
    if not any(one.role == "contact" for one in question.history):
        return signals
    said = [one.text for one in question.history]
    return replace(signals, unsettled=unsettled(question.text, said, language))


def unsettled(text: str, said: Sequence[str], language: str) -> float:
    """How much a message in `language` speaks of things as known that nobody has named, 0..1.

    0 when each is named in `said`, what both sides have said before, or when there is none. Otherwise the less, the more
    of the message's topic words were said before: then it is one of the things that are talked about.
    """
    known = frozenset(words("\n".join(said), language))
    if all(known.intersection(words(" ".join(thing), language)) for thing in _things(text, language)):
        return 0.0
    topic = topic_words(text, language)
    return 1.0 - len(topic & known) / len(topic) if topic else 1.0


def _things(text: str, language: str) -> Iterator[list[str]]:
    """The words of each thing that is pointed at, without what points."""
    if language not in languages():
        return
    texts = catalogue(language)
    ends = texts.stop_words | texts.definites
    # "It's", "qu'est": what stands before the apostrophe tells whether it is a helpless word.
    spoken = [word.replace("’", "'") for word in _WORD.findall(text.lower())]
    for place, word in enumerate(spoken):
        if word not in texts.definites:
            continue
        thing: list[str] = []
        for following in spoken[place + 1 : place + 1 + MAX_WORDS]:
            if following in ends or not following[0].isalnum():
                break
            thing.append(following)
        if thing:
            yield thing
