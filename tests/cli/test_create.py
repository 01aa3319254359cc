"""custagent create: by options, by numbers on a plain terminal, and by its lists on a real one."""

from __future__ import annotations

import io
import os
import pty
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from custagent.config.agents import load_agent
from custagent.config.home import Home
from custagent.core.agent import Personality, Role
from tests.cli.conftest import Done

Run = Callable[..., Done]

#: Seconds that a screen may take to appear; a machine may be busy.
PATIENCE = 60


class Terminal(io.StringIO):
    """What somebody types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def empty(run: Run) -> Path:
    """A workspace without an agent; the current folder."""
    assert run("init", "--name", "Northwind").code == 0
    return Path.cwd()


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Somebody at a terminal that can do no more than lines."""

    def typed(*lines: str) -> None:
        monkeypatch.setenv("TERM", "dumb")
        monkeypatch.setattr(sys, "stdin", Terminal("".join(f"{line}\n" for line in lines)))
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

    return typed


def made(folder: Path) -> list[str]:
    return sorted(file.name for file in (folder / "agents").iterdir())


class TestByOptions:
    @pytest.mark.usefixtures("empty")
    def test_what_was_written_is_shown_without_its_comments(self, run: Run) -> None:
        done = run("create", "support", "--yes")
        assert "  name: support\n  role: customer-service\n  personality: friendly\n" in done.out
        assert "#" not in done.out
        assert [line.strip() for line in done.out.partition("Next:")[2].strip().splitlines()] == [
            "custagent sources add support https://help.example.com --import-related",
            "custagent preview support",
            "custagent channels add live-chat website --origin https://www.example.com",
        ]

    def test_begins_with_a_template(self, run: Run, empty: Path) -> None:
        done = run("create", "help", "--template", "public-agency", "--personality", "casual", "--yes")
        assert done.code == 0
        agent = load_agent(Home(root=empty), "help")
        assert (agent.personality, agent.confidence.answer) == (Personality.CASUAL, 0.8)
        assert agent.guardrails
        assert run("validate", "--strict").code == 0

    def test_the_language_decides_what_the_template_is_written_in(self, run: Run, empty: Path) -> None:
        assert "built-in" not in run("create", "help", "--template", "shop", "--language", "sv", "--yes").out
        assert set(load_agent(Home(root=empty), "help").messages) == {"en", "sv"}
        assert "built-in" not in run("create", "hilfe", "--template", "shop", "--language", "de", "--yes").out
        assert set(load_agent(Home(root=empty), "hilfe").messages) == {"en", "de"}
        done = run("create", "tasuke", "--template", "shop", "--language", "ja", "--yes")
        assert "own texts are in English; in Japanese the built-in ones serve" in done.out

    @pytest.mark.usefixtures("empty")
    def test_it_answers_from_the_templates_short_answers_at_once(self, run: Run) -> None:
        run("create", "help", "--template", "shop", "--yes")
        assert {one["state"] for one in run("sources", "list", "help", "--json").json} == {"ready"}

    def test_templates_are_listed_anywhere(self, run: Run) -> None:
        assert [one["template"] for one in run("create", "--list-templates", "--json").json] == [
            "shop",
            "public-agency",
        ]
        assert "public-agency" in run("create", "--list-templates").out

    def test_an_unknown_template_is_met_with_the_nearest(self, run: Run, empty: Path) -> None:
        done = run("create", "support", "--template", "shopp", "--yes")
        assert (done.code, made(empty)) == (2, [])
        assert "did you mean shop?" in done.err
        assert "--list-templates" in done.err

    @pytest.mark.usefixtures("empty")
    def test_reads_the_content_that_is_named(self, run: Run, tmp_path: Path) -> None:
        page = tmp_path / "refunds.md"
        page.write_text("# Refunds\n\nRefunds take five working days.\n", encoding="utf-8")
        done = run("create", "support", "--source", str(page), "--json")
        assert done.json == {"agent": "support", "file": "agents/support.yaml", "sources": ["content/refunds.md"]}
        (state,) = run("sources", "list", "support", "--json").json
        assert (state["state"], state["pages"]) == ("ready", 1)

    def test_what_cannot_be_named_makes_nothing(self, run: Run, empty: Path) -> None:
        done = run("create", "support", "--source", "missing.md", "--yes")
        assert (done.code, made(empty)) == (1, [])
        assert "missing.md" in done.err

    def test_content_that_cannot_be_read_leaves_the_agent(self, run: Run, empty: Path) -> None:
        Path("broken.pdf").write_bytes(b"%PDF-1.7\nnothing more")
        done = run("create", "support", "--source", "broken.pdf", "--yes")
        assert (done.code, made(empty)) == (1, ["support.yaml"])
        assert "custagent sources sync support" in done.out

    def test_a_taken_name_is_told_before_anything_is_copied(self, run: Run, workspace: Path, tmp_path: Path) -> None:
        page = tmp_path / "refunds.md"
        page.write_text("# Refunds\n", encoding="utf-8")
        done = run("create", "support", "--source", str(page), "--yes")
        assert done.code == 2
        assert "custagent edit support" in done.err
        assert not (workspace / "content" / "refunds.md").exists()


