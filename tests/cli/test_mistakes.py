"""The mistakes that people make, one a line: what was done, the exit code, what is said, and that nothing was half done.

Each is met with one message: what is wrong and where, and below it what to do. The workspace, its files and its rows,
is as it was before. (Interruptions, pipes and full disks stand in `test_accidents.py`.)
"""

from __future__ import annotations

import os
import shlex
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

AGENT = "agents/support.yaml"
CHATTY = "custagent.yaml"


def nothing() -> None:
    """Most mistakes need no preparation."""


def add(file: str, text: str) -> Callable[[], None]:
    return lambda: Path(file).write_text(Path(file).read_text(encoding="utf-8") + text, encoding="utf-8")


def write(file: str, body: bytes | str = b"") -> Callable[[], object]:
    return lambda: Path(file).write_bytes(body.encode() if isinstance(body, str) else body)


def change(file: str, old: str, new: str) -> Callable[[], None]:
    def do() -> None:
        text = Path(file).read_text(encoding="utf-8")
        assert old in text
        Path(file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return do


def folder(path: str) -> Callable[[], object]:
    return lambda: Path(path).mkdir()


def instead_a_folder(path: str) -> Callable[[], None]:
    def do() -> None:
        Path(path).unlink()
        Path(path).mkdir()

    return do


def instead_a_file(path: str) -> Callable[[], None]:
    def do() -> None:
        shutil.rmtree(path)
        Path(path).touch()

    return do


def link_instead(path: str, target: str) -> Callable[[], None]:
    def do() -> None:
        Path(path).unlink()
        Path(path).symlink_to(target)

    return do


def huge(path: str) -> Callable[[], None]:
    def do() -> None:
        with Path(path).open("wb") as file:
            file.truncate(2 * 1024**3)

    return do


def link(path: str, target: str) -> Callable[[], object]:
    return lambda: Path(path).symlink_to(target)


def database(statement: str) -> Callable[[], None]:
    def do() -> None:
        with closing(sqlite3.connect(".custagent/custagent.db", isolation_level=None)) as connection:
            connection.execute(statement)

    return do


def inside(path: str) -> Callable[[], None]:
    def do() -> None:
        Path(path).mkdir(exist_ok=True)
        os.chdir(path)

    return do


@dataclass(frozen=True)
class Mistake:
    """Something that goes wrong between a person and the command line."""

    #: What the person did, or did not see.
    what: str
    #: What was typed after `custagent`.
    typed: str
    code: int
    #: Words of the message: what is wrong, and where.
    says: str
    #: Words of what to do about it.
    hint: str
    #: What made it so.
    before: Callable[[], object] = nothing


MISTAKES = [
    # misspelt names
    Mistake("misspells a command", "crate", 2, "no command 'custagent crate'", "'create'"),
    Mistake("misspells a command of a group", "sources lst", 2, "no command 'custagent sources lst'", "'list'"),
    Mistake("makes a command up", "frobnicate", 2, "no command", "custagent --help"),
    Mistake("misspells an option", "list --jsn", 2, "custagent list has no option --jsn", "'--json'"),
    Mistake("gives an option no value", "create x --role", 2, "--role needs a value", "--help"),
    Mistake("gives a word too many", "show support now", 2, "does not know what to do with 'now'", "--help"),
    Mistake("leaves the agent out", "show", 2, "custagent show needs AGENT", "custagent show support"),
    Mistake("misspells an agent", "show suport", 1, "no agent called 'suport'", "did you mean support"),
    Mistake("misspells a channel", "assign support wbe", 1, "no channel called 'wbe'", "did you mean web"),
    Mistake("misspells a user", "users show ana", 1, "no user called 'ana'", "did you mean anna"),
    Mistake("misspells a team", "teams show car", 1, "no team called 'car'", "did you mean care"),
    Mistake("misspells a source", "sources show support content/faq.mdd", 1, "no source", "did you mean content/faq.md"),
    Mistake("misspells a setting", "validate", 1, f"{AGENT}:", "did you mean personality", add(AGENT, "persnality: witty\n")),
    Mistake("misspells a choice", "create x --role custmer-service", 2, "--role must be", "'customer-service'"),
    Mistake("misspells a time zone", "validate", 1, "no time zone is called", "Europe/Stockholm",
            change(CHATTY, "timezone: UTC", "timezone: Europe/Stockholn")),
    Mistake("acts as nobody known", "--as bob pause support", 1, "bob may not do this", "--as NAME"),
    Mistake("copies an id wrongly", "conversations show xyz", 1, "no conversation 'xyz'", "conversations list"),
    # wrong types
    Mistake("gives an agent a name with capitals", "create Support --yes", 2, "'Support' cannot be", "custagent create"),
    Mistake("takes a name twice", "create support --yes", 2, "an agent called 'support' already", "custagent edit support"),
    Mistake("names a language in words", "create y --language swedish --yes", 1, "such as en or sv", "nothing was changed"),
    Mistake("takes a port that cannot be", "run --port 99999", 2, "--port must be at most 65535", "--help"),
    Mistake("writes a number in words", "sources add support --max-pages many", 2, "must be a whole number", "--help"),
    Mistake("writes a time in words", "stats --since yesterday", 2, "'yesterday' is no time", "7d for a week ago"),
    Mistake("writes a number in words in a file", "validate", 1, "`clarify_attempts` must be a whole number",
            AGENT, add(AGENT, "clarify_attempts: two\n")),
    Mistake("writes percent for a share of one", "validate", 1, "must be at most 1", AGENT,
            change(AGENT, "confidence: balanced", "confidence: {answer: 80}")),
    Mistake("writes hours wrongly", "users edit anna --hours 'mon-fry 9-17'", 2, "is no working time", "mon-fri 09:00"),
    Mistake("writes an email wrongly", "users edit anna --email anna", 1, "must be an email address", "nothing was changed"),
    # what is not there
    Mistake("is in no workspace", "list", 2, "no workspace in", "custagent init", lambda: os.chdir("/")),
    Mistake("names no workspace", "-w nowhere list", 2, "nowhere is no workspace", "custagent init"),
    Mistake("adds a file that is not there", "sources add support missing.pdf", 1, "no file, folder or URL 'missing.pdf'", "http"),
    Mistake("leaves https:// out", "sources add support help.example.com/faq", 1, "no file, folder or URL",
            "Did you mean https://help.example.com/faq?"),
    Mistake("asks from a file that is not there", "preview support --ask-file no.jsonl", 2, "no.jsonl cannot be opened", ""),
    Mistake("simulates from a file that is not there", "simulate support --from no.csv", 2, "no.csv cannot be read", "header"),
    Mistake("restores what is not there", "restore no.db", 1, "no backup 'no.db'", "This workspace has none"),
    Mistake("tests without a case", "test support", 2, "no test cases", "custagent test support --init"),
    Mistake("writes to a folder that is not there", "conversations export --output no/x", 2, "no/x cannot be made", "new file"),
    Mistake("writes where nobody may", "stats --html /proc/x.html", 2, "/proc/x.html cannot be written", "another file"),
    Mistake("begins where nobody may", "-w /proc/sys/x init", 2, "/proc/sys/x cannot be written", "permissions"),
    Mistake("has the secret nowhere", "validate", 0, "WA_TOKEN is not set", "WA_TOKEN", add(
        CHATTY, "  - {name: wa, kind: whatsapp, phone_number_id: '1', access_token: '${WA_TOKEN}', "
                "app_secret: '${HOME}', verify_token: '${HOME}'}\n")),
    Mistake("writes a secret into a file", "validate", 1, "api_key", "${NAME}", add(AGENT, "model_options: {api_key: x}\n")),
    Mistake("brings no token", "import hubspot support --token NO_SUCH", 1, "NO_SUCH", "export"),
    # things in the wrong place
    Mistake("takes a folder for a file", "preview support --ask-file agents", 2, "agents cannot be opened", ""),
    Mistake("has a folder for an agent's file", "validate", 2, "is a folder", "rename it", folder("agents/x.yaml")),
    Mistake("has a folder for custagent.yaml", "list", 2, "is a folder", "custagent init", instead_a_folder(CHATTY)),
    Mistake("has a file for the folder of agents", "list", 2, "agents is a file, and no folder", "mkdir", instead_a_file("agents")),
    Mistake("checks a file for the folder of agents", "validate", 2, "agents is a file, and no folder", "rename it",
            instead_a_file("agents")),
    Mistake("has a file for the folder of content", "sources add support ../faq.md", 1, "cannot be copied to content/faq.md",
            "into content/ yourself", instead_a_file("content")),
    Mistake("has a file for the folder of backups", "backup", 2, "cannot be used: File exists", "rename it",
            write(".custagent/backups")),
    Mistake("has a folder for the database", "list", 1, "is a folder", "custagent restore",
            instead_a_folder(".custagent/custagent.db")),
    Mistake("links custagent.yaml to itself", "list", 2, "is a link that leads to no file", "custagent init",
            link_instead(CHATTY, CHATTY)),
    Mistake("begins over a link that leads nowhere", "init", 2, "is a link that leads to no file", "correct the link",
            link_instead(CHATTY, "gone.yaml")),
    Mistake("begins in a link to itself", "-w round init", 2, "round is a link that leads back to itself", "the folder itself",
            link("round", "round")),
    Mistake("has a link to itself in the content", "sources add support content", 1, "a link that leads back to itself",
            "nothing was changed", link("content/round", "round")),
    Mistake("adds the folder that the workspace is in", "sources add support ..", 2, "the workspace lies in it",
            "the content alone"),
    Mistake("adds the whole disk", "sources add support /", 2, "the workspace lies in it", "the content alone"),
    Mistake("puts an agent beside the folder", "validate sales.yaml", 1, "the folder agents/ only", "agents/sales.yaml",
            write("sales.yaml", "name: sales\n")),
    Mistake("begins a workspace in one", "init", 2, "lies inside the workspace", "--workspace", inside("content")),
    Mistake("begins a workspace twice", "init", 2, "is a workspace already", "custagent create NAME"),
    Mistake("links out of the content", "sources add support content", 1, "a link that leads out", "the file itself",
            link("content/hosts.txt", "/etc/hosts")),
    Mistake("reads a page of this machine", "sources add support http://127.0.0.1:1/", 1, "is not read", "--allow-host"),
    # files as other programs leave them
    Mistake("has an empty custagent.yaml", "validate", 1, "custagent.yaml:1:1", "`name:`", write(CHATTY)),
    Mistake("has an empty agent", "list", 1, f"{AGENT}:1:1: the file is empty", "custagent validate", write(AGENT)),
    Mistake("has an empty list of questions", "simulate support --from q.csv", 2, "q.csv holds no question", "header",
            write("q.csv")),
    Mistake("indents with tabs", "validate", 1, "a tab stands here", "use spaces", add(AGENT, "messages:\n\ten: {}\n")),
    Mistake("writes a setting twice", "validate", 1, "`name` is written twice", "line", add(AGENT, "name: support\n")),
    Mistake("forgets a bracket", "validate", 1, f"{AGENT}:", "", add(AGENT, "guardrails: [\n")),
    Mistake("saves as UTF-16", "validate", 1, "is saved as UTF-16", "save the file as UTF-8",
            lambda: Path(AGENT).write_bytes(Path(AGENT).read_text(encoding="utf-8").encode("utf-16"))),
    Mistake("saves custagent.yaml as UTF-16", "users list", 1, "is saved as UTF-16", "custagent validate",
            lambda: Path(CHATTY).write_bytes(Path(CHATTY).read_text(encoding="utf-8").encode("utf-16"))),
    Mistake("has zero bytes in a file", "list", 1, "the invisible character U+0000", "delete it", add(AGENT, "a\0b: 1\n")),
    Mistake("has a file of two gigabytes for an agent", "list", 1, "larger than 1 MB", "under content/", huge(AGENT)),
    Mistake("copies spaces from a web page", "validate", 1, "a space stands here that is none", "ordinary spaces",
            add(AGENT, "messages:\n\u00a0\u00a0en: {}\n")),
    Mistake("leaves a conflict of git", "validate", 1, f"{AGENT}:46:1: error: git left a conflict here", "one of the two",
            add(AGENT, "<<<<<<< HEAD\nmodel: embedded\n=======\nmodel: x/y\n>>>>>>> branch\n")),
    Mistake("merges with <<", "validate", 1, "merging with << is not supported", "write the lines out",
            add(AGENT, "messages:\n  en: &en {greeting: Hi}\n  sv:\n    <<: *en\n")),
    Mistake("refers to an anchor that is not there", "list", 1, "*all refers to nothing", "custagent validate",
            add(AGENT, "messages: *all\n")),
    Mistake("refers to itself", "validate", 1, "*m refers to nothing that is complete", AGENT,
            add(AGENT, "messages: &m {en: *m}\n")),
    Mistake("writes a setting twice in custagent.yaml", "users add bo --full-name Bo --email bo@shop.example", 1,
            "`users` is written twice", "custagent validate", add(CHATTY, "users: []\n")),
    Mistake("saves as Latin-1", "list", 1, "is not UTF-8", "save the file as UTF-8",
            lambda: Path(AGENT).write_bytes(Path(AGENT).read_bytes() + "# Åsa\n".encode("latin-1"))),
    Mistake("simulates from two gigabytes", "simulate support --from q.csv", 2, "q.csv: line 1 is longer than 4 MB", "header", huge("q.csv")),
    # what is taken, locked or of another time
    Mistake("deletes what is live", "delete support --yes", 2, "assigned to web", "custagent unassign support"),
    Mistake("removes a channel that is live", "channels remove web --yes", 2, "support answers on web", "custagent unassign"),
    Mistake("deletes without a terminal", "delete support", 2, "Nobody can be asked", "--yes"),
    Mistake("creates without a terminal", "create", 2, "needs a name", "custagent create support --yes"),
    Mistake("previews without a terminal", "preview support", 2, "terminal", "--ask"),
    Mistake("asks in two ways at once", "preview support --ask x --ask-file y", 2, "--ask", ""),
    Mistake("goes back to an older custagent", "list", 1, "written by a newer custagent", "pip install --upgrade",
            database("PRAGMA user_version = 9999")),
    Mistake("has something else for a database", "list", 1, "is damaged", "custagent restore",
            write(".custagent/custagent.db", "no database " * 100)),
]  # fmt: skip


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with an agent on a chat, a file, a user and a team: each mistake gets a copy."""
    from custagent.__main__ import main

    root = tmp_path_factory.mktemp("mistakes")
    (root / "faq.md").write_text("# Refunds\n\nRefunds take five working days.\n", encoding="utf-8")
    typed = [
        "init --name Northwind", "create support --yes", "sources add support ../faq.md",
        "users add anna --full-name 'Anna Berg' --email anna@example.com --seat service --permission admin",
        "users edit anna --permission admin --permission edit-agents", "teams add care --member anna",
        "channels add live-chat web --origin https://www.example.com", "assign support web",
    ]  # fmt: skip
    here = root / "workspace"
    here.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here)
        patch.setenv("CUSTAGENT_USER", "anna")
        for words in typed:
            patch.setattr("sys.argv", ["custagent", *shlex.split(words)])
            with pytest.raises(SystemExit) as ended:
                main()
            assert not ended.value.code, words
    return here


@pytest.fixture
def here(template: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CUSTAGENT_USER", "anna")
    shutil.copyfile(template.parent / "faq.md", "../faq.md")
    return Path(shutil.copytree(template, Path.cwd(), dirs_exist_ok=True))


def state(root: Path) -> dict[str, str]:
    """The workspace as far as a person would miss it: every file, and every row."""
    files = {
        str(path.relative_to(root)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.stat().st_size < 1_000_000 and not path.name.startswith("custagent.db")
    }
    try:
        with closing(sqlite3.connect(root / ".custagent" / "custagent.db")) as connection:
            files["rows"] = sha256("\n".join(connection.iterdump()).encode()).hexdigest()
    except sqlite3.DatabaseError as error:
        files["rows"] = str(error)
    return files


def test_fifty_are_listed_each_once() -> None:
    assert len({mistake.what for mistake in MISTAKES}) == len(MISTAKES) >= 50


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.what)
def test_a_mistake_is_met_with_one_helpful_message(run: Run, here: Path, mistake: Mistake) -> None:
    mistake.before()
    before = state(here)
    done = run(*shlex.split(mistake.typed))
    told = done.err or done.out
    assert done.code == mistake.code, told
    assert mistake.says in told
    assert mistake.hint in told
    assert "Traceback" not in done.out + done.err
    assert len(told.splitlines()) <= 4
    assert state(here) == before


@pytest.mark.parametrize(
    "file", [AGENT, CHATTY, "content/faq.md"], ids=["an agent", "the workspace", "content"]
)  # fmt: skip
def test_windows_line_ends_and_byte_order_marks_are_no_mistake(run: Run, here: Path, file: str) -> None:
    body = Path(file).read_bytes()
    Path(file).write_bytes(b"\xef\xbb\xbf" + body.replace(b"\n", b"\r\n"))
    assert run("validate").code == 0
    assert run("apply").code == 0
    assert run("sources", "sync", "support").code == 0
    assert "five working days" in run("preview", "support", "--ask", "How long do refunds take?").out


@pytest.mark.parametrize(
    ("file", "body"),
    [
        ("q.jsonl", '\ufeff{"question": "How long do refunds take?"}\r\n'),
        ("q.csv", "\ufeffquestion\r\nHow long do refunds take?\r\n"),
    ],
)
def test_questions_may_come_from_windows(run: Run, here: Path, file: str, body: str) -> None:
    Path(file).write_bytes(body.encode())
    assert run("simulate", "support", "--from", file, "--json").code == 0


def test_who_reads_does_not_wait_for_who_writes(run: Run, here: Path) -> None:
    with closing(sqlite3.connect(".custagent/custagent.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert run("list").code == 0


def test_two_gigabytes_of_content_are_told_and_the_rest_is_served(run: Run, here: Path) -> None:
    huge("content/big.md")()
    done = run("sources", "add", "support", "content/big.md")
    assert done.code == 1
    assert "content/big.md is larger than 100 MB" in done.err
    assert "five working days" in run("preview", "support", "--ask", "How long do refunds take?").out


def test_a_workspace_may_lie_anywhere(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spaces, a picture, 200 characters; no home folder, and no language."""
    folder = Path(f"my help \N{BICYCLE} {'x' * 170}")
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("HOME", raising=False)
    for variable in ("LANG", "LC_ALL", "LC_CTYPE"):
        monkeypatch.delenv(variable, raising=False)
    assert run("init", "--name", "Northwind").code == 0
    assert run("create", "support", "--yes").code == 0
    assert run("validate").code == 0
    assert run("backup").code == 0
    assert "support" in run("list").out


def test_a_home_folder_that_does_not_exist(run: Run, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/no/such/home")
    assert run("create", "sales", "--yes").code == 0
    assert "sales" in run("list").out


def test_a_proxy_in_the_environment_changes_nothing(run: Run, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are fetched from the address that was checked (SRC-7): what a proxy would answer is not asked for."""
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(variable, "not a proxy")
    done = run("sources", "add", "support", "http://127.0.0.1:9/", "--allow-host", "127.0.0.1:9")
    assert done.code == 1
    assert "no connection to 127.0.0.1:9" in done.err
    assert "Traceback" not in done.err


def test_ctrl_c_while_the_words_are_read(run: Run, here: Path) -> None:
    class Pressed(str):
        __slots__ = ()

        def __getitem__(self, _: object) -> str:
            raise KeyboardInterrupt

    done = run(Pressed("list"))
    assert (done.code, done.out, done.err) == (130, "", "Stopped.\n")
