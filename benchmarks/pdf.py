"""What a manual of hundreds of pages costs to read in, and how well its pages are found again.

    python benchmarks/pdf.py FOLDER/dev [--keep WORKSPACE]

FOLDER is the evaluation data (see `labelled.py`); its task d5 is a PDF of 480 pages and the titles of 207 of its
sections, each with its page. All goes the way that people take: `custagent init`, `create`, `sources add`, each a process
of its own. Memory is what is resident (VmHWM of /proc), looked at 50 times a second: of the command, and of the child
that reads the PDF. "A line": the same command given a file of one line, which loads all that it needs, the embedding
engine first of all; what the manual takes is what is above that. "Asking": a preview that is asked once, which loads no
engine for passages. Recall is that of the retrieval behind every answer, with pages ranked by their best passage.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from custagent.core.ports import Retriever, Search
from custagent.runtime.bootstrap import open_application

AGENT, SMALL = "manual", "small"
TASK = "d5_zsh_manual_pdf_en"
#: What is to be beaten: BM25 over the pages (recall@1, @5), and megabytes above idle.
REACHED, MOST_MB = (0.386, 0.715), 150
PASSAGES = 40
PROC = Path("/proc")


def custagent(workspace: Path, *arguments: str) -> dict[str, float]:
    """Run a command in the workspace; the most memory in MB that it ("command") and its children ("child") had."""
    most: defaultdict[str, float] = defaultdict(float)
    with subprocess.Popen(
        [sys.executable, "-m", "custagent", *arguments], cwd=workspace, stdout=subprocess.DEVNULL
    ) as process:
        while process.poll() is None:
            for pid, role in [(process.pid, "command"), *((child, "child") for child in children(process.pid))]:
                most[role] = max(most[role], peak(pid))
            time.sleep(0.02)
    if process.returncode:
        raise SystemExit(f"custagent {' '.join(arguments)} ended with {process.returncode}")
    return most


def peak(pid: int) -> float:
    """The most memory that the process has had so far, in MB; 0 when it has ended."""
    try:
        status = (PROC / str(pid) / "status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0.0)


def children(pid: int) -> list[int]:
    """The processes that this one has started from any of its threads."""
    found = []
    for task in (PROC / str(pid) / "task").glob("*/children"):
        try:
            found += [int(child) for child in task.read_text(encoding="ascii").split()]
        except OSError:
            continue
    return found


def ranks(retriever: Retriever, asked: Sequence[dict[str, Any]]) -> list[int | None]:
    """Of each question: the place of the right page among those found, from 0."""
    found: list[int | None] = []
    for one in asked:
        chunks = retriever.retrieve(Search(text=one["question"]), limit=PASSAGES).chunks
        pages = list(dict.fromkeys(scored.chunk.page for scored in chunks))
        found.append(pages.index(one["gold_page"]) if one["gold_page"] in pages else None)
    return found


def report(folder: Path, workspace: Path) -> bool:
    """Print the figures; whether all that is to be beaten is."""
    custagent(workspace, "init")
    custagent(workspace, "create", SMALL, "--yes")
    custagent(workspace, "create", AGENT, "--yes")
    (workspace / "content" / "line.md").write_text("Bicycles are repaired on Mondays.\n", encoding="utf-8")
    # Twice: the first embedding on a machine measures its engines.
    custagent(workspace, "sources", "add", SMALL, "--question", "When?", "--answer", "Never on Sundays.")
    line = custagent(workspace, "sources", "add", SMALL, "content/line.md")
    asking = custagent(workspace, "preview", SMALL, "--ask", "When are bicycles repaired?")
    started = time.perf_counter()
    reading = custagent(workspace, "sources", "add", AGENT, str(folder / "corpus" / "zsh.pdf"))
    seconds = time.perf_counter() - started
    asked = [json.loads(line) for line in (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()]
    with open_application(workspace, None) as app:
        passages = app.store.documents.chunks_of(AGENT)
        found = ranks(app.retriever(AGENT), asked)
    at = [sum(rank is not None and rank < most for rank in found) / len(found) for most in (1, 5)]
    print(f"{len({chunk.page for chunk in passages})} pages, {len(passages)} passages, read in {seconds:.0f} s")
    print(f"page recall@1/@5 {at[0]:.3f}/{at[1]:.3f} over {len(found)} questions (BM25 {REACHED[0]}/{REACHED[1]})")
    more = reading["command"] - asking["command"]
    print(f"a preview that is asked takes {asking['command']:.0f} MB, so reading the manual {more:.0f} MB more")
    above = {role: reading[role] - line[role] for role in ("command", "child")}
    for role, more in above.items():
        print(
            f"the {role} takes {reading[role]:.0f} MB, for a line {line[role]:.0f}: {more:.0f} MB above (at most {MOST_MB})"
        )
    return at[0] > REACHED[0] and at[1] > REACHED[1] and max(above.values()) < MOST_MB


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder with the tasks")
    parser.add_argument("--keep", type=Path, help="an empty folder for the workspace, which is kept")
    arguments = parser.parse_args()
    os.environ.setdefault("CUSTAGENT_USER", "")
    if arguments.keep:
        arguments.keep.mkdir(parents=True, exist_ok=True)
        return int(not report(arguments.data / TASK, arguments.keep))
    with tempfile.TemporaryDirectory() as folder:
        return int(not report(arguments.data / TASK, Path(folder)))


if __name__ == "__main__":
    sys.exit(main())
