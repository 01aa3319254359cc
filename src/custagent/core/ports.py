"""What the rooms expect of each other. Each port has a shipped fake in `custagent.testing`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, TypeAlias

from custagent.core.errors import ChannelError, SendFault

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    # Who only lists agents needs none of these, and making their classes takes a tenth of its time.
    from custagent.core.answer import Answer, Question
    from custagent.core.conversation import Begun, Conversation, Threading, Turn
    from custagent.core.document import Chunk, Document, ScoredChunk, SourceState
    from custagent.core.message import Attachment, DeliveryReceipt, InboundMessage, Message, OutboundMessage, RepliedTo
    from custagent.core.people import Colleague

    #: Rows are unit vectors: shape (texts, dimension), float32.
    Vectors: TypeAlias = NDArray[np.float32]


#: Bytes of a contact's file that are kept at most.
MAX_FILE = 25 * 1024 * 1024


class Clock(Protocol):
    """Where time comes from, so that tests can set it."""

    def now(self) -> datetime:
        """The current moment, aware, UTC."""
        ...


class Embedder(Protocol):
    """Turns texts into vectors whose cosine tells how alike they are in meaning."""

    @property
    def name(self) -> str:
        """Engine, model and version of what embeds passages: where the name differs, `comparable` decides."""
        ...

    @property
    def comparable(self) -> Sequence[str]:
        """Names of the engines whose vectors a question of this one can be compared with, its own among them.

        The one that passages should be embedded by comes first. Telling them loads nothing.
        """
        ...

    @property
    def dimension(self) -> int:
        """The length of each vector."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of content, shape (len(texts), dimension). Raises EmbedderError."""
        ...

    def embed_query(self, text: str) -> Vectors:
        """The vector of a question, shape (1, dimension). Raises EmbedderError."""
        ...

    def release(self) -> None:
        """Give back the memory that only embedding passages needs; whoever embeds again loads it again."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What to search for."""

    text: str
    #: The text together with what was said before it, which counts `weight` times as much; "" where nothing was said.
    context: str = ""
    weight: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """What a search brought back."""

    #: Best first.
    chunks: tuple[ScoredChunk, ...]
    #: By language of the content: how rare each stemmed word of the query is in it (idf, above 0).
    rarity: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    #: Milliseconds by step.
    timings_ms: Mapping[str, float]


class Retriever(Protocol):
    """Finds passages of one agent's content."""

    def retrieve(self, search: Search, *, limit: int) -> Retrieval:
        """The `limit` best passages, by the weighted mean of the scores for the text and for its context.

        Empty content gives none. Raises IndexDamaged.
        """
        ...

    def holding(self, text: str, language: str) -> Mapping[str, int]:
        """In how many passages of that language each stemmed word of `text` stands."""
        ...


class Answerer(Protocol):
    """The one way from a question to an answer: preview, test and live alike (ANS-1)."""

    def answer(self, question: Question) -> Answer:
        """Decide and compose. Never raises for a failing model: that is a handoff with reason `failed`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What a chat model wrote."""

    text: str
    model: str
    input_tokens: int
    output_tokens: int
    #: US dollars, by the price list that comes with LiteLLM; None where it does not know the model.
    cost: float | None = None


class ChatModel(Protocol):
    """A hosted or local model that writes text."""

    def complete(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        form: Mapping[str, object] | None = None,
        within: float | None = None,
        heard: Callable[[str], None] | None = None,
    ) -> Completion:
        """One completion for messages of {"role", "content"}. Raises ModelError.

        `form` is the JSON schema that the text should follow; a model that cannot be held to it may write anything.
        `within` is how many seconds it may take, where that is less than usual. `heard` is told all of the text so far,
        again and again, as the model writes it; who tells it may be the whole text in one go.
        """
        ...


