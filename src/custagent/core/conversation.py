"""Conversations: their status, what may change it, and the turns that do.

The status table is a dict; a pair that is not in it raises. Nothing else changes a status.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from custagent.core.credit import CreditTerms
from custagent.core.handoff import HandoffSummary
from custagent.core.message import InboundMessage, Message, MessageKind, Sender


class Status(StrEnum):
    """Who has the conversation."""

    #: The agent.
    PENDING = "pending"
    #: A person, or it waits for one.
    OPEN = "open"
    #: A person put it aside for a while.
    SNOOZED = "snoozed"
    CLOSED = "closed"


class Event(StrEnum):
    """What can happen to a conversation."""

    CONTACT_WROTE = "contact-wrote"
    AGENT_REPLIED = "agent-replied"
    #: The agent gives it to people.
    HANDED_OFF = "handed-off"
    #: A person takes it, or is given it.
    TAKEN = "taken"
    PERSON_REPLIED = "person-replied"
    #: A person gives it back to the agent.
    RELEASED = "released"
    SNOOZED = "snoozed"
    WOKE = "woke"
    #: Closed by a person.
    CLOSED = "closed"
    #: Closed by inactivity (CONV-1).
    TIMED_OUT = "timed-out"


_TABLE: dict[tuple[Status, Event], Status] = {
    (Status.PENDING, Event.CONTACT_WROTE): Status.PENDING,
    (Status.PENDING, Event.AGENT_REPLIED): Status.PENDING,
    (Status.PENDING, Event.HANDED_OFF): Status.OPEN,
    (Status.PENDING, Event.TAKEN): Status.OPEN,
    (Status.PENDING, Event.PERSON_REPLIED): Status.OPEN,
    (Status.PENDING, Event.CLOSED): Status.CLOSED,
    (Status.PENDING, Event.TIMED_OUT): Status.CLOSED,
    (Status.OPEN, Event.CONTACT_WROTE): Status.OPEN,
    (Status.OPEN, Event.TAKEN): Status.OPEN,
    (Status.OPEN, Event.PERSON_REPLIED): Status.OPEN,
    (Status.OPEN, Event.RELEASED): Status.PENDING,
    (Status.OPEN, Event.SNOOZED): Status.SNOOZED,
    (Status.OPEN, Event.CLOSED): Status.CLOSED,
    (Status.OPEN, Event.TIMED_OUT): Status.CLOSED,
    (Status.SNOOZED, Event.CONTACT_WROTE): Status.OPEN,
    (Status.SNOOZED, Event.TAKEN): Status.OPEN,
    (Status.SNOOZED, Event.PERSON_REPLIED): Status.OPEN,
    (Status.SNOOZED, Event.RELEASED): Status.PENDING,
    (Status.SNOOZED, Event.WOKE): Status.OPEN,
    (Status.SNOOZED, Event.CLOSED): Status.CLOSED,
    # Mail reopens a closed conversation, with whoever had it (CONV-1); the service decides which of the two.
    (Status.CLOSED, Event.CONTACT_WROTE): Status.PENDING,
    (Status.CLOSED, Event.TAKEN): Status.OPEN,
}


class ImpossibleTransition(ValueError):
    """An event that cannot happen to a conversation of this status: a mistake of ours."""


def transition(status: Status, event: Event) -> Status:
    """The status after `event`. Raises ImpossibleTransition for a pair that is not in the table."""
    try:
        return _TABLE[status, event]
    except KeyError:
        raise ImpossibleTransition(f"{event.value} cannot happen to a conversation that is {status.value}") from None


def may_become(before: Status, after: Status) -> bool:
    """Whether one event, or none, leads from one status to the other."""
    return before is after or any(start is before and end is after for (start, _), end in _TABLE.items())


class Outcome(StrEnum):
    """How a closed conversation ended."""

    #: The agent answered, and nothing more came.
    ANSWERED = "answered"
    #: The agent asked back, or could not help, and the contact stayed silent.
    UNRESOLVED = "unresolved"
    #: A person had it.
    PERSON = "person"


#: What each reply makes of the conversation when nothing comes after it. Greetings and the like change nothing.
_OUTCOMES = {
    MessageKind.ANSWER: Outcome.ANSWERED,
    MessageKind.CLARIFY: Outcome.UNRESOLVED,
    MessageKind.REPHRASE: Outcome.UNRESOLVED,
    MessageKind.HANDOFF: Outcome.UNRESOLVED,
    MessageKind.HANDOFF_UNAVAILABLE: Outcome.UNRESOLVED,
    MessageKind.OUT_OF_CREDITS: Outcome.UNRESOLVED,
}


def outcome_of(status: Status, replies: Sequence[MessageKind]) -> Outcome | None:
    """How a conversation of this status ends when it closes now; None when nothing was asked (CONV-1).

    `replies` are the kinds of what the agent and people said, oldest first. What people have, or ever replied to, they
    had. Else the agent's last reply decides, small talk and notices left aside.
    """
    if status in (Status.OPEN, Status.SNOOZED) or MessageKind.PERSON in replies:
        return Outcome.PERSON
    return next((_OUTCOMES[kind] for kind in reversed(replies) if kind in _OUTCOMES), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A customer, known to one channel by the provider's key."""

    id: int
    channel: str
    key: str
    name: str = ""
    email: str = ""
    language: str = ""


