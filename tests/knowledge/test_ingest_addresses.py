"""Files that say where everybody can read them: cited by that address, and as fresh as the folder (SRC-1, SRC-3)."""

from __future__ import annotations

from custagent.core.agent import CollectionSource, FileSource
from custagent.core.document import SourceStatus

URL = "https://www.example.com"


def page(path: str, text: str) -> str:
    return f"---\ntitle: {path}\nurl: {URL}/{path}\nupdated: 2026-02-01\n---\n\n# {path}\n\n{text}\n"


def test_a_folder_is_cited_by_the_addresses_in_it(library) -> None:
    library.file("content/blog/a.md", page("a", "Alpha is here."))
    library.file("content/blog/b.md", "# B\n\nBeta is here.\n")
    source = CollectionSource(collection="content/blog", type="blog")
    library.read(source)
    assert library.held(source) == ["content/blog/b.md", f"{URL}/a"]
    (chunk,) = [chunk for chunk in library.store.documents.chunks_of("ada") if chunk.text == "Alpha is here."]
    assert (chunk.location, chunk.sources) == (f"{URL}/a", ("content/blog",))
    library.file("content/blog/a.md", page("a", "Alpha has moved."))
    assert library.read(source).difference.changed == (f"{URL}/a",)
    assert sorted(library.texts()) == ["Alpha has moved.", "Beta is here."]


def test_a_file_that_is_gone_takes_its_address_along(library) -> None:
    for name in "abcd":
        library.file(f"content/blog/{name}.md", page(name, f"{name} is here."))
    source = CollectionSource(collection="content/blog")
    library.read(source)
    (library.root / "content/blog/a.md").unlink()
    assert library.read(source).difference.removed == (f"{URL}/a",)
    assert library.held(source) == [f"{URL}/{name}" for name in "bcd"]


def test_a_single_file_that_is_gone_takes_its_address_along(library) -> None:
    library.file("content/a.md", page("a", "Alpha is here."))
    source = FileSource(file="content/a.md")
    library.read(source)
    assert library.held(source) == [f"{URL}/a"]
    (library.root / "content/a.md").unlink()
    assert library.read(source).status is SourceStatus.FAILED
    assert library.held(source) == []


def test_a_file_that_cannot_be_read_keeps_its_last_version(library) -> None:
    for name in "abcd":
        library.file(f"content/blog/{name}.md", page(name, f"{name} is here."))
    source = CollectionSource(collection="content/blog")
    library.read(source)
    library.file("content/blog/a.md", page("a", "").replace("# a", ""))
    state = library.read(source)
    assert [location for location, _ in state.problems] == ["content/blog/a.md"]
    assert library.held(source) == [f"{URL}/{name}" for name in "abcd"]
    assert "a is here." in library.texts()


def test_two_files_of_one_address_are_told(library) -> None:
    library.file("content/blog/a.md", page("a", "Alpha is here."))
    library.file("content/blog/z.md", page("a", "Another is here."))
    source = CollectionSource(collection="content/blog")
    state = library.read(source)
    assert state.status is SourceStatus.READY
    assert library.texts() == ["Alpha is here."]
    ((location, reason),) = state.problems
    assert location == "content/blog/z.md"
    assert f"{URL}/a" in reason
    assert library.read(source).difference.changed == ()
