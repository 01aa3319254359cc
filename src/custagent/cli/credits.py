"""Commands that look at the ledger: credits balance, entries."""

from __future__ import annotations

from typing import Annotated

import typer

from custagent.cli.agents import Json, open_app
from custagent.cli.render import print_json, say, table
from custagent.core.credit import CreditEntry


def balance(ctx: typer.Context, json: Json = False) -> None:
    """Show the balance.

    It is the sum of all entries: what was granted, less what conversations cost.

    Example:
      custagent credits balance
    """
    app = open_app(ctx)
    credits_ = app.store.ledger.balance()
    if json:
        print_json({"balance": credits_})
        return
    say(f"{credits_} credits")
    if credits_ < 0:
        say("No allowance is set: usage is counted, not limited.", style="dim")


def entries(
    ctx: typer.Context,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the last so many.", show_default=False)] = None,
    json: Json = False,
) -> None:
    """List the entries of the ledger.

    In the order of writing; nothing in it is ever changed or deleted. Times are UTC.

    Examples:
      custagent credits entries
      custagent credits entries --limit 20 --json
    """
    app = open_app(ctx)
    listed = app.store.ledger.entries()[-limit if limit else 0 :]
    if json:
        print_json(listed)
        return
    if not listed:
        say("There is no entry yet: nothing was charged or granted.")
        return
    table(["Entry", "Time", "Kind", "Credits", "Conversation", "Policy"], [_row(entry) for entry in listed])


def _row(entry: CreditEntry) -> list[object]:
    time = f"{entry.at:%Y-%m-%d %H:%M}"
    return [entry.id, time, entry.kind.value, entry.amount, entry.conversation or None, entry.policy]
