"""Commands that take conversations out of the workspace and into it: conversations export, import."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TextIO

import typer

from custagent.cli.conversations import (
    AgentOption,
    AssigneeOption,
    ChannelOption,
    ContactOption,
    LanguageOption,
    SinceOption,
    StatusOption,
    UntilOption,
)
from custagent.cli.opening import Json, open_app
from custagent.cli.render import counted, fail, json_text, next_steps, print_json, progress, say, stderr, success
from custagent.core.errors import UsageError
from custagent.runtime.inbox.archive import ImportReport, export_records, import_file
from custagent.runtime.inbox.conversations import ConversationRecord, read_filter
from custagent.runtime.inbox.transcripts import markdown
from custagent.store.conversations.search import Filter

#: Bad lines that are told one by one; --json has all.
_MOST_FAULTS = 20


class Format(StrEnum):
    JSONL = "jsonl"
    MARKDOWN = "markdown"


def export(
    ctx: typer.Context,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="Conversations. Default: all that the options mean.")
    ] = None,
    status: StatusOption = None,
    channel: ChannelOption = "",
    agent: AgentOption = "",
    language: LanguageOption = "",
    assignee: AssigneeOption = "",
    contact: ContactOption = "",
    since: SinceOption = "",
    until: UntilOption = "",
    format_: Annotated[
        Format, typer.Option("--format", help="jsonl: a line each, with everything; markdown: transcripts.")
    ] = Format.JSONL,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A new file. Default: stdout.", show_default=False)
    ] = None,
) -> None:
    """Write conversations out, with all that is kept of them.

    They hold what contacts wrote: a file is made readable for you alone. The latest come first. JSON lines can be read
    by `conversations import` elsewhere.

    Examples:
      custagent conversations export --since 30d --output november.jsonl
      custagent conversations export k2Hq9vXwB4nT7mRz1LcYdA --format markdown
    """
    app = open_app(ctx)
    wanted = read_filter(
        app, status=status, channel=channel, agent=agent, language=language, assignee=assignee, contact=contact,
        since=since, until=until,
    )  # fmt: skip
    if ids and wanted != Filter():
        raise UsageError("name conversations, or say by options which are meant, not both")
    forms: dict[Format, Callable[[ConversationRecord], str]] = {
        Format.JSONL: lambda record: json_text(record.as_json()) + "\n",
        Format.MARKDOWN: lambda record: markdown(record) + "\n",
    }
    count = 0
    with new_file(output) as file, progress("Writing conversations") as bar:
        for record in export_records(app, ids or (), wanted):
            file.write(forms[format_](record))
            count += 1
            bar.show(count)
    told = f"{counted(count, 'conversation')} written" + (f" to {output}" if output else "")
    stderr().print(told, style="dim", soft_wrap=True)


@contextmanager
def new_file(output: Path | None) -> Iterator[TextIO]:
    """A new file for the owner alone, or stdout. Nothing half-written is left. Raises UsageError."""
    if output is None:
        yield sys.stdout
        return
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UsageError(f"{output} cannot be made: {error.strerror}", hint="Name a new file.") from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            yield file
    except BaseException:
        output.unlink(missing_ok=True)
        raise


def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON lines, a conversation each.", show_default=False)],
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Write the good lines although others are bad.")] = False,
    json: Json = False,
) -> None:
    """Bring in conversations of another tool or workspace.

    They are closed and marked by their channel, import:NAME. They can be read and searched, are never charged or sent,
    and the agent does nothing with them. What is there already stays as it is, so the same file can be imported again.
    With a bad line nothing is written, and each is named with its reason (exit code 1).

    A line holds at least: {"id": "4711", "channel": "phone", "contact": {"name": "Ada"}, "messages":
    [{"sender": "contact", "at": "2026-11-18T12:30:00Z", "text": "Where is my order?"}]}. A sender is contact, agent or
    person.

    Examples:
      custagent conversations import november.jsonl
      custagent conversations import old-tool.jsonl --skip-bad
    """
    app = open_app(ctx)
    with progress("Reading conversations") as bar:
        report = import_file(app, file, skip_bad=skip_bad, progress=lambda lines: bar.show(lines, None, "lines"))
    if json:
        print_json(report)
    else:
        _tell(report, skip_bad=skip_bad)
    if report.faults:
        raise typer.Exit(1)


def _tell(report: ImportReport, *, skip_bad: bool) -> None:
    for fault in report.faults[:_MOST_FAULTS]:
        fail(f"line {fault.line}: {fault.reason}")
    if len(report.faults) > _MOST_FAULTS:
        fail(f"and {counted(len(report.faults) - _MOST_FAULTS, 'more line')}; --json names all")
    if report.faults and not skip_bad:
        say("Nothing was written. Mend these lines, or add --skip-bad to leave them out.")
        return
    known = f", {report.known} were there already" if report.known else ""
    success(f"{counted(report.added, 'conversation')} imported{known}")
    if report.added:
        next_steps(["custagent conversations list --status closed"])
