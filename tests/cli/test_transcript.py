"""Links below a reply, as terminals open them (OSC 8), and as plain text where there is no terminal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from custagent.cli import render
from custagent.cli.transcript import show_source
from custagent.core.document import Citation

PAGE = "https://help.example/refunds"


def shown(citation: Citation, root: Path | None, capsys: pytest.CaptureFixture[str]) -> str:
    render.stdout.cache_clear()
    show_source(1, citation, root=root)
    render.stdout.cache_clear()
    return capsys.readouterr().out


def cited(place: str, **rest) -> Citation:
    return Citation(title="Refunds", source=place, location=place, quote="Five days.", **rest)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": "80"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.mark.usefixtures("terminal")
def test_a_long_heading_goes_on_below_its_beginning(capsys) -> None:
    told = shown(
        cited(PAGE, heading="I have paid twice by mistake and would like to have one of the two back"), None, capsys
    )
    plain = re.sub(r"\x1b\]8;[^\x1b]*\x1b\\|\x1b\[[0-9;]*m", "", told).splitlines()
    assert len(plain) == 3
    assert all(line.startswith("  ") for line in plain)
    assert max(map(len, plain)) <= 80


@pytest.mark.usefixtures("terminal")
def test_a_terminal_opens_pages_of_the_web_and_files_of_the_workspace(tmp_path: Path, capsys) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / "refunds.md").write_text("# Refunds\n", encoding="utf-8")
    assert f";{PAGE}#when\x1b\\" in shown(cited(PAGE, anchor="when"), tmp_path, capsys)
    assert f";{tmp_path.as_uri()}/content/refunds.md\x1b\\" in shown(cited("content/refunds.md"), tmp_path, capsys)


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(
    "place", ["content/gone.md", "short-answer:0123", "javascript:alert(1)", "https://x.example/ y"]
)
def test_what_is_no_page_and_no_file_is_no_link(tmp_path: Path, capsys, place: str) -> None:
    assert "\x1b]8;" not in shown(cited(place), tmp_path, capsys)


def test_without_a_terminal_it_is_plain_text(capsys) -> None:
    assert shown(cited(PAGE), None, capsys) == f"  [1] Refunds\n      {PAGE}\n"


def test_a_short_answer_is_called_so_and_has_no_place_to_open(capsys) -> None:
    assert shown(cited("short-answer:0123456789abcdef"), None, capsys) == "  [1] Refunds  (short answer)\n"
