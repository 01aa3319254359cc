"""The command that tells how the workspace is doing: status."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import typer
from rich.table import Table
from rich.text import Text

from custagent.cli.opening import Json, open_app, tell_words_only
from custagent.cli.render import counted, print_json, say, stdout, visible, warn
from custagent.core.conversation import Status
from custagent.runtime.definitions.channels import ADD_HINT, ChannelState
from custagent.runtime.health.status import IndexState, StatusReport, SyncProblem, workspace_status
from custagent.runtime.runner.channel_states import in_words
from custagent.store.channel_states import Way

#: Each kind of difference in words, and what to do about it.
_DIFFERENCES = {
    "changed": "was changed since it was put into force",
    "never applied": "was never put into force",
    "gone": "is still live, but its file is gone",
}
#: How many dead letters and notices a person is shown; --json has more.
_MOST_DEAD_LETTERS = 5
_MOST_NOTICES = 5
#: Where the values begin.
_INDENT = 16
#: A reply or message that waits longer is in yellow.
_LONG = timedelta(minutes=5)
#: The newest backup that is older is in yellow.
_OLD_BACKUP = timedelta(days=2)


def status(ctx: typer.Context, json: Json = False) -> None:
    """Show what runs, what waits and what needs a look.

    The runner, the channels and who answers there, conversations, what waits and for how long, credits, each agent's
    index, backups, what people must be told, files that differ from what is live, and sources that could not be read.
    Times are UTC.

    Examples:
      custagent status
      custagent status --json
    """
    app = open_app(ctx)
    report = workspace_status(app)
    if json:
        print_json(report)
        return
    _show(report)
    tell_words_only(app)
    _show_faults(report)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the report."""

    #: "" for one that goes on with what the line before is about.
    label: str
    value: str
    style: str = ""


def _show(report: StatusReport) -> None:
    """Labels and values in two columns; long values stay in theirs."""
    lines = list(_lines(report))
    if not stdout().is_terminal:
        for line in lines:
            say(f"{_labelled(line):<{_INDENT}}{line.value}")
        return
    columns = Table.grid()
    columns.add_column(width=_INDENT, no_wrap=True)
    columns.add_column(overflow="fold")
    for line in lines:
        columns.add_row(Text(_labelled(line), style="dim"), Text(visible(line.value), style=line.style))
    stdout().print(columns)


def _labelled(line: _Line) -> str:
    return f"{line.label}:" if line.label else ""


def _lines(report: StatusReport) -> Iterator[_Line]:
    yield _Line("Runner", str(report.runner or "not running"), "green" if report.runner else "yellow")
    if not report.runner and any(channel.agent for channel in report.channels):
        yield _Line("", "start it with: custagent run")
    yield from _channels(report)
    yield _Line("Conversations", ", ".join(f"{report.conversations[one]} {one.value}" for one in Status))
    waiting = f"{report.waiting_messages} waiting for the agent{_for(report.oldest_message_at, report.at)}"
    yield _Line("Messages", waiting, _when_long(report.oldest_message_at, report.at))
    replies = (
        f"{report.waiting_replies} waiting{_for(report.oldest_reply_at, report.at)}, {report.dead_letters} given up"
    )
    yield _Line("Replies", replies, _when_long(report.oldest_reply_at, report.at))
    yield _Line("Credits", _credits(report), "yellow" if report.credits.is_out else "")
    for number, index in enumerate(report.indexes):
        yield _Line("" if number else "Content", _index(index, report.at), "yellow" if index.error else "")
    yield _backups(report)


def _channels(report: StatusReport) -> Iterator[_Line]:
    if not report.channels:
        yield _Line("Channels", f"none yet: {ADD_HINT}")
    for number, channel in enumerate(report.channels):
        yield _Line("" if number else "Channels", f"{channel.name}: {_answers(channel)}")
    on_channels = {channel.agent for channel in report.channels}
    for pause in report.paused:
        where = "" if pause.agent in on_channels else ", which is on no channel"
        by = f" by {pause.by}" if pause.by else ""
        yield _Line("Paused", f"{pause.agent}{where}, since {pause.since:%Y-%m-%d %H:%M}{by}", "yellow")


