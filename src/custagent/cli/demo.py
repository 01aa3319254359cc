"""The command demo."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from custagent.cli.opening import Json
from custagent.cli.render import next_steps, print_json, say, success
from custagent.runtime.proving.demo import AGENT, Demo, DemoResult, demo_folder


def demo(
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Go on to a live chat on a web page.", show_default=False)
    ] = True,
    keep: Annotated[
        Path | None, typer.Option("--keep", metavar="FOLDER", help="Keep the workspace in this folder.")
    ] = None,
    json: Json = False,
) -> None:
    """See an agent answer from an example help site, in a throw-away folder.

    Serves the bundled help site on 127.0.0.1 and runs the commands that you would type yourself: init, create,
    sources add, preview; then channels add, assign and run, which put a chat on the site's pages until you press Ctrl-C.
    Nothing leaves this machine.

    Examples:
      custagent demo
      custagent demo --keep my-first-workspace
    """
    with demo_folder(keep) as folder, Demo(folder, announce=_silent if json else _announce, visible=not json) as show:
        result = show.run()
        if not json:
            _tell(result)
        page = show.go_live() if serve else ""
        if json:
            print_json({**asdict(result), **({"page": page} if page else {})})
        if page:
            if not json:
                _tell_page(page)
            show.wait()
    if not json:
        _tell_end(keep)


def _announce(command: str) -> None:
    say()
    say(f"$ {command}", style="bold", whole=True)


def _silent(_: str) -> None:
    """A script wants the result only."""


def _tell(result: DemoResult) -> None:
    decisions = [question["decision"] for question in result.questions]
    counted = ", ".join(f"{decisions.count(kind)} {kind}" for kind in dict.fromkeys(decisions))
    success(f"{len(decisions)} questions: {counted}. {result.pages} pages, {result.chunks} passages.")
    say(f"Credits charged: {result.credit_entries}. Time: {result.seconds:.0f} seconds.")


def _tell_page(page: str) -> None:
    say()
    success(f"Open {page} in a browser and click the chat in the corner. Ctrl-C ends the demo.")


def _tell_end(keep: Path | None) -> None:
    if keep:
        next_steps([f"cd {keep}", f"custagent preview {AGENT}"])
        return
    say("The workspace is gone again; keep one with: custagent demo --keep FOLDER")
    next_steps(["mkdir help && cd help && custagent init", "custagent create support"])
