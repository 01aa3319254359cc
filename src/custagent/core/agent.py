"""The agent: everything in `agents/<name>.yaml`, which one file defines."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticKnownError

from custagent.core.ids import content_hash
from custagent.core.written import (
    Day,
    Duration,
    HandoffTarget,
    LanguageCode,
    ModelName,
    Name,
    SecretRef,
    Text,
    WebAddress,
    Written,
    fault,
)

#: The model that is no model: replies are taken word for word from the content.
EMBEDDED = "embedded"


class Role(StrEnum):
    CUSTOMER_SERVICE = "customer-service"
    MARKETING_SPECIALIST = "marketing-specialist"
    SALES_REPRESENTATIVE = "sales-representative"


class Personality(StrEnum):
    FRIENDLY = "friendly"
    PROFESSIONAL = "professional"
    CASUAL = "casual"
    EMPATHETIC = "empathetic"
    WITTY = "witty"


class SourceKind(StrEnum):
    FILE = "file"
    URL = "url"
    COLLECTION = "collection"
    SHORT_ANSWER = "short-answer"


class _SourceBase(Written):
    private: bool = Field(
        default=False, description="No link to it is shown. Its text may still be quoted: private is not secret."
    )


class FileSource(_SourceBase):
    """One file of the workspace."""

    file: Text = Field(description="A path inside the workspace.")

    @property
    def kind(self) -> SourceKind:
        return SourceKind.FILE

    @property
    def location(self) -> str:
        return self.file


class UrlSource(_SourceBase):
    """A page, or a whole site with `import_related`."""

    url: WebAddress = Field(description="http or https.")
    import_related: bool = Field(default=False, description="Follow the sitemap and the links of the same host.")
    scope: Literal["host", "domain", "prefix"] = Field(
        default="host", description="host: the same host; domain: its subdomains too; prefix: below this address."
    )
    include: tuple[Text, ...] = Field(default=(), strict=False, description="Only addresses that match one of these.")
    exclude: tuple[Text, ...] = Field(default=(), strict=False, description="No address that matches one of these.")
    max_pages: int = Field(default=1000, ge=1, le=100_000, description="No more pages than these are read.")
    max_depth: int = Field(
        default=20,
        ge=0,
        le=1000,
        description="Pages that are more links than these away from the address are left out.",
    )
    interval: Duration = Field(default="24h", description="How often the runner looks for changes.")

    @property
    def kind(self) -> SourceKind:
        return SourceKind.URL

    @property
    def location(self) -> str:
        return self.url


class CollectionSource(_SourceBase):
    """A folder of the workspace."""

    collection: Text = Field(description="A folder inside the workspace; every supported file in it is read.")
    type: Literal["knowledge-base", "site-pages", "landing-pages", "blog"] = Field(
        default="knowledge-base", description="What the pages are; it labels citations and tells how soon one is old."
    )

    @property
    def kind(self) -> SourceKind:
        return SourceKind.COLLECTION

    @property
    def location(self) -> str:
        return self.collection


class ShortAnswerSource(_SourceBase):
    """A question with its answer; it wins over pages when it matches (SRC-1)."""

    short_answer: Text = Field(description="The question.")
    answer: Text = Field(description="The answer, word for word.")
    valid_from: Day | None = Field(default=None, alias="from", description="The first day it is true.")
    valid_until: Day | None = Field(default=None, alias="until", description="The last day it is true.")

    @model_validator(mode="after")
    def _ordered(self) -> ShortAnswerSource:
        if self.valid_from and self.valid_until and self.valid_from > self.valid_until:
            raise fault("`from` is later than `until`, so this answer would never be given", "from")
        return self

    @property
    def kind(self) -> SourceKind:
        return SourceKind.SHORT_ANSWER

    @property
    def location(self) -> str:
        return self.short_answer


#: The first word of a source in YAML tells its kind; the value is its location.
SOURCE_WORDS = ("file", "url", "collection", "short_answer")


def _source_word(value: Any) -> str | None:
    for word in SOURCE_WORDS:
        if word in value if isinstance(value, dict) else hasattr(value, word):
            return word
    return None


Source = Annotated[
    Annotated[FileSource, Tag("file")]
    | Annotated[UrlSource, Tag("url")]
    | Annotated[CollectionSource, Tag("collection")]
    | Annotated[ShortAnswerSource, Tag("short_answer")],
    Discriminator(
        _source_word,
        custom_error_type="source_kind",
        custom_error_message="a source starts with one of file:, url:, collection:, short_answer:",
    ),
]


def source_key(kind: str, location: str) -> str:
    """What a source is known by within its agent: the same place is the same source. Sixteen hex digits."""
    return content_hash(kind, location)[:16]


class ConfidencePreset(StrEnum):
    """Thresholds by what is meant with them: how sure the agent has to be."""

    #: Rather no answer than a wrong one.
    CAREFUL = "careful"
    #: Answers what is more likely right than wrong.
    BALANCED = "balanced"
    #: Rather an answer that may be wrong than none.
    EAGER = "eager"


class ConfidenceThresholds(Written):
    """Where the decisions change (ANS-2): answer from `answer` up, ask back from `clarify` up, else rephrase."""

    answer: float = Field(default=0.5, ge=0, le=1, description="From this confidence on it answers.")
    clarify: float = Field(default=0.25, ge=0, le=1, description="From this confidence on it asks back.")

    @model_validator(mode="after")
    def _ordered(self) -> ConfidenceThresholds:
        if self.clarify > self.answer:
            raise fault("`clarify` must not be above `answer`", "clarify")
        return self

    @property
    def preset(self) -> ConfidencePreset | None:
        """The preset that these are; None for numbers of one's own."""
        return next((preset for preset, numbers in PRESETS.items() if numbers == self), None)


