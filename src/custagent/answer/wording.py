"""How decisions are put into words: the agent's own texts first, then its tone's, in the brand voice's words (ANS-6, CRE-4).

The same conversation is worded the same way each time: what is said depends on its history and on nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from custagent.core.agent import AgentDefinition
from custagent.core.answer import DecisionKind, Reason, Utterance
from custagent.core.workspace import Voice
from custagent.locales import FALLBACK, languages, nearest
from custagent.locales.tones import OPTIONAL, PLAIN, ways
from custagent.voice import avoided_words, in_words_of

#: How many choices a clarifying question offers.
MAX_OPTIONS = 3
#: What each reply says another way than the one before.
_TURNING = ("lead_in", "closing", "foreign")
#: One answer in so many offers to go on: more would be a habit, not an offer.
_ANSWERS_BETWEEN_CLOSINGS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Worded:
    """A text, and the language that its fixed parts are in."""

    text: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The fixed texts of one agent in one language, at one point of a conversation."""

    agent: AgentDefinition
    #: The language that the contact writes in.
    wanted: str
    #: The agent's brand voice: what it avoids is not said.
    voice: Voice | None = None
    #: What was said before, oldest first: nothing is said twice in a row.
    history: Sequence[Utterance] = ()

    def message(self, key: str) -> Worded:
        """One of `messages:`.

        In the wanted language where the agent or the catalogue has it, else in the agent's, else in English; in each
        the agent's own text comes before its tone's, and that before the catalogue's.
        """
        return next(self._messages(key))

    def fixed(self, key: str) -> Worded:
        """One of the catalogue's texts that agents do not override."""
        return Worded(text=self._said(key, self._language), language=self._language)

    def answer(self, quote: str, quote_language: str) -> Worded:
        """The quote between its opening and, where one is due, its closing; each is a paragraph of its own."""
        parts = (self.opening(quote_language), quote, self.closing())
        return Worded(text="\n\n".join(part for part in parts if part), language=self._language)

    def opening(self, quote_language: str) -> str:
        """What introduces a quote, another way than the last one; one that is not in the contact's language as such.

        "" where the brand voice leaves no other way to say it than the last one, or none at all.
        """
        return self._said("lead_in", self._language) if quote_language == self.wanted else self._foreign(quote_language)

    def closing(self) -> str:
        """What offers to go on, "" where a good support person would say nothing.

        It is said with an answer that follows a question back, for it may have missed the point, and else with the
        second answer of a conversation and every third after that; never with two replies in a row.
        """
        said = [one for one in self.history if one.role == "agent"]
        answers = sum(one.decision is DecisionKind.ANSWER and one.reason is not Reason.SMALL_TALK for one in said)
        asked_back = bool(said) and said[-1].decision in (DecisionKind.CLARIFY, DecisionKind.REPHRASE)
        is_due = asked_back or answers % _ANSWERS_BETWEEN_CLOSINGS == 1
        if not is_due or any(self._was_just_said(way) for way in self._ways("closing", self._language)):
            return ""
        return self._said("closing", self._language)

    def short_answer(self, answer: str, answer_language: str) -> Worded:
        """The team's own words need no opening, unless they are in another language."""
        if answer_language != self.wanted:
            return self.answer(answer, answer_language)
        return Worded(text=answer, language=answer_language)

    def clarify(self, options: Sequence[str]) -> Worded:
        """The question back."""
        asked = self.fixed("clarify" if len(options) > 1 else "clarify_one")
        return Worded(text="\n".join([asked.text, *(f"- {option}" for option in options)]), language=asked.language)

    @property
    def _language(self) -> str:
        return nearest(self.wanted, self.agent.default_language).language

    def _messages(self, key: str) -> Iterator[Worded]:
        for language in (self.wanted, self.agent.default_language, FALLBACK):
            own = self.agent.messages.get(language)
            if text := getattr(own, key, None):
                yield Worded(text=text, language=language)
            if language in languages():
                yield Worded(text=self._said(key, language), language=language)

    def _foreign(self, language: str) -> str:
        name = nearest(self._language).languages.get(language)
        if name is None:
            return self._said("foreign_unnamed", self._language)
        return self._said("foreign", self._language, name)

    def _said(self, key: str, language: str, name: str = "") -> str:
        """The way to say it now. `name` stands for {language} in a text that has it."""
        told = self._ways(key, language, name)
        replies = sum(said.role == "agent" for said in self.history)
        start = replies % len(told) if key in _TURNING and told else 0
        order = [*told[start:], *told[:start]]
        fresh = next((way for way in order if not self._was_just_said(way)), "")
        return fresh if key in OPTIONAL else fresh or order[0]

    def _ways(self, key: str, language: str, name: str = "") -> list[str]:
        """The ways to say it in the agent's tone that the voice does not mind, else those that its words replace."""
        tone = self.agent.personality.value if self.agent.personality else PLAIN
        told = [way.replace("{language}", name) for way in ways(language, tone, self.agent.role.value, key)]
        fine = [way for way in told if not avoided_words(way, self.voice, language)]
        fine = fine or [way for one in told if (way := in_words_of(one, self.voice, language))]
        # `custagent validate` refuses a voice that leaves nothing of what has to be said.
        return fine or ([] if key in OPTIONAL else told[:1])

    def _was_just_said(self, text: str) -> bool:
        last = next((said for said in reversed(self.history) if said.role == "agent"), None)
        return last is not None and text in last.text
