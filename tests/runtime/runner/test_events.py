"""What channels tell the runner beside messages: masked before it is written, and what follows from it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from custagent.core.channel_event import IdentitiesChanged, MessageChanged, PersonWrote, Unread
from custagent.core.conversation import Status
from custagent.core.errors import ChannelError, LeaseHeld, SendFault
from custagent.core.message import (
    Attachment,
    DeliveryReceipt,
    Identity,
    IdentityKind,
    InboundMessage,
    MessageKind,
    OutboundMessage,
    RepliedTo,
    Sender,
)
from custagent.runtime.inbox.inbox import Inbox
from custagent.runtime.kinds.served import LiveChatKind
from custagent.runtime.runner.kinds_work import keep_at_work
from custagent.runtime.runner.runner import Runner
from custagent.runtime.runner.showing_work import ShowingWork
from custagent.testing import FakeChannel
from custagent.testing.meta import Account

CARD = "4111 1111 1111 1111"
PHONE = Identity(kind=IdentityKind.PHONE, value="46700000001")


@pytest.fixture
def runner(live):
    made = Runner(live)
    yield made
    made.release()


def inbound(app, text: str = "How long is the warranty?", *, number: int = 1, **given: Any) -> InboundMessage:
    usual: dict[str, Any] = {"channel": "website", "contact_key": "k1"}
    return InboundMessage(
        external_id=f"x{number}", text=text, sent_at=app.clock.now(), identities=(PHONE,), **usual | given
    )


def wrote(app, text: str, **given: Any) -> PersonWrote:
    return PersonWrote(channel="website", external_id="echo1", contact_key="k1", text=text, at=app.clock.now(), **given)


class TestMasking:
    def test_of_all_that_people_write_themselves(self, live, runner):
        message = inbound(
            live,
            f"My card {CARD}",
            contact_name=f"Ada {CARD}",
            attachments=(Attachment(name=f"{CARD}.jpg", reference="media1"),),
            reply_details={"subject": f"Card {CARD}", "message_id": "abc@example.com"},
        )
        begun = asyncio.run(runner.receive(message))
        asked = live.store.outbox.asked_last(begun.conversation.id)
        told = [begun.message.text, begun.conversation.contact.name, begun.message.attachments[0].name, str(asked)]
        assert all("[card number]" in text for text in told)
        assert CARD not in "".join(told)
        assert asked.details["message_id"] == "abc@example.com"

    def test_of_events(self, live, runner):
        begun = asyncio.run(runner.receive(inbound(live)))
        edit = MessageChanged(
            channel="website", external_id="e1", changed="x1", text=f"Card {CARD}", at=live.clock.now()
        )
        person = wrote(live, f"Your card {CARD}", attachments=(Attachment(name=f"{CARD}.pdf"),))
        unread = Unread(
            channel="website",
            kind="poll",
            content=json.dumps({"votes": [f"{CARD} \ud800"], "password": "hunter2"}),
            content_hash="h",
        )
        broken = Unread(channel="website", kind="poll", content=f"no JSON {CARD}", content_hash="h2")
        asyncio.run(runner.take([edit, person, unread, broken]))
        first, second = live.store.conversations.messages(begun.conversation.id)
        kept = live.store.channel_news.unread()
        everything = [first.text, second.text, second.attachments[0].name, *(one.content for one in kept)]
        assert len(everything) == 5
        assert CARD not in "".join(everything)
        assert "hunter2" not in kept[1].content
        assert json.loads(kept[1].content)["votes"] == ["[card number] ?"]

    def test_a_name_of_half_a_character_loses_no_message(self, live, runner):
        begun = asyncio.run(runner.receive(inbound(live, "Hi \ud800", contact_name="A\udfff")))
        assert begun.message.text == "Hi ?"


class TestTaking:
    def test_who_answered_past_us_has_the_conversation(self, live, runner):
        begun = asyncio.run(runner.receive(inbound(live)))
        asyncio.run(runner.take([wrote(live, "Two years.")]))
        now = live.store.conversations.conversation(begun.conversation.id)
        assert now.status is Status.OPEN
        assert asyncio.run(runner.known("website", ["echo1", "x1", "x9"])) == {"echo1", "x1"}
        assert asyncio.run(runner.conversation_of("website", ["x9", "echo1"])).id == now.id

    def test_a_channel_that_is_gone_concerns_nobody(self, live, runner):
        gone = PersonWrote(channel="old", external_id="e1", contact_key="k1", text="x", at=live.clock.now())
        unread = Unread(channel="old", kind="poll", content="{}", content_hash="h")
        asyncio.run(runner.take([gone, unread]))
        assert live.store.conversations.list() == ()
        assert len(live.store.channel_news.unread()) == 1, "it may be what somebody looks for"
        asyncio.run(runner.take([]))

    def test_a_contact_with_a_new_number_goes_on(self, live, runner):
        begun = asyncio.run(runner.receive(inbound(live)))
        new = Identity(kind=IdentityKind.PHONE, value="46700000002")
        changed = IdentitiesChanged(
            channel="website", external_id="e1", before=(PHONE,), now=(new,), contact_key="k2", at=live.clock.now()
        )
        asyncio.run(runner.take([changed]))
        again = InboundMessage(
            channel="website",
            external_id="x2",
            contact_key="k2",
            text="Hi",
            sent_at=live.clock.now(),
            identities=(new,),
        )
        assert asyncio.run(runner.receive(again)).conversation.id == begun.conversation.id

    def test_one_that_was_replaced_takes_nothing(self, live, runner):
        live.store.lease.release(runner.fence)
        with pytest.raises(LeaseHeld):
            asyncio.run(runner.take([wrote(live, "x")]))
        with pytest.raises(LeaseHeld):
            asyncio.run(runner.remember("website", "7"))

    def test_how_far_it_was_read(self, runner):
        asyncio.run(runner.remember("website", "7"))
        assert asyncio.run(runner.remembered("website")) == "7"

    def test_a_file_is_kept_for_the_message_that_will_name_it(self, live, runner):
        kept = asyncio.run(runner.keep(b"%PDF-1.7", name=f"{CARD}.pdf", media_type="application/pdf"))
        assert "[card number]" in kept.name
        begun = asyncio.run(runner.receive(inbound(live, "", attachments=(kept,))))
        assert live.store.files.found_in(kept.hash)[0][0] == begun.conversation.id


class TestStop:
    @pytest.fixture
    def phone(self, live, put):
        """The same with a WhatsApp number whose replies end in a list."""
        put(live.home.workspace_file, "channels:\n", f"channels:\n{Account().channel('phone')}")
        live.__dict__.pop("workspace", None)
        from custagent.runtime.definitions.agents import apply_agents

        apply_agents(live)
        channel = FakeChannel("phone")

        class Phones(LiveChatKind):
            def adapter(self, _channel, _around):
                return channel

            def routes(self, _runner):
                return ()

        made = Runner(live, kinds={"live-chat": LiveChatKind(), "whatsapp": Phones()})
        yield made, channel
        made.release()

    def test_the_contact_is_told_once_and_the_agent_is_silent(self, live, phone, until):
        runner, channel = phone

        async def scene() -> None:
            task = asyncio.create_task(runner.run())
            await runner.receive(inbound(live, "Stopp", channel="phone", contact_key="46700000001"))
            await until(lambda: channel.sent)
            await runner.receive(
                inbound(live, "How long is the warranty?", number=2, channel="phone", contact_key="46700000001")
            )
            runner.stop()
            await task

        asyncio.run(scene())
        (said,) = channel.sent
        assert said.message.kind is MessageKind.OPT_OUT
        assert "START" in said.message.text
        (conversation,) = live.store.conversations.list()
        assert conversation.status is Status.OPEN
        assert [one.sender for one in live.store.conversations.messages(conversation.id)] == [
            Sender.CONTACT, Sender.AGENT, Sender.CONTACT,
        ]  # fmt: skip
        assert live.store.ledger.balance() == 0

    def test_in_the_chat_it_is_a_message(self, live, runner):
        begun = asyncio.run(runner.receive(inbound(live, "Stopp")))
        assert [one.id for one, _ in live.store.conversations.unhandled(limit=9)] == [begun.conversation.id]


class Signs(FakeChannel):
    """A channel that shows that an answer is being made, or cannot."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__("website")
        self.shown: list[tuple[str, str]] = []
        self.error = error

    async def working(self, contact_key: str, replied_to: RepliedTo) -> None:
        self.shown.append((contact_key, replied_to.external_id))
        if self.error:
            raise self.error


