"""Which FAISS index holds the vectors: exact while they are few, compressed where there are many.

Every kind looks at all vectors, by inner product, that is cosine. Up to EXACT_UP_TO they are kept as they are. Above,
one byte a number is a quarter of the memory, and half of the time; two bytes, and then the exact kind, are taken where
one does not find the same: a sample of questions is asked of both when the index is built. Clusters (IVF) would be
faster still, but an answer's time is the embedding of its question long before that shows (docs/decisions, index
sizes).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from custagent.core.ports import Vectors

#: So many vectors are searched exactly: a millisecond or two, 77 MB with 384 numbers each.
EXACT_UP_TO = 50_000
#: The share of the ten nearest that a compressed kind has to find.
LEAST_RECALL = 0.95
#: How many questions are asked to know it, and how far from a passage they are: as those of people, cosine .85 or so.
_SAMPLE, _DEPTH, _AWAY = 200, 10, 0.6


class Kind(StrEnum):
    """How each number of a vector is kept."""

    #: Four bytes.
    EXACT = "exact"
    #: Two bytes.
    HALF = "fp16"
    #: One byte.
    BYTE = "sq8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """Vectors that are searched. Row i is row i."""

    #: A FAISS index.
    index: Any
    kind: Kind
    #: The share of the ten nearest that it finds, as measured when it was built.
    recall: float


def library() -> Any:
    """FAISS, with one thread."""
    import faiss

    # One question gains nothing from threads, and threads that wait for each other cost 30 ms on a busy machine.
    faiss.omp_set_num_threads(1)
    return faiss


def make_nearest(vectors: Vectors, *, exact_up_to: int = EXACT_UP_TO) -> Nearest:
    """The smallest kind that finds what the exact one does; `vectors` are unit vectors, shape (rows, dimension)."""
    import numpy as np

    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    if len(rows) > exact_up_to:
        questions = _questions(rows)
        truth = _exact(rows, questions)
        for kind in (Kind.BYTE, Kind.HALF):
            index = _made(rows, kind)
            recall = _recall(index, questions, truth)
            if recall >= LEAST_RECALL:
                return Nearest(index=index, kind=kind, recall=recall)
    return Nearest(index=_made(rows, Kind.EXACT), kind=Kind.EXACT, recall=1.0)


def cosines(index: Any, vector: Vectors, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Of the vector, shape (1, dimension), with each of the rows of a FAISS index, shape (rows,)."""
    import numpy as np

    faiss = library()
    asked = np.ascontiguousarray(vector, dtype=np.float32)
    wanted = np.ascontiguousarray(rows, dtype=np.int64)
    if not isinstance(index, faiss.IndexFlat):
        return index.reconstruct_batch(wanted) @ asked[0]  # type: ignore[no-any-return] # untyped package
    # Where they lie: copying them out takes longer than reckoning.
    found = np.empty(len(wanted), dtype=np.float32)
    index.compute_distance_subset(1, faiss.swig_ptr(asked), len(wanted), faiss.swig_ptr(found), faiss.swig_ptr(wanted))
    return found


def _made(rows: Vectors, kind: Kind) -> Any:
    faiss = library()
    size = int(rows.shape[1])
    if kind is Kind.EXACT:
        index = faiss.IndexFlatIP(size)
    else:
        quantizer = faiss.ScalarQuantizer
        bits = quantizer.QT_8bit if kind is Kind.BYTE else quantizer.QT_fp16
        index = faiss.IndexScalarQuantizer(size, bits, faiss.METRIC_INNER_PRODUCT)
        index.train(rows)
    index.add(rows)
    return index


def _questions(rows: Vectors) -> Vectors:
    """Unit vectors near some of the rows, evenly over all of them; the same for the same rows."""
    import numpy as np

    some = rows[:: max(1, len(rows) // _SAMPLE)][:_SAMPLE]
    aside = np.random.default_rng(len(rows)).standard_normal(some.shape).astype(np.float32)
    near = some + _AWAY * aside / np.linalg.norm(aside, axis=1, keepdims=True)
    return near / np.linalg.norm(near, axis=1, keepdims=True)  # type: ignore[no-any-return] # numpy's Any


def _exact(rows: Vectors, questions: Vectors) -> list[set[int]]:
    """The rows nearest to each question, some at a time: all cosines at once would take more room than the rows."""
    import numpy as np

    depth = min(_DEPTH, len(rows))
    found = []
    for start in range(0, len(questions), 20):
        scores = questions[start : start + 20] @ rows.T
        best = np.argpartition(scores, len(rows) - depth, axis=1)[:, len(rows) - depth :]
        found += [set(one) for one in best.tolist()]
    return found


def _recall(index: Any, questions: Vectors, truth: list[set[int]]) -> float:
    """The share of the truly nearest rows that the index finds, 0..1."""
    _, found = index.search(questions, len(truth[0]))
    hits = sum(len(nearest & set(rows)) for nearest, rows in zip(truth, found.tolist(), strict=True))
    return hits / sum(map(len, truth))
