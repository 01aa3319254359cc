"""Fits the confidence model of `custagent.answer.confidence` on labelled questions, and says how well it holds.

    python benchmarks/confidence.py FOLDER/dev --cache OTHER_FOLDER

FOLDER is the evaluation data (d2, d3, d6, d7), which is not part of this repository; the example help site and its
forty further questions are added. Every question goes the whole way, as in a preview: the signals are those of the
real answerer. A question counts as right when the content answers it and the best page is a gold page; the twelve
questions of the demo are kept out. Each set weighs the same. Vectors are kept in the cache folder.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from custagent.answer.answerer import ContentAnswerer
from custagent.core.agent import AgentDefinition, FileSource, UrlSource
from custagent.core.answer import Question
from custagent.core.document import Document, Section
from custagent.core.workspace import EmbedderSettings, Workspace
from custagent.knowledge.embed import make_embedder
from custagent.knowledge.index import IndexFolder
from custagent.knowledge.indexer import Indexer
from custagent.knowledge.ingest import Ingestor
from custagent.knowledge.retrieve import HybridRetriever
from custagent.knowledge.split import split
from custagent.runtime.clock import SystemClock
from custagent.runtime.site import StaticSite
from custagent.store.store import Store

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SAME = ("cosine", "margin", "lead", "coverage")
CROSS = ("cosine", "margin")
MARGIN_CAP = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One question: its signals, and whether answering from the best page would be right."""

    set: str
    signals: dict[str, float]
    answerable: bool
    right: bool


class Bench:
    """Agents over the labelled sets, in one cached store."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.clock = SystemClock()
        self.store = Store(cache / "bench.db", self.clock)
        self.embedder = make_embedder(EmbedderSettings())

    def index(self, agent: str) -> None:
        indexer = Indexer(self.store.documents, self.store.vectors, self.embedder)
        indexer.update(
            IndexFolder(self.cache / "index", agent), lambda done, total: print(f"\r{agent} {done}/{total}", end="")
        )
        print()

    def documents(self, agent: str, corpus: Iterable[dict[str, Any]], *, titled: bool = True) -> None:
        """Each document of the corpus as one page."""
        for one in corpus:
            document = Document(
                location=f"{agent}/{one['doc_id']}",
                title=one["title"] if titled else agent,
                language=one.get("lang", "en"),
                sections=(Section(text=one["text"]),),
            )
            self.store.documents.save_document(document, split(document), agent=agent, source=agent)
        self.index(agent)

    def help_site(self) -> None:
        """The example site and its files."""

        async def read() -> None:
            with StaticSite(EXAMPLES / "help-site") as site:
                sources = (
                    FileSource(file="manual.pdf"),
                    FileSource(file="warranty-terms.md"),
                    UrlSource(url=f"{site.origin}/", import_related=True),
                )
                async with Ingestor(
                    root=EXAMPLES,
                    documents=self.store.documents,
                    sources=self.store.sources,
                    clock=self.clock,
                    allow_hosts=(site.host,),
                ) as ingestor:
                    for source in sources:
                        await ingestor.read("site", source, _Silent(), accept_removals=True)

        self.store.sources.forget_agent("site")
        asyncio.run(read())
        self.index("site")

    def rows(self, name: str, agent: str, questions: Iterable[dict[str, Any]]) -> Iterator[Row]:
        """What the answerer finds for each question."""
        answerer = ContentAnswerer(
            agent=AgentDefinition(name=agent),
            workspace=Workspace(name="bench"),
            retriever=HybridRetriever(IndexFolder(self.cache / "index", agent), self.store.documents, self.embedder),
            clock=self.clock,
        )
        for one in questions:
            answer = answerer.answer(Question(text=one["question"], language=one["lang"]))
            if not answer.evidence.signals:
                continue
            best = answer.candidates[0].location
            right = one["answerable"] and any(best.endswith(gold) for gold in one["gold_doc_ids"])
            yield Row(set=name, signals=dict(answer.evidence.signals), answerable=one["answerable"], right=right)


class _Silent:
    def page_read(self, location: str) -> None: ...
    def page_failed(self, location: str, reason: str) -> None: ...
    def embedded(self, done: int, total: int) -> None: ...


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]


def labelled(bench: Bench, data: Path) -> Iterator[Row]:
    """All rows of all sets."""
    folders = {folder.name[:2]: folder for folder in data.iterdir()}
    swedish = lines(folders["d2"] / "queries.jsonl")
    for name in ("d2", "d6", "d7"):
        bench.documents(name, lines(folders[name] / "corpus.jsonl"))
        yield from bench.rows(name, name, lines(folders[name] / "queries.jsonl"))
    corpus, asked = lines(folders["d3"] / "corpus.jsonl"), lines(folders["d3"] / "queries.jsonl")
    for language in ("en", "sv", "de", "fr", "da"):
        agent = f"d3-{language}"
        bench.documents(agent, [one for one in corpus if one["lang"] == language], titled=False)
        yield from bench.rows("d3", agent, [one for one in asked if one.get("search_lang", "en") == language])
    for agent in ("d6", "d7"):
        # Swedish questions of authorities' customers to English content: foreign, and not answered there.
        foreign = [{**one, "answerable": False, "gold_doc_ids": []} for one in swedish]
        yield from bench.rows("foreign", agent, foreign)
    bench.help_site()
    further = [one for one in lines(EXAMPLES / "more-questions.jsonl") if one["kind"] != "ambiguous"]
    yield from bench.rows("site", "site", [_from_example(one) for one in further])


def _from_example(one: dict[str, Any]) -> dict[str, Any]:
    answerable = one["kind"] == "answerable"
    return {
        "question": one["question"],
        "lang": one["language"],
        "answerable": answerable,
        "gold_doc_ids": [one["expect"]["location"]] if answerable else [],
    }


def matrix(rows: Sequence[Row], names: Sequence[str]) -> np.ndarray:
    values = [
        [min(row.signals[name], MARGIN_CAP) if name == "margin" else row.signals[name] for name in names]
        for row in rows
    ]
    return np.column_stack([np.ones(len(rows)), np.array(values)])


def fit(rows: Sequence[Row], names: Sequence[str]) -> np.ndarray:
    """Logistic regression by Newton's method, each set weighing the same, with a trace of ridge."""
    x, y = matrix(rows, names), np.array([float(row.right) for row in rows])
    sizes = Counter(row.set for row in rows)
    weight = np.array([100 / sizes[row.set] for row in rows])
    ridge = 1e-2 * np.diag([0.0, *([1.0] * len(names))])
    beta = np.zeros(x.shape[1])
    for _ in range(100):
        p = 1 / (1 + np.exp(-x @ beta))
        step = np.linalg.solve((x.T * (weight * p * (1 - p))) @ x + ridge, x.T @ (weight * (p - y)) + ridge @ beta)
        beta -= step
        if np.abs(step).max() < 1e-9:
            break
    return beta


