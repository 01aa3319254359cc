"""Messenger's webhook bodies: every shape of Meta's documentation, in our words, and nothing that makes them fall over."""

from __future__ import annotations

import copy
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custagent.channels.messenger.words import STANDBY, Page, parse
from custagent.channels.webhook import Batch
from custagent.core.channel_event import MessageChanged, PersonWrote, Unread
from custagent.core.message import DeliveryReceipt, DeliveryStatus, DeliveryUpdate, Identity, IdentityKind

PAYLOADS = Path(__file__).parent.parent / "payloads" / "messenger"
PAGE_ID, PSID = "104862911483190", "7301945526610482"
PAGES = {PAGE_ID: Page(channel="page", page_id=PAGE_ID, app_id="1746292889016245")}
NOW = datetime(2026, 11, 22, tzinfo=UTC)
SENT = datetime.fromtimestamp(1_790_000_000, UTC)
BODIES = {path.stem: path.read_bytes() for path in sorted(PAYLOADS.glob("*.json"))}
#: CUSTAGENT_STRESS=1 asks for the long form.
EXAMPLES = 200_000 if os.environ.get("CUSTAGENT_STRESS") == "1" else 300


def read(name: str) -> Batch:
    return parse(BODIES[name], PAGES, now=NOW)


#: By shape: the id, the words and the files of the one message that it brings.
MESSAGES: dict[str, tuple[str, str, list[tuple[str, str]]]] = {
    "text": ("m_text", "How long is the warranty on a kettle?", []),
    "text_reply": ("m_answerto", "The blue one", []),
    "text_referral": ("m_ref", "Is the lamp in stock?", []),
    "quick_reply": ("m_quick", "winter storage of bicycles", []),
    "quick_reply_foreign": ("m_quickforeign", "Yes please", []),
    "postback": ("m_postback", "Opening hours", []),
    "postback_ours": ("m_pbours", "winter storage of bicycles", []),
    "image": ("m_image", "", [("lamp_n.jpg", "image/jpeg")]),
    "image_text": ("m_imagetext", "Do you have this lamp?", [("lamp_n.jpg", "image/jpeg")]),
    "audio": ("m_audio", "", [("audioclip-1.mp4", "audio/mp4")]),
    "video": ("m_video", "", [("clip.mp4", "video/mp4")]),
    "file": ("m_file", "", [("receipt march.pdf", "application/pdf")]),
    "reel": ("m_reel", "", [("reel.mp4", "video/mp4")]),
    "sticker": ("m_sticker", "", [("cat.png", "image/png")]),
    "sticker_old": ("m_thumb", "👍", []),
    "fallback": ("m_fallback", "https://northwind.example/returns\nReturns at Northwind", []),
    "fallback_bare": ("m_fallbackbare", "Returns\nhttps://l.facebook.example/l", []),
    "post": ("m_post", "Spring sale\nhttps://www.facebook.example/northwind/posts/1", []),
    "location": ("m_location", "Kim's place\n📍 59.33, 18.06", []),
    "template": ("m_template", "Pick one", []),
    "appointment": ("m_appointment", "", [("appointment_booking", "")]),
    "unknown_attachment": ("m_hologram", "", [("hologram", "")]),
    "nothing_in_it": ("m_empty", "", [("message of an unknown kind", "")]),
    "standby_text": ("m_standby", "Are you there?", []),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message(name):
    batch = read(name)
    (message,) = batch.messages
    external_id, text, files = MESSAGES[name]
    assert (message.external_id, message.text) == (external_id, text)
    assert [(file.name, file.media_type) for file in message.attachments] == files
    assert (message.channel, message.contact_key, message.sent_at) == ("page", PSID, SENT)
    assert message.identities == (Identity(kind=IdentityKind.PSID, value=PSID),)
    assert message.for_people == (STANDBY if name.startswith("standby") else "")
    assert len(message.body_hash) == 64
    assert (batch.updates, batch.events, batch.ignored) == ((), (), ())


def test_files_can_be_fetched_by_their_address():
    assert read("file").messages[0].attachments[0].reference.startswith("https://cdn.fbsbx.com/v/t59/receipt%20march")
    assert read("appointment").messages[0].attachments[0].reference == ""


def test_what_a_message_replies_to_is_kept():
    assert read("text_reply").messages[0].reply_details == {"reply_to": "m_earlier"}
    assert read("text").messages[0].reply_details == {}


def test_a_button_that_was_pressed_before_mids_has_an_id_of_its_own():
    first, second = read("postback_no_mid").messages[0], read("standby_postback").messages[0]
    assert (first.text, first.external_id) == ("Get started", read("postback_no_mid").messages[0].external_id)
    later = BODIES["postback_no_mid"].replace(b"1790000000000", b"1790000000001")
    assert len({first.external_id, second.external_id, parse(later, PAGES, now=NOW).messages[0].external_id}) == 3
    assert second.for_people == STANDBY


IGNORED = {
    "reaction": "reaction", "unreact": "reaction",
    "echo_deleted": "deleted-echo", "pass_to_us": "pass_thread_control", "take_by_us": "take_thread_control",
    "request_control": "request_thread_control", "app_roles": "app_roles", "optin": "optin", "referral": "referral",
    "account_linking": "account_linking", "policy_enforcement": "policy_enforcement",
    "message_request": "message_request", "feed_change": "change-feed", "another_page": "of-another-page",
    "instagram": "instagram", "whatsapp": "whatsapp_business_account",
}  # fmt: skip


@pytest.mark.parametrize("name", IGNORED)
def test_what_needs_nothing_is_left_aside_by_its_name(name):
    assert read(name) == Batch(ignored=(IGNORED[name],))


def test_our_own_echo_tells_that_a_piece_of_a_reply_was_sent():
    (update,) = read("echo_ours").updates
    assert (update.receipt.status, update.receipt.external_id) == (DeliveryStatus.SENT, "m_ours")
    assert (update.outbound, update.part) == (41, 1)
    (update,) = read("echo_ours_bare").updates
    assert (update.outbound, update.part) == (0, 0)


def test_our_own_echo_tells_when_the_contact_was_sent_it():
    assert read("echo_ours").updates[0].sent_at == SENT


@pytest.mark.parametrize(
    ("name", "status", "watermark"),
    [("delivery_watermark", "delivered", 1789999999995), ("read", "read", 1789999999999)],
)
def test_a_watermark_is_about_all_that_the_contact_was_sent_by_then(name, status, watermark):
    until = datetime.fromtimestamp(watermark / 1000, UTC)
    receipt = DeliveryReceipt(status=DeliveryStatus(status))
    told = DeliveryUpdate(channel="page", receipt=receipt, until=until, contact_key=PSID)
    assert read(name) == Batch(updates=(told,))


@pytest.mark.parametrize("watermark", [b'"soon"', b"-1", b"null", b"[]", b"1e99", b"99999999999999"])
def test_a_watermark_that_is_no_moment_is_left_aside(watermark):
    body = BODIES["read"].replace(b"1789999999999", watermark)
    assert parse(body, PAGES, now=NOW) == Batch(ignored=("watermark",))


def test_delivery_is_told_by_message():
    updates = read("delivery").updates
    assert [one.receipt.external_id for one in updates] == ["m_ours", "m_ours2"]
    assert {one.receipt.status for one in updates} == {DeliveryStatus.DELIVERED}


@pytest.mark.parametrize(
    ("name", "text", "files"),
    [
        ("echo_inbox", "Anna here, I will look into it.", 0),
        ("standby_echo", "Anna again.", 0),
        ("echo_no_app", "", 1),
        ("pass_to_inbox", "", 0),
        ("take", "", 0),
        ("take_bare", "", 0),
    ],
)
def test_somebody_of_the_company_took_over(name, text, files):
    (event,) = read(name).events
    assert isinstance(event, PersonWrote)
    assert (event.contact_key, event.text, len(event.attachments), event.at) == (PSID, text, files, SENT)
    assert event.external_id
    assert read(name).messages == ()


def test_edits_and_taking_back():
    (edit,) = read("edit").events
    assert isinstance(edit, MessageChanged)
    assert (edit.changed, edit.text) == ("m_text", "How long is the warranty on a lamp?")
    (deleted,) = read("deleted").events
    assert isinstance(deleted, MessageChanged)
    assert (deleted.changed, deleted.text) == ("m_text", "")
    assert deleted.external_id != edit.external_id


def test_what_the_page_edits_is_no_contacts_message():
    turned = BODIES["edit"].replace(PSID.encode(), b"?").replace(PAGE_ID.encode(), PSID.encode(), 3)
    sent = json.loads(turned.replace(b"?", PAGE_ID.encode()))
    sent["entry"][0]["id"] = PAGE_ID
    assert parse(json.dumps(sent).encode(), PAGES, now=NOW) == Batch(ignored=("edit-echo",))


@pytest.mark.parametrize(("name", "kind"), [("unknown_event", "telepathy"), ("user_ref", "message")])
def test_what_cannot_be_read_is_kept(name, kind):
    (event,) = read(name).events
    assert isinstance(event, Unread)
    assert (event.channel, event.kind) == ("page", kind)
    assert json.loads(event.content) == json.loads(BODIES[name])["entry"][0]["messaging"][0]
    assert len(event.content_hash) == 40


def test_a_batch_is_read_whole_in_the_order_of_its_events():
    batch = read("batch")
    assert [message.text for message in batch.messages] == ["zero", "one", "two", "three"]
    assert [bool(message.for_people) for message in batch.messages] == [True, False, False, False]
    assert [update.receipt.external_id for update in batch.updates] == ["m_ours"]
    assert [type(event) for event in batch.events] == [Unread, Unread], "one that is broken fails no other"


def test_every_shape_is_named_in_a_test():
    rest = {
        "echo_ours", "echo_ours_bare", "echo_inbox", "standby_echo", "echo_no_app", "pass_to_inbox", "take", "take_bare",
        "edit", "deleted", "delivery", "delivery_watermark", "read", "unknown_event", "user_ref", "batch", "postback_no_mid", "standby_postback",
    }  # fmt: skip
    assert BODIES.keys() == MESSAGES.keys() | IGNORED.keys() | rest


@pytest.mark.parametrize("body", [b"", b"no json", b"\xff", b"[]", b"3", b"{}", b'{"object": 1}', b"1" * 5000])
def test_what_is_no_batch_is_refused(body):
    with pytest.raises(ValueError):
        parse(body, PAGES, now=NOW)


@pytest.mark.parametrize("written", [None, -1, "x", 10**40, True, 0, 4_000_000_000_000])
def test_a_time_that_cannot_be_is_that_of_the_entry_or_now(written):
    sent = json.loads(BODIES["text"])
    sent["entry"][0]["messaging"][0]["timestamp"] = written
    assert parse(json.dumps(sent).encode(), PAGES, now=NOW).messages[0].sent_at == datetime.fromtimestamp(
        1_790_000_000.2, UTC
    )
    sent["entry"][0]["time"] = written
    assert parse(json.dumps(sent).encode(), PAGES, now=NOW).messages[0].sent_at == NOW


@pytest.mark.parametrize("odd", [[1], {"a": 1}, None, "x", 1.5, True])
def test_a_sticker_without_a_number_is_a_file(odd):
    sent = json.loads(BODIES["sticker"])
    sent["entry"][0]["messaging"][0]["message"]["attachments"][0]["payload"]["sticker_id"] = odd
    (message,) = parse(json.dumps(sent).encode(), PAGES, now=NOW).messages
    assert [file.name for file in message.attachments] == ["cat.png"]


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def bent(draw: st.DrawFn) -> Any:
    """A known body with something in it taken out, doubled or put in another's place."""
    sent = copy.deepcopy(json.loads(draw(st.sampled_from(list(BODIES.values())))))
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(sent))
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        match draw(st.integers(0, 3)):
            case 0:
                holder[key] = draw(JUNK)
            case 1 if isinstance(holder, dict):
                del holder[key]
            case 2 if isinstance(holder, dict):
                holder[draw(st.sampled_from(["message", "postback", "delivery", "mid", "text", "id"]))] = holder[key]
            case _:
                holder[key] = [holder[key]]
    return sent


def _places(value: Any) -> Any:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(pairs):
        yield value, key
        yield from _places(inner)


@settings(max_examples=EXAMPLES, deadline=None)
@given(bent())
def test_nothing_that_is_bent_makes_it_fall_over(sent):
    body = json.dumps(sent).encode()
    try:
        batch = parse(body, PAGES, now=NOW)
    except ValueError:
        assert not isinstance(sent, dict) or not isinstance(sent.get("object"), str) or not sent["object"]
        return
    for message in batch.messages:
        assert message.text or message.attachments
        assert message.external_id
        assert message.contact_key
        (message.text + message.contact_key + message.external_id).encode()
    for event in batch.events:
        if isinstance(event, Unread):
            event.content.encode()
            event.kind.encode()


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.binary(max_size=60) | st.sampled_from(list(BODIES.values())).flatmap(
    lambda body: st.tuples(st.integers(0, len(body) - 1), st.integers(0, 255)).map(
        lambda change: body[: change[0]] + bytes([change[1]]) + body[change[0] + 1 :]
    )
))  # fmt: skip
def test_nor_do_any_bytes(body):
    try:
        parse(body, PAGES, now=NOW)
    except ValueError:
        return
