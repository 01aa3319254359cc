"""Replies in WhatsApp's words: pieces, buttons, lists, sources; never anything that Meta would refuse (sheet §1.5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.channels.whatsapp.replies import posts, recipient
from custagent.core.document import Citation
from custagent.core.message import Message, MessageKind, OutboundMessage, RepliedTo, Sender
from custagent.locales import catalogue, languages
from custagent.testing.whatsapp import check_message


def outbound(text: str, key: str = "46701", language: str = "en", options=(), citations=()) -> OutboundMessage:
    message = Message(
        id=7, conversation="c", sender=Sender.AGENT, kind=MessageKind.ANSWER, text=text, at=datetime.now(UTC),
        language=language, options=tuple(options), citations=tuple(citations),
    )  # fmt: skip
    return OutboundMessage(id=7, message=message, channel="phone", contact_key=key)


def asked(*options: str, text: str = "Which one?", **more: Any) -> tuple[dict[str, Any], ...]:
    listed = "\n".join([text, *(f"- {option}" for option in options)])
    return posts(outbound(listed, options=options, **more))


def test_a_text_is_one_post():
    assert posts(outbound("Two *years*.\nhttps://northwind.example")) == ({
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": "46701", "type": "text",
        "text": {"body": "Two *years*.\nhttps://northwind.example", "preview_url": False},
        "biz_opaque_callback_data": "7:0",
    },)  # fmt: skip


@pytest.mark.parametrize(
    ("key", "name"),
    [("46701", "to"), ("SE.1349120865", "recipient"), ("US.ENT.118157992", "recipient"), ("se.134", "to")],
)
def test_numbers_and_ids_have_different_names(key, name):
    assert recipient(key) == {name: key}


def test_a_long_reply_is_cut_at_paragraphs_and_never_in_an_address():
    address = "https://northwind.example/" + "a" * 500
    text = "\n\n".join([f"Paragraph {n}. {address}" for n in range(20)])
    sent = posts(outbound(text))
    bodies = [one["text"]["body"] for one in sent]
    assert len(sent) == 3
    assert "\n\n".join(bodies) == text
    assert [one["biz_opaque_callback_data"] for one in sent] == ["7:0+", "7:1+", "7:2"]


def test_few_short_options_are_buttons():
    (sent,) = asked("Returns", "Delivery", "Something else here")
    assert sent["interactive"] == {
        "type": "button", "body": {"text": "Which one?"},
        "action": {"buttons": [
            {"type": "reply", "reply": {"id": "7:1", "title": "Returns"}},
            {"type": "reply", "reply": {"id": "7:2", "title": "Delivery"}},
            {"type": "reply", "reply": {"id": "7:3", "title": "Something else here"}},
        ]},
    }  # fmt: skip


def test_longer_options_are_a_list_that_tells_them_whole():
    (sent,) = asked("How to return a lamp that came broken", "Delivery", language="sv")
    (section,) = sent["interactive"]["action"]["sections"]
    assert sent["interactive"]["action"]["button"] == "Välj"
    assert section["rows"] == [
        {"id": "7:1", "title": "How to return a lamp th…", "description": "How to return a lamp that came broken"},
        {"id": "7:2", "title": "Delivery"},
    ]


@pytest.mark.parametrize(
    "options",
    [[f"Option {n}" for n in range(11)], ["x" * 73, "y"], ["How to return a lamp that broke", "How to return a lamp that fell"]],
)  # fmt: skip
def test_what_is_too_much_for_both_is_numbered_in_the_text(options):
    (sent,) = asked(*options)
    assert sent["text"]["body"] == "Which one?\n" + "\n".join(f"{n}. {one}" for n, one in enumerate(options, 1))


def test_a_long_question_has_a_list_and_a_longer_one_pieces_before_it():
    (sent,) = asked("Yes", "No", text="Why. " * 300)
    assert sent["interactive"]["type"] == "list"
    *texts, last = asked("Yes", "No", text="Why. " * 1000)
    assert [one["type"] for one in texts] == ["text"]
    assert last["interactive"]["type"] in {"button", "list"}


def test_the_list_opens_by_a_word_of_the_language():
    (sent,) = asked("En lång fråga om cykeln", "En till lång fråga om den", language="sv")
    assert sent["interactive"]["action"]["button"] == "Välj"
    assert all(len(catalogue(one).compose["choose"]) <= 20 for one in languages())


def test_a_page_is_named_once_and_a_private_one_never():
    def cited(location: str, *, private: bool = False) -> Citation:
        return Citation(title=location, source=location, location=location, quote="q", private=private)

    one = cited("https://northwind.example/a")
    (sent,) = posts(outbound("Two years.", citations=[one]))
    assert sent["text"]["body"] == "Two years.\n\nhttps://northwind.example/a"
    (sent,) = posts(outbound("See https://northwind.example/a", citations=[one]))
    assert sent["text"]["body"] == "See https://northwind.example/a"
    other = cited("https://northwind.example/b")
    (sent,) = posts(outbound("Two years [1]. Red [2].", citations=[one, other, cited("content/x.md", private=True)]))
    assert sent["text"]["body"].endswith("[1] https://northwind.example/a\n[2] https://northwind.example/b")
    for hidden in (cited("https://northwind.example/c", private=True), cited("content/y.md")):
        (sent,) = posts(outbound("Two years.", citations=[hidden]))
        assert sent["text"]["body"] == "Two years."


def test_a_reply_that_comes_late_says_what_it_is_to():
    asked = RepliedTo(external_id="wamid.1", sent_at=datetime.now(UTC))
    (sent,) = posts(replace(outbound("Two years."), replied_to=asked))
    assert "context" not in sent
    first, second = posts(replace(outbound("Two years. " * 500), replied_to=replace(asked, newer=True)))
    assert (first["context"], "context" in second) == ({"message_id": "wamid.1"}, False)


def test_nothing_to_say_is_no_post():
    assert posts(outbound(" \n ")) == ()


@given(
    text=st.text(max_size=300).map(lambda one: one * 20) | st.text(max_size=50),
    options=st.lists(st.text(max_size=90), max_size=12),
    key=st.sampled_from(["46701234567", "SE.1349"]),
)
def test_nothing_is_ever_refused(text, options, key):
    for sent in posts(outbound(text, key=key, options=options)):
        assert check_message(sent) == key
