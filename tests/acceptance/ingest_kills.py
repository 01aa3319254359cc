"""kill -9 on `sources sync` at random moments, while the agent goes on answering, and what is left in the end (SRC-5)."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from custagent.config.agents import agent_path
from custagent.config.home import Home, init_home
from custagent.core.answer import DecisionKind, Question
from custagent.core.ports import Search
from custagent.knowledge.index.indexer import BATCH
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.agents import apply_agents
from custagent.testing import HashEmbedder
from tests.acceptance.conftest import clean_environment, wait_until
from tests.acceptance.ingest_program import AGENT

PROGRAM = Path(__file__).with_name("ingest_program.py")
#: Pages that never change, and those that have other words with every sync; passages of each of the latter.
LASTING, CHANGING, PASSAGES = 12, 40, 8
#: How often there is other content although the sync before was killed: else the next one goes on with the same.
NEWS = 0.25
DEFINITION = f"""\
name: {AGENT}
confidence: {{answer: 0.0, clarify: 0.0}}
sources:
  - collection: content
"""
_SYLLABLES = "ba de fi go lu ma ne pi ro su ta ve".split()


@dataclass
class Aftermath:
    """What the kills left behind."""

    kills: int
    #: Where the killed ones were: "reading", "embedding" or "done".
    moments: Counter[str] = field(default_factory=Counter)
    #: Answers that were given meanwhile, and what was wrong with some.
    answered: int = 0
    wrong: list[str] = field(default_factory=list)
    #: How many times a text was embedded that had been embedded before; and how many are embedded in one go.
    again: int = 0
    batch: int = 0
    #: What the last sync, which nobody killed, ended with.
    code: int = -1
    #: Whether the index holds all that the content says, each passage with a vector.
    whole: bool = False

    def told(self) -> str:
        return (
            f"{self.kills} kills of an ingestion ({dict(self.moments)}): {self.answered} answers meanwhile,"
            f" {len(self.wrong)} wrong; {self.again} passages embedded again, {self.batch} in a batch"
        )


def word(number: int) -> str:
    """A name that no other number has."""
    found = ""
    for _ in range(4):
        number, rest = divmod(number, len(_SYLLABLES))
        found += _SYLLABLES[rest]
    return found


class House:
    """A workspace whose content changes, and whose agent is asked all the time."""

    def __init__(self, folder: Path) -> None:
        self.home = init_home(folder / "workspace", name="Northwind")
        self.notes = folder / "embedded.txt"
        self.notes.touch()
        agent_path(self.home, AGENT).write_text(DEFINITION, encoding="utf-8")
        with Application(self.home, user="test", embedder=HashEmbedder()) as app:
            apply_agents(app)
        for number in range(LASTING):
            text = f"# The {word(number)}\n\nThe {word(number)} costs {number + 100} euros.\n"
            self._write(f"lasting{number}.md", text)

    def change(self, version: int) -> None:
        """Other words on most pages. Each is said once and never again, so that what is embedded twice can be told."""
        for page in range(CHANGING):
            parts = [
                f"## Part {part}\n\nIts name is {word(1000 + (version * CHANGING + page) * PASSAGES + part)}.\n"
                for part in range(PASSAGES)
            ]
            self._write(f"changing{page}.md", f"# Page {page}\n\n" + "\n".join(parts))

    def embedded(self) -> list[str]:
        return self.notes.read_text(encoding="utf-8").splitlines()

    def _write(self, name: str, text: str) -> None:
        file = self.home.content_folder / name
        fresh = file.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(file)


class Syncing:
    """Starts syncs of the house, one after the other; use it as `with`."""

    def __init__(self, house: House) -> None:
        command = [sys.executable, str(PROGRAM), str(house.home.root), str(house.notes)]
        self.log = house.notes.with_name("syncs.log")
        with self.log.open("w", encoding="utf-8") as log:
            self._starter = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=clean_environment()
            )

    def __enter__(self) -> Self:
        assert self._line() == "ready"
        return self

    def __exit__(self, *_: object) -> None:
        self._starter.communicate(timeout=90)
        assert "Traceback" not in self.log.read_text(encoding="utf-8")

    def begin(self) -> int:
        """The number of the process."""
        assert self._starter.stdin is not None
        self._starter.stdin.write("start\n")
        self._starter.stdin.flush()
        return int(self._line().removeprefix("started "))

    def end(self) -> int:
        """Waits until it has ended; its exit code, below 0 for a signal."""
        return int(self._line().removeprefix("ended "))

    def _line(self) -> str:
        assert self._starter.stdout is not None
        return self._starter.stdout.readline().strip()


class Asking:
    """Asks the agent about the pages that do not change, again and again in a thread; use it as `with`."""

    def __init__(self, house: House, aftermath: Aftermath) -> None:
        self._app = Application(house.home, user="test", embedder=HashEmbedder())
        self._aftermath = aftermath
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._app.close()

    def _work(self) -> None:
        answerer = self._app.answerer(self._app.agent(AGENT))
        while not self._stop.is_set():
            number = self._aftermath.answered % LASTING
            answer = answerer.answer(Question(text=f"What does the {word(number)} cost?", language="en"))
            cited = [citation.location for citation in answer.citations]
            if answer.decision.kind is not DecisionKind.ANSWER or f"content/lasting{number}.md" not in cited:
                self._aftermath.wrong.append(f"{number}: {answer.decision} {cited} {answer.text}")
            self._aftermath.answered += 1


def kill_often(folder: Path, kills: int, *, seed: int = 0) -> Aftermath:
    """Kill a sync `kills` times, with other content now and then, and let the last one end."""
    chance, house = random.Random(seed), House(folder)
    left = Aftermath(kills=kills)
    with Syncing(house) as syncing:
        house.change(0)
        reading, embedding = _undisturbed(house, syncing)
        with Asking(house, left):
            ended = True
            for number in range(1, kills + 1):
                if ended or chance.random() < NEWS:
                    house.change(number)
                before = len(house.embedded())
                process = syncing.begin()
                time.sleep(chance.uniform(0, reading))
                if number % 2:
                    # Every other one later, while it embeds: that is over sooner than the reading.
                    _until_it_embeds(house, process, before)
                    time.sleep(chance.uniform(0, embedding))
                ended = not _killed(process, syncing)
                left.moments["done" if ended else "embedding" if len(house.embedded()) > before else "reading"] += 1
            syncing.begin()
            left.code = syncing.end()
    embedded = Counter(house.embedded())
    left.again = sum(embedded.values()) - len(embedded)
    left.batch = BATCH
    left.whole = _is_whole(house.home)
    return left


def _undisturbed(house: House, syncing: Syncing) -> tuple[float, float]:
    """A sync that nobody kills; the seconds that it reads, and that it embeds."""
    started = time.monotonic()
    syncing.begin()
    wait_until(house.embedded)
    began = time.monotonic()
    assert syncing.end() == 0
    return began - started, time.monotonic() - began


def _until_it_embeds(house: House, process: int, before: int) -> None:
    """Wait until it embeds the first text, or has ended because there was none."""

    def begun_or_ended() -> bool:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        return len(house.embedded()) > before

    wait_until(begun_or_ended)


def _killed(process: int, syncing: Syncing) -> bool:
    """Kill it; whether it had not ended by itself."""
    # It may have ended by itself, which its parent knows.
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
    return syncing.end() != 0


def _is_whole(home: Home) -> bool:
    """Whether the live generation holds exactly the passages of the content's last version."""
    with Application(home, user="test", embedder=HashEmbedder()) as app:
        index = app.index_folder(AGENT).load()
        stored = [chunk.id for chunk in app.store.documents.chunks_of(AGENT)]
        found = app.retriever(AGENT).retrieve(Search(text="What is its name?"), limit=5).chunks
        complete = len(stored) == LASTING + CHANGING * PASSAGES
        return complete and index is not None and index.chunk_ids.tolist() == stored and not found[0].estimated
