"""custagent simulate, as it is typed."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from custagent.cli.simulate import ask_all
from custagent.runtime.bootstrap import open_application
from custagent.runtime.proving.past_questions import read_questions
from custagent.runtime.proving.simulation import Simulation
from tests.cli.conftest import Done
from tests.runtime.conftest import Silent

ASKED = """\
ticket,sender,message,lang
1,customer,How long do refunds take?,en
1,agent,Five days.,en
1,customer,Can I talk to a person?,en
1,customer,Hello?,en
2,customer,=How long do refunds take?,en
3,customer,Do you sell parrots?,en
"""


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with an agent that has one short answer, read; made once, for reading takes longer than asking."""
    folder = tmp_path_factory.mktemp("made")
    for words in (
        ["init", "--name", "Northwind"],
        ["create", "ada", "--yes"],
        ["sources", "add", "ada", "--question", "How long do refunds take?", "--answer", "Refunds take five days."],
    ):
        subprocess.run([sys.executable, "-m", "custagent", *words], cwd=folder, check=True, capture_output=True)
    (folder / "asked.csv").write_text(ASKED, encoding="utf-8")
    return folder


@pytest.fixture
def asked(made_once: Path, run: Callable[..., Done]) -> Path:
    """A copy of it, the current folder; the file of past questions."""
    shutil.copytree(made_once, Path.cwd(), dirs_exist_ok=True)
    return Path.cwd() / "asked.csv"


def test_people_read_what_matters_first(asked: Path, run: Callable[..., Done]) -> None:
    done = run("simulate", "ada", "--from", "asked.csv")
    assert done.code == 0
    assert "Read 5 questions: question in “message”, conversation in “ticket”" in done.out
    assert "No channel: all are asked as in a preview, on no channel." in done.out
    assert "1 reply left out" in done.out
    assert "answered\t2\t40 %\t12 to 77 %" in done.out
    assert "left to the person who has it\t1\t20 %" in done.out
    assert "answered to the end, without a person\t1\t33 %\t6 to 79 %" in done.out
    assert "Handed over for: asked-for-person 1." in done.out
    assert "conversation (in force)\t100\t3\t300\t100000" in done.out
    assert "resolution\t50\t1\t50\t16667" in done.out
    assert "What the content lacks: 1 topic" in done.out
    assert "Do you sell parrots?" in done.out


def test_programs_get_everything(asked: Path, run: Callable[..., Done]) -> None:
    found = run("simulate", "ada", "--from", "asked.csv", "--json").json
    assert found["questions"] == 5
    assert found["decisions"]["answered"]["count"] == 2
    assert found["decisions"]["answered"]["low"] == pytest.approx(0.1176, abs=1e-3)
    assert found["not_found"] == ["contact", "channel", "label"]
    assert found["stopped"] is False
    assert [(one["line"], one["decision"]) for one in found["replies"]] == [
        (2, "answered"), (4, "handed-over"), (5, "with-person"), (6, "answered"), (7, "rephrased"),
    ]  # fmt: skip
    assert found["gaps"][0]["questions"] == ["Do you sell parrots?"]
    assert found["compared"] is None


def test_a_row_a_question_without_formulas(asked: Path, run: Callable[..., Done]) -> None:
    assert run("simulate", "ada", "--from", "asked.csv", "--csv", "out.csv").code == 0
    rows = list(csv.DictReader(io.StringIO(Path("out.csv").read_text(encoding="utf-8"))))
    assert [row["decision"] for row in rows] == ["answered", "handed-over", "with-person", "answered", "rephrased"]
    assert rows[3]["question"] == "'=How long do refunds take?"
    assert Path("out.csv").stat().st_mode & 0o077 == 0
    again = run("simulate", "ada", "--from", "asked.csv", "--csv", "out.csv")
    assert (again.code, "out.csv cannot be made" in again.err) == (2, True)


def test_a_revision_is_compared_and_only_what_differs_is_listed(asked: Path, run: Callable[..., Done]) -> None:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@northwind.example"]
    for words in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "one"]):
        subprocess.run(["git", *words], check=True)
    path = Path("agents/ada.yaml")
    path.write_text(path.read_text(encoding="utf-8").replace("five", "six"), encoding="utf-8")
    before = subprocess.run(["git", "status", "--porcelain"], check=True, capture_output=True).stdout
    done = run("simulate", "ada", "--from", "asked.csv", "--compare", "HEAD")
    assert done.code == 0
    assert "What differs: at HEAD, and as the files are" in done.out
    assert "answered from elsewhere: 2" in done.out
    assert "The same: 3." in done.out
    assert "1 page differs from what the preview and the live agent know" in done.err
    found = run("simulate", "ada", "--from", "asked.csv", "--compare", "HEAD", "--json").json["compared"]
    assert found["unchanged"] == 3
    assert [one["now"]["line"] for one in found["changed"]] == [2, 6]
    assert ["five" in found["changed"][0]["before"]["text"], "six" in found["changed"][0]["now"]["text"]] == [True] * 2
    assert subprocess.run(["git", "status", "--porcelain"], check=True, capture_output=True).stdout == before


def test_what_is_live_is_asked_when_it_is_wanted(asked: Path, run: Callable[..., Done]) -> None:
    path = Path("agents/ada.yaml")
    path.write_text(path.read_text(encoding="utf-8").replace("five", "six"), encoding="utf-8")
    live = run("simulate", "ada", "--from", "asked.csv", "--applied", "--json").json
    assert "five" in live["replies"][0]["text"]
    assert live["asked"].startswith("as applied (version ")
    assert "six" in run("simulate", "ada", "--from", "asked.csv", "--json").json["replies"][0]["text"]


def test_what_cannot_be_asked_is_told(asked: Path, run: Callable[..., Done]) -> None:
    assert "cannot be read" in run("simulate", "ada", "--from", "none.csv").err
    assert run("simulate", "nobody", "--from", "asked.csv").code == 1
    done = run("simulate", "ada", "--from", "asked.csv", "--compare", "HEAD")
    assert (done.code, "is not in a git repository" in done.err) == (2, True)


class Interrupted:
    """A display during which somebody presses Ctrl-C."""

    def show(self, done: int, *_) -> None:
        if done == 4:
            raise KeyboardInterrupt


def test_ctrl_c_keeps_what_is_done(asked: Path) -> None:
    file = read_questions(asked)
    with open_application(None, None) as app, Simulation(app, "ada", Silent()) as simulation:
        done, stopped = ask_all(simulation, file, simulation.applied(), None, Interrupted(), 1)
    assert stopped
    assert [one.now[0].question.conversation for one in done] == ["1", "2"]
