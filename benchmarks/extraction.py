"""How much of what a page says is read, and how little of what stands around it, beside trafilatura; and how fast.

    pip install -r benchmarks/requirements.txt    # without it, trafilatura's column is left out by name
    python benchmarks/extraction.py [--worst 8] [--page NAME] [--rounds 3] [--whole FOLDER]

`extraction/` holds 40 pages of many differently built sites, cut to a few kilobytes inside their whole frames, each beside
the text marked as its content: of what a browser shows, the lines that an answer could come from
(LICENSES.md there says how). Compared are the words, counted with repeats: of the gold's so many are found (recall), of those
found so many are the gold's (precision), F1 between. The title that a reader reports counts as text read.
Speed is the processor time of a whole round over all pages, each reader in turns; only its ratio means anything. With
--whole it is measured on the pages of a folder instead, such as a site that a package of documentation holds, uncut.
Ours includes what ingestion needs besides: links, directives, the language, the title; trafilatura's its text and metadata.
"""

from __future__ import annotations

import argparse
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from custagent.core.document import RawContent
from custagent.knowledge.convert.html import read_html

PAGES = Path(__file__).with_name("extraction")
WORD = re.compile(r"\w+")
#: What the figures should be at least.
SPEED_GOAL = 20.0
#: Pages of --whole that are read.
MAX_WHOLE = 60

Reader = Callable[[str, bytes], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How one page was read."""

    page: str
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def custagent(name: str, body: bytes) -> str:
    """Title, headings (each where it begins) and text, as the product reads them."""
    raw = RawContent(location=f"https://docs.example/{name}.html", body=body, charset="utf-8")
    document = read_html(raw, "en").document
    lines, above = [document.title], ()
    for section in document.sections:
        same = 0
        while same < min(len(above), len(section.headings)) and above[same] == section.headings[same]:
            same += 1
        lines += [*section.headings[same:], section.text]
        above = section.headings
    return "\n".join(lines)


def trafilatura_readers() -> dict[str, Reader]:
    """Its two settings that serve here: as it comes, and with recall preferred. Empty when it is not installed."""
    try:
        from trafilatura import bare_extraction
    except ImportError:
        print("trafilatura: left out, it is not installed (pip install -r benchmarks/requirements.txt)")
        return {}

    def reader(*, favor_recall: bool) -> Reader:
        def read(_name: str, body: bytes) -> str:
            found = bare_extraction(
                body.decode("utf-8", "replace"), favor_recall=favor_recall, include_comments=False, with_metadata=True
            )
            if found is None:
                return ""
            text = found.text or ""
            title = found.title or ""
            return text if title in text else f"{title}\n{text}"

        return read

    return {"trafilatura": reader(favor_recall=False), "trafilatura, recall": reader(favor_recall=True)}


def score(page: str, found: str, gold: str) -> Score:
    wanted, read = Counter(WORD.findall(gold.casefold())), Counter(WORD.findall(found.casefold()))
    shared = sum((wanted & read).values())
    return Score(page=page, precision=shared / max(1, sum(read.values())), recall=shared / max(1, sum(wanted.values())))


def report(name: str, scores: list[Score], worst: int) -> float:
    """Print one reader's row and its worst pages; its mean F1."""
    mean = statistics.mean(one.f1 for one in scores)
    print(
        f"{name:<20} F1 {mean:.4f}  precision {statistics.mean(one.precision for one in scores):.4f}"
        f"  recall {statistics.mean(one.recall for one in scores):.4f}  worst {min(one.f1 for one in scores):.3f}"
    )
    for one in sorted(scores, key=lambda one: one.f1)[:worst]:
        print(f"    {one.f1:.3f}  precision {one.precision:.3f}  recall {one.recall:.3f}  {one.page}")
    return mean


def processor_seconds(reader: Reader, pages: dict[str, bytes]) -> float:
    start = time.process_time()
    for name, body in pages.items():
        reader(name, body)
    return time.process_time() - start


def compare_speed(readers: dict[str, Reader], pages: dict[str, bytes], rounds: int, *, at_least_as_good: bool) -> None:
    """Print how many times faster the first reader is than each of the others."""
    print(f"speed on {len(pages)} pages, {sum(map(len, pages.values())) // 1000} kB")
    seconds = [[processor_seconds(reader, pages) for reader in readers.values()] for _ in range(rounds)]
    own, *others = (statistics.median(column) for column in zip(*seconds, strict=True))
    for name, other in zip(list(readers)[1:], others, strict=True):
        reached = at_least_as_good and other / own >= SPEED_GOAL
        print(
            f"custagent is {other / own:.1f} times as fast as {name};"
            f" goal (F1 at least its, {SPEED_GOAL:g} times): {'reached' if reached else 'not reached'}"
        )


def explain(readers: dict[str, Reader], page: str) -> None:
    """What each reader lost of one page, and what it should have left."""
    body, gold = (PAGES / f"{page}.html").read_bytes(), (PAGES / f"{page}.txt").read_text(encoding="utf-8")
    wanted = Counter(WORD.findall(gold.casefold()))
    for name, reader in readers.items():
        found = reader(page, body)
        read = Counter(WORD.findall(found.casefold()))
        print(
            f"{name}\n  lost: {dict((wanted - read).most_common(40))}\n  too much: {dict((read - wanted).most_common(40))}"
        )
        if name == "custagent":
            print(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worst", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--whole", type=Path, help="measure speed on the pages of this folder")
    parser.add_argument("--page", help="say what was lost and gained on this page")
    options = parser.parse_args()
    readers: dict[str, Reader] = {"custagent": custagent, **trafilatura_readers()}
    if options.page:
        explain(readers, options.page)
        return
    pages = {path.stem: path.read_bytes() for path in sorted(PAGES.glob("*.html"))}
    gold = {name: (PAGES / f"{name}.txt").read_text(encoding="utf-8") for name in pages}
    print(f"{len(pages)} pages, {sum(map(len, pages.values())) // 1000} kB")
    means = {}
    for name, reader in readers.items():
        means[name] = report(
            name, [score(page, reader(page, body), gold[page]) for page, body in pages.items()], options.worst
        )
    best = max(means.values())
    if options.whole:
        pages = {str(path): path.read_bytes() for path in sorted(options.whole.rglob("*.html"))[:MAX_WHOLE]}
    compare_speed(readers, pages, options.rounds, at_least_as_good=means["custagent"] >= best)


if __name__ == "__main__":
    main()
