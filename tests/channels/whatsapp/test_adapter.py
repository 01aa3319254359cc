"""Sending on WhatsApp: what is posted, and what each refusal means for the reply (channels sheet §1.5 to §1.7)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from custagent.channels.whatsapp.adapter import FAULTS, WINDOW, WhatsAppAdapter
from custagent.core.errors import ChannelError, SendFault
from custagent.core.message import DeliveryReceipt, DeliveryStatus
from custagent.testing.meta import Fault
from tests.channels.whatsapp.conftest import CONTACT, around, channel_at, outbound, replied, send

HOURS = timedelta(hours=1)


def failed(adapter, reply=None) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        send(adapter, reply)
    return caught.value


def test_a_reply_is_posted_and_its_id_is_told(meta, adapter):
    receipt = send(adapter)
    (reply,) = meta.replies
    assert receipt == DeliveryReceipt(status=DeliveryStatus.SENT, external_id=reply.id)
    assert (reply.to, reply.text, reply.reference, reply.part) == (CONTACT, "Två år 😀.", "7", "0")


def test_who_is_known_by_an_id_alone_is_answered(meta, adapter):
    meta.open_window("SE.13491")
    assert send(adapter, outbound(to="SE.13491")).external_id == meta.replies[0].id
    assert meta.replies[0].body["recipient"] == "SE.13491"


def test_a_long_reply_goes_on_behind_the_pieces_that_went_out(meta, adapter):
    text = "\n\n".join(f"Part {n}. " + "x" * 3000 for n in range(3))
    meta.refuse(500, 131000, "Something went wrong")
    assert failed(adapter, outbound(text)).parts_sent == 0
    send(adapter, outbound(text, parts_sent=2))
    assert [(one.part, one.text[:6]) for one in meta.replies] == [("2", "Part 2")]
    meta.disturb(Fault.LOSE)
    receipt = send(adapter, outbound(text))
    assert [one.part for one in meta.replies] == ["2", "0+", "1+", "2"]
    assert receipt.external_id == meta.replies[-1].id


def test_a_piece_that_fails_tells_how_many_went_out(meta, adapter):
    text = "\n\n".join(f"Part {n}. " + "x" * 3000 for n in range(3))
    meta.disturb(Fault.LOSE)  # takes the first
    meta.disturb(Fault.FAIL)
    assert failed(adapter, outbound(text)).parts_sent == 1
    assert [one.part for one in meta.replies] == ["0+"]


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (190, SendFault.CHANNEL_OUT), (0, SendFault.CHANNEL_OUT), (3, SendFault.CHANNEL_OUT), (10, SendFault.CHANNEL_OUT),
        (200, SendFault.CHANNEL_OUT), (299, SendFault.CHANNEL_OUT), (33, SendFault.CHANNEL_OUT),
        (368, SendFault.CHANNEL_OUT), (131005, SendFault.CHANNEL_OUT), (131031, SendFault.CHANNEL_OUT),
        (131042, SendFault.CHANNEL_OUT), (131045, SendFault.CHANNEL_OUT), (133010, SendFault.CHANNEL_OUT),
        (2, SendFault.RETRY), (131000, SendFault.RETRY), (131016, SendFault.RETRY), (131057, SendFault.RETRY),
        (133004, SendFault.RETRY), (4, SendFault.SLOW_CHANNEL), (80007, SendFault.SLOW_CHANNEL),
        (130429, SendFault.SLOW_CHANNEL), (131048, SendFault.SLOW_CHANNEL), (131056, SendFault.SLOW_CONTACT),
        (131049, SendFault.SLOW_CONTACT), (130472, SendFault.SLOW_CONTACT), (131064, SendFault.SLOW_CONTACT),
        (131047, SendFault.WINDOW_CLOSED), (131026, SendFault.PERMANENT), (131030, SendFault.PERMANENT),
        (130403, SendFault.PERMANENT), (131050, SendFault.PERMANENT), (130497, SendFault.PERMANENT),
        (131021, SendFault.PERMANENT), (100, SendFault.PERMANENT), (131008, SendFault.PERMANENT),
        (131009, SendFault.PERMANENT), (131051, SendFault.PERMANENT), (131053, SendFault.PERMANENT),
        (132000, SendFault.PERMANENT), (132999, SendFault.PERMANENT), (131062, SendFault.PERMANENT),
        (135000, SendFault.PERMANENT),
    ],
)  # fmt: skip
def test_the_code_decides_what_a_refusal_means(meta, adapter, code, fault):
    # Never the HTTP status: Meta says 400, 401 and 500 to the same thing.
    for status in (400, 500):
        meta.refuse(status, code, "No")
        error = failed(adapter)
        assert (error.fault, f"(#{code})" in error.message) == (fault, True)
    assert meta.replies == []


def test_every_code_of_the_table_has_been_tried():
    tried = {mark for one in test_the_code_decides_what_a_refusal_means.pytestmark for mark, _ in one.args[1]}
    assert {code for code in FAULTS if not 132000 <= code < 133000} <= tried


@pytest.mark.parametrize(
    ("status", "code", "transient", "fault"),
    [(400, 999999, True, SendFault.RETRY), (400, 999999, False, SendFault.PERMANENT), (503, 999999, False, SendFault.RETRY),
     (429, 999999, False, SendFault.SLOW_CHANNEL), (401, 999999, False, SendFault.CHANNEL_OUT),
     (429, 1, False, SendFault.SLOW_CHANNEL), (500, 1, False, SendFault.RETRY)],
)  # fmt: skip
def test_of_an_unknown_code_the_status_tells(*, meta, adapter, status, code, transient, fault):
    meta.refuse(status, code, "No", transient=transient)
    assert failed(adapter).fault is fault


def test_how_long_meta_asks_to_wait_is_passed_on(meta, adapter):
    meta.refuse(429, 130429, "Rate limit hit", retry_after=17)
    assert failed(adapter).retry_after == 17


@pytest.mark.parametrize(("tries", "pause"), [(0, 4), (1, 16), (2, 64), (3, 256), (9, 900)])
def test_who_got_too_many_waits_ever_longer(meta, adapter, tries, pause):
    meta.refuse(400, 131056, "Pair rate limit hit")
    assert failed(adapter, outbound(attempts=tries)).retry_after == pause


@pytest.mark.parametrize(("code", "pause"), [(131048, 3_600), (131049, 86_400), (130472, 86_400), (131064, 86_400)])
def test_what_must_not_be_hurried_waits_long(meta, adapter, code, pause):
    meta.refuse(400, code, "Not now")
    assert failed(adapter).retry_after == pause


def test_a_token_that_died_says_how_to_get_a_new_one(adapter_with, meta):
    error = failed(adapter_with({**meta.environment, "WHATSAPP_TOKEN": "another"}))
    assert error.fault is SendFault.CHANNEL_OUT
    assert "the access token has expired" in error.message
    assert "Generate token" in error.hint


def test_a_secret_that_is_missing_holds_the_channel(adapter_with, meta):
    error = failed(adapter_with({"WHATSAPP_SECRET": "x"}))
    assert (error.fault, "WHATSAPP_TOKEN" in error.message) == (SendFault.CHANNEL_OUT, True)


def test_both_secrets_prove_the_app_while_it_is_changed(adapter_with, meta):
    changed = {**meta.environment, "WHATSAPP_SECRET": "new", "WHATSAPP_SECRET_PREVIOUS": meta.account.app_secret}
    assert send(adapter_with(changed)).external_id
    assert failed(adapter_with({**meta.environment, "WHATSAPP_SECRET": "wrong"})).fault is SendFault.PERMANENT


def test_a_window_that_is_closed_is_not_knocked_at(meta, adapter):
    error = failed(adapter, outbound(replied_to=replied(WINDOW)))
    assert error.fault is SendFault.WINDOW_CLOSED
    assert "24 hours" in error.message
    assert send(adapter, outbound(replied_to=replied(WINDOW - timedelta(seconds=1)))).external_id
    assert len(meta.replies) == 1


def test_who_wrote_again_has_opened_the_window_anew(meta, adapter):
    asked = replace(replied(2 * WINDOW), newer=True)
    assert send(adapter, outbound(replied_to=asked)).external_id
    assert meta.replies[0].body["context"] == {"message_id": "wamid.1"}


def test_meta_may_find_it_closed_all_the_same(meta, adapter):
    meta.close_window(CONTACT)
    assert failed(adapter, outbound(replied_to=replied(HOURS))).fault is SendFault.WINDOW_CLOSED


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.CUT])
def test_what_may_have_been_taken_waits_for_the_provider_s_word(meta, adapter, fault):
    meta.disturb(fault)
    error = failed(adapter)
    assert (error.fault, error.retry_after) == (SendFault.RETRY, 60.0)
    assert len(meta.replies) == (fault is Fault.DROP)


def test_one_that_says_nothing_is_not_waited_for_for_ever(meta):
    meta.disturb(Fault.HANG)
    error = failed(WhatsAppAdapter(channel_at(meta.address), around(meta.environment), patience=0.05))
    assert (error.fault, error.retry_after, "TimeoutError" in error.message) == (SendFault.RETRY, 60.0, True)


def test_nobody_there_took_nothing_and_holds_the_channel(adapter_with):
    error = failed(adapter_with(base="http://127.0.0.1:1"))
    assert (error.fault, error.retry_after) == (SendFault.CHANNEL_OUT, 0.0)
    assert "cannot be reached" in error.message


def test_nothing_to_say_is_never_sent(adapter):
    assert failed(adapter, outbound(" ")).fault is SendFault.PERMANENT


def test_a_message_is_marked_as_read_and_somebody_types(meta, adapter):
    message = meta.write(CONTACT, "hej")
    asyncio.run(adapter.working(CONTACT, replied(HOURS, message)))
    assert (meta.read, meta.typing) == ([message], [message])
    with pytest.raises(ChannelError):
        asyncio.run(adapter.working(CONTACT, replied(HOURS, "wamid.unknown")))


def test_a_check_goes_step_by_step(meta, adapter, adapter_with):
    names = ["its secrets are set", "the access token opens the number", "its webhooks are subscribed",
             "the verify token is set"]  # fmt: skip
    assert asyncio.run(adapter.check()) == [(name, "") for name in names]
    assert meta.subscribed == 1
    assert asyncio.run(adapter.check())
    assert meta.subscribed == 1, "an app that is subscribed is left alone"

    def wrong(*, environment=None, **settings) -> dict[str, str]:
        steps = asyncio.run(adapter_with(environment, **settings).check())
        return {name: told for name, told in steps if told}

    without = {name: value for name, value in meta.environment.items() if name != "WHATSAPP_VERIFY"}
    assert "WHATSAPP_VERIFY" in wrong(environment=without)["the verify token is set"]
    assert (
        "WHATSAPP_TOKEN" in wrong(environment={"WHATSAPP_SECRET": "x", "WHATSAPP_VERIFY": "y"})["its secrets are set"]
    )
    token = wrong(environment={**meta.environment, "WHATSAPP_TOKEN": "another"})
    assert "Generate token" in token["the access token opens the number"]
    assert "refused" in wrong(phone_number_id="1")["the access token opens the number"]
    assert "business_account_id is missing" in wrong(business_account_id=None)["its webhooks are subscribed"]
    assert "cannot be reached" in wrong(base="http://127.0.0.1:1")["the access token opens the number"]
