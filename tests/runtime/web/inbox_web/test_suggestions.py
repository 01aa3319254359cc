"""What the agent would say, as the pages of the inbox get it: when asked, or at once where it only suggests (ASG-5)."""

from __future__ import annotations

from custagent.core.answer import Answer, Decision, DecisionKind, Reason
from custagent.core.document import Citation
from custagent.runtime.definitions.assignments import Terms
from custagent.runtime.definitions.assignments import assign as assign_agent
from custagent.runtime.web.inbox_web.responses import suggestion


def answer(kind: DecisionKind, *citations: Citation) -> Answer:
    return Answer(
        decision=Decision(kind=kind, reason=Reason.GROUNDED, confidence=0.9),
        text="Words",
        language="en",
        citations=citations,
    )


def test_sources_are_named_once_as_people_know_them() -> None:
    named = [("Returns", "Returns > How long"), ("Returns", "Returns > How long"), ("Warranty", ""), ("", "")]
    pages = [
        Citation(source="content", location="content/c.md", quote="Words", title=title, heading=heading)
        for title, heading in named
    ]
    told = suggestion(answer(DecisionKind.ANSWER, *pages))
    assert told == {"text": "Words", "answers": True, "sources": ("Returns > How long", "Warranty", "content/c.md")}


def test_only_what_answers_or_asks_back_is_a_draft() -> None:
    assert [suggestion(answer(kind))["answers"] for kind in DecisionKind] == [True, True, False, False]
    assert suggestion(None) == {"text": "", "answers": False, "sources": ()}


def test_the_page_asks_for_a_draft_where_the_agent_only_suggests(shop, hear, desk) -> None:
    conversation = hear(shop, "k1", text="Where is my order?", contact_name="Ada")
    asks = []
    for mode in ("reply", "suggest"):
        assign_agent(shop, "support", ["web"], Terms(mode=mode))
        asks.append(" data-wants-draft" in desk.get(f"/inbox/c/{conversation.id}").text)
    assert asks == [False, True]
    told = desk.post(f"/inbox/c/{conversation.id}/suggest").json()
    assert told["text"]
    assert shop.store.ledger.entries() == ()
