"""A runner whose clock is set to and fro while it works: for the short test and the long one (R8)."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from custagent.core.conversation import Status
from custagent.core.message import DeliveryStatus, InboundMessage, MessageKind
from custagent.runtime.runner.runner import Runner

#: Silence that closes a chat (CONV-1).
LIMIT = timedelta(hours=24)
#: Moments that calendars stumble over: the ends of months and years, a leap day, both changes of the clocks in Europe.
ODD_MOMENTS = (
    datetime(2026, 3, 29, 0, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC),
    datetime(2028, 2, 28, 23, 30, tzinfo=UTC),
    datetime(2028, 2, 29, 22, 59, 59, tzinfo=UTC),
    datetime(2027, 1, 31, 23, 0, tzinfo=UTC),
)
STEPS = (
    timedelta(days=1),
    timedelta(days=-1),
    timedelta(hours=1),
    timedelta(hours=-1),
    LIMIT - timedelta(microseconds=1),
    LIMIT,
    timedelta(seconds=20),
    timedelta(days=40),
    timedelta(microseconds=-1),
)


@dataclass
class Walk:
    """What was said, and which conversations silence must have closed by now."""

    app: Any
    runner: Runner
    until: Callable[..., Awaitable[None]]
    chance: random.Random
    #: By contact: the conversation that goes on, and its last message's time.
    live: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    said: int = 0

    def jump(self) -> None:
        """Set the clock: by a step, or to one of the odd moments."""
        clock = self.app.clock
        to = clock.now() + self.chance.choice(STEPS) if self.chance.random() < 0.8 else self.chance.choice(ODD_MOMENTS)
        clock.advance(
            seconds=(to - clock.now()).days * 86400,
            microseconds=((to - clock.now()) % timedelta(days=1)) // timedelta(microseconds=1),
        )
        for key, (conversation, last) in list(self.live.items()):
            if clock.now() >= last + LIMIT:
                self.closed.add(conversation)
                del self.live[key]

    async def write(self, key: str) -> None:
        """A contact writes, and the answer goes out: whatever the clock says, in a moment."""
        self.said += 1
        now = self.app.clock.now()
        message = InboundMessage(
            channel="website",
            external_id=f"m{self.said}",
            contact_key=key,
            text="How long is the warranty?",
            sent_at=now,
        )
        begun = await self.runner.receive(message)
        name = begun.conversation.id
        assert begun.new is (key not in self.live), "0 early, 0 late closes"
        assert key not in self.live or self.live[key][0] == name
        self.live[key] = (name, now)
        store = self.app.store
        await self.until(lambda: store.conversations.messages(name)[-1].kind is MessageKind.ANSWER)
        await self.until(lambda: set(store.outbox.statuses(name).values()) == {DeliveryStatus.SENT})

    async def look(self) -> None:
        """The timers look, as they do every now and then: exactly those are closed whose time was over."""
        await asyncio.to_thread(self.runner.timers.look)
        listed = self.app.store.conversations.list(limit=10**6)
        assert {one.id for one in listed if one.status is Status.CLOSED} == self.closed


async def walk(app: Any, until: Callable[..., Awaitable[None]], *, jumps: int, seed: int) -> Walk:
    """Let the clock jump so often under a runner that works; AssertionError for anything early, late, twice or frozen."""
    runner = Runner(app)
    found = Walk(app=app, runner=runner, until=until, chance=random.Random(seed))
    working = asyncio.create_task(runner.run())
    try:
        for _ in range(jumps):
            found.jump()
            if found.chance.random() < 0.5:
                await found.look()
            await found.write(found.chance.choice("abc"))
            await found.look()
            assert not working.done(), "the lease is still this runner's"
    finally:
        runner.stop()
        async with asyncio.timeout(60):
            await working
    return found


def nothing_twice(found: Walk) -> None:
    """Every message once and answered once, in the order of writing; every conversation closed and charged once."""
    store = found.app.store
    listed = store.conversations.list(limit=10**6)
    messages = sorted((one for each in listed for one in store.conversations.messages(each.id)), key=lambda one: one.id)
    kinds = Counter(one.kind for one in messages)
    assert kinds[MessageKind.INBOUND] == kinds[MessageKind.ANSWER] == found.said
    heard = [one.id for one in messages if one.kind is MessageKind.INBOUND]
    assert heard == sorted(set(heard))
    entries = store.ledger.entries()
    assert Counter(one.conversation for one in entries) == Counter(each.id for each in listed)
    assert [one.id for one in entries] == list(range(1, len(entries) + 1))
    assert store.ledger.verify() is None