class DocumentStore(Protocol):
    """Documents and their chunks, shared by all agents: the same location is stored once (SRC-8)."""

    def document(self, location: str) -> Document | None:
        """The stored document of this location, or None."""
        ...

    def save_document(self, document: Document, chunks: Sequence[Chunk], *, agent: str, source: str) -> None:
        """Store a whole page for one source, in one transaction; it replaces the version before (SRC-5)."""
        ...

    def save_documents(self, documents: Iterable[tuple[Document, Sequence[Chunk]]], *, agent: str, source: str) -> None:
        """Store several with their chunks in one transaction, which costs much less; of one location the last counts."""
        ...

    def keep_documents(self, locations: Iterable[str], *, agent: str, source: str) -> int:
        """Drop the source's documents that are not among `locations`; how many went. At once unseen by answers."""
        ...

    def touch(self, locations: Iterable[str]) -> None:
        """Note that these were looked at just now and have not changed."""
        ...

    def validators(self, agent: str, source: str) -> Mapping[str, tuple[str, str]]:
        """(etag, last_modified) of each document of the source, by location."""
        ...

    def validators_of_others(self, beginning: str, *, agent: str, source: str) -> Mapping[str, tuple[str, str]]:
        """The same of documents that other sources hold, of this or other agents, whose location begins so (SRC-8)."""
        ...

    def share(self, locations: Iterable[str], *, agent: str, source: str) -> None:
        """Let the source hold these stored documents too, as they are."""
        ...

    def chunks_of(self, agent: str) -> Sequence[Chunk]:
        """All chunks of the agent's sources, by id."""
        ...

    def chunks_after(self, agent: str, last: int) -> Sequence[Chunk]:
        """Those of them that were stored after the chunk with the id `last`, by id; asked with every question."""
        ...

    def chunks(self, agent: str, ids: Iterable[int]) -> Mapping[int, Chunk]:
        """The chunks among `ids` that the agent's sources still hold."""
        ...


class VectorCache(Protocol):
    """Vectors by the hash of their text, so that equal text is embedded once."""

    def vectors(self, engine: str, hashes: Iterable[str]) -> Mapping[str, bytes]:
        """The known ones among `hashes`, as float32 little-endian bytes."""
        ...

    def save_vectors(self, engine: str, vectors: Mapping[str, bytes]) -> None:
        """Remember these."""
        ...


class SourceStates(Protocol):
    """How far each source of each agent has been read."""

    def source_states(self, agent: str) -> Mapping[str, SourceState]:
        """By key; a source that was never read is absent."""
        ...

    def save_source_state(self, agent: str, state: SourceState) -> None:
        """Replace what was known of one source; pages and chunks are counted from what is stored."""
        ...

    def forget_source(self, agent: str, key: str) -> None:
        """Drop the source, its documents that no other source holds, and its state."""
        ...


class ConversationStore(Protocol):
    """Conversations and their messages. Every method is one transaction, durable when it returns."""

    def begin(self, message: InboundMessage, threading: Threading, *, agent: str, at: datetime) -> Begun:
        """Write a contact's message down, once (CONV-2): the same channel and external id again changes nothing.

        It joins the contact's conversation on the channel, or begins one for `agent`, as `threading` says (CONV-1);
        with agent "" it waits for people.
        """
        ...

    def commit(self, turn: Turn, *, fence: int = 0) -> tuple[Message, ...]:
        """Write everything that a turn changes: messages, status, credit entry, outbox rows. Its messages, with ids.

        Raises Overtaken when the conversation has changed since, LeaseHeld when the lease `fence` is not the live one
        (0: no lease is needed, as for a person's reply from another process), UnknownName for a conversation that is
        not there; ImpossibleTransition and ValueError for a turn that no event makes.
        """
        ...

    def conversation(self, conversation: str) -> Conversation | None:
        """The conversation of this id."""
        ...

    def messages(self, conversation: str, *, after: int = 0) -> Sequence[Message]:
        """Its messages with ids above `after`, in order."""
        ...

    def unhandled(
        self, *, limit: int = 100, busy: Collection[str] = (), full: Collection[str] = ()
    ) -> Sequence[tuple[Conversation, Sequence[Message]]]:
        """The agent's work: its conversations with messages that no turn has dealt with, and those, oldest first.

        At most `limit` conversations; none of the `busy` ones, nor of `full` channels. What people have is theirs. Given
        back to the agent, it comes with the messages that nobody replied to.
        """
        ...

    def unhandled_in(self, conversation: str) -> tuple[Conversation, Sequence[Message]] | None:
        """The same of one conversation; None when nothing waits there, or people have it."""
        ...


class Directory(Protocol):
    """The people who can be given conversations."""

    def available(self, targets: Sequence[str]) -> Sequence[Colleague]:
        """Those among the users and teams named ("user:NAME", "team:NAME") who can be given a conversation now (HND-1).

        They hold a seat, are not away, work by their hours and their team's, and have room for one more.
        """
        ...

    def opens_at(self, targets: Sequence[str]) -> datetime | None:
        """When the working hours of the first of them begin again; None when somebody's hours are now, or nobody's come.

        In the workspace's time zone (HND-2).
        """
        ...


