"""Why the agent said something, as a page: the words of `custagent explain` for who works at the inbox (ANS-8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from custagent.locales.staff import StaffWords
from custagent.runtime.inbox.explain import Explanation, Passage, Reasoning
from custagent.runtime.inbox.reasons import decision_in_words, reason_in_words, trigger_in_words
from custagent.runtime.web.inbox_web.pages import Desk, page

#: Passages that a page shows: further ones were hardly looked at.
_MOST_PASSAGES = 5


def why_part(desk: Desk, found: Explanation, *, back: str) -> str:
    """What a reply rests on; `back` is the address of its conversation."""
    parts = found.parts or (found.reasoning,)
    return page(
        "why.html",
        desk.words,
        company=desk.workspace.name,
        back=back,
        asked=found.asked,
        text=found.text,
        language=found.language,
        at=desk.words.moment_of_year(desk.local(found.at)) if found.at else "",
        agent=found.agent,
        version=found.agent_version,
        older=bool(found.live_version) and found.agent_version != found.live_version,
        parts=[_part(part, desk.words) for part in parts],
    )


def _part(reasoning: Reasoning, words: StaffWords) -> Mapping[str, Any]:
    return {
        "question": reasoning.question,
        "decision": decision_in_words(reasoning.decision, words),
        "reason": reason_in_words(reasoning.reason, words),
        "sure": None if reasoning.confidence is None else round(reasoning.confidence * 100),
        "searched": reasoning.searched,
        "triggers": [trigger_in_words(name, value, words) for name, value in reasoning.triggers.items()],
        "passages": [_passage(one, words) for one in reasoning.passages[:_MOST_PASSAGES]],
    }


def _passage(passage: Passage, words: StaffWords) -> Mapping[str, Any]:
    return {
        "title": passage.title or passage.link,
        "heading": passage.heading,
        "link": passage.link if passage.link.startswith(("https://", "http://")) else "",
        "pieces": _pieces(passage),
        "score": f"{passage.score:.2f}",
        "quoted": bool(passage.quoted),
        "now": words.page[f"{passage.now}_since"] if passage.now in ("changed", "gone") else "",
    }


def _pieces(passage: Passage) -> Sequence[tuple[bool, str]]:
    """The text in order, each piece with whether it was quoted."""
    pieces, at = [], 0
    for begin, end in passage.quoted:
        pieces += [(False, passage.text[at:begin]), (True, passage.text[begin:end])]
        at = end
    return [one for one in [*pieces, (False, passage.text[at:])] if one[1]]
