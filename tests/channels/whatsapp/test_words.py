"""Every shape of a WhatsApp webhook in our words, in whatever company it comes (channels sheet §1.1 to §1.4)."""

from __future__ import annotations

import hashlib
import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from custagent.channels.whatsapp.words import parse
from custagent.core.channel_event import IdentitiesChanged, MessageChanged, PersonWrote, Unread
from custagent.core.message import Attachment, DeliveryStatus, Identity, IdentityKind
from tests.channels.whatsapp.shapes import NOW, NUMBER, NUMBERS, SHAPES, batch, body, change

PHONE = Identity(kind=IdentityKind.PHONE, value="46701234567")
BSUID = Identity(kind=IdentityKind.BSUID, value="SE.24681357908642")
PARENT = Identity(kind=IdentityKind.PARENT_BSUID, value="SE.ENT.97531086420")
NEW_PHONE = Identity(kind=IdentityKind.PHONE, value="46707654321")
SENT = datetime.fromtimestamp(1790000000, UTC)

#: What each message says: its text, its files as (name, type, reference), and why it is for people.
SAID = {
    "text": ("Hur lång är garantin?", [], ""),
    "text by id alone": ("Hi", [], ""),
    "image": ("", [("image", "image/jpeg", "900000000000001")], ""),
    "image with address and caption": ("What is this part called?", [("image", "image/jpeg", "900000000000002")], ""),
    "video forwarded": ("It rattles", [("video", "video/mp4", "900000000000003")], ""),
    "document": ("My receipt", [("receipt.pdf", "application/pdf", "900000000000004")], ""),
    "audio": ("", [("audio", "audio/ogg", "900000000000005")], ""),
    "voice": ("", [("voice", "audio/ogg", "900000000000006")], ""),
    "sticker": ("", [("sticker", "image/webp", "900000000000007")], ""),
    "animated sticker": ("", [("sticker", "image/webp", "900000000000008")], ""),
    "location": ("59.33258, 18.0649", [], ""),
    "place": ("Northwind\nStorgatan 1, Stockholm\n59.3251, 18.0711\nhttps://maps.example.com/?cid=1", [], ""),
    "contacts": ("Eva Lind, +46 70 111 22 33\nBo, +46 70 444 55 66", [], ""),
    "order": ("3 x LAMP\n2 x BULB\nBy Friday, please", [], "an order"),
    "unsupported": ("", [("unsupported", "", "")], ""),
    "unsupported poll": ("", [("poll", "", "")], ""),
    "quoted": ("And this one?", [], ""),
    "forwarded": ("passed on", [], ""),
    "forwarded often": ("passed on by many", [], ""),
    "interactive without its object": ("", [("interactive", "", "")], ""),
    "from an advertisement": ("Is it still on offer?", [], ""),
    "button": ("Returns", [], ""),
    "template button": ("Yes", [], ""),
    "template button without context": ("Yes", [], ""),
    "row": ("Delivery", [], ""),
    "row with its whole text": ("How to return a lamp that came broken", [], ""),
    "form": ("comment: All fine\nrating: 4", [], "a form was filled in"),
    "form without token": ("comment: All fine\nrating: 4", [], "a form was filled in"),
}
#: What is left aside on purpose, and under which name.
IGNORED = {
    "reaction": "reaction",
    "reaction taken back": "reaction",
    "reaction taken back without emoji": "reaction",
    "in a group": "group",
    "calls allowed": "call_permission_reply",
    "calls refused": "call_permission_reply",
    "of a group": "group",
    "deleted": "status-deleted",
    "warning": "status-warning",
    "echo taken back": "echo-revoke",
    "echo edited": "echo-edit",
    "identity": "system-customer_identity_changed",
    "account deleted": "account_update",
    "account restricted": "account_update",
    "account violation": "account_update",
    "account disabled": "account_update",
    "advertising linked": "account_update",
    "partner removed": "account_update",
    "preferences": "user_preferences",
    "quality": "phone_number_quality_update",
    "template category": "template_category_update",
    "template components": "message_template_components_update",
    "template quality": "message_template_quality_update",
    "template status": "message_template_status_update",
    "call begins": "calls",
    "call ends": "calls",
    "call rings": "calls",
    "a thread is passed": "messaging_handovers",
}
#: What became of replies: provider's id, status, and what was sent along.
TOLD = {
    "sent": ("wamid.r1", DeliveryStatus.SENT, 0, 0),
    "delivered": ("wamid.r1", DeliveryStatus.DELIVERED, 0, 0),
    "read": ("wamid.r1", DeliveryStatus.READ, 0, 0),
    "played": ("wamid.r1", DeliveryStatus.READ, 0, 0),
    "failed": ("wamid.r2", DeliveryStatus.FAILED, 0, 0),
    "with what was sent along": ("wamid.r3", DeliveryStatus.SENT, 7, 1),
}
#: The texts of edits; "" is taken back.
CHANGED = {
    "edited": ("wamid.text", "Hur lång är leveransen?"),
    "caption edited": ("wamid.image2", "What is it called?"),
    "taken back": ("wamid.text", ""),
}
NEW_IDENTITIES = {
    "new number": ((PHONE,), (NEW_PHONE,)),
    "new number, older form": ((PHONE,), (NEW_PHONE,)),
    "new id": ((BSUID, PHONE), (Identity(kind=IdentityKind.BSUID, value="SE.1122334455"), NEW_PHONE)),
}
ECHOES = {
    "echo": ("I will look into it", []),
    "echo of a picture": ("Like this", [("image", "image/png", "900000000000009")]),
}


