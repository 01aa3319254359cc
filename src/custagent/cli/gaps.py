"""Commands about what contacts asked and the agent could not answer: gaps list, show, answer, dismiss, reopen."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from custagent.cli.ask import ask_text, can_ask
from custagent.cli.opening import Json, open_app, tell_words_only
from custagent.cli.reading import ReadingDisplay
from custagent.cli.render import counted, fact, next_steps, print_json, progress, say, success, table, warn
from custagent.core.errors import UsageError
from custagent.core.gap import Gap, GapKind, GapQuestion, GapStatus
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.gap_answers import AskedAgain, GapAnswered, answer_gap, require_may_answer
from custagent.runtime.content.gaps import GapDetail, dismiss_gap, look_for_gaps, reopen_gap, show_gap
from custagent.runtime.inbox.conversations import read_moment

#: Letters of a topic in a list.
_TOPIC = 200
#: Questions of a gap that are shown.
SHOWN = 20

Number = Annotated[int, typer.Argument(metavar="GAP", help="Its number, as `gaps list` shows it.", show_default=False)]


def list_gaps(
    ctx: typer.Context,
    agent: Annotated[
        str, typer.Option(metavar="AGENT", help="Only those that this agent had.", show_default=False)
    ] = "",
    kind: Annotated[GapKind | None, typer.Option("--kind", help="Only of this kind.", show_default=False)] = None,
    since: Annotated[
        str,
        typer.Option(
            metavar="TIME", help="Only what was asked since: 7d, 2026-11-18, 2026-11-18T12:30.", show_default=False
        ),
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help="Answered and dismissed ones too.")] = False,
    json: Json = False,
) -> None:
    """List what contacts asked and the agent could not answer, by topic.

    Those of most conversations first. Questions that ended in a rephrase or with people, and answers that a contact or a
    colleague called wrong. What is said in previews and tests does not count.

    Examples:
      custagent gaps list
      custagent gaps list --agent support --kind wrong --since 30d
      custagent gaps list --all --json
    """
    app = open_app(ctx)
    agents = [app.agent(agent).name] if agent else None
    moment = read_moment(app, since, end=False) if since else None
    tell_words_only(app)
    _look(app, agents)
    gaps = app.store.gaps.find(
        agents,
        kinds=[kind] if kind else tuple(GapKind),
        statuses=tuple(GapStatus) if everything else (GapStatus.OPEN,),
        since=moment,
    )
    if json:
        print_json([_as_json(gap) for gap in gaps])
        return
    if not gaps:
        say("There is no gap: nothing was asked that is still without an answer.")
        return
    table(["Gap", "Topic", "Kind", "Conv.", "Last", "State"], [_row(gap) for gap in gaps])
    first = next((gap for gap in gaps if gap.status is GapStatus.OPEN), gaps[0])
    next_steps([f"custagent gaps show {first.id}"])


def show(ctx: typer.Context, gap: Number, json: Json = False) -> None:
    """Show one gap: the exact questions, what came closest to an answer, and what a person replied.

    Example:
      custagent gaps show 3
    """
    app = open_app(ctx)
    agent = app.store.gaps.gap(gap).agent
    _look(app, [agent])
    detail = show_gap(app, gap)
    if json:
        print_json(_detail_as_json(detail))
        return
    _show(detail)


def answer(
    ctx: typer.Context,
    gap: Number,
    text: Annotated[
        str, typer.Option("--text", metavar="TEXT", help="The answer, as contacts read it.", show_default=False)
    ] = "",
    question: Annotated[
        str,
        typer.Option(
            "--question",
            metavar="TEXT",
            help="The question it is written under. Default: the gap's.",
            show_default=False,
        ),
    ] = "",
    json: Json = False,
) -> None:
    """Answer a gap: write a short answer and a test case, and ask its questions again.

    The short answer goes into the agent's file and into force, the test case into agents/NAME.test.yaml. Without --text
    your editor ($EDITOR) opens, with what a person replied as a draft; without an editor you are asked. The gap is closed
    when its question gets the answer, and opens again when a contact asks and is not answered all the same.

    Examples:
      custagent gaps answer 3
      custagent gaps answer 3 --text "Yes, to all of Norway within four days."
      custagent gaps answer 3 --question "Do you ship to Norway?" --text "Yes, within four days."
    """
    app = open_app(ctx)
    require_may_answer(app)
    _look(app, [app.store.gaps.gap(gap).agent])
    detail = show_gap(app, gap)
    if not text:
        question, text = _written(detail, question)
    with progress("Reading the answer") as shown:
        done = answer_gap(app, gap, text, ReadingDisplay(shown), question=question)
    if json:
        print_json(_answered_as_json(done))
    else:
        _tell_answered(done)
    if not done.works:
        raise typer.Exit(1)


def dismiss(ctx: typer.Context, gap: Number, json: Json = False) -> None:
    """Put a gap aside that nobody will write an answer to.

    It is not listed any more, whatever more is asked about it.

    Example:
      custagent gaps dismiss 3
    """
    done = dismiss_gap(open_app(ctx), gap)
    if json:
        print_json({"gap": done.id, "status": done.status})
        return
    success(f"Gap {done.id} is dismissed.")
    next_steps([f"custagent gaps reopen {done.id}"])


def reopen(ctx: typer.Context, gap: Number, json: Json = False) -> None:
    """Open a gap again that was answered or dismissed.

    Example:
      custagent gaps reopen 3
    """
    done = reopen_gap(open_app(ctx), gap)
    if json:
        print_json({"gap": done.id, "status": done.status})
        return
    success(f"Gap {done.id} is open again.")
    next_steps([f"custagent gaps answer {done.id}"])


def _look(app: Application, agents: list[str] | None) -> None:
    """Read what was asked since the last time, and tell which answered gaps it opened again."""
    with progress("Reading questions") as shown:
        found = look_for_gaps(app, agents, watch=shown.show)
    for number in found.reopened:
        warn(
            f"Gap {number} was answered and is open again: {_short(app.store.gaps.gap(number).topic)}",
            hint=f"See what was asked: custagent gaps show {number}",
        )


def _short(topic: str) -> str:
    if not topic:
        return "(its words were erased)"
    return topic if len(topic) <= _TOPIC else f"{topic[: _TOPIC - 1]}…"


def _state(gap: Gap) -> str:
    return "open again" if gap.status is GapStatus.OPEN and gap.reopened_at else gap.status.value


def _row(gap: Gap) -> list[Any]:
    return [gap.id, _short(gap.topic), gap.kind.value, gap.conversations, f"{gap.last_seen:%Y-%m-%d}", _state(gap)]


def _show(detail: GapDetail) -> None:
    gap = detail.gap
    say(_short(gap.topic), style="bold")
    fact("Gap", f"{gap.id}, {_state(gap)}, of agent {gap.agent}")
    why = "somebody said that the answer was wrong" if gap.kind is GapKind.WRONG else "nothing fitted"
    fact("Kind", f"{gap.kind.value}: {why}")
    asked = f"{counted(gap.questions, 'time')} in {counted(gap.conversations, 'conversation')}"
    fact("Asked", f"{asked}, last on {gap.last_seen:%Y-%m-%d %H:%M} UTC")
    fact("Languages", ", ".join(gap.languages))
    fact("Channels", ", ".join(gap.channels))
    nearest = max((one.nearest for one in detail.questions if one.nearest), key=lambda one: one.score, default=None)
    if nearest:
        fact("Closest", f"{nearest.title} (score {nearest.score:.2f}) {nearest.place}")
    say()
    say("Questions:")
    for one in detail.questions[:SHOWN]:
        _show_question(one)
    if len(detail.questions) > SHOWN:
        say(f"  and {len(detail.questions) - SHOWN} more (--json lists all)", style="dim")
    if detail.draft:
        say()
        say("A person replied:")
        for line in detail.draft.splitlines():
            say(f"  {line}")
    if gap.status is GapStatus.OPEN:
        next_steps([f"custagent gaps answer {gap.id}", f"custagent gaps dismiss {gap.id}"])


def _show_question(one: GapQuestion) -> None:
    lines = one.text.splitlines() or ["(erased)"]
    say(f"  - {lines[0]}")
    for line in lines[1:]:
        say(f"    {line}")
    say(f"    {one.at:%Y-%m-%d %H:%M}, {one.channel}, {one.decision}, {one.conversation}", style="dim")


def _written(detail: GapDetail, question: str) -> tuple[str, str]:
    """(question, answer) as a person at the terminal writes them. Raises UsageError when nobody is there."""
    number = detail.gap.id
    if not can_ask():
        raise UsageError("there is no answer to write down", hint=f'custagent gaps answer {number} --text "…"')
    question = question or ask_text(
        "The question, as it will stand in the agent's file", default=detail.suggested_question
    )
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor:
        if detail.draft:
            say(f"A person replied: {detail.draft}", style="dim")
        return question, ask_text("The answer, as contacts should read it")
    return question, edited(editor, detail.draft)


def edited(editor: str, draft: str) -> str:
    """What somebody leaves in a file that begins with `draft`. Raises UsageError when the editor does not work."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answer.md"
        path.write_text(draft, encoding="utf-8")
        try:
            subprocess.run([*shlex.split(editor), str(path)], check=True)
        except (OSError, subprocess.CalledProcessError, ValueError) as error:
            raise UsageError(f"the editor {editor!r} did not work: {error}", hint='Use --text "…" instead.') from error
        return path.read_text(encoding="utf-8").strip()


