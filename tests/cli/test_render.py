"""How the house prints, with a terminal and without."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import PurePosixPath
from types import MappingProxyType

import pytest
from rich.console import Console

from custagent.cli import render
from custagent.core.agent import FileSource


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Both consoles drawn as an 80-column terminal without colour."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80, color_system=None, highlight=False, markup=False)
    monkeypatch.setattr(render, "stdout", lambda: console)
    monkeypatch.setattr(render, "stderr", lambda: console)
    monkeypatch.setattr(render, "on_terminal", lambda _: True)
    return screen


def test_a_table_without_a_terminal_is_tabs_and_uncut(capsys: pytest.CaptureFixture[str]) -> None:
    render.table(["location", "pages"], [["https://shop.example/" + "x" * 100, 12], ["two\nlines", None]])
    assert capsys.readouterr().out == f"location\tpages\nhttps://shop.example/{'x' * 100}\t12\ntwo lines\t\n"


def test_a_table_fits_the_terminal_and_sets_numbers_right(terminal: io.StringIO) -> None:
    render.table(
        ["location", "state", "pages"], [["https://shop.example/" + "z" * 100, "ready", 7], ["faq.md", "ready", 1200]]
    )
    lines = terminal.getvalue().splitlines()
    assert max(len(line) for line in lines) <= 80
    assert lines[0].split() == ["location", "state", "pages"]
    assert [line.rstrip()[-4:] for line in lines if "ready" in line] == ["   7", "1200"]
    assert sum(line.count("z") for line in lines) == 100


def test_text_is_never_markup_and_never_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    render.say("[red]sale[/red] :smile: \x1b[2Jgone\r\x9b1A")
    render.warn("a[/b]", hint="\x1b]0;title\x07")
    shown = capsys.readouterr()
    assert shown.out == "[red]sale[/red] :smile: \ufffd[2Jgone\ufffd\ufffd1A\n"
    assert shown.err == "Warning: a[/b]\n\ufffd]0;title\ufffd\n"


def test_long_lines_are_left_to_the_reader(capsys: pytest.CaptureFixture[str]) -> None:
    render.say("word " * 60)
    render.fail("word " * 60)
    shown = capsys.readouterr()
    assert len(shown.out.splitlines()) == len(shown.err.splitlines()) == 1


def test_a_terminal_gets_lines_that_are_broken_between_words(terminal: io.StringIO) -> None:
    render.say("  not read: " + "seven " * 20)
    render.warn(
        "eleven " * 20, hint="Look at it first: custagent sources show support https://help.example.com/a/long/page"
    )
    lines = terminal.getvalue().splitlines()
    assert all(len(line) <= 80 for line in lines[:-1])
    assert set(" ".join(lines[:-2]).split()) == {"not", "read:", "seven", "Warning:", "eleven"}
    assert lines[1].startswith("    seven")
    assert lines[-2:] == [
        "Look at it first:",
        "custagent sources show support https://help.example.com/a/long/page",
    ]


def test_what_is_copied_stays_one_line_on_a_terminal(terminal: io.StringIO) -> None:
    tag = "<script " + "data-word " * 20 + "></script>"
    render.say(tag, whole=True)
    render.next_steps(["custagent sources add support " + "page.html " * 20])
    assert tag in terminal.getvalue().splitlines()
    assert len(terminal.getvalue().splitlines()) == 4


@pytest.mark.parametrize("name", render.COLOURS)
def test_colours_can_be_read_on_white_and_on_black(name: str) -> None:
    def light(part: int) -> float:
        return part / 255 / 12.92 if part / 255 <= 0.03928 else ((part / 255 + 0.055) / 1.055) ** 2.4

    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, color_system="256", theme=render.theme())
    for style in (name, f"bold {name}"):
        colour = console.get_style(style).color
        assert colour is not None
        red, green, blue = colour.get_truecolor()
        # WCAG 2.2, relative luminance and contrast ratio.
        luminance = 0.2126 * light(red) + 0.7152 * light(green) + 0.0722 * light(blue)
        assert min(1.05 / (luminance + 0.05), (luminance + 0.05) / 0.05) >= 3.8, style


def test_next_steps_can_be_copied(capsys: pytest.CaptureFixture[str]) -> None:
    render.next_steps(["custagent preview help"])
    assert capsys.readouterr().out == "\nNext:\n  custagent preview help\n"


def test_next_steps_are_not_told_where_somebody_else_types_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(render.NEXT, "no")
    render.next_steps(["custagent preview help"])
    assert capsys.readouterr().out == ""


def test_json_is_one_line_and_knows_our_values(capsys: pytest.CaptureFixture[str]) -> None:
    @dataclass(frozen=True, slots=True)
    class Page:
        location: PurePosixPath
        seen: datetime
        tags: frozenset[str]

    page = Page(PurePosixPath("a/b.md"), datetime(2026, 11, 1, 12, tzinfo=UTC), frozenset({"b", "a"}))
    render.print_json(
        {"page": page, "day": date(2026, 1, 2), "source": FileSource(file="å.md"), "m": MappingProxyType({"k": 1})}
    )
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out) == {
        "page": {"location": "a/b.md", "seen": "2026-11-01T12:00:00+00:00", "tags": ["a", "b"]},
        "day": "2026-01-02",
        "source": {"private": False, "file": "å.md"},
        "m": {"k": 1},
    }


@pytest.mark.parametrize("value", [object(), float("nan")])
def test_what_json_cannot_say_is_an_error(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        render.print_json(value)


def test_progress_in_a_log_is_a_line_every_few_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    moments = iter([0.0, 1.0, 4.9, 5.0, 5.0, 6.0])
    with render.progress("Reading", clock=lambda: next(moments)) as bar:
        for done in (1, 2, 3, 4):
            bar.show(done, 9, "faq.html")
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "Reading: 3 of 9 faq.html\n")


def test_progress_on_a_terminal_is_a_bar(terminal: io.StringIO) -> None:
    with render.progress("Reading") as bar:
        bar.show(3, 9, "faq.html [b]")
        bar.show(9, 9, "faq.html [b]")
    assert "9/9" in terminal.getvalue()
    assert "faq.html [b]" in terminal.getvalue()


ID = "k2Hq9vXwB4nT7mRz1LcYdA"


def test_an_id_stays_on_one_line_however_long_its_neighbours_are(terminal: io.StringIO) -> None:
    render.table(["Conversation", "Contact", "With"], [[ID, "Ada Lovelace " * 5, "team:second-level-support " * 3]])
    assert ID in terminal.getvalue().splitlines()[1].split()
    assert all(len(line.rstrip()) <= 80 for line in terminal.getvalue().splitlines())


def test_a_long_fact_goes_on_below_itself(
    terminal: io.StringIO, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "I want to know where my order is, and why nobody tells me. " * 3
    render.fact("Asked", words.strip())
    first, *rest = terminal.getvalue().splitlines()
    assert first.startswith("Asked:          I want to know")
    assert rest
    assert all(line.startswith(" " * 16) for line in rest)
    assert " ".join(terminal.getvalue().split()) == f"Asked: {words.strip()}"
    monkeypatch.undo()
    render.fact("Asked", words.strip())
    assert capsys.readouterr().out == f"Asked:          {words.strip()}\n"