def read(name: str):
    return parse(body(change(name)), NUMBERS, now=NOW)


def files(attachments: tuple[Attachment, ...]) -> list[tuple[str, str, str]]:
    return [(one.name, one.media_type, one.reference) for one in attachments]


def test_every_shape_is_expected_to_be_something():
    groups = [SAID, IGNORED, TOLD, CHANGED, NEW_IDENTITIES, ECHOES]
    assert sorted(name for group in groups for name in group) == sorted(SHAPES)


@pytest.mark.parametrize("name", SAID)
def test_what_a_message_says(name):
    found = read(name)
    (message,) = found.messages
    assert (message.text, files(message.attachments), message.for_people) == SAID[name]
    assert (message.channel, message.sent_at, message.contact_name) == ("phone", SENT, "Åsa Öberg")
    assert message.external_id == SHAPES[name]["value"]["messages"][0]["id"]
    assert (found.updates, found.events) == ((), ())
    assert message.body_hash == hashlib.sha256(body(change(name))).hexdigest()


@pytest.mark.parametrize("name", IGNORED)
def test_what_is_left_aside(name):
    found = read(name)
    assert (found.messages, found.updates, found.events, found.ignored) == ((), (), (), (IGNORED[name],))


@pytest.mark.parametrize("name", TOLD)
def test_what_became_of_a_reply(name):
    found = read(name)
    (update,) = found.updates
    told = (update.receipt.external_id, update.receipt.status, update.outbound, update.part)
    assert told == TOLD[name]
    assert (found.messages, found.events, found.ignored) == ((), (), ())


def test_why_a_reply_failed():
    (update,) = read("failed").updates
    assert "User's number is part of an experiment" in update.receipt.error
    assert "130472" in update.receipt.error


@pytest.mark.parametrize("name", CHANGED)
def test_what_was_changed(name):
    (event,) = read(name).events
    assert isinstance(event, MessageChanged)
    assert (event.changed, event.text) == CHANGED[name]
    assert event.external_id == SHAPES[name]["value"]["messages"][0]["id"]


@pytest.mark.parametrize("name", NEW_IDENTITIES)
def test_who_is_known_by_something_else(name):
    (event,) = read(name).events
    assert isinstance(event, IdentitiesChanged)
    assert (event.before, event.now) == NEW_IDENTITIES[name]
    assert event.contact_key == "46707654321"


@pytest.mark.parametrize("name", ECHOES)
def test_what_a_person_wrote_in_the_app(name):
    (event,) = read(name).events
    assert isinstance(event, PersonWrote)
    assert (event.text, files(event.attachments)) == ECHOES[name]
    assert (event.contact_key, event.identities) == ("46701234567", (BSUID, PHONE, PARENT))


