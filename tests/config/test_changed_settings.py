"""What is otherwise is told setting by setting; how it is written does not count."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from custagent.config.agents import agent_from_text
from custagent.config.changed_settings import changed_settings
from custagent.config.home import Home

AGENT = """\
name: support
personality: friendly
messages: {en: {greeting: Hello!}}
sources:
  - file: content/faq.md
  - url: https://help.example.com
assignments:
  - channel: web
"""


@pytest.fixture
def told(home: Home) -> Callable[[str], list[tuple[str, str | None, str | None]]]:
    (home.root / "content" / "faq.md").write_text("# Refunds\n\nFive days.\n", encoding="utf-8")

    def compared(after: str) -> list[tuple[str, str | None, str | None]]:
        before, now = (agent_from_text(text, home, "support") for text in (AGENT, after))
        return [(one.setting, one.before, one.after) for one in changed_settings(before, now)]

    return compared


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("friendly", "witty", [("personality", "friendly", "witty")]),
        ("personality: friendly\n", "", [("personality", "friendly", None)]),
        ("Hello!", "Hi!", [("messages.en.greeting", "Hello!", "Hi!")]),
        ("faq.md", "faq.md\n    private: true", [("sources[content/faq.md].private", None, "true")]),
        ("  - file: content/faq.md\n", "", [("sources[content/faq.md]", '{"file": "content/faq.md"}', None)]),
        (
            "channel: web",
            "channel: web\n    handoff: {mode: transfer, to: [user:anna]}",
            [("assignments[web].handoff", None, '{"mode": "transfer", "to": ["user:anna"]}')],
        ),
    ],
)
def test_one_change_is_one_difference(
    told, old: str, new: str, expected: list[tuple[str, str | None, str | None]]
) -> None:
    found = told(AGENT.replace(old, new))
    assert [one[0] for one in found] == [one[0] for one in expected]
    if "handoff" not in expected[0][0] and "file:" not in old:
        assert found == expected


def test_comments_order_and_quotes_are_no_difference(told) -> None:
    assert told("# ours\n" + AGENT.replace("friendly", '"friendly"')) == []
    lines = AGENT.splitlines(keepends=True)
    assert told("".join([*lines[:4], lines[5], lines[4], *lines[6:]])) == []


def test_a_definition_that_was_not_there_is_all_new(home: Home) -> None:
    now = agent_from_text("name: support\npersonality: witty\n", home, "support")
    assert [(one.setting, one.before) for one in changed_settings(None, now)] == [("name", None), ("personality", None)]
    assert [one.after for one in changed_settings(now, None)] == [None, None]


def test_two_of_one_name_are_compared_as_a_whole(home: Home) -> None:
    text = "name: support\nhandoff_phrases: [lawyer, lawyer]\n"
    before, now = (agent_from_text(one, home, "support") for one in (text, text.replace("lawyer, ", "court, ")))
    assert [(one.setting, one.before) for one in changed_settings(before, now)] == [
        ("handoff_phrases", '["lawyer", "lawyer"]')
    ]
