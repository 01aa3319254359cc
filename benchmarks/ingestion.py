"""What bringing pages in costs without the model: custagent, two short scripts and the peers, on the same pages.

    nice python benchmarks/ingestion.py FOLDER/dev [--peers OTHER_PYTHON] [--rounds 5]

FOLDER is the evaluation data (see `labelled.py`): the pages are the documents of all its corpora.
OTHER_PYTHON has what `benchmarks/requirements.txt` lists, in an environment of its own, for peers need other versions
than custagent; a peer that is not there is skipped by name. All of them get the same pages, cut them by the same
splitter and embed them by the same embedder, which costs next to nothing; they store the texts with their titles and
places, build what they search, and save it. "script" is twenty lines of sqlite3 and FAISS; "script + words" stems the
words as well and keeps an index of them, as custagent does; txtai's own index of words is off.

Each runs in a process of its own, by turns; told is the processor time from the first page to the saved index, after
all imports and a first small round that loads what is loaded late: the median, and how fast that is beside the script.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

#: What custagent must reach beside each of them.
GOALS = {"script": 0.35, "script + words": 0.8, "langchain": 1.0, "llama-index": 1.0, "txtai": 1.0}
DIMENSION = 384
#: Pages of the first round.
FEW = 30
#: Words of a passage.
PASSAGE_WORDS = 120


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder with the tasks")
    parser.add_argument("--peers", default=sys.executable, help="the Python that has the peers")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--run", choices=CONTENDERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        return run(arguments.run, arguments.data)
    with tempfile.TemporaryDirectory() as folder:
        passages = write_pages(arguments.data, Path(folder))
        taken: defaultdict[str, list[float]] = defaultdict(list)
        for _ in range(arguments.rounds):
            for name in CONTENDERS:
                python = arguments.peers if name in PEERS else sys.executable
                seconds = measured(name, python, Path(folder))
                if seconds is not None:
                    taken[name].append(seconds)
    return report({name: statistics.median(seconds) for name, seconds in taken.items()}, passages)


def measured(name: str, python: str, folder: Path) -> float | None:
    """Processor time of one run; None where the peer is not there."""
    environment = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(
        [python, __file__, str(folder), "--run", name],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    if done.returncode == MISSING:
        return None
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    return float(done.stdout.split()[-1])


def report(taken: dict[str, float], passages: int) -> int:
    """Print a line for each; 1 when custagent misses a goal."""
    own, missed = taken["custagent"], 0
    for name in CONTENDERS:
        if name not in taken:
            print(f"{name:16} is not there: skipped")
            continue
        seconds = taken[name]
        verdict = ""
        if name in GOALS:
            ratio = seconds / own
            missed += ratio < GOALS[name]
            verdict = f"custagent is {ratio:.2f} times as fast (goal {GOALS[name]})"
        print(
            f"{name:16} {passages / seconds:7.0f} passages/CPU-s, {taken['script'] / seconds:.2f} x script  {verdict}"
        )
    return int(missed > 0)


def write_pages(data: Path, folder: Path) -> int:
    """All pages as lines; how many passages they have."""
    count = 0
    with (folder / "pages.jsonl").open("w", encoding="utf-8") as file:
        for corpus in sorted(data.glob("d*/corpus.jsonl")):
            for line in corpus.read_text(encoding="utf-8").splitlines():
                one = json.loads(line)
                page = f"{corpus.parent.name}/{one['doc_id']}"
                language, title = one.get("lang", "en"), one["title"] or page
                known = {"page": page, "title": title, "language": language, "text": one["text"]}
                file.write(json.dumps(known) + "\n")
                count += len(split(known))
    return count


def split(page: dict[str, str]) -> list[dict[str, str]]:
    """The page's passages."""
    words = page["text"].split()
    known = {"page": page["page"], "title": page["title"], "language": page["language"]}
    return [
        {**known, "text": " ".join(words[start : start + PASSAGE_WORDS])}
        for start in range(0, max(1, len(words)), PASSAGE_WORDS)
    ]


def embed(texts: Sequence[str]) -> Any:
    """Unit vectors by the words' check sums, shape (len(texts), DIMENSION): nearly free."""
    import numpy as np

    rows = np.ones((len(texts), DIMENSION), dtype=np.float32)
    for row, text in enumerate(texts):
        places = [crc32(word) % DIMENSION for word in text.encode().split()]
        rows[row] += np.bincount(places, minlength=DIMENSION)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def run(name: str, folder: Path) -> int:
    """One contender, in this process: prints its processor time."""
    pages = [json.loads(line) for line in (folder / "pages.jsonl").read_text(encoding="utf-8").splitlines()]
    work = folder / "work"
    try:
        ingest = CONTENDERS[name]()
    except ImportError:
        return MISSING
    for count in (FEW, len(pages)):
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        started = time.process_time()
        ingest(pages[:count], work)
        taken = time.process_time() - started
    print(taken)
    return 0


Page = dict[str, str]
Ingest = Callable[[Sequence[Page], Path], None]


def script() -> Ingest:
    import sqlite3

    import faiss

    def ingest(pages: Sequence[Page], folder: Path) -> None:
        passages = [passage for page in pages for passage in split(page)]
        connection = sqlite3.connect(folder / "passages.db")
        connection.execute("CREATE TABLE passages (id INTEGER PRIMARY KEY, page, title, language, text)")
        connection.executemany(
            "INSERT INTO passages (page, title, language, text) VALUES (:page, :title, :language, :text)", passages
        )
        connection.commit()
        connection.close()
        index = faiss.IndexFlatIP(DIMENSION)
        index.add(embed([passage["text"] for passage in passages]))
        faiss.write_index(index, str(folder / "vectors.faiss"))

    return ingest


