"""The place where people work on conversations: what they see of one, and what they do with it (HND-5).

The web inbox and `custagent inbox` share it. Each change is one turn, committed to the conversation as it is stored, so
that it cannot overwrite what somebody else has done meanwhile; the runner sends what is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from custagent.answer.wording import Wording
from custagent.conversation import handling
from custagent.core.answer import Answer
from custagent.core.conversation import Conversation, ImpossibleTransition, Status, Turn
from custagent.core.errors import Overtaken, PermissionDenied, UnknownName, UsageError
from custagent.core.message import Message, MessageKind, Sender, Verdict, may_be_judged
from custagent.core.note import Note
from custagent.core.people import Permission, Seat, User
from custagent.core.record import AuditEntry
from custagent.locales.staff import staff_words
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.handover import LiveAssignment, live_assignments
from custagent.runtime.inbox.conversations import ConversationRecord, find_conversation
from custagent.runtime.inbox.drafts import draft, wants_draft
from custagent.runtime.inbox.explain import Explanation, explain_message
from custagent.runtime.inbox.outbox import OutboxChange, drop_replies, retry_replies
from custagent.runtime.inbox.reply_ways import mailbox_for, require_window
from custagent.store.conversations.queue import Item, View, Waiting, Wanted
from custagent.store.conversations.search import Filter, Hit

#: The conversation may change between reading and writing, for contacts go on writing.
_TRIES = 5
#: What a contact reads at once; longer texts are refused rather than cut.
LONGEST_TEXT = 10_000
_BUSY_HINT = "Look at it again, then decide anew."


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A conversation as the person sees it who works on it."""

    #: With why people have it and what was tried (HND-4).
    record: ConversationRecord
    #: What people told each other about it, oldest first.
    notes: Sequence[Note]
    #: Since when the contact waits for a person, UTC; None when they do not.
    waiting_since: datetime | None
    #: What others have begun to write, and when they last changed it, by user.
    writing: Mapping[str, datetime]
    #: What the one who looks has begun to write, "" for nothing.
    draft: str
    #: The agent's replies that a person here called wrong: who did, by message id.
    wrong: Mapping[int, str]
    #: Whether the agent there only drafts (ASG-5), and the contact has said something since a person did.
    wants_draft: bool


