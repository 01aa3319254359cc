"""The command that runs the workspace: run."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine, Sequence
from typing import Annotated, Any

import typer

from custagent.channels.live_chat.adapter import snippet
from custagent.cli.opening import open_app, tell_words_only
from custagent.cli.render import on_terminal, say, success, warn
from custagent.core.channel import ChannelKind
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.channels import ChannelState
from custagent.runtime.health.status import differences, served_channels
from custagent.runtime.log import LogFormat, LogLevel, secrets_in, telling
from custagent.runtime.upkeep.backup import check_database

#: Where the runner listens unless told otherwise.
PORT = 8700


def run(
    ctx: typer.Context,
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen at; 0 takes a free one.")] = PORT,
    log_format: Annotated[
        LogFormat, typer.Option(help="text: lines for people; json: an object a line, for programs.")
    ] = LogFormat.TEXT,
    log_level: Annotated[LogLevel, typer.Option(help="What is told at least.")] = LogLevel.INFO,
    log_texts: Annotated[
        bool, typer.Option("--log-texts", help="Tell also what contacts and the agent write; for looking for a fault.")
    ] = False,
) -> None:
    """Receive, answer and deliver until Ctrl-C.

    One runner works on a workspace. It looks through the database first, stops cleanly within ten seconds, and what
    waits then the next one does. It tells on stderr what happens, by numbers: no text, name or address of a contact.

    Examples:
      custagent run
      custagent run --host 0.0.0.0 --port 8700
      custagent run --log-format json --log-level warning
    """
    app = open_app(ctx)
    served = served_channels(app)
    for difference in differences(app):
        warn(f"{difference.name}: {difference.kind}, so what runs is not what the file says", hint="custagent apply")
    tell_words_only(app)
    definitions = [version.text for version in app.store.versions.live().values()]
    secrets = secrets_in(os.environ, definitions)
    with telling(sys.stderr, form=log_format, level=log_level, texts=log_texts, secrets=secrets):
        check_database(app)
        _run(_serve(app, served, host, port))
    # Below the ^C that a terminal shows.
    say("\nStopped." if on_terminal(sys.stdout) else "Stopped.")


async def _serve(app: Application, served: Sequence[ChannelState], host: str, port: int) -> None:
    from custagent.runtime.web.connection import allow_many
    from custagent.runtime.web.server import serve

    allow_many()
    started: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    started.add_done_callback(lambda address: _tell(served, address.result(), app.workspace.public_url))
    await serve(app, host=host, port=port, started=started)


def _tell(served: Sequence[ChannelState], address: str, public_url: str | None) -> None:
    """Where it runs, and what to paste into which pages."""
    success(f"Running at {address}")
    for state in served:
        does = "drafts for people" if state.suggests else "answers"
        say(f"{state.name}: {state.agent}{' (paused)' if state.paused else ''} {does}")
        if state.kind == ChannelKind.LIVE_CHAT:
            say("  Paste this into your pages, before </body>:")
            say(f"  {snippet(public_url or address, state.name)}", whole=True)
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
