"""Commands for the ledger: credits balance, entries, explain, replay, verify, grant, export."""

from __future__ import annotations

import csv
from dataclasses import asdict, fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from custagent.cli.archive import new_file
from custagent.cli.opening import Json, open_app
from custagent.cli.render import counted, fail, json_text, print_json, say, stderr, success, table, warn
from custagent.conversation.credit_replay import Replay
from custagent.core.credit import CreditEntry, CreditPolicy
from custagent.runtime.figures.credits import (
    CreditState,
    credit_state,
    explain_credits,
    grant_credits,
    replay_credits,
    verify_credits,
)
from custagent.runtime.inbox.conversations import read_moment
from custagent.store.ledger.ledger_check import LedgerCheck

#: So many differences are told one by one; --json has all.
_MOST_DIFFERENCES = 20


class Format(StrEnum):
    CSV = "csv"
    JSON = "json"


def balance(ctx: typer.Context, json: Json = False) -> None:
    """Show how many credits are left, and what limits them.

    The balance is the sum of all entries: what was granted, less what conversations cost. Without a `credits:` block in
    custagent.yaml usage is counted, not limited.

    Example:
      custagent credits balance
    """
    app = open_app(ctx)
    state = credit_state(app)
    if json:
        values = {field.name: getattr(state, field.name) for field in fields(state)}
        print_json(values | {"is_out": state.is_out})
        return
    _show_state(state)
    for notice in state.notices:
        warn(f"{notice.text} ({notice.at:%Y-%m-%d %H:%M} UTC)")


def _show_state(state: CreditState) -> None:
    facts = [
        ("Balance", f"{state.balance} credits"),
        ("Policy", f"{state.policy}, {state.price} credits each"),
        ("This month", f"{state.used} credits used in {state.month}"),
    ]
    if state.allowance is not None:
        facts.append(("Allowance", f"{state.allowance} a month, {state.left_of_allowance} of it left"))
    if state.cap is not None:
        facts.append(("Cap", f"{state.cap} a month"))
    if state.available is not None:
        enough = f"enough for {counted(state.available // state.price, 'new conversation')}"
        facts.append(("Available", f"{state.available}, {enough} ({state.percent} % used)"))
    for label, value in facts:
        say(f"{label + ':':<12}{value}")
    if state.available is None:
        say("Nothing limits usage: it is counted." if not state.limited else "No limit is set.", style="dim")
    if state.is_out:
        warn(
            "no new conversation fits: agents hand over, or say that they cannot answer",
            hint="Add credits with: custagent credits grant 1000 --reason TEXT\n"
            "Or change allowance or cap in custagent.yaml, then: custagent apply",
        )


def entries(
    ctx: typer.Context,
    limit: Annotated[
        int | None, typer.Option(min=1, help="The most that are listed: the last. Default: all.", show_default=False)
    ] = None,
    conversation: Annotated[
        str, typer.Option(metavar="ID", help="Only those of this conversation.", show_default=False)
    ] = "",
    json: Json = False,
) -> None:
    """List the entries of the ledger.

    In the order of writing; nothing in it is ever changed or deleted. Times are UTC.

    Examples:
      custagent credits entries
      custagent credits entries --limit 20 --json
    """
    ledger = open_app(ctx).store.ledger
    if conversation:
        listed = ledger.entries_of(conversation)[-limit if limit else 0 :]
    else:
        listed = ledger.entries() if limit is None else ledger.latest(limit)
    if json:
        print_json(listed)
        return
    if not listed:
        say("There is no entry yet: nothing was charged or granted.")
        return
    table(["Entry", "Time", "Kind", "Credits", "Conversation", "Policy", "Key"], [_row(entry) for entry in listed])


def _row(entry: CreditEntry) -> list[object]:
    time = f"{entry.at:%Y-%m-%d %H:%M}"
    key = None if entry.conversation else entry.key
    return [entry.id, time, entry.kind.value, entry.amount, entry.conversation or None, entry.policy, key]


def explain(
    ctx: typer.Context,
    conversation: Annotated[
        str, typer.Argument(metavar="ID", help="As `conversations list` shows it.", show_default=False)
    ],
    json: Json = False,
) -> None:
    """Say why a conversation cost what it cost.

    Which reply it was charged for, by which rule, what was given back, and why nothing was charged where nothing was.
    The rules are those of docs/credits.md. Times are UTC.

    Example:
      custagent credits explain k2Hq9vXwB4nT7mRz1LcYdA
    """
    found = explain_credits(open_app(ctx), conversation)
    if json:
        print_json(found)
        return
    for sentence in found.sentences:
        time = f"{sentence.at:%Y-%m-%d %H:%M}" if sentence.at else ""
        say(f"{time:<18}{sentence.text} [{sentence.rule}]")
    say(f"{'In all:':<18}{counted(found.cost, 'credit')}", style="bold")


def replay(
    ctx: typer.Context,
    policy: Annotated[
        CreditPolicy | None, typer.Option(help="Only this policy. Default: all three.", show_default=False)
    ] = None,
    since: Annotated[
        str,
        typer.Option(
            "--since",
            "--from",
            metavar="TIME",
            help="Conversations that began since: 30d, 2026-11-01.",
            show_default=False,
        ),
    ] = "",
    until: Annotated[
        str,
        typer.Option(
            "--until", "--to", metavar="TIME", help="And until; a day counts whole (UTC).", show_default=False
        ),
    ] = "",
    json: Json = False,
) -> None:
    """Recompute what conversations cost, by each policy, and compare it with the ledger.

    Charges are made anew from what was said and what became of the replies. What the conversations were really paid by
    must come out as the ledger has it, entry by entry: the first difference is told, and the exit code is 1.

    Examples:
      custagent credits replay
      custagent credits replay --policy resolution --since 2026-11-01 --until 2026-11-30
    """
    app = open_app(ctx)
    found = replay_credits(
        app,
        policy=policy,
        since=read_moment(app, since, end=False) if since else None,
        until=read_moment(app, until, end=True) if until else None,
    )
    if json:
        print_json(found)
    else:
        _show_replay(found)
    if found.differences:
        raise typer.Exit(1)


