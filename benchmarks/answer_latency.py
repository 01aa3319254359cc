"""How long an answer takes over 10,000 passages, as a multiple of embedding its question: embedded and warm.

    python benchmarks/answer_latency.py FOLDER --cache OTHER_FOLDER [--passages 10000]

FOLDER holds HTML, such as that of Debian's package python3-doc. Its texts, words and pages are real; the passages' vectors
are random ones around the questions' middle, as near to them as the engine's are, for embedding so many takes an hour; so
which pages are found says nothing. The questions are embedded by the real engine, and all go the whole way to an answer.
Both are timed in turns; the ratios are the medians of the pairs'. On a busy machine the processor's time says more than the
clock, which slows what takes longer more. Ends with exit code 1 when an answer takes more than 1.5 times the processor
time of its embedding.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from custagent.answer.answerer import ContentAnswerer
from custagent.core.agent import AgentDefinition, CollectionSource, ConfidenceThresholds
from custagent.core.answer import Question
from custagent.core.workspace import EmbedderSettings, Workspace
from custagent.knowledge.embed import make_embedder
from custagent.knowledge.index.index import IndexFolder
from custagent.knowledge.index.indexer import Indexer
from custagent.knowledge.index.retrieve import HybridRetriever
from custagent.knowledge.ingest import Ingestor
from custagent.runtime.clock import SystemClock
from custagent.store.store import Store

if TYPE_CHECKING:
    from custagent.core.ports import Embedder, Vectors

AGENT = "docs"
LIMIT = 1.5
ROUNDS = 5
#: How much of a passage's vector is the questions' middle, and how much is its own.
_NEAR, _FAR = 0.88, 0.47
#: Every question goes the whole way to an answer, whatever the random vectors make of its confidence.
ALWAYS = ConfidenceThresholds(answer=0.0, clarify=0.0)
QUESTIONS = """
How do I read a file line by line?
What is the difference between a list and a tuple?
Can I change the default encoding?
how to sort a dictionary by its values
When was the match statement added?
Why does round() give a result I do not expect?
How can I run two coroutines at the same time?
what does the global statement do
Is there a way to time a small piece of code?
Which module parses command line arguments?
How do I send an email with an attachment?
Who maintains the documentation?
How many bytes does an integer take?
How do I delete a folder and everything in it?
Does subprocess wait until the program has ended?
What happens when a thread raises an exception?
How do I convert a string to a date?
Where are packages installed?
How can I install a package without an internet connection?
How do I make a copy of an object with everything in it?
What is a virtual environment and how do I create one?
Can two processes share memory?
how to write json to a file with indentation
How do I round a decimal to two places?
What does the asterisk in a function definition mean?
How do I log to a file and to the terminal?
Is it safe to unpickle data from the network?
How do I compare two floating point numbers?
What is the maximum recursion depth?
How do I find out which version is running?
Hur läser jag en fil rad för rad?
Wie sortiere ich eine Liste nach dem zweiten Element?
Comment convertir une chaîne en nombre ?
""".strip().splitlines()


class RandomVectors:
    """An Embedder whose passages are at random, under the name of the engine that embeds the questions."""

    def __init__(self, real: Embedder) -> None:
        middle = np.concatenate([real.embed_query(text) for text in QUESTIONS]).mean(axis=0)
        self._middle = middle / np.linalg.norm(middle)
        self.name = real.comparable[0]
        self.comparable = real.comparable
        self.dimension = real.dimension
        self._random = np.random.default_rng(7)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        rows = self._random.standard_normal((len(texts), self.dimension), dtype=np.float32)
        # Cosines with a question of .8, give or take .03: the engine's with passages of another subject.
        rows = _NEAR * self._middle + _FAR * rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)

    def embed_query(self, text: str) -> Vectors:
        return self.embed_passages([text])

    def release(self) -> None: ...


class Progress:
    """A Listener that counts."""

    def __init__(self) -> None:
        self.pages = 0

    def page_read(self, _: str) -> None:
        self.pages += 1
        print(f"\r{self.pages} pages", end="", file=sys.stderr)

    def page_failed(self, location: str, reason: str) -> None:
        print(f"\n{location}: {reason}", file=sys.stderr)

    def embedded(self, done: int, total: int) -> None: ...


def fill(store: Store, folder: Path) -> None:
    """Read the folder's pages into the store."""

    async def read() -> None:
        async with Ingestor(
            root=folder.parent, documents=store.documents, sources=store.sources, clock=SystemClock()
        ) as ingestor:
            await ingestor.read(AGENT, CollectionSource(collection=folder.name), Progress(), accept_removals=True)

    asyncio.run(read())
    print(file=sys.stderr)


