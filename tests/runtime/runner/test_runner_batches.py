"""What a webhook gives the runner: whole batches, and news of replies."""

from __future__ import annotations

import asyncio

import pytest

from custagent.core.errors import LeaseHeld, UnknownName
from custagent.core.message import DeliveryReceipt, DeliveryStatus, DeliveryUpdate, InboundMessage
from custagent.runtime.kinds.served import LiveChatKind
from custagent.runtime.runner.runner import Runner
from custagent.testing import FakeChannel
from custagent.testing.meta import Account

CARD = "4111 1111 1111 1111"


@pytest.fixture
def runner(live) -> Runner:
    return Runner(live)


def inbound(app, text: str = "hello", *, number: int = 1, key: str = "k1", channel: str = "website") -> InboundMessage:
    return InboundMessage(
        channel=channel, external_id=f"x{number}", contact_key=key, text=text, sent_at=app.clock.now()
    )


def test_a_batch_is_masked_and_written_down_in_its_order(live, runner):
    batch = [inbound(live, f"{n}: {CARD}", number=n, key=f"k{n % 2}") for n in (3, 1, 2, 1)]
    begun = asyncio.run(runner.receive_all(batch))
    assert [one.duplicate for one in begun] == [False, False, False, True]
    for first, *rest in (["3: ", "1: "], ["2: "]):
        (thread,) = [
            [message.text for message in live.store.conversations.messages(conversation.id)]
            for conversation in live.store.conversations.list()
            if live.store.conversations.messages(conversation.id)[0].text.startswith(first)
        ]
        assert [text[:3] for text in thread] == [first, *rest]
        assert all(CARD not in text for text in thread)
    assert {one.conversation.agent for one in begun} == {"support"}


def test_of_a_batch_with_a_channel_that_is_gone_nothing_is_written(live, runner):
    with pytest.raises(UnknownName, match="'old'"):
        asyncio.run(runner.receive_all([inbound(live), inbound(live, number=2, channel="old")]))
    assert live.store.conversations.list() == ()
    assert asyncio.run(runner.receive_all([])) == ()


def test_one_that_was_replaced_takes_and_notes_nothing(live, runner):
    live.store.lease.release(runner._fence)
    with pytest.raises(LeaseHeld):
        asyncio.run(runner.receive_all([inbound(live)]))
    update = DeliveryUpdate(channel="website", receipt=DeliveryReceipt(status=DeliveryStatus.READ), outbound=1)
    with pytest.raises(LeaseHeld):
        asyncio.run(runner.note([update]))
    # Nothing to write is no reason to ask.
    asyncio.run(runner.note([]))
    assert live.store.conversations.list() == ()


def test_news_of_a_reply_is_written_down_and_of_a_strangers_told(live, runner, until, caplog):
    caplog.set_level("INFO")

    async def scene() -> None:
        work = asyncio.create_task(runner.run())
        begun = await runner.receive(inbound(live, "How long is the warranty?"))
        statuses = live.store.outbox.statuses
        await until(lambda: [*statuses(begun.conversation.id).values()] == [DeliveryStatus.SENT] * 2)
        read = DeliveryReceipt(status=DeliveryStatus.READ, external_id="w1")
        ours = [
            DeliveryUpdate(channel="website", receipt=read, outbound=one) for one in statuses(begun.conversation.id)
        ]
        await runner.note([*ours, DeliveryUpdate(channel="website", receipt=read, outbound=999)])
        assert [*statuses(begun.conversation.id).values()] == [DeliveryStatus.READ] * 2
        runner.stop()
        await work

    asyncio.run(scene())
    assert "1 of 3 words on replies were about none of ours" in caplog.text


def test_it_sends_on_the_channels_of_the_kinds_that_it_was_given(live, put):
    put(live.home.workspace_file, "channels:\n", f"channels:\n{Account().channel('phone')}")
    live.__dict__.pop("workspace", None)
    from custagent.runtime.definitions.agents import apply_agents

    apply_agents(live)

    class Pigeons:
        def adapter(self, channel, _):
            return FakeChannel(channel.name)

        def routes(self, _):
            return []

    runner = Runner(live, kinds={"live-chat": LiveChatKind(), "whatsapp": Pigeons()})
    assert {name: type(one).__name__ for name, one in runner._adapters().items()} == {
        "phone": "FakeChannel",
        "website": "LiveChatAdapter",
    }
    runner.release()
    unserved = {type(one).__name__ for one in Runner(live, kinds={})._adapters().values()}
    assert unserved == {"UnservedAdapter"}, "what is written for them waits until somebody can send it"
