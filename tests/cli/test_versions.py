"""custagent plan, history and apply --rev, as they are typed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Done

Run = Callable[..., Done]


def rewrite(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def ada(workspace: Path, run: Run) -> Path:
    """The file of an agent with a personality, a short answer and a test case."""
    run("create", "ada", "--personality", "friendly", "--yes")
    # Never read: what it says of refunds is not needed here, and reading takes long.
    answer = "sources:\n  - {short_answer: How long do refunds take?, answer: Refunds take five days.}\n"
    rewrite(workspace / "agents" / "ada.yaml", "sources: []\n", answer)
    cases = "cases:\n  - ask: How long do refunds take?\n    expect: rephrase\n"
    (workspace / "agents" / "ada.test.yaml").write_text(cases, encoding="utf-8")
    assert run("apply").code == 0
    return workspace / "agents" / "ada.yaml"


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    done = subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_where_nothing_changed_that_is_said(ada: Path, run: Run) -> None:
    assert "The files say what is in force." in run("plan").out
    assert {one["kind"] for one in run("plan", "--json").json} == {"unchanged"}


def test_a_changed_setting_is_shown_and_nothing_is_done(ada: Path, run: Run) -> None:
    rewrite(ada, "personality: friendly", "personality: witty")
    done = run("plan")
    assert "ada: version 2 is in force; 1 setting would change" in done.out
    assert "personality" in done.out
    assert "friendly" in done.out
    assert "witty" in done.out
    assert "custagent apply" in done.out
    (one,) = [one for one in run("plan", "ada", "--json").json if one["kind"] != "unchanged"]
    assert one["differences"] == [{"setting": "personality", "before": "friendly", "after": "witty"}]
    assert len(run("history", "ada", "--json").json) == 2


def test_the_cases_that_would_end_otherwise_are_named(ada: Path, run: Run) -> None:
    rewrite(ada, "handoff_phrases: []", "handoff_phrases: [refunds]")
    done = run("plan", "ada")
    assert "case broken: How long do refunds take? (agents/ada.test.yaml:2)" in done.out
    assert "it decided handoff" in done.out
    assert "case broken" not in run("plan", "ada", "--no-cases").out


def test_comments_alone_are_told_apart(ada: Path, run: Run) -> None:
    ada.write_text("# ours\n" + ada.read_text(encoding="utf-8"), encoding="utf-8")
    assert "only comments, order or quotes would change" in run("plan").out


def test_new_agents_and_those_whose_file_is_gone_are_planned(ada: Path, run: Run) -> None:
    text = ada.read_text(encoding="utf-8")
    ada.with_name("bob.yaml").write_text(text.replace("ada", "bob"), encoding="utf-8")
    ada.unlink()
    ada.with_name("ada.test.yaml").unlink()
    planned = {one["agent"]: one["kind"] for one in run("plan", "--json").json}
    assert planned == {"custagent.yaml": "unchanged", "support": "unchanged", "bob": "new", "ada": "retired"}
    told = run("plan").out
    assert "bob: goes live for the first time" in told
    assert "its file is gone, so it would be retired" in told


def test_a_file_that_apply_would_refuse_is_refused(ada: Path, run: Run) -> None:
    rewrite(ada, "personality: friendly", "personality: grumpy")
    done = run("plan")
    assert (done.code, "grumpy" in done.err) == (1, True)


def test_history_lists_shows_and_compares(ada: Path, run: Run) -> None:
    rewrite(ada, "personality: friendly", "personality: witty")
    run("apply")
    listed = run("history", "ada", "--json").json
    assert [one["version"] for one in listed] == [1, 2, 3]
    assert run("history", "ada").out.splitlines()[-1].strip().startswith("1")
    assert "personality: friendly" in run("history", "ada", "2").out
    changed = run("history", "ada", "3", "--diff").out
    assert "-personality: friendly\n+personality: witty\n" in changed
    assert run("history", "ada", "1", "--diff").out.startswith("--- nothing\n+++ version 1\n")
    assert run("history", "custagent.yaml").code == 0
    for wrong in (("nobody",), ("ada", "9"), ("ada", "--diff")):
        done = run("history", *wrong)
        assert done.code in (1, 2)
        assert "custagent " in done.err


def test_an_earlier_revision_goes_live_and_the_file_stays(ada: Path, run: Run, workspace: Path) -> None:
    git(workspace, "init", "--quiet")
    git(workspace, "add", "--all")
    git(workspace, "commit", "--quiet", "--message", "friendly")
    commit = git(workspace, "rev-parse", "HEAD")
    rewrite(ada, "personality: friendly", "personality: witty")
    git(workspace, "commit", "--quiet", "--all", "--message", "witty")
    assert run("apply").code == 0
    done = run("apply", "ada", "--rev", "HEAD~1")
    assert done.code == 0
    assert "ada: version 4 is live" in done.out
    assert "git checkout HEAD~1 -- agents/ada.yaml" in done.out + done.err
    last = run("history", "ada", "--json").json[-1]
    assert "personality: friendly" in last["text"]
    assert last["git_commit"] == commit
    assert "witty" in ada.read_text(encoding="utf-8")
    assert "witty" in run("plan", "ada").out
    assert [one["action"] for one in run("audit", "ada", "--limit", "1", "--json").json] == ["apply --rev HEAD~1"]


def test_a_revision_that_cannot_go_live_changes_nothing(ada: Path, run: Run, workspace: Path) -> None:
    git(workspace, "init", "--quiet")
    rewrite(ada, "personality: friendly", "personality: grumpy")
    git(workspace, "add", "--all")
    git(workspace, "commit", "--quiet", "--message", "grumpy")
    rewrite(ada, "personality: grumpy", "personality: friendly")
    done = run("apply", "ada", "--rev", "HEAD")
    assert (done.code, "revision HEAD has mistakes" in done.err, "grumpy" in done.err) == (1, True, True)
    assert run("apply", "--rev", "HEAD").code == 2
    assert "no agents/support2.yaml" in run("apply", "support2", "--rev", "HEAD").err
    assert "no revision 'nowhere'" in run("apply", "ada", "--rev", "nowhere").err
    assert len(run("history", "ada", "--json").json) == 2


#: A voice that says what the catalogue says until it avoids a word of it.
CURT = "\nvoices:\n  - name: curt\n    description: Few words.\n"


@pytest.fixture
def curt(workspace: Path, run: Run) -> Path:
    """custagent.yaml in force, with a voice that the agent bea speaks in; her test case goes by its words."""
    shared = workspace / "custagent.yaml"
    shared.write_text(shared.read_text(encoding="utf-8") + CURT, encoding="utf-8")
    assert run("create", "bea", "--voice", "curt", "--yes").code == 0
    cases = "cases:\n  - ask: Thanks\n    says: [you are welcome]\n"
    (workspace / "agents" / "bea.test.yaml").write_text(cases, encoding="utf-8")
    cost = "cases:\n  - ask: How long do refunds take?\n    credits: 100\n"
    (workspace / "agents" / "support.test.yaml").write_text(cost, encoding="utf-8")
    assert run("apply").code == 0
    return shared


def test_a_voice_of_the_workspace_runs_the_cases_of_the_agents_that_speak_in_it(curt: Path, run: Run) -> None:
    rewrite(curt, "description: Few words.", "description: Few words.\n    words: {avoid: [welcome]}")
    planned = {one["agent"]: one for one in run("plan", "--json").json}
    assert {name: one["kind"] for name, one in planned.items() if one["kind"] != "unchanged"} == {
        "custagent.yaml": "changed"
    }
    assert [(one["kind"], one["result"]["case"]) for one in planned["bea"]["cases"]] == [("broken", "Thanks")]
    assert planned["support"]["cases"] == []
    told = run("plan").out
    assert "bea: version 1 stays in force, and replies otherwise by the new custagent.yaml" in told
    assert "case broken: Thanks (agents/bea.test.yaml:2)" in told
    # Applied by name, she goes on by the custagent.yaml in force.
    assert "The files say what is in force." in run("plan", "bea").out


def test_a_setting_of_the_workspace_that_all_reply_by_runs_the_cases_of_all(curt: Path, run: Run) -> None:
    curt.write_text(curt.read_text(encoding="utf-8") + "credits: {price: 200}\n", encoding="utf-8")
    planned = {one["agent"]: one for one in run("plan", "--json").json}
    (change,) = planned["support"]["cases"]
    assert change["kind"] == "broken"
    assert change["result"]["faults"] == ["it costs 200 credits, at most 100 were expected"]
    assert run("plan", "support", "--json").json[0]["cases"] == []


def test_people_of_the_workspace_run_no_case(curt: Path, run: Run) -> None:
    (curt.parent / "agents" / "support.test.yaml").write_text("cases:\n  - ask: [broken]\n", encoding="utf-8")
    curt.write_text(curt.read_text(encoding="utf-8") + "canned_replies: [{name: hi, text: Hello}]\n", encoding="utf-8")
    # The cases of no agent are so much as read.
    assert "1 setting would change" in run("plan").out