def trim(store: Store, passages: int) -> int:
    """Keep so many passages, as whole pages; how many are left."""
    kept: list[str] = []
    for count, chunk in enumerate(store.documents.chunks_of(AGENT)):
        if chunk.location in kept[-1:]:
            continue
        if count >= passages:
            break
        kept.append(chunk.location)
    for source in store.sources.source_states(AGENT):
        store.documents.keep_documents(set(kept), agent=AGENT, source=source)
    return len(store.documents.chunks_of(AGENT))


def measure(answerer: ContentAnswerer, embedder: Embedder) -> float:
    """Print the medians by step; the ratio of the whole to the embedding."""
    steps: defaultdict[str, list[float]] = defaultdict(list)
    whole: list[tuple[float, float]] = []
    embedding: list[tuple[float, float]] = []
    for text in QUESTIONS:
        answerer.answer(Question(text=text))
    gc.collect()
    for _ in range(ROUNDS):
        for text in QUESTIONS:
            embedding.append(_timed(partial(embedder.embed_query, text))[0])
            taken, answer = _timed(partial(answerer.answer, Question(text=text)))
            whole.append(taken)
            for step, ms in answer.timings_ms.items():
                steps[step].append(ms)
    for step, taken_ms in steps.items():
        print(f"  {step:<12}{statistics.median(taken_ms):8.2f} ms on the clock")
    ratios = []
    for name, ours, theirs in zip(
        ("of processor time", "on the clock"), zip(*whole, strict=True), zip(*embedding, strict=True), strict=True
    ):
        ratios.append(statistics.median(one / other for one, other in zip(ours, theirs, strict=True)))
        print(
            f"median answer {statistics.median(ours):.2f} ms {name}, embedding its question"
            f" {statistics.median(theirs):.2f} ms: {ratios[-1]:.2f} times"
        )
    return ratios[0]


def _timed(work: Callable[[], Any]) -> tuple[tuple[float, float], Any]:
    """((milliseconds of processor time, on the clock), what it gave)."""
    clock, processor = time.perf_counter(), time.process_time()
    done = work()
    return ((time.process_time() - processor) * 1000, (time.perf_counter() - clock) * 1000), done


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="a folder with HTML pages")
    parser.add_argument("--cache", type=Path, required=True, help="where the store and the index are kept")
    parser.add_argument("--passages", type=int, default=10_000)
    arguments = parser.parse_args()
    arguments.cache.mkdir(parents=True, exist_ok=True)
    clock = SystemClock()
    embedder = make_embedder(EmbedderSettings(), memory=arguments.cache / "engine.json")
    with Store(arguments.cache / "latency.db", clock) as store:
        if not store.documents.chunks_of(AGENT):
            fill(store, arguments.folder.resolve())
        passages = trim(store, arguments.passages)
        folder = IndexFolder(arguments.cache / "index", AGENT)
        Indexer(store.documents, store.vectors, RandomVectors(embedder)).update(folder, lambda *_: None)
        print(f"{passages} passages of real text with random vectors")
        answerer = ContentAnswerer(
            agent=AgentDefinition(name=AGENT, confidence=ALWAYS),
            workspace=Workspace(name="latency"),
            retriever=HybridRetriever(folder, store.documents, embedder),
            clock=clock,
        )
        return int(measure(answerer, embedder) > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
