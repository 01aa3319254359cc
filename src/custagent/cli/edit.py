"""The command that opens a definition in the user's editor: edit."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from custagent.cli.agents import tell_applied
from custagent.cli.ask import ask_yes, can_ask
from custagent.cli.opening import open_app
from custagent.cli.render import say, success, warn
from custagent.cli.versions import tell_planned
from custagent.core.errors import ConfigError, CustagentError, UsageError
from custagent.runtime.bootstrap import WORKSPACE_KEY, Application
from custagent.runtime.definitions.agents import apply_agents, apply_workspace
from custagent.runtime.definitions.editing import Draft, begin_draft, left_over
from custagent.runtime.proving.planning import Planned, plan

#: Where neither $VISUAL nor $EDITOR says otherwise: the first of these that is there.
_USUAL = ("editor", "nano", "vi", "notepad")


def edit(
    ctx: typer.Context,
    agent: Annotated[
        str,
        typer.Argument(metavar="AGENT", help="Without it: custagent.yaml.", show_default=False),
    ] = "",
    cases: Annotated[
        bool, typer.Option("--cases/--no-cases", help="Whether test cases are run before it goes into force.")
    ] = True,
) -> None:
    """Change an agent's settings.

    Opens a copy of the agent's file, or of custagent.yaml, in your editor ($VISUAL or $EDITOR), and checks it when you
    have saved and closed it. With a mistake in it the file stays as it was, and you can go on. Without one it shows what
    changes, as `custagent plan` does, and puts it into force. Exit code 1 when nothing went into force that you wrote.

    Examples:
      custagent edit support
      custagent edit
    """
    app = open_app(ctx)
    name = agent or WORKSPACE_KEY
    kept = left_over(app, name)
    program = _program(name)
    if kept and not ask_yes("What you wrote last time is not in force yet. Go on with it?", default=True):
        kept.unlink()
    draft = begin_draft(app, name)
    if not _edited(draft, program):
        draft.drop()
        say("Nothing was changed.")
        say("If your editor opened a window of its own, let it wait for you: EDITOR='code --wait'", style="dim")
        return
    draft.put()
    success(f"Saved {draft.shown}")
    _put_into_force(app, name, cases=cases)


def _program(name: str) -> list[str]:
    """The editor as it is started. Raises UsageError when there is none, or no terminal."""
    usual = next((one for one in _USUAL if shutil.which(one)), "vi")
    wanted = (os.environ.get("VISUAL") or os.environ.get("EDITOR") or "").strip() or usual
    if not can_ask():
        path = name if name == WORKSPACE_KEY else f"agents/{name}.yaml"
        raise UsageError(
            f"there is no terminal to open {wanted} in", hint=f"Edit {path} yourself, then run: custagent apply"
        )
    if shutil.which(wanted):  # a path with a space in it
        return [wanted]
    try:
        words = shlex.split(wanted)
    except ValueError as exc:
        raise UsageError(f"$EDITOR cannot be read, a quotation mark is missing: {wanted}") from exc
    if not shutil.which(words[0]):
        raise UsageError(
            f"the editor {words[0]} is not there", hint=f"Name one that is: EDITOR=nano custagent edit {name}"
        )
    return words


def _edited(draft: Draft, program: list[str]) -> bool:
    """Let the user edit until it is right; False when nothing was changed. Raises CustagentError, typer.Exit."""
    while True:
        with _left_to_the_editor():
            code = subprocess.run([*program, str(draft.copy)], check=False).returncode
        if code:
            _gone_wrong(draft, program, code)
        if not draft.changed:
            return False
        report = draft.check()
        if report.errors or report.warnings:
            say(report.as_text())
        if not report.errors:
            return True
        if not ask_yes(f"{draft.shown} would have mistakes. Open it again?", default=True):
            warn(f"{draft.shown} is as it was. What you wrote is kept for the next time:", hint=_again(draft))
            raise typer.Exit(1)


def _gone_wrong(draft: Draft, program: list[str], code: int) -> None:
    """The editor says that it failed, as vi does for `:cq`. What was saved before may be worth something."""
    changed = draft.changed
    if not changed:
        draft.drop()
    raise CustagentError(
        f"{program[0]} ended with exit code {code}, so {draft.shown} stays as it was",
        hint=f"What you wrote is kept; go on with it: {_again(draft)}" if changed else "",
    )


def _again(draft: Draft) -> str:
    return "custagent edit" if draft.name == WORKSPACE_KEY else f"custagent edit {draft.name}"


@contextmanager
def _left_to_the_editor() -> Iterator[None]:
    """Ctrl-C is the editor's while it runs. A handler that does nothing, for to ignore it would be handed down to it."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _put_into_force(app: Application, name: str, *, cases: bool) -> None:
    shared = name == WORKSPACE_KEY
    told = [one for one in _planned(app, name, cases=cases) if _is_about(one, name)]
    for one in told:
        tell_planned(one)
    broken = any(change.kind == "broken" for one in told for change in one.cases)
    if broken and not ask_yes("A test case that passed would fail. Put it into force all the same?", default=False):
        warn("It is saved and not in force.", hint="custagent apply" if shared else f"custagent apply {name}")
        raise typer.Exit(1)
    tell_applied([apply_workspace(app, action="edit", subject=name)] if shared else apply_agents(app, [name]))


def _planned(app: Application, name: str, *, cases: bool) -> list[Planned]:
    try:
        return plan(app, () if name == WORKSPACE_KEY else [name], cases=cases)
    except ConfigError:
        if name != WORKSPACE_KEY:
            raise
        # Mistakes that agents had before do not keep custagent.yaml, which has none, from being put into force.
        warn("Agents have mistakes, so what changes for them cannot be shown.", hint="custagent validate")
        return []


def _is_about(one: Planned, name: str) -> bool:
    """Whether it follows from this edit: what other files say that are not in force is not put into force by it."""
    return one.agent == name or (one.kind == "unchanged" and bool(one.cases))
