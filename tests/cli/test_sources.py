"""sources sync --dry-run and sources lint, as they are typed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from custagent.cli.reading import pace
from custagent.core.document import NOINDEX, ROBOTS
from custagent.runtime.proving.site import StaticSite
from tests.cli.conftest import Done

PAGE = "# Sending a bike back\n\nYou can send a bike back within 30 days. Pack it as it came. We pay for the parcel, and the money is on your card after five days.\n"


@pytest.fixture
def page(workspace: Path, run: Callable[..., Done]) -> Path:
    """An agent that answers from one page."""
    page = workspace / "content" / "returns.md"
    page.parent.mkdir(exist_ok=True)
    page.write_text(PAGE, encoding="utf-8")
    run("create", "ada", "--yes")
    assert run("sources", "add", "ada", "content/returns.md").code == 0
    return page


def test_a_dry_run_tells_what_would_change(page: Path, run: Callable[..., Done]) -> None:
    assert "nothing would change" in run("sources", "sync", "ada", "--dry-run").out
    page.write_text(PAGE.replace("30", "60"), encoding="utf-8")
    done = run("sources", "sync", "ada", "--dry-run")
    assert (done.code, "changed: content/returns.md" in done.out) == (0, True)
    (state,) = run("sources", "sync", "ada", "--dry-run", "--json").json
    assert (state["changed"], state["added"]) == (["content/returns.md"], [])
    assert "changed: content/returns.md" in run("sources", "sync", "ada").out
    assert "nothing would change" in run("sources", "sync", "ada", "--dry-run").out


def test_a_dry_run_of_what_cannot_be_read_ends_with_one(page: Path, run: Callable[..., Done]) -> None:
    page.unlink()
    done = run("sources", "sync", "ada", "--dry-run")
    assert done.code == 1


def test_lint_names_the_place_and_what_to_do(page: Path, run: Callable[..., Done], tmp_path: Path) -> None:
    done = run("sources", "lint", "ada")
    assert (done.code, "Nothing to mend" in done.out) == (0, True)
    page.write_text(PAGE + "\n## May I send shoes back?\n\nNo.\n", encoding="utf-8")
    run("sources", "sync", "ada")
    done = run("sources", "lint", "ada")
    assert done.code == 0
    assert "thin-answer" in done.out
    assert "content/returns.md" in done.out
    assert "Answer in full sentences" in done.out
    assert run("sources", "lint", "ada", "--strict").code == 1
    assert run("sources", "lint", "ada", "--strict", "--rule", "stale-page").code == 0
    phrases = tmp_path / "phrases.txt"
    phrases.write_text("kickstand\n", encoding="utf-8")
    found = run("sources", "lint", "ada", "--phrases", str(phrases), "--json").json
    assert [one["rule"] for one in found] == ["thin-answer", "unsaid"]


@pytest.mark.parametrize(
    ("done", "total", "seconds", "told"),
    [
        (0, 100, 5.0, ""),
        (64, 128, 4.0, ", 16.0/s, about 4 s left"),
        (64, 65, 4.0, ", 16.0/s, about 1 s left"),
        (64, 64_064, 6.4, ", 10.0/s, about 107 min left"),
        (128, 128, 8.0, ""),
        (64, 128, 0.0, ""),
    ],
)
def test_progress_tells_the_pace_and_the_time_left(done: int, total: int, seconds: float, told: str) -> None:
    assert pace(done, total, seconds) == told


@pytest.fixture
def site(tmp_path: Path) -> Iterator[StaticSite]:
    """Four pages, each leading to the next."""
    folder = tmp_path / "site"
    folder.mkdir()
    for number in range(4):
        text = f"<title>Part {number}</title><p>Part {number} of the manual tells how it is done.</p>"
        (folder / f"{number}.html").write_text(f"{text}<a href={number + 1}.html>on</a>", encoding="utf-8")
    with StaticSite(folder) as site:
        yield site


def test_how_far_links_are_followed_is_asked_and_written_down(
    workspace: Path, run: Callable[..., Done], site: StaticSite
) -> None:
    run("create", "ada", "--yes")
    start = f"{site.origin}/0.html"
    done = run(
        "sources", "add", "ada", start, "--import-related", "--max-depth", "1", "--allow-host", site.host, "--json"
    )
    (state,) = done.json
    assert (done.code, state["state"], state["pages"]) == (0, "ready", 2)
    (told,) = [one["reason"] for one in state["problems"] if one["location"] == start]
    assert told.startswith("left out by max_pages, or too many links away: 1")
    assert "max_depth: 1" in (workspace / "agents" / "ada.yaml").read_text(encoding="utf-8")


def test_pages_that_the_site_keeps_out_are_no_fault(
    workspace: Path, run: Callable[..., Done], site: StaticSite, tmp_path: Path
) -> None:
    (tmp_path / "site" / "robots.txt").write_text("User-agent: *\nDisallow: /1.html\n", encoding="utf-8")
    hidden = '<title>Hidden</title><meta name="robots" content="noindex"><p>Nobody should find this page.</p>'
    (tmp_path / "site" / "2.html").write_text(hidden, encoding="utf-8")
    start = tmp_path / "site" / "0.html"
    start.write_text(start.read_text(encoding="utf-8") + "<a href=2.html>more</a>", encoding="utf-8")
    run("create", "ada", "--yes")
    address = f"{site.origin}/0.html"
    done = run("sources", "add", "ada", address, "--import-related", "--allow-host", site.host)
    told = "2 pages left out, as their site asks: robots.txt 1, noindex 1"
    assert (done.code, told in done.out, "not read" in done.out) == (0, True, False)
    assert told in run("sources", "list", "ada").out
    shown = run("sources", "show", "ada", address).out
    assert (told in shown, f"{site.origin}/1.html" in shown, f"{site.origin}/2.html" in shown) == (True, True, True)
    (state,) = run("sources", "list", "ada", "--json").json
    assert state["problems"] == []
    assert [one["reason"] for one in state["left_out"]] == [ROBOTS, NOINDEX]
    run("apply", "ada")
    assert "could not be read" not in run("status").err


def test_a_site_out_of_order_is_told_with_exit_code_one(
    workspace: Path, run: Callable[..., Done], site: StaticSite
) -> None:
    """SRC-3, SRC-5: what was read stays, and the command says that it is old."""
    run("create", "ada", "--yes")
    start = f"{site.origin}/0.html"
    run("sources", "add", "ada", start, "--import-related", "--allow-host", site.host)
    first = site.folder / "0.html"
    first.write_text("<title>Back soon</title><p>We are working on our site, come back later.</p>", encoding="utf-8")
    os.utime(first, (0, first.stat().st_mtime + 10))
    done = run("sources", "sync", "ada")
    assert done.code == 1
    assert "3 of 4 pages are gone, and none was removed" in " ".join((done.out + done.err).split())
    (state,) = run("sources", "list", "ada", "--json").json
    assert (state["state"], state["pages"]) == ("stale", 4)
    assert run("sources", "sync", "ada", "--accept-removals").code == 0
    (state,) = run("sources", "list", "ada", "--json").json
    assert (state["state"], state["pages"]) == ("ready", 1)
