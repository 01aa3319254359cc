"""What `validate` says about whole workspaces (VAL-1)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from custagent.config.findings import Severity
from custagent.config.home import Home
from custagent.config.report import Report
from custagent.config.validate import validate

Write = Callable[[str, str], Path]
Check = Callable[..., Report]

WORKSPACE = """\
name: Northwind
voices:
  - {name: dry, description: Short.}
users:
  - {name: anna, full_name: Anna, email: anna@example.com, seat: service}
  - {name: bo, full_name: Bo, email: bo@example.com}
teams:
  - {name: support, members: [anna]}
  - {name: office, members: [bo]}
channels:
  - {name: web, kind: live-chat}
  - {name: shop, kind: live-chat, desk: help-desk}
"""


def lines(report: Report) -> list[tuple[str, int, int, str]]:
    return [(f.location(report.base).split(":")[0], f.line, f.column, f.rule) for f in report.findings]


@pytest.fixture
def one(home: Home, write: Write, check: Check) -> Callable[[str], Report]:
    """Validate one agent, called support, in a workspace with people and channels."""
    write("custagent.yaml", WORKSPACE)
    write("content/a.md", "# A")

    def run(text: str) -> Report:
        write("agents/support.yaml", f"name: support\n{text}")
        return check()

    return run


class TestClean:
    def test_a_fresh_workspace(self, check: Check) -> None:
        report = check()
        assert report.findings == report.unchecked == ()
        assert [path.name for path in report.files] == ["custagent.yaml"]
        assert report.exit_code(strict=True) == 0

    def test_a_full_agent(self, one: Callable[[str], Report]) -> None:
        report = one(
            "voice: dry\nsources:\n  - file: content/a.md\n  - collection: content\n  - url: https://example.com/\n"
            "assignments:\n  - channel: web\n    handoff: {mode: transfer, to: [user:anna, team:support]}\n  - channel: shop\n"
        )
        assert report.findings == ()
        assert len(report.files) == 2


class TestWorkspaceRules:
    @pytest.mark.parametrize(
        ("text", "line", "column", "rule", "said"),
        [
            ("teams: [{name: a, members: [nobody]}]", 2, 29, "unknown-user", "there is no user called 'nobody'"),
            ("desks: [{name: inbox, teams: [a]}]", 2, 31, "unknown-team", "there is no team called 'a'"),
            ("channels: [{name: a, kind: live-chat, desk: helpdesk}]", 2, 45, "unknown-desk", "no desk called 'helpdesk'"),
            ("voices: [{name: a, description: x}, {name: a, description: y}]", 2, 44, "duplicate-name", "'a' is used twice"),
            ("teams: [{name: a}, {name: a}]", 2, 27, "duplicate-name", "the first is on line 2"),
            ("desks: [{name: inbox}, {name: inbox}]", 2, 31, "duplicate-name", "'inbox'"),
            ("channels: [{name: a, kind: live-chat}, {name: a, kind: live-chat}]", 2, 47, "duplicate-name", "'a'"),
            ("users: [{name: a, full_name: A, email: a@b.c}, {name: a, full_name: B, email: b@b.c}]", 2, 55,
             "duplicate-name", "'a'"),
            ("users: [{name: a, full_name: A, email: a@b.c}, {name: b, full_name: B, email: A@b.c}]", 2, 79,
             "duplicate-email", "'a@b.c'"),
        ],
    )  # fmt: skip
    def test_finding(
        self, *, write: Write, check: Check, text: str, line: int, column: int, rule: str, said: str
    ) -> None:
        write("custagent.yaml", f"name: Northwind\n{text}\n")
        report = check()
        assert lines(report) == [("custagent.yaml", line, column, rule)]
        assert said in report.findings[0].message
        assert report.exit_code() == 1

    def test_a_near_name_is_suggested(self, write: Write, check: Check) -> None:
        write("custagent.yaml", "name: N\nchannels: [{name: a, kind: live-chat, desk: helpdesk}]\n")
        assert check().findings[0].hint == "did you mean help-desk?"


class TestAgentRules:
    @pytest.mark.parametrize(
        ("text", "line", "column", "rule", "said"),
        [
            ("voice: wet\n", 2, 8, "unknown-voice", "there is no voice called 'wet'"),
            ("messages:\n  sv: {}\n", 3, 3, "no-text", "messages for 'sv' hold no text"),
            ("messages:\n  sv:\n    greeting:\n", 3, 3, "no-text", "messages for 'sv' hold no text"),
            ("guardrails:\n  - {topic: law, phrases: [a]}\n  - {topic: Law, phrases: [b]}\n", 4, 13, "duplicate-topic", "twice"),
            ("guardrails:\n  - {topic: law, phrases: []}\n", 3, 27, "wrong-value", "at least 1 item"),
            ("assignments:\n  - channel: wbe\n", 3, 14, "unknown-channel", "there is no channel called 'wbe'"),
            ("assignments:\n  - channel: web\n  - channel: web\n", 4, 14, "channel-taken", "assigned to web twice"),
            ("assignments:\n  - channel: web\n    handoff: {to: [user:carl]}\n", 4, 20, "unknown-user", "'carl'"),
            ("assignments:\n  - channel: web\n    handoff: {to: [team:sales]}\n", 4, 20, "unknown-team", "'sales'"),
            ("assignments:\n  - channel: web\n    handoff: {to: [user:anna, user:bo]}\n", 4, 31, "no-seat", "bo holds no seat"),
            ("assignments:\n  - channel: web\n    handoff: {to: [team:office]}\n", 4, 20, "no-seat",
             "nobody in the team office holds a seat"),
        ],
    )  # fmt: skip
    def test_error(
        self, *, one: Callable[[str], Report], text: str, line: int, column: int, rule: str, said: str
    ) -> None:
        report = one(text)
        assert lines(report) == [("agents/support.yaml", line, column, rule)]
        assert said in report.findings[0].message
        assert report.exit_code() == 1

    def test_the_name_is_that_of_the_file(self, write: Write, check: Check) -> None:
        write("agents/web.yaml", "name: shop\n")
        report = check()
        assert lines(report) == [("agents/web.yaml", 1, 7, "name-differs")]
        assert "name: web" in report.findings[0].hint

    def test_a_file_whose_name_names_nobody(self, write: Write, check: Check) -> None:
        write("agents/Web Help.yaml", "name: web-help\n")
        assert ("agents/Web Help.yaml", 1, 1, "wrong-file-name") in lines(check())

    def test_a_channel_has_one_agent_whatever_the_shares(self, write: Write, check: Check) -> None:
        write("custagent.yaml", WORKSPACE)
        first = write("agents/a.yaml", "name: a\nassignments: [{channel: web, share: 50}]\n")
        write("agents/b.yaml", "name: b\nassignments:\n  - {channel: shop}\n  - {channel: web, share: 20}\n")
        assert lines(check()) == [
            ("agents/a.yaml", 2, 25, "channel-taken"), ("agents/b.yaml", 4, 15, "channel-taken"),
        ]  # fmt: skip
        (finding,) = check(first).findings
        assert finding.message == "a channel has one agent, and web has b"
        assert finding.hint == "take one off: custagent unassign b web"

    def test_the_same_file_through_a_link_is_no_second_agent(self, home: Home, write: Write, tmp_path: Path) -> None:
        write("custagent.yaml", WORKSPACE)
        write("agents/a.yaml", "name: a\nassignments: [{channel: web}]\n")
        (tmp_path / "link").symlink_to(home.root)
        report = validate([tmp_path / "link" / "agents" / "a.yaml"], environment={})
        assert report.findings == report.unchecked == ()

    def test_a_broken_workspace_is_told_once_and_guessed_about_never(self, write: Write, check: Check) -> None:
        write("custagent.yaml", "name: N\ntimezone: X\n")
        agents = [write(f"agents/{name}.yaml", f"name: {name}\nvoice: x\n") for name in "ab"]
        assert lines(check(*agents)) == [("custagent.yaml", 2, 11, "contradiction")]
        assert lines(check()) == [("custagent.yaml", 2, 11, "contradiction")]


class TestSources:
    @pytest.mark.parametrize(
        ("source", "column", "rule"),
        [
            ("file: content/b.md", 11, "missing-file"),
            ("file: ../secret.md", 11, "outside-workspace"),
            ("file: content/../../secret.md", 11, "outside-workspace"),
            ("file: /etc/passwd", 11, "outside-workspace"),
            ("file: ~/secret.md", 11, "missing-file"),
            ("file: 'C:\\secret.md'", 11, "outside-workspace"),
            ("file: content\\a.md", 11, "outside-workspace"),
            ("file: content/link.md", 11, "outside-workspace"),
            ("file: content/circle.md", 11, "missing-file"),
            ('file: "a\\0b"', 11, "missing-file"),
            (f"file: {'x' * 300}", 11, "missing-file"),
            ("file: .custagent/custagent.db", 11, "outside-workspace"),
            ("file: content", 5, "wrong-kind"),
            ("collection: content/a.md", 5, "wrong-kind"),
            ("collection: nowhere", 17, "missing-file"),
            ("url: http://127.0.0.1:8000/", 10, "host-not-allowed"),
            ("url: 'http://[::1'", 10, "wrong-value"),
        ],
    )
    def test_error(
        self, *, one: Callable[[str], Report], home: Home, tmp_path: Path, source: str, column: int, rule: str
    ) -> None:
        (home.content_folder).mkdir(exist_ok=True)
        (tmp_path / "secret.md").write_text("secret")
        (home.content_folder / "link.md").symlink_to(tmp_path / "secret.md")
        (home.content_folder / "circle.md").symlink_to(home.content_folder / "circle.md")
        report = one(f"sources:\n  - {source}\n")
        assert lines(report) == [("agents/support.yaml", 3, column, rule)]
        assert report.findings[0].severity is Severity.ERROR

    def test_a_folder_with_a_link_that_leads_out(
        self, one: Callable[[str], Report], home: Home, tmp_path: Path
    ) -> None:
        (tmp_path / "outside").mkdir()
        (home.content_folder / "more").mkdir(parents=True)
        (home.content_folder / "more" / "way").symlink_to(tmp_path / "outside")
        report = one("sources:\n  - collection: content\n")
        assert lines(report) == [("agents/support.yaml", 3, 17, "outside-workspace")]
        assert "content/more/way is a link" in report.findings[0].message

    def test_a_link_inside_the_workspace_is_fine(self, one: Callable[[str], Report], home: Home) -> None:
        (home.root / "pages").symlink_to(home.content_folder)
        assert one("sources:\n  - collection: pages\n").findings == ()

    def test_the_same_place_written_in_two_ways(self, one: Callable[[str], Report]) -> None:
        report = one("sources:\n  - file: content/a.md\n  - file: ./content/../content/a.md\n")
        assert lines(report) == [("agents/support.yaml", 4, 11, "duplicate-source")]
        assert "line 3" in report.findings[0].message

    @pytest.mark.parametrize("entry", ["127.0.0.1:8000", "127.0.0.1:8000, other"])
    def test_an_allowed_host(self, write: Write, one: Callable[[str], Report], entry: str) -> None:
        write("custagent.yaml", f"{WORKSPACE}fetch: {{allow_hosts: ['{entry.split(',', maxsplit=1)[0]}']}}\n")
        assert one("sources:\n  - url: http://127.0.0.1:8000/\n").findings == ()

    def test_the_fix_names_the_host(self, one: Callable[[str], Report]) -> None:
        (finding,) = one("sources:\n  - url: http://127.0.0.1:8000/\n").findings
        assert "add 127.0.0.1:8000 to `fetch: allow_hosts:`" in finding.hint


class TestWarnings:
    @pytest.mark.parametrize(
        ("text", "line", "column", "rule", "said"),
        [
            (
                "sources:\n  - short_answer: q\n    answer: a\n    until: 2026-11-30\n",
                5,
                12,
                "expired",
                "until 2026-11-30",
            ),
            ("sources:\n  - file: content/a.exe\n", 3, 11, "unsupported-file", "'.exe'"),
            ("sources:\n  - file: content/README\n", 3, 11, "unsupported-file", "'README'"),
            (
                "sources:\n  - collection: content/empty\n",
                3,
                17,
                "empty-collection",
                "holds no file that is understood",
            ),
            ("model_options: {api_key: '${OPENAI_KEY}'}\n", 2, 26, "variable-not-set", "OPENAI_KEY is not set"),
        ],
    )
    def test_warning(
        self, *, one: Callable[[str], Report], write: Write, text: str, line: int, column: int, rule: str, said: str
    ) -> None:
        for file in ("a.exe", "README", "empty/a.exe", "empty/.hidden/a.md"):
            write(f"content/{file}", "x")
        report = one(text)
        assert lines(report) == [("agents/support.yaml", line, column, rule)]
        assert said in report.findings[0].message
        assert (report.exit_code(), report.exit_code(strict=True)) == (0, 1)

    def test_an_answer_is_valid_on_its_last_day(self, one: Callable[[str], Report]) -> None:
        assert one("sources:\n  - short_answer: q\n    answer: a\n    until: 2026-12-01\n").findings == ()

    def test_a_variable_that_is_set(self, one: Callable[[str], Report], check: Check) -> None:
        one("model_options: {api_key: '${OPENAI_KEY}'}\n")
        assert check(environment={"OPENAI_KEY": "x"}).findings == ()

    def test_files_that_look_like_agents_but_are_not_read(self, write: Write, check: Check) -> None:
        write("agents/web.yml", "name: web\n")
        assert lines(check()) == [("agents/web.yml", 1, 1, "not-read")]


class TestSecrets:
    TOKEN = "sk-" + "abcdefghijklmnop1234"
    RANDOM = "f3a9c1e77b2d4086aa"

    @pytest.mark.parametrize(
        ("text", "line", "column"),
        [
            (f"model_options:\n  api_key: {TOKEN}\n", 3, 12),
            (f"model_options:\n  api_key: '{TOKEN}'\n", 3, 12),
            (f"model_options:\n  api_key: {RANDOM}\n", 3, 12),
            (f"# the old one was {TOKEN}\n", 2, 19),
            (f"sources:\n  - short_answer: q\n    answer: the key is {TOKEN}, keep it\n", 4, 24),
            ("sources:\n  - url: https://anna:hunter2@example.com/\n", 3, 18),
        ],
    )
    def test_is_an_error_that_does_not_repeat_it(
        self, one: Callable[[str], Report], text: str, line: int, column: int
    ) -> None:
        report = one(text)
        assert lines(report) == [("agents/support.yaml", line, column, "secret-in-clear-text")]
        assert report.exit_code() == 1
        for format_ in ("text", "json", "github", "junit"):
            printed = report.render(format_)
            assert not [secret for secret in (self.TOKEN, self.RANDOM, "hunter2") if secret in printed]
            assert "${NAME}" in printed

    def test_is_found_where_nothing_is_known(self, one: Callable[[str], Report]) -> None:
        report = one(f"bot_token: {self.RANDOM}\n")
        assert {rule for *_, rule in lines(report)} == {"unknown-key", "secret-in-clear-text"}
        assert self.RANDOM not in report.render("json")

    def test_is_found_in_a_file_that_is_no_yaml(self, one: Callable[[str], Report]) -> None:
        report = one(f"x: [\n# {self.TOKEN}\n")
        assert {rule for *_, rule in lines(report)} == {"syntax", "secret-in-clear-text"}

    def test_a_variable_without_brackets_is_explained(self, one: Callable[[str], Report]) -> None:
        (finding,) = one("model_options: {api_key: OPENAI_API_KEY_PRODUCTION}\n").findings
        assert finding.rule == "wrong-value"
        assert "as ${NAME}" in finding.message

    def test_in_the_workspace_file(self, write: Write, check: Check) -> None:
        write(
            "custagent.yaml",
            "name: N\nchannels:\n  - name: wa\n    kind: whatsapp\n    phone_number_id: '1'\n"
            f"    access_token: EAAG{self.RANDOM * 2}\n    app_secret: {self.RANDOM}\n    verify_token: '${{V}}'\n",
        )
        assert lines(check()) == [
            ("custagent.yaml", 6, 19, "secret-in-clear-text"), ("custagent.yaml", 7, 17, "secret-in-clear-text"),
            ("custagent.yaml", 8, 19, "variable-not-set"),
        ]  # fmt: skip


class TestPaths:
    def test_one_file_is_checked_alone_but_in_its_surroundings(self, home: Home, write: Write, check: Check) -> None:
        write("agents/a.yaml", "name: a\nvoice: x\n")
        write("agents/b.yaml", "name: b\nrole: boss\n")
        assert lines(check(home.agents_folder / "a.yaml")) == [("agents/a.yaml", 2, 8, "unknown-voice")]
        assert lines(check(home.workspace_file)) == []
        assert len(lines(check(home.agents_folder))) == 2
        assert len(lines(check(home.agents_folder, home.root, home.agents_folder / "a.yaml"))) == 2

    def test_paths_are_relative_to_the_current_folder(
        self, home: Home, write: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write("agents/a.yaml", "name: a\nvoice: x\n")
        monkeypatch.chdir(home.agents_folder)
        report = validate([Path("a.yaml")], environment={})
        assert report.render("text").startswith("a.yaml:2:8: error: ")

    @pytest.mark.parametrize("name", ["nowhere", "agents/nowhere.yaml", "content", "content/a.md", "x" * 300])
    def test_what_cannot_be_checked(self, home: Home, write: Write, check: Check, name: str) -> None:
        write("content/a.md", "x")
        report = check(home.root / name)
        assert report.exit_code() == 2
        assert len(report.unchecked) == 1
        assert report.unchecked[0].path == home.root / name

    def test_an_agent_outside_every_workspace(self, tmp_path: Path, check: Check) -> None:
        (tmp_path / "agent.yaml").write_text("name: agent\n")
        report = check(tmp_path / "agent.yaml")
        assert report.exit_code() == 2
        assert "custagent init" in report.render("text")

    def test_a_folder_where_a_file_should_be(self, home: Home, check: Check) -> None:
        (home.agents_folder / "a.yaml").mkdir()
        report = check()
        assert report.exit_code() == 2
        assert "is a folder" in report.unchecked[0].message

    def test_the_rest_is_checked_all_the_same(self, home: Home, write: Write, check: Check) -> None:
        write("agents/a.yaml", "name: b\n")
        report = check(home.root / "nowhere", home.root)
        assert report.exit_code() == 2
        assert len(report.findings) == 1

    def test_bad_yaml_is_a_finding_not_a_failure(self, write: Write, check: Check) -> None:
        write("agents/a.yaml", "name: [\n")
        report = check()
        assert (report.exit_code(), len(report.findings)) == (1, 1)


def test_needs_no_network_model_or_database(home: Home, write: Write) -> None:
    write("agents/a.yaml", "name: a\n")
    program = (
        "import sys\nfrom pathlib import Path\nfrom custagent.config.validate import validate\n"
        f"assert validate([Path({str(home.root)!r})]).exit_code(strict=True) == 0\n"
        "print(sorted({'sqlite3', 'sqlite_utils', 'httpx', 'numpy', 'litellm', 'ssl', 'ruamel'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