def test_who_wrote_is_told_the_surest_first():
    (message,) = read("text").messages
    assert (message.contact_key, message.identities) == ("46701234567", (BSUID, PHONE, PARENT))
    (by_id,) = read("text by id alone").messages
    name = Identity(kind=IdentityKind.USERNAME, value="asa.oberg")
    assert (by_id.contact_key, by_id.identities) == (BSUID.value, (BSUID, name))


@pytest.mark.parametrize("form", ["{}", "no json", '{"flow_token": "x"}', "[]", None])
def test_a_form_that_says_nothing_is_one_that_cannot_be_read(form):
    sent = change("form")
    sent["value"]["messages"][0]["interactive"]["nfm_reply"] = {"name": "flow", "response_json": form}
    (message,) = parse(body(sent), NUMBERS, now=NOW).messages
    assert (message.text, files(message.attachments)) == ("", [("form", "", "")])


def test_what_a_message_replies_to_is_kept():
    assert read("quoted").messages[0].reply_details == {"quoted": "wamid.ours", "quoted_from": "15550783881"}
    assert read("forwarded often").messages[0].reply_details == {"forwarded": "yes"}
    assert read("text").messages[0].reply_details == {}


@pytest.mark.parametrize("seed", range(5))
def test_all_shapes_in_one_body_in_any_order_are_what_each_is_alone(seed):
    names = sorted(SHAPES)
    random.Random(seed).shuffle(names)
    whole = parse(body(*(change(name) for name in names)), NUMBERS, now=NOW)
    alone = [read(name) for name in names]
    assert [m.external_id for m in whole.messages] == [m.external_id for one in alone for m in one.messages]
    assert [m.text for m in whole.messages] == [m.text for one in alone for m in one.messages]
    assert list(whole.updates) == [update for one in alone for update in one.updates]
    assert list(whole.events) == [event for one in alone for event in one.events]
    assert list(whole.ignored) == [name for one in alone for name in one.ignored]


@pytest.mark.parametrize(
    "broken",
    [{"id": ""}, {"id": 7}, {"text": "no mapping"}, {"text": {"body": " \x00 "}}, {"type": "telepathy"}, {"type": None},
     {"type": "image", "image": 3}, {"type": "interactive", "interactive": {"type": "new"}},
     {"type": "system", "system": {"type": "user_changed_number"}}, {"type": "edit"}],
)  # fmt: skip
def test_a_broken_item_is_kept_unread_and_fails_no_other(broken):
    sent = change("text")
    good = sent["value"]["messages"][0]
    sent["value"]["messages"] = [good, good | {"id": "wamid.b"} | broken, good | {"id": "wamid.c"}]
    found = parse(body(sent), NUMBERS, now=NOW)
    assert [message.external_id for message in found.messages] == ["wamid.text", "wamid.c"]
    (unread,) = found.events
    assert isinstance(unread, Unread)
    assert json.loads(unread.content) == good | {"id": "wamid.b"} | broken
    assert unread.content_hash == hashlib.sha256(unread.content.encode()).hexdigest()


def test_who_cannot_be_told_is_kept_unread():
    sent = change("text")
    del sent["value"]["messages"][0]["from"], sent["value"]["contacts"]
    (unread,) = parse(body(sent), NUMBERS, now=NOW).events
    assert (unread.kind, unread.channel) == ("text", "phone")


@pytest.mark.parametrize("item", [None, 3, "x", [], [[]]])
@pytest.mark.parametrize("key", ["messages", "statuses"])
def test_what_is_no_item(item, key):
    sent = change("text")
    sent["value"][key] = item
    found = parse(body(sent), NUMBERS, now=NOW)
    unread = [event for event in found.events if isinstance(event, Unread)]
    assert len(unread) == (0 if item in (None, []) else 1)


def test_a_field_that_nobody_knows_is_kept_unread():
    sent = change("text") | {"field": "telepathy"}
    (unread,) = parse(body(sent), NUMBERS, now=NOW).events
    assert (unread.kind, "garantin" in unread.content) == ("telepathy", True)


