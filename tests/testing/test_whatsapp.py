"""What the fake WhatsApp kind reads: batches at every level, broken items, statuses, strangers (channels sheet §1)."""

from __future__ import annotations

import json
import random
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.core.message import DeliveryStatus
from custagent.testing.meta import Account
from custagent.testing.meta_words import as_bytes, envelope, status_item, text_item
from custagent.testing.whatsapp import parse

ACCOUNT = Account()
NUMBERS = {ACCOUNT.phone_number_id: "phone"}


def body(*messages, statuses=(), seed: int = 0, escaped: bool = True) -> bytes:
    return as_bytes(envelope(ACCOUNT, messages, statuses, random.Random(seed)), escaped=escaped)


@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_every_message_of_a_batch_is_read_in_its_order(seed, escaped):
    items = [text_item(f"wamid.{n}", f"4670{n}", f"Grüße / 😀 {n}", name="Åsa") for n in range(4)]
    sent = body(*items, statuses=[status_item("wamid.R1", "46701", "read", "7")], seed=seed, escaped=escaped)
    batch = parse(sent, NUMBERS)
    read = [(message.external_id, message.contact_key, message.text) for message in batch.messages]
    assert sorted(read) == [(f"wamid.{n}", f"4670{n}", f"Grüße / 😀 {n}") for n in range(4)]
    assert [one[0] for one in read] == re.findall(r"wamid\.\d", sent.decode())
    assert {message.contact_name for message in batch.messages} == {"Åsa"}
    assert {message.channel for message in batch.messages} == {"phone"}
    assert abs((datetime.now(UTC) - batch.messages[0].sent_at).total_seconds()) < 60
    (update,) = batch.updates
    assert (update.channel, update.outbound) == ("phone", 7)
    assert (update.receipt.external_id, update.receipt.status) == ("wamid.R1", DeliveryStatus.READ)
    assert batch.unknown == ()


def test_that_it_failed_comes_with_its_reason():
    (update,) = parse(body(statuses=[status_item("w", "46", "failed", "")]), NUMBERS).updates
    assert (update.receipt.error, update.outbound) == ("Message undeliverable", 0)


def test_a_button_says_its_title():
    pressed = text_item("w1", "46", "") | {
        "type": "interactive",
        "interactive": {"type": "button_reply", "button_reply": {"id": "1", "title": "Yes, that one"}},
    }
    (message,) = parse(body(pressed), NUMBERS).messages
    assert message.text == "Yes, that one"


@pytest.mark.parametrize(
    "broken",
    [
        {"type": "sticker", "sticker": {}},
        {"type": "interactive", "errors": [{"code": 131000}]},
        {"id": ""},
        {"id": 7},
        {"from": None},
        {"text": "not a mapping"},
        {"text": {"body": " \x00 "}},
        {"timestamp": "tomorrow"},
        {"timestamp": "9" * 30},
        {"timestamp": 1},
    ],
)
def test_a_broken_item_does_not_fail_the_others(broken):
    items = [text_item("w1", "46", "one"), text_item("w2", "46", "two") | broken, text_item("w3", "46", "three")]
    batch = parse(body(*items, statuses=[status_item("r", "46", "warning", "")]), NUMBERS)
    assert [message.text for message in batch.messages] == ["one", "three"]
    assert len(batch.unknown) == 2


def test_who_has_no_number_is_known_by_the_other_key():
    item = text_item("w1", "46", "hello") | {"from_user_id": "SE.1349"}
    del item["from"]
    sent = json.loads(body(text_item("w1", "46", "hello")))
    sent["entry"][0]["changes"][0]["value"]["messages"] = [item]
    (message,) = parse(json.dumps(sent).encode(), NUMBERS).messages
    assert message.contact_key == "SE.1349"


def test_half_a_character_can_be_kept():
    sent = body(text_item("w1", "46", "x")).replace(b'"x"', b'"half \\ud83d of it"').replace(b'"46"', b'"4\\udc006"')
    (message,) = parse(sent, NUMBERS).messages
    for text in (message.text, message.contact_key, message.contact_name):
        text.encode("utf-8")


def test_anothers_number_is_not_ours():
    batch = parse(body(text_item("w1", "46", "one"), statuses=[status_item("r", "46", "read", "1")]), {"1": "phone"})
    assert (batch.messages, batch.updates) == ((), ())
    assert sorted(batch.unknown) == ["status-read", "text"]


@pytest.mark.parametrize("sent", [b"", b"no json", b"\xff", b"[]", b'{"object": "page"}', b"1" * 5000])
def test_what_is_no_batch(sent):
    with pytest.raises(ValueError):
        parse(sent, NUMBERS)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["entry", "changes", "value", "field", "messages", "statuses", "contacts", "metadata", "phone_number_id", "id",
         "from", "type", "text", "body", "status", "profile", "timestamp", "errors", "biz_opaque_callback_data"]
    ), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(entry=anything, change=anything, value=anything)
def test_whatever_stands_where_nothing_raises(entry, change, value):
    for inner in (entry, [entry], [{"changes": change}], [{"changes": [{"field": "messages", "value": value}]}]):
        parse(json.dumps({"object": "whatsapp_business_account", "entry": inner}).encode(), NUMBERS)
