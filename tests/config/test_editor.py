"""New files, and edits of files that people wrote."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from custagent.config.agents import load_agent
from custagent.config.editor import (
    NewAgent,
    add_sources,
    append_values,
    drop_items,
    edit,
    new_agent_text,
    put_items,
    remove_source,
    set_value,
    write_new,
)
from custagent.config.findings import DefinitionRejected
from custagent.config.home import Home
from custagent.config.report import Report
from custagent.config.workspace import load_workspace
from custagent.core.agent import PRESETS, ConfidencePreset, Personality, Role
from custagent.core.errors import ConfigError, UnknownName, WorkspaceError

Write = Callable[[str, str], Path]

AGENT = """\
# Ours since 2024.   Ask Anna before you change it.

name:   support     # the name
role: "customer-service"

handoff_phrases: ['complaint',   "reklamation"]   # both languages


sources:
     # the handbook
     -   file: 'content/a.md'    # keep first
         private: no_such
"""


@pytest.fixture
def agent(write: Write) -> Path:
    write("content/a.md", "# A")
    write("content/b.md", "# B")
    return write("agents/support.yaml", AGENT.replace("no_such", "true"))


class TestNew:
    @pytest.mark.parametrize("role", Role)
    @pytest.mark.parametrize("name", ["support", "7", "true", "null", "1e3", "a" * 64])
    def test_is_valid_readable_and_commented(
        self, home: Home, check: Callable[..., Report], role: Role, name: str
    ) -> None:
        new = NewAgent(
            name=name, role=role, personality=Personality.WITTY, default_language="no", model="openai/gpt-4o"
        )
        path = home.agents_folder / f"{name}.yaml"
        write_new(path, new_agent_text(new))
        assert check().exit_code(strict=True) == 0
        agent = load_agent(home, name)
        assert (agent.role, agent.personality, agent.voice) == (role, Personality.WITTY, None)
        assert (agent.default_language, agent.model) == ("no", "openai/gpt-4o")
        text = path.read_text(encoding="utf-8")
        assert text.startswith("# yaml-language-server: $schema=../.custagent/schema/agent.schema.json\n")
        assert text.count("\n# ") > 10
        assert max(map(len, text.split("\n"))) <= 120

    def test_the_commented_examples_are_valid(self, home: Home) -> None:
        text = new_agent_text(NewAgent(name="support"))
        for line in text.split("\n"):
            if line.startswith("#   ") or line in ("# guardrails:", "# messages:"):
                text = text.replace(f"{line}\n", f"{line[2:]}\n")
        write_new(home.agents_folder / "support.yaml", text)
        agent = load_agent(home, "support")
        assert agent.guardrails[0].phrases
        assert agent.messages["en"].greeting

    def test_a_brand_voice_takes_the_personality_s_place(self, home: Home, write: Write) -> None:
        write("custagent.yaml", "name: N\nvoices: [{name: dry, description: Short.}]\n")
        write_new(home.agents_folder / "a.yaml", new_agent_text(NewAgent(name="a", voice="dry")))
        assert (load_agent(home, "a").voice, load_agent(home, "a").personality) == ("dry", None)

    def test_what_would_be_invalid_is_not_written(self, home: Home) -> None:
        path = home.agents_folder / "a.yaml"
        with pytest.raises(DefinitionRejected, match="there is no voice called 'dry'"):
            write_new(path, new_agent_text(NewAgent(name="a", voice="dry")))
        assert not path.exists()

    def test_never_over_an_existing_file(self, agent: Path) -> None:
        before = agent.read_bytes()
        with pytest.raises(WorkspaceError, match="exists already"):
            write_new(agent, new_agent_text(NewAgent(name="support")))
        assert agent.read_bytes() == before


class TestSources:
    def test_adding_leaves_the_rest_byte_for_byte(self, home: Home, agent: Path) -> None:
        before = agent.read_text()
        add_sources(agent, {"file": "content/b.md", "private": True})
        add_sources(agent, {"short_answer": "Open?", "answer": "yes"})
        assert agent.read_text() == before + (
            "     -   file: content/b.md\n         private: true\n"
            "     -   short_answer: Open?\n         answer: yes\n"
        )  # fmt: skip
        assert len(load_agent(home, "support").sources) == 3

    def test_removing_what_was_added_gives_the_file_back(self, agent: Path) -> None:
        before = agent.read_bytes()
        add_sources(agent, {"file": "content/b.md"})
        remove_source(agent, "content/b.md")
        assert agent.read_bytes() == before

    def test_removing_the_last_one(self, agent: Path) -> None:
        remove_source(agent, "content/a.md")
        assert agent.read_text().endswith("\n\n\nsources: []\n     # the handbook\n")
        add_sources(agent, {"file": "content/b.md"})
        assert agent.read_text().endswith("\n\n\nsources:\n  - file: content/b.md\n     # the handbook\n")

    def test_removing_by_any_kind_of_location(self, home: Home, write: Write) -> None:
        path = write(
            "agents/a.yaml",
            "name: a\nsources:\n  - url: https://e.com\n  - collection: content\n  - short_answer: q\n    answer: a\n",
        )
        write("content/a.md", "x")
        for location in ("https://e.com", "q", "content"):
            remove_source(path, location)
        assert load_agent(home, "a").sources == ()

    def test_removing_what_is_not_there(self, agent: Path) -> None:
        before = agent.read_bytes()
        with pytest.raises(UnknownName, match=r"support has no source 'content/x\.md'") as caught:
            remove_source(agent, "content/x.md")
        assert caught.value.hint == "see them with: custagent sources list support"
        assert agent.read_bytes() == before

    @pytest.mark.parametrize(
        ("source", "said"),
        [
            ({"file": "content/a.md"}, "listed twice"),
            ({"file": "content/x.md"}, "there is no file"),
            ({"file": "../x.md"}, "leads out of the workspace"),
            ({"flie": "content/b.md"}, "did you mean file"),
            ({"url": "http://127.0.0.1:8000/"}, "add 127.0.0.1:8000"),
            ({"short_answer": "q", "answer": "sk-" + "abcdefghijklmnop1234"}, "a secret stands here"),
        ],
    )
    def test_an_edit_that_breaks_the_file_is_refused(self, agent: Path, source: dict[str, str], said: str) -> None:
        before = agent.read_bytes()
        with pytest.raises(DefinitionRejected, match=said) as caught:
            add_sources(agent, source)
        assert caught.value.hint == "nothing was changed"
        assert str(caught.value).startswith("agents/support.yaml:1")
        assert "abcdefghijklmnop1234" not in str(caught.value)
        assert agent.read_bytes() == before


class TestValues:
    def test_allowing_a_host(self, home: Home) -> None:
        before = home.workspace_file.read_text()
        append_values(home.workspace_file, ("fetch", "allow_hosts"), ["127.0.0.1:8000"])
        append_values(home.workspace_file, ("fetch", "allow_hosts"), ["127.0.0.1:8000", "[::1]:80"])
        assert load_workspace(home).fetch.allow_hosts == ("127.0.0.1:8000", "[::1]:80")
        after = home.workspace_file.read_text()
        assert [line for line in after.split("\n") if line not in before.split("\n")] == [
            "  allow_hosts: [127.0.0.1:8000, '[::1]:80']"
        ]

    def test_allowing_a_host_where_nothing_is_said_of_hosts(self, home: Home, write: Write) -> None:
        write("custagent.yaml", "name: N  # ours\n")
        append_values(home.workspace_file, ("fetch", "allow_hosts"), ["localhost"])
        assert home.workspace_file.read_text() == "name: N  # ours\nfetch:\n  allow_hosts:\n    - localhost\n"

    def test_nothing_to_add_writes_nothing(self, home: Home) -> None:
        append_values(home.workspace_file, ("fetch", "allow_hosts"), ["localhost"])
        inode = home.workspace_file.stat().st_ino
        append_values(home.workspace_file, ("fetch", "allow_hosts"), ["localhost"])
        assert home.workspace_file.stat().st_ino == inode

    def test_setting_a_value(self, home: Home, agent: Path) -> None:
        before = agent.read_text()
        set_value(agent, ("role",), "sales-representative")
        assert agent.read_text() == before.replace('"customer-service"', "sales-representative")
        set_value(agent, ("confidence",), "careful")
        assert load_agent(home, "support").confidence == PRESETS[ConfidencePreset.CAREFUL]

    def test_a_wrong_value_is_refused(self, agent: Path) -> None:
        with pytest.raises(DefinitionRejected, match="`role` must be one of"):
            set_value(agent, ("role",), "boss")


class TestFiles:
    def test_line_breaks_byte_order_mark_and_permissions_stay(self, agent: Path) -> None:
        body = b"\xef\xbb\xbf" + agent.read_bytes().replace(b"\n", b"\r\n")
        agent.write_bytes(body)
        agent.chmod(0o640)
        add_sources(agent, {"file": "content/b.md"})
        assert agent.read_bytes() == body + b"     -   file: content/b.md\r\n"
        assert stat.S_IMODE(agent.stat().st_mode) == 0o640

    def test_a_linked_file_stays_a_link(self, agent: Path, home: Home, write: Write) -> None:
        write("custagent.yaml", "name: N\nchannels: [{name: web, kind: live-chat}]\n")
        real = home.root / "other.yaml"
        agent.rename(real)
        real.write_text("name: support\nassignments: [{channel: web}]\n")
        agent.symlink_to(real)
        set_value(agent, ("role",), "sales-representative")
        assert agent.is_symlink()
        assert real.read_text().endswith("role: sales-representative\n")

    def test_leaves_nothing_behind(self, agent: Path) -> None:
        add_sources(agent, {"file": "content/b.md"})
        with pytest.raises(DefinitionRejected):
            add_sources(agent, {"file": "nowhere"})
        assert [path.name for path in agent.parent.iterdir()] == [agent.name]

    def test_somebody_else_s_change_is_not_overwritten(self, agent: Path) -> None:
        def meanwhile(reading: object) -> str:
            agent.write_text("name: support\n")
            return "name: support\nrole: sales-representative\n"

        with pytest.raises(ConfigError, match="changed by somebody else"):
            edit(agent, meanwhile)
        assert agent.read_text() == "name: support\n"
        assert [path.name for path in agent.parent.iterdir()] == [agent.name]

    def test_a_file_that_is_no_yaml_is_not_touched(self, write: Write) -> None:
        path = write("agents/a.yaml", "name: [\n")
        with pytest.raises(DefinitionRejected, match=r"agents/a\.yaml:2:1: a value was expected"):
            add_sources(path, {"file": "content/a.md"})
        assert path.read_text() == "name: [\n"

    def test_a_missing_file(self, home: Home) -> None:
        with pytest.raises(WorkspaceError, match="there is no file"):
            add_sources(home.agents_folder / "a.yaml", {"file": "x"})


class TestBrokenBefore:
    def test_one_of_two_faults_can_be_mended(self, write: Write) -> None:
        path = write("agents/a.yaml", "name: a\nsources:\n  - file: gone.md\n  - file: lost.md\n")
        remove_source(path, "gone.md")
        assert path.read_text() == "name: a\nsources:\n  - file: lost.md\n"

    def test_mending_the_shape_may_show_what_was_hidden(self, write: Write) -> None:
        path = write("agents/a.yaml", "name: a\nrole: boss\nvoice: unknown\n")
        set_value(path, ("role",), "customer-service")
        assert "role: customer-service\n" in path.read_text()

    def test_a_second_fault_of_the_same_kind_is_refused(self, write: Write) -> None:
        token = "sk-" + "abcdefghijklmnop1234"
        path = write("agents/a.yaml", f"name: a\n# {token}\n")
        with pytest.raises(DefinitionRejected, match="clear text"):
            add_sources(path, {"short_answer": "q", "answer": token})

    def test_a_new_fault_is_refused_all_the_same(self, write: Write) -> None:
        path = write("agents/a.yaml", "name: a\nsources:\n  - file: gone.md\n")
        with pytest.raises(DefinitionRejected, match=r"lost\.md"):
            add_sources(path, {"file": "lost.md"})


def test_sources_are_added_all_or_none(agent: Path) -> None:
    before = agent.read_bytes()
    with pytest.raises(ConfigError, match=r"127\.0\.0\.1"):
        add_sources(agent, {"url": "https://help.example.com"}, {"url": "http://127.0.0.1/"})
    assert agent.read_bytes() == before


WORKSPACE = """\
name: N
channels:   # ours
  # the shop's
  - name: web
    kind: live-chat   # since May
    origins: [https://a.example]
  - {name: wiki, kind: live-chat}
# end
"""


class TestItems:
    def test_a_new_item_goes_to_the_end(self, write: Write) -> None:
        path = write("custagent.yaml", WORKSPACE)
        put_items(path, "channels", [{"name": "app", "kind": "live-chat"}], key="name")
        added = "  - name: app\n    kind: live-chat\n# end\n"
        assert path.read_text(encoding="utf-8") == WORKSPACE.replace("# end\n", added)

    def test_an_item_of_the_same_key_is_replaced_and_nothing_else(self, home: Home, write: Write) -> None:
        path = write("custagent.yaml", WORKSPACE)
        items = [{"name": "wiki", "kind": "live-chat", "desk": "help-desk"}, {"name": "web", "kind": "live-chat"}]
        put_items(path, "channels", items, key="name")
        assert [(one.name, one.desk) for one in load_workspace(home).channels] == [
            ("web", "inbox"), ("wiki", "help-desk"),
        ]  # fmt: skip
        text = path.read_text(encoding="utf-8")
        assert text.startswith("name: N\nchannels:   # ours\n  # the shop's\n  - name: web\n")
        assert text.endswith("# end\n")

    def test_the_first_item_makes_the_list_at_the_end_of_the_file(self, home: Home) -> None:
        before = home.workspace_file.read_text(encoding="utf-8")
        put_items(home.workspace_file, "channels", [{"name": "web", "kind": "live-chat"}], key="name")
        after = home.workspace_file.read_text(encoding="utf-8")
        assert after == before + "\nchannels:\n  - name: web\n    kind: live-chat\n"

    def test_all_or_none(self, write: Write) -> None:
        path = write("custagent.yaml", WORKSPACE)
        items = [{"name": "app", "kind": "live-chat"}, {"name": "fax", "kind": "live-chat", "desk": "cellar"}]
        with pytest.raises(DefinitionRejected, match="no desk called 'cellar'"):
            put_items(path, "channels", items, key="name")
        assert path.read_text(encoding="utf-8") == WORKSPACE

    def test_dropping_takes_what_is_named(self, home: Home, write: Write) -> None:
        path = write("custagent.yaml", WORKSPACE)
        drop_items(path, "channels", ["wiki", "unknown"], key="name")
        assert path.read_text(encoding="utf-8") == WORKSPACE.replace("  - {name: wiki, kind: live-chat}\n", "")
        drop_items(path, "channels", ["web"], key="name")
        assert load_workspace(home).channels == ()


@pytest.mark.parametrize(
    ("url", "valid"),
    [("https://chat.example.com", True), ("http://127.0.0.1:8700/help/", True), ("chat.example.com", False),
     ("https://chat.example.com?x=1", False), ("https://chat.example.com/#a", False), ("https:///chat", False)],
)  # fmt: skip
def test_the_public_url_is_one_that_paths_can_be_added_to(
    write: Write, check: Callable[..., Report], url: str, valid: bool
) -> None:
    write("custagent.yaml", f"name: N\npublic_url: {url}\n")
    assert (check().exit_code() == 0) == valid
