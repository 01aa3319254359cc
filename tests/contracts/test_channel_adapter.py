"""What delivery may expect of every channel (core/ports.py, ChannelAdapter)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from custagent.channels.hub import Hub
from custagent.channels.live_chat import LiveChatAdapter
from custagent.core.errors import ChannelError
from custagent.core.message import DeliveryStatus, Message, MessageKind, OutboundMessage, Sender
from custagent.core.ports import ChannelAdapter
from custagent.testing import FakeChannel, FrozenClock

#: An implementation joins by a line here: made with a name, connected.
IMPLEMENTATIONS: dict[str, Callable[[str], ChannelAdapter]] = {
    "fake": FakeChannel,
    "live-chat": lambda name: LiveChatAdapter(name, ["https://www.northwind.example"], Hub()),
}


@pytest.fixture(params=IMPLEMENTATIONS)
def adapter(request) -> ChannelAdapter:
    return IMPLEMENTATIONS[request.param]("website")


def outbound(number: int = 1, key: str = "k1") -> OutboundMessage:
    message = Message(
        id=number, conversation=f"c-{key}", sender=Sender.AGENT, kind=MessageKind.ANSWER, text="Two years.",
        at=FrozenClock().now(),
    )  # fmt: skip
    return OutboundMessage(id=number, message=message, channel="website", contact_key=key)


def test_it_has_the_channels_name(adapter):
    assert adapter.name == "website"


def test_what_was_taken_has_an_id_by_which_it_is_known_again(adapter):
    async def scene() -> list[str]:
        receipts = [await adapter.send(outbound(number)) for number in (1, 2, 3)]
        assert {receipt.status for receipt in receipts} <= {DeliveryStatus.SENT, DeliveryStatus.DELIVERED}
        assert [receipt.error for receipt in receipts] == ["", "", ""]
        return [receipt.external_id for receipt in receipts]

    ids = asyncio.run(scene())
    assert "" not in ids
    assert len(set(ids)) == 3


def test_many_contacts_are_served_beside_each_other(adapter):
    async def scene() -> None:
        receipts = await asyncio.gather(*(adapter.send(outbound(n, f"k{n}")) for n in range(1, 30)))
        assert len({receipt.external_id for receipt in receipts}) == 29

    asyncio.run(scene())


def test_sending_again_what_was_taken_is_no_error(adapter):
    """As after a crash between the provider's word and our note of it (CONV-2)."""

    async def scene() -> None:
        await adapter.send(outbound())
        await adapter.send(outbound())

    asyncio.run(scene())


def test_a_check_names_its_steps_and_what_is_wrong_with_each(adapter):
    steps = asyncio.run(adapter.check())
    assert steps
    for step, wrong in steps:
        assert step
        assert wrong == ""


def test_the_fake_fails_as_often_as_it_is_told_to():
    adapter = FakeChannel(failures=["away", "still away"])

    async def scene() -> None:
        for why in ("away", "still away"):
            with pytest.raises(ChannelError, match=why):
                await adapter.send(outbound())
        await adapter.send(outbound())

    asyncio.run(scene())
    assert [one.id for one in adapter.sent] == [1]


def test_a_chat_that_no_site_may_show_says_so():
    ((step, wrong),) = asyncio.run(LiveChatAdapter("website", [], Hub()).check())
    assert step == "a site is listed"
    assert "custagent apply" in wrong
