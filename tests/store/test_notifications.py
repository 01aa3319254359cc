"""What webhooks are still to be told: read once from what happened, and kept until it arrived."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest

from custagent.core.conversation import Status
from custagent.core.errors import LeaseHeld
from custagent.core.handoff import HandoffSummary
from custagent.core.message import MessageKind
from custagent.core.notice import Notice
from custagent.core.notification import Happening, NotificationEvent
from custagent.store import Store
from tests.store.test_migrations import build

HANDOFF, OVERDUE, CREDITS, CHANNEL = NotificationEvent
EVERYTHING = {"hook": tuple(NotificationEvent)}


def written(id_: str, happening: Happening) -> str:
    return f"{id_} {happening.event} {happening.conversation}"


@pytest.fixture
def hand_over(desk):
    """A contact writes, and people get the conversation."""

    def give(key: str = "k1", assignee: str = "team:support"):
        conversation = desk.hear(key=key, language="sv").conversation
        summary = HandoffSummary(reason="angry", language="sv")
        desk.say(conversation, MessageKind.HANDOFF, status=Status.OPEN, assignee=assignee, summary=summary)
        return conversation

    return give


@pytest.fixture
def collect(store, clock):
    def run(wanted=None, **given) -> int:
        return store.notifications.collect(wanted or EVERYTHING, written, clock.now(), **given)

    return run


@pytest.fixture
def due(store, clock):
    return lambda *webhooks: store.notifications.due(clock.now(), webhooks=webhooks or ("hook",), limit=9)


def notice(clock, kind: str = "credits", conversation: str = "") -> Notice:
    return Notice(
        key=f"{kind} {clock.now()} {conversation}", kind=kind, permission="admin", text="Few are left.",
        conversation=conversation, at=clock.now(),
    )  # fmt: skip


def test_what_happened_is_read_once(store, collect, due, hand_over):
    conversation = hand_over()
    assert collect() == 1
    assert collect() == 0
    (one,) = due()
    assert one.body == f"{one.id} handoff {conversation.id}"
    assert (one.event, one.tries) == (HANDOFF, 0)
    hand_over("k2")
    assert collect() == 1
    assert len(due()) == 2


def test_everything_about_it_is_told_and_nothing_that_was_said(store, clock, hand_over):
    conversation = hand_over()
    told: list[Happening] = []
    store.notifications.collect(EVERYTHING, lambda id_, one: told.append(one) or id_, clock.now())
    stored = store.conversations.conversation(conversation.id)
    assert told == [
        Happening(
            event=HANDOFF, at=clock.now(), conversation=conversation.id, channel=stored.channel, language="sv",
            reason="angry", assignee="team:support", waiting_since=told[0].waiting_since,
        )
    ]  # fmt: skip
    assert told[0].waiting_since is not None


def test_notices_of_these_kinds_and_no_others(store, clock, collect, due, hand_over):
    conversation = hand_over()
    for kind, about in (("credits", ""), ("overdue", conversation.id), ("webhooks", "")):
        store.notices.tell(notice(clock, kind, about))
    assert collect() == 3
    assert sorted(one.body.partition(" ")[2] for one in due()) == [
        "credits ", f"handoff {conversation.id}", f"overdue {conversation.id}",
    ]  # fmt: skip


def test_each_webhook_is_told_what_it_wants_by_one_id(store, clock, collect, due, hand_over):
    hand_over()
    store.notices.tell(notice(clock))
    assert collect({"a": (HANDOFF, CREDITS), "b": (HANDOFF,), "c": (OVERDUE,)}) == 3
    ids = {(one.webhook, one.event): one.id for one in due("a", "b", "c")}
    assert ids.keys() == {("a", HANDOFF), ("a", CREDITS), ("b", HANDOFF)}
    assert ids["a", HANDOFF] == ids["b", HANDOFF]


def test_nobody_is_told_what_happened_before_they_came(collect, due, hand_over):
    hand_over()
    assert collect({"other": (OVERDUE,)}) == 0
    assert collect() == 0
    assert due() == ()


def test_what_arrived_is_told_no_more(store, clock, collect, due, hand_over):
    hand_over()
    collect()
    store.notifications.note_sent(due()[0], clock.now())
    assert due() == ()
    assert store.notifications.states()["hook"].sent == 1


def test_what_failed_waits_and_lets_the_others_go_first(store, clock, collect, due, hand_over):
    for key in ("k1", "k2"):
        hand_over(key)
    collect()
    first, second = due()
    later, hold = clock.now() + timedelta(minutes=5), clock.now() + timedelta(minutes=1)
    store.notifications.note_failed(first, "it answered 500", later, clock.now(), held_until=hold)
    assert due() == ()
    clock.advance(minutes=1)
    assert [one.id for one in due()] == [second.id]
    clock.advance(minutes=4)
    assert [(one.id, one.tries) for one in due()] == [(second.id, 0), (first.id, 1)]
    state = store.notifications.states()["hook"]
    assert (state.waiting, state.failing, state.error) == (2, 1, "it answered 500")


def test_what_was_given_up_is_told_of_and_may_be_tried_again(store, clock, collect, due, hand_over):
    hand_over()
    collect()
    store.notifications.give_up(due()[0], "it answered 500", clock.now(), notice(clock, "webhooks"))
    assert due() == ()
    assert store.notices.latest(9)[0].kind == "webhooks"
    assert store.notifications.states()["hook"].given_up == 1
    clock.advance(days=2)
    assert store.notifications.retry(["other"], clock.now()) == 0
    assert store.notifications.retry(["hook"], clock.now()) == 1
    (again,) = due()
    # It has another day.
    assert again.since == clock.now()


def test_a_receiver_that_is_gone_is_told_nothing_until_somebody_says_so(store, clock, collect, due, hand_over):
    hand_over()
    collect()
    store.notifications.stop("hook", "it answered 410", clock.now(), notice(clock, "webhooks"))
    hand_over("k2")
    assert collect() == 1
    assert due() == ()
    assert store.notifications.states()["hook"].stopped_at == clock.now()
    store.notifications.retry(["hook"], clock.now())
    assert len(due()) == 2
    assert store.notifications.states()["hook"].stopped_at is None


def test_it_is_forgotten_in_time(store, clock, collect, due, hand_over):
    hand_over()
    hand_over("k2")
    collect({**EVERYTHING, "removed": (HANDOFF,)})
    store.notifications.note_sent(due()[0], clock.now())
    assert store.notifications.forget(clock.now(), webhooks=["hook"]) == 2
    assert store.notifications.states().keys() == {"hook"}
    assert len(due()) == 1
    clock.advance(days=31)
    assert store.notifications.forget(clock.now(), webhooks=["hook"]) == 2
    assert store.notifications.forget(clock.now(), webhooks=["hook"]) == 0


def test_a_runner_that_was_replaced_writes_nothing(store, clock, collect, due, hand_over):
    hand_over()
    with pytest.raises(LeaseHeld):
        collect(fence=7)
    assert due() == ()
    assert collect() == 1
    with pytest.raises(LeaseHeld):
        store.notifications.note_sent(due()[0], clock.now(), fence=7)
    with pytest.raises(LeaseHeld):
        store.notifications.stop("hook", "gone", clock.now(), notice(clock), fence=7)
    assert len(due()) == 1


def test_a_crowd_is_read_in_pieces(store, clock, collect, due):
    for number in range(501):
        store.notices.tell(
            Notice(key=str(number), kind="credits", permission="admin", text=f"{number}", at=clock.now())
        )
    assert [collect(), collect(), collect()] == [500, 1, 0]


def test_what_happened_before_the_upgrade_is_not_told(path, clock):
    with closing(build(path, 19)):
        pass
    with Store(path, clock) as store:
        assert store.notifications.collect(EVERYTHING, written, clock.now()) == 0
        store.notices.tell(notice(clock))
        assert store.notifications.collect(EVERYTHING, written, clock.now()) == 1