class TestShowingWork:
    @pytest.fixture
    def thinks(self, live, runner):
        def thinks(channel, *, enough) -> None:
            conversation = asyncio.run(runner.receive(inbound(live))).conversation
            showing = ShowingWork(runner.hub, live.store.outbox, lambda: {"website": channel}, again=0.001)

            async def scene() -> None:
                with showing.during(conversation):
                    assert runner.hub.is_typing("k1")
                    async with asyncio.timeout(60):
                        while not enough():  # noqa: ASYNC110 - the code under test tells nobody
                            await asyncio.sleep(0.001)
                assert not runner.hub.is_typing("k1")

            asyncio.run(scene())

        return thinks

    def test_at_once_and_again_for_as_long_as_it_takes(self, thinks):
        channel = Signs()
        thinks(channel, enough=lambda: len(channel.shown) >= 3)
        assert set(channel.shown) == {("k1", "x1")}

    @pytest.mark.parametrize("error", [ChannelError("away"), ZeroDivisionError("ours"), TimeoutError()], ids=type)
    def test_what_fails_is_told_and_stops_nothing(self, thinks, error):
        channel = Signs(error)
        thinks(channel, enough=lambda: channel.shown)
        assert len(channel.shown) == 1


class TestWorkOfKinds:
    def run(self, parts: Sequence[Any], *, done) -> None:
        async def scene() -> None:
            stop = asyncio.Event()
            task = asyncio.create_task(
                keep_at_work("mail", lambda: [part(stop) for part in parts], stop, first_pause=0.001)
            )
            async with asyncio.timeout(60):
                while not (done() or task.done()):  # noqa: ASYNC110 - the code under test tells nobody
                    await asyncio.sleep(0.001)
            stop.set()
            await task

        asyncio.run(scene())

    def test_a_fault_of_one_part_begins_it_anew_and_leaves_the_others_alone(self, caplog):
        begun = {"good": 0, "bad": 0}

        async def good(stop: asyncio.Event) -> None:
            begun["good"] += 1
            await stop.wait()

        async def bad(stop: asyncio.Event) -> None:
            begun["bad"] += 1
            if begun["bad"] == 1:
                raise ChannelError("the mailbox is away")
            if begun["bad"] == 2:
                raise ZeroDivisionError
            await stop.wait()

        self.run([good, bad], done=lambda: begun["bad"] == 3)
        assert begun == {"good": 1, "bad": 3}
        assert "the mailbox is away" in caplog.text

    def test_one_that_ends_by_itself_is_done(self):
        begun = []

        async def once(_: asyncio.Event) -> None:
            begun.append(1)

        self.run([once], done=lambda: False)
        assert begun == [1]

    def test_the_runner_ends_when_another_one_took_over(self):
        async def lost(_: asyncio.Event) -> None:
            raise LeaseHeld("another runner works here")

        with pytest.raises(ExceptionGroup) as raised:
            self.run([lost], done=lambda: False)
        assert raised.group_contains(LeaseHeld)


