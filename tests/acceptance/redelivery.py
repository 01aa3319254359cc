"""Every batch delivered one to five times, shuffled, many at once: what must not be there twice (R2)."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from custagent.testing.meta import FakeMeta
from custagent.testing.meta_words import as_bytes, envelope, text_item
from tests.acceptance.phone import CHANNEL

#: Requests under way at a time.
AT_ONCE = 24
QUESTION = "How long is the warranty?"


@dataclass(frozen=True, kw_only=True)
class Redelivered:
    """What was sent."""

    house: Any
    meta: FakeMeta
    #: Contact by message.
    messages: dict[str, str]
    deliveries: int
    statuses: Counter[int]
    #: To the last answer to a delivery, and until everything was answered and delivered.
    taken_in: float
    answered_in: float

    def told(self) -> str:
        return (
            f"{self.deliveries} deliveries of {len(self.messages)} messages, {AT_ONCE} at a time"
            f" ({self.statuses[503]} told to come again), taken in"
            f" {self.taken_in:.1f} s, answered in {self.answered_in:.1f} s"
        )


def redeliver(house: Any, meta: FakeMeta, *, deliveries: int, seed: int, seconds: float) -> Redelivered:
    """To the runner that `meta` reaches; `seconds` is how long answering may take."""
    chance = random.Random(seed)
    messages: dict[str, str] = {}
    sendings = list(_sendings(meta, chance, messages, deliveries))
    chance.shuffle(sendings)
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        statuses = sum(threads.map(partial(_until_taken, meta), sendings), Counter())
    taken_in = time.monotonic() - began
    while any(house.waiting()) or not meta.idle:
        assert time.monotonic() - began < seconds, (house.waiting(), meta.idle)
        time.sleep(0.1)
    return Redelivered(
        house=house, meta=meta, messages=messages, deliveries=len(sendings), statuses=statuses, taken_in=taken_in,
        answered_in=time.monotonic() - began,
    )  # fmt: skip


def _until_taken(meta: FakeMeta, body: bytes) -> Counter[int]:
    """As the provider goes about it: again until it is answered 200. The runner says 503 when more waits than it can do."""
    statuses: Counter[int] = Counter()
    while not statuses[200]:
        if statuses[503]:
            time.sleep(0.2)
        statuses[meta.deliver(body)] += 1
    return statuses


def _sendings(meta: FakeMeta, chance: random.Random, messages: dict[str, str], deliveries: int) -> Iterator[bytes]:
    """So many bodies in all: batches of one to five messages, each one to five times, some with new bytes each time."""
    made = 0
    while made < deliveries:
        batch = []
        for _ in range(chance.randint(1, 5)):
            message, phone = f"wamid.D{len(messages):06}", f"4676{chance.randrange(1 + len(messages) // 2):06}"
            messages[message] = phone
            batch.append(text_item(message, phone, QUESTION))
        for _ in range(min(chance.randint(1, 5), deliveries - made)):
            # Also what is in two batches, in another order.
            again = chance.sample(batch, len(batch))
            yield as_bytes(envelope(meta.account, again, [], chance), escaped=chance.random() < 0.5)
            made += 1


def nothing_is_there_twice(sent: Redelivered) -> None:
    house = sent.house
    assert sent.statuses[200] == sent.deliveries
    assert set(sent.statuses) <= {200, 503}
    assert house.inbound().keys() == sent.messages.keys()
    threads = house.threads()
    written = {number: phone for phone, thread in threads.items() for number, kind, _ in thread if kind == "inbound"}
    assert {message: written[number] for message, number in house.inbound().items()} == sent.messages
    assert len(written) == len(sent.messages)
    for thread in threads.values():
        _every_answer_is_to_something([kind for _, kind, _ in thread])
    references = Counter(reply.reference for reply in sent.meta.replies)
    ours = {str(number) for thread in threads.values() for number, kind, _ in thread if kind != "inbound"}
    assert references.keys() == ours
    assert set(references.values()) == {1}
    assert house.delivery(CHANNEL) == {"read": len(ours)}
    charges = Counter(conversation for conversation, _ in house.charges())
    assert set(charges.values()) == {1}
    assert len(charges) == len(threads) == len(set(sent.messages.values()))


def _every_answer_is_to_something(kinds: list[str]) -> None:
    """One run of the agent for what waited: never two answers without a new message between them."""
    waiting = 0
    for kind in kinds:
        if kind == "inbound":
            waiting += 1
        elif kind != "disclosure":
            assert waiting
            waiting = 0
    assert waiting == 0
    assert kinds.count("disclosure") == 1


def run_redelivery(
    new_phone_house: Callable[[FakeMeta], Any],
    new_meta: Callable[..., FakeMeta],
    start: Callable[..., Any],
    *,
    deliveries: int,
    seed: int = 0,
) -> Redelivered:
    """On a workspace of its own."""
    meta = new_meta(seed=seed, again=0.3)
    house = new_phone_house(meta)
    runner = start(house, log=house.folder.with_name("runner.log")).ready()
    meta.reach(runner.address)
    sent = redeliver(house, meta, deliveries=deliveries, seed=seed, seconds=60 + deliveries / 5)
    nothing_is_there_twice(sent)
    assert runner.stop()[0] == 0
    return sent