def _credits(report: StatusReport) -> str:
    credits_ = report.credits
    if credits_.available is None:
        limits = "no limit is set" if credits_.limited else "usage is counted, not limited"
        return f"{credits_.balance}; {credits_.used} used this month, {limits}"
    enough = counted(credits_.available // credits_.price, "new conversation")
    return f"{credits_.balance}; enough for {enough} ({credits_.percent} % used this month)"


def _index(index: IndexState, at: datetime) -> str:
    if index.error:
        return f"{index.agent}: its index cannot be used"
    if not index.generation:
        return f"{index.agent}: nothing to answer from yet"
    passages = f"{index.passages:,} passage{'' if index.passages == 1 else 's'}"
    read = f", read {_age(at - index.synced_at)} ago" if index.synced_at else ""
    return f"{index.agent}: {passages}{read} (index {index.generation})"


def _backups(report: StatusReport) -> _Line:
    kept = report.backups
    if kept.newest is None or kept.taken_at is None:
        return _Line("Backups", "none yet: custagent backup", "yellow")
    age = report.at - kept.taken_at
    told = f"{kept.count}, the newest {_age(age)} ago ({kept.newest})"
    return _Line("Backups", told, "yellow" if age > _OLD_BACKUP else "")


def _for(since: datetime | None, at: datetime) -> str:
    return f", the oldest for {_age(at - since)}" if since else ""


def _when_long(since: datetime | None, at: datetime) -> str:
    return "yellow" if since and at - since > _LONG else ""


def _age(age: timedelta) -> str:
    """ "12 s", "3 min", "5 h", "2 days"."""
    seconds = max(0, round(age.total_seconds()))
    for limit, unit, name in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds // unit} {name}"
    return f"{seconds // 86_400} days"


def _answers(channel: ChannelState) -> str:
    if channel.channel_paused:
        who = f"paused since {channel.channel_paused.since:%Y-%m-%d %H:%M}, people answer"
    elif channel.agent and any(one.way is Way.SENDING and one.told_at for one in channel.troubles):
        who = "nothing goes out, people get what comes in"
    elif channel.paused:
        who = f"{channel.agent} is paused, people answer"
    elif channel.agent:
        who = f"{channel.agent} {'drafts for people' if channel.suggests else 'answers'}"
    else:
        who = "no agent, people alone answer"
    return f"{who} ({channel.kind}, desk {channel.desk})"


def _show_faults(report: StatusReport) -> None:
    for notice in report.notices[:_MOST_NOTICES]:
        hint = f"custagent conversations show {notice.conversation}" if notice.conversation else ""
        warn(f"{notice.text} ({notice.at:%Y-%m-%d %H:%M} UTC)", hint=hint)
    for index in report.indexes:
        if index.error:
            warn(index.error, hint=f"custagent sources sync {index.agent}")
    for channel in report.channels:
        for trouble in channel.troubles:
            warn(in_words(trouble), hint=f"custagent channels check {channel.name}")
        if channel.fault:
            warn(f"{channel.name}: {channel.fault}", hint=f"custagent channels check {channel.name}")
    for letter in report.last_dead_letters[:_MOST_DEAD_LETTERS]:
        warn(
            f"a reply on {letter.channel} was given up on {letter.at:%Y-%m-%d %H:%M}: {letter.error}",
            hint=f"custagent conversations show {letter.conversation}",
        )
    _show_webhooks(report)
    for difference in report.differences:
        warn(f"{difference.name} {_DIFFERENCES[difference.kind]}", hint="custagent apply")
    for problem in report.sync_problems:
        warn(_told(problem), hint=f"custagent sources sync {problem.agent}")


def _show_webhooks(report: StatusReport) -> None:
    for webhook in report.webhooks:
        if webhook.fault:
            warn(webhook.fault, hint="custagent notifications list")


def _told(problem: SyncProblem) -> str:
    pages = f"{counted(problem.pages_not_read, 'page')} could not be read" if problem.pages_not_read else ""
    return f"{problem.agent}: {problem.location}: {'; '.join(filter(None, (problem.error, pages)))}"
