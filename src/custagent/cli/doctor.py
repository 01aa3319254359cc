"""The command that looks whether all is in order: doctor."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from custagent.cli.opening import Json, open_app
from custagent.cli.render import counted, print_json, say, stdout, visible
from custagent.runtime.health.doctor import Finding, Health, examine

_STYLES = {Health.OK: "green", Health.WARNING: "yellow", Health.BROKEN: "bold red"}
_WORD = 9
_SUBJECT = 10


def doctor(
    ctx: typer.Context,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask names, mailboxes, providers and the public address.")
    ] = False,
    json: Json = False,
) -> None:
    """Look whether everything that custagent needs is in order.

    Python, disk, files, secrets (never shown), the database, the clock, models, each agent's index, what is live, and
    the channels. Says of each: ok, warning or broken, and what to do. Changes nothing and asks nobody, unless --online.
    Exit code 1 when something is broken.

    Examples:
      custagent doctor
      custagent doctor --online --json
    """
    app = open_app(ctx)
    found: list[Finding] = []
    for finding in examine(app, online=online):
        found.append(finding)
        if not json:
            _show(finding)
    counts = Counter(finding.health for finding in found)
    if json:
        print_json(found)
    else:
        _sum_up(counts, online=online)
    if counts[Health.BROKEN]:
        raise typer.Exit(1)


def _show(finding: Finding) -> None:
    """A line, wrapped within its column on a terminal; what to do stands below, so that it can be copied."""
    style = _STYLES[finding.health]
    if stdout().is_terminal:
        columns = Table.grid()
        columns.add_column(width=_WORD, style=style)
        columns.add_column(width=_SUBJECT)
        columns.add_column(overflow="fold")
        columns.add_row(finding.health.value, finding.subject, Text(visible(finding.told)))
        stdout().print(columns)
    else:
        say(f"{finding.health.value:<{_WORD}}{finding.subject:<{_SUBJECT}}{finding.told}")
    for line in finding.hint.splitlines():
        say(f"{'':<{_WORD}}{line}", style="cyan")


def _sum_up(counts: Counter[Health], *, online: bool) -> None:
    say()
    if counts[Health.BROKEN]:
        say(f"{counts[Health.BROKEN]} broken, {counted(counts[Health.WARNING], 'warning')}.", style="bold red")
    elif counts[Health.WARNING]:
        say(f"Nothing is broken; {counted(counts[Health.WARNING], 'warning')}.")
    else:
        say("All is well.", style="green")
    if not online:
        say("Nobody was asked. To try the network too: custagent doctor --online", style="dim")