class TestOnAPlainTerminal:
    def test_asks_with_numbers_and_names(self, run: Run, empty: Path, types: Callable[..., None]) -> None:
        Path("faq.md").write_text("# Questions\n\n## Do you ship?\n\nYes, everywhere.\n", encoding="utf-8")
        types("Helper", "helper", "Swedish", "2", "3", "witty", "a file or folder", "missing.md", "faq.md")
        done = run("create")
        assert done.code == 0, done.err
        assert "Lower-case letters" in done.err
        assert "There is no such file or folder." in done.err
        agent = load_agent(Home(root=empty), "helper")
        assert (agent.role, agent.personality, agent.default_language) == (
            Role.SALES_REPRESENTATIVE, Personality.WITTY, "sv",
        )  # fmt: skip
        assert "sv" in agent.messages
        assert agent.sources[-1].location == "faq.md"
        assert "faq.md: 1 page, 1 passage" in done.out
        assert "custagent test helper --init" in done.out

    def test_goes_back_and_does_not_ask_what_was_given(self, run: Run, empty: Path, types: Callable[..., None]) -> None:
        types("<", "1", "<", "<", "2", "", "later")
        assert run("create", "helper", "--language", "en", "--personality", "casual").code == 0
        agent = load_agent(Home(root=empty), "helper")
        assert agent.personality is Personality.CASUAL
        assert agent.guardrails

    def test_what_was_answered_is_offered_the_next_time(
        self, run: Run, empty: Path, types: Callable[..., None]
    ) -> None:
        types("helper", "sv", "1", "sales-representative")
        done = run("create")
        assert (done.code, made(empty)) == (130, [])
        assert "Your answers so far are kept" in done.err
        types("go on", "empathetic", "later")
        done = run("create")
        assert "Lower-case" not in done.err
        agent = load_agent(Home(root=empty), "helper")
        assert (agent.role, agent.default_language) == (Role.SALES_REPRESENTATIVE, "sv")
        # Nothing is left to go on with.
        assert not (empty / ".custagent" / "create.json").exists()

    def test_answers_that_hold_no_more_are_asked_again(self, run: Run, empty: Path, types: Callable[..., None]) -> None:
        types("helper", "sv")
        assert run("create").code == 130
        assert run("create", "helper", "--yes").code == 0
        assert (empty / ".custagent" / "create.json").exists() is False
        (empty / ".custagent" / "create.json").write_text('{"name": "helper", "tone": "grumpy"}', encoding="utf-8")
        types("other", "", "", "", "", "later")
        assert run("create").code == 0
        (empty / ".custagent" / "create.json").write_text("[1]", encoding="utf-8")
        types("third", "", "", "", "", "later")
        assert run("create").code == 0
        assert made(empty) == ["helper.yaml", "other.yaml", "third.yaml"]

    def test_begins_anew_when_told(self, run: Run, empty: Path, types: Callable[..., None]) -> None:
        types("helper", "sv")
        assert run("create").code == 130
        types("begin anew", "other", "en", "", "", "", "later")
        assert run("create").code == 0
        assert load_agent(Home(root=empty), "other").default_language == "en"

    def test_a_voice_of_the_workspace_is_one_of_the_tones(
        self, run: Run, empty: Path, types: Callable[..., None]
    ) -> None:
        shared = empty / "custagent.yaml"
        voices = "voices:\n  - {name: dry, description: Few words., samples: {en: [No.]}}\n"
        shared.write_text(shared.read_text(encoding="utf-8") + voices, encoding="utf-8")
        types("helper", "", "", "", "dry", "later")
        done = run("create")
        assert "dry: Few words." in done.out
        assert "“No.”" in done.out
        assert load_agent(Home(root=empty), "helper").voice == "dry"

    @pytest.mark.usefixtures("empty")
    @pytest.mark.parametrize("option", ["--yes", "--json"])
    def test_asks_nothing_when_told_so(self, run: Run, types: Callable[..., None], option: str) -> None:
        types()
        assert run("create", "helper", option).code == 0
        assert run("create", option).code == 2

    def test_who_may_not_is_told_before_the_first_question(
        self, run: Run, empty: Path, types: Callable[..., None]
    ) -> None:
        shared = empty / "custagent.yaml"
        users = "users:\n  - {name: eva, full_name: Eva, email: eva@example.com, permissions: [answer]}\n"
        shared.write_text(shared.read_text(encoding="utf-8") + users, encoding="utf-8")
        types()
        done = run("create", "--as", "eva")
        assert done.code == 1
        assert "permission edit-agents" in done.err


