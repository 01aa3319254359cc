"""custagent from Python: what it answers, what it promises to keep, and that it writes nothing down (PRE-2)."""

from __future__ import annotations

import inspect
import re
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

import custagent
from custagent import api
from custagent.config.editor import NewAgent
from custagent.config.home import Home, init_home
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.sources import add_places, find_place, sync
from custagent.runtime.definitions.agents import create_agent

PAGE = Path(__file__).resolve().parents[1] / "docs" / "python.md"
CONTENT = """# Returns

You can return a bicycle within 30 days of delivery.

# Warranty

The warranty is two years from the day you buy it.
"""


class Silent:
    def page_read(self, location: str) -> None: ...

    def page_failed(self, location: str, reason: str) -> None: ...

    def embedded(self, done: int, total: int) -> None: ...


@pytest.fixture(scope="module")
def northwind(tmp_path_factory) -> Path:
    """A workspace with an agent that has content, made once: nothing here may change it."""
    folder = tmp_path_factory.mktemp("api") / "northwind"
    home = init_home(folder, name="Northwind")
    (folder / "content" / "help.md").write_text(CONTENT, encoding="utf-8")
    with Application(home, user="anna") as app:
        create_agent(app, NewAgent(name="support"))
        definition = add_places(app, "support", [find_place(app, str(folder / "content" / "help.md"), {})])
        sync(app, definition, Silent())
    return folder


@pytest.fixture(scope="module")
def workspace(northwind):
    with custagent.load(northwind) as opened:
        yield opened


def rows(folder: Path) -> dict[str, int]:
    """How many rows each table holds."""
    with closing(sqlite3.connect(Home(root=folder).database)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}


def test_an_answer_has_its_text_decision_confidence_and_citations(workspace):
    answer = workspace.agent("support").answer("How long is the warranty?")
    assert isinstance(answer, custagent.Answer)
    assert "two years from the day you buy it" in answer.text
    assert answer.decision.kind is custagent.DecisionKind.ANSWER
    assert 0.5 < answer.decision.confidence <= 1
    assert [(one.location, one.heading) for one in answer.citations] == [("content/help.md", "Warranty")]


def test_a_conversation_remembers_and_a_question_alone_does_not(workspace):
    agent = workspace.agent("support")
    talk = agent.conversation()
    talk.ask("I want to talk to a person, my card is 4111 1111 1111 1111")
    assert [said.role for said in talk.history] == ["contact", "agent"]
    assert "4111 1111" not in talk.history[0].text
    first = talk.ask("How long is the warranty?")
    assert [said.text for said in talk.history[2:]] == ["How long is the warranty?", first.text]
    assert agent.conversation().history == ()


def test_language_and_channel_are_taken_on(workspace):
    agent = workspace.agent("support")
    assert agent.answer("???", language="sv").language == "sv"
    assert agent.conversation(language="de").ask("???").language == "de"
    assert agent.conversation(channel="email")._session.channel == "email"


def test_nothing_is_written_down(workspace, northwind):
    files = sorted(path for path in northwind.rglob("*") if path.suffix not in (".db-shm", ".db-wal"))
    before = rows(northwind)
    agent = workspace.agent("support")
    talk = agent.conversation()
    for text in ("How long is the warranty?", "Do you sell tents?", "A person, please"):
        agent.answer(text)
        talk.ask(text)
    assert rows(northwind) == before
    assert sum(before.values()) > 0
    assert sorted(path for path in northwind.rglob("*") if path.suffix not in (".db-shm", ".db-wal")) == files


def test_threads_share_a_workspace(northwind):
    with custagent.load(northwind) as workspace, ThreadPoolExecutor(4) as pool:
        agents = list(pool.map(lambda _: workspace.agent("support"), range(4)))
        texts = list(pool.map(lambda agent: agent.answer("How long is the warranty?").text, agents * 2))
    assert len(set(texts)) == 1


def test_a_workspace_is_found_by_folder_file_variable_and_from_inside(northwind, monkeypatch):
    for place in (str(northwind), northwind / "custagent.yaml"):
        with custagent.load(place) as workspace:
            assert (workspace.folder, workspace.agents) == (northwind, ("support",))
    monkeypatch.setenv("CUSTAGENT_WORKSPACE", str(northwind))
    with custagent.load() as workspace:
        assert workspace.folder == northwind
    monkeypatch.delenv("CUSTAGENT_WORKSPACE")
    monkeypatch.chdir(northwind / "content")
    with custagent.load() as workspace:
        assert workspace.folder == northwind


