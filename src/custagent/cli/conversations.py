"""Commands that look at conversations: conversations list, search, show."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.padding import Padding
from rich.text import Text

from custagent.cli.handoff import handoff_facts
from custagent.cli.opening import Json, open_app
from custagent.cli.render import counted, fact, print_json, progress, say, stdout, table, visible
from custagent.cli.transcript import show_body, show_source
from custagent.core.conversation import Conversation, Status
from custagent.core.credit import CreditKind
from custagent.core.document import numbered
from custagent.core.message import Message, Sender
from custagent.runtime.inbox.attachments import told_of
from custagent.runtime.inbox.conversations import (
    ConversationRecord,
    read_conversation,
    read_filter,
    search_conversations,
)
from custagent.runtime.inbox.conversations import list_conversations as of_page
from custagent.runtime.inbox.transcripts import markdown
from custagent.store.conversations.search import FOUND, Filter, Hit

#: The ways to say which conversations are meant; `export` takes them as well.
StatusOption = Annotated[Status | None, typer.Option(help="Only those of this status.", show_default=False)]
ChannelOption = Annotated[str, typer.Option(metavar="CHANNEL", help="Only those on this channel.", show_default=False)]
AgentOption = Annotated[
    str, typer.Option(metavar="AGENT", help="Only those that this agent has or had.", show_default=False)
]
LanguageOption = Annotated[
    str, typer.Option(metavar="CODE", help="Only those in this language, such as sv.", show_default=False)
]
AssigneeOption = Annotated[
    str,
    typer.Option(
        metavar="user:NAME|team:NAME|nobody", help="Only those of this user or team, or nobody's.", show_default=False
    ),
]
ContactOption = Annotated[
    str,
    typer.Option(metavar="TEXT", help="Only this contact's: number, email or part of the name.", show_default=False),
]
SinceOption = Annotated[
    str, typer.Option(metavar="TIME", help="Last message since: 7d, 2026-11-18, 2026-11-18T12:30.", show_default=False)
]
UntilOption = Annotated[
    str, typer.Option(metavar="TIME", help="Last message until; a day counts whole.", show_default=False)
]
LimitOption = Annotated[int, typer.Option(min=1, help="The most that are listed.")]
BeforeOption = Annotated[
    str, typer.Option(metavar="ID", help="Go on after this one, the last of a page.", show_default=False)
]

_NAMES = {
    Sender.CONTACT: ("Contact", "bold cyan"),
    Sender.AGENT: ("Agent  AI", "bold green"),
    Sender.PERSON: ("Person", "bold magenta"),
}


def list_conversations(
    ctx: typer.Context,
    status: StatusOption = None,
    channel: ChannelOption = "",
    agent: AgentOption = "",
    language: LanguageOption = "",
    assignee: AssigneeOption = "",
    contact: ContactOption = "",
    since: SinceOption = "",
    until: UntilOption = "",
    limit: LimitOption = 50,
    before: BeforeOption = "",
    json: Json = False,
) -> None:
    """List the latest conversations.

    pending: the agent has it; open: a person has it, or it waits for one. Times are UTC. Imported ones come last.

    Examples:
      custagent conversations list
      custagent conversations list --status open --assignee nobody
      custagent conversations list --channel web --since 7d --json
    """
    app = open_app(ctx)
    wanted = read_filter(
        app, status=status, channel=channel, agent=agent, language=language, assignee=assignee, contact=contact,
        since=since, until=until,
    )  # fmt: skip
    listed = of_page(app, wanted, limit=limit, before=before)
    if json:
        print_json(listed)
        return
    if not listed:
        say("There is no such conversation." if before or wanted != Filter() else "There is no conversation yet.")
        return
    table(["Conversation", "Channel", "Status", "With", "Last message"], [_row(one) for one in listed])
    _tell_more(listed[-1].id, shown=len(listed), limit=limit)


def search(
    ctx: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help="All of them must occur.", show_default=False)],
    status: StatusOption = None,
    channel: ChannelOption = "",
    agent: AgentOption = "",
    language: LanguageOption = "",
    assignee: AssigneeOption = "",
    contact: ContactOption = "",
    since: SinceOption = "",
    until: UntilOption = "",
    limit: LimitOption = 20,
    before: BeforeOption = "",
    json: Json = False,
) -> None:
    """Find conversations by their words.

    Those in which one message holds all the words, the latest first. Capitals and accents make no difference; a star
    stands for the rest of a word; words in quotation marks stand side by side.

    Examples:
      custagent conversations search refund broken
      custagent conversations search 'deliver*' --language sv --since 30d
      custagent conversations search '"where is my order"' --json
    """
    app = open_app(ctx)
    wanted = read_filter(
        app, status=status, channel=channel, agent=agent, language=language, assignee=assignee, contact=contact,
        since=since, until=until,
    )  # fmt: skip
    with progress("Reading what was said since the last search") as bar:
        hits = search_conversations(
            app, " ".join(words), wanted, limit=limit, before=before,
            progress=lambda done, of: bar.show(done, of, "messages"),
        )  # fmt: skip
    if json:
        print_json(hits)
        return
    if not hits:
        say("Nothing was found.")
        return
    for hit in hits:
        _show_hit(hit)
    _tell_more(hits[-1].conversation.id, shown=len(hits), limit=limit)


def _show_hit(hit: Hit) -> None:
    conversation = hit.conversation
    head = Text(conversation.id, style="bold")
    more = f" · {counted(hit.messages, 'message')}" if hit.messages > 1 else ""
    head.append(
        f"  {conversation.last_message_at:%Y-%m-%d %H:%M} · {conversation.channel} · {conversation.status.value}{more}",
        style="dim",
    )
    stdout().print(head, soft_wrap=True)
    name, style = _NAMES[hit.sender]
    line = Text(f"{name}: ", style=style)
    for number, part in enumerate(visible(hit.snippet).split(FOUND)):
        line.append(part, style="bold yellow" if number % 2 else "")
    stdout().print(Padding(line, (0, 0, 0, 2), expand=False))


def _tell_more(last: str, *, shown: int, limit: int) -> None:
    """How to see the next page, for people: scripts read the id of the last row."""
    if shown == limit and stdout().is_terminal:
        say(f"There may be more: add --before {last}", style="dim")


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
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print a transcript in Markdown.")] = False,
    json: Json = False,
) -> None:
    """Show one conversation with all that is kept of it.

    What was said, what each reply rests on, whether it arrived, and what it cost. Times are UTC.

    Examples:
      custagent conversations show k2Hq9vXwB4nT7mRz1LcYdA
      custagent conversations show k2Hq9vXwB4nT7mRz1LcYdA --markdown > transcript.md
      custagent conversations show k2Hq9vXwB4nT7mRz1LcYdA --json
    """
    app = open_app(ctx)
    record = read_conversation(app, conversation)
    if json:
        print_json(record.as_json())
        return
    if as_markdown:
        sys.stdout.write(markdown(record))
        return
    show_facts(record)
    for message in record.messages:
        say()
        show_message(message, record)


def show_facts(record: ConversationRecord) -> None:
    """What is known of it as a whole."""
    conversation, contact = record.conversation, record.conversation.contact
    known = ", ".join(part for part in (contact.name, contact.email) if part)
    until = f" until {record.snoozed_until:%Y-%m-%d %H:%M}" if record.snoozed_until else ""
    facts = [
        ("Conversation", conversation.id),
        ("Channel", conversation.channel),
        ("Status", f"{conversation.status.value}{until}, with {_holder(conversation) or 'nobody'}"),
        ("Contact", f"{contact.id}, {known}" if known else str(contact.id)),
        ("Language", conversation.language or "not known"),
        ("Opened", f"{conversation.opened_at:%Y-%m-%d %H:%M}"),
        ("Last message", f"{conversation.last_message_at:%Y-%m-%d %H:%M}"),
    ]
    if conversation.closed_at:
        ended = f", {conversation.outcome.value}" if conversation.outcome else ""
        facts.append(("Closed", f"{conversation.closed_at:%Y-%m-%d %H:%M}{ended}"))
    facts.append(("Credits", _cost(record)))
    for label, value in [*facts, *handoff_facts(record)]:
        fact(label, value)


def _cost(record: ConversationRecord) -> str:
    if not record.credit_entries:
        return "none"
    total = sum(entry.amount for entry in record.credit_entries)
    reversed_ = any(entry.kind is CreditKind.REVERSAL for entry in record.credit_entries)
    return f"{-total} ({len(record.credit_entries)} entries, a charge was given back)" if reversed_ else f"{-total}"


def show_message(message: Message, record: ConversationRecord) -> None:
    """Who said it, when and why, whether it arrived, and the words."""
    name, style = _NAMES[message.sender]
    head = Text(f"{message.at:%Y-%m-%d %H:%M}  ", style="dim")
    past_us = message.sender is Sender.PERSON and not message.author
    head.append("outside custagent" if past_us else visible(message.author or name), style=style)
    told = [f"#{message.id}"]
    told += [message.kind.value] if message.sender is Sender.AGENT else []
    told += [message.reason] if message.reason else []
    told += [f"confidence {message.confidence:.2f}"] if message.confidence is not None else []
    delivery = record.deliveries.get(message.id)
    told += [delivery.value] if delivery else []
    told += ["edited" if message.text else "taken back"] if message.edited_at else []
    verdict = record.verdicts.get(message.id)
    told += [f"thumbs {verdict.value}"] if verdict else []
    head.append(f"  {' · '.join(told)}", style="dim")
    stdout().print(head)
    show_body(message.text)
    for attachment in message.attachments:
        size = told_of(attachment)
        say(f"  attached: {attachment.name}" + (f" ({size})" if size else ""), style="dim")
    for number, citation in dict(numbered(message.citations)).items():
        show_source(number, citation)
