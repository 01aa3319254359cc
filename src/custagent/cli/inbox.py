"""Commands for people who work on conversations: inbox list, show, take, reply, note, assign, release, and so on."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.text import Text

from custagent.cli.conversations import show_facts, show_message
from custagent.cli.opening import Json, open_app
from custagent.cli.render import counted, fact, next_steps, print_json, say, stdout, success, table, visible, warn
from custagent.cli.transcript import show_body
from custagent.core.conversation import Conversation
from custagent.core.errors import UsageError
from custagent.core.message import Message
from custagent.core.note import Note
from custagent.runtime.bootstrap import Application
from custagent.runtime.inbox.conversations import read_later
from custagent.runtime.inbox.inbox import Inbox, Thread, age
from custagent.store.conversations.queue import Item, View, Wanted

ID = Annotated[str, typer.Argument(metavar="ID", help="As `inbox list` shows it.", show_default=False)]
IDS = Annotated[list[str], typer.Argument(metavar="ID", help="As `inbox list` shows them.", show_default=False)]
Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="TEXT", help="The text. Default: what comes in on stdin.", show_default=False),
]
ViewOption = Annotated[View, typer.Option("--view", help="Which conversations.")]

#: Seconds between two looks of `watch` at whether something has changed.
_LOOK_SECONDS = 0.5
_SNIPPET = 48


def list_items(
    ctx: typer.Context,
    view: ViewOption = View.OPEN,
    channel: Annotated[
        str, typer.Option(metavar="CHANNEL", help="Only those on this channel.", show_default=False)
    ] = "",
    language: Annotated[
        str, typer.Option(metavar="CODE", help="Only those in this language, such as sv.", show_default=False)
    ] = "",
    assignee: Annotated[
        str, typer.Option(metavar="user:NAME|team:NAME", help="Only those of this user or team.", show_default=False)
    ] = "",
    limit: Annotated[int, typer.Option(min=1, help="The most that are listed.")] = 50,
    json: Json = False,
) -> None:
    """List the conversations that wait for people.

    Who has waited longest comes first. mine: yours; unassigned: nobody's yet; open: all of them; snoozed: put aside;
    agent: the agent has them; closed: done, the latest first.

    Examples:
      custagent inbox list
      custagent inbox list --view mine
      custagent inbox list --view unassigned --language sv
    """
    app = open_app(ctx)
    inbox = Inbox(app)
    items = inbox.items(Wanted(view=view, channel=channel, language=language, assignee=assignee), limit=limit)
    if json:
        print_json(items)
        return
    _tell(inbox, items, view, app.clock.now())


def watch(ctx: typer.Context, view: ViewOption = View.OPEN) -> None:
    """Show the list, and show it again whenever something changes, until Ctrl-C.

    Examples:
      custagent inbox watch --view mine
    """
    app = open_app(ctx)
    inbox, seen = Inbox(app), -1
    shown_at: datetime | None = None
    while True:
        now, changes = app.clock.now(), app.store.changes()
        # Waiting times grow also when nothing happens.
        if changes != seen or shown_at is None or now - shown_at >= timedelta(minutes=1):
            if stdout().is_terminal:
                stdout().clear()
            # Noted once: each note is a change by itself.
            _tell(inbox, inbox.items(Wanted(view=view), noted=seen == -1), view, now)
            seen, shown_at = changes, now
        time.sleep(_LOOK_SECONDS)


def show(ctx: typer.Context, conversation: ID, json: Json = False) -> None:
    """Show one conversation, with why people have it, what was tried, and your notes.

    That you looked is noted (`custagent audit`). Times are UTC.

    Examples:
      custagent inbox show k2Hq9vXwB4nT7mRz1LcYdA
    """
    app = open_app(ctx)
    thread = Inbox(app).open(conversation)
    if json:
        print_json({**thread.record.as_json(), "notes": thread.notes, "waiting_since": thread.waiting_since})
        return
    _show_thread(thread, app.clock.now())
    draft = [f"custagent inbox suggest {conversation}"] if thread.wants_draft else []
    next_steps([*draft, f"custagent inbox reply {conversation} TEXT", f"custagent inbox close {conversation}"])


def take(ctx: typer.Context, conversations: IDS, json: Json = False) -> None:
    """Take conversations: they are yours, and the agent is silent in them.

    Examples:
      custagent inbox take k2Hq9vXwB4nT7mRz1LcYdA
    """
    inbox = Inbox(open_app(ctx))
    _done([inbox.take(one) for one in conversations], "yours now", json=json)


def reply(ctx: typer.Context, conversation: ID, text: Words = None, json: Json = False) -> None:
    """Write to the contact, on the channel they used.

    The conversation is yours then, unless a colleague has it. What the agent had not sent yet is withdrawn. The runner
    sends it; `inbox show` tells whether it arrived.

    Examples:
      custagent inbox reply k2Hq9vXwB4nT7mRz1LcYdA "It left us this morning."
      custagent inbox reply k2Hq9vXwB4nT7mRz1LcYdA < answer.txt
    """
    app = open_app(ctx)
    written = Inbox(app).reply(conversation, _words(text))
    if json:
        print_json(written)
        return
    success("Written; the runner sends it." if _runs(app) else "Written.")
    if not _runs(app):
        warn("No runner works on this workspace, so it is not sent yet.")
        next_steps(["custagent run"])


def note(ctx: typer.Context, conversation: ID, text: Words = None, json: Json = False) -> None:
    """Tell your colleagues something. The contact never sees it.

    Examples:
      custagent inbox note k2Hq9vXwB4nT7mRz1LcYdA "Called, will call again on Monday."
    """
    written = Inbox(open_app(ctx)).note(conversation, _words(text))
    if json:
        print_json(written)
    else:
        success("Noted, for your colleagues only.")


def assign(
    ctx: typer.Context,
    conversation: ID,
    to: Annotated[str, typer.Argument(metavar="user:NAME|team:NAME|nobody", help="Who gets it.", show_default=False)],
    json: Json = False,
) -> None:
    """Give a conversation to a colleague, or into a team's queue.

    Examples:
      custagent inbox assign k2Hq9vXwB4nT7mRz1LcYdA user:cleo
      custagent inbox assign k2Hq9vXwB4nT7mRz1LcYdA team:support
    """
    _done([Inbox(open_app(ctx)).assign(conversation, to)], f"given to {to}", json=json)


def release(ctx: typer.Context, conversations: IDS, json: Json = False) -> None:
    """Give conversations back to the agent, which says that it is an AI.

    Examples:
      custagent inbox release k2Hq9vXwB4nT7mRz1LcYdA
    """
    inbox = Inbox(open_app(ctx))
    _done([inbox.release(one) for one in conversations], "given back to the agent", json=json)


def snooze(
    ctx: typer.Context,
    conversations: IDS,
    until: Annotated[
        str,
        typer.Option(metavar="TIME", help="3h, 2d, or 2026-12-24T09:00 (UTC). Default: until the contact writes."),
    ] = "",
    json: Json = False,
) -> None:
    """Put conversations aside. What the contact writes brings them back at once.

    Examples:
      custagent inbox snooze k2Hq9vXwB4nT7mRz1LcYdA --until 3h
      custagent inbox snooze k2Hq9vXwB4nT7mRz1LcYdA --until 2026-12-24T09:00
    """
    app = open_app(ctx)
    inbox, moment = Inbox(app), read_later(app.clock.now(), until) if until else None
    told = f"put aside until {moment:%Y-%m-%d %H:%M} UTC" if moment else "put aside until the contact writes"
    _done([inbox.snooze(one, until=moment) for one in conversations], told, json=json)


def wake(ctx: typer.Context, conversations: IDS, json: Json = False) -> None:
    """Take out again what was put aside.

    Examples:
      custagent inbox wake k2Hq9vXwB4nT7mRz1LcYdA
    """
    inbox = Inbox(open_app(ctx))
    _done([inbox.wake(one) for one in conversations], "open again", json=json)


def close(ctx: typer.Context, conversations: IDS, json: Json = False) -> None:
    """Close conversations: they are done.

    Examples:
      custagent inbox close k2Hq9vXwB4nT7mRz1LcYdA
    """
    inbox = Inbox(open_app(ctx))
    _done([inbox.close(one) for one in conversations], "closed", json=json)


def suggest(ctx: typer.Context, conversation: ID, json: Json = False) -> None:
    """Show what the agent would say. It is free, and nothing is sent.

    Examples:
      custagent inbox suggest k2Hq9vXwB4nT7mRz1LcYdA
    """
    answer = Inbox(open_app(ctx)).suggest(conversation)
    if json:
        print_json(answer)
    elif answer is None:
        say("The contact has said nothing since a person replied.")
    else:
        show_body(answer.text)
        say(f"{answer.decision.kind.value}, confidence {answer.decision.confidence:.2f}", style="dim")


def wrong(
    ctx: typer.Context,
    conversation: ID,
    message: Annotated[
        int | None,
        typer.Argument(metavar="MESSAGE", help="The reply's number. Default: the agent's last.", show_default=False),
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="It is not wrong after all.")] = False,
    json: Json = False,
) -> None:
    """Say that a reply of the agent is wrong. Your name is kept with it; the contact sees nothing of it.

    Examples:
      custagent inbox wrong k2Hq9vXwB4nT7mRz1LcYdA
      custagent inbox wrong k2Hq9vXwB4nT7mRz1LcYdA 412
      custagent inbox wrong k2Hq9vXwB4nT7mRz1LcYdA 412 --undo
    """
    judged = Inbox(open_app(ctx)).judge(conversation, message, wrong=not undo)
    if json:
        print_json({"conversation": conversation, "message": judged, "wrong": not undo})
    else:
        success(f"{conversation}: reply {judged} is {'not wrong after all' if undo else 'noted as wrong'}")


def _tell(inbox: Inbox, items: Sequence[Item], view: View, now: datetime) -> None:
    counts = inbox.counts()
    head = Text()
    for number, (one, count) in enumerate(counts.items()):
        head.append("   " if number else "")
        head.append(f"{one.value} {count}", style="bold" if one is view else "dim")
    stdout().print(head)
    if not items:
        say("Nobody waits here." if view in (View.MINE, View.OPEN, View.UNASSIGNED) else "There is nothing here.")
        return
    rows = [
        [item.conversation.id, _waits(item, now), _contact(item), item.conversation.channel, _owner(item), _last(item)]
        for item in items
    ]
    table(["Conversation", "Waits", "Contact", "Channel", "With", "Last"], rows)


def _waits(item: Item, now: datetime) -> str:
    told = age(now - item.waiting_since) if item.waiting_since else ""
    return f"{told} !" if item.failed else told


def _contact(item: Item) -> str:
    contact = item.conversation.contact
    return visible(contact.name or contact.email or f"contact {contact.id}")


def _owner(item: Item) -> str:
    return item.conversation.assignee.removeprefix("user:") or "nobody yet"


def _last(item: Item) -> str:
    words = visible(item.snippet)
    return words if len(words) <= _SNIPPET else f"{words[: _SNIPPET - 1]}…"


def _show_thread(thread: Thread, now: datetime) -> None:
    show_facts(thread.record)
    if thread.waiting_since:
        fact("Waits", age(now - thread.waiting_since))
    for who in thread.writing:
        warn(f"{who} is writing a reply")
    said: list[tuple[datetime, Message | Note]] = [(one.at, one) for one in thread.record.messages]
    # A message and a note of one moment stay in this order: the sort keeps what is equal.
    said += [(one.at, one) for one in thread.notes]
    for _, one in sorted(said, key=lambda pair: pair[0]) if thread.notes else said:
        say()
        if isinstance(one, Note):
            _show_note(one)
        else:
            show_message(one, thread.record)
            if one.id in thread.wrong:
                say(f"wrong answer: {visible(thread.wrong[one.id])}", style="red")


def _show_note(note: Note) -> None:
    head = Text(f"{note.at:%Y-%m-%d %H:%M}  ", style="dim")
    stdout().print(head + Text(f"{note.author}  note", style="bold yellow"))
    show_body(note.text)


def _words(text: list[str] | None) -> str:
    if text:
        return " ".join(text)
    if sys.stdin.isatty():
        raise UsageError("there is nothing to write", hint="Write the text after the ID, in quotation marks.")
    return sys.stdin.read()


def _done(changed: Sequence[Conversation], told: str, *, json: bool) -> None:
    if json:
        print_json(changed)
    elif len(changed) == 1:
        success(f"{changed[0].id}: {told}")
    else:
        success(f"{counted(len(changed), 'conversation')}: {told}")


def _runs(app: Application) -> bool:
    return app.store.lease.holder(app.clock.now()) is not None
