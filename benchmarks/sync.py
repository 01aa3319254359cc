"""What a sync costs when hardly anything has changed, against the first reading of the same site.

    python benchmarks/sync.py [--pages 500] [--changed 0.01] [--site FOLDER] [--without-model]

A site of so many pages is made (or the one in FOLDER is taken, such as the HTML of Debian's package python3-doc) and
served on 127.0.0.1 by a process of its own; then it is read, some of its pages are changed, and it is read again. Told
is the processor time of the second reading as a share of the first, in all and without the model, whose own time is
measured where it is called. Both count this process and the one that converts. The goal is 3 % of the whole. With
--without-model no model is loaded, and only the second figure is told.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from indexing import AGENT, Watch, make_workspace, processor, served

from custagent.core.ports import Embedder
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.sources import sync
from custagent.runtime.definitions.agents import apply_agents
from custagent.testing import HashEmbedder

if TYPE_CHECKING:
    from custagent.core.ports import Vectors

GOAL = 0.03
WORDS = (
    "bike frame wheel brake chain saddle order parcel return refund invoice warranty battery charger light lock helmet"
    " shop delivery address price voucher account password season winter repair part screw size colour rider city"
).split()


class Timed:
    """An embedder that notes how much processor time is spent in it."""

    def __init__(self, real: Embedder) -> None:
        self._real = real
        self.seconds = 0.0
        self.passages = 0

    @property
    def name(self) -> str:
        return self._real.name

    @property
    def comparable(self) -> Sequence[str]:
        return self._real.comparable

    @property
    def dimension(self) -> int:
        return self._real.dimension

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        started = own_processor()
        vectors = self._real.embed_passages(texts)
        self.seconds += own_processor() - started
        self.passages += len(texts)
        return vectors

    def embed_query(self, text: str) -> Vectors:
        return self._real.embed_query(text)

    def release(self) -> None:
        self._real.release()


def own_processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Processor seconds of one reading."""

    whole: float
    model: float
    passages: int
    pages: int

    @property
    def rest(self) -> float:
        return self.whole - self.model


def sentence(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, k=chance.randint(8, 16))).capitalize() + "."


def page(number: int, pages: int) -> str:
    """A help page of about 500 words with a site's frame around it, always the same for a number."""
    chance = random.Random(number)
    links = "".join(f'<li><a href="page{other}.html">Page {other}</a>' for other in chance.sample(range(pages), 12))
    parts = "".join(
        f"<h2 id=part{part}>How about the {chance.choice(WORDS)} {part}?</h2>"
        f"<p>{' '.join(sentence(chance) for _ in range(5))}</p><p>{' '.join(sentence(chance) for _ in range(4))}</p>"
        for part in range(5)
    )
    following = f'<a href="page{number + 1}.html">Next</a>' if number + 1 < pages else ""
    return (
        f"<!doctype html><html lang=en><title>Help page {number} | Shop</title><nav><ul>{links}</ul></nav>"
        f"<main><h1>Help page {number}</h1>{parts}{following}</main><footer>The shop, 2026. All rights.</footer>"
    )


def make_site(folder: Path, pages: int) -> None:
    folder.mkdir()
    for number in range(pages):
        (folder / f"page{number}.html").write_text(page(number, pages), encoding="utf-8")
    shutil.copyfile(folder / "page0.html", folder / "index.html")


def change(folder: Path, held: Sequence[str], count: int) -> None:
    """Another first paragraph in so many of the pages that were read."""
    for location in random.Random(7).sample(held, count):
        file = folder / location.partition("://")[2].partition("/")[2]
        text = file.read_text(encoding="utf-8").replace("<p>", "<p>This was changed a moment ago. ", 1)
        file.write_text(text, encoding="utf-8")
        # Last-Modified counts whole seconds.
        os.utime(file, (file.stat().st_atime, file.stat().st_mtime + 10))


def read(app: Application, embedder: Timed) -> Cost:
    watch, model, passages = Watch(), embedder.seconds, embedder.passages
    used = processor()
    (state,) = sync(app, app.agent(AGENT), watch)
    assert not state.error, state.error
    used = processor() - used
    return Cost(whole=used, model=embedder.seconds - model, passages=embedder.passages - passages, pages=watch.pages)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--changed", type=float, default=0.01, help="the share of pages that change")
    parser.add_argument("--site", type=Path, help="a folder with index.html, instead of made pages")
    parser.add_argument("--without-model", action="store_true", help="with vectors that cost next to nothing")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        site = Path(scratch, "site")
        if arguments.site:
            shutil.copytree(arguments.site, site)
        else:
            make_site(site, arguments.pages)
        with served(site) as host:
            home = make_workspace(Path(scratch, "workspace"), host, arguments.pages)
            with Application(home) as app:
                real = HashEmbedder() if arguments.without_model else app.embedder
            embedder = Timed(real)
            with Application(home, embedder=embedder) as app:
                apply_agents(app)
                first = read(app, embedder)
                held = sorted(app.store.documents.fetched(AGENT, next(iter(app.store.sources.source_states(AGENT)))))
                again = read(app, embedder)
                changed = max(1, round(arguments.changed * len(held)))
                change(site, [place for place in held if place.endswith(".html")], changed)
                second = read(app, embedder)
    print(f"load of the machine: {', '.join(f'{load:.1f}' for load in os.getloadavg())} on {os.cpu_count()} cores")
    for name, cost in (("first reading", first), ("nothing changed", again), (f"{changed} changed", second)):
        print(
            f"{name:16} {cost.pages:5} pages {cost.passages:6} passages embedded:"
            f" {cost.whole:8.2f} s of processor, {cost.model:8.2f} s of it in the model, {cost.rest:6.2f} s elsewhere"
        )
    rest = second.rest / first.rest
    print(f"without the model the second reading costs {rest:.1%} of the first")
    if arguments.without_model:
        return 0
    share = second.whole / first.whole
    print(f"in all the second reading costs {share:.2%} of the first (goal: at most {GOAL:.0%})")
    return int(share > GOAL)


if __name__ == "__main__":
    sys.exit(main())
