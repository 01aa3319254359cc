"""People's conversations find their way: queues, absences, hours, and answers that do not come."""

from __future__ import annotations

from datetime import timedelta

import pytest

from custagent.core.conversation import Status
from custagent.core.message import MessageKind
from custagent.runtime.definitions import rerouting
from custagent.store.presence import Absence

HANDOFF, PERSON = MessageKind.HANDOFF, MessageKind.PERSON


@pytest.fixture
def away(office):
    def leave(*names: str, hours: float | None = None) -> None:
        now = office.clock.now()
        until = now + timedelta(hours=hours) if hours else None
        for name in names:
            office.store.presence.set_away(name, Absence(actor=name, since=now, until=until))

    return leave


class TestQueue:
    def test_who_comes_back_gets_it_oldest_first_and_the_contact_hears_nothing_new(self, office, away, change):
        change("    seat: service\n    languages", "    seat: service\n    capacity: 2\n    languages")
        away("anna", "bo")
        waiting = [office.give("team:support", f"k{number}") for number in range(3)]
        assert office.look() == []
        office.store.presence.set_back("bo", office.clock.now())
        assert office.look() == waiting[:2]
        assert [office.owner(name) for name in waiting] == ["user:bo", "user:bo", "team:support"]
        assert office.said(waiting[0]) == ["inbound", "handoff"]
        office.say(waiting[0], status=Status.CLOSED)
        assert office.look() == waiting[2:]

    def test_those_who_are_there_share_it(self, office):
        for number in range(4):
            office.give("team:support", f"k{number}")
        assert len(office.look()) == 4
        assert dict(office.store.handoffs.owners()) == {"user:anna": 2, "user:bo": 2}

    def test_who_speaks_the_language_comes_first(self, office):
        for number in range(2):
            conversation = office.hear(f"k{number}", language="sv")
            office.say(conversation.id, HANDOFF, assignee="team:support")
        office.look()
        assert dict(office.store.handoffs.owners()) == {"user:bo": 2}

    def test_what_people_had_from_the_start_is_given_out_without_a_word_of_the_agent(self, office):
        conversation = office.hear(agent="")
        assert office.look() == [conversation.id]
        assert office.said(conversation.id) == ["inbound"]

    def test_where_the_agent_only_suggests_they_go_to_whom_its_assignment_names(self, office, change):
        change("to: [team:support], reroute_after: 15m}", "to: [user:bo], reroute_after: 15m}\n    mode: suggest")
        names = [office.hear(f"k{number}", agent="").id for number in range(3)]
        office.look()
        assert [office.owner(name) for name in names] == ["user:bo"] * 3
        assert office.said(names[0]) == ["inbound"]

    def test_another_team_s_queue_is_that_team_s(self, office):
        name = office.give("team:spare")
        office.look()
        assert office.owner(name) == "user:bo"

    def test_the_queue_of_a_team_that_is_gone_is_nobody_s(self, office, away):
        away("bo")
        name = office.give("team:gone")
        assert office.look() == [name]
        assert office.owner(name) == "user:anna"

    def test_more_than_one_look_moves(self, office, monkeypatch):
        monkeypatch.setattr(rerouting, "MOST_AT_ONCE", 2)
        for number in range(3):
            office.give("team:support", f"k{number}")
        routing = office.rerouting()
        assert len(routing.look()) == 2
        assert routing.next_at() == office.clock.now()
        assert len(routing.look()) == 1


class TestAway:
    def test_whose_contact_waits_goes_to_the_next_and_the_rest_stays(self, office, away):
        waits, answered = office.give("user:anna", "k1"), office.give("user:anna", "k2")
        office.say(answered, PERSON)
        away("anna")
        assert office.look() == [waits]
        assert (office.owner(waits), office.owner(answered)) == ("user:bo", "user:anna")
        # Nobody had spoken since the agent said that a colleague comes.
        assert office.said(waits) == ["inbound", "handoff"]
        office.hear("k2")
        assert office.look() == [answered]
        assert office.said(answered) == ["inbound", "handoff", "person", "inbound", "handoff"]

    def test_with_nobody_else_it_waits_for_whoever_comes_first(self, office, away):
        name = office.give("user:anna")
        away("anna", hours=1)
        away("bo")
        assert office.look() == [name]
        assert office.owner(name) == "team:support"
        assert office.rerouting().next_at() == office.clock.now() + timedelta(hours=1)
        office.clock.advance(hours=1)
        office.look()
        assert office.owner(name) == "user:anna"

    def test_as_it_is_set(self, office, away, change):
        change("reroute_after: 15m", "reroute_on: []")
        name = office.give("user:anna")
        away("anna")
        assert office.look() == []
        assert office.owner(name) == "user:anna"

    def test_without_anybody_to_give_it_to_it_stays(self, office, away, change):
        change("mode: transfer, to: [team:support], reroute_after: 15m", "mode: stay")
        name = office.give("user:anna")
        away("anna")
        assert office.look() == []
        assert office.owner(name) == "user:anna"


