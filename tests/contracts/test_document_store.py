"""What every DocumentStore promises. An implementation joins by a line in IMPLEMENTATIONS."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from custagent.core.document import Chunk, Document, Section, SourceState
from custagent.core.ports import DocumentStore, SourceStates
from custagent.store import Store
from custagent.testing import FrozenClock


@dataclass(frozen=True, kw_only=True)
class Rooms:
    documents: DocumentStore
    #: Chunks name the locations of their sources, so the sources' states belong to it.
    sources: SourceStates


@contextmanager
def sqlite(folder: Path) -> Iterator[Rooms]:
    with Store(folder / "custagent.db", FrozenClock()) as store:
        yield Rooms(documents=store.documents, sources=store.sources)


IMPLEMENTATIONS: dict[str, Callable[[Path], AbstractContextManager[Rooms]]] = {"sqlite": sqlite}


@pytest.fixture(params=IMPLEMENTATIONS)
def rooms(request, tmp_path) -> Iterator[Rooms]:
    with IMPLEMENTATIONS[request.param](tmp_path) as made:
        yield made


@pytest.fixture
def documents(rooms: Rooms) -> DocumentStore:
    return rooms.documents


PAGE = Document(
    location="https://help.example/returns",
    title="Returns — Åter",
    language="en",
    sections=(
        Section(text="First.\n\nSecond.", headings=("Returns", "How"), anchor="how", page=None),
        Section(text="On paper.", page=3),
    ),
    media_type="text/html",
    etag='W/"1"',
    last_modified="Sat, 04 Jul 2026 12:00:00 GMT",
    links=("https://help.example/å", "https://help.example/"),
    dated="2026-07-04T12:00:00+00:00",
    bytes_hash="4f2a",
)


def passage(text: str, document: Document = PAGE, **rest) -> Chunk:
    given = {"location": document.location, "title": document.title, "language": document.language}
    return Chunk(text=text, **(given | rest))


def page(location: str) -> Document:
    return replace(PAGE, location=location)


def save(documents: DocumentStore, location: str, *texts: str, agent: str = "ada", source: str = "s1") -> None:
    document = page(location)
    chunks = [passage(text, document, ordinal=number) for number, text in enumerate(texts)]
    documents.save_document(document, chunks, agent=agent, source=source)


def texts_of(documents: DocumentStore, agent: str = "ada") -> list[str]:
    return [chunk.text for chunk in documents.chunks_of(agent)]


def test_empty(documents):
    assert documents.document("nowhere") is None
    assert list(documents.chunks_of("ada")) == []
    assert documents.chunks("ada", [1, 2]) == {}
    assert documents.keep_documents([], agent="ada", source="s1") == 0


def test_a_page_comes_back_as_it_was_saved(rooms, documents):
    rooms.sources.save_source_state("ada", SourceState(key="s1", kind="url", location="https://help.example"))
    chunks = [
        passage("First.", heading="Returns > How", anchor="how", ordinal=0),
        passage("On paper.", page=3, language="sv", ordinal=1, question="How?"),
    ]
    documents.save_document(PAGE, chunks, agent="ada", source="s1")
    assert documents.document(PAGE.location) == PAGE
    stored = documents.chunks_of("ada")
    assert [replace(chunk, id=0, sources=()) for chunk in stored] == chunks
    assert [chunk.sources for chunk in stored] == [("https://help.example",)] * 2
    assert [chunk.hash for chunk in stored] == [chunk.hash for chunk in chunks]
    assert 0 < stored[0].id < stored[1].id
    assert documents.chunks("ada", [stored[1].id, 999_999]) == {stored[1].id: stored[1]}


def test_a_new_version_replaces_the_old_one_and_keeps_the_ids_of_what_stayed(documents):
    save(documents, "a", "one", "two", "three")
    before = {chunk.text: chunk.id for chunk in documents.chunks_of("ada")}
    save(documents, "a", "new", "three", "one")
    after = {chunk.text: chunk for chunk in documents.chunks_of("ada")}
    assert after.keys() == {"new", "three", "one"}
    assert (after["one"].id, after["three"].id) == (before["one"], before["three"])
    assert after["new"].id > max(before.values())
    assert [after[text].ordinal for text in ("new", "three", "one")] == [0, 1, 2]


def test_the_same_version_keeps_all_ids(documents):
    save(documents, "a", "one", "one", "two")
    before = documents.chunks_of("ada")
    save(documents, "a", "one", "one", "two")
    assert documents.chunks_of("ada") == before


def test_a_page_that_says_the_same_twice_and_then_once(documents):
    save(documents, "a", "one", "one")
    first, second = documents.chunks_of("ada")
    save(documents, "a", "one")
    assert [chunk.id for chunk in documents.chunks_of("ada")] == [first.id]
    assert first.id != second.id


@pytest.mark.parametrize(
    "change",
    [{"text": "other"}, {"heading": "H"}, {"anchor": "x"}, {"page": 2}, {"language": "sv"}, {"question": "Why?"}],
)
def test_an_id_stands_for_the_same_words_for_ever(documents, change):
    documents.save_document(PAGE, [passage("one")], agent="ada", source="s1")
    (before,) = documents.chunks_of("ada")
    documents.save_document(PAGE, [replace(passage("one"), **change)], agent="ada", source="s1")
    (after,) = documents.chunks_of("ada")
    assert after.id > before.id
    assert replace(before, id=after.id, **change) == after


def test_a_new_title_makes_new_chunks(documents):
    save(documents, "a", "one")
    (before,) = documents.chunks_of("ada")
    renamed = replace(page("a"), title="New")
    documents.save_document(renamed, [passage("one", renamed)], agent="ada", source="s1")
    (after,) = documents.chunks_of("ada")
    assert (after.title, after.text) == ("New", "one")
    assert after.id > before.id


def test_validators_and_links_change_without_the_text(documents):
    save(documents, "a", "one")
    before = documents.chunks_of("ada")
    newer = replace(page("a"), etag='"2"', last_modified="", links=("https://help.example/new",))
    documents.save_document(newer, [passage("one", newer)], agent="ada", source="s1")
    assert documents.document("a") == newer
    assert documents.chunks_of("ada") == before


def test_ids_are_never_used_again(documents):
    save(documents, "a", "one", "two")
    last = documents.chunks_of("ada")[-1].id
    assert documents.keep_documents([], agent="ada", source="s1") == 1
    save(documents, "a", "one", "two")
    assert documents.chunks_of("ada")[0].id > last


def test_a_page_is_stored_once_and_shared(documents):
    """SRC-8."""
    save(documents, "a", "one", agent="ada")
    save(documents, "a", "one", agent="bob")
    assert documents.chunks_of("ada")[0].id == documents.chunks_of("bob")[0].id
    save(documents, "a", "two", agent="bob")
    assert texts_of(documents, "ada") == ["two"], "the page is the same for both"


def test_an_agent_sees_only_its_own(documents):
    save(documents, "a", "one", agent="ada")
    save(documents, "b", "two", agent="bob")
    (theirs,) = documents.chunks_of("bob")
    assert texts_of(documents, "ada") == ["one"]
    assert documents.chunks("ada", [theirs.id]) == {}
    assert list(documents.chunks_of("nobody")) == []


def test_what_was_stored_after_a_chunk(documents):
    """What no index holds yet; a page that changed counts as new."""
    save(documents, "a", "one", "two")
    save(documents, "b", "his", agent="bob")
    last = documents.chunks_of("ada")[-1].id
    assert list(documents.chunks_after("ada", last)) == []
    assert list(documents.chunks_after("ada", 0)) == list(documents.chunks_of("ada"))
    save(documents, "a", "one", "2")
    save(documents, "c", "three")
    assert [chunk.text for chunk in documents.chunks_after("ada", last)] == ["2", "three"]
    assert list(documents.chunks_after("nobody", 0)) == []


def test_a_page_of_two_sources_counts_once_and_names_both(rooms, documents):
    for key, location in (("s1", "zebra"), ("s2", "apple")):
        rooms.sources.save_source_state("ada", SourceState(key=key, kind="url", location=location))
        save(documents, "a", "one", source=key)
    (chunk,) = documents.chunks_of("ada")
    assert sorted(chunk.sources) == ["apple", "zebra"]
    assert documents.keep_documents([], agent="ada", source="s2") == 1
    assert documents.chunks_of("ada")[0].sources == ("zebra",)


def test_sources_are_those_of_the_agent_who_asks(rooms, documents):
    for agent, location in (("ada", "hers"), ("bob", "his")):
        rooms.sources.save_source_state(agent, SourceState(key="s1", kind="url", location=location))
        save(documents, "a", "one", agent=agent)
    (chunk,) = documents.chunks_of("ada")
    assert chunk.sources == ("hers",)
    assert documents.chunks("bob", [chunk.id])[chunk.id].sources == ("his",)


def test_keep_documents_drops_the_others_at_once(documents):
    for location in "abc":
        save(documents, location, f"in {location}")
    gone = documents.chunks_of("ada")[0]
    assert documents.keep_documents(iter(["b", "c", "unknown"]), agent="ada", source="s1") == 1
    assert texts_of(documents) == ["in b", "in c"]
    assert documents.chunks("ada", [gone.id]) == {}
    assert documents.document("a") is None
    assert documents.keep_documents(["b", "c"], agent="ada", source="s1") == 0


def test_keep_documents_leaves_what_another_source_or_agent_holds(documents):
    save(documents, "a", "one", source="s1")
    save(documents, "a", "one", source="s2")
    save(documents, "a", "one", agent="bob")
    assert documents.keep_documents([], agent="ada", source="s1") == 1
    assert texts_of(documents, "ada") == ["one"]
    assert documents.keep_documents([], agent="ada", source="s2") == 1
    assert texts_of(documents, "ada") == []
    assert texts_of(documents, "bob") == ["one"]
    assert documents.document("a") is not None


def test_validators_of_a_source(documents):
    for location, etag in (("b", '"1"'), ("a", "")):
        document = replace(page(location), etag=etag, last_modified="")
        documents.save_document(document, [passage("one", document)], agent="ada", source="s1")
    save(documents, "c", "one", source="s2")
    save(documents, "d", "one", agent="bob")
    assert documents.validators("ada", "s1") == {"b": ('"1"', ""), "a": ("", "")}
    assert documents.validators("ada", "unknown") == {}


def test_a_page_without_text_is_a_page(documents):
    documents.save_document(PAGE, [], agent="ada", source="s1")
    assert documents.document(PAGE.location) == PAGE
    assert list(documents.chunks_of("ada")) == []


@pytest.mark.parametrize("wrong", [{"location": "elsewhere"}, {"title": "Other"}])
def test_a_chunk_of_another_page_is_refused(documents, wrong):
    with pytest.raises(ValueError, match="was saved with"):
        documents.save_document(PAGE, [passage("one", **wrong)], agent="ada", source="s1")
    assert documents.document(PAGE.location) is None


def test_several_documents_are_saved_at_once_each_as_if_alone(documents):
    other = replace(PAGE, location="https://help.example/terms", title="Terms", links=())
    documents.save_document(PAGE, [passage("First."), passage("Old.")], agent="ada", source="site")
    kept = documents.chunks_of("ada")[0].id
    documents.save_documents(
        [(other, [passage("Terms.", other)]), (PAGE, [passage("New."), passage("First.", ordinal=1)])],
        agent="ada",
        source="site",
    )
    assert documents.document(other.location) == other
    found = {chunk.text: chunk for chunk in documents.chunks_of("ada")}
    assert found.keys() == {"Terms.", "New.", "First."}
    assert (found["First."].id, found["First."].ordinal) == (kept, 1)
    assert list(documents.validators("ada", "site")) == [PAGE.location, other.location]


def test_of_two_versions_saved_at_once_the_last_one_counts(documents):
    newer = replace(PAGE, etag="newer")
    documents.save_documents([(PAGE, [passage("Old.")]), (newer, [passage("New.")])], agent="ada", source="site")
    assert documents.document(PAGE.location) == newer
    assert [chunk.text for chunk in documents.chunks_of("ada")] == ["New."]


def test_one_that_cannot_be_saved_keeps_the_others_out(documents):
    other = replace(PAGE, location="https://help.example/terms")
    with pytest.raises(ValueError, match="was saved with"):
        documents.save_documents([(PAGE, [passage("A.")]), (other, [passage("B.")])], agent="ada", source="site")
    assert documents.document(PAGE.location) is None
    documents.save_documents([], agent="ada", source="site")
    assert documents.validators("ada", "site") == {}