def script_with_words() -> Ingest:
    import pickle
    import re

    import Stemmer

    plain, found_words = script(), re.compile(r"\w+")
    stemmers = {"en": "english", "sv": "swedish", "de": "german", "fr": "french", "da": "danish"}

    def ingest(pages: Sequence[Page], folder: Path) -> None:
        plain(pages, folder)
        stem = {language: Stemmer.Stemmer(name) for language, name in stemmers.items()}
        postings: defaultdict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
        lengths: list[int] = []
        for page in pages:
            for passage in split(page):
                text = f"{passage['title']}\n{passage['text']}"
                words = stem[passage["language"]].stemWords(found_words.findall(text.lower()))
                for word, count in Counter(words).items():
                    postings[passage["language"], word].append((len(lengths), count))
                lengths.append(len(words))
        with (folder / "words.pickle").open("wb") as file:
            pickle.dump((dict(postings), lengths), file)

    return ingest


class Silent:
    """A Listener."""

    def page_read(self, location: str) -> None: ...

    def page_failed(self, location: str, reason: str) -> None: ...

    def embedded(self, done: int, total: int) -> None: ...


def custagent() -> Ingest:
    from custagent.core.document import Chunk, Document, Section
    from custagent.knowledge.index.index import IndexFolder
    from custagent.knowledge.index.indexer import Indexer
    from custagent.knowledge.reading import Reading
    from custagent.store import Store
    from custagent.testing import FrozenClock

    class Free:
        """An Embedder that costs next to nothing."""

        name, comparable, dimension = "free", ("free",), DIMENSION

        def embed_passages(self, texts: Sequence[str]) -> Any:
            return embed(texts)

        def embed_query(self, text: str) -> Any:
            return embed([text])

        def release(self) -> None: ...

    def ingest(pages: Sequence[Page], folder: Path) -> None:
        with Store(folder / "custagent.db", FrozenClock()) as store:
            reading = Reading(
                agent="bench", key="bench", listener=Silent(), documents=store.documents, before=frozenset()
            )
            for page in pages:
                same = {"location": page["page"], "title": page["title"], "language": page["language"]}
                document = Document(sections=(Section(text=page["text"]),), **same)
                chunks = [
                    Chunk(text=passage["text"], ordinal=number, **same) for number, passage in enumerate(split(page))
                ]
                reading.store(document, chunks)
            reading.finish()
            indexer = Indexer(store.documents, store.vectors, Free())
            indexer.update(IndexFolder(folder / "index", "bench"), Silent().embedded)

    return ingest


def langchain() -> Ingest:
    from langchain_community.vectorstores import FAISS
    from langchain_core.embeddings import Embeddings

    class Free(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return embed(texts).tolist()

        def embed_query(self, text: str) -> list[float]:
            return embed([text])[0].tolist()

    def ingest(pages: Sequence[Page], folder: Path) -> None:
        passages = [passage for page in pages for passage in split(page)]
        texts = [passage.pop("text") for passage in passages]
        FAISS.from_texts(texts, Free(), metadatas=passages).save_local(str(folder / "index"))

    return ingest


def llama_index() -> Ingest:
    import faiss
    from llama_index.core import StorageContext, VectorStoreIndex
    from llama_index.core.embeddings import BaseEmbedding
    from llama_index.core.schema import TextNode
    from llama_index.vector_stores.faiss import FaissVectorStore

    class Free(BaseEmbedding):
        def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            return embed(texts).tolist()

        def _get_text_embedding(self, text: str) -> list[float]:
            return embed([text])[0].tolist()

        _get_query_embedding = _get_text_embedding

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_text_embedding(query)

    def ingest(pages: Sequence[Page], folder: Path) -> None:
        passages = [passage for page in pages for passage in split(page)]
        nodes = [TextNode(text=passage.pop("text"), metadata=passage) for passage in passages]
        context = StorageContext.from_defaults(vector_store=FaissVectorStore(faiss_index=faiss.IndexFlatIP(DIMENSION)))
        embedder = Free(embed_batch_size=64)
        VectorStoreIndex(nodes, storage_context=context, embed_model=embedder).storage_context.persist(
            persist_dir=str(folder / "index")
        )

    return ingest


def txtai() -> Ingest:
    from txtai import Embeddings

    def ingest(pages: Sequence[Page], folder: Path) -> None:
        passages = [passage for page in pages for passage in split(page)]
        embeddings = Embeddings(
            method="external", transform=embed, content=True, backend="faiss", faiss={"components": "IDMap,Flat"}
        )
        embeddings.index((number, passage, None) for number, passage in enumerate(passages))
        embeddings.save(str(folder / "index"))

    return ingest


#: What makes each; importing what it needs is part of that, and not of its time.
CONTENDERS: dict[str, Callable[[], Ingest]] = {
    "script": script,
    "script + words": script_with_words,
    "custagent": custagent,
    "langchain": langchain,
    "llama-index": llama_index,
    "txtai": txtai,
}
PEERS = ("langchain", "llama-index", "txtai")
#: How a process ends whose peer is not installed.
MISSING = 77


if __name__ == "__main__":
    sys.exit(main())
