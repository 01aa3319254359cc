"""Labelled questions and the agents that are asked them: what `confidence.py` fits on and `answers.py` measures.

The evaluation data is not part of this repository: a folder with a folder for each task, in each `queries.jsonl` and
`corpus.jsonl`, or `corpus/` with the files. The example help site and its forty further questions are added; the
twelve questions of the demo are kept out. Every question goes the whole way, as in a preview.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from custagent.answer.answerer import ContentAnswerer
from custagent.core.agent import AgentDefinition, ConfidenceThresholds, FileSource, Source, UrlSource
from custagent.core.answer import Answer, Question, Utterance
from custagent.core.document import Document, ScoredChunk, Section
from custagent.core.ports import Retrieval, Retriever, Search
from custagent.core.workspace import EmbedderSettings, Workspace
from custagent.knowledge.cutting.split import split
from custagent.knowledge.embed import make_embedder
from custagent.knowledge.index.index import IndexFolder
from custagent.knowledge.index.indexer import Indexer
from custagent.knowledge.index.retrieve import HybridRetriever
from custagent.knowledge.ingest import Ingestor
from custagent.runtime.clock import SystemClock
from custagent.runtime.proving.site import StaticSite
from custagent.store.store import Store

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
LANGUAGES = ("en", "sv", "de", "fr", "da")
#: Answers whatever the confidence: what it would have said, had it been sure.
SURE = ConfidenceThresholds(answer=0.0, clarify=0.0)
#: Tasks that are asked of few passages as well, and of how many, by turns.
FEW_TASKS = ("d2", "d3", "d3_bare", "d7")
FEW = (4, 8, 16, 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a right answer stands."""

    #: The end of the location.
    location: str
    #: Of a page with anchors, or a PDF; "" and None for the whole page.
    anchor: str = ""
    page: int | None = None

    def holds(self, location: str, anchor: str, page: int | None) -> bool:
        """Whether this is the place of a passage, candidate or citation."""
        right_part = (not self.anchor or anchor == self.anchor) and (self.page is None or page == self.page)
        return location.endswith(self.location) and right_part


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A question, and what is known of its answer."""

    task: str
    #: Which agent is asked.
    agent: str
    question: Question
    label: str
    answerable: bool
    #: Any of them is right.
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A labelled question with what came of it."""

    labelled: Labelled
    answer: Answer
    #: Of the best pages, from 0: the first right one; None when it is not among the ten best.
    rank: int | None
    #: Whether a right place is among those cited.
    cites_right: bool

    @property
    def signals(self) -> Mapping[str, float]:
        return self.answer.evidence.signals


class FewPassages:
    """A Retriever over a small content: some of the passages found, the right ones among them."""

    def __init__(self, whole: Retriever) -> None:
        self._whole = whole
        self._sizes = 0
        #: Where right answers to the next question stand.
        self.places: tuple[Place, ...] = ()

    def retrieve(self, search: Search, *, limit: int) -> Retrieval:
        """See the port. Sizes take turns; the same questions in the same order find the same passages."""
        found = self._whole.retrieve(search, limit=limit)
        size = FEW[self._sizes % len(FEW)]
        self._sizes += 1
        right = {scored.chunk.id for scored in found.chunks if self._is_right(scored)}
        others = [scored.chunk.id for scored in found.chunks if scored.chunk.id not in right]
        chance = random.Random(search.text)
        kept = right | set(chance.sample(others, min(len(others), max(0, size - len(right)))))
        return replace(found, chunks=tuple(scored for scored in found.chunks if scored.chunk.id in kept))

    def holding(self, text: str, language: str) -> Mapping[str, int]:
        """See the port: what the whole content holds."""
        return self._whole.holding(text, language)

    def _is_right(self, scored: ScoredChunk) -> bool:
        chunk = scored.chunk
        return any(place.holds(chunk.location, chunk.anchor, chunk.page) for place in self.places)


