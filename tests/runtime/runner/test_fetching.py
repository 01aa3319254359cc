"""Files are fetched beside everything else, again where that is of use, and what never comes is told."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from custagent.core.errors import ChannelError, LeaseHeld, SendFault
from custagent.core.message import Attachment, InboundMessage
from custagent.runtime.files import FileFolder
from custagent.runtime.runner.fetching import MOST_ATTEMPTS, Fetching
from custagent.testing import FakeChannel

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


class Shelf(FakeChannel):
    """A channel that holds files: bytes, or why they cannot be had, one for each time that it is asked."""

    def __init__(self, *answers: bytes | Exception) -> None:
        super().__init__("website")
        self._answers = list(answers)
        self.asked: list[str] = []

    async def fetch(self, attachment: Attachment) -> bytes:
        self.asked.append(attachment.reference)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def came(clients):
    """A contact's message with a file, or several."""

    def write(*references: str, key: str = "k1"):
        files = tuple(Attachment(name="photo.png", media_type="image/png", reference=one) for one in references)
        inbound = InboundMessage(
            channel="website", external_id=f"m{references}", contact_key=key, text="", attachments=files,
            sent_at=clients.clock.now(),
        )  # fmt: skip
        from custagent.conversation.lifecycle import threading_of

        threading, at = threading_of("live-chat"), clients.clock.now()
        return clients.store.conversations.begin(inbound, threading, agent="support", at=at).message

    return write


@pytest.fixture
def fetch(clients, tmp_path):
    """Let the loop look `times` often at what the shelf holds."""
    folder = FileFolder(tmp_path / "files")

    def run(shelf, *, until, fence: int = 0, channels=None) -> None:
        fetching = Fetching(
            clients.store.files, folder, lambda: channels if channels is not None else {"website": shelf},
            clients.clock, fence=fence, poll=0.01,
        )  # fmt: skip

        async def scene() -> None:
            stop = asyncio.Event()
            task = asyncio.create_task(fetching.run(stop))
            async with asyncio.timeout(60):
                while not until() and not task.done():  # noqa: ASYNC110 - the code under test tells nobody
                    await asyncio.sleep(0.005)
            stop.set()
            await task

        asyncio.run(scene())

    run.folder = folder
    return run


def files_of(clients, message) -> tuple[Attachment, ...]:
    return clients.store.conversations.message(message.id).attachments


def test_what_a_message_names_is_kept(clients, came, fetch):
    message, shelf = came("media1", "media2"), Shelf(PNG, PNG + b"2")
    fetch(shelf, until=lambda: all(file.hash for file in files_of(clients, message)))
    first, second = files_of(clients, message)
    assert (first.name, first.size, first.reference, first.error) == ("photo.png", len(PNG), "", "")
    assert {fetch.folder.path(one.hash).read_bytes() for one in (first, second)} == {PNG, PNG + b"2"}
    assert sorted(shelf.asked) == ["media1", "media2"]
    assert clients.store.files.waiting(clients.clock.now() + timedelta(days=9), limit=9) == ()
    assert clients.store.files.hashes() == {first.hash, second.hash}
    assert [one[0] for one in clients.store.files.found_in(first.hash)] == [message.conversation]
    assert clients.store.files.hashes_of([message.conversation]) == {first.hash, second.hash}
    assert clients.store.files.hashes_of(["another"]) == frozenset()


def test_one_that_can_never_be_had_is_told(clients, came, fetch):
    message = came("media1")
    gone = ChannelError("the provider has deleted it", fault=SendFault.PERMANENT)
    fetch(Shelf(gone), until=lambda: files_of(clients, message)[0].error)
    (file,) = files_of(clients, message)
    assert (file.error, file.hash, file.reference) == ("It could not be fetched: the provider has deleted it", "", "")


def test_one_of_a_kind_that_is_not_kept_is_told(clients, came, fetch):
    message = came("media1")
    fetch(Shelf(b"MZ\x90\0"), until=lambda: files_of(clients, message)[0].error)
    assert files_of(clients, message)[0].error == "Files of this kind are not kept."


def test_one_of_a_channel_that_is_gone_is_told(clients, came, fetch):
    message = came("media1")
    fetch(None, channels={}, until=lambda: files_of(clients, message)[0].error)


@pytest.mark.parametrize(
    "fault", [ChannelError("the line broke"), ZeroDivisionError("a fault of ours"), TimeoutError()], ids=type
)
def test_one_that_fails_is_tried_again_later(clients, came, fetch, fault):
    message, shelf = came("media1"), Shelf(fault, PNG)
    fetch(shelf, until=lambda: shelf.asked and not waits(clients))
    assert files_of(clients, message)[0].hash == ""
    clients.clock.advance(seconds=6)
    fetch(shelf, until=lambda: files_of(clients, message)[0].hash)
    assert len(shelf.asked) == 2


def test_it_is_not_tried_for_ever(clients, came, fetch):
    message = came("media1")
    shelf = Shelf(*[ChannelError("the line broke")] * MOST_ATTEMPTS)
    for _ in range(MOST_ATTEMPTS):
        asked = len(shelf.asked)
        fetch(shelf, until=lambda asked=asked: len(shelf.asked) > asked and not waits(clients))
        clients.clock.advance(hours=5)
    assert "the line broke" in files_of(clients, message)[0].error


def test_a_channel_that_asks_for_less_is_left_alone_and_no_try_is_counted(clients, came, fetch):
    came("media1")
    slow = ChannelError("too many", fault=SendFault.SLOW_CHANNEL, retry_after=120)
    fetch(Shelf(slow), until=lambda: not waits(clients))
    assert waiting(clients, seconds=119) == ()
    assert [one.attempts for one in waiting(clients, seconds=121)] == [0]


def test_channels_that_rest_are_passed_by(clients, came):
    came("media1")
    assert clients.store.files.waiting(clients.clock.now(), limit=9, resting={"website"}) == ()
    assert clients.store.files.waiting(clients.clock.now(), limit=9, resting={"phone"}) != ()
    (file,) = waiting(clients)
    assert clients.store.files.waiting(clients.clock.now(), limit=9, busy=[(file.message, file.position)]) == ()


def test_a_runner_that_was_followed_writes_nothing(clients, came, fetch):
    message = came("media1")
    with pytest.raises(ExceptionGroup) as raised:
        fetch(Shelf(PNG), until=lambda: False, fence=7)
    assert raised.group_contains(LeaseHeld)
    assert files_of(clients, message)[0].hash == ""


def waiting(clients, *, seconds: int = 0):
    return clients.store.files.waiting(clients.clock.now() + timedelta(seconds=seconds), limit=9)


def waits(clients) -> bool:
    return bool(waiting(clients))
