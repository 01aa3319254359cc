"""The command that tells how the workspace is doing: status."""

from __future__ import annotations

import typer

from custagent.cli.agents import Json, open_app
from custagent.cli.render import counted, print_json, say, warn
from custagent.core.conversation import Status
from custagent.runtime.channels import ADD_HINT, ChannelState
from custagent.runtime.status import StatusReport, SyncProblem, workspace_status

#: Each kind of difference in words, and what to do about it.
_DIFFERENCES = {
    "changed": "was changed since it was put into force",
    "never applied": "was never put into force",
    "gone": "is still live, but its file is gone",
}
#: How many dead letters a person is shown; --json has more.
_MOST_DEAD_LETTERS = 5


def status(ctx: typer.Context, json: Json = False) -> None:
    """Show what runs, what waits and what needs a look.

    The runner, the channels and who answers there, open conversations, replies that wait or were given up, files that
    differ from what is live, and sources that could not be read. Times are UTC.

    Example:
      custagent status
    """
    app = open_app(ctx)
    report = workspace_status(app)
    if json:
        print_json(report)
        return
    _show(report)
    _show_faults(report)


def _show(report: StatusReport) -> None:
    say(f"Runner:         {report.runner or 'not running'}")
    if not report.runner and any(channel.agent for channel in report.channels):
        say("                start it with: custagent run")
    say("Channels:" if report.channels else f"Channels:       none yet: {ADD_HINT}")
    for channel in report.channels:
        say(f"  {channel.name:<14}{_answers(channel)}")
    on_channels = {channel.agent for channel in report.channels}
    for pause in report.paused:
        where = "" if pause.agent in on_channels else ", which is on no channel"
        by = f" by {pause.by}" if pause.by else ""
        say(f"Paused:         {pause.agent}{where}, since {pause.since:%Y-%m-%d %H:%M}{by}", style="yellow")
    counts = ", ".join(f"{report.conversations[one]} {one.value}" for one in Status)
    say(f"Conversations:  {counts}")
    say(f"Replies:        {report.waiting_replies} waiting, {report.dead_letters} given up")


def _answers(channel: ChannelState) -> str:
    who = f"{channel.agent} answers" if channel.agent else "no agent, people alone answer"
    if channel.paused:
        who = f"{channel.agent} is paused, people answer"
    return f"{who} ({channel.kind}, desk {channel.desk})"


def _show_faults(report: StatusReport) -> None:
    for channel in report.channels:
        if channel.fault:
            warn(f"{channel.name}: {channel.fault}", hint=f"custagent channels check {channel.name}")
    for letter in report.last_dead_letters[:_MOST_DEAD_LETTERS]:
        warn(
            f"a reply on {letter.channel} was given up on {letter.at:%Y-%m-%d %H:%M}: {letter.error}",
            hint=f"custagent conversations show {letter.conversation}",
        )
    for difference in report.differences:
        warn(f"{difference.name} {_DIFFERENCES[difference.kind]}", hint="custagent apply")
    for problem in report.sync_problems:
        warn(_told(problem), hint=f"custagent sources sync {problem.agent}")


def _told(problem: SyncProblem) -> str:
    if problem.error:
        return f"{problem.agent}: {problem.location}: {problem.error}"
    return f"{problem.agent}: {problem.location}: {counted(problem.pages_not_read, 'page')} could not be read"
