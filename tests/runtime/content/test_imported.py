"""The files of an import: found by their front matter, named for good, and nothing else touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.config.home import Home
from custagent.core.errors import WorkspaceError
from custagent.knowledge.hubspot import HubSpotPage
from custagent.runtime.content.imported import ImportedFolder, file_name


def page(path: str = "/help/returns", number: str = "11", **fields: str) -> HubSpotPage:
    told = {"title": "Returns", "language": "en", "updated": "2026-02-01T08:30:00Z"} | fields
    return HubSpotPage(kind="blog", id=number, url=f"https://www.example.com{path}", **told)


def text(found: HubSpotPage, words: str = "Thirty days.") -> str:
    return f"---\ntitle: Returns\nurl: {found.url}\nupdated: {found.updated}\nhubspot: {found.id}\n---\n\n{words}\n"


def test_a_file_is_found_again_under_any_name(home: Home) -> None:
    folder = ImportedFolder(home, "blog")
    assert folder.files() == {}
    path = folder.write(page(), text(page()), None)
    assert path == home.content_folder / "blog" / "help-returns.md"
    path.rename(path.with_name("renamed.md"))
    (found,) = folder.files().values()
    assert (found.id, found.title, found.url) == ("11", "Returns", page().url)
    assert found.holds(page())
    moved = page("/help/returns-2")
    assert not found.holds(moved)
    assert folder.write(moved, text(moved), found) == path.with_name("renamed.md")
    assert [one.url for one in folder.files().values()] == [moved.url]


@pytest.mark.parametrize("fields", [{"updated": "2026-02-02T08:30:00Z"}, {"updated": ""}])
def test_what_may_have_changed_is_read_again(home: Home, fields: dict[str, str]) -> None:
    folder = ImportedFolder(home, "blog")
    folder.write(page(**fields), text(page()), None)
    assert not folder.files()["11"].holds(page(**fields))


def test_what_was_made_of_modules_is_read_again(home: Home) -> None:
    folder = ImportedFolder(home, "blog")
    folder.write(page(), text(page()).replace("hubspot:", "read-from: modules\nhubspot:"), None)
    assert not folder.files()["11"].holds(page())


def test_the_same_text_is_not_written_again(home: Home) -> None:
    folder = ImportedFolder(home, "blog")
    path = folder.write(page(), text(page()), None)
    assert path is not None
    os.utime(path, (1, 1))
    assert folder.write(page(), text(page()), folder.files()["11"]) is None
    assert path.stat().st_mtime == 1
    assert folder.write(page(), text(page(), "Sixty days."), folder.files()["11"]) == path
    assert [file.name for file in path.parent.iterdir()] == ["help-returns.md"]


def test_somebodys_own_files_stay(home: Home) -> None:
    folder = ImportedFolder(home, "blog")
    own = folder.folder / "help-returns.md"
    own.parent.mkdir(parents=True)
    own.write_text("# Ours\n\nSixty days.\n", encoding="utf-8")
    assert folder.files() == {}
    path = folder.write(page(), text(page()), None)
    assert path == folder.folder / "help-returns-11.md"
    assert "Ours" in own.read_text(encoding="utf-8")
    folder.remove(folder.files()["11"])
    assert [file.name for file in folder.folder.iterdir()] == ["help-returns.md"]


def test_nothing_is_written_through_links(home: Home, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (home.content_folder / "blog").symlink_to(outside)
    with pytest.raises(WorkspaceError, match="leads out"):
        ImportedFolder(home, "blog")
    folder = ImportedFolder(home, "site-pages")
    folder.folder.mkdir()
    (folder.folder / "help-returns.md").symlink_to(outside / "new.md")
    (outside / "secret.md").write_text(text(page()), encoding="utf-8")
    (folder.folder / "secret.md").symlink_to(outside / "secret.md")
    assert folder.files() == {}
    assert folder.write(page(), text(page()), None) == folder.folder / "help-returns-11.md"
    assert [file.name for file in outside.iterdir()] == ["secret.md"]


def test_a_folder_that_cannot_be_written_is_told(home: Home) -> None:
    (home.content_folder / "blog").write_text("a file", encoding="utf-8")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        ImportedFolder(home, "blog").write(page(), text(page()), None)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "index"),
        ("", "index"),
        ("/help/Returns%20%26%20refunds.html", "help-returns-refunds-html"),
        ("/de/r%C3%BCckgabe", "de-ruckgabe"),
        ("/日本", "index"),
        ("/con", "con-page"),
        ("/a?page=2", "a-page-2"),
        ("/..%2f..%2fetc%2fpasswd", "etc-passwd"),
        (f"/{'x' * 300}", "x" * 80),
    ],
)
def test_names_are_plain(path: str, name: str) -> None:
    assert file_name(f"https://www.example.com{path}") == name


@given(st.text(max_size=120))
def test_every_address_makes_a_safe_name(path: str) -> None:
    name = file_name(f"https://www.example.com/{path}")
    assert name
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert len(name) <= 85