class Bench:
    """Agents over the labelled tasks, in one store that is kept."""

    def __init__(self, cache: Path, settings: EmbedderSettings | None = None) -> None:
        """`settings` name another embedding engine than the bundled one; it needs a cache of its own."""
        self.cache = cache
        self.clock = SystemClock()
        self.store = Store(cache / "bench.db", self.clock)
        self.embedder = make_embedder(settings or EmbedderSettings(), memory=cache / "engine.json")

    def index(self, agent: str) -> None:
        """Embed what is not embedded yet."""
        indexer = Indexer(self.store.documents, self.store.vectors, self.embedder)
        folder = IndexFolder(self.cache / "index", agent)
        indexer.upgrade(folder, lambda done, total: print(f"\r{agent} {done}/{total}", end="", flush=True))
        print()

    def documents(
        self,
        agent: str,
        corpus: Iterable[dict[str, Any]],
        *,
        titled: bool = True,
        headings: Mapping[str, str] | None = None,
    ) -> None:
        """Each document of a corpus as one page, with a heading where there is one for it."""
        for one in corpus:
            heading = (headings or {}).get(one["doc_id"], "")
            document = Document(
                location=f"{agent}/{one['doc_id']}",
                title=one["title"] if titled else agent,
                language=one.get("lang", "en"),
                sections=(Section(text=one["text"], headings=(heading,) if heading else ()),),
            )
            self.store.documents.save_document(document, split(document), agent=agent, source=agent)
        self.index(agent)

    def files(self, agent: str, root: Path, *names: str, site: Path | None = None) -> None:
        """Files below `root`, and the pages of a static site that is served meanwhile."""

        async def read(sources: Sequence[Source], hosts: Sequence[str]) -> None:
            async with Ingestor(
                root=root,
                documents=self.store.documents,
                sources=self.store.sources,
                clock=self.clock,
                allow_hosts=tuple(hosts),
            ) as ingestor:
                for source in sources:
                    await ingestor.read(agent, source, _Silent(), accept_removals=True)

        self.store.sources.forget_agent(agent)
        files = [FileSource(file=name) for name in names]
        if site is None:
            asyncio.run(read(files, ()))
        else:
            with StaticSite(site) as served:
                url = UrlSource(url=f"{served.origin}/index.html", import_related=True)
                asyncio.run(read([*files, url], [served.host]))
        self.index(agent)

    def answerer(self, agent: str, **rest: Any) -> ContentAnswerer:
        """As a preview of the agent would answer."""
        return ContentAnswerer(
            agent=AgentDefinition(name=agent, **rest),
            workspace=Workspace(name="bench"),
            retriever=HybridRetriever(IndexFolder(self.cache / "index", agent), self.store.documents, self.embedder),
            clock=self.clock,
        )

    def ask(self, questions: Iterable[Labelled], *, few: bool = False, **rest: Any) -> Iterator[Asked]:
        """What each is answered, with `few` from a handful of passages; `rest` are settings of the agents."""
        answerers: dict[str, ContentAnswerer] = {}
        for one in questions:
            if one.agent not in answerers:
                answerer = self.answerer(one.agent, **rest)
                answerers[one.agent] = replace(answerer, retriever=FewPassages(answerer.retriever)) if few else answerer
            answerer = answerers[one.agent]
            if isinstance(answerer.retriever, FewPassages):
                answerer.retriever.places = one.places
            yield judged(one, answerer.answer(one.question))


def judged(labelled: Labelled, answer: Answer) -> Asked:
    """The answer, compared with what is known."""

    def is_right(location: str, anchor: str, page: int | None) -> bool:
        return any(place.holds(location, anchor, page) for place in labelled.places)

    if any(place.anchor for place in labelled.places):
        chunks = [scored.chunk for scored in answer.evidence.chunks]
        pages = list(dict.fromkeys((chunk.location, chunk.anchor, chunk.page) for chunk in chunks))
    else:
        pages = [(page.location, "", page.page) for page in answer.candidates]
    ranks = [number for number, place in enumerate(pages) if is_right(*place)]
    cited = any(is_right(one.location, one.anchor, one.page) for one in answer.citations)
    return Asked(labelled=labelled, answer=answer, rank=min(ranks, default=None), cites_right=cited)


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]


