"""Pages stay subscribed, and what contacts wrote while nobody listened is taken in, once and in order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custagent.channels.hub import Hub
from custagent.channels.messenger.recovery import AGAIN, FIRST_PAUSE, keep_pages, listen
from custagent.channels.messenger.words import STANDBY
from custagent.channels.reception import Surroundings
from custagent.config.secrets import resolve_all
from custagent.core.channel import MessengerChannel
from custagent.core.channel_event import PersonWrote, Unread
from custagent.core.errors import ChannelError, LeaseHeld, StoreError
from custagent.core.message import InboundMessage
from custagent.testing.messenger import FakeMessenger
from custagent.testing.messenger_words import PAGE_INBOX
from custagent.testing.meta_transport import Habits

PSID = "7301945526610482"
HOUR = 3600.0


class Now:
    def now(self) -> datetime:
        return datetime.now(UTC)


class Desk:
    """A Reception that keeps what it is given, or cannot."""

    def __init__(self, meta: FakeMessenger) -> None:
        self.meta = meta
        self.around = Surroundings(
            hub=Hub(), clock=Now(), environ={}, secrets=lambda name: resolve_all(name, meta.environment)
        )
        #: Everything taken, in order.
        self.taken: list[Any] = []
        self.ids: set[str] = set()
        self.state = ""
        self.troubles: list[str] = []
        self.wrong: Exception | None = None

    def channels(self) -> dict[str, MessengerChannel]:
        account = self.meta.account
        page = MessengerChannel(
            name="page", kind="messenger", page_id=account.page_id, app_id=account.app_id, graph_base_url=self.meta.address,
            access_token="${MESSENGER_TOKEN}", app_secret="${MESSENGER_SECRET}", verify_token="${MESSENGER_VERIFY}",
        )  # fmt: skip
        return {"page": page}

    async def receive_all(self, messages: Sequence[InboundMessage]) -> Sequence[Any]:
        if self.wrong:
            raise self.wrong
        self.taken += messages
        self.ids |= {message.external_id for message in messages}
        return ()

    async def take(self, events: Sequence[Any]) -> None:
        self.taken += events

    async def known(self, channel: str, external_ids: Collection[str]) -> Collection[str]:
        assert channel == "page"
        return self.ids & set(external_ids)

    async def remember(self, channel: str, value: str) -> None:
        assert channel == "page"
        self.state = value

    async def remembered(self, channel: str) -> str:
        assert channel == "page"
        return self.state

    async def trouble(self, channel: str, reason: str) -> None:
        assert channel == "page"
        self.troubles.append(reason)

    def listened(self, ago: float, begun: float = 30 * 24 * HOUR) -> None:
        now = datetime.now(UTC)
        told = {name: (now - timedelta(seconds=by)).isoformat() for name, by in [("begun", begun), ("seen", ago)]}
        self.state = json.dumps(told)

    def listen(self) -> int:
        return asyncio.run(listen(self, self.channels()["page"], pace=0.0, settle=0.0))  # type: ignore[arg-type]

    def said(self) -> list[tuple[str, str]]:
        return [(type(one).__name__, one.text) for one in self.taken]


@pytest.fixture
def meta() -> Iterator[FakeMessenger]:
    with FakeMessenger(habits=Habits(statuses=())) as provider:
        yield provider


@pytest.fixture
def desk(meta: FakeMessenger) -> Desk:
    return Desk(meta)


def test_at_first_the_page_is_subscribed_and_the_past_is_left_alone(meta, desk):
    meta.write(PSID, "long ago", ago=60, heard=False)
    assert desk.listen() == 0
    assert (meta.subscriptions, desk.taken) == (1, [])
    state = json.loads(desk.state)
    assert state["begun"] == state["seen"]
    assert desk.listen() == 0, "what was written before we listened at all is never ours"
    assert json.loads(desk.state)["begun"] == state["begun"]


def test_what_came_while_nobody_listened_is_taken_in_once_in_order(meta, desk):
    desk.listened(ago=2 * HOUR)
    known = meta.write(PSID, "zero", ago=60, heard=False)
    meta.answer_elsewhere(PSID, "our own answer, whose id was never noted", heard=False)
    meta.write(PSID, "one", heard=False)
    meta.write(PSID, "two", heard=False)
    meta.write("55", "another's", ago=1.5 * HOUR, heard=False)
    meta.write("56", "before", ago=9 * HOUR, heard=False)
    desk.ids.add(known)
    assert desk.listen() == 3
    assert desk.said() == [("InboundMessage", text) for text in ("one", "two", "another's")]
    first = desk.taken[0]
    assert (first.contact_key, first.contact_name, first.for_people) == (PSID, "Kim Contact", "")
    assert first.identities[0].value == PSID
    assert abs((datetime.now(UTC) - first.sent_at).total_seconds()) < 60
    assert desk.listen() == 0


def test_what_was_answered_elsewhere_meanwhile_is_left_to_people_with_the_answer(meta, desk):
    desk.listened(ago=HOUR)
    meta.write(PSID, "one", ago=30, heard=False)
    meta.answer_elsewhere(PSID, "Anna here", heard=False)
    meta.write(PSID, "two", heard=False)
    assert desk.listen() == 2
    assert desk.said() == [("InboundMessage", "one"), ("PersonWrote", "Anna here"), ("InboundMessage", "two")]
    one, person, two = desk.taken
    assert (one.for_people, two.for_people) == ("it was answered elsewhere", "")
    assert isinstance(person, PersonWrote)
    assert person.contact_key == PSID


def test_our_own_answer_whose_echo_comes_late_is_not_anothers(meta, desk):
    desk.listened(ago=HOUR)
    meta.write(PSID, "one", ago=30, heard=False)
    ours = meta.answer_elsewhere(PSID, "our answer, as the runner before was killed", heard=False)
    known, asked = desk.known, []

    async def later(channel: str, external_ids: Collection[str]) -> Collection[str]:
        told = await known(channel, external_ids)
        desk.ids.add(ours)
        asked.append(external_ids)
        return told

    desk.known = later  # type: ignore[method-assign]  # the desk is this test's own
    assert desk.listen() == 1
    assert [(message.text, message.for_people) for message in desk.taken] == [("one", "")]
    assert len(asked) == 2


def test_a_runner_that_stops_does_not_wait_for_it(meta, desk):
    desk.listened(ago=HOUR)
    meta.write(PSID, "one", ago=30, heard=False)
    meta.answer_elsewhere(PSID, "Anna here", heard=False)

    async def scene() -> None:
        stop = asyncio.Event()
        asked = asyncio.Event()
        known = desk.known

        async def noticed(channel: str, external_ids: Collection[str]) -> Collection[str]:
            asked.set()
            return await known(channel, external_ids)

        desk.known = noticed  # type: ignore[method-assign]  # the desk is this test's own
        keeping = asyncio.create_task(keep_pages(desk, stop, settle=3600.0))  # type: ignore[arg-type]  # what it needs of one
        async with asyncio.timeout(60):
            await asked.wait()
            stop.set()
            await keeping

    asyncio.run(scene())
    assert desk.taken == []


def test_what_another_app_has_and_what_is_a_day_old_is_left_to_people(meta, desk):
    desk.listened(ago=4 * 24 * HOUR)
    meta.write(PSID, "one", heard=False)
    meta.give_to(PSID, PAGE_INBOX)
    meta.write("55", "old", ago=25 * HOUR, heard=False)
    meta.write("56", "too old for anybody", ago=8 * 24 * HOUR, heard=False)
    desk.listened(ago=30 * 24 * HOUR)
    assert desk.listen() == 2
    assert [message.for_people for message in desk.taken] == [STANDBY, "it is older than a day"]


def test_what_has_neither_words_nor_files_is_kept_unread(meta, desk):
    desk.listened(ago=HOUR)
    meta.write(PSID, "", heard=False)
    desk.listen()
    (unread,) = desk.taken
    assert isinstance(unread, Unread)


def test_files_come_with_their_addresses(meta, desk):
    desk.listened(ago=HOUR)
    meta.write(PSID, "look", heard=False)
    message = meta._threads[PSID].messages[-1]
    url = "https://scontent.xx.fbcdn.net/lamp.jpg"
    file = {"name": "lamp.jpg", "mime_type": "image/jpeg", "size": 9, "image_data": {"url": url}}
    message |= {
        "attachments": {"data": [file]},
        "sticker": f"{url}2",
        "shares": {"data": [{"link": "https://n.example/a"}]},
    }
    desk.listen()
    (taken,) = desk.taken
    assert taken.text == "look\nhttps://n.example/a"
    assert [(one.name, one.media_type, one.size, one.reference) for one in taken.attachments] == [
        ("lamp.jpg", "image/jpeg", 9, url), ("sticker", "", None, f"{url}2"),
    ]  # fmt: skip


def test_many_threads_are_read_page_by_page_and_not_without_end(meta, desk, caplog):
    desk.listened(ago=HOUR)
    for number in range(60):
        meta.write(f"{number + 100}", "hello", heard=False)
    assert desk.listen() == 60
    for number in range(1000):
        meta.write(f"{number + 1000}", "hello", heard=False)
    assert desk.listen() == 1000, "forty answers of twenty-five each"
    assert "more threads than are read" in caplog.text


def test_what_could_not_be_written_down_is_taken_in_the_next_time(meta, desk):
    desk.listened(ago=HOUR)
    before = desk.state
    meta.write(PSID, "one", heard=False)
    desk.wrong = StoreError("the disk is full")
    with pytest.raises(StoreError):
        desk.listen()
    assert desk.state == before
    desk.wrong = None
    assert desk.listen() == 1


@pytest.mark.parametrize("state", ["", "x", "[]", '{"begun": 1}', '{"begun": "2026-01-01", "seen": "2026-01-01"}'])
def test_what_it_remembers_wrongly_is_as_nothing(meta, desk, state):
    desk.state = state
    meta.write(PSID, "one", heard=False)
    assert desk.listen() == 0
    assert json.loads(desk.state)["begun"]


class Until(asyncio.Event):
    """Set once something is so."""

    def __init__(self, so: Callable[[], bool]) -> None:
        super().__init__()
        self._so = so

    def is_set(self) -> bool:
        return self._so()


class Passing:
    """A clock that moves only when told, and a loop that looks as fast as it can until something is so."""

    def __init__(self) -> None:
        self.time = 1000.0

    def keep(self, desk: Desk, until: Callable[[], bool]) -> None:
        stop = Until(until)

        async def scene() -> None:
            async with asyncio.timeout(60):
                await keep_pages(
                    desk,
                    stop,
                    monotonic=lambda: self.time,
                    look=0.001,
                    pace=0.0,
                    settle=0.0,  # type: ignore[arg-type]  # what it needs of one
                )

        asyncio.run(scene())


def test_a_page_is_looked_after_at_the_start_and_every_hour(meta, desk):
    clock = Passing()
    #: How often it was subscribed, at each look after the first.
    looks: list[int] = []

    def until() -> bool:
        if desk.troubles:
            looks.append(meta.subscriptions)
        if len(looks) == 5:
            meta.write(PSID, "one", heard=False)
            clock.time += AGAIN
        return bool(desk.taken)

    clock.keep(desk, until)
    assert looks[:5] == [1] * 5
    assert meta.subscriptions == 2
    assert desk.said() == [("InboundMessage", "one")], "what Meta did not bring, without a new start"


def test_a_fault_is_told_and_tried_again_and_lets_go_when_it_passes(meta, desk):
    clock = Passing()
    address = meta.address
    meta.address = "http://127.0.0.1:9"
    seen: list[int] = []

    def until() -> bool:
        seen.append(len(desk.troubles))
        if desk.troubles and desk.troubles[-1]:
            meta.address = address
            clock.time += FIRST_PAUSE / 4
        return bool(desk.troubles) and desk.troubles[-1] == ""

    clock.keep(desk, until)
    assert "cannot be reached" in desk.troubles[0]
    assert meta.subscriptions == 1


def test_a_runner_that_lost_its_lease_ends(meta, desk):
    desk.listened(ago=HOUR)
    meta.write(PSID, "one", heard=False)
    desk.wrong = LeaseHeld("another runner works")
    with pytest.raises(LeaseHeld):
        Passing().keep(desk, lambda: False)


def test_channels_that_cannot_be_read_for_the_moment_stop_nothing(meta, desk):
    channels, failures = desk.channels, [StoreError("busy"), ChannelError("odd")]

    def fail() -> dict[str, MessengerChannel]:
        if failures:
            raise failures.pop()
        return channels()

    desk.channels = fail  # type: ignore[method-assign]  # the desk is this test's own
    Passing().keep(desk, lambda: meta.subscriptions == 1)
