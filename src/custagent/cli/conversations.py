"""Commands that look at conversations: conversations list, show."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from custagent.cli.agents import Json, open_app
from custagent.cli.render import print_json, say, stdout, table, visible
from custagent.cli.transcript import show_body, show_source
from custagent.core.conversation import Conversation, Status
from custagent.core.credit import CreditKind
from custagent.core.message import Message, Sender
from custagent.runtime.conversations import ConversationRecord, find_conversation, latest_conversations

_NAMES = {
    Sender.CONTACT: ("Contact", "bold cyan"),
    Sender.AGENT: ("Agent  AI", "bold green"),
    Sender.PERSON: ("Person", "bold magenta"),
}


def list_conversations(
    ctx: typer.Context,
    status: Annotated[Status | None, typer.Option(help="Only those of this status.", show_default=False)] = None,
    channel: Annotated[str, typer.Option(help="Only those on this channel.", show_default=False)] = "",
    limit: Annotated[int, typer.Option(min=1, help="The most that are listed.")] = 50,
    json: Json = False,
) -> None:
    """List the latest conversations.

    pending: the agent has it; open: a person has it, or it waits for one. Times are UTC.

    Examples:
      custagent conversations list
      custagent conversations list --status open --channel web --json
    """
    app = open_app(ctx)
    listed = latest_conversations(app, status=status, channel=channel, limit=limit)
    if json:
        print_json(listed)
        return
    if not listed:
        say("There is no such conversation." if status or channel else "There is no conversation yet.")
        return
    table(["Conversation", "Channel", "Status", "With", "Last message"], [_row(one) for one in listed])


def _row(conversation: Conversation) -> list[object]:
    return [
        conversation.id,
        conversation.channel,
        conversation.status.value,
        _holder(conversation),
        f"{conversation.last_message_at:%Y-%m-%d %H:%M}",
    ]


def _holder(conversation: Conversation) -> str:
    """Who has it, or had it."""
    if conversation.status is Status.PENDING:
        return conversation.agent
    if conversation.status is Status.CLOSED:
        return conversation.assignee or conversation.agent
    return conversation.assignee or "nobody yet"


def show(
    ctx: typer.Context,
    conversation: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.", show_default=False)],
    json: Json = False,
) -> None:
    """Show one conversation with all that is kept of it.

    What was said, what each reply rests on, whether it arrived, and what it cost. Times are UTC.

    Example:
      custagent conversations show k2Hq9vXwB4nT7mRz1LcYdA --json
    """
    app = open_app(ctx)
    record = find_conversation(app, conversation)
    if json:
        print_json(record.as_json())
        return
    _show_facts(record)
    for message in record.messages:
        say()
        _show_message(message, record)


def _show_facts(record: ConversationRecord) -> None:
    conversation, contact = record.conversation, record.conversation.contact
    known = ", ".join(part for part in (contact.name, contact.email) if part)
    facts = [
        ("Conversation", conversation.id),
        ("Channel", conversation.channel),
        ("Status", f"{conversation.status.value}, with {_holder(conversation) or 'nobody'}"),
        ("Contact", f"{contact.id}, {known}" if known else str(contact.id)),
        ("Language", conversation.language or "not known"),
        ("Opened", f"{conversation.opened_at:%Y-%m-%d %H:%M}"),
        ("Last message", f"{conversation.last_message_at:%Y-%m-%d %H:%M}"),
    ]
    if conversation.closed_at:
        ended = f", {conversation.outcome.value}" if conversation.outcome else ""
        facts.append(("Closed", f"{conversation.closed_at:%Y-%m-%d %H:%M}{ended}"))
    facts.append(("Credits", _cost(record)))
    for label, value in facts:
        say(f"{label + ':':<16}{value}")


def _cost(record: ConversationRecord) -> str:
    if not record.credit_entries:
        return "none"
    total = sum(entry.amount for entry in record.credit_entries)
    reversed_ = any(entry.kind is CreditKind.REVERSAL for entry in record.credit_entries)
    return f"{-total} ({len(record.credit_entries)} entries, a charge was given back)" if reversed_ else f"{-total}"


def _show_message(message: Message, record: ConversationRecord) -> None:
    name, style = _NAMES[message.sender]
    head = Text(f"{message.at:%Y-%m-%d %H:%M}  ", style="dim")
    head.append(visible(message.author or name), style=style)
    told = [message.kind.value] if message.sender is Sender.AGENT else []
    told += [message.reason] if message.reason else []
    told += [f"confidence {message.confidence:.2f}"] if message.confidence is not None else []
    delivery = record.deliveries.get(message.id)
    told += [delivery.value] if delivery else []
    if told:
        head.append(f"  {' · '.join(told)}", style="dim")
    stdout().print(head)
    show_body(message.text)
    for attachment in message.attachments:
        say(f"  attached: {attachment.name}", style="dim")
    for number, citation in enumerate(message.citations, 1):
        show_source(number, citation)
