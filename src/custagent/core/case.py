"""Test cases: what an agent should do with a message, written down next to it (TEST-1)."""

from __future__ import annotations

from pydantic import Field, model_validator

from custagent.core.answer import DecisionKind, Reason
from custagent.core.written import LanguageCode, Text, Written, fault


class Expected(Written):
    """What a reply should be. What is left out is not looked at."""

    expect: DecisionKind | None = Field(
        default=None, strict=False, description="What the agent decides: answer, clarify, rephrase or handoff."
    )
    reason: Reason | None = Field(
        default=None, strict=False, description="Why, such as grounded, small-talk or asked-for-person."
    )
    cites: tuple[Text, ...] = Field(
        default=(),
        strict=False,
        description="Pages that the reply cites, each by its address or a part of it; a star stands for anything.",
    )
    says: tuple[Text, ...] = Field(default=(), strict=False, description="Words that the reply says, in any case.")
    says_not: tuple[Text, ...] = Field(default=(), strict=False, description="Words that the reply does not say.")
    language: LanguageCode | None = Field(default=None, description="The language that it replies in.")


class Step(Expected):
    """One message of the contact, and what the reply should be."""

    ask: Text = Field(description="What the contact writes.")


class Case(Expected):
    """One message, or a dialogue of several."""

    name: Text | None = Field(default=None, description="What it is called; without it, its first message.")
    ask: Text | None = Field(default=None, description="What the contact writes.")
    dialogue: tuple[Step, ...] = Field(
        default=(), strict=False, description="Several messages of one conversation, each with what is expected."
    )
    channel: Text | None = Field(default=None, description="The channel, by name or kind; without it, the preview.")
    speaks: LanguageCode | None = Field(
        default=None,
        description="The contact's language, as a browser would tell it; without it, it is told by the text.",
    )
    credits: int | None = Field(default=None, ge=0, description="The most credits that the conversation may cost.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Case:
        if bool(self.ask) == bool(self.dialogue):
            raise fault("a case has either `ask` or `dialogue`")
        if self.dialogue and Expected(**{name: getattr(self, name) for name in Expected.model_fields}) != Expected():
            raise fault("in a dialogue each message has its own expectations", "dialogue")
        return self

    @property
    def steps(self) -> tuple[Step, ...]:
        """Its messages in order."""
        if self.dialogue:
            return self.dialogue
        return (Step(ask=self.ask or "", **{name: getattr(self, name) for name in Expected.model_fields}),)

    @property
    def title(self) -> str:
        """What people call it."""
        return self.name or self.steps[0].ask


class CaseFile(Written):
    """`agents/<name>.test.yaml`."""

    cases: tuple[Case, ...] = Field(strict=False, description="The cases, in the order of the file.")

    @model_validator(mode="after")
    def _named_apart(self) -> CaseFile:
        if not self.cases:
            raise fault("there is no case in it", "cases")
        seen: set[str] = set()
        for case in self.cases:
            if case.title in seen:
                raise fault(f"two cases are called {case.title!r}: give one a `name`", "cases")
            seen.add(case.title)
        return self
