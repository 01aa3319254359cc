"""A mailbox as a channel that sends, against real servers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from zlib import crc32

import pytest

from custagent.channels.email.adapter import EmailAdapter
from custagent.channels.hub import Hub
from custagent.channels.reception import Surroundings
from custagent.core.channel import EmailChannel
from custagent.core.errors import ChannelError, ConfigError, SendFault
from custagent.core.message import (
    DeliveryReceipt,
    DeliveryStatus,
    Message,
    MessageKind,
    OutboundMessage,
    RepliedTo,
    Sender,
)
from custagent.testing import FrozenClock
from tests.acceptance.mail_servers import PASSWORD, servers  # noqa: F401 - a fixture

CLOCK = FrozenClock()
US = "support@northwind.example"


def secrets(reference: str) -> tuple[str, ...]:
    if reference != "${P}":
        raise ConfigError("the environment variable OTHER is not set", hint="export OTHER=…")
    return (PASSWORD,)


@pytest.fixture
def channel(servers, request) -> EmailChannel:  # noqa: F811 - the fixture
    dovecot, submission = servers
    submission.habits.__init__()
    submission.taken.clear()
    address = f"box{crc32(request.node.name.encode())}@northwind.example"
    return EmailChannel(
        name="mail", kind="email", address=address, username=address, password="${P}",
        imap_host=f"localhost:{dovecot.imaps}", smtp_host=f"localhost:{submission.port}", ca_file=str(dovecot.cert),
    )  # fmt: skip


def adapter(channel: EmailChannel) -> EmailAdapter:
    around = Surroundings(
        hub=Hub(), clock=CLOCK, environ={}, secrets=secrets, company=lambda: "Northwind", key=lambda: b"key"
    )
    return EmailAdapter(channel, around)


def outbound(kind: MessageKind = MessageKind.ANSWER, **given) -> OutboundMessage:
    message = Message(
        id=7, conversation="A" * 22, sender=Sender.AGENT, kind=kind, text="Two years.", at=CLOCK.now(), language="sv"
    )
    return OutboundMessage(id=7, message=message, channel="mail", contact_key="kim@example.org", **given)


def send(channel: EmailChannel, one: OutboundMessage) -> DeliveryReceipt:
    return asyncio.run(adapter(channel).send(one))


def test_a_disclosure_goes_out_above_what_follows_it(channel, servers):  # noqa: F811
    receipt = send(channel, outbound(MessageKind.DISCLOSURE))
    assert (receipt.status, receipt.external_id, servers[1].taken) == (DeliveryStatus.SENT, "", [])
    send(channel, outbound(preface="I am an AI."))
    text = servers[1].taken[0].mail.get_body(("plain",)).get_content()
    assert text.index("I am an AI.") < text.index("Two years.")


def test_a_second_try_is_the_same_mail(channel, servers):  # noqa: F811
    first, second = send(channel, outbound()), send(channel, outbound(attempts=1))
    assert first.external_id == second.external_id
    assert servers[1].taken[0].content == servers[1].taken[1].content
    assert f"<{first.external_id}>" == servers[1].taken[0].mail["Message-ID"]


def test_a_first_mail_says_what_it_is_about_in_the_contacts_language(channel, servers):  # noqa: F811
    send(channel, outbound())
    assert servers[1].taken[0].mail["Subject"] == "Din fråga till Northwind"


def test_a_reply_takes_the_subject_that_the_contact_chose(channel, servers):  # noqa: F811
    before = RepliedTo(
        external_id="1@example.org", sent_at=CLOCK.now(), details={"subject": "Hej", "to": "k@example.org"}
    )
    send(channel, outbound(replied_to=before))
    (taken,) = servers[1].taken
    assert (taken.mail["Subject"], taken.recipients) == ("Re: Hej", ("k@example.org",))


def test_a_copy_is_kept_unless_it_is_not_wanted(channel, servers):  # noqa: F811
    send(channel, outbound())
    assert len(servers[0].files(channel.address, "Sent")) == 1
    send(channel.model_copy(update={"sent_folder": "none"}), outbound())
    assert len(servers[0].files(channel.address, "Sent")) == 1


def test_without_a_copy_it_has_gone_out_all_the_same(channel, caplog):
    receipt = send(channel.model_copy(update={"sent_folder": "Nowhere"}), outbound())
    assert receipt.status is DeliveryStatus.SENT
    assert "is not kept" in caplog.text


def test_bounces_come_to_an_address_of_their_own_where_the_mailbox_takes_those(channel, servers):  # noqa: F811
    send(channel, outbound())
    send(channel.model_copy(update={"plus_addresses": True}), outbound())
    plain, plus = servers[1].taken
    assert plain.sender == channel.address
    assert plus.sender.startswith(channel.address.partition("@")[0] + "+b7.")
    assert str(plus.mail["Reply-To"]).partition("@")[0].find("+c") > 0


def test_refusals_are_sorted(channel, servers):  # noqa: F811
    servers[1].habits.refuses["kim@example.org"] = "550 5.1.1 No such user"
    with pytest.raises(ChannelError) as caught:
        send(channel, outbound())
    assert caught.value.fault is SendFault.PERMANENT


def test_a_contact_without_an_address_cannot_be_written_to(channel):
    with pytest.raises(ChannelError) as caught:
        send(channel, replace(outbound(), contact_key="unknown sender"))
    assert caught.value.fault is SendFault.PERMANENT


def test_a_password_that_is_not_set_concerns_this_channel_alone(channel):
    unset = channel.model_copy(update={"password": "${OTHER}"})
    with pytest.raises(ChannelError, match="OTHER") as caught:
        send(unset, outbound())
    assert caught.value.fault is SendFault.CHANNEL_OUT
    steps = asyncio.run(adapter(unset).check())
    assert [wrong for _, wrong in steps if "OTHER is not set" in wrong]


def test_a_check_tries_both_servers_without_sending(channel, servers):  # noqa: F811
    steps = asyncio.run(adapter(channel).check())
    assert [wrong for _, wrong in steps if wrong] == []
    assert len(steps) == 9
    assert servers[1].taken == []
    servers[1].habits.refuses_sender = "553 5.7.1 Not your address"
    *_, (step, wrong) = asyncio.run(adapter(channel).check())
    assert "Not your address" in wrong
    assert step.endswith(f"sends as {channel.address}")


def test_a_fault_of_one_server_leaves_the_other_to_be_tried(channel):
    steps = asyncio.run(adapter(channel.model_copy(update={"imap_host": "nowhere.invalid"})).check())
    assert ["nowhere.invalid" in wrong for _, wrong in steps] == [True, False, False, False, False]
