"""Hours in the runner: who takes a new conversation (ASG-5), what its timers do, and what contacts hear (HND-2)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from custagent.core.conversation import Status
from custagent.core.message import InboundMessage
from custagent.runtime.definitions.assignments import unassign
from custagent.runtime.definitions.people import set_away
from custagent.runtime.runner.runner import Runner

OFFICE_HOURS = "    members: [anna, bo]\n    hours: {mon-fri: 09:00-14:00}"


@pytest.fixture
def runner(office) -> Iterator[Runner]:
    made = Runner(office.app)
    yield made
    made.release()


def receive(office, runner: Runner, key: str) -> Status:
    """A new contact writes; who has the conversation then."""
    now = office.clock.now()
    inbound = InboundMessage(channel="web", external_id=key, contact_key=key, text="Hej?", sent_at=now)

    async def write() -> Status:
        return (await runner.receive(inbound)).conversation.status

    return asyncio.run(write())


@pytest.mark.parametrize(
    ("hours", "found"),
    [
        ("always", (Status.PENDING, Status.PENDING)),
        ("team-hours", (Status.PENDING, Status.OPEN)),
        ("outside-team-hours", (Status.OPEN, Status.PENDING)),
    ],
)
def test_the_agent_takes_new_conversations_by_the_team_s_hours(office, change, runner, hours, found):
    while_they_work, after = found
    change("    members: [anna, bo]", OFFICE_HOURS)
    change("  - channel: web\n", f"  - channel: web\n    hours: {hours}\n")
    assert receive(office, runner, "k1") is while_they_work
    office.clock.advance(hours=1)
    assert receive(office, runner, "k2") is after
    # What has begun stays with whoever has it.
    assert office.store.conversations.latest("web", "k1").status is while_they_work


def test_the_runner_s_timers_give_out_what_waits(office, change, runner):
    change("    members: [anna, bo]", "    members: [anna, bo]\n    hours: {mon-fri: 14:00-18:00}")
    name = office.give("team:support")
    assert runner.timers.look() == []
    office.clock.advance(hours=1)
    assert [one.id for one in runner.timers.look()] == [name]
    assert office.owner(name).startswith("user:")


def test_who_is_taken_off_tells_when_somebody_is_there_again(office, change):
    change("    members: [anna, bo]", OFFICE_HOURS)
    name = office.hear(language="sv").id
    office.clock.advance(hours=1)
    unassign(office.app, "support")
    *_, last = office.store.conversations.messages(name)
    assert last.text.endswith("\n\nVi är tillbaka i morgon klockan 09:00 CET.")
    assert office.owner(name) == "team:support"
    (record,) = office.store.handoffs.records(name)
    assert (record.summary.reason, len(record.summary.asked)) == ("", 1)


def test_who_is_taken_off_while_all_are_away_tells_no_hours(office):
    name = office.hear().id
    set_away(office.app, "anna")
    set_away(office.app, "bo")
    unassign(office.app, "support")
    *_, last = office.store.conversations.messages(name)
    assert last.kind.value == "handoff-unavailable"
    assert "We are back" not in last.text
