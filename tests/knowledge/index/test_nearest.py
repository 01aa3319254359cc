"""Which kind of index holds the vectors, and that what is measured of it is true."""

from __future__ import annotations

import numpy as np
import pytest

from custagent.core.document import Chunk
from custagent.core.ports import Search
from custagent.knowledge.index.index import IndexFolder
from custagent.knowledge.index.nearest import LEAST_RECALL, Kind, cosines, make_nearest
from custagent.knowledge.index.retrieve import LEXICAL_WEIGHT, HybridRetriever
from custagent.testing import HashEmbedder

ROWS, LIMIT = 400, 100


def units(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def spread(rows: int = ROWS, dimension: int = 32) -> np.ndarray:
    """Vectors in all directions."""
    return units(np.random.default_rng(7).standard_normal((rows, dimension)))


def close(apart: float, dimension: int = 32) -> np.ndarray:
    """Vectors that differ by `apart`, with a few far off that stretch the range of every number."""
    rng = np.random.default_rng(7)
    middle = np.ones((ROWS, dimension)) + apart * rng.standard_normal((ROWS, dimension))
    middle[:dimension] = 40 * np.eye(dimension)
    middle[dimension : 2 * dimension] = -40 * np.eye(dimension)
    return units(middle)


def test_few_are_kept_as_they_are():
    nearest = make_nearest(spread(), exact_up_to=ROWS)
    assert (nearest.kind, nearest.recall) == (Kind.EXACT, 1.0)
    assert np.array_equal(nearest.index.reconstruct_n(0, ROWS), spread())


def test_many_are_compressed_as_far_as_nothing_is_lost():
    nearest = make_nearest(spread(), exact_up_to=LIMIT)
    assert nearest.kind is Kind.BYTE
    assert LEAST_RECALL <= nearest.recall <= 1


@pytest.mark.parametrize(("apart", "kind"), [(1e-2, Kind.HALF), (1e-5, Kind.EXACT)])
def test_where_too_little_is_found_a_better_kind_is_taken(apart, kind):
    nearest = make_nearest(close(apart), exact_up_to=LIMIT)
    assert nearest.kind is kind
    assert nearest.recall >= LEAST_RECALL


@pytest.mark.parametrize("limit", [LIMIT, ROWS])
def test_cosines_are_those_with_the_rows_that_are_asked_for(limit):
    rows = spread()
    found = cosines(make_nearest(rows, exact_up_to=limit).index, rows[3:4], np.array([3, 9, 5]))
    assert found == pytest.approx(rows[[3, 9, 5]] @ rows[3], abs=0.02)


def test_an_index_says_how_its_vectors_are_kept_and_is_searched_the_same_way(tmp_path):
    embedder, rng = HashEmbedder(dimension=32), np.random.default_rng(3)
    words = "bike lamp bell lock tyre parcel return price".split()
    chunks = [
        Chunk(id=number, location=f"{number}", title="", text=" ".join(rng.choice(words, 4)), language="en")
        for number in range(1, ROWS + 1)
    ]
    vectors = spread()
    folder = IndexFolder(tmp_path, "ada", exact_up_to=LIMIT)
    manifest = folder.build(chunks, vectors, embedder=embedder.name, fingerprint="f")
    assert (manifest.kind, manifest.recall >= LEAST_RECALL) == ("sq8", True)
    assert folder.load().manifest == folder.about() == manifest

    class Held:
        def chunks(self, _agent, ids):
            return {number: chunks[number - 1] for number in ids}

        def chunks_after(self, _agent, _last):
            return []

    found = HybridRetriever(folder, Held(), embedder).retrieve(Search(text="red lamp"), limit=20).chunks
    query = embedder.embed_query("red lamp")[0]
    lexical = np.zeros(ROWS, dtype=np.float32)
    for postings in folder.load().postings:
        postings.add_scores("red lamp", lexical)
    scores = sorted((vectors @ query + LEXICAL_WEIGHT * lexical).tolist(), reverse=True)[:20]
    assert [one.score for one in found] == pytest.approx(scores, abs=0.02)


def test_an_index_of_before_says_that_it_is_exact(tmp_path):
    """Written by a version that knew no other kind: it is not built anew for that."""
    import json
    from hashlib import sha256

    folder = IndexFolder(tmp_path, "ada")
    chunk = Chunk(id=1, location="1", title="", text="lamp", language="en")
    folder.build([chunk], spread(1), embedder="hash", fingerprint="f")
    file = folder.folder / "000001" / "manifest.json"
    fields = json.loads(file.read_text())
    del fields["kind"], fields["recall"]
    file.write_text(json.dumps(fields))
    (folder.folder / "current").write_text(f"1 {sha256(file.read_bytes()).hexdigest()}")
    assert folder.load().manifest.kind == "exact"
