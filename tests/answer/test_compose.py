"""The embedded default's reply: quotes in paragraphs, each with its page, within what the channel carries (ANS-4)."""

from __future__ import annotations

import pytest

from custagent.answer.compose import Composer, footnoted
from custagent.answer.deciding.ranking import Ranking
from custagent.answer.wording import Wording
from custagent.core.agent import AgentDefinition, FileSource
from custagent.core.answer import Decision, DecisionKind, Question, Reason
from custagent.core.channel import MessengerChannel
from custagent.core.document import ScoredChunk
from custagent.core.workspace import Workspace

ANSWER = Decision(kind=DecisionKind.ANSWER, reason=Reason.GROUNDED, confidence=0.9)
COST = "What do returns to Norway cost?"
STEPS = "\n".join(f"{n}. Turn the screw number {n} to the left and take it out of the frame." for n in range(1, 25))
PAGE_BOT = MessengerChannel(
    name="page", kind="messenger", app_id="7", page_id="1", access_token="${A}", app_secret="${B}", verify_token="${C}"
)


@pytest.fixture
def composed():
    """What an agent composes for a question from passages."""

    def make(asked: str, *passages, near=(), channel: str = "", parts: int = 1, **rest):
        agent = AgentDefinition(name="support", **rest)
        composer = Composer(
            agent=agent,
            workspace=Workspace(name="Spokes", channels=(PAGE_BOT,)),
            wording=Wording(agent=agent, wanted="en"),
            model=None,
            parts=parts,
        )
        chunks = tuple(ScoredChunk(chunk=one, cosine=0.9, lexical=0.5, score=1.0) for one in (*passages, *near))
        ranking = Ranking(query=asked, quoted=passages, chunks=chunks)
        return composer.with_content(ANSWER, Question(text=asked, channel=channel), ranking)

    return make


@pytest.fixture
def page(chunk):
    """A page of one passage: `page("norway", "Returns cost 59 kr.")`."""
    return lambda name, text, **rest: chunk(text, location=f"https://help.example/{name}", title=name.title(), **rest)


def paragraphs(composed) -> list[str]:
    """The reply without its opening."""
    return footnoted(composed).split("\n\n")[1:]


def test_one_page_is_quoted_without_a_number(composed, page):
    reply = composed(COST, page("norway", "Returns to Norway cost 59 kr."))
    assert paragraphs(reply) == ["Returns to Norway cost 59 kr."]
    assert [one.quote for one in reply.citations] == ["Returns to Norway cost 59 kr."]


def test_two_pages_are_two_paragraphs_each_with_the_number_of_its_page(composed, page):
    reply = composed(COST, page("norway", "Returns to Norway cost 59 kr."), page("fees", "Norway adds a fee of 5 kr."))
    assert paragraphs(reply) == ["Returns to Norway cost 59 kr. [1]", "Norway adds a fee of 5 kr. [2]"]
    assert [one.title for one in reply.citations] == ["Norway", "Fees"]


def test_what_both_say_is_said_once_with_both_numbers(composed, page):
    free = "Returns to Norway are free within 30 days."
    reply = composed(COST, page("norway", free), page("fees", f"Return to Norway is free within 30 days! {'X' * 200}."))
    assert paragraphs(reply)[0] == f"{free} [1] [2]"
    assert "free within 30 days!" in reply.citations[1].quote
    assert "free within 30 days!" not in reply.text


def test_a_private_page_has_no_number_and_the_others_those_that_contacts_see(composed, page):
    secret = page("internal", "Returns to Norway cost 59 kr.", sources=("internal.md",))
    reply = composed(
        COST,
        secret,
        page("fees", "Norway adds a fee of 5 kr."),
        sources=(FileSource(file="internal.md", private=True),),
    )
    assert paragraphs(reply) == ["Returns to Norway cost 59 kr.", "Norway adds a fee of 5 kr. [1]"]


def test_two_passages_of_one_page_have_one_number(composed, page):
    first = page("norway", f"Returns to Norway cost 59 kr. {'x' * 300}.", ordinal=0)
    second = page("norway", f"Norway adds a fee. {'y' * 300}.", ordinal=4)
    reply = composed(COST, first, second, page("fees", "Norway takes 5 kr."))
    assert [text[-3:] for text in paragraphs(reply)] == ["[1]", "[1]", "[2]"]


def test_a_list_over_two_passages_is_one_paragraph_with_two_citations(composed, page):
    first = page("wheels", "To take screws out:\n\n1. Turn the screws.\n2. Take them out.", ordinal=0)
    second = page("wheels", "3. Keep the screws.\n\nThat is all.", ordinal=1)
    reply = composed("How do I take screws out?", first, near=[second])
    assert paragraphs(reply)[:2] == [
        "To take screws out:",
        "1. Turn the screws.\n2. Take them out.\n3. Keep the screws.",
    ]
    assert [one.quote in text.text for one, text in zip(reply.citations, (first, second), strict=True)] == [True, True]
    assert "[1]" not in footnoted(reply)


class TestChannels:
    def test_a_list_that_the_channel_carries_is_whole(self, composed, page):
        reply = composed("How do I turn the screw?", page("wheels", f"Do this:\n\n{STEPS}"), channel="email")
        assert STEPS in reply.text

    @pytest.mark.parametrize("channel", ["messenger", "page"])
    def test_one_that_it_does_not_is_left_out_and_linked(self, composed, page, channel):
        reply = composed("How do I turn the screw?", page("wheels", f"Do this:\n\n{STEPS}"), channel=channel)
        assert paragraphs(reply) == [
            "Do this:",
            "The list is too long to show here in full. All of it is on this page: https://help.example/wheels",
        ]

    def test_a_file_is_named(self, composed, chunk):
        manual = chunk(STEPS, location="manual.pdf", title="Manual", page=3)
        assert paragraphs(composed("How do I turn the screw?", manual, channel="messenger")) == [
            "The list is too long to show here in full. All of it is on this page: Manual"
        ]

    def test_a_private_page_is_neither_linked_nor_named(self, composed, chunk):
        secret = chunk(STEPS, location="internal.md", title="Internal", sources=("internal.md",))
        rules = {"sources": (FileSource(file="internal.md", private=True),)}
        reply = composed("How do I turn the screw?", secret, channel="messenger", **rules)
        assert "internal" not in reply.text.lower()
        assert "colleague" in reply.text

    def test_several_questions_share_the_room(self, composed, page):
        steps = "\n".join(STEPS.split("\n")[:8])
        wheels = page("wheels", f"Do this:\n\n{steps}")
        asked = "How do I turn the screw?"
        assert steps in composed(asked, wheels, channel="messenger").text
        assert steps not in composed(asked, wheels, channel="messenger", parts=3).text

    @pytest.mark.parametrize(
        ("channel", "carries"), [("messenger", 2000), ("whatsapp", 4096), ("", 12_000), ("email", 20_000)]
    )
    def test_no_reply_is_longer_than_the_channel_carries(self, composed, page, channel, carries):
        pages = [page(f"wheels {n}", f"Do this:\n\n{STEPS[: 200 * n]}", ordinal=n) for n in range(1, 8)]
        for one in pages:
            assert len(footnoted(composed("How do I turn the screw?", one, *pages[:2], channel=channel))) <= carries


def test_a_text_that_names_its_own_footnotes_is_not_touched(composed, page):
    reply = composed(COST, page("norway", "Returns to Norway cost 59 kr [1]."), page("fees", "Norway adds 5 kr."))
    assert paragraphs(reply) == ["Returns to Norway cost 59 kr [1]. [1]", "Norway adds 5 kr. [2]"]
