"""Where the docs lead is there, the list of pages names them all, and the site is made of that list."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pages import DOCS, PAGES, ROOT, anchors, links, name_of
from tests.reference import load

site = load("site_pages")
INDEX = (DOCS / "README.md").read_text(encoding="utf-8")


def lost(markdown: str, page: Path) -> list[str]:
    """The links within the project that lead nowhere."""
    found: list[str] = []
    for link in links(markdown):
        if "://" in link or link.startswith("mailto:"):
            continue
        target, _, anchor = link.partition("#")
        file = (page.parent / target).resolve()
        if target and not file.exists():
            found.append(link)
            continue
        led_to = file.read_text(encoding="utf-8") if target and anchor else markdown
        if anchor and anchor not in anchors(led_to):
            found.append(link)
    return found


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    assert lost(page.read_text(encoding="utf-8"), page) == []


@pytest.mark.parametrize("link", ["nowhere.md", "cli.md#no-such-command", "#nothing", "assets/nothing.png"])
def test_a_lost_link_is_noticed(link: str) -> None:
    assert lost(f"# Here\n\nSee [that]({link}).\n", DOCS / "here.md") == [link]


@pytest.mark.parametrize(
    "link", ["#two-words-and-more", "#twice-1", "cli.md#custagent-init", "https://www.example.com"]
)
def test_a_link_that_is_right_is_not(link: str) -> None:
    assert lost(f"# Two words, and `more`\n\n## Twice\n\n## Twice\n\n[that]({link})\n", DOCS / "here.md") == []


def test_the_list_names_every_page() -> None:
    named = {(DOCS / link.partition("#")[0]).resolve() for link in links(INDEX)}
    assert [
        name_of(page) for page in sorted(DOCS.rglob("*.md")) if page != DOCS / "README.md" and page not in named
    ] == []


def test_pictures_are_small() -> None:
    assert {
        file.name: file.stat().st_size for file in (DOCS / "assets").rglob("*.*") if file.stat().st_size > 150 * 1024
    } == {}


def test_the_menu_is_the_list() -> None:
    index = "# D\n\n- [Not](here.md): before any heading.\n\n## A\n\n- [One](one.md): it.\n\n### B\n\n- [Two](../README.md): it.\n\n## C\n\n"
    assert site.menu(index) == [{"Home": "README.md"}, {"A": [{"One": "one.md"}, {"B": [{"Two": "start.md"}]}]}]


def test_every_page_of_the_list_is_in_the_menu() -> None:
    def places(entry) -> list[str]:
        if isinstance(entry, str):
            return [entry]
        inner = entry.values() if isinstance(entry, dict) else entry
        return [place for one in inner for place in places(one)]

    shown = set(places(site.menu(INDEX)))
    assert {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")} <= shown
    assert {"start.md", "contributing.md", "changelog.md"} <= shown


@pytest.mark.parametrize(
    ("source", "link", "there"),
    [
        ("README.md", "[a](docs/cli.md#x)", "[a](cli.md#x)"),
        ("docs/decisions/0001-floors-and-rooms.md", "[a](../cli.md)", "[a](../cli.md)"),
        ("docs/README.md", "[a](../README.md)", "[a](start.md)"),
        ("docs/testing.md", "[a](../examples/ci/check.sh)", "[a](examples/ci/check.sh)"),
        ("docs/testing.md", "[a](../examples/ci)", "a"),
        ("docs/testing.md", "[a](https://example.com/b) [c](#d)", "[a](https://example.com/b) [c](#d)"),
        ("examples/telegram-channel/README.md", "[a](../../docs/cli.md)", "[a](../../cli.md)"),
    ],
)
def test_links_lead_to_where_the_site_has_them(source: str, link: str, there: str) -> None:
    assert site.relinked(link, source) == there


def test_files_that_pages_lead_to_are_published() -> None:
    found = site.outside()
    assert {"README.md", "CONTRIBUTING.md", "examples/ci/check.sh"} <= found
    assert not any(path.startswith("docs/") for path in found)
