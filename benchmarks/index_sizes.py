"""What the index of many passages takes up and how fast it is searched, against the exact one on the same vectors.

    nice python benchmarks/index_sizes.py [--rows 60000 --rows 200000]

The vectors are synthetic, as close together as those of the bundled engine: directions around topics. Memory is that of
the file, which is what a loaded index takes. Times are medians of searches by one thread, told as a ratio as well.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from custagent.knowledge.index.nearest import EXACT_UP_TO, Nearest, library, make_nearest

if TYPE_CHECKING:
    from custagent.core.ports import Vectors

DIMENSION = 384
SEARCHES, DEPTH = 60, 40


def like_passages(rows: int) -> Vectors:
    """Unit vectors around one common direction and a topic for each fifty of them."""
    rng = np.random.default_rng(1)
    common = rng.standard_normal(DIMENSION).astype(np.float32)
    topics = rng.standard_normal((max(1, rows // 50), DIMENSION)).astype(np.float32)
    found = rng.standard_normal((rows, DIMENSION), dtype=np.float32)
    found *= 0.5
    found += topics[rng.integers(0, len(topics), rows)]
    found += 2 * common
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found


def milliseconds(nearest: Nearest, questions: Vectors) -> float:
    """The median time of one search."""
    taken = []
    for question in questions:
        started = time.perf_counter()
        nearest.index.search(question[None], DEPTH)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, action="append", help="how many passages; may be given again")
    arguments = parser.parse_args()
    for rows in arguments.rows or (EXACT_UP_TO, 60_000, 200_000):
        vectors = like_passages(rows)
        questions = vectors[:: rows // SEARCHES][:SEARCHES]
        exact = make_nearest(vectors, exact_up_to=rows)
        started = time.perf_counter()
        chosen = make_nearest(vectors)
        built = time.perf_counter() - started
        with tempfile.TemporaryDirectory() as folder:
            sizes = []
            for nearest in (exact, chosen):
                library().write_index(nearest.index, f"{folder}/vectors")
                sizes.append(Path(folder, "vectors").stat().st_size / 2**20)
        # In turns, so that both find the machine equally busy.
        times = [[milliseconds(nearest, questions) for nearest in (exact, chosen)] for _ in range(3)]
        whole, small = (statistics.median(one) for one in zip(*times, strict=True))
        print(
            f"{rows} passages: {chosen.kind.value}, recall@10 {chosen.recall:.4f}, {sizes[1]:.0f} MB ({sizes[0]:.0f} exact),"
            f" {small:.2f} ms ({whole:.2f} exact, {small / whole:.2f} times), built in {built:.1f} s"
        )


if __name__ == "__main__":
    main()