def test_the_runner_does_the_work_of_its_kinds_and_fetches_files(live, until):
    """Also of a kind that has none."""
    seen = []

    class Kind(LiveChatKind):
        def adapter(self, _channel, _around):
            return Shelf()

        def work(self, runner, stop):
            async def work() -> None:
                seen.append(runner)
                await stop.wait()

            return [work()]

    class Shelf(FakeChannel):
        async def fetch(self, attachment):
            return b"%PDF-" + attachment.reference.encode()

    runner = Runner(live, kinds={"live-chat": Kind()})

    async def scene() -> None:
        task = asyncio.create_task(runner.run())
        files = (Attachment(name="a.pdf", reference="media1"),)
        begun = await runner.receive(inbound(live, "", attachments=files))
        await until(lambda: live.store.conversations.message(begun.message.id).attachments[0].hash)
        runner.stop()
        await task

    asyncio.run(scene())
    runner.release()
    assert seen == [runner]


class Refuses(FakeChannel):
    """A channel that can never deliver what it is given, for a reason."""

    def __init__(self, fault: SendFault) -> None:
        super().__init__("website")
        self.fault = fault

    async def send(self, outbound: OutboundMessage) -> DeliveryReceipt:
        self.sent.append(outbound)
        raise ChannelError("no such recipient", fault=self.fault)


@pytest.mark.parametrize("fault", [SendFault.PERMANENT, SendFault.WINDOW_CLOSED])
def test_a_contact_whom_no_answer_reaches_is_left_to_people(live, until, fault):
    channel = Refuses(fault)

    class Kind(LiveChatKind):
        def adapter(self, _channel, _around):
            return channel

    runner = Runner(live, kinds={"live-chat": Kind()})

    async def scene() -> str:
        task = asyncio.create_task(runner.run())
        begun = await runner.receive(inbound(live))
        conversation = begun.conversation.id
        await until(lambda: live.store.conversations.conversation(conversation).status is Status.OPEN)
        runner.stop()
        await task
        return conversation

    conversation = asyncio.run(scene())
    runner.release()
    assert live.store.handoffs.records(conversation)[-1].summary.reason == "not-delivered"
    assert live.store.ledger.balance() == 0


def test_a_persons_reply_is_signed(live, until):
    channel = FakeChannel("website")

    class Kind(LiveChatKind):
        def adapter(self, _channel, _around):
            return channel

    runner = Runner(live, kinds={"live-chat": Kind()})

    async def scene() -> None:
        begun = await runner.receive(inbound(live))
        Inbox(live).reply(begun.conversation.id, "Two years.")
        task = asyncio.create_task(runner.run())
        await until(lambda: channel.sent)
        runner.stop()
        await task

    asyncio.run(scene())
    runner.release()
    assert [(one.message.text, one.author_name) for one in channel.sent] == [("Two years.", "Anna Berg")]