class Inbox:
    """What one person sees and does. Raises PermissionDenied, from anything, without the permission `answer`."""

    def __init__(self, app: Application, user: User | None = None) -> None:
        """`user` acts, such as somebody who has signed in; without one the acting user of the command line."""
        who = user or app.actor.user
        if not app.workspace.may(who, Permission.ANSWER):
            raise PermissionDenied(
                f"{(who.name if who else app.actor.name) or 'somebody without a name'} may not do this: it needs the"
                f" permission {Permission.ANSWER.value}",
                hint="Say who acts with --as NAME, or have an admin add the permission in custagent.yaml.",
            )
        self._app = app
        #: As in "user:NAME". A workspace that lists no users goes by what git knows.
        self.name = who.name if who else app.actor.name or "somebody"

    def items(self, wanted: Wanted, *, limit: int = 50, offset: int = 0, noted: bool = True) -> Sequence[Item]:
        """A page of a view; `View.MINE` is this person's. It shows what contacts wrote last: with `noted` the access is
        written down, without, as for a page that looks again by itself, not again.
        """
        found = self._app.store.queue.items(replace(wanted, user=self.name), limit=limit, offset=offset)
        if noted:
            self._app.store.audit.record(replace(self._entry("inbox list", wanted.view.value), after=_shown(found)))
        return found

    def counts(self) -> Mapping[View, int]:
        """How many conversations there are in each view."""
        return self._app.store.queue.counts(self.name)

    def waiting(self, *, limit: int = 50) -> Waiting:
        """What waits for this person, and what for whoever comes."""
        return self._app.store.queue.waiting(self.name, limit=limit)

    def find(self, words: str, wanted: Wanted, *, limit: int, after: str = "") -> Sequence[Hit]:
        """The conversations, of any view, with a message that holds all the words, on `wanted`'s channel and in its
        language; the latest first, with `after` those that follow that one. None where there is no word.
        """
        self._app.store.search.note_words()
        where = Filter(channel=wanted.channel, language=wanted.language)
        found = self._app.store.search.find(words, where, limit=limit, before=after)
        # Not the words: they may be a contact's.
        self._app.store.audit.record(replace(self._entry("inbox search", ""), after=f"{len(found)} found"))
        return found

    def open(self, conversation: str, *, noted: bool = True) -> Thread:
        """All of one conversation; with `noted` the access is written down, and the messages count as seen.

        Without, as for a page that looks again, it is written down for who has never opened it. Raises UnknownName.
        """
        store = self._app.store
        record = find_conversation(self._app, conversation)
        if noted or not store.notes.has_seen(conversation, self.name):
            store.audit.record(self._entry("inbox read", conversation))
            if record.messages:
                store.notes.note_seen(conversation, self.name, record.messages[-1].id)
        drafts = store.notes.drafts_of(conversation)
        return Thread(
            record=record,
            notes=store.notes.of(conversation),
            waiting_since=store.queue.waiting_since(conversation),
            writing={author: at for author, (_, at) in drafts.items() if author != self.name},
            draft=drafts.get(self.name, ("",))[0],
            wrong={
                message: author
                for message, (verdict, author) in store.feedback.judgements(conversation).items()
                if verdict is Verdict.DOWN
            },
            wants_draft=wants_draft(self._app, record),
        )

    def take(self, conversation: str) -> Conversation:
        """It is this person's from now on; the agent's unsent replies are withdrawn. Raises UnknownName, UsageError."""
        return self._change(conversation, "take", lambda now: handling.take(now, self.name, self._at()))

    def assign(self, conversation: str, target: str) -> Conversation:
        """Give it to "user:NAME", into the queue of "team:NAME", or of whoever comes ("nobody")."""
        wanted = "" if target == "nobody" else self._target(target)
        return self._change(conversation, f"assign {target}", lambda now: handling.assign(now, wanted, self._at()))

    def reply(self, conversation: str, text: str, *, seen: int | None = None) -> Message:
        """Write to the contact. With `seen`, the last message that the person has seen, nothing is written when
        somebody wrote after it.

        Raises UnknownName, UsageError for a text that is empty or too long, or when the channel takes none any more,
        Overtaken.
        """
        words = _text(text)
        written: list[Message] = []

        def turn(now: Conversation) -> Turn:
            self._require_seen(now, seen)
            language = now.language or now.contact.language or self._app.workspace.default_language
            require_window(self._app.store, self._app.workspace, now, self._at())
            made = handling.reply(now, self.name, words, language, self._at())
            return replace(made, mailbox=mailbox_for(self._app.workspace, now))

        self._change(conversation, "reply", turn, written=written)
        self.keep_draft(conversation, "")
        self._app.store.notes.note_seen(conversation, self.name, written[-1].id)
        return written[-1]

    def note(self, conversation: str, text: str) -> Note:
        """Tell the others something; the contact never sees it. Raises UnknownName, UsageError."""
        note = Note(conversation=conversation, author=self.name, text=_text(text), at=self._at())
        return self._app.store.notes.add(note, audit=self._entry("inbox note", conversation))

    def release(self, conversation: str) -> Conversation:
        """Give it back to the agent, which says that it is an AI (ASG-4).

        Raises UsageError when no agent is live on the channel.
        """

        def turn(now: Conversation) -> Turn:
            live = self._live(now)
            language = now.language or now.contact.language or live.agent.default_language
            said = Wording(agent=live.agent, wanted=language).message("disclosure")
            disclosure = Message(
                conversation=now.id, sender=Sender.AGENT, kind=MessageKind.DISCLOSURE, text=said.text,
                language=said.language, at=self._at(),
            )  # fmt: skip
            return handling.release(now, live.agent.name, disclosure, self._at())

        return self._change(conversation, "release", turn)

    def snooze(self, conversation: str, *, until: datetime | None = None) -> Conversation:
        """Put it aside until a moment, or until the contact writes. Raises UsageError for a moment that is past."""
        if until is not None and until <= self._at():
            raise UsageError("the moment is past", hint="Write a time to come, such as 3h or 2026-12-24T09:00.")
        told = f"snooze until {until:%Y-%m-%d %H:%M}" if until else "snooze"
        return self._change(conversation, told, lambda now: handling.snooze(now, self._at(), until=until))

    def wake(self, conversation: str) -> Conversation:
        """Take out again what was put aside."""
        return self._change(conversation, "wake", lambda now: handling.wake_now(now, self._at()))

    def close(self, conversation: str) -> Conversation:
        """It is done."""
        return self._change(conversation, "close", lambda now: handling.close(now, self._at()))

    def keep_draft(self, conversation: str, text: str) -> None:
        """What this person has written so far; the others see that, not what."""
        self._app.store.notes.keep_draft(conversation, self.name, text[:LONGEST_TEXT], self._at())

    def send_again(self, conversation: str, reply: int) -> None:
        """Put a reply back that did not arrive. Raises UnknownName, UsageError where it has to stay as it is."""
        self._require_reply(conversation, reply)
        _refuse_refused(retry_replies(self._app, [reply]))

    def give_up(self, conversation: str, reply: int) -> None:
        """Do not try a reply any more. Raises UnknownName, UsageError where it has to stay as it is."""
        self._require_reply(conversation, reply)
        _refuse_refused(drop_replies(self._app, [reply]))

    def judge(self, conversation: str, reply: int | None = None, *, wrong: bool) -> int:
        """Say that the agent's reply was wrong, or take that back; kept beside what the contact thinks of it (GAP-2).

        Without `reply` its last one; which one it was. Raises UnknownName for what is no reply of the agent to a question
        in the conversation.
        """
        if reply is None:
            said = self._app.store.conversations.messages(conversation)
            reply = next((one.id for one in reversed(said) if may_be_judged(one.sender, one.kind)), 0)
        action = "inbox wrong answer" if wrong else "inbox answer not wrong"
        entry = replace(self._entry(action, conversation), after=f"message {reply}")
        verdict = Verdict.DOWN if wrong else None
        feedback = self._app.store.feedback
        feedback.judge(reply, verdict, self._at(), conversation=conversation, author=self.name, audit=entry)
        return reply

    def why(self, conversation: str, reply: int) -> Explanation:
        """What a reply of the agent rests on. Raises UnknownName, UsageError where nothing was decided."""
        self._require_reply(conversation, reply)
        self.note_reading(conversation)
        return explain_message(self._app, reply)

    def note_reading(self, conversation: str) -> None:
        """Who looks at something of a conversation leaves a record of it, once."""
        if not self._app.store.notes.has_seen(conversation, self.name):
            self._app.store.audit.record(self._entry("inbox read", conversation))

    def suggest(self, conversation: str) -> Answer | None:
        """What the agent would say to the contact's last words; free, and never sent by itself (ASG-5).

        None when the contact has said nothing since a person did. Raises UnknownName, UsageError without an agent.
        """
        record = find_conversation(self._app, conversation)
        live = self._live(record.conversation)
        self._app.store.audit.record(self._entry("inbox suggest", conversation))
        return draft(self._app, live.agent, record)

    def _change(
        self,
        conversation: str,
        what: str,
        turn: Callable[[Conversation], Turn],
        *,
        written: list[Message] | None = None,
    ) -> Conversation:
        """Commit the turn to the conversation as it is; once more when it has changed in between."""
        for tried in range(_TRIES):
            now = self._now(conversation)
            try:
                messages = self._app.store.conversations.commit(turn(now))
            except ImpossibleTransition as error:
                raise UsageError(_impossible(now, what), hint=_BUSY_HINT) from error
            except Overtaken:
                if tried < _TRIES - 1:
                    continue
                raise
            if written is not None:
                written += messages
            self._app.store.audit.record(self._entry(f"inbox {what}", conversation, before=_owner(now)))
            break
        return self._now(conversation)

    def _now(self, conversation: str) -> Conversation:
        now = self._app.store.conversations.conversation(conversation)
        if now is None:
            raise UnknownName(f"there is no conversation {conversation!r}", hint="custagent inbox list")
        if now.imported:
            raise UsageError(
                f"{conversation} was imported from another tool: it is there to be read", hint="custagent inbox list"
            )
        return now

    def _require_seen(self, conversation: Conversation, seen: int | None) -> None:
        if seen is None:
            return
        later = self._app.store.conversations.messages(conversation.id, after=seen)
        if any(one.sender is not Sender.PERSON or one.author != self.name for one in later):
            raise SomebodyWrote(
                "Somebody wrote meanwhile. Nothing was sent; your text is kept.", hint="Read it, then send again."
            )

    def _require_reply(self, conversation: str, reply: int) -> None:
        """Raises UnknownName for what is not ours to the contact of this conversation."""
        found = self._app.store.conversations.message(reply)
        if found is None or found.conversation != conversation or found.sender is Sender.CONTACT:
            raise UnknownName(
                f"there is no reply {reply} in {conversation}", hint=f"custagent inbox show {conversation}"
            )

    def _live(self, conversation: Conversation) -> LiveAssignment:
        live = live_assignments(self._app).get(conversation.channel)
        if live is None:
            raise UsageError(
                f"no agent is live on {conversation.channel}",
                hint=f"custagent assign AGENT {conversation.channel}",
            )
        return live

    def _target(self, target: str) -> str:
        """Raises UnknownName for somebody who is not in custagent.yaml, UsageError for a user who may not answer."""
        kind, _, name = target.partition(":") if ":" in target else ("user", "", target)
        workspace = self._app.workspace
        user = next((one for one in workspace.users if one.name == name), None)
        if kind == "user" and user is not None:
            if not workspace.may(user, Permission.ANSWER):
                raise UsageError(
                    f"{name} may not answer: the permission answer is missing", hint="custagent users list"
                )
            if user.seat is Seat.NONE:
                # Rerouting would take it away again at once (HND-1).
                raise UsageError(
                    f"{name} holds no seat, so conversations cannot be assigned to {name}",
                    hint="Who holds one: custagent users list",
                )
            return f"user:{name}"
        if kind == "team" and any(team.name == name for team in workspace.teams):
            return f"team:{name}"
        raise UnknownName(
            f"there is no {kind} {name!r}",
            hint="Name user:NAME, team:NAME, or nobody. Who there is: custagent users list",
        )

    def _entry(self, action: str, conversation: str, *, before: str = "") -> AuditEntry:
        return replace(self._app.audit_entry(action, conversation, before=before), actor=self.name)

    def _at(self) -> datetime:
        return self._app.clock.now()


