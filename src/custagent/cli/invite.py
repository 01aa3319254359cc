"""The command that lets somebody sign in to the web inbox: users invite."""

from __future__ import annotations

from typing import Annotated

import typer

from custagent.cli.opening import Json, open_app
from custagent.cli.render import print_json, say, stdout, success
from custagent.cli.run import PORT
from custagent.runtime.in_force import InForce
from custagent.runtime.web.inbox_web.sign_in import INVITED_FOR, Doorkeeper


def invite(
    ctx: typer.Context,
    user: Annotated[
        str,
        typer.Argument(metavar="USER", help="As `users list` shows them.", show_default=False),
    ],
    json: Json = False,
) -> None:
    """Print a link by which a user sets a password for the web inbox.

    It works once, for three days; an earlier link of the user ends. Also for those who have forgotten their password:
    with the new one they are signed out everywhere else. Send it to nobody but them.

    Examples:
      custagent users invite anna
    """
    app = open_app(ctx)
    workspace = InForce(app).workspace()
    token = Doorkeeper(app).invite(user, workspace)
    base = (workspace.public_url or f"http://127.0.0.1:{PORT}").rstrip("/")
    link = f"{base}/inbox/invitation/{token}"
    if json:
        print_json({"user": user, "link": link, "hours": int(INVITED_FOR.total_seconds() // 3600)})
        return
    success(f"A link for {user}, good once within three days:")
    stdout().print(link, soft_wrap=True, markup=False, highlight=False)
    if not workspace.public_url:
        say(
            "Set public_url in custagent.yaml, and the link leads to where your colleagues reach the runner.",
            style="dim",
        )