def area(scores: np.ndarray, right: np.ndarray) -> float:
    """The chance that a right answer scores above a wrong one."""
    if right.all() or not right.any():
        return float("nan")
    above = (scores[right][:, None] > scores[~right][None, :]).mean()
    return float(above + 0.5 * (scores[right][:, None] == scores[~right][None, :]).mean())


def report(title: str, rows: Sequence[Row], names: Sequence[str]) -> None:
    beta = fit(rows, names)
    print(
        f"\n{title}: intercept {beta[0]:.2f}, "
        + ", ".join(f"{n} {b:.2f}" for n, b in zip(names, beta[1:], strict=True))
    )
    for name in sorted({row.set for row in rows}):
        group = [row for row in rows if row.set == name]
        others = [row for row in rows if row.set != name]
        learnable = len({row.right for row in others}) > 1
        left_out = fit(others, names) if learnable else beta
        p = 1 / (1 + np.exp(-matrix(group, names) @ left_out))
        right = np.array([row.right for row in group])
        sure = p >= 0.5
        wrong = [row for row, taken in zip(group, sure, strict=True) if taken and not row.answerable]
        unanswerable = sum(not row.answerable for row in group)
        print(
            f"  {name:8} n {len(group):4}  {'left out' if learnable else 'fitted  '}: AUROC {area(p, right):.3f}  Brier {((p - right) ** 2).mean():.3f}"
            f"  answered {sure.mean():.2f}, of these right {right[sure].mean() if sure.any() else float('nan'):.2f}"
            f"  unanswerable answered {len(wrong)}/{unanswerable}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder with d2, d3, d6, d7")
    parser.add_argument("--cache", type=Path, required=True, help="where the store and the indexes are kept")
    arguments = parser.parse_args()
    rows = list(labelled(Bench(arguments.cache), arguments.data))
    report("same language", [row for row in rows if row.signals["same_language"]], SAME)
    report("other language", [row for row in rows if not row.signals["same_language"]], CROSS)


if __name__ == "__main__":
    main()
