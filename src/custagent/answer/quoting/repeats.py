"""Tells whether a sentence says what another has said, so that what two pages say is said once."""

from __future__ import annotations

from functools import cached_property

from custagent.answer.model.facts import numbers
from custagent.answer.signals import topic_words
from custagent.answer.spoken import plain
from custagent.locales import catalogue, languages

#: A sentence says nothing new when all its topic words stand in one that has few others: at least this share is common.
SAME_WORDS = 0.7
#: What is shorter may be "Yes.", which says something else on each page.
FEWEST_WORDS = 3


class Statement:
    """A sentence, list item or row as what it says; what is needed to compare it is read when it is first asked for."""

    def __init__(self, text: str, language: str) -> None:
        self._text = text
        self._language = language

    @cached_property
    def about(self) -> frozenset[str]:
        """Its topic words."""
        return topic_words(self._text, self._language)

    @cached_property
    def facts(self) -> tuple[list[frozenset[str]], list[str]]:
        """Its numbers and negations."""
        if self._language not in languages():
            return list(numbers(self._text, {})), []
        texts = catalogue(self._language)
        negations = sorted(word for word in plain(self._text).split() if word in texts.negations)
        return list(numbers(self._text, texts.numbers)), negations

    def is_said_by(self, other: Statement) -> bool:
        """Whether `other`, in the same language, says all of it, in the same words or nearly so.

        One other word is another statement ("on Monday", "on Tuesday"), and so is another number or a "not".
        """
        if len(self.about) < FEWEST_WORDS or not self.about <= other.about:
            return False
        return len(self.about) >= SAME_WORDS * len(other.about) and self.facts == other.facts