@pytest.mark.parametrize("at", ["tomorrow", "9" * 30, "0", "-5", "1790000000000", None, [], 1.5, str(2**63)])
def test_absurd_times_are_now(at):
    sent = change("text")
    sent["value"]["messages"][0]["timestamp"] = at
    (message,) = parse(body(sent), NUMBERS, now=NOW).messages
    assert message.sent_at == NOW


def test_a_message_of_the_future_is_of_now_and_an_old_one_is_old():
    sent = change("text")
    for at, expected in ((NOW + timedelta(seconds=50), NOW), (NOW - timedelta(days=6), NOW - timedelta(days=6))):
        sent["value"]["messages"][0]["timestamp"] = str(int(at.timestamp()))
        (message,) = parse(body(sent), NUMBERS, now=NOW).messages
        assert message.sent_at == expected


def test_names_go_with_their_messages_where_several_contacts_write():
    sent = change("text")
    first = sent["value"]["messages"][0]
    sent["value"]["messages"].append(first | {"id": "wamid.2", "from": "4670999"})
    sent["value"]["contacts"].append({"wa_id": "4670999", "profile": {"name": "Bo"}, "user_id": "SE.9"})
    found = parse(body(sent), NUMBERS, now=NOW).messages
    assert [(one.contact_name, one.identities[0].value) for one in found] == [
        ("Åsa Öberg", BSUID.value), ("Bo", "SE.9"),
    ]  # fmt: skip


def test_several_numbers_share_a_webhook_and_anothers_is_not_ours():
    other = change("text")
    other["value"]["metadata"]["phone_number_id"] = "2"
    other["value"]["messages"][0]["id"] = "wamid.other"
    third = change("text")
    third["value"]["metadata"]["phone_number_id"] = "3"
    found = parse(body(change("text"), other, third), {NUMBER: "phone", "2": "second"}, now=NOW)
    assert [(one.channel, one.external_id) for one in found.messages] == [
        ("phone", "wamid.text"), ("second", "wamid.other"),
    ]  # fmt: skip
    assert found.ignored == ("messages-of-another-number",)


@pytest.mark.parametrize(("reference", "told"), [("7:0", (7, 0, True)), ("7:1+", (7, 1, False)), ("7", (7, 0, True))])
def test_a_piece_tells_whether_more_follow(reference, told):
    sent = change("with what was sent along")
    sent["value"]["statuses"][0]["biz_opaque_callback_data"] = reference
    (update,) = parse(body(sent), NUMBERS, now=NOW).updates
    assert (update.outbound, update.part, update.last) == told


@pytest.mark.parametrize("reference", ["7:", "7+", ":1", "seven", "7:1:2", "9" * 30, "٣", 7, None])
def test_what_others_sent_along_is_not_ours(reference):
    sent = change("with what was sent along")
    sent["value"]["statuses"][0]["biz_opaque_callback_data"] = reference
    (update,) = parse(body(sent), NUMBERS, now=NOW).updates
    assert (update.outbound, update.part) == (0, 0)


@pytest.mark.parametrize("sent", [b"", b"no json", b"\xff", b"[]", b"{}", b'{"object": 1}', b"1" * 5000])
def test_what_is_no_batch(sent):
    with pytest.raises(ValueError):
        parse(sent, NUMBERS, now=NOW)


def test_what_another_product_brings_is_left_aside():
    assert parse(b'{"object": "page", "entry": []}', NUMBERS, now=NOW).ignored == ("object-page",)


def test_half_a_character_can_be_kept():
    sent = json.dumps(batch(change("text"))).encode().replace(b"garantin", b"half \\ud83d of it")
    (message,) = parse(sent.replace(b"46701234567", b"4\\udc006"), NUMBERS, now=NOW).messages
    for text in (message.text, message.contact_key, *(one.value for one in message.identities)):
        text.encode("utf-8")


@pytest.mark.parametrize("reference", ["../me", "a/b", "", "x" * 300, 7, "1?access_token=2"])
def test_a_file_whose_id_could_lead_elsewhere_is_not_fetched(reference):
    sent = change("image")
    sent["value"]["messages"][0]["image"]["id"] = reference
    ((attachment,),) = [one.attachments for one in parse(body(sent), NUMBERS, now=NOW).messages]
    assert attachment.reference == ""
    assert attachment.error
