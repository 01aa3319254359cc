"""Several processes on one file, and processes that are killed."""

import random
import signal
import subprocess
import sys
from pathlib import Path

from custagent.store import Store
from custagent.store.database.database import Database

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from custagent.core.document import Chunk, Document, Section
from custagent.store import Store

clock = SimpleNamespace(now=lambda: datetime(2026, 7, 4, tzinfo=UTC))
with Store(Path(sys.argv[1]), clock) as store:
    name, count = sys.argv[2], int(sys.argv[3])
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(count):
        location, texts = f"{name}/{number}", [f"{name} {number} {part}" for part in range(40)]
        document = Document(location=location, title="T", language="en", sections=tuple(Section(text=t) for t in texts))
        chunks = [
            Chunk(location=location, title="T", language="en", text=text, ordinal=ordinal)
            for ordinal, text in enumerate(texts)
        ]
        store.documents.save_document(document, chunks, agent="ada", source=name)
        print(number, flush=True)
"""


def start(path: Path, name: str, count: int) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, path, name, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen) -> None:
    process.stdin.write("go\n")
    process.stdin.flush()


def test_two_processes_write_at_once(path, clock):
    """None is ever told that the database is busy, and none loses a write."""
    Database(path).close()
    processes = [start(path, name, 60) for name in ("left", "right")]
    for process in processes:
        go(process)
    with Store(path, clock) as store:
        while any(process.poll() is None for process in processes):
            store.documents.chunks_of("ada")
            store.versions.apply("ada", "text", actor="anna", git_commit="", at=clock.now())
        for process in processes:
            said, errors = process.communicate(timeout=60)
            assert (process.returncode, errors) == (0, "")
            assert said.split() == [str(number) for number in range(60)]
        kept = store.documents.validators("ada", "left").keys() | store.documents.validators("ada", "right").keys()
        assert kept == {f"{name}/{number}" for name in ("left", "right") for number in range(60)}
        assert len(store.documents.chunks_of("ada")) == 2 * 60 * 40


def test_killed_while_writing(path, clock):
    """What was confirmed is there, and every page is whole, however often the writer is killed."""
    Database(path).close()
    confirmed: set[str] = set()
    for run, stop_after in enumerate(random.Random(7).sample(range(1, 30), 6)):
        process = start(path, f"run{run}", 10_000)
        go(process)
        confirmed |= {f"run{run}/{process.stdout.readline().strip()}" for _ in range(stop_after)}
        process.send_signal(signal.SIGKILL)
        # What `readline` has read ahead, `communicate` would leave out.
        rest = process.stdout.read()
        process.communicate(timeout=60)
        whole_lines = rest[: rest.rfind("\n") + 1]
        confirmed |= {f"run{run}/{number}" for number in whole_lines.splitlines()}
    with Store(path, clock) as store:
        store.check()
        chunks = store.documents.chunks_of("ada")
        texts: dict[str, list[str]] = {}
        for chunk in chunks:
            texts.setdefault(chunk.location, []).append(chunk.text)
        assert texts.keys() >= confirmed
        assert len(texts) <= len(confirmed) + 6, "at most the page in work goes unconfirmed"
        for location, said in texts.items():
            assert said == [f"{location.replace('/', ' ')} {part}" for part in range(40)]
            assert [section.text for section in store.documents.document(location).sections] == said
