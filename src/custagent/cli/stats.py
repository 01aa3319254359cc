"""The command for figures: stats, in the terminal, as a page, for a spreadsheet, for scripts."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Annotated

import typer

from custagent.cli.opening import Json, open_app
from custagent.cli.render import print_json, success
from custagent.cli.stats_view import show_definitions, show_division, show_report
from custagent.core.errors import UsageError
from custagent.evaluate.rows import as_json, rows_of
from custagent.evaluate.stats import Division
from custagent.runtime.figures.stats import workspace_report


def stats(
    ctx: typer.Context,
    since: Annotated[
        str,
        typer.Option(
            metavar="TIME",
            help="Conversations that began since: 7d, 2026-11-01. Default: the last 30 days.",
            show_default=False,
        ),
    ] = "",
    until: Annotated[str, typer.Option(metavar="TIME", help="And until; a day counts whole.", show_default=False)] = "",
    by: Annotated[
        Division | None,
        typer.Option(help="Divide the figures by agent, channel, language or week.", show_default=False),
    ] = None,
    agent: Annotated[
        str, typer.Option(metavar="AGENT", help="Only those that this agent has or had.", show_default=False)
    ] = "",
    channel: Annotated[
        str, typer.Option(metavar="CHANNEL", help="Only those on this channel.", show_default=False)
    ] = "",
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a page with charts that needs no network.", show_default=False),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a row a group, for a spreadsheet.")] = False,
    definitions: Annotated[bool, typer.Option("--definitions", help="Say what each figure means.")] = False,
    json: Json = False,
) -> None:
    """Show what the agents did, in figures.

    Conversations, how many were resolved (by three definitions side by side), handed over, how fast replies came, what
    it cost. Previews and tests never count. Days and weeks are those of the workspace's time zone; rates of fewer than
    20 conversations are not told.

    Examples:
      custagent stats
      custagent stats --since 2026-10-01 --until 2026-10-31 --by channel
      custagent stats --html figures.html
      custagent stats --definitions
    """
    if sum((html is not None, as_csv, json)) > 1:
        raise UsageError("--html, --csv and --json do not go together", hint="Run the command once for each.")
    report = workspace_report(open_app(ctx), since=since, until=until, agent=agent, channel=channel)
    divisions = tuple(Division) if by is None else (by,)
    if json:
        print_json(as_json(report, divisions))
    elif as_csv:
        rows = rows_of(report, divisions)
        writer = csv.DictWriter(sys.stdout, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    elif html is not None:
        from custagent.evaluate.page import page_of

        _write(html, page_of(report))
        success(f"Written to {html}. Open it in a browser; it needs no network.")
    elif by is not None:
        show_division(report, by)
        if definitions:
            show_definitions()
    else:
        show_report(report, definitions=definitions)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", hint="Name another file: custagent stats --html figures.html"
        ) from error