class Screen:
    """The program on a terminal of its own."""

    def __init__(self, terminal: int) -> None:
        self._terminal = terminal
        self._shown = b""

    def shows(self, text: str) -> None:
        """Wait until it does, from where the last wait ended."""
        wanted, until = text.encode(), time.monotonic() + PATIENCE
        while wanted not in self._shown:
            ready, _, _ = select.select([self._terminal], [], [], max(0.0, until - time.monotonic()))
            assert ready, f"{text!r} did not appear after {self._shown.decode(errors='replace')}"
            try:
                self._shown += os.read(self._terminal, 65536)
            except OSError:  # Linux says EIO when the other end has closed
                pytest.fail(f"ended without {text!r}: {self._shown.decode(errors='replace')}")
        self._shown = self._shown.partition(wanted)[2]

    def press(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())


@contextmanager
def started(folder: Path, *words: str) -> Iterator[tuple[Screen, subprocess.Popen[bytes]]]:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", "COLUMNS": "80", "LINES": "24"}
    with subprocess.Popen(
        [sys.executable, "-m", "custagent", *words],
        cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
    ) as process:  # fmt: skip
        os.close(theirs)
        try:
            yield Screen(ours), process
        finally:
            process.kill()
            os.close(ours)


UP, DOWN, ESC, ENTER, STOP = "\x1b[A", "\x1b[B", "\x1b", "\r", "\x03"


def test_a_real_terminal_is_drawn_on(empty: Path) -> None:
    with started(empty, "create") as (screen, process):
        screen.shows("What is the agent called")
        screen.press("-X")
        screen.shows("Lower-case letters")
        screen.press(f"\x15shop{ENTER}")
        screen.shows("Which language")
        screen.press(ESC)
        screen.shows("What is the agent called")
        screen.press(ENTER)
        screen.shows("Which language")
        screen.press(ENTER)
        screen.shows("What does it begin with?")
        screen.press(DOWN + ENTER)
        screen.shows("What does it do?")
        screen.press(ENTER)
        screen.shows("How does it speak?")
        screen.shows("which of the following do you mean?")
        screen.press(UP + ENTER)  # past the first one to the last
        screen.shows("What does it answer from?")
        screen.press("3" + ENTER)
        screen.shows("Created agents/shop.yaml")
        screen.shows("Next:")
        assert process.wait(PATIENCE) == 0
    agent = load_agent(Home(root=empty), "shop")
    assert agent.personality is Personality.WITTY
    assert agent.guardrails


def test_ctrl_c_leaves_nothing_half_made(empty: Path) -> None:
    with started(empty, "create", "shop") as (screen, process):
        screen.shows("Which language")
        screen.press(ENTER)
        screen.shows("What does it begin with?")
        screen.press(STOP)
        screen.shows("No agent was made")
        assert process.wait(PATIENCE) == 130
    assert made(empty) == []
    with started(empty, "create", "shop") as (screen, process):
        screen.shows("Last time you stopped here.")
        screen.press(ENTER)
        screen.shows("What does it begin with?")
        screen.press(STOP)
        screen.shows("No agent was made")
        assert process.wait(PATIENCE) == 130


def test_ctrl_c_while_reading_keeps_the_agent_and_says_how_to_go_on(empty: Path) -> None:
    asked, over = threading.Event(), threading.Event()

    class Slow(BaseHTTPRequestHandler):
        """Never answers, as far as anybody can wait."""

        def do_GET(self) -> None:
            asked.set()
            over.wait(PATIENCE)

        def log_message(self, *_: object) -> None:
            """Tests are silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        host = f"127.0.0.1:{server.server_address[1]}"
        shared = empty / "custagent.yaml"
        shared.write_text(
            shared.read_text(encoding="utf-8").replace("allow_hosts: []", f"allow_hosts: ['{host}']"), encoding="utf-8"
        )
        words = ("create", "support", "--source", f"http://{host}/", "--yes")
        with subprocess.Popen(
            [sys.executable, "-m", "custagent", *words], cwd=empty, stderr=subprocess.PIPE, text=True
        ) as process:
            assert asked.wait(PATIENCE)
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=PATIENCE)
        over.set()
        server.shutdown()
    assert process.returncode == 130
    assert "custagent sources sync support" in told
    assert "Traceback" not in told
    assert load_agent(Home(root=empty), "support").sources[0].location == f"http://{host}/"
