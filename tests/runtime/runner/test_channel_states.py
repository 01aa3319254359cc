"""Channels that do not work: noticed, told once it has lasted, handed over, and told again when they work."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from custagent.core.conversation import Status
from custagent.core.errors import ChannelError, LeaseHeld, SendFault
from custagent.core.message import DeliveryReceipt, DeliveryStatus
from custagent.core.notification import NotificationEvent
from custagent.runtime.definitions.pauses import pause_channel, resume_channel
from custagent.runtime.in_force import InForce
from custagent.runtime.kinds.served import LiveChatKind, ServedKind, surroundings
from custagent.runtime.runner.channel_states import NOTICE, TOLD_AFTER, TRIES_EVERY, ChannelStates, in_words
from custagent.runtime.runner.delivery import Delivery
from custagent.store.channel_states import Way
from custagent.testing import FakeChannel

CHANNEL = "website"


class Watch:
    """The program's own watch, with a clock of monotonic time that the test sets."""

    def __init__(self, app, kinds=None) -> None:
        self.app, self.now = app, 0.0
        self.states = ChannelStates(
            app, InForce(app), fence=0, kinds=kinds or {"live-chat": LiveChatKind()}, around=surroundings(app),
            monotonic=lambda: self.now,
        )  # fmt: skip

    def passes(self, time: timedelta) -> None:
        self.app.clock.advance(seconds=time.total_seconds())
        self.now += time.total_seconds()

    @property
    def told(self) -> list[str]:
        return [one.text for one in reversed(self.app.store.notices.latest(9, kind=NOTICE))]


@pytest.fixture
def watch(live) -> Watch:
    return Watch(live)


def test_what_passes_by_itself_is_told_nobody(watch):
    watch.states.failed(CHANNEL, "away")
    watch.passes(TOLD_AFTER - timedelta(seconds=1))
    watch.states.look()
    watch.states.works(CHANNEL)
    watch.passes(TOLD_AFTER)
    watch.states.look()
    assert watch.told == []
    assert watch.app.store.channel_states.troubles() == ()


def test_what_lasts_is_told_once_and_its_end_too(watch):
    watch.states.failed(CHANNEL, "the token was refused")
    watch.passes(TOLD_AFTER)
    watch.states.failed(CHANNEL, "the token was refused")
    watch.states.look()
    watch.states.look()
    (told,) = watch.told
    assert told.startswith(f"{CHANNEL} has sent nothing since ")
    assert "the token was refused. Replies wait" in told
    assert told.endswith(f"custagent channels check {CHANNEL}")
    watch.states.works(CHANNEL)
    watch.states.works(CHANNEL)
    assert watch.told[1].startswith(f"{CHANNEL} is sending again, since ")
    assert len(watch.told) == 2
    # Another trouble later is another thing to tell.
    watch.passes(TOLD_AFTER)
    watch.states.failed(CHANNEL, "again")
    watch.passes(TOLD_AFTER)
    watch.states.look()
    assert len(watch.told) == 3


def test_programs_are_told_too_and_of_which_channel(watch, live):
    seen = []

    def write(_: str, happening) -> str:
        seen.append(happening)
        return "{}"

    watch.states.failed(CHANNEL, "away", Way.RECEIVING)
    watch.passes(TOLD_AFTER)
    watch.states.look()
    live.store.notifications.collect({"hook": tuple(NotificationEvent)}, write, live.clock.now())
    (happening,) = seen
    assert (happening.event, happening.channel, happening.conversation) == (NotificationEvent.CHANNEL, CHANNEL, "")
    assert "has received nothing since" in happening.text


def test_a_runner_goes_on_with_what_the_one_before_noticed(watch, live):
    watch.states.failed(CHANNEL, "away")
    watch.passes(TOLD_AFTER)
    follower = Watch(live)
    assert follower.states.is_noticed(CHANNEL)
    follower.states.look()
    assert len(follower.told) == 1


def test_the_agent_hands_over_while_people_know(watch, live):
    agent = InForce(live).agent_on(CHANNEL)
    assert agent is not None
    assert not agent.paused
    watch.states.failed(CHANNEL, "away")
    watch.passes(TOLD_AFTER)
    watch.states.look()
    out = InForce(live).agent_on(CHANNEL)
    assert (out.paused, out.paused_for.value) == (True, "channel-out")
    pause_channel(live, CHANNEL)
    watch.states.works(CHANNEL)
    held = InForce(live).agent_on(CHANNEL)
    assert (held.paused, held.paused_for.value) == (True, "paused")
    resume_channel(live, CHANNEL)
    assert not InForce(live).agent_on(CHANNEL).paused


def test_conversations_whose_replies_are_stuck_go_to_people(watch, live, hear, reply):
    stuck = hear(live, "k1", channel=CHANNEL)
    said = reply(live, stuck)
    arrived = hear(live, "k2", channel=CHANNEL)
    watch.states.failed(CHANNEL, "away")
    watch.passes(TOLD_AFTER)
    handed = watch.states.look()
    assert [one.id for one in handed] == [stuck.id]
    now = {one.id: one.status for one in live.store.conversations.list()}
    assert now == {stuck.id: Status.OPEN, arrived.id: Status.PENDING}
    assert [one.summary.reason for one in live.store.handoffs.records(stuck.id)] == ["channel-out"]
    # The reply is not withdrawn: it goes out when the channel works.
    assert live.store.outbox.waits(said.id)


