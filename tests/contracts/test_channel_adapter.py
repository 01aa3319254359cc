"""What delivery may expect of every channel (core/ports.py, ChannelAdapter)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custagent.channels.hub import Hub
from custagent.channels.live_chat.adapter import LiveChatAdapter
from custagent.core.errors import ChannelError, SendFault
from custagent.core.message import (
    Attachment,
    DeliveryReceipt,
    DeliveryStatus,
    Message,
    MessageKind,
    OutboundMessage,
    RepliedTo,
    Sender,
)
from custagent.testing import FakeChannel
from tests.acceptance.mail_servers import servers  # noqa: F401 - a fixture
from tests.contracts.channels import FAULTS, KINDS, NAME, REMOTE, Now, Provided

TAKEN = {DeliveryStatus.SENT, DeliveryStatus.DELIVERED}


@pytest.fixture(params=KINDS)
def kind(request) -> Iterator[Provided]:
    with KINDS[request.param](request) as provided:
        yield provided


@pytest.fixture(params=REMOTE)
def remote(request) -> Iterator[Provided]:
    """One with a provider."""
    with KINDS[request.param](request) as provided:
        yield provided


def outbound(kind: Provided, number: int = 1, text: str = "Two years.", *, to: int = 0, **more) -> OutboundMessage:
    message = Message(
        id=number, conversation=f"c-{to}", sender=Sender.AGENT, kind=MessageKind.ANSWER, text=text,
        at=Now().now(), language="en", options=more.pop("options", ()),
    )  # fmt: skip
    return OutboundMessage(
        id=number, message=message, channel=NAME, contact_key=kind.contacts[to], replied_to=replied_to(kind), **more
    )


def replied_to(kind: Provided) -> RepliedTo:
    return RepliedTo(external_id=kind.last, sent_at=Now().now(), details={"subject": "Warranty"})


def send(kind: Provided, *replies: OutboundMessage) -> list[DeliveryReceipt]:
    async def scene() -> list[DeliveryReceipt]:
        return [await kind.adapter.send(reply) for reply in replies]

    return asyncio.run(scene())


def test_it_has_the_channels_name(kind):
    assert kind.adapter.name == NAME
    assert isinstance(kind.adapter.idempotent, bool)


def test_what_was_taken_has_an_id_by_which_it_is_known_again(kind):
    receipts = send(kind, *(outbound(kind, number) for number in (1, 2, 3)))
    assert {receipt.status for receipt in receipts} <= TAKEN
    assert [receipt.error for receipt in receipts] == ["", "", ""]
    ids = [receipt.external_id for receipt in receipts]
    assert "" not in ids
    assert len(set(ids)) == 3


def test_what_was_sent_arrives(remote):
    send(remote, outbound(remote, text="Two years, says the warranty."))
    (text,) = remote.texts(remote.contacts[0])
    assert "Two years, says the warranty." in text


def test_many_contacts_are_served_beside_each_other(kind):
    async def scene() -> None:
        replies = (outbound(kind, n + 1, to=n) for n in range(len(kind.contacts)))
        receipts = await asyncio.gather(*(kind.adapter.send(reply) for reply in replies))
        assert len({receipt.external_id for receipt in receipts}) == len(kind.contacts)

    asyncio.run(scene())


def test_sending_again_what_was_taken_is_no_error(kind):
    """As after a crash between the provider's word and our note of it (CONV-2)."""
    first, again = send(kind, outbound(kind), outbound(kind))
    assert {first.status, again.status} <= TAKEN
    if kind.adapter.idempotent:
        assert first.external_id == again.external_id


def test_a_check_names_its_steps_and_what_is_wrong_with_each(kind):
    steps = asyncio.run(kind.adapter.check())
    assert steps
    assert [(step, wrong) for step, wrong in steps if wrong or not step] == []


@pytest.mark.parametrize(("name", "fault"), [(name, fault) for name, faults in FAULTS.items() for fault in faults])
def test_a_provider_that_refuses_is_told_by_what_follows_from_it(request, name, fault):
    with KINDS[name](request) as kind:
        assert set(kind.faults) == set(FAULTS[name])
        kind.faults[fault]()
        with pytest.raises(ChannelError) as caught:
            send(kind, outbound(kind))
    assert caught.value.fault is fault
    assert caught.value.message
    assert caught.value.parts_sent == 0