def age(length: timedelta) -> str:
    """How long somebody has waited, in short: "3 min", "2 h", "5 d"."""
    return staff_words().length(length)


def _refuse_refused(change: OutboxChange) -> None:
    """Raises UsageError for a reply that stayed as it was."""
    for one in change.refused:
        raise UsageError(one.error, hint=one.hint)


class SomebodyWrote(UsageError):
    """A reply to what is not the last word any more."""


def _text(text: str) -> str:
    words = text.strip()
    if not words:
        raise UsageError("there is nothing to write", hint="Write a text.")
    if len(words) > LONGEST_TEXT:
        raise UsageError(f"the text has {len(words)} letters; {LONGEST_TEXT} are the most", hint="Write two messages.")
    return words.encode("utf-8", "replace").decode("utf-8")


def _impossible(conversation: Conversation, what: str) -> str:
    """In words for the one who wanted it."""
    have = {
        Status.PENDING: "the agent has it",
        Status.OPEN: "people have it already",
        Status.SNOOZED: "it is put aside",
        Status.CLOSED: "it is closed",
    }
    return f"{conversation.id} cannot be changed by {what.partition(' ')[0]}: {have[conversation.status]}"


def _shown(items: Sequence[Item]) -> str:
    """For the record: whose words were seen."""
    return " ".join(one.conversation.id for one in items)


def _owner(conversation: Conversation) -> str:
    return f"{conversation.status.value} {conversation.assignee}".strip()
