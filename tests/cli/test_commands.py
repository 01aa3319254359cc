"""The commands as people type them, in one process: what they print, write and end with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

#: Runs a command; what it printed and ended with (conftest).
Run = Callable[..., Any]


def test_without_a_workspace_the_next_step_is_named(run: Run) -> None:
    done = run("list")
    assert done.code == 2
    assert "no workspace" in done.err
    assert "custagent init" in done.err


def test_a_second_init_changes_nothing(run: Run, workspace: Path) -> None:
    before = (workspace / "custagent.yaml").read_bytes()
    done = run("init")
    assert done.code == 2
    assert "already" in done.err
    assert (workspace / "custagent.yaml").read_bytes() == before


def test_create_says_that_replies_are_made_by_ai(run: Run) -> None:
    run("init", "--name", "Northwind")
    done = run("create", "support", "--yes")
    assert "made by AI" in done.out
    assert "custagent preview support" in done.out


def test_create_takes_how_sure_the_agent_has_to_be(run: Run, workspace: Path) -> None:
    run("create", "sales", "--confidence", "careful", "--yes")
    assert "\nconfidence: careful\n" in (workspace / "agents" / "sales.yaml").read_text(encoding="utf-8")
    assert run("create", "other", "--confidence", "reckless", "--yes").code == 2


def test_create_says_where_a_hosted_model_sends_text(run: Run) -> None:
    run("init", "--name", "Northwind")
    done = run("create", "support", "--yes", "--model", "openai/gpt-4o-mini")
    assert done.code == 0
    assert "openai" in done.err
    assert "sent" in done.err


@pytest.mark.parametrize("name", ["Support", "my agent", "åsa", "a--b"])
def test_create_refuses_what_cannot_be_a_name(run: Run, workspace: Path, name: str) -> None:
    done = run("create", name, "--yes")
    assert done.code == 2
    assert "lower-case" in done.err
    assert [file.name for file in (workspace / "agents").iterdir()] == ["support.yaml"]


def test_create_without_a_terminal_needs_a_name(run: Run, workspace: Path) -> None:
    assert run("create").code == 2
    assert run("create", "sales", "--role", "sales-representative", "--json").json == {
        "agent": "sales",
        "file": "agents/sales.yaml",
    }


def test_list_and_show_tell_what_is_live(run: Run, workspace: Path) -> None:
    (listed,) = run("list", "--json").json
    assert (listed["name"], listed["version"], listed["edited"]) == ("support", 1, False)
    file = workspace / "agents" / "support.yaml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("confidence: balanced", "confidence: {answer: 0.8}"), encoding="utf-8"
    )
    assert "version 1*" in run("list").out
    shown = run("show", "support").out
    assert "Personality:    friendly" in shown
    assert "confidence 0.80" in shown
    assert "changed since" in shown
    assert run("show", "support", "--json").json["definition"]["confidence"]["answer"] == 0.8
    assert "version 2 is live" in run("apply").out
    assert "nothing changed" in run("apply", "support").out


def test_an_unknown_agent_is_named_with_the_nearest_one(run: Run, workspace: Path) -> None:
    done = run("show", "suport")
    assert done.code == 1
    assert "support" in done.err


def test_delete_asks_first(run: Run, workspace: Path) -> None:
    refused = run("delete", "support")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert (workspace / "agents" / "support.yaml").exists()
    assert run("delete", "support", "--yes").code == 0
    assert not (workspace / "agents" / "support.yaml").exists()


def test_validate_has_three_exit_codes(run: Run, workspace: Path) -> None:
    assert run("validate").code == 0
    file = workspace / "agents" / "support.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("friendly", "grumpy"), encoding="utf-8")
    done = run("validate")
    assert done.code == 1
    assert "agents/support.yaml:" in done.out
    assert run("validate", "nowhere.yaml").code == 2
    findings = run("validate", "--format", "json").json["findings"]
    assert (findings[0]["severity"], findings[0]["line"] > 1) == ("error", True)
    assert run("validate", "--format", "github").out.startswith("::error file=")
    assert "<testsuite" in run("validate", "--format", "junit").out


def test_schema_is_printed_or_written(run: Run, workspace: Path) -> None:
    assert run("schema").json["type"] == "object"
    assert "channels" in run("schema", "workspace").json["properties"]
    target = workspace / ".custagent" / "schema" / "agent.schema.json"
    target.unlink()
    assert run("schema", "--write").code == 0
    assert target.is_file()


def test_sources_from_adding_to_removing(run: Run, workspace: Path, tmp_path: Path) -> None:
    outside = tmp_path / "refunds.md"
    outside.write_text("# Refunds\n\nRefunds take five working days.\n", encoding="utf-8")
    (added,) = run("sources", "add", "support", str(outside), "--json").json
    assert added["synced_at"]
    assert {key: added[key] for key in ("kind", "location", "pages", "chunks", "state")} == {
        "kind": "file", "location": "content/refunds.md", "pages": 1, "chunks": 1, "state": "ready",
    }  # fmt: skip
    difference = {key: added.pop(key) for key in ("added", "changed", "removed", "unchanged")}
    assert difference == {"added": ["content/refunds.md"], "changed": [], "removed": [], "unchanged": []}
    assert run("sources", "list", "support", "--json").json == [added | {"content": None}]
    assert "content/refunds.md" in run("sources", "show", "support", "content/refunds.md").out
    (again,) = run("sources", "sync", "support", "--json").json
    assert again["chunks"] == 1
    assert run("sources", "remove", "support", "content/refunds.md").code == 2
    assert run("sources", "remove", "support", "content/refunds.md", "--yes").code == 0
    assert run("sources", "list", "support", "--json").json == []


def test_a_broken_source_ends_with_one_and_its_reason(run: Run, workspace: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\nnothing more")
    done = run("sources", "add", "support", str(broken))
    assert done.code == 1
    assert "broken.pdf" in done.err
    (listed,) = run("sources", "list", "support", "--json").json
    assert (listed["state"], "broken.pdf" in listed["error"]) == ("failed", True)


def test_adding_nothing_or_half_a_short_answer_is_told(run: Run, workspace: Path) -> None:
    assert run("sources", "add", "support").code == 2
    assert run("sources", "add", "support", "--question", "Why?").code == 2
    assert run("sources", "add", "support", "missing.pdf").code == 1


def test_preview_answers_in_the_fixed_form(run: Run, workspace: Path) -> None:
    run("sources", "add", "support", "--question", "Do you ship to Norway?", "--answer", "Yes, in four days.")
    run("sources", "add", "support", "--question", "Can I pay by invoice?", "--answer", "Yes, within 30 days.")
    done = run("preview", "support", "--ask", "Do you ship to Norway?", "--json")
    answer = done.json
    assert (answer["decision"], answer["reason"], answer["text"]) == ("answer", "short-answer", "Yes, in four days.")
    assert {
        "id", "question", "decision", "reason", "confidence", "language", "text", "citations", "candidates", "usage",
        "timings_ms",
    } <= set(answer)  # fmt: skip
    shown = run("preview", "support", "--ask", "Do you ship to Norway?").out
    assert "Yes, in four days." in shown
    assert "confidence" in shown


def test_preview_reads_questions_from_a_file_in_order(run: Run, workspace: Path) -> None:
    run("sources", "add", "support", "--question", "Do you ship to Norway?", "--answer", "Yes, in four days.")
    lines = [{"id": "b", "question": "Do you ship to Norway?"}, {"id": "a", "question": "hello"}]
    Path("asked.jsonl").write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    done = run("preview", "support", "--ask-file", "asked.jsonl", "--json")
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert [answer["id"] for answer in answers] == ["b", "a"]
    assert answers[1]["reason"] == "small-talk"


def test_preview_of_an_empty_agent_says_what_is_missing(run: Run, workspace: Path) -> None:
    done = run("preview", "support", "--ask", "Anything?")
    assert "no content" in done.err
    assert "rephrase" in done.out


@pytest.mark.parametrize(
    "words",
    [("--ask", "x", "--ask-file", "y"), ("--json",), (), ("--ask-file", "missing.jsonl")],
    ids=["both", "json alone", "no terminal", "no file"],
)
def test_preview_explains_what_does_not_fit(run: Run, workspace: Path, words: tuple[str, ...]) -> None:
    done = run("preview", "support", *words)
    assert done.code == 2
    assert done.err.startswith(("Warning", "Error"))


def test_previews_leave_no_credit_entry(run: Run, workspace: Path) -> None:
    from custagent.runtime.bootstrap import open_application

    run("sources", "add", "support", "--question", "Do you ship to Norway?", "--answer", "Yes, in four days.")
    run("preview", "support", "--ask", "Do you ship to Norway?")
    with open_application(None, None) as app:
        assert app.store.ledger.entries() == ()


@pytest.mark.parametrize("words", [[], ["sources"], ["list"], ["sources", "add"]], ids=" ".join)
def test_help_names_no_type_where_there_is_no_value(run: Run, words: list[str]) -> None:
    told = run(*words, "--help").out
    assert "--help" in told
    assert "bool" not in told


def test_one_page_is_one_page(run: Run, workspace: Path) -> None:
    (workspace / "content" / "faq.md").write_text("# Refunds\n\nRefunds take five days.\n", encoding="utf-8")
    assert run("sources", "add", "support", "content/faq.md").code == 0
    told = run("show", "support").out
    assert "1, 1 page\n" in told
    assert "(ready, 1 page)" in told
    assert "answers from 1 passage (index 1)" in run("doctor").out


def test_help_shows_the_opposite_of_an_option_whole(run: Run, workspace: Path) -> None:
    for _ in range(2):
        words = " ".join(run("assign", "--help").out.replace("│", " ").split())
        assert "photo in the chat's header. Default; else: --no-update-avatar." in words
    # It is an option still.
    assert run("assign", "support", "web", "--no-update-avatar").code == 1


def test_help_has_colours_that_can_be_read_on_white(run: Run) -> None:
    from typer import rich_utils

    from custagent.cli.render import COLOURS

    assert run("list", "--help").code == 0
    assert f"bold color({COLOURS['yellow']})" == rich_utils.STYLE_TYPES
    styles = " ".join(str(style) for name, style in vars(rich_utils).items() if name.startswith("STYLE_"))
    assert set(COLOURS).isdisjoint(styles.split())
