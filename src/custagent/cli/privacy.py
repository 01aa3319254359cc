"""Commands about what is known of a contact: privacy export, erase."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from custagent.cli.archive import new_file
from custagent.cli.ask import confirm
from custagent.cli.opening import Json, Yes, open_app
from custagent.cli.render import counted, json_text, next_steps, print_json, say, stderr, success, table, warn
from custagent.core.errors import UsageError
from custagent.runtime.upkeep.privacy import ErasureReport, Known, aged, erase_aged, erase_known, export_known, known_of

_CONTACT = "An email address, a telephone number, the contact's number, or the channel's own key."


def export(
    ctx: typer.Context,
    contact: Annotated[str, typer.Argument(metavar="CONTACT", help=_CONTACT, show_default=False)],
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A new file. Default: stdout.", show_default=False)
    ] = None,
) -> None:
    """Write out everything that is kept of a contact, over all channels.

    One JSON object: every row of every table that is about them, for the contact who asks what you know. The file is
    made readable for you alone. Who asked for it is noted (`custagent audit`).

    Examples:
      custagent privacy export ada@example.com --output ada.json
      custagent privacy export "+46 70 123 45 67"
    """
    app = open_app(ctx)
    known = known_of(app, contact)
    with new_file(output) as file:
        file.write(json_text(export_known(app, known)) + "\n")
    told = f"{counted(len(known.contacts), 'contact')} and {counted(len(known.conversations), 'conversation')} written"
    stderr().print(told + (f" to {output}" if output else ""), style="dim", soft_wrap=True)


def erase(
    ctx: typer.Context,
    contact: Annotated[str, typer.Argument(metavar="CONTACT", help=_CONTACT, show_default=False)] = "",
    older_than: Annotated[
        str,
        typer.Option(
            metavar="AGE", help="Instead of a contact: all that ended so long ago, such as 365d.", show_default=False
        ),
    ] = "",
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Take a contact's texts and identity away for good, over all channels.

    From the database, its log and search, and from the backups in .custagent/backups/. Their conversations end; replies
    that still wait are not sent. Ids, times, decisions, feedback and the credits stay, so that figures and the ledger
    still agree. It cannot be undone. Not touched: files that you exported, copies that you keep elsewhere, what the
    channel's provider keeps, and the runner's log where it runs with --log-texts.

    Examples:
      custagent privacy erase ada@example.com
      custagent privacy erase --older-than 365d --yes
    """
    if bool(contact) == bool(older_than):
        raise UsageError("name a contact, or say --older-than", hint="custagent privacy erase ada@example.com")
    app = open_app(ctx)
    if older_than:
        conversations = aged(app, older_than)
        if not conversations and not json:
            say(f"No conversation that ended more than {older_than} ago has texts in it.")
            return
        confirm(f"Erase {counted(len(conversations), 'conversation')} for good?", yes=yes)
        report = erase_aged(app, conversations, older_than)
    else:
        known = known_of(app, contact)
        if not json:
            _show(known)
        confirm(f"Erase {counted(len(known.conversations), 'conversation')} for good?", yes=yes)
        report = erase_known(app, known)
    if json:
        print_json(report)
    else:
        _tell(report)
    if report.untouched:
        raise typer.Exit(1)


def _show(known: Known) -> None:
    rows = [[str(one.id), one.channel, one.name, one.email or _short(one.key)] for one in known.contacts]
    table(["Contact", "Channel", "Name", "Address"], rows)
    if known.mentioned_in:
        warn("The same words stand in conversations of others, which are not erased:")
        next_steps([f"custagent conversations show {conversation}" for conversation in known.mentioned_in[:5]])
    if sys.stdout.isatty():
        say()


def _tell(report: ErasureReport) -> None:
    done = report.erased
    success(
        f"Erased: {counted(done.messages, 'message')} in {counted(done.conversations, 'conversation')},"
        f" {counted(done.contacts, 'contact')}"
    )
    if report.backups:
        say(
            f"{counted(len(report.backups), 'backup')} in .custagent/backups/ looked through; nothing of it is left there."
        )
    for one in report.untouched:
        warn(f"{one.path} could not be changed: {one.reason}. Delete it, or it keeps what was erased.")


def _short(key: str) -> str:
    """A key that is a hash says nothing to people."""
    longest = 20
    return key if len(key) <= longest else f"{key[:longest]}…"