class Outbox(Protocol):
    """Replies that are committed and not yet delivered."""

    def due(
        self, at: datetime, *, limit: int, busy: Collection[str] = (), resting: Collection[str] = ()
    ) -> Sequence[OutboundMessage]:
        """What is to be sent by now: within a conversation in order, none before the one ahead of it is done.

        Longest due first; none of the `busy` conversations, for which sending is under way, nor of `resting` channels.
        """
        ...

    def waits(self, outbound: int) -> bool:
        """Whether it is still to be sent: asked right before sending, for a person may have taken over."""
        ...

    def claim(self, outbound: int, until: datetime, *, fence: int = 0) -> bool:
        """The same, and if it is, write down that it is being sent, which nobody else does before `until`.

        For channels that show a reply twice that is sent twice. Raises LeaseHeld.
        """
        ...

    def unclaim(self, outbound: int, *, parts_sent: int = 0, fence: int = 0) -> None:
        """It was not sent for sure, or only so many pieces of it: it waits as the others do. Raises LeaseHeld."""
        ...

    def take_over(self, until: datetime, *, fence: int = 0) -> int:
        """What the runner before was sending when it ended may have arrived: it waits `until` then, for the provider's
        word on it; how many there are. Once only, however many runners end meanwhile. Raises LeaseHeld.
        """
        ...

    def record(self, outbound: int, receipt: DeliveryReceipt, at: datetime, *, fence: int = 0) -> None:
        """What became of it; it never goes back. A message that failed or was dropped is not tried again.

        A charge whose replies have all failed or been dropped is reversed with it (CRED-2). Raises LeaseHeld.
        """
        ...

    def retry(
        self,
        outbound: int,
        error: str,
        at: datetime,
        *,
        whole_contact: bool = False,
        parts_sent: int = 0,
        fence: int = 0,
    ) -> None:
        """It did not go out, or only `parts_sent` pieces of it; try again at `at`. Raises LeaseHeld.

        With `whole_contact` nothing goes to the contact before.
        """
        ...

    def hold(self, channel: str, error: str, until: datetime, *, fence: int = 0) -> None:
        """Nothing goes out on the channel before `until`: all that waits there waits, and no try is counted."""
        ...

    def resume(self, channel: str, until: datetime, *, fence: int = 0) -> None:
        """The channel works again: what was held `until` then is due at once. Raises LeaseHeld."""
        ...

    def expire(self, channel: str, before: datetime, error: str, at: datetime, *, fence: int = 0) -> Sequence[int]:
        """Give up the replies of the channel that wait since `before`; which ones. Raises LeaseHeld."""
        ...

    def drop_for(self, conversation: str, at: datetime, *, fence: int = 0) -> Sequence[int]:
        """Drop the agent's replies that wait for sending, as a person takes over; which ones. Raises LeaseHeld."""
        ...


class ChannelAdapter(Protocol):
    """One configured channel: the pure half reads and writes the provider's words, `send` does the work."""

    @property
    def name(self) -> str:
        """The channel's name."""
        ...

    @property
    def idempotent(self) -> bool:
        """Whether the contact sees a reply once that is sent twice: the provider, or what shows it, knows its id."""
        ...

    async def send(self, outbound: OutboundMessage) -> DeliveryReceipt:
        """Hand a reply to the provider. Raises ChannelError, whose `fault` says what follows from it."""
        ...

    async def check(self) -> Sequence[tuple[str, str]]:
        """Each step of the connection with what is wrong with it, "" when it is right (ASG-1)."""
        ...

    async def working(self, contact_key: str, replied_to: RepliedTo) -> None:
        """Show the contact that the message was read and an answer is being made, where the channel can.

        Told again every few seconds. It may fail: nothing depends on it. Raises ChannelError.
        """
        del contact_key, replied_to

    async def fetch(self, attachment: Attachment) -> bytes:
        """The file that came with a contact's message, by its `reference`; at most MAX_FILE bytes of it are read.

        Raises ChannelError: with fault PERMANENT it can never be had.
        """
        del attachment
        raise ChannelError(f"files of {self.name} cannot be fetched", fault=SendFault.PERMANENT)
