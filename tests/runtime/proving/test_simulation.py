"""Past questions are asked as they would be on a channel, of content read afresh, and nothing is left behind."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from custagent.config.agents import agent_path
from custagent.config.home import Home
from custagent.core.agent import UrlSource, source_key
from custagent.core.answer import DecisionKind, Reason, Utterance
from custagent.core.credit import CreditPolicy
from custagent.core.document import Document, Section
from custagent.core.errors import ConfigError, CustagentError, UnknownName, UsageError
from custagent.core.past_question import PastQuestion, Replayed
from custagent.knowledge.cutting.split import split
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.sources import sync
from custagent.runtime.definitions.agents import apply_agents
from custagent.runtime.proving.simulated_costs import costs_of
from custagent.runtime.proving.simulated_gaps import lacks_of
from custagent.runtime.proving.simulation import Candidate, Simulation
from custagent.testing import HashEmbedder
from tests.runtime.conftest import Silent

AGENT = """\
name: support
confidence: {answer: 0.0, clarify: 0.0}
sources:
  - short_answer: How long is the warranty?
    answer: Two years.
  - collection: content
"""
PAGE = "# Refunds\n\nA refund takes five working days.\n"


@pytest.fixture
def agent(home: Home, app: Application, listener: Silent) -> Application:
    """An agent that is applied, and a page that was read."""
    agent_path(home, "support").write_text(AGENT, encoding="utf-8")
    home.content_folder.mkdir(exist_ok=True)
    (home.content_folder / "refunds.md").write_text(PAGE, encoding="utf-8")
    apply_agents(app)
    sync(app, app.agent("support"), listener)
    return app


@pytest.fixture
def simulation(agent: Application, listener: Silent) -> Iterator[Simulation]:
    with Simulation(agent, "support", listener) as opened:
        yield opened


def asked(*texts: str, conversation: str = "a", **rest: str) -> list[PastQuestion]:
    return [PastQuestion(text=text, line=line, conversation=conversation, **rest) for line, text in enumerate(texts, 1)]


def replayed(simulation: Simulation, who: Candidate, questions: Sequence[PastQuestion]) -> list[Replayed]:
    return [one for conversation in simulation.run(questions, who) for one in conversation.now]


def test_files_are_read_as_they_are_now(simulation: Simulation, home: Home) -> None:
    (home.content_folder / "refunds.md").write_text(PAGE.replace("five", "six"), encoding="utf-8")
    draft = simulation.draft()
    assert draft.unsynced == 1
    (one,) = replayed(simulation, draft, asked("refund takes working days"))
    assert "six working days" in one.text
    (one,) = replayed(simulation, simulation.applied(), asked("refund takes working days"))
    assert "five working days" in one.text


def test_nothing_is_written_and_what_is_known_is_not_embedded_again(
    simulation: Simulation, agent: Application, home: Home
) -> None:
    embedder = agent.embedder
    assert isinstance(embedder, HashEmbedder)
    before, embedded = agent.store.changes(), embedder.embedded
    draft = simulation.draft()
    replayed(simulation, draft, asked("refund takes working days", "How long is the warranty?"))
    assert embedder.embedded == embedded
    (home.content_folder / "new.md").write_text("# Gifts\n\nGift cards never expire.\n", encoding="utf-8")
    simulation.draft()
    assert embedder.embedded == embedded + 1
    simulation.draft()
    assert embedder.embedded == embedded + 1
    assert agent.store.changes() == before


def test_follow_ups_come_with_what_was_said_and_people_are_left_alone(simulation: Simulation) -> None:
    said = asked("Hello", "refund takes working days", "Can I talk to a person?", "Is anybody there?")
    found = replayed(simulation, simulation.applied(), said)
    assert [(one.turn, one.decision, one.reason) for one in found] == [
        (1, DecisionKind.ANSWER, Reason.SMALL_TALK),
        (2, DecisionKind.ANSWER, Reason.GROUNDED),
        (3, DecisionKind.HANDOFF, Reason.ASKED_FOR_PERSON),
        (4, None, None),
    ]
    assert found[1].sources == ("content/refunds.md#refunds",)
    assert found[3].text == ""


def test_a_question_is_completed_from_its_conversation(simulation: Simulation) -> None:
    found = replayed(simulation, simulation.applied(), asked("How long is the warranty?", "and that for refunds?"))
    assert found[1].searched == "How long is the warranty?\nand that for refunds?"
    told = [Utterance(role="contact", text="How long is the warranty?"), Utterance(role="agent", text="Two years.")]
    (alone,) = asked("and that for refunds?")
    (one,) = replayed(simulation, simulation.applied(), [replace(alone, history=tuple(told))])
    assert one.searched == found[1].searched


def test_what_a_channel_would_mask_is_masked(simulation: Simulation) -> None:
    (one,) = replayed(simulation, simulation.applied(), asked("My card is 4111 1111 1111 1111"))
    assert "4111" not in one.question.text
    assert "4111" not in one.searched


def test_conversations_keep_their_order_however_many_are_asked_at_a_time(simulation: Simulation) -> None:
    questions = [one for number in range(30) for one in asked("refund days", conversation=str(number))]
    found = simulation.run(questions, simulation.applied(), jobs=4)
    assert [one.now[0].question.conversation for one in found] == [str(number) for number in range(30)]


def test_web_pages_are_those_that_are_stored(simulation: Simulation, agent: Application, home: Home) -> None:
    url = "https://www.northwind.example/help"
    text = AGENT + f"  - url: {url}\n  - url: https://www.northwind.example/never-read\n"
    agent_path(home, "support").write_text(text, encoding="utf-8")
    page = Document(location=url, title="Gifts", language="en", sections=(Section(text="Gift cards never expire."),))
    key = source_key(UrlSource(url=url).kind, url)
    agent.store.documents.save_document(page, split(page), agent="support", source=key)
    draft = simulation.draft()
    assert draft.from_store == (url,)
    assert "never-read: no page of it is stored" in draft.problems[0]
    (one,) = replayed(simulation, draft, asked("Gift cards expire"))
    assert one.sources == (url,)


def test_a_page_that_cannot_be_read_is_told_and_stops_nothing(simulation: Simulation, home: Home) -> None:
    (home.content_folder / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    draft = simulation.draft()
    assert [problem.partition(":")[0] for problem in draft.problems] == ["content/broken.pdf"]
    assert replayed(simulation, draft, asked("refund takes working days"))[0].sources == ("content/refunds.md#refunds",)


def commit(home: Home) -> None:
    for words in (
        ["init", "--quiet"],
        ["add", "--all"],
        ["-c", "user.name=Ada", "-c", "user.email=ada@northwind.example", "commit", "--quiet", "--message", "one"],
    ):
        subprocess.run(["git", *words], cwd=home.root, check=True)


def test_another_revision_answers_from_its_own_files(simulation: Simulation, home: Home) -> None:
    commit(home)
    (home.content_folder / "refunds.md").write_text(PAGE.replace("five", "six"), encoding="utf-8")
    (home.content_folder / "gifts.md").write_text("# Gifts\n\nGift cards never expire.\n", encoding="utf-8")
    path = agent_path(home, "support")
    path.write_text(AGENT.replace("Two years", "Three years"), encoding="utf-8")
    questions = [*asked("refund takes working days"), *asked("How long is the warranty?", conversation="b")]
    found = list(simulation.run(questions, simulation.draft(), simulation.at_revision("HEAD"), jobs=2))
    assert ["six" in found[0].now[0].text, "five" in found[0].before[0].text] == [True, True]
    assert [found[1].now[0].text[:5], found[1].before[0].text[:3]] == ["Three", "Two"]
    assert "Three years" in path.read_text(encoding="utf-8")


def test_a_revision_that_cannot_be_asked(simulation: Simulation, home: Home) -> None:
    path = agent_path(home, "support")
    path.write_text("name: support\nrole: wizard\n", encoding="utf-8")
    commit(home)
    path.write_text(AGENT, encoding="utf-8")
    with pytest.raises(ConfigError, match="at revision HEAD: "):
        simulation.at_revision("HEAD")
    with pytest.raises(UsageError, match="knows no revision 'elsewhere'"):
        simulation.at_revision("elsewhere")


def test_an_agent_that_was_not_there_yet(agent: Application, home: Home, listener: Silent) -> None:
    commit(home)
    agent_path(home, "sales").write_text(AGENT.replace("support", "sales"), encoding="utf-8")
    with Simulation(agent, "sales", listener) as simulation:
        with pytest.raises(CustagentError, match="there is no agents/sales"):
            simulation.at_revision("HEAD")
        with pytest.raises(UnknownName) as raised:
            simulation.applied()
    assert raised.value.hint.endswith("custagent apply sales")


def test_costs_by_each_policy(simulation: Simulation, agent: Application) -> None:
    who = simulation.applied()
    questions = [
        *asked("refund takes working days", conversation="a", contact="c1"),
        *asked("How long is the warranty?", conversation="b", contact="c1"),
        *asked("How long is the warranty?", "Can I talk to a person?", conversation="c", contact="c2"),
        *asked("Can I talk to a person?", conversation="d"),
        *asked("Hello", conversation="e"),
    ]
    said = [one.now for one in simulation.run(questions, who)]
    found = costs_of(said, who.workspace, agent.clock.now())
    assert {one.policy: (one.charged, one.credits) for one in found.totals} == {
        CreditPolicy.CONVERSATION: (3, 300),
        CreditPolicy.REOPEN_FREE: (2, 200),
        CreditPolicy.RESOLUTION: (2, 100),
    }
    assert found.policy is CreditPolicy.CONVERSATION


def test_what_is_lacking_is_grouped(simulation: Simulation, home: Home) -> None:
    path = agent_path(home, "support")
    path.write_text(AGENT.replace("{answer: 0.0, clarify: 0.0}", "{answer: 1.0, clarify: 1.0}"), encoding="utf-8")
    draft = simulation.draft()
    questions = [
        one
        for number, text in enumerate(
            [
                "bicycle saddle colour purple",
                "purple bicycle saddle colour",
                "purple saddle colour bicycle",
                "parrot food",
            ]
        )
        for one in asked(text, conversation=str(number))
    ]
    found = lacks_of(replayed(simulation, draft, questions), draft.index, simulation.embedder)
    assert [len(lack.replayed) for lack in found] == [3, 1]
    assert found[0].topic in {one.text for one in questions[:3]}
    assert found[1].topic == "parrot food"
