"""The live chat's pure half: what a browser may send, what it is shown, and the adapter."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.channels.hub import Hub
from custagent.channels.live_chat.adapter import LiveChatAdapter, policy, snippet
from custagent.channels.live_chat.chat import (
    MAX_BODY,
    MAX_TEXT,
    Refusal,
    contact_key,
    language,
    parse,
    parse_email,
    render,
    token_in,
)
from custagent.channels.live_chat.loader import integrity, loader, loader_name
from custagent.core.document import Citation
from custagent.core.look import Look
from custagent.core.message import DeliveryStatus, InboundMessage, Message, MessageKind, OutboundMessage, Sender

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ID = "0d7e5c1a-9b1f-4f57-9a8a-0f5d6f0d9c11"
KEY = "k" * 64


def read(**sent: Any) -> InboundMessage | Refusal:
    body = json.dumps({"client_msg_id": ID, "text": "Hello", **sent}).encode()
    return parse(body, channel="website", contact_key=KEY, now=NOW)


def refused(result: InboundMessage | Refusal) -> tuple[int, str]:
    assert isinstance(result, Refusal), result
    assert result.message
    return result.status, result.code


def citation(**given: Any) -> Citation:
    location = given.pop("location", "https://help.example/returns")
    return Citation(**{"title": "Returns", "source": location, "location": location, "quote": "60 days", **given})


def message(**given: Any) -> Message:
    known = {
        "id": 7,
        "conversation": "c1",
        "sender": Sender.AGENT,
        "kind": MessageKind.ANSWER,
        "text": "Yes.",
        "at": NOW,
    }
    return Message(**{**known, **given})


def test_a_message_is_read_as_it_was_written() -> None:
    body = json.dumps({"client_msg_id": ID.upper(), "text": " Hej!\r\nHur\tgår det? \n", "language": "sv-SE"}).encode()
    assert parse(body, channel="website", contact_key=KEY, now=NOW) == InboundMessage(
        channel="website",
        external_id=ID,
        contact_key=KEY,
        text="Hej!\nHur\tgår det?",
        sent_at=NOW,
        language="sv",
        body_hash=hashlib.sha256(body).hexdigest(),
    )


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "not-json"),
        (b"{", 400, "not-json"),
        (b"[]", 400, "not-json"),
        (b'"text"', 400, "not-json"),
        (b"\xff\xfe{\x00}\x00", 400, "not-json"),
        (b"[" * 16_000, 400, "not-json"),
        (b"9" * 5_000, 400, "not-json"),
        (b"{}", 400, "no-id"),
        (b" " * (MAX_BODY + 1), 413, "too-large"),
    ],
)
def test_a_body_that_is_no_message_is_refused(body: bytes, status: int, code: str) -> None:
    assert refused(parse(body, channel="website", contact_key=KEY, now=NOW)) == (status, code)


@pytest.mark.parametrize("value", [None, 1, "", "1", "{" + ID + "}", "urn:uuid:" + ID, ID.replace("-", ""), [ID]])
def test_an_id_is_a_uuid_in_its_one_spelling(value: object) -> None:
    assert refused(read(client_msg_id=value)) == (400, "no-id")


@pytest.mark.parametrize("value", [None, 1, ["Hello"], {"a": 1}, True])
def test_a_text_is_a_string(value: object) -> None:
    assert refused(read(text=value)) == (400, "no-text")


@pytest.mark.parametrize("value", ["", " \n\t ", "\x00\x07", "\u2003"])
def test_a_message_without_text_is_refused(value: str) -> None:
    assert refused(read(text=value)) == (400, "empty")


def test_the_longest_message_fits_in_the_widest_characters() -> None:
    body = json.dumps({"client_msg_id": ID, "text": "😀" * MAX_TEXT, "language": "en-GB"}, ensure_ascii=False).encode()
    longest = parse(body, channel="website", contact_key=KEY, now=NOW)
    assert isinstance(longest, InboundMessage)
    assert len(longest.text) == MAX_TEXT
    assert refused(read(text="a" * (MAX_TEXT + 1))) == (413, "too-long")


def test_what_no_database_can_keep_is_taken_out() -> None:
    result = parse(
        b'{"client_msg_id": "%s", "text": "a\\u0000b\\ud800c"}' % ID.encode(), channel="w", contact_key=KEY, now=NOW
    )
    assert isinstance(result, InboundMessage)
    assert result.text == "ab\N{REPLACEMENT CHARACTER}c"


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    assert isinstance(parse(body, channel="website", contact_key=KEY, now=NOW), InboundMessage | Refusal)


@given(st.text(max_size=300), st.one_of(st.none(), st.text(max_size=20), st.integers()))
def test_any_text_that_is_taken_can_be_kept(text: str, spoken: object) -> None:
    result = read(text=text, language=spoken)
    if isinstance(result, InboundMessage):
        assert result.text.encode("utf-8")
        assert result.text == result.text.strip() != ""
        assert "\x00" not in result.text
        assert len(result.language) in (0, 2)


@pytest.mark.parametrize(
    ("tag", "code"),
    [("sv", "sv"), ("SV-se", "sv"), ("zh_Hans_CN", "zh"), ("", ""), ("swedish", ""), ("s", ""), (3, ""), (None, "")],
)
def test_a_language_tag_gives_its_language(tag: object, code: str) -> None:
    assert language(tag) == code


def test_a_token_is_known_by_its_hash() -> None:
    token = "t" * 43
    assert token_in(f"Bearer {token}") == token_in(f"bearer {token}") == token
    assert contact_key(token) == hashlib.sha256(token.encode()).hexdigest()


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer short", "Basic " + "t" * 43, "Bearer " + "t" * 44, "Bearer " + "ü" * 43]
)
def test_what_is_no_token_opens_nothing(header: str) -> None:
    assert token_in(header) == ""


@pytest.mark.parametrize("email", ["anna@shop.example", " a.b+c@mail.shop.example "])
def test_an_email_address_is_taken(email: str) -> None:
    assert parse_email(json.dumps({"email": email}).encode()) == email.strip()


@pytest.mark.parametrize(
    "email", ["", "anna", "anna@", "@shop.example", "a@b", "a b@c.de", "a@b..c", "a\n@b.c", "a@b.c" * 99, 4]
)
def test_what_is_no_email_address_is_refused(email: object) -> None:
    result = parse_email(json.dumps({"email": email}).encode())
    assert isinstance(result, Refusal)
    assert (result.status, result.code) == (400, "not-an-email")


def test_a_message_for_the_browser_is_plain_values() -> None:
    shown = render(message(options=("A", "B"), citations=(citation(anchor="bikes"),)))
    assert shown == {
        "id": 7,
        "sender": "agent",
        "kind": "answer",
        "text": "Yes.",
        "author": "",
        "language": "",
        "at": "2026-03-01T12:00:00+00:00",
        "options": ["A", "B"],
        "sources": [{"title": "Returns", "url": "https://help.example/returns#bikes"}],
        "feedback": None,
        "attachments": [],
    }
    assert json.loads(json.dumps(shown)) == shown


def test_nothing_of_what_a_decision_rests_on_reaches_the_browser() -> None:
    kept = message(reason="grounded", confidence=0.93, evidence='{"signals": 1}', decision="answer", agent_version=4)
    assert set(render(kept)) == {
        "id",
        "sender",
        "kind",
        "text",
        "author",
        "language",
        "at",
        "options",
        "attachments",
        "sources",
        "feedback",
    }


def test_a_person_is_shown_by_full_name() -> None:
    said = message(sender=Sender.PERSON, kind=MessageKind.PERSON, author="anna")
    assert render(said, person_name={"anna": "Anna Berg"}.__getitem__)["author"] == "Anna Berg"
    assert render(said)["author"] == "anna"


def test_a_private_source_is_not_shown() -> None:
    assert render(message(citations=(citation(private=True),)))["sources"] == []


def test_a_page_that_is_cited_twice_is_shown_once() -> None:
    twice = (citation(quote="60 days"), citation(quote="unused"), citation(anchor="bikes"))
    assert [source["url"] for source in render(message(citations=twice))["sources"]] == [
        "https://help.example/returns",
        "https://help.example/returns#bikes",
    ]


@pytest.mark.parametrize(
    "location",
    [
        "content/manual.pdf", "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//evil.example/x",
        "https:alert(1)", "http:///x", "https://", "https://[bad/", "https://a.example/x y", "https://a.example/\x00",
        "https://a.example/\nX", "\thttps://a.example/", "ftp://a.example/x", "",
    ],
)  # fmt: skip
def test_only_pages_of_the_web_become_links(location: str) -> None:
    shown = render(message(citations=(citation(location=location, title="Manual"),)))
    assert shown["sources"] == [{"title": "Manual", "url": None}]


def test_a_page_of_a_file_on_the_web_is_linked() -> None:
    manual = citation(location="https://help.example/manual.pdf", page=3)
    assert render(message(citations=(manual,)))["sources"][0]["url"] == "https://help.example/manual.pdf#page=3"


def test_the_snippet_is_one_tag_that_names_the_loader_by_its_hash() -> None:
    tag = snippet("https://chat.example/", "website")
    assert tag == (
        f'<script async src="https://chat.example/chat/{loader_name()}" integrity="{integrity()}" '
        'crossorigin="anonymous" data-channel="website"></script>'
    )
    assert integrity() == "sha384-" + base64.b64encode(hashlib.sha384(loader()).digest()).decode()
    assert '"x"' not in snippet('https://chat.example/"x"', "website")


def test_the_snippet_tells_the_look_that_the_button_has_from_the_start() -> None:
    assert "data-look" not in snippet("https://chat.example", "website", Look())
    assert ' data-look="#0a7d55 #ffffff left dark"' in snippet(
        "https://chat.example", "website", Look(colour="#0a7d55", side="left", scheme="dark")
    )
    assert ' data-look="#0a7d55 #ffffff"' in snippet("https://chat.example", "website", Look(colour="#0a7d55"))


def test_a_policy_names_the_host_alone() -> None:
    allowed = ("script-src https://chat.example:8443", "frame-src https://chat.example:8443")
    assert policy("https://chat.example:8443/help/") == allowed


def test_sending_wakes_the_contacts_streams_and_counts_as_sent() -> None:
    async def scenario() -> None:
        hub = Hub()
        mine, other = hub.join("mine", at_most=4), hub.join("other", at_most=4)
        adapter = LiveChatAdapter("website", ["https://a.example"], hub)
        assert adapter.name == "website"
        receipt = await adapter.send(OutboundMessage(id=1, message=message(), channel="website", contact_key="mine"))
        assert (receipt.status, receipt.external_id) == (DeliveryStatus.SENT, "7")
        assert await mine.wait(60)
        assert not await other.wait(0)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("origins", "wrong"),
    [
        ((), ["no site may show this chat yet"]),
        (("https://shop.example",), []),
        (("https://shop.example", "https://shop.example/help"), ["https://shop.example/help is not an origin"]),
    ],
)
def test_a_live_chat_is_connected_when_a_site_is_listed(origins: tuple[str, ...], wrong: list[str]) -> None:
    steps = asyncio.run(LiveChatAdapter("website", origins, Hub()).check())
    found = [told for _, told in steps if told]
    assert len(found) == len(wrong)
    assert all(told.startswith(expected) for told, expected in zip(found, wrong, strict=True))
    assert all(step for step, _ in steps)