def test_errors_are_those_of_custagent(northwind, tmp_path):
    with pytest.raises(custagent.WorkspaceError):
        custagent.load(tmp_path)
    with custagent.load(northwind) as workspace:
        with pytest.raises(custagent.UnknownName, match="suport") as raised:
            workspace.agent("suport")
        assert "support" in raised.value.hint
        with pytest.raises(custagent.UnknownName, match="in force"):
            workspace.agent("suport", applied=True)
        agent = workspace.agent("support")
    with pytest.raises(custagent.StoreError, match="closed"):
        agent.answer("How long is the warranty?")
    workspace.close()
    assert issubclass(custagent.StoreError, custagent.CustagentError)


def test_an_agent_is_its_file_or_what_is_live(tmp_path):
    home = init_home(tmp_path / "shop", name="Shop")
    with Application(home, user="anna") as app:
        create_agent(app, NewAgent(name="support"))
    file = home.agents_folder / "support.yaml"
    text = file.read_text(encoding="utf-8")
    assert "default_language: en" in text
    file.write_text(text.replace("default_language: en", "default_language: sv"), encoding="utf-8")
    with custagent.load(home.root) as workspace:
        assert workspace.agent("support").answer("???").language == "sv"
        assert workspace.agent("support", applied=True).answer("???").language == "en"


def test_importing_it_loads_nothing_of_it():
    program = (
        "import sys, custagent; loaded = [name for name in sys.modules if name.startswith('custagent.')];"
        "assert loaded == [], loaded; assert 'pydantic' not in sys.modules; custagent.load; print('custagent.api' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr


#: What programs rely on. A line that changes here is a change for them: it needs a line in the changelog.
SIGNATURES = {
    "load": "(workspace: 'str | os.PathLike[str] | None' = None) -> 'LoadedWorkspace'",
    "LoadedWorkspace.agent": "(self, name: 'str', *, applied: 'bool' = False) -> 'LoadedAgent'",
    "LoadedWorkspace.close": "(self) -> 'None'",
    "LoadedAgent.answer": "(self, question: 'str', *, language: 'str' = '', channel: 'str' = '') -> 'Answer'",
    "LoadedAgent.conversation": "(self, *, language: 'str' = '', channel: 'str' = '') -> 'AgentConversation'",
    "AgentConversation.ask": "(self, text: 'str') -> 'Answer'",
}
PROPERTIES = {"LoadedWorkspace": {"agents", "folder"}, "LoadedAgent": {"name"}, "AgentConversation": {"history"}}
NAMES = set("""
    AgentConversation Answer Citation ConfigError CustagentError Decision DecisionKind EmbedderError IndexDamaged
    LoadedAgent LoadedWorkspace ModelError Reason StoreError UnknownName Utterance WorkspaceError load
""".split())  # fmt: skip


def test_its_names_are_those_that_programs_rely_on():
    assert set(api.__all__) == NAMES
    assert set(custagent.__all__) == NAMES | {"__version__"} == set(dir(custagent))
    assert all(getattr(custagent, name) is getattr(api, name) for name in NAMES)
    with pytest.raises(AttributeError, match="nothing_of_ours"):
        custagent.nothing_of_ours  # noqa: B018 - asking is the test


def test_its_calls_are_those_that_programs_rely_on():
    found: dict[str, str] = {"load": str(inspect.signature(api.load))}
    properties: dict[str, set[str]] = {}
    for name in PROPERTIES:
        public = {key: one for key, one in vars(getattr(api, name)).items() if not key.startswith("_")}
        properties[name] = {key for key, one in public.items() if isinstance(one, property)}
        found |= {f"{name}.{key}": str(inspect.signature(one)) for key, one in public.items() if callable(one)}
    assert (found, properties) == (SIGNATURES, PROPERTIES)


def test_an_answer_keeps_its_fields():
    """Programs read them; more may come."""
    assert {"decision", "text", "language", "citations", "options", "candidates", "evidence", "usage"} <= set(
        custagent.Answer.__dataclass_fields__
    )
    assert set(custagent.Decision.__dataclass_fields__) == {"kind", "reason", "confidence"}
    assert {"title", "location", "quote", "heading", "page", "private"} <= set(custagent.Citation.__dataclass_fields__)


def test_the_page_runs_as_it_stands(northwind, monkeypatch, capsys):
    monkeypatch.chdir(northwind.parent)
    blocks = re.findall(r"(?ms)^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"))
    assert len(blocks) >= 5
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)  # the page's own words
    said = capsys.readouterr().out
    assert said.count("The warranty is two years") >= 3
    assert "nowhere is no workspace" in said
