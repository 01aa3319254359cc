"""Sources below a reply on channels that carry nothing but text."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from custagent.channels.sources import with_sources
from custagent.core.document import Citation
from custagent.core.message import Message, MessageKind, Sender


def cited(title: str, location: str, **rest: object) -> Citation:
    return Citation(title=title, source=location, location=location, quote="q", **rest)


def reply(text: str, *citations: Citation) -> Message:
    return Message(
        conversation="c", sender=Sender.AGENT, kind=MessageKind.ANSWER, text=text, at=datetime(2026, 1, 1, tzinfo=UTC),
        citations=citations,
    )  # fmt: skip


def test_one_source_stands_below_without_a_number() -> None:
    page = cited("Returns", "https://northwind.example/returns")
    assert with_sources(reply("Two years.", page, page)) == "Two years.\n\nhttps://northwind.example/returns"


def test_several_carry_the_numbers_that_the_text_has() -> None:
    one, two = cited("A", "https://northwind.example/a"), cited("B", "https://northwind.example/b", anchor="x")
    told = with_sources(reply("First. [1] Second. [2]", one, two))
    assert told.endswith("\n\n[1] https://northwind.example/a\n[2] https://northwind.example/b#x")


def test_a_file_that_the_text_names_by_its_number_is_told_by_its_title() -> None:
    one, two = cited("A", "https://northwind.example/a"), cited("Manual", "content/manual.pdf", page=3)
    assert with_sources(reply("First. [1] Second. [2]", one, two)).endswith("\n[2] Manual")


@pytest.mark.parametrize(
    "hidden",
    [
        cited("Secret", "https://northwind.example/secret", private=True),
        cited("File", "content/refunds.md"),
        cited("Odd", "https://[broken"),
        cited("Blank", "https://northwind.example/a b"),
        cited("Told", "https://northwind.example/told"),
    ],
)
def test_what_is_private_no_page_or_told_already_is_not_listed(hidden: Citation) -> None:
    text = "See https://northwind.example/told."
    assert with_sources(reply(text, hidden)) == text