def _show_replay(found: Replay) -> None:
    table(
        ["Policy", "Price", "Conversations", "Charged", "Credits"],
        [[one.policy.value, one.price, one.conversations, one.charged, one.credits] for one in found.totals],
    )
    say()
    if found.due:
        say(f"{counted(found.due, 'resolved conversation')} not charged yet: the runner does it when there is room.")
    if not found.differences:
        success(f"The ledger is as it should be: {_entries(found.entries)} compared.")
        return
    for difference in found.differences[:_MOST_DIFFERENCES]:
        fail(difference)
    rest = len(found.differences) - _MOST_DIFFERENCES
    if rest > 0:
        say(f"and {counted(rest, 'more difference')}; --json tells all of them")


def verify(
    ctx: typer.Context,
    head: Annotated[
        str, typer.Option(metavar="HASH", help="The head of an earlier export or check.", show_default=False)
    ] = "",
    json: Json = False,
) -> None:
    """Check that no entry of the ledger was changed, put in or taken out.

    Each entry holds a hash of itself and of the one before. That entries were cut off at the end shows only against a
    head that was kept elsewhere: give it with --head. Exit code 1 when something is wrong.

    Examples:
      custagent credits verify
      custagent credits verify --head 9c1185a5c5e9fc54612808977ee8f548b2258d31...
    """
    found = verify_credits(open_app(ctx), head=head)
    is_lost = bool(head) and found.head_at is None
    if json:
        print_json(asdict(found) | {"in_order": found.damaged is None and not is_lost})
    else:
        _show_check(found, is_lost=is_lost)
    if found.damaged is not None or is_lost:
        raise typer.Exit(1)


def _show_check(found: LedgerCheck, *, is_lost: bool) -> None:
    if found.damaged is not None:
        fail(
            f"entry {found.damaged} is damaged: {found.reason}",
            hint=f"{_entries(found.entries)} before it in order. Put the database back from a backup:"
            " custagent restore FILE",
        )
    else:
        success(f"{_entries(found.entries)} in order.")
        if found.head:
            say(f"Head: {found.head}")
    if is_lost:
        fail(
            "no entry has the hash that you gave",
            hint="Compare it with what you kept. If it is right, entries were cut off or rewritten since:"
            " custagent restore FILE",
        )
    elif found.head_at is not None:
        say(f"The head that you gave is entry {found.head_at}; {_entries(found.since_head)} since.")


def grant(
    ctx: typer.Context,
    amount: Annotated[
        int, typer.Argument(metavar="AMOUNT", min=1, max=1_000_000_000, help="Credits to add.", show_default=False)
    ],
    reason: Annotated[str, typer.Option(help="What they are for; kept with the change.", show_default=False)],
    key: Annotated[
        str, typer.Option(help="Makes it happen once, such as an invoice's number.", show_default=False)
    ] = "",
    json: Json = False,
) -> None:
    """Add credits to the balance.

    They do not end with the month, and are used after the month's allowance. With --key the same command may be run
    again without adding twice. Needs the permission admin.

    Examples:
      custagent credits grant 1000 --reason "Pack of November"
      custagent credits grant 1000 --reason "Invoice 4711" --key invoice-4711
    """
    app = open_app(ctx)
    entry, is_new = grant_credits(app, amount, reason=reason, key=key)
    state = credit_state(app)
    if json:
        print_json({"entry": entry, "new": is_new, "balance": state.balance})
        return
    if is_new:
        success(f"Added {counted(amount, 'credit')} (entry {entry.id}). The balance is {state.balance}.")
    else:
        say(f"Added before, as entry {entry.id}: nothing was changed. The balance is {state.balance}.")
    if not state.limited:
        say("Nothing limits usage yet: custagent.yaml has no `credits:` block.", style="dim")


def export(
    ctx: typer.Context,
    format_: Annotated[Format, typer.Option("--format", help="csv for a spreadsheet, or json.")] = Format.CSV,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A new file. Default: stdout.", show_default=False)
    ] = None,
) -> None:
    """Write the whole ledger out, with the hash that proves it later.

    Keep the head that is told: with it `credits verify --head` shows whether anything was changed or cut off since. The
    entries hold no personal data.

    Examples:
      custagent credits export --output ledger.csv
      custagent credits export --format json
    """
    listed = open_app(ctx).store.ledger.entries()
    head = listed[-1].hash if listed else ""
    with new_file(output) as file:
        if format_ is Format.JSON:
            total = sum(entry.amount for entry in listed)
            file.write(json_text({"head": head, "balance": total, "entries": listed}) + "\n")
        else:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(field.name for field in fields(CreditEntry))
            rows.writerows([getattr(entry, field.name) for field in fields(CreditEntry)] for entry in listed)
    told = f"{_entries(len(listed))} written" + (f" to {output}" if output else "")
    stderr().print(told, style="dim", soft_wrap=True)
    if head:
        stderr().print(f"Head: {head}", style="dim", soft_wrap=True)


def _entries(number: int) -> str:
    return "1 entry" if number == 1 else f"{number} entries"
