"""Commands for webhooks: notifications list, retry."""

from __future__ import annotations

from typing import Annotated

import typer

from custagent.cli.opening import Json, open_app
from custagent.cli.render import counted, next_steps, print_json, say, success, table, warn
from custagent.runtime.runner.notifications import Webhook, retry_notifications, webhooks_of


def list_webhooks(ctx: typer.Context, json: Json = False) -> None:
    """List the webhooks, and how it stands with each.

    They stand in custagent.yaml, under `notifications:`. waiting: not told yet. given up: tried for a day, or the
    receiver said that it is gone. Of what was told, the last 30 days are counted.

    Examples:
      custagent notifications list
      custagent notifications list --json
    """
    listed = webhooks_of(open_app(ctx))
    if json:
        print_json(listed)
        return
    if not listed:
        say("custagent.yaml lists no webhook. How to add one: docs/notifications.md")
        return
    table(["Webhook", "Told of", "Told", "Waiting", "Given up"], [_row(one) for one in listed])
    for one in listed:
        if one.fault:
            warn(one.fault)
    if any(one.fault for one in listed):
        next_steps(["custagent notifications retry"])


def _row(webhook: Webhook) -> list[object]:
    state = webhook.state
    return [webhook.host, ", ".join(webhook.events), state.sent, state.waiting, state.given_up]


def retry(
    ctx: typer.Context,
    webhook: Annotated[
        str, typer.Argument(metavar="WEBHOOK", help="One as `list` shows it; without it, all.", show_default=False)
    ] = "",
    json: Json = False,
) -> None:
    """Tell webhooks again, at once, what has not arrived.

    What was given up is tried for another day. A receiver that said that it is gone is told again from now on.

    Examples:
      custagent notifications retry
      custagent notifications retry hooks.northwind.example
    """
    count = retry_notifications(open_app(ctx), webhook)
    if json:
        print_json({"retried": count})
    elif count:
        success(f"{counted(count, 'event')} put back, to be told at once by the runner")
    else:
        say("Nothing waits, and nothing was given up.")
