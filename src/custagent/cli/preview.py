"""The command preview: for people a chat in the terminal, for scripts questions in and JSON out (PRE-1 to PRE-4)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from custagent.cli.agents import AgentName, Json, open_app
from custagent.cli.ask import can_ask
from custagent.cli.render import print_json, warn
from custagent.cli.transcript import show_answer, show_question
from custagent.core.errors import UsageError
from custagent.core.ports import Answerer
from custagent.runtime.preview import PreviewSession, answer_object, ask_lines
from custagent.runtime.sources import states


def preview(
    ctx: typer.Context,
    agent: AgentName,
    ask: Annotated[
        list[str] | None, typer.Option("--ask", metavar="TEXT", help="A question. Repeat it for a conversation.")
    ] = None,
    ask_file: Annotated[
        Path | None,
        typer.Option("--ask-file", metavar="FILE.jsonl", help="Independent questions, one a line; - for stdin."),
    ] = None,
    channel: Annotated[str, typer.Option(help="Answer as on this channel.", show_default=False)] = "",
    language: Annotated[
        str, typer.Option(help="The language to assume when a question does not tell.", show_default=False)
    ] = "",
    json: Json = False,
) -> None:
    """Talk to an agent in the terminal.

    Free of credits, sent nowhere, and counted in no figure. It uses the agent's file as it stands, applied or not.

    Examples:
      custagent preview support
      custagent preview support --ask "How long do refunds take?"
      custagent preview support --ask-file questions.jsonl --json
    """
    if ask and ask_file:
        raise UsageError("--ask and --ask-file do not go together")
    if json and not ask and not ask_file:
        raise UsageError("--json needs questions", hint='For example: --ask "How long do refunds take?"')
    app = open_app(ctx)
    definition = app.agent(agent)
    _check_content(agent, [state.synced_at is not None for state in states(app, agent)])
    answerer = app.answerer(definition)
    if ask_file:
        _ask_file(answerer, ask_file, channel=channel, language=language, json=json)
        return
    session = PreviewSession(answerer, channel=channel, language=language)
    if ask:
        _ask(session, ask, json=json)
        return
    if not can_ask():
        raise UsageError("there is no terminal to talk in", hint='Ask with --ask "…" or --ask-file FILE.jsonl')
    from custagent.cli.console import Console

    Console(app, definition, session).run()


def _check_content(agent: str, was_read: list[bool]) -> None:
    if not was_read:
        warn(
            f"{agent} has no content yet.",
            hint=f"custagent sources add {agent} https://help.example.com --import-related",
        )
    elif not all(was_read):
        count = was_read.count(False)
        warn(
            f"{count} of its sources {'was' if count == 1 else 'were'} never read.",
            hint=f"custagent sources sync {agent}",
        )


def _ask(session: PreviewSession, questions: list[str], *, json: bool) -> None:
    for number, question in enumerate(questions, 1):
        answer = session.ask(question)
        if json:
            print_json(answer_object(answer, question, str(number)))
        else:
            show_question(question)
            show_answer(answer)


def _ask_file(answerer: Answerer, file: Path, *, channel: str, language: str, json: bool) -> None:
    with _lines(file) as lines:
        for one in ask_lines(answerer, lines, channel=channel, language=language):
            if json:
                print_json(answer_object(one.answer, one.question, one.id))
            else:
                show_question(one.question)
                show_answer(one.answer)


@contextmanager
def _lines(file: Path) -> Iterator[Iterator[str]]:
    if str(file) == "-":
        yield iter(sys.stdin)
        return
    try:
        stream = file.open(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"the question file {file} cannot be opened: {error.strerror}") from error
    with stream:
        yield iter(stream)
