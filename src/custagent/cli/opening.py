"""How most commands begin: the workspace that they work on, and the options that many of them take."""

from __future__ import annotations

from typing import Annotated

import typer

from custagent.cli.app import invocation
from custagent.runtime.bootstrap import Application, open_application

Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")]
AgentName = Annotated[str, typer.Argument(metavar="AGENT", help="The agent's name.", show_default=False)]


def open_app(ctx: typer.Context) -> Application:
    """The workspace of this command; it is closed when the command ends."""
    said = invocation(ctx)
    app = open_application(said.workspace, said.user)
    ctx.call_on_close(app.close)
    return app


def tell_words_only(app: Application) -> None:
    """Warn where this machine has no engine for what content means: only the one that we come with can be missing so."""
    from custagent.cli.render import warn

    missing = app.words_only if app.workspace.embedder.engine == "bundled" else None
    if missing is not None:
        warn(f"{missing.message}.", hint=missing.hint)
