"""People coming and going at random, and the conversations that must find their way (HND-1, HND-2, CRE-6).

Seats, hours across a clock change, capacity, absences, teams and assignments change between any two steps. What must
hold: every conversation has at most one owner and is never lost, no owner is without a paid seat, nobody waits in a queue
while somebody could serve them, no contact is told twice of a handoff without a word in between, and the same rows lead to
the same owners, also after a restart.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from custagent.conversation import handling
from custagent.conversation.lifecycle import threading_of, wake
from custagent.conversation.rerouting import targets_of
from custagent.conversation.service import AgentInForce, ConversationService
from custagent.core.agent import AgentDefinition, Assignment, Handoff
from custagent.core.answer import Answer, Question
from custagent.core.channel import ChannelKind, LiveChatChannel
from custagent.core.conversation import Conversation, Status, Turn
from custagent.core.message import InboundMessage, Message, MessageKind, Sender
from custagent.core.people import Seat, Team, User
from custagent.core.workspace import Workspace
from custagent.runtime.definitions.directory import WorkspaceDirectory
from custagent.runtime.definitions.rerouting import Rerouting
from custagent.store import Store
from custagent.store.presence import Absence
from custagent.testing import FrozenClock
from tests.machines.files import Files, blank, new_folder

NAMES = ("anna", "bo", "cleo", "dan")
#: What people have.
HELD = (Status.OPEN, Status.SNOOZED)
THREADING = threading_of(ChannelKind.LIVE_CHAT)
ANNOUNCES = (MessageKind.HANDOFF, MessageKind.HANDOFF_UNAVAILABLE)
#: In the night to 2026-03-29 Stockholm's clocks are set forward.
START = datetime(2026, 3, 28, 20, 0, tzinfo=UTC)

people = st.sampled_from(NAMES)
seats = st.sampled_from([Seat.SERVICE, Seat.SERVICE, Seat.SALES, Seat.NONE])
looks = st.booleans()
picks = st.integers(0, 99)
hours = st.sampled_from(
    [{}, {}, {}, {"mon-sun": "02:30-10:00"}, {"sat-sun": "22:00-02:30"}, {"mon-fri": "09:00-17:00"}]
)
targets = st.lists(
    st.sampled_from(["team:support", "team:night", "user:anna", "user:dan"]), min_size=1, max_size=3, unique=True
).map(tuple)


class Unasked:
    """An answerer that is never asked: the agent is paused and hands over at once."""

    def answer(self, question: Question) -> Answer:
        raise AssertionError(question.text)


class Setting:
    """What is in force, and the store of one process: all that routing knows."""

    def __init__(self, path: Path, clock: FrozenClock, world: Routing) -> None:
        self.store = Store(path, clock, make_conversation_id=lambda: f"c{next(world.ids):04}")
        self.clock = clock
        self.world = world

    def workspace(self) -> Workspace:
        return self.world.workspace

    def assigned(self) -> dict[str, Any]:
        return {"web": (self.world.agent, self.world.assignment, None)}

    def handoffs(self) -> dict[str, Any]:
        return {"web": self.world.assignment.handoff}

    def look(self) -> list[Conversation]:
        app = SimpleNamespace(store=self.store, clock=self.clock)
        return Rerouting(app, self).look()  # type: ignore[arg-type] # all that it asks of them

    def owners(self) -> dict[str, str]:
        return {one.id: one.assignee for one in self.store.conversations.list(limit=10**6)}


class Routing(RuleBasedStateMachine):
    """The rules."""

    def __init__(self) -> None:
        super().__init__()
        self.ids, self.numbers = count(1), count(1)
        self.clock = FrozenClock(START)
        self.agent = AgentDefinition(name="support")
        self.users = {name: self.make_user(name) for name in NAMES[:3]}
        self.members = {"support": ("anna", "bo"), "night": ("cleo",)}
        self.team_hours: dict[str, dict[str, str]] = {"support": {}, "night": {"mon-sun": "22:00-06:00"}}
        self.assign(to=("team:support",))
        self.folder = new_folder()
        self.setting = Setting(Files(database=blank(), log=b"").put(self.folder), self.clock, self)
        #: By conversation: its status, and the message that was the last when a person did something else than write.
        self.statuses: dict[str, Status] = {}
        self.actions: dict[str, list[int]] = {}

    def teardown(self) -> None:
        self.setting.store.close()
        shutil.rmtree(self.folder)

    def make_user(self, name: str, **given: Any) -> User:
        usual = {"full_name": name.title(), "email": f"{name}@northwind.example", "seat": Seat.SERVICE}
        return User(name=name, **{**usual, **given})

    def assign(self, **given: Any) -> None:
        self.assignment = Assignment(channel="web", handoff=Handoff(mode="transfer", **given))

    @property
    def workspace(self) -> Workspace:
        return Workspace(
            name="Northwind",
            timezone="Europe/Stockholm",
            users=tuple(self.users.values()),
            teams=tuple(
                Team(name=name, members=members, hours=self.team_hours[name]) for name, members in self.members.items()
            ),
            channels=(LiveChatChannel(name="web", kind="live-chat"),),
        )

    @property
    def store(self) -> Store:
        return self.setting.store

    def pick(self, number: int, *wanted: Status) -> Conversation | None:
        found = sorted(name for name, status in self.statuses.items() if status in wanted)
        return self.store.conversations.conversation(found[number % len(found)]) if found else None

    def commit(self, turn: Turn) -> None:
        self.store.conversations.commit(turn)
        self.statuses[turn.conversation.id] = turn.status

    def acted(self, conversation: Conversation) -> None:
        last = self.store.conversations.messages(conversation.id)[-1].id
        self.actions.setdefault(conversation.id, []).append(last)

    # Contacts and the agent, who hands everything over.

    @initialize(to=targets, after=st.sampled_from([None, "5m"]))
    def begin(self, to: tuple[str, ...], after: str | None) -> None:
        self.assign(to=to, reroute_after=after)
        for key in ("k1", "k2", "k3"):
            self.contact_writes(key)

    @rule(key=st.sampled_from(["k1", "k2", "k3", "k4", "k5"]))
    def contact_writes(self, key: str) -> None:
        now = self.clock.now()
        inbound = InboundMessage(
            channel="web", external_id=f"x{next(self.numbers)}", contact_key=key, text="Hello?", sent_at=now
        )
        begun = self.store.conversations.begin(inbound, THREADING, agent="support", at=now)
        before = self.store.conversations.list(status=Status.CLOSED, limit=10**6)
        self.statuses |= {one.id: Status.CLOSED for one in before}
        self.statuses[begun.conversation.id] = begun.conversation.status
        self.hand_over(begun.conversation.id)

    def hand_over(self, name: str) -> None:
        waiting = self.store.conversations.unhandled_in(name)
        if waiting is None:
            return
        conversation, messages = waiting
        directory = WorkspaceDirectory(self.setting.workspace, self.store, self.clock)
        service = ConversationService(
            directory=directory, clock=self.clock, texts=lambda _agent, key, language: f"{key} {language}"
        )
        agent = AgentInForce(
            definition=self.agent, assignment=self.assignment, version=1, generation=0, answerer=Unasked(), paused=True
        )
        thread = self.store.conversations.messages(name)
        self.commit(service.reply(agent, conversation, thread, messages))

    # People.

    @rule(number=picks)
    def person_replies(self, number: int) -> None:
        conversation = self.pick(number, *HELD)
        if conversation and conversation.assignee.startswith("user:"):
            user = conversation.assignee.removeprefix("user:")
            self.act(handling.reply(conversation, user, "Hi.", "en", self.clock.now()))

    @rule(number=picks, name=people)
    def person_takes(self, number: int, name: str) -> None:
        conversation = self.pick(number, *HELD, Status.PENDING)
        if conversation and self.has_seat(name):
            self.act(handling.take(conversation, name, self.clock.now()))

    @rule(number=picks, to=st.sampled_from(["", "team:support", "team:night", *(f"user:{name}" for name in NAMES)]))
    def person_assigns(self, number: int, to: str) -> None:
        conversation = self.pick(number, *HELD)
        if conversation and (not to.startswith("user:") or self.has_seat(to.removeprefix("user:"))):
            self.act(handling.assign(conversation, to, self.clock.now()))

    @rule(number=picks)
    def person_closes(self, number: int) -> None:
        if conversation := self.pick(number, *HELD):
            self.act(handling.close(conversation, self.clock.now()))

    @rule(number=picks)
    def person_releases(self, number: int) -> None:
        if conversation := self.pick(number, *HELD):
            disclosure = Message(
                conversation=conversation.id, sender=Sender.AGENT, kind=MessageKind.DISCLOSURE, text="I am an AI.",
                at=self.clock.now(),
            )  # fmt: skip
            self.act(handling.release(conversation, "support", disclosure, self.clock.now()))
            # It is not what the contact said before that it hands over again.
            self.hand_over(conversation.id)

    @rule(number=picks, minutes=st.sampled_from([None, 5, 60]))
    def person_snoozes(self, number: int, minutes: int | None) -> None:
        if conversation := self.pick(number, Status.OPEN):
            now = self.clock.now()
            self.act(handling.snooze(conversation, now, until=now + timedelta(minutes=minutes) if minutes else None))

    @rule(number=picks)
    def person_wakes(self, number: int) -> None:
        if conversation := self.pick(number, Status.SNOOZED):
            self.act(handling.wake_now(conversation, self.clock.now()))

    @rule()
    def snoozes_end(self) -> None:
        now = self.clock.now()
        for conversation in list(self.store.timers.ended_snoozes(now)):
            self.commit(wake(conversation, now))

    @rule(number=picks)
    def agent_answers(self, number: int) -> None:
        """What it says by itself is no handoff, and opens no way to another one."""
        if conversation := self.pick(number, Status.PENDING):
            said = Message(
                conversation=conversation.id, sender=Sender.AGENT, kind=MessageKind.ANSWER, text="Two years.",
                at=self.clock.now(),
            )  # fmt: skip
            waiting = self.store.conversations.unhandled_in(conversation.id)
            handled = tuple(message.id for message in waiting[1]) if waiting else ()
            now = self.clock.now()
            self.commit(
                Turn(conversation=conversation, status=Status.PENDING, messages=(said,), handled=handled, at=now)
            )

    def has_seat(self, name: str) -> bool:
        return name in self.users and self.users[name].seat is not Seat.NONE

    def act(self, turn: Turn) -> None:
        """A person did something."""
        self.acted(turn.conversation)
        self.commit(turn)

    @rule(name=people, hours_away=st.sampled_from([None, 1, 9]), looks=looks)
    def goes_away(self, name: str, hours_away: int | None, looks: bool) -> None:
        now = self.clock.now()
        until = now + timedelta(hours=hours_away) if hours_away else None
        self.store.presence.set_away(name, Absence(actor=name, since=now, until=until))
        self.look(looks=looks)

    @rule(name=people, looks=looks)
    def comes_back(self, name: str, looks: bool) -> None:
        self.store.presence.set_back(name, self.clock.now())
        self.look(looks=looks)

    # The workspace.

    @rule(name=people, seat=seats, capacity=st.sampled_from([None, None, 1, 2]), works=hours, looks=looks)
    def user_changes(self, name: str, seat: Seat, capacity: int | None, works: dict[str, str], looks: bool) -> None:
        self.users[name] = self.make_user(name, seat=seat, capacity=capacity, hours=works)
        self.look(looks=looks)

    @rule(name=people, looks=looks)
    def user_is_removed(self, name: str, looks: bool) -> None:
        self.users.pop(name, None)
        self.look(looks=looks)

    @rule(team=st.sampled_from(["support", "night"]), members=st.sets(people, min_size=1), works=hours, looks=looks)
    def team_changes(self, team: str, members: set[str], works: dict[str, str], looks: bool) -> None:
        self.members[team], self.team_hours[team] = tuple(sorted(members)), works
        self.look(looks=looks)

    @rule(
        to=targets,
        after=st.sampled_from([None, "5m", "1h"]),
        on=st.sampled_from([(), ("away",), ("away", "hours-end")]),
    )
    def assignment_changes(self, to: tuple[str, ...], after: str | None, on: tuple[str, ...]) -> None:
        self.assign(to=to, reroute_after=after, reroute_on=on)

    # Time, and the look.

    @rule(minutes=st.sampled_from([1, 5, 60, 9 * 60]), looks=looks)
    def pass_time(self, minutes: int, looks: bool) -> None:
        self.clock.advance(minutes=minutes)
        self.look(looks=looks)

    def look(self, *, looks: bool) -> None:
        """What is due is done, as it would be by a runner that has just begun with the same rows."""
        if not looks:
            return
        before, crowds = self.setting.owners(), dict(self.store.handoffs.owners())
        folder = new_folder()
        copy = Setting(Files.of(self.folder / "custagent.db").put(folder), self.clock, self)
        self.setting.look()
        copy.look()
        assert copy.owners() == self.setting.owners(), "the same rows lead to the same owners"
        copy.store.close()
        shutil.rmtree(folder)
        self.nobody_is_given_too_many(before, crowds)
        self.everybody_is_served()
        seated = {f"user:{name}" for name, user in self.users.items() if user.seat is not Seat.NONE}
        assert set(self.store.handoffs.owners()) <= seated, "an owner has no paid seat"
        assert self.setting.look() == [], "a second look finds nothing left to do"

    def nobody_is_given_too_many(self, before: dict[str, str], crowds: dict[str, int]) -> None:
        given = {owner for name, owner in self.setting.owners().items() if owner != before[name]}
        for owner in given & {f"user:{name}" for name in self.users}:
            capacity = self.users[owner.removeprefix("user:")].capacity
            # Those who go and those who come may change places: never are there more than fit, or than there were.
            fits = max(capacity, crowds.get(owner, 0)) if capacity else None
            assert fits is None or self.store.handoffs.owners().get(owner, 0) <= fits

    def everybody_is_served(self) -> None:
        directory = WorkspaceDirectory(self.setting.workspace, self.store, self.clock)
        for held in self.store.handoffs.queued(limit=10**6):
            queue = held.conversation.assignee
            assert directory.available(targets_of(queue, self.assignment.handoff, ())) == [], "somebody could serve it"

    @invariant()
    def nothing_is_lost(self) -> None:
        stored = self.store.conversations.list(limit=10**6)
        assert {one.id: one.status for one in stored} == self.statuses
        for one in stored:
            assert one.assignee == "" or one.assignee.startswith(("user:", "team:"))

    @invariant()
    def nobody_is_told_twice(self) -> None:
        for name in self.statuses:
            thread = self.store.conversations.messages(name)
            places = [place for place, message in enumerate(thread) if message.kind in ANNOUNCES]
            for one, next_ in pairwise(places):
                spoken = any(message.sender is not Sender.AGENT for message in thread[one:next_])
                acted = any(thread[one].id <= last < thread[next_].id for last in self.actions.get(name, ()))
                assert spoken or acted, "a second handoff message without a word or an action in between"
