"""What the runner works by: the applied texts, whatever the files say (CRE-6)."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from custagent.config.agents import agent_path
from custagent.core.answer import DecisionKind, Question
from custagent.core.errors import ConfigError
from custagent.runtime.bootstrap import WORKSPACE_KEY
from custagent.runtime.definitions.agents import apply_agents
from custagent.runtime.definitions.pauses import pause_agents, resume_agents
from custagent.runtime.in_force import InForce

AT = datetime(2026, 1, 1, tzinfo=UTC)


def test_an_agent_answers_by_its_applied_version(live, put):
    in_force = InForce(live)
    agent = in_force.agent_on("website")
    assert (agent.definition.name, agent.version, agent.generation, agent.paused) == ("support", 1, 1, False)
    answer = agent.answerer.answer(Question(text="How long is the warranty?"))
    assert (answer.decision.kind, answer.text) == (DecisionKind.ANSWER, "Two years from the day you buy it.")
    assert in_force.agent_on("elsewhere") is None


def test_a_hand_edit_changes_nothing_until_it_is_applied(live, put):
    in_force = InForce(live)
    before = in_force.agent_on("website")
    put(agent_path(live.home, "support"), "default_language: en", "default_language: sv")
    put(live.home.workspace_file, "https://www.northwind", "https://shop.northwind")
    assert in_force.agent_on("website").definition == before.definition
    assert in_force.channels()["website"].origins == ("https://www.northwind.example",)
    apply_agents(live)
    after = in_force.agent_on("website")
    assert (after.version, after.definition.default_language) == (2, "sv")
    assert in_force.channels()["website"].origins == ("https://shop.northwind.example",)


def test_a_workspace_that_was_never_applied_is_what_its_file_says(app):
    assert InForce(app).workspace().name == "Northwind"
    assert app.store.versions.applied(WORKSPACE_KEY) is None


def test_a_pause_is_seen_at_once(live):
    in_force = InForce(live)
    pause_agents(live, ["support"])
    assert in_force.agent_on("website").paused
    resume_agents(live, ["support"])
    assert not in_force.agent_on("website").paused


def test_an_agent_that_is_taken_off_answers_no_more(live, put):
    in_force = InForce(live)
    assert in_force.agent_on("website") is not None
    put(agent_path(live.home, "support"), "assignments:\n  - channel: website\n", "")
    apply_agents(live)
    assert in_force.agent_on("website") is None


def test_an_agent_that_is_retired_answers_no_more(live):
    in_force = InForce(live)
    assert in_force.agent_on("website") is not None
    live.store.versions.retire("support")
    assert in_force.agent_on("website") is None


def test_an_agent_that_only_suggests_answers_nobody(live, put):
    put(agent_path(live.home, "support"), "- channel: website", "- channel: website\n    mode: suggest")
    apply_agents(live)
    assert InForce(live).agent_on("website") is None


def test_an_answerer_is_kept_until_something_it_goes_by_changes(live, put):
    made: list[object] = []
    make = live.answerer

    class Counted(type(live)):
        def answerer(self, *args):
            made.append(args)
            return make(*args)

    live.__class__ = Counted
    in_force = InForce(live)

    def ask() -> int:
        in_force.agent_on("website").answerer.answer(Question(text="How long is the warranty?"))
        return len(made)

    assert [ask(), ask()] == [1, 1]
    put(agent_path(live.home, "support"), "default_language: en", "default_language: sv")
    apply_agents(live, ["support"])
    assert [ask(), ask()] == [2, 2]
    # The workspace's time zone decides which short answers hold today.
    put(live.home.workspace_file, "timezone: UTC", "timezone: Europe/Stockholm")
    apply_agents(live)
    assert [ask(), ask()] == [3, 3]
    assert made[-1][1].timezone == "Europe/Stockholm"


def test_threads_may_share_it(live, put):
    in_force = InForce(live)

    def ask(_: int) -> str:
        agent = in_force.agent_on("website")
        assert agent is not None
        return agent.answerer.answer(Question(text="How long is the warranty?")).text

    with ThreadPoolExecutor(8) as threads:
        asked = threads.map(ask, range(40))
        for language in ("sv", "de", "fr"):
            path = agent_path(live.home, "support")
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace(text.splitlines()[1], f"default_language: {language}"), encoding="utf-8")
            apply_agents(live, ["support"])
        assert all("Two years" in text for text in asked)


def test_a_version_that_cannot_be_read_answers_nobody_and_says_so_once(live, caplog):
    live.store.versions.apply("support", "name: support\nnew_field: 1\n", actor="anna", git_commit="", at=AT)
    in_force = InForce(live)
    with caplog.at_level(logging.ERROR):
        assert in_force.agent_on("website") is None
        assert in_force.agent_on("website") is None
    assert len(caplog.records) == 1
    assert "version 2 of agent support" in caplog.text


def test_a_workspace_that_cannot_be_read_changes_nothing(live, caplog):
    in_force = InForce(live)
    before = in_force.workspace()
    live.store.versions.apply(WORKSPACE_KEY, "name: Northwind\nnew: 1\n", actor="anna", git_commit="", at=AT)
    with caplog.at_level(logging.ERROR):
        assert in_force.workspace() == before
        assert in_force.workspace() == before
    assert len(caplog.records) == 1
    # One who starts with it has nothing to go by.
    with pytest.raises(ConfigError):
        InForce(live).workspace()


def test_an_agent_whose_index_is_damaged_answers_by_the_words_of_its_content(live):
    for file in (live.home.index_folder / "support").rglob("*"):
        if file.is_file():
            file.write_bytes(b"rubbish")
    agent = InForce(live).agent_on("website")
    assert agent.generation == 0
    found = agent.answerer.answer(Question(text="How long is the warranty?")).evidence.chunks
    assert found[0].chunk.question == "How long is the warranty?"
    assert found[0].estimated


def test_what_is_in_force_is_made_once_until_it_changes(live, put):
    in_force = InForce(live)
    channels, assigned = in_force.channels(), in_force.assigned()
    assert in_force.channels() is channels
    assert in_force.assigned() is assigned
    put(agent_path(live.home, "support"), "default_language: en", "default_language: sv")
    apply_agents(live)
    assert in_force.channels() is channels
    assert in_force.assigned()["website"][0].default_language == "sv"


def test_what_answered_for_an_agent_that_is_gone_takes_no_memory(live):
    in_force = InForce(live)
    agent = in_force.agent_on("website")
    agent.answerer.answer(Question(text="How long is the warranty?"))
    assert list(in_force._answerers) == [("support", agent.version, 1)]
    live.store.versions.retire("support")
    assert in_force.agent_on("website") is None
    assert in_force._answerers == {}
