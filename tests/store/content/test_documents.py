"""What our document store can beyond its port; the port's promises are in `contracts/test_document_store.py`."""

from dataclasses import replace
from datetime import timedelta

from custagent.core.document import SourceState


def test_validators_for_conditional_requests(store, page):
    for location, rest in (("b", {"etag": '"1"'}), ("a", {"last_modified": "Sat"}), ("c", {})):
        store.documents.save_document(*page(location, "text", **rest), agent="ada", source="s1")
    store.documents.save_document(*page("d", "text"), agent="ada", source="s2")
    assert list(store.documents.validators("ada", "s1").items()) == [
        ("b", ('"1"', "")),
        ("a", ("", "Sat")),
        ("c", ("", "")),
    ]
    assert store.documents.validators("bob", "s1") == {}


def test_documents_keep_the_place_at_which_they_came(store, page):
    for location in ("b", "a", "b", "c"):
        store.documents.save_document(*page(location, "text"), agent="ada", source="s1")
    store.documents.keep_documents(["a", "c"], agent="ada", source="s1")
    store.documents.save_document(*page("b", "text"), agent="ada", source="s1")
    assert list(store.documents.validators("ada", "s1")) == ["a", "c", "b"]


def test_a_passage_keeps_its_place_in_the_document_and_its_id_when_it_moves(store, page):
    document, chunks = page("a", "one", "two")
    placed = [replace(chunk, start=start) for chunk, start in zip(chunks, (0, 5), strict=True)]
    store.documents.save_document(document, placed, agent="ada", source="s1")
    before = store.documents.chunks_of("ada")
    assert [chunk.start for chunk in before] == [0, 5]
    store.documents.save_document(document, [placed[0], replace(placed[1], start=9)], agent="ada", source="s1")
    assert store.documents.chunks_of("ada") == [before[0], replace(before[1], start=9)]


def test_touched_documents_were_looked_at_now(store, page, clock):
    first = clock.now()
    for location in "abc":
        store.documents.save_document(*page(location, "text"), agent="ada", source="s1")
    before = store.documents.chunks_of("ada")
    clock.advance(hours=24)
    store.documents.touch(iter(["a", "b", "unknown"]))
    clock.advance(hours=24)
    store.documents.save_document(*page("b", "text"), agent="ada", source="s1")
    assert store.documents.fetched("ada", "s1") == {
        "a": first + timedelta(hours=24),
        "b": first + timedelta(hours=48),
        "c": first,
    }
    assert store.documents.chunks_of("ada") == before


def test_an_index_may_ask_with_its_own_integers(store, page):
    class Int64:
        def __int__(self) -> int:
            return store.documents.chunks_of("ada")[0].id

    store.documents.save_document(*page("a", "text"), agent="ada", source="s1")
    assert [chunk.text for chunk in store.documents.chunks("ada", [Int64()]).values()] == ["text"]


def test_unused_vectors_are_dropped(store, page):
    """A vector is used as long as any stored chunk, of whatever document or agent, says its text."""
    document, (one, two) = page("a", "one", "two")
    store.documents.save_document(document, [one, two], agent="ada", source="s1")
    store.documents.save_document(*page("b", "two"), agent="bob", source="s1")
    vectors = dict.fromkeys((one.hash, two.hash, "nobody's"), b"vector")
    store.vectors.save_vectors("engine", vectors)
    store.vectors.save_vectors("older engine", vectors)
    assert store.vectors.drop_unused_vectors() == 2
    store.sources.forget_source("ada", "s1")
    assert store.vectors.drop_unused_vectors() == 2
    assert store.vectors.drop_unused_vectors() == 0
    for engine in ("engine", "older engine"):
        assert store.vectors.vectors(engine, vectors) == {two.hash: b"vector"}


def test_a_deleted_agent_leaves_nothing(store, page):
    for agent in ("ada", "bob"):
        store.sources.save_source_state(agent, SourceState(key="s1", kind="url", location="x"))
        store.documents.save_document(*page("shared", "text"), agent=agent, source="s1")
    store.documents.save_document(*page("own", "text"), agent="ada", source="no state yet")
    store.sources.forget_agent("ada")
    assert store.sources.source_states("ada") == {}
    assert list(store.documents.chunks_of("ada")) == []
    assert store.documents.document("own") is None
    assert [chunk.sources for chunk in store.documents.chunks_of("bob")] == [("x",)]


def test_chunks_of_many_pages_take_a_handful_of_statements(store, page):
    """No query a page: with 60 pages as many statements as with one."""
    statements: list[str] = []

    def read(count):
        for number in range(count):
            store.documents.save_document(*page(f"{count}/{number}", "one", "two"), agent=f"{count}", source="s1")
        store._database.read(lambda connection: connection.set_trace_callback(statements.append))
        statements.clear()
        chunks = store.documents.chunks_of(f"{count}")
        store.documents.chunks(f"{count}", [chunk.id for chunk in chunks])
        assert len(chunks) == count * 2
        return len(statements)

    assert read(1) == read(60)