#: A confidence is the probability that the answer is right (ANS-3), so a threshold is the least of it that is accepted:
#: four in five, one in two, one in three.
PRESETS: Final[Mapping[ConfidencePreset, ConfidenceThresholds]] = {
    ConfidencePreset.CAREFUL: ConfidenceThresholds.model_construct(answer=0.8, clarify=0.4),
    ConfidencePreset.BALANCED: ConfidenceThresholds.model_construct(),
    ConfidencePreset.EAGER: ConfidenceThresholds.model_construct(answer=0.33, clarify=0.15),
}


def _thresholds(written: Any) -> Any:
    """The numbers of a preset that is named, as in `confidence: careful`."""
    if not isinstance(written, str):
        return written
    preset = next((one for one in ConfidencePreset if one.value == written), None)
    if preset is None:
        known = ", ".join(f"'{one.value}'" for one in ConfidencePreset)
        raise PydanticKnownError("enum", {"expected": known})
    return PRESETS[preset]


#: A preset's name, or numbers.
Confidence = Annotated[
    ConfidenceThresholds, BeforeValidator(_thresholds, json_schema_input_type=ConfidencePreset | ConfidenceThresholds)
]


class Guardrail(Written):
    """A topic that is never answered from the content."""

    topic: Text = Field(description="What the topic is called in reports.")
    phrases: tuple[Text, ...] = Field(strict=False, min_length=1, description="Words that tell the topic.")
    message: Text | None = Field(default=None, description="What is said instead; without it, a person takes over.")


class Messages(Written):
    """The agent's fixed texts in one language; what is left out comes from the built-in catalogue (ANS-6)."""

    greeting: Text | None = Field(default=None, description="Opens a chat.")
    disclosure: Text | None = Field(default=None, description="Says that an AI answers and may err (ASG-4).")
    rephrase: Text | None = Field(default=None, description="Asks to put the question differently.")
    handoff: Text | None = Field(default=None, description="Says that a person takes over.")
    handoff_unavailable: Text | None = Field(default=None, description="Says that nobody is there right now.")
    out_of_credits: Text | None = Field(default=None, description="Says that the agent cannot go on.")
    follow_up: Text | None = Field(default=None, description="Asks after a silence whether the answer helped.")
    closed: Text | None = Field(default=None, description="Ends a conversation.")


class ModelOptions(Written):
    """How a hosted or local model is reached."""

    api_base: Text | None = Field(default=None, description="Where it is served, if not at its provider.")
    api_key: SecretRef | None = Field(default=None, description="The variable that holds the key, as ${NAME}.")
    temperature: float = Field(default=0.0, ge=0, le=2, description="0 is steady, higher is freer.")
    max_tokens: int = Field(default=500, ge=50, le=8000, description="The longest reply, in tokens.")
    timeout: Duration = Field(default="30s", description="After this time a person takes over.")