class TestHours:
    def test_their_end_gives_it_on_where_that_is_set(self, office, change):
        # It is 13:00 in Stockholm.
        change("    languages: [sv]", "    languages: [sv]\n    hours: {mon-fri: 09:00-14:00}")
        name = office.give("user:bo")
        office.clock.advance(hours=1)
        assert office.look() == [name], "nobody answered for 15 minutes"
        change("reroute_after: 15m", "reroute_on: [away, hours-end]")
        other = office.give("user:bo", "k2")
        assert office.look() == [other]
        assert office.owner(other) == "user:anna"

    def test_their_begin_works_the_queue_off(self, office, change):
        change("    members: [anna, bo]", "    members: [anna, bo]\n    hours: {mon-fri: 14:00-15:00}")
        name = office.give("team:support")
        assert office.look() == []
        assert office.rerouting().next_at() == office.clock.now() + timedelta(hours=1)
        office.clock.advance(hours=1)
        assert office.look() == [name]


class TestLate:
    def test_exactly_the_time_that_is_set_to_everybody_once_and_then_no_more(self, office):
        name = office.give("user:anna")
        assert office.rerouting().next_at() == office.clock.now() + timedelta(minutes=15)
        office.clock.advance(minutes=15, microseconds=-1)
        assert office.look() == []
        office.clock.advance(microseconds=1)
        assert office.look() == [name]
        assert office.owner(name) == "user:bo"
        office.clock.advance(minutes=15)
        assert office.look() == [], "anna had it for the same words"
        assert office.rerouting().next_at() is None
        assert office.said(name) == ["inbound", "handoff"]
        # New words of the contact: bo has taken too long already.
        office.hear()
        assert office.look() == [name]
        assert office.owner(name) == "user:anna"
        assert office.said(name) == ["inbound", "handoff", "inbound", "handoff"]

    def test_an_answer_stops_the_clock(self, office):
        name = office.give("user:anna")
        office.say(name, PERSON)
        office.clock.advance(hours=5)
        assert office.look() == []
        assert office.rerouting().next_at() is None


class TestLost:
    @pytest.mark.parametrize(
        "edit", [("  - {name: anna,", "  - {name: ann,"), ("seat: service, permissions", "seat: none, permissions")]
    )
    def test_whoever_has_no_seat_has_no_conversation(self, office, change, edit):
        waits, answered = office.give("user:anna", "k1"), office.give("user:anna", "k2")
        office.say(answered, PERSON)
        if "ann," in edit[1]:
            change("[anna, bo]", "[bo]")
        change(*edit)
        assert office.look() == [waits, answered]
        assert (office.owner(waits), office.owner(answered)) == ("user:bo", "user:bo")
        # Nobody waits in the second: a word of the agent would only ask for an answer.
        assert office.said(answered) == ["inbound", "handoff", "person"]

    def test_what_was_put_aside_follows_when_it_wakes(self, office, change):
        name = office.give("user:anna")
        office.say(name, status=Status.SNOOZED)
        change("seat: service, permissions", "seat: none, permissions")
        assert office.look() == []
        office.hear()
        assert office.look() == [name]


def test_a_turn_in_between_is_left_alone(office, away):
    name = office.give("user:anna")
    away("anna")
    stale = office.rerouting()
    read = stale._app.store.handoffs.held_by("user:anna", waiting=True, limit=9)
    office.say(name, PERSON)
    stale._give(read[0], "user:bo", stale._directory.look())
    assert office.owner(name) == "user:anna"


def test_whoever_was_given_it_by_one_team_keeps_it_while_another_sleeps(office, change):
    """bo is in both; what waits with the one that works must not be taken back by the hours of the other."""
    change("reroute_after: 15m", "reroute_on: [away, hours-end]")
    change("    members: [anna, bo]", "    members: [anna, bo]\n    hours: {sat: 09:00-10:00}")
    name = office.give("team:spare")
    assert office.look() == [name]
    assert office.owner(name) == "user:bo"
    assert office.look() == []
