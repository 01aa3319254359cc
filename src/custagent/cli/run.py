"""The command that runs the workspace: run."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Coroutine, Sequence
from typing import Annotated, Any

import typer

from custagent.channels.live_chat import snippet
from custagent.cli.agents import open_app
from custagent.cli.render import say, success, warn
from custagent.core.workspace import ChannelKind
from custagent.runtime.bootstrap import Application
from custagent.runtime.channels import ChannelState
from custagent.runtime.status import differences, served_channels

_LOG_FORMAT = "%(asctime)s %(levelname)s %(message)s"


def run(
    ctx: typer.Context,
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen at; 0 takes a free one.")] = 8700,
) -> None:
    """Receive, answer and deliver until Ctrl-C.

    One runner works on a workspace. It stops cleanly within ten seconds; what waits then, the next one does.

    Examples:
      custagent run
      custagent run --host 0.0.0.0 --port 8700
    """
    app = open_app(ctx)
    served = served_channels(app)
    for difference in differences(app):
        warn(f"{difference.name}: {difference.kind}, so what runs is not what the file says", hint="custagent apply")
    # What libraries tell below a warning is about their own work.
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format=_LOG_FORMAT)
    logging.getLogger("custagent").setLevel(logging.INFO)
    # It tells at length which of its builds it tries.
    logging.getLogger("faiss").setLevel(logging.WARNING)
    _run(_serve(app, served, host, port))


async def _serve(app: Application, served: Sequence[ChannelState], host: str, port: int) -> None:
    from custagent.runtime.server import serve

    started: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    started.add_done_callback(lambda address: _tell(served, address.result(), app.workspace.public_url))
    await serve(app, host=host, port=port, started=started)


def _tell(served: Sequence[ChannelState], address: str, public_url: str | None) -> None:
    """Where it runs, and what to paste into which pages."""
    success(f"Running at {address}")
    for state in served:
        say(f"{state.name}: {state.agent}{' (paused)' if state.paused else ''} answers")
        if state.kind == ChannelKind.LIVE_CHAT:
            say(f"  {snippet(public_url or address, state.name)}")
    say("Ctrl-C ends it.")
    sys.stdout.flush()


def _run(main: Coroutine[Any, Any, None]) -> None:
    """On uvloop where it is installed: about three times as many requests a second."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(main)
        return
    uvloop.run(main)