def test_replies_that_fail_one_by_one_are_the_channels_trouble_when_several_do_for_long(watch):
    for seconds in (0, 60, 300):
        watch.passes(timedelta(seconds=seconds))
        watch.states.doubt(CHANNEL, 1, "time-out")
    assert watch.app.store.channel_states.troubles() == ()
    watch.states.doubt(CHANNEL, 2, "time-out")
    assert [one.reason for one in watch.app.store.channel_states.troubles()] == ["time-out"]


def test_a_reply_that_arrives_takes_the_doubts_away(watch):
    watch.states.doubt(CHANNEL, 1, "time-out")
    assert watch.states.is_noticed(CHANNEL)
    watch.states.works(CHANNEL)
    assert not watch.states.is_noticed(CHANNEL)
    watch.passes(TOLD_AFTER * 2)
    watch.states.doubt(CHANNEL, 2, "time-out")
    assert watch.app.store.channel_states.troubles() == ()


class Tried(ServedKind):
    """A kind whose channels are tried, and fail their check until told otherwise."""

    def __init__(self) -> None:
        self.wrong, self.tries = "the token was refused", 0

    def adapter(self, channel, _):
        kind = self

        class Adapter(FakeChannel):
            async def check(self):
                kind.tries += 1
                return [("it is there", ""), ("it knows us", kind.wrong)]

        return Adapter(channel.name)


def test_a_channel_with_nothing_to_send_is_tried_now_and_then(live):
    kind = Tried()
    watch = Watch(live, {"live-chat": kind})
    watch.states.failed(CHANNEL, "away")
    for _ in range(3):
        asyncio.run(watch.states.try_idle())
    assert kind.tries == 1
    watch.now += TRIES_EVERY
    kind.wrong = ""
    asyncio.run(watch.states.try_idle())
    assert kind.tries == 2
    assert live.store.channel_states.troubles() == ()


def test_a_channel_with_something_to_send_tells_by_that(live, hear, reply):
    reply(live, hear(live, channel=CHANNEL))
    kind = Tried()
    watch = Watch(live, {"live-chat": kind})
    watch.states.failed(CHANNEL, "away")
    asyncio.run(watch.states.try_idle())
    assert kind.tries == 0


def test_a_channel_that_was_removed_is_forgotten(watch, live, put):
    live.store.channel_states.begin(_trouble("gone", live))
    follower = Watch(live)
    follower.states.look()
    assert live.store.channel_states.troubles() == ()
    assert follower.told == []


def _trouble(channel, live):
    from custagent.store.channel_states import Trouble

    return Trouble(channel=channel, way=Way.SENDING, since=live.clock.now() - TOLD_AFTER, reason="away")


def test_what_people_read_says_what_to_do(watch, live):
    receiving = _trouble("post", live)
    assert in_words(receiving).endswith("away. Replies wait, and the agent's conversations there go to people.")


@pytest.mark.parametrize("fault", [SendFault.CHANNEL_OUT, SendFault.SLOW_CHANNEL])
def test_delivery_tells_that_a_channel_is_out_and_works_again(live, hear, reply, until, fault):
    reply(live, hear(live, channel=CHANNEL))
    watch, failing = Watch(live), [True]

    class Out(FakeChannel):
        async def send(self, outbound):
            if failing:
                raise ChannelError("the token was refused", fault=fault)
            return await super().send(outbound)

    adapter = Out(CHANNEL)
    loop = Delivery(
        live.store.outbox, lambda: {CHANNEL: adapter}, live.clock, fence=0, check=lambda: None, poll=0.01,
        monotonic=lambda: watch.now, states=watch.states,
    )  # fmt: skip

    async def scene() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(loop.run(stop))
        await until(live.store.channel_states.troubles)
        failing.clear()
        watch.passes(timedelta(minutes=5))
        await until(lambda: adapter.sent and not live.store.channel_states.troubles())
        stop.set()
        await task

    asyncio.run(scene())


def test_what_never_reached_the_provider_says_nothing_of_it(live, hear, reply, until):
    """A disclosure goes out with the mail that follows it: its receipt has no id."""
    reply(live, hear(live, channel=CHANNEL))
    watch = Watch(live)
    watch.states.failed(CHANNEL, "away")

    class Later(FakeChannel):
        async def send(self, outbound):
            self.sent.append(outbound)
            return DeliveryReceipt(status=DeliveryStatus.SENT)

    adapter = Later(CHANNEL)
    loop = Delivery(
        live.store.outbox, lambda: {CHANNEL: adapter}, live.clock, fence=0, check=lambda: None, poll=0.01,
        states=watch.states,
    )  # fmt: skip

    async def scene() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(loop.run(stop))
        await until(lambda: adapter.sent and not live.store.totals.waiting().replies)
        stop.set()
        await task

    asyncio.run(scene())
    assert live.store.channel_states.troubles()


def test_a_runner_that_was_overtaken_says_so(live):
    states = ChannelStates(
        live, InForce(live), fence=7, kinds={"live-chat": LiveChatKind()}, around=surroundings(live)
    )  # fmt: skip
    with pytest.raises(LeaseHeld):
        states.failed(CHANNEL, "away")
    live.store.channel_states.begin(_trouble(CHANNEL, live))
    states = ChannelStates(
        live, InForce(live), fence=7, kinds={"live-chat": LiveChatKind()}, around=surroundings(live)
    )  # fmt: skip
    with pytest.raises(LeaseHeld):
        asyncio.run(states.run(asyncio.Event()))
