"""Why a reply came out as it did: kept with it, and told after the content has changed (ANS-3, ANS-8)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.answer.deciding.confidence import calibration_of
from custagent.answer.deciding.evidence import calibration_name
from custagent.answer.signals import Signals
from custagent.config.agents import agent_path
from custagent.config.home import Home
from custagent.core.errors import UnknownName, UsageError
from custagent.core.message import InboundMessage, Message, MessageKind, Sender
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.sources import remove_source, sync
from custagent.runtime.definitions.agents import apply_agents
from custagent.runtime.inbox.explain import (
    Explanation,
    Now,
    explain_answer,
    explain_conversation,
    explain_message,
    quoted_pieces,
)
from custagent.runtime.proving.preview import PreviewSession
from custagent.runtime.runner.runner import Runner

WORKSPACE = """\
name: Northwind
channels:
  - name: website
    kind: live-chat
    origins: [https://www.northwind.example]
"""
AGENT = """\
name: support
# Whatever is found is answered: the made-up embedder knows nothing of likelihoods.
confidence: {answer: 0.0, clarify: 0.0}
sources:
  - file: content/refunds.md
  - short_answer: How long is the warranty?
    answer: Two years from the day you buy it.
assignments:
  - channel: website
"""
REFUNDS = """\
# Refunds

We look at every return first. Refunds are paid to your card within 5 working days. Gift cards are never refunded.

# Deliveries

Parcels leave our stock in Borås every weekday at noon.
"""
QUESTION = "Refunds are paid to your card within how many working days?"


@pytest.fixture
def shop(home: Home, app: Application, blank_database: bytes, listener) -> Application:
    """A workspace with a short answer and a page about refunds, live on a chat."""
    home.database.write_bytes(blank_database)
    home.workspace_file.write_text(WORKSPACE, encoding="utf-8")
    (home.content_folder / "refunds.md").write_text(REFUNDS, encoding="utf-8")
    agent_path(home, "support").write_text(AGENT, encoding="utf-8")
    apply_agents(app)
    sync(app, app.agent("support"), listener)
    return app


@pytest.fixture
def talk(shop: Application, until) -> Callable[..., tuple[Message, ...]]:
    """A contact writes, the runner replies; all messages of the conversation."""

    def have(*texts: str) -> tuple[Message, ...]:
        runner, found = Runner(shop), ""

        async def scene() -> str:
            work = asyncio.create_task(runner.run())
            for number, text in enumerate(texts, 1):
                begun = await runner.receive(
                    InboundMessage(
                        channel="website", external_id=f"x{number}", contact_key="k1", text=text,
                        sent_at=shop.clock.now(), language="en",
                    )
                )  # fmt: skip
                await until(lambda number=number, begun=begun: len(decided(begun.conversation.id)) == number)
            runner.stop()
            await work
            return begun.conversation.id

        def decided(conversation: str) -> list[Message]:
            return [one for one in shop.store.conversations.messages(conversation) if one.decision]

        found = asyncio.run(scene())
        runner.release()
        return tuple(shop.store.conversations.messages(found))

    return have


def test_a_reply_is_explained_when_its_page_is_gone(shop: Application, talk, listener) -> None:
    reply = talk(QUESTION)[-1]
    assert explain_message(shop, reply.id).reasoning.passages[0].now is Now.UNCHANGED
    remove_source(shop, "support", "content/refunds.md")
    (shop.home.content_folder / "refunds.md").unlink()
    sync(shop, shop.agent("support"), listener)
    explained = explain_message(shop, reply.id)
    assert (explained.message, explained.conversation, explained.channel) == (reply.id, reply.conversation, "website")
    assert (explained.asked, explained.text, explained.credits) == ((QUESTION,), reply.text, 100)
    assert (explained.agent, explained.agent_version, explained.live_version) == ("support", 1, 2)
    assert explained.index_generation == reply.index_generation > 0
    assert (explained.reasoning.decision, explained.reasoning.reason) == ("answer", "grounded")
    assert (explained.reasoning.searched, explained.reasoning.language) == (QUESTION, "en")
    best = explained.reasoning.passages[0]
    assert (best.now, best.title, best.link) == (Now.GONE, "Refunds", "content/refunds.md#refunds")
    quoted = [best.text[begin:end] for begin, end in best.quoted]
    assert any("within 5 working days" in piece for piece in quoted)
    assert all(piece in reply.citations[0].quote for piece in quoted)


def test_a_page_that_says_something_else_now_is_told(shop: Application, talk, listener) -> None:
    reply = talk(QUESTION)[-1]
    page = shop.home.content_folder / "refunds.md"
    page.write_text(REFUNDS.replace("5 working days", "9 working days"), encoding="utf-8")
    sync(shop, shop.agent("support"), listener)
    best = explain_message(shop, reply.id).reasoning.passages[0]
    assert (best.now, "5 working days" in best.text) == (Now.CHANGED, True)


def test_the_kept_signals_give_the_kept_confidence(shop: Application, talk) -> None:
    for reply in [one for one in talk(QUESTION, "parcels leave the stock", "unicorns?") if one.decision]:
        kept = json.loads(reply.evidence)
        signals = Signals(**kept["signals"])
        calibration = calibration_of(signals)
        # The same coefficients have the same name, so a later version can tell that it would reckon otherwise.
        assert kept["reckoning"]["calibration"] == calibration_name(calibration)
        assert calibration.confidence(signals) == reply.confidence
        assert explain_message(shop, reply.id).reasoning.reckoned == pytest.approx(reply.confidence, abs=1e-12)
        assert (kept["reckoning"]["answer_from"], kept["reckoning"]["preset"]) == (0.0, "")


def test_the_contacts_message_explains_the_reply_to_it(shop: Application, talk) -> None:
    thread = talk(QUESTION, "How long is the warranty?")
    asked = [one for one in thread if one.sender is Sender.CONTACT]
    replies = [one for one in thread if one.decision]
    assert [explain_message(shop, one.id).message for one in asked] == [one.id for one in replies]
    listed = explain_conversation(shop, thread[0].conversation)
    assert [one.message for one in listed] == [one.id for one in replies]
    assert [one.asked for one in listed] == [(QUESTION,), ("How long is the warranty?",)]


def test_what_was_decided_without_the_content_names_the_words(shop: Application, talk) -> None:
    reply = talk("I want to talk to a real person")[-1]
    reasoning = explain_message(shop, reply.id).reasoning
    assert (reasoning.reason, reasoning.reckoning, reasoning.passages) == ("asked-for-person", None, ())
    assert "asks-for-person" in reasoning.triggers


def test_what_cannot_be_explained_says_what_can(shop: Application, talk) -> None:
    thread = talk("Hello there!")
    notice = next(one for one in thread if one.kind is MessageKind.DISCLOSURE)
    with pytest.raises(UsageError, match="is a fixed text") as told:
        explain_message(shop, notice.id)
    assert f"custagent explain {notice.conversation}" in told.value.hint
    with pytest.raises(UnknownName, match="there is no message 4711"):
        explain_message(shop, 4711)
    with pytest.raises(UnknownName, match="there is no conversation 'nowhere'"):
        explain_conversation(shop, "nowhere")


def test_a_message_that_nobody_replied_to(shop: Application, hear) -> None:
    conversation = hear(shop, channel="website")
    (asked,) = shop.store.conversations.messages(conversation.id)
    with pytest.raises(UsageError, match="the agent has not replied to it"):
        explain_message(shop, asked.id)


def test_replies_of_older_versions_are_explained_as_far_as_they_were_kept(shop: Application, hear, reply) -> None:
    conversation = hear(shop, text="How long?", channel="website")
    passage = {
        "location": "content/refunds.md", "title": "Refunds", "heading": "", "anchor": "", "page": None,
        "text": "Refunds take 5 days.", "score": 0.9, "cosine": 0.8, "lexical": 0.5,
    }  # fmt: skip
    kept = json.dumps({"signals": {"cosine": 0.8}, "passages": [passage], "timings_ms": {"total": 3.5}})
    said = reply(shop, conversation, decision="answer", reason="grounded", confidence=0.7, evidence=kept)
    explained = explain_message(shop, said.id)
    assert explained.asked == ("How long?",)
    assert (explained.reasoning.confidence, explained.reasoning.reckoned) == (0.7, None)
    assert (explained.reasoning.passages[0].text, explained.reasoning.passages[0].now) == ("Refunds take 5 days.", None)


def test_a_preview_is_explained_the_same_way(shop: Application) -> None:
    session = PreviewSession(shop.answerer(shop.agent("support")))
    answer = session.ask(QUESTION)
    explained = explain_answer(answer, session.last_question, agent="support")
    assert (explained.message, explained.asked, explained.text) == (0, (QUESTION,), answer.text)
    assert explained.reasoning.reckoned == pytest.approx(answer.decision.confidence, abs=1e-12)
    assert explained.reasoning.passages[0].quoted
    assert isinstance(explained, Explanation)


@pytest.mark.parametrize(
    ("quotes", "pieces"),
    [
        (["two."], ["two."]),
        (["One.", "two."], ["One.", "two."]),
        (["One. two.", "two. three."], ["One. two. three."]),
        (["One.\nthree."], ["One.", "three."]),
        (["elsewhere"], []),
        ([""], []),
    ],
)
def test_what_was_quoted_is_found(quotes: list[str], pieces: list[str]) -> None:
    text = "One. two. three."
    assert [text[begin:end] for begin, end in quoted_pieces(text, quotes)] == pieces


@given(text=st.text(max_size=60), quotes=st.lists(st.text(max_size=20), max_size=4))
def test_pieces_stand_in_order_and_apart(text: str, quotes: list[str]) -> None:
    pieces = quoted_pieces(text, quotes)
    assert all(0 <= begin < end <= len(text) for begin, end in pieces)
    assert all(before[1] < after[0] for before, after in pairwise(pieces))