def test_a_provider_that_is_not_there_is_no_fault_of_the_reply(remote):
    with pytest.raises(ChannelError) as caught:
        asyncio.run(remote.unreachable.send(outbound(remote)))
    assert caught.value.fault in (SendFault.CHANNEL_OUT, SendFault.RETRY)
    assert any(wrong for _, wrong in asyncio.run(remote.unreachable.check()))


def test_a_secret_that_is_missing_stops_the_channel_and_is_named(remote):
    adapter = remote.without_secrets
    with pytest.raises(ChannelError, match="is not set") as caught:
        asyncio.run(adapter.send(outbound(remote)))
    assert caught.value.fault is SendFault.CHANNEL_OUT
    assert any("is not set" in wrong for _, wrong in asyncio.run(adapter.check()))


def test_that_somebody_works_on_it_may_be_shown_and_may_fail(kind):
    asyncio.run(kind.adapter.working(kind.contacts[0], replied_to(kind)))
    for adapter in (kind.unreachable, kind.without_secrets):
        # It may fail, by this error alone.
        with suppress(ChannelError):
            if adapter is not None:
                asyncio.run(adapter.working(kind.contacts[0], replied_to(kind)))


@pytest.mark.parametrize("reference", ["", "nothing-of-ours", "../../etc/passwd"])
def test_a_file_that_cannot_be_had_is_told(kind, reference):
    with pytest.raises(ChannelError):
        asyncio.run(kind.adapter.fetch(Attachment(name="photo", reference=reference)))


def test_a_long_reply_arrives_whole_and_in_order(remote):
    words = [f"word{number}" for number in range(1, 1_500)]
    send(remote, outbound(remote, text=" ".join(words)))
    texts = remote.texts(remote.contacts[0])
    said = " ".join(texts).split()
    assert [word for word in said if word.startswith("word")] == words


def test_after_a_failure_a_reply_goes_on_behind_what_has_gone_out(remote):
    words = [f"word{number}" for number in range(1, 1_500)]
    reply = outbound(remote, text=" ".join(words))
    send(remote, reply)
    pieces = len(remote.texts(remote.contacts[0]))
    send(remote, replace(reply, contact_key=remote.contacts[1], parts_sent=pieces - 1))
    assert len(remote.texts(remote.contacts[1])) == 1
    assert "word1499" in remote.texts(remote.contacts[1])[-1]


def test_what_can_be_chosen_from_is_told(remote):
    options = ("A city bike", "A cargo bike with a rather long name")
    send(remote, outbound(remote, text="Which one?", options=options))
    contact = remote.contacts[0]
    told = remote.options(contact) if remote.options else remote.texts(contact)
    assert any("A city bike" in one for one in told) or remote.options is None
    assert any("Which one?" in text for text in remote.texts(contact))


odd = st.text(max_size=40) | st.sampled_from(
    ["", " ", "\x00", "\ud800", "😀" * 3000, "https://e.example/" + "a" * 5000]
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=odd, options=st.lists(odd, max_size=12).map(tuple))
def test_whatever_is_to_be_said_it_is_taken_or_refused(kind, text, options):
    """By no other error: another one would stop what waits behind it (`Delivery`)."""
    try:
        (receipt,) = send(kind, outbound(kind, text=text, options=options))
    except ChannelError:
        return
    assert receipt.status in TAKEN | {DeliveryStatus.FAILED}


def test_the_fake_fails_as_often_as_it_is_told_to():
    adapter = FakeChannel(failures=["away", "still away"])
    kind = Provided(adapter=adapter, contacts=["k1"], texts=lambda _: [])

    async def scene() -> None:
        for why in ("away", "still away"):
            with pytest.raises(ChannelError, match=why):
                await adapter.send(outbound(kind))
        await adapter.send(outbound(kind))

    asyncio.run(scene())
    assert [one.id for one in adapter.sent] == [1]


def test_a_chat_that_no_site_may_show_says_so():
    ((step, wrong),) = asyncio.run(LiveChatAdapter("website", [], Hub()).check())
    assert step == "a site is listed"
    assert "custagent apply" in wrong
