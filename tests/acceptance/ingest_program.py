"""`sources sync` as a program that is killed again and again, with an engine that notes what it embeds.

    python ingest_program.py WORKSPACE NOTES

imports everything once; for each line that it reads it syncs the agent `ada` in a process of its own, tells its number,
and then how it ended. A start takes a twentieth of the time, so that a test can afford many.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from custagent.config.home import Home
from custagent.knowledge.ingest import Ingestor  # noqa: F401 - imported once for all
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.sources import sync
from custagent.testing import HashEmbedder

if TYPE_CHECKING:
    from custagent.core.ports import Vectors

AGENT = "ada"


class Noting(HashEmbedder):
    """Writes down each text before it embeds it, a batch with one write."""

    def __init__(self, notes: Path) -> None:
        super().__init__()
        self._notes = notes

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """See the port."""
        with self._notes.open("a", encoding="utf-8", buffering=1 << 20) as notes:
            notes.write("".join(text.replace("\n", " ") + "\n" for text in texts))
        # A real engine takes a while, so that there is something to be killed in.
        time.sleep(0.1)
        return super().embed_passages(texts)


class _Silent:
    """Nobody watches."""

    def page_read(self, location: str) -> None:
        """See Listener."""

    def page_failed(self, location: str, reason: str) -> None:
        """See Listener."""

    def embedded(self, done: int, total: int) -> None:
        """See Listener."""


def read_all(workspace: str, notes: str) -> int:
    with Application(Home(root=Path(workspace)), user="test", embedder=Noting(Path(notes))) as app:
        states = sync(app, app.agent(AGENT), _Silent(), accept_removals=True)
    return int(any(state.error for state in states))


def main(workspace: str, notes: str) -> None:
    # Imports what embedding takes, too.
    HashEmbedder().embed_passages(["a lamp"])
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    print("ready", flush=True)
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            os._exit(read_all(workspace, notes))
        print(f"started {child}", flush=True)
        _, status = os.waitpid(child, 0)
        print(f"ended {os.waitstatus_to_exitcode(status)}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
