"""Commands for replies that have not arrived: outbox list, retry, drop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import typer

from custagent.cli.ask import confirm
from custagent.cli.opening import Json, Yes, open_app
from custagent.cli.render import fail, next_steps, print_json, say, success, table
from custagent.core.errors import UsageError
from custagent.runtime.inbox.outbox import OutboxChange, drop_replies, retry_all_failed, retry_replies, undelivered
from custagent.store.conversations.undelivered import ReplyState, UndeliveredReply

#: So many replies are named in one line.
_MOST_NAMED: Final = 5

ReplyIds = Annotated[list[int], typer.Argument(metavar="ID", help="As `list` shows them.", show_default=False)]
ChannelFilter = Annotated[str, typer.Option(metavar="CHANNEL", help="Only those on this channel.", show_default=False)]


def list_outbox(
    ctx: typer.Context,
    channel: ChannelFilter = "",
    status: Annotated[ReplyState | None, typer.Option(help="Only those of this status.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(min=1, help="The most that are listed.")] = 100,
    json: Json = False,
) -> None:
    """List the replies that have not arrived.

    waiting: it goes out next. put-off: it did not go out, or its channel is out; it is tried again at the time shown.
    failed: it is not tried any more. Tries are those that failed; waiting for a channel that is out counts as none.
    Times are UTC.

    Examples:
      custagent outbox list
      custagent outbox list --status failed --channel web --json
    """
    app = open_app(ctx)
    listed = undelivered(app, channel=channel, state=status, limit=limit)
    if json:
        print_json(listed)
        return
    if not listed:
        say("There is no such reply." if channel or status else "Every reply has gone out.")
        return
    table(["Reply", "Channel", "Conversation", "Status", "Written", "Tries"], [_row(reply) for reply in listed])
    for reason, replies in _by_reason(listed).items():
        say(f"{_named(replies)}: {reason}", style="dim")
    if any(reply.state is ReplyState.FAILED for reply in listed):
        next_steps(["custagent outbox retry --all-failed", "custagent outbox drop ID"])


def _row(reply: UndeliveredReply) -> list[object]:
    written = f"{reply.written_at:%Y-%m-%d %H:%M}"
    return [reply.id, reply.channel, reply.conversation, reply.state.value, written, reply.attempts]


def _by_reason(listed: Sequence[UndeliveredReply]) -> Mapping[str, Sequence[int]]:
    """Why they did not go out, and when they are tried again: a channel that is out is told once for all its replies."""
    found: dict[str, list[int]] = {}
    for reply in listed:
        if reply.error:
            again = f"tried again at {reply.next_at:%Y-%m-%d %H:%M:%S}. " if reply.next_at else ""
            found.setdefault(f"{again}{reply.error}", []).append(reply.id)
    return found


def _named(replies: Sequence[int]) -> str:
    """ "Reply 7", "Replies 7, 8, 9", "Reply 7 and 20 more"."""
    if len(replies) > _MOST_NAMED:
        return f"Reply {replies[0]} and {len(replies) - 1} more"
    return f"{'Reply' if len(replies) == 1 else 'Replies'} {', '.join(map(str, replies))}"


def retry(
    ctx: typer.Context,
    ids: Annotated[
        list[int] | None, typer.Argument(metavar="ID", help="As `list` shows them.", show_default=False)
    ] = None,
    all_failed: Annotated[bool, typer.Option("--all-failed", help="Every reply that was given up.")] = False,
    channel: Annotated[
        str, typer.Option(metavar="CHANNEL", help="With --all-failed: only those on this channel.", show_default=False)
    ] = "",
    json: Json = False,
) -> None:
    """Try replies again that were given up, or that are put off.

    They go out at once, by the runner that works. One that was charged and given back is charged again. What the agent
    said in a conversation that people have taken meanwhile is not sent any more. Exit code 1 when a reply was refused.

    Examples:
      custagent outbox retry 4711 4712
      custagent outbox retry --all-failed --channel web
    """
    if bool(ids) == all_failed:
        raise UsageError(
            "name the replies, or say --all-failed", hint="See them with: custagent outbox list --status failed"
        )
    if channel and not all_failed:
        raise UsageError("--channel goes with --all-failed", hint="A reply's number says enough by itself.")
    app = open_app(ctx)
    changed = retry_all_failed(app, channel=channel) if all_failed else retry_replies(app, ids or [])
    _tell(changed, "put back, to go out at once", json=json)


def drop(ctx: typer.Context, ids: ReplyIds, yes: Yes = False, json: Json = False) -> None:
    """Give replies up: they are never sent, and not listed any more.

    What waits behind them in their conversation goes on. If a charge paid for nothing else, it is given back. The text
    stays in the conversation. Exit code 1 when a reply was refused.

    Example:
      custagent outbox drop 4711 --yes
    """
    app = open_app(ctx)
    many = len(set(ids))
    confirm(f"Give {f'reply {ids[0]}' if many == 1 else f'{many} replies'} up for good?", yes=yes)
    _tell(drop_replies(app, ids), "given up", json=json)


def _tell(changed: OutboxChange, done: str, *, json: bool) -> None:
    if json:
        print_json({"done": changed.done, "refused": changed.refused})
    else:
        for refused in changed.refused:
            fail(refused.error, hint=refused.hint)
        if changed.done:
            many = len(changed.done)
            success(f"{many} {'reply' if many == 1 else 'replies'} {done}")
        elif not changed.refused:
            say("No reply was given up: there is nothing to try again.")
    if changed.refused:
        raise typer.Exit(1)
