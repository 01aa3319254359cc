"""Backups, searches, exports and imports as people type them."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from custagent.cli.status import _age
from custagent.conversation.credits import charge_for
from custagent.conversation.lifecycle import threading_of
from custagent.core.channel import ChannelKind
from custagent.core.conversation import Conversation, Status, Turn
from custagent.core.message import Attachment, InboundMessage, Message, MessageKind, Sender
from custagent.runtime.bootstrap import Application, open_application
from custagent.runtime.files import FileFolder

#: Runs a command; what it printed and ended with (conftest).
Run = Callable[..., Any]
SITE = "https://www.northwind.example"


@pytest.fixture
def live(run: Run, workspace: Path) -> Path:
    """A workspace in which support answers on web."""
    assert run("channels", "add", "live-chat", "web", "--origin", SITE).code == 0
    assert run("assign", "support", "web").code == 0
    return workspace


def talk(app: Application, key: str, text: str, attachments: tuple[Attachment, ...] = ()) -> Conversation:
    """A contact asks and the agent answers."""
    now = app.clock.now()
    inbound = InboundMessage(
        channel="web",
        external_id=key,
        contact_key=key,
        text=text,
        sent_at=now,
        contact_name=f"Ada {key}",
        language="en",
        attachments=attachments,
    )
    begun = app.store.conversations.begin(inbound, threading_of(ChannelKind.LIVE_CHAT), agent="support", at=now)
    said = Message(
        conversation=begun.conversation.id, sender=Sender.AGENT, kind=MessageKind.ANSWER, text="Thirty days.", at=now
    )
    turn = Turn(
        conversation=begun.conversation, status=Status.PENDING, messages=(said,), charge=charge_for([said]),
        handled=(begun.message.id,), at=now,
    )  # fmt: skip
    app.store.conversations.commit(turn)
    return begun.conversation


@pytest.fixture
def talks(live: Path) -> list[str]:
    """The ids of three conversations, the oldest first."""
    with open_application(None, None) as app:
        return [
            talk(app, f"k{n}", text).id
            for n, text in enumerate(["A refund, please", "Where is it?\x1b[2J", "Refund me"])
        ]


class TestBackup:
    @pytest.mark.usefixtures("talks")
    def test_from_taking_to_putting_back(self, run: Run) -> None:
        done = run("backup")
        assert (done.code, done.err) == (0, "")
        assert "It holds 3 conversations, 6 messages and 3 credit entries (-300 credits)" in done.out
        (listed,) = run("backup", "--list", "--json").json
        name = Path(listed["path"]).name
        assert (listed["kind"], name[:10]) == ("taken", "custagent-")
        assert name in run("backup", "--list").out
        with open_application(None, None) as app:
            talk(app, "later", "Hello?")
        refused = run("restore", name)
        assert (refused.code, "--yes" in refused.err) == (2, True)
        assert "Conversations\t4\t3" in refused.out
        assert len(run("conversations", "list", "--json").json) == 4
        done = run("restore", name, "--yes")
        assert done.code == 0
        assert "What was there is kept: .custagent/backups/replaced-" in done.out
        assert "custagent status" in done.out
        assert len(run("conversations", "list", "--json").json) == 3
        assert run("credits", "verify").code == 0

    def test_files_of_contacts_are_counted_and_missed(self, run: Run, live: Path) -> None:
        with open_application(None, None) as app:
            photo = FileFolder(app.home.files_folder).keep(b"GIF89a of a kettle", name="a.gif", media_type="image/gif")
            talk(app, "k1", "Look at it", attachments=(photo,))
        done = run("backup")
        assert "1 file of contacts beside it: .custagent/backups/custagent-" in done.out
        (listed,) = run("backup", "--list", "--json").json
        shutil.rmtree(live / ".custagent" / "files")
        assert run("backup", "--json").json["files"] == 0
        assert "will be missing" not in run("restore", listed["path"]).out
        shutil.rmtree(f"{listed['path']}.files")
        assert "1 file of contacts will be missing: neither here nor in .custagent/backups/" in (
            run("restore", listed["path"]).out
        )

    @pytest.mark.usefixtures("talks")
    def test_as_json(self, run: Run) -> None:
        taken = run("backup", "--json").json
        assert set(taken) == {"path", "size", "taken_at", "contents", "files", "pruned"}
        assert (taken["contents"]["conversations"], taken["contents"]["messages"]) == (3, 6)
        done = run("restore", taken["path"], "--yes", "--json").json
        assert done["restored"] == taken["path"]
        assert done["result"]["after"]["conversations"] == 3
        assert done["to_index"] == []

    @pytest.mark.usefixtures("live")
    def test_only_so_many_are_kept(self, run: Run) -> None:
        for _ in range(3):
            run("backup", "--keep", "2")
        assert len(run("backup", "--list", "--json").json) == 2

    @pytest.mark.usefixtures("live")
    def test_elsewhere(self, run: Run, tmp_path: Path) -> None:
        assert run("backup", str(tmp_path / "safe.db")).code == 0
        assert stat.S_IMODE((tmp_path / "safe.db").stat().st_mode) == 0o600
        again = run("backup", str(tmp_path / "safe.db"))
        assert (again.code, "there already" in again.err) == (2, True)
        assert run("backup", "--list", "--keep", "2").code == 2
        assert "no backup yet" in run("backup", "--list").out

    @pytest.mark.usefixtures("talks")
    def test_a_damaged_database_names_the_way_back(self, run: Run, live: Path) -> None:
        run("backup")
        path = live / ".custagent" / "custagent.db"
        content = bytearray(path.read_bytes())
        content[4096:12288] = b"\xff" * 8192
        path.write_bytes(content)
        done = run("status")
        assert (done.code, "is damaged" in done.err) == (1, True)
        (command,) = (line for line in done.err.splitlines() if line.startswith("custagent restore "))
        assert run(*command.split()[1:], "--yes").code == 0
        assert len(run("conversations", "list", "--json").json) == 3


class TestFinding:
    def test_filters_and_pages(self, run: Run, talks: list[str]) -> None:
        def ids(*options: str) -> list[str]:
            return [one["id"] for one in run("conversations", "list", *options, "--json").json]

        assert ids() == talks[::-1]
        assert ids("--contact", "ada k1") == [talks[1]]
        assert ids("--agent", "support", "--language", "en", "--since", "1h") == talks[::-1]
        assert ids("--until", "2020-01-01") == ids("--assignee", "nobody") == []
        assert ids("--limit", "2") == talks[:0:-1]
        assert ids("--before", talks[1]) == [talks[0]]
        assert run("conversations", "list", "--since", "never").code == 2
        assert run("conversations", "list", "--before", "x").code == 1
        assert run("conversations", "list", "--language", "sv").out == "There is no such conversation.\n"

    def test_by_words(self, run: Run, talks: list[str]) -> None:
        hits = run("conversations", "search", "refund", "--json").json
        assert [hit["conversation"]["id"] for hit in hits] == [talks[2], talks[0]]
        assert (hits[1]["snippet"], hits[1]["sender"], hits[1]["messages"]) == ("A **refund**, please", "contact", 1)
        assert len(run("conversations", "search", "refund", "please", "--json").json) == 1
        shown = run("conversations", "search", "where").out
        assert talks[1] in shown
        assert "Contact: Where is it?" in shown
        assert "\x1b" not in shown
        assert run("conversations", "search", "nothing").out == "Nothing was found.\n"
        assert run("conversations", "search", "!!").code == 2

    def test_as_markdown(self, run: Run, talks: list[str]) -> None:
        page = run("conversations", "show", talks[0], "--markdown").out
        assert page.startswith(f"# Conversation {talks[0]}\n")
        assert "> A refund, please" in page
        assert "Agent (AI)" in page


class TestExchange:
    def test_out_and_in_again(self, run: Run, talks: list[str], tmp_path: Path) -> None:
        path = tmp_path / "out.jsonl"
        done = run("conversations", "export", "--output", str(path))
        assert (done.code, done.out, "3 conversations written" in done.err) == (0, "", True)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [json.loads(line)["id"] for line in path.read_text(encoding="utf-8").splitlines()] == talks[::-1]
        assert run("conversations", "export", "--output", str(path)).code == 2
        assert run("conversations", "import", str(path), "--json").json == {"added": 0, "known": 3, "faults": []}
        said = run("conversations", "export", talks[0], "--format", "markdown")
        assert said.out.startswith("# Conversation")
        assert run("conversations", "export", talks[0], "--status", "open").code == 2

    def test_a_failing_export_leaves_no_file(self, run: Run, talks: list[str], tmp_path: Path) -> None:
        path = tmp_path / "out.jsonl"
        assert run("conversations", "export", talks[0], "nothing", "--output", str(path)).code == 1
        assert not path.exists()

    @pytest.mark.usefixtures("live")
    def test_bad_lines_are_named(self, run: Run, tmp_path: Path) -> None:
        path = tmp_path / "past.jsonl"
        good = '{"id": "1", "messages": [{"sender": "contact", "at": "2026-11-18T12:30:00Z", "text": "Hi"}]}'
        path.write_text("\n".join([good, *["{"] * 25]), encoding="utf-8")
        done = run("conversations", "import", str(path))
        assert (done.code, done.err.count("Error: line ")) == (1, 20)
        assert "line 2: it is no JSON" in done.err
        assert "and 5 more lines" in done.err
        assert "Nothing was written" in done.out
        told = run("conversations", "import", str(path), "--skip-bad", "--json")
        assert (told.code, told.json["added"], len(told.json["faults"])) == (1, 1, 25)
        (kept,) = run("conversations", "list", "--channel", "import:other", "--json").json
        assert kept["status"] == "closed"
        again = run("conversations", "import", str(path), "--skip-bad").out
        assert again == "0 conversations imported, 1 were there already\n"


class TestStatus:
    @pytest.mark.usefixtures("live")
    def test_what_waits_and_for_how_long(self, run: Run) -> None:
        with open_application(None, None) as app:
            late = app.clock.now() - timedelta(hours=3)
            inbound = InboundMessage(channel="web", external_id="x", contact_key="k", text="Hi", sent_at=late)
            app.store.conversations.begin(inbound, threading_of(ChannelKind.LIVE_CHAT), agent="support", at=late)
        shown = run("status").out.splitlines()
        assert "Messages:       1 waiting for the agent, the oldest for 3 h" in shown
        assert "Backups:        none yet: custagent backup" in shown
        assert "Content:        support: nothing to answer from yet" in shown
        assert "Credits:        0; 0 used this month, usage is counted, not limited" in shown
        name = Path(run("backup", "--json").json["path"]).name
        (line,) = (line for line in run("status").out.splitlines() if line.startswith("Backups:"))
        assert line.startswith("Backups:        1, the newest ")
        assert line.endswith(f" s ago ({name})")

    @pytest.mark.parametrize(
        ("age", "told"),
        [
            (timedelta(seconds=-5), "0 s"),
            (timedelta(seconds=119), "119 s"),
            (timedelta(minutes=2), "2 min"),
            (timedelta(hours=2), "2 h"),
            (timedelta(hours=47, minutes=59), "47 h"),
            (timedelta(days=2), "2 days"),
        ],
    )
    def test_ages_are_told_in_one_unit(self, age: timedelta, told: str) -> None:
        assert _age(age) == told
