"""People see the summary that a model wrote, and that a model wrote it (HND-4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from custagent.core.answer import Usage
from custagent.core.conversation import Conversation, Status, Turn
from custagent.core.handoff import HandoffSummary, Recap, RecapOutcome
from custagent.runtime.bootstrap import Application

MARKER = "Written by openai/x, checked against the conversation"


@pytest.fixture
def handed_over(shop: Application, hear: Callable[..., Conversation]) -> Conversation:
    conversation = hear(shop, text="Meine Lampe ist kaputt. Wer zahlt das Paket?")
    summary = HandoffSummary(reason="failed", asked=(1,), answers=1)
    turn = Turn(conversation=conversation, status=Status.OPEN, summary=summary, at=shop.clock.now())
    shop.store.conversations.commit(turn)
    return conversation


def keep(app: Application, recap: Recap | None, outcome: RecapOutcome) -> None:
    (waiting,) = app.store.recaps.waiting(app.clock.now() - timedelta(hours=1), agents=["support"], limit=9)
    usage, now = Usage(model="openai/x"), app.clock.now()
    app.store.recaps.keep(waiting, recap, outcome=outcome, usage=usage, read={}, at=now)


def test_a_model_s_summary_stands_in_the_place_of_the_other_one(shop, desk, handed_over):
    page = desk.get(f"/inbox/c/{handed_over.id}").text
    assert "Asked</span> Meine Lampe" in page
    assert "Written by" not in page
    recap = Recap(
        request=("The lamp <i>broke</i>.",), tried=("Returns are free.", "They take a week."), still_open=("Who pays?",),
        language="en", model="openai/x",
    )  # fmt: skip
    keep(shop, recap, RecapOutcome.CHECKED)
    page = desk.get(f"/inbox/c/{handed_over.id}").text
    assert MARKER in page
    assert "Asked</span> The lamp &lt;i&gt;broke&lt;/i&gt;." in page
    assert "Told</span> Returns are free. They take a week." in page
    assert "Still open</span> Who pays?" in page
    assert "Asked</span> Meine Lampe" not in page
    assert "1 answered" in page


def test_one_that_was_refused_changes_nothing(shop, desk, handed_over):
    before = desk.get(f"/inbox/c/{handed_over.id}").text.partition('class="summary"')[2].partition("</aside>")[0]
    keep(shop, None, RecapOutcome.REFUSED)
    after = desk.get(f"/inbox/c/{handed_over.id}").text.partition('class="summary"')[2].partition("</aside>")[0]
    assert before == after
    assert "Meine Lampe" in after