def questions_of(bench: Bench, data: Path, task: str) -> list[Labelled]:
    """The questions of one task; its agents are made, where that was not done before."""
    if task == "site":
        return list(_site(bench))
    if ">" in task:
        return _foreign(bench, data, *task.split(">"))
    if task == "d2_asked":
        return _asked(bench, data)
    folder = next(folder for folder in sorted(data.iterdir()) if folder.name.startswith(f"{task.partition('_')[0]}_"))
    asked = lines(folder / "queries.jsonl")
    if task == "d3":
        return _faqs(bench, folder, asked)
    if task == "d3_bare":
        return _bare(bench, folder, asked)
    if task == "d4":
        bench.files(task, folder, site=folder / "corpus")
    elif task == "d5":
        bench.files(task, folder / "corpus", "zsh.pdf")
    else:
        bench.documents(task, lines(folder / "corpus.jsonl"))
    return [_labelled(task, task, one, [_place(gold) for gold in one["gold_doc_ids"]]) for one in asked]


def _faqs(bench: Bench, folder: Path, asked: Sequence[dict[str, Any]]) -> list[Labelled]:
    """One page of questions and answers a language, an agent each."""
    pages = {one["doc_id"]: one["page"].partition("#") for one in lines(folder / "corpus.jsonl")}
    for language in LANGUAGES:
        bench.files(f"d3-{language}", folder / "corpus", f"faq.{language}.html")
    found = []
    for one in asked:
        places = [Place(location=pages[gold][0], anchor=pages[gold][2]) for gold in one["gold_doc_ids"]]
        found.append(_labelled("d3", f"d3-{one.get('search_lang', 'en')}", one, places))
    return found


def _bare(bench: Bench, folder: Path, asked: Sequence[dict[str, Any]]) -> list[Labelled]:
    """The same answers without their questions, each a page: what is asked must be found in the answers' own words."""
    corpus = lines(folder / "corpus.jsonl")
    for language in LANGUAGES:
        bench.documents(f"bare-{language}", [one for one in corpus if one["lang"] == language], titled=False)
    return [
        _labelled(
            "d3_bare", f"bare-{one.get('search_lang', 'en')}", one, [_place(gold) for gold in one["gold_doc_ids"]]
        )
        for one in asked
    ]


def _asked(bench: Bench, data: Path) -> list[Labelled]:
    """The answers of d2 under their questions, as lists of questions and answers are written."""
    folder = next(data.glob("d2_*"))
    asked = lines(folder / "queries.jsonl")
    headings = {gold: one["question"] for one in asked for gold in one["gold_doc_ids"]}
    bench.documents("d2-asked", lines(folder / "corpus.jsonl"), headings=headings)
    return [_labelled("d2_asked", "d2-asked", one, [_place(gold) for gold in one["gold_doc_ids"]]) for one in asked]


def _foreign(bench: Bench, data: Path, asked: str, agent: str) -> list[Labelled]:
    """The questions of one task, asked of another's content in another language: not answered there."""
    own = {question.question.language for question in questions_of(bench, data, agent)}
    return [
        replace(one, task=f"{asked}>{agent}", agent=agent, label="foreign", answerable=False, places=())
        for one in questions_of(bench, data, asked)
        if one.question.language not in own and one.agent.removeprefix(f"{asked}-") in (asked, one.question.language)
    ]


def _site(bench: Bench) -> Iterator[Labelled]:
    bench.files("site", EXAMPLES, "manual.pdf", "warranty-terms.md", site=EXAMPLES / "help-site")
    for one in lines(EXAMPLES / "more-questions.jsonl"):
        answerable = one["kind"] == "answerable"
        yield Labelled(
            task="site",
            agent="site",
            question=Question(text=one["question"], language=one["language"]),
            label=one["kind"],
            answerable=answerable,
            places=(Place(location=one["expect"]["location"]),) if answerable else (),
        )


def _labelled(task: str, agent: str, one: dict[str, Any], places: Sequence[Place]) -> Labelled:
    return Labelled(
        task=task,
        agent=agent,
        question=Question(text=one["question"], language=one["lang"], history=tuple(_history(one["history"]))),
        label=one["label"],
        answerable=one["answerable"],
        places=tuple(places),
    )


def _history(turns: Iterable[dict[str, str]]) -> Iterator[Utterance]:
    for turn in turns:
        yield Utterance(role="contact" if turn["role"] == "user" else "agent", text=turn["text"])


def _place(gold: str) -> Place:
    location, _, page = gold.partition("#page=")
    return Place(location=location, page=int(page) if page else None)


class _Silent:
    """A Listener that nobody watches."""

    def page_read(self, location: str) -> None: ...
    def page_failed(self, location: str, reason: str) -> None: ...
    def embedded(self, done: int, total: int) -> None: ...