#: What the channels of imported conversations begin with; no channel of a workspace can be called so.
IMPORTED = "import:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A thread with a contact on a channel."""

    #: Unguessable, for it stands in links; the order of conversations is that of their times.
    id: str
    channel: str
    contact: Contact
    status: Status
    #: The agent that has it, or had it; "" when it began with people.
    agent: str = ""
    #: "user:NAME" or "team:NAME" while people have it; "" when it waits for whoever comes, or the agent has it.
    assignee: str = ""
    #: ISO 639-1 code that the contact writes in, as far as known.
    language: str = ""
    opened_at: datetime
    #: The last message of either side, or the end of a snooze after it: since when the silence lasts.
    last_message_at: datetime
    closed_at: datetime | None = None
    outcome: Outcome | None = None
    #: Counts the changes: a turn made from an older one is refused.
    version: int = 0

    @property
    def imported(self) -> bool:
        """Whether it was brought in from elsewhere: it is there to be read, never to be gone on with or charged."""
        return self.channel.startswith(IMPORTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An open conversation, with what decides whether it goes on to another person (HND-1)."""

    conversation: Conversation
    #: A contact waits for a person: the last word is not one's.
    waits: bool
    #: When the owner of now was given it, UTC; None while nobody was.
    given_at: datetime | None = None
    #: When the contact wrote the first thing that no person has replied to, UTC; None when there is none.
    wrote_at: datetime | None = None
    #: Who was given it since the contact or a person wrote last, as "user:NAME".
    tried: tuple[str, ...] = ()

    @property
    def since(self) -> datetime:
        """Since when the owner could have answered: it was given, or the contact wrote, whichever came later."""
        return max(self.given_at or self.conversation.opened_at, self.wrote_at or self.conversation.opened_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Threading:
    """When a message of a contact goes on with a conversation, and when it begins a new one (CONV-1)."""

    #: Silence of both sides that closes a conversation; at exactly this long it is closed.
    closes_after: timedelta
    #: Whether a later message reopens the same conversation (mail), or begins a new one (chat).
    reopens: bool

    def closes(self, conversation: Conversation, last_sender: Sender, at: datetime, *, unhandled: bool = False) -> bool:
        """Whether silence has closed the conversation at `at`.

        What waits for a person is never closed by the timer, and neither is what a person put aside. A conversation
        that people have waits for them until one of them has the last word: the agent's "somebody will be with you"
        is no answer. With `unhandled`, a message of the contact that the agent has not dealt with yet, it waits for the
        agent: after hours of downtime the agent answers first (CONV-2).
        """
        if conversation.status in (Status.CLOSED, Status.SNOOZED):
            return False
        if conversation.status is Status.OPEN and last_sender is not Sender.PERSON:
            return False
        if conversation.status is Status.PENDING and unhandled:
            return False
        return at >= self.closes_at(conversation)

    def closes_at(self, conversation: Conversation) -> datetime:
        """The moment at which silence closes the conversation, if it is one that silence closes."""
        return conversation.last_message_at + self.closes_after


class OptsFor(StrEnum):
    """What a contact wants of the agent, said with one word."""

    SILENCE = "silence"
    REPLIES = "replies"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A contact's message that is to be written down, with how its channel goes about it."""

    message: InboundMessage
    threading: Threading
    #: Who takes a conversation that begins with it; "" for people.
    agent: str
    #: "team:NAME" where people wait for what the agent must leave to them; "" for whoever comes.
    queue: str = ""
    #: The contact asks the agent to be silent, or to speak again; and what is said to that.
    opts: OptsFor | None = None
    confirmation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A contact's message is written down."""

    conversation: Conversation
    message: Message
    #: The same message had been written down before; nothing was changed.
    duplicate: bool
    #: The conversation was made for this message, or reopened by it.
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a turn costs, if its conversation has no unreversed charge yet (CRED-1, CRED-2)."""

    #: Credits, positive; the ledger's entry is negative.
    amount: int
    #: The policy that the conversation is paid by (CRED-4): the one in force when it began. `resolution` is written
    #: later, when the conversation is resolved; the turn then only needs room for it.
    policy: str
    #: What limits a new charge now (CRED-3); None: usage is counted, not limited.
    terms: CreditTerms | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Everything that one event changes, to be committed in one transaction or not at all."""

    #: The conversation as it was when the turn was made; its `version` must still be the stored one.
    conversation: Conversation
    #: What the conversation becomes: one event of the table away from what it was, or the same.
    status: Status
    #: Who has it then; "" for nobody, or the agent. A turn that closes keeps whoever had it, for mail may reopen it.
    assignee: str = ""
    #: "" leaves them as they are.
    agent: str = ""
    language: str = ""
    #: New messages, in order, ids still 0. Those of the agent and of people are queued for sending.
    messages: tuple[Message, ...] = ()
    charge: Charge | None = None
    #: The contact's messages that this turn deals with, by id. A person's reply, and closing, deal with all there are.
    handled: tuple[int, ...] = ()
    #: The agent's replies that still wait for sending are dropped: a person takes the conversation.
    withdraws: bool = False
    #: Of a turn that closes; None takes `outcome_of`.
    outcome: Outcome | None = None
    #: Of a turn that gives the conversation to people: what they are told of it (HND-4).
    summary: HandoffSummary | None = None
    #: The channel by which a person's reply goes to an address that was left in a chat (HND-2); "" when there is none.
    mailbox: str = ""
    #: Of a turn that snoozes: when it wakes by itself; None leaves it asleep until somebody writes.
    snoozed_until: datetime | None = None
    at: datetime