def _tell_answered(done: GapAnswered) -> None:
    agent = done.gap.agent
    success(f"Wrote the short answer to {done.question!r} into agents/{agent}.yaml; it is in force.")
    if done.case_added:
        say(f"Wrote a test case into agents/{agent}.test.yaml.")
    for one in done.again:
        _tell_again(one)
    say(f"{done.answered} of {counted(len(done.again), 'question')} answered now.", style="bold")
    if not done.works:
        warn(
            "The question itself does not get the answer, so the gap stays open.",
            hint=f"See why: custagent preview {agent} --ask {shlex.quote(done.question)} --explain",
        )
        return
    say(f"Gap {done.gap.id} is answered.", style="green")
    if done.answered < len(done.again):
        hint = f'Write the answer under another question, too: custagent gaps answer {done.gap.id} --question "…"'
        say(hint, style="dim")
    next_steps([f"custagent test {agent}"])


def _tell_again(one: AskedAgain) -> None:
    words = " ".join(one.question.text.split())
    if one.answered:
        say(f"  answered now    {_short(words)}")
    else:
        say(f"  still {one.answer.decision.kind.value:<10}{_short(words)}", style="yellow")


def _as_json(gap: Gap) -> dict[str, Any]:
    return {
        "id": gap.id,
        "agent": gap.agent,
        "kind": gap.kind.value,
        "status": gap.status.value,
        "topic": gap.topic,
        "language": gap.language,
        "questions": gap.questions,
        "conversations": gap.conversations,
        "languages": gap.languages,
        "channels": gap.channels,
        "last_seen": gap.last_seen,
        "closed_at": gap.closed_at,
        "reopened_at": gap.reopened_at,
    }


def _detail_as_json(detail: GapDetail) -> dict[str, Any]:
    return {**_as_json(detail.gap), "draft": detail.draft, "asked": list(detail.questions)}


def _answered_as_json(done: GapAnswered) -> dict[str, Any]:
    again = [
        {
            "question": one.question.text,
            "answered": one.answered,
            "decision": one.answer.decision.kind.value,
            "reason": one.answer.decision.reason.value,
        }
        for one in done.again
    ]
    return {
        **_as_json(done.gap),
        "question": done.question,
        "works": done.works,
        "case_added": done.case_added,
        "answered": done.answered,
        "again": again,
    }
