"""Files of contacts are saved by who is signed in, from their own conversation, and never shown."""

from __future__ import annotations

import pytest

from custagent.core.channel_event import MessageChanged, PersonWrote
from custagent.core.message import Attachment, DeliveryReceipt, DeliveryStatus
from custagent.runtime.files import FileFolder
from tests.runtime.web.inbox_web.conftest import Desk

PAGE = b"%PDF-1.7 <script>alert(1)</script>"


@pytest.fixture
def kept(shop) -> Attachment:
    return FileFolder(shop.home.files_folder).keep(PAGE, name='Rechnung "1" ä.pdf', media_type="application/pdf")


@pytest.fixture
def conversation(shop, hear, kept):
    broken = Attachment(name="voice.ogg", error="It could not be fetched: gone")
    coming = Attachment(name="photo.png", reference="media1")
    return hear(shop, "k1", attachments=(kept, broken, coming))


@pytest.fixture
def other(shop, hear):
    """A conversation without files."""
    return hear(shop, "k2")


def test_a_file_is_handed_out_to_be_saved(desk, conversation, kept):
    got = desk.get(f"/inbox/c/{conversation.id}/files/{kept.hash}")
    assert (got.status_code, got.content) == (200, PAGE)
    assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''Rechnung%201%20%C3%A4.pdf"
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.headers["content-security-policy"]


def test_who_saves_it_leaves_a_record(shop, desk, conversation, kept):
    desk.get(f"/inbox/c/{conversation.id}/files/{kept.hash}")
    assert [one.action for one in shop.store.audit.entries(9, subject=conversation.id)] == ["inbox read"]


def test_nobody_else_gets_it(other, asgi, desk, conversation, kept):
    place = f"/inbox/c/{conversation.id}/files/{kept.hash}"
    assert Desk(asgi).get(place).status_code in (303, 401)
    for there in (
        f"/inbox/c/{other.id}/files/{kept.hash}",
        f"/inbox/c/{conversation.id}/files/{'0' * 64}",
        f"/inbox/c/{conversation.id}/files/..%2f..%2fcustagent.db",
        f"/inbox/c/nowhere/files/{kept.hash}",
    ):
        refused = desk.get(there)
        assert refused.status_code == 404
        assert PAGE not in refused.content


def test_the_thread_tells_of_each_file_and_what_became_of_replies(shop, desk, conversation, kept, reply):
    said = reply(shop, conversation)
    failed = DeliveryReceipt(status=DeliveryStatus.FAILED, error="no such <number>")
    shop.store.outbox.record(said.id, failed, shop.clock.now())
    shown = desk.get(f"/inbox/c/{conversation.id}/thread").text
    assert f'href="/inbox/c/{conversation.id}/files/{kept.hash}"' in shown
    assert "It could not be fetched: gone" in shown
    assert "is being fetched" in shown
    assert "no such &lt;number&gt;" in shown


def test_the_thread_tells_what_happened_elsewhere(shop, desk, hear):
    from custagent.conversation.lifecycle import threading_of

    conversation = hear(shop, "k1", "My number is 17")
    now = shop.clock.now()
    (first,) = shop.store.conversations.messages(conversation.id)
    back = MessageChanged(channel="web", external_id="e1", changed=f"k1 {now}", text="", at=now)
    wrote = PersonWrote(channel="web", external_id="e2", contact_key="k1", text="I have called you", at=now)
    threadings = {"web": threading_of("live-chat")}
    shop.store.channel_news.take_soon([back, wrote], now, threadings=threadings).result()
    shown = desk.get(f"/inbox/c/{conversation.id}/thread").text
    assert "taken back by the contact" in shown
    assert first.text not in shown
    assert "Answered outside custagent" in shown
