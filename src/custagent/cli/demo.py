"""The command demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from custagent.cli.agents import Json
from custagent.cli.render import next_steps, print_json, say, success
from custagent.runtime.demo import AGENT, Demo, DemoResult, demo_folder


def demo(
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Go on to a live chat on a web page.", show_default=False)
    ] = False,
    keep: Annotated[
        Path | None, typer.Option("--keep", metavar="FOLDER", help="Keep the workspace in this folder.")
    ] = None,
    json: Json = False,
) -> None:
    """See an agent answer from an example help site, in a throw-away folder.

    Serves the bundled help site on 127.0.0.1 and runs the commands that you would type yourself: init, create,
    sources add, preview. Nothing leaves this machine.

    Examples:
      custagent demo
      custagent demo --keep my-first-workspace
    """
    with demo_folder(keep) as folder:
        result = Demo(folder=folder, announce=_silent if json else _announce, visible=not json).run()
    if json:
        print_json(result)
        return
    _tell(result, keep)


def _announce(command: str) -> None:
    say()
    say(f"$ {command}", style="bold")


def _silent(_: str) -> None:
    """A script wants the result only."""


def _tell(result: DemoResult, keep: Path | None) -> None:
    decisions = [question["decision"] for question in result.questions]
    counted = ", ".join(f"{decisions.count(kind)} {kind}" for kind in dict.fromkeys(decisions))
    success(f"{len(decisions)} questions: {counted}. {result.pages} pages, {result.chunks} passages.")
    say(f"Credits charged: {result.credit_entries}. Time: {result.seconds:.0f} seconds.")
    if keep:
        next_steps([f"cd {keep}", f"custagent preview {AGENT}"])
        return
    say("The workspace is gone again; keep one with: custagent demo --keep FOLDER")
    next_steps(["mkdir help && cd help && custagent init", "custagent create support"])