class Handoff(Written):
    """Who gets a conversation that the agent cannot finish (HND-1)."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"mode": {"const": "transfer"}}, "required": ["mode"]},
            "then": {"properties": {"to": {"minItems": 1}}, "required": ["to"]},
        }
    )

    mode: Literal["transfer", "stay"] = Field(
        default="stay",
        description="transfer: a person gets it; stay: the agent says that nobody is there, and keeps it.",
    )
    to: tuple[HandoffTarget, ...] = Field(
        default=(), strict=False, description="user:NAME or team:NAME, among whom routing chooses."
    )
    update_avatar: bool = Field(default=True, description="Show the new person's name and photo in the chat's header.")
    reroute_after: Duration | None = Field(
        default=None,
        description="A person who does not answer a contact for so long loses the conversation to the next one who is"
        " available. Without it, nobody does.",
    )
    reroute_on: tuple[Literal["away", "hours-end"], ...] = Field(
        default=("away",),
        strict=False,
        description="away: when a person goes away, contacts who wait for them go to others; hours-end: when their"
        " working hours end, too.",
    )

    @model_validator(mode="after")
    def _has_target(self) -> Handoff:
        if self.mode == "transfer" and not self.to:
            raise fault("`mode: transfer` needs `to:` with at least one user:NAME or team:NAME", "mode")
        return self


class FollowUp(Written):
    """One free message after an answer, or a question back, that nobody replied to."""

    after: Duration = Field(default="10m", description="So long after the agent's reply.")


class Assignment(Written):
    """The agent on a channel."""

    channel: Name = Field(description="A channel of custagent.yaml.")
    handoff: Handoff = Field(default=Handoff.model_construct(), description="Who gets what the agent cannot finish.")
    hours: Literal["always", "team-hours", "outside-team-hours"] = Field(
        default="always", description="When the agent takes new conversations."
    )
    share: int = Field(default=100, ge=1, le=100, description="Percent of new conversations that the agent takes.")
    mode: Literal["reply", "suggest"] = Field(
        default="reply", description="reply: it answers itself; suggest: it drafts for a person to send."
    )
    confidence: Confidence | None = Field(
        default=None, description="How sure it has to be on this channel, instead of the agent's own `confidence`."
    )


class AgentDefinition(Written):
    """`agents/<name>.yaml`."""

    model_config = ConfigDict(
        json_schema_extra={
            "not": {
                "properties": {"personality": {"type": "string"}, "voice": {"type": "string"}},
                "required": ["personality", "voice"],
            }
        }
    )

    name: Name = Field(description="The same as the file's name.")
    role: Role = Field(default=Role.CUSTOMER_SERVICE, strict=False, description="What it does; sets its defaults.")
    personality: Personality | None = Field(
        default=None, strict=False, description="How it speaks, never what is true (CRE-4)."
    )
    voice: Name | None = Field(default=None, description="A brand voice of the workspace, instead of a personality.")
    default_language: LanguageCode = Field(
        default="en", description="The language of a conversation whose language is not known."
    )
    model: ModelName = Field(default=EMBEDDED, description="embedded, or provider/name as LiteLLM knows it.")
    model_options: ModelOptions | None = Field(default=None, description="How the model is reached.")
    confidence: Confidence = Field(
        default=ConfidenceThresholds.model_construct(),
        description="How sure it has to be: careful, balanced or eager, or the numbers where answering, asking back and"
        " rephrasing part.",
    )
    clarify_attempts: int = Field(default=1, ge=0, le=3, description="How often in a row it asks back.")
    rephrase_attempts: int = Field(default=1, ge=0, le=3, description="How often in a row it asks to rephrase.")
    handoff_phrases: tuple[Text, ...] = Field(
        default=(), strict=False, description="When a contact says one of these, a person takes over at once."
    )
    guardrails: tuple[Guardrail, ...] = Field(default=(), strict=False, description="Topics that it never answers.")
    attachments: Literal["ask", "handoff"] = Field(
        default="ask",
        description="What it does with a file that came without words, which it cannot open. ask: it asks for words;"
        " handoff: a person takes over at once.",
    )
    follow_up: FollowUp | None = Field(
        default=None, description="Whether it asks, after a silence, if the answer helped. Without it, it does not."
    )
    messages: dict[LanguageCode, Messages] = Field(
        default_factory=dict, description="Its fixed texts, by language; the rest comes from the built-in catalogue."
    )
    sources: tuple[Source, ...] = Field(default=(), strict=False, description="What it answers from.")
    assignments: tuple[Assignment, ...] = Field(default=(), strict=False, description="The channels it is live on.")

    @model_validator(mode="after")
    def _one_tone(self) -> AgentDefinition:
        if self.personality and self.voice:
            raise fault("write `personality` or `voice`, not both", "voice")
        return self

    @model_validator(mode="after")
    def _sources_differ(self) -> AgentDefinition:
        seen: set[tuple[str, str]] = set()
        for number, source in enumerate(self.sources):
            place = (source.kind, source.location)
            if place in seen:
                raise fault(f"the source {source.location!r} is listed twice", "sources", number)
            seen.add(place)
        return self

    def on_channel(self, channel: str) -> AgentDefinition:
        """The agent as it is there: how sure it has to be may differ. Any other name gives the agent itself."""
        assigned = next((one for one in self.assignments if one.channel == channel), None)
        if assigned is None or assigned.confidence is None:
            return self
        return self.model_copy(update={"confidence": assigned.confidence})
