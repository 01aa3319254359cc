"""How decisions are put into words: the agent's own texts first, then the catalogue's (ANS-6, CRE-4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from custagent.core.agent import AgentDefinition
from custagent.locales import FALLBACK, Catalogue, catalogue, languages, nearest

#: How many choices a clarifying question offers.
MAX_OPTIONS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Worded:
    """A text, and the language that its fixed parts are in."""

    text: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The fixed texts of one agent in one language."""

    agent: AgentDefinition
    #: The language that the contact writes in.
    wanted: str

    def message(self, key: str) -> Worded:
        """One of `messages:`.

        In the wanted language where the agent or the catalogue has it, else in the agent's, else in English; in each
        the agent's own text comes before the role's, and that before the catalogue's.
        """
        return next(self._messages(key))

    def fixed(self, key: str) -> Worded:
        """One of the catalogue's texts that agents do not override."""
        return Worded(text=self._catalogue.compose[key], language=self._catalogue.language)

    def answer(self, quote: str, quote_language: str) -> Worded:
        """The quote with its lead-in; one that is not in the contact's language is introduced as such."""
        if quote_language != self.wanted:
            return Worded(text=f"{self._foreign(quote_language)}\n\n{quote}", language=self._catalogue.language)
        tone = self.agent.personality.value if self.agent.personality else "plain"
        lead_ins = self._catalogue.role_lead_in.get(self.agent.role.value, self._catalogue.lead_in)
        return Worded(text=f"{lead_ins[tone]}\n\n{quote}", language=self._catalogue.language)

    def short_answer(self, answer: str, answer_language: str) -> Worded:
        """The team's own words need no lead-in, unless they are in another language."""
        if answer_language != self.wanted:
            return self.answer(answer, answer_language)
        return Worded(text=answer, language=answer_language)

    def clarify(self, options: Sequence[str]) -> Worded:
        """The question back."""
        asked = self.fixed("clarify" if len(options) > 1 else "clarify_one")
        return Worded(text="\n".join([asked.text, *(f"- {option}" for option in options)]), language=asked.language)

    @property
    def _catalogue(self) -> Catalogue:
        return nearest(self.wanted, self.agent.default_language)

    def _messages(self, key: str) -> Iterator[Worded]:
        for language in (self.wanted, self.agent.default_language, FALLBACK):
            own = self.agent.messages.get(language)
            if text := getattr(own, key, None):
                yield Worded(text=text, language=language)
            if language in languages():
                texts = catalogue(language)
                by_role = texts.role_messages.get(self.agent.role.value, {})
                yield Worded(text=by_role.get(key) or texts.messages[key], language=language)

    def _foreign(self, language: str) -> str:
        name = self._catalogue.languages.get(language)
        if name is None:
            return self._catalogue.compose["foreign_unnamed"]
        return self._catalogue.compose["foreign"].format(language=name)
