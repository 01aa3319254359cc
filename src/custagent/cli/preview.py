"""The command preview: for people a chat in the terminal, for scripts questions in and JSON out (PRE-1 to PRE-4)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from custagent.cli.ask import can_ask
from custagent.cli.opening import AgentName, Json, open_app, tell_words_only
from custagent.cli.render import next_steps, print_json, warn
from custagent.config.cases import case_path
from custagent.core.agent import AgentDefinition
from custagent.core.answer import Answer
from custagent.core.errors import UsageError
from custagent.core.ports import Answerer
from custagent.runtime.content.source_states import states
from custagent.runtime.proving.preview import PreviewSession, answer_object, ask_lines

#: Where the page of --web is: beside the runner's.
WEB_PORT = 8710

if TYPE_CHECKING:
    from custagent.cli.live import LiveReply
    from custagent.runtime.bootstrap import Application
    from custagent.runtime.inbox.explain import Explanation


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
    channel: Annotated[
        str, typer.Option(metavar="CHANNEL", help="Answer as on this channel.", show_default=False)
    ] = "",
    language: Annotated[
        str,
        typer.Option(metavar="CODE", help="The language to assume when a question does not tell.", show_default=False),
    ] = "",
    explain: Annotated[bool, typer.Option("--explain", help="Show why each reply came out as it did.")] = False,
    web: Annotated[
        bool, typer.Option("--web", help="Show the chat on a web page of this machine, for colleagues.")
    ] = False,
    host: Annotated[str, typer.Option(help="With --web: the address to listen at.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="With --web: the port to listen at; 0 takes a free one.")
    ] = WEB_PORT,
    json: Json = False,
) -> None:
    """Talk to an agent in the terminal.

    Free of credits, sent nowhere, and counted in no figure. It uses the agent's file as it stands, applied or not. With
    --web it opens the chat as customers will have it on a page of its own, whose address it prints.

    Examples:
      custagent preview support
      custagent preview support --ask "How long do refunds take?"
      custagent preview support --ask "How long do refunds take?" --explain
      custagent preview support --ask-file questions.jsonl --json
      custagent preview support --web
    """
    if web and (ask or ask_file or json or explain):
        raise UsageError("--web goes with none of --ask, --ask-file, --explain and --json")
    if ask and ask_file:
        raise UsageError("--ask and --ask-file do not go together")
    if json and not ask and not ask_file:
        raise UsageError("--json needs questions", hint='For example: --ask "How long do refunds take?"')
    app = open_app(ctx)
    definition = app.agent(agent)
    if channel:
        from custagent.runtime.proving.preview_turn import kind_of_channel

        kind_of_channel(app, channel)
    _check_content(agent, [state.synced_at is not None for state in states(app, agent)])
    tell_words_only(app)
    if web:
        from custagent.cli.web_preview import show_in_browser

        show_in_browser(app, definition, host=host, port=port, channel=channel)
        return
    show = _Shown(definition=definition, explain=explain, json=json)
    if ask_file:
        _ask_file(app.answerer(definition), ask_file, show, channel=channel, language=language, masked=app.masked)
        return
    live = None if json else _live(definition, app.home.root)
    answerer = app.answerer(definition, said=live.hear if live else None)
    session = PreviewSession(answerer, channel=channel, language=language, masked=app.masked)
    if ask:
        for number, question in enumerate(ask, 1):
            show.ask(app, session, question, str(number), live)
        return
    if not can_ask():
        raise UsageError("there is no terminal to talk in", hint='Ask with --ask "…" or --ask-file FILE.jsonl')
    from custagent.cli.console import Console

    Console(app, definition, session, live or _live(definition, app.home.root)).run()
    tell_next(app, agent)


def tell_next(app: Application, agent: str) -> None:
    """After the first talks: what was good is kept as cases."""
    if not case_path(app.home, agent).exists():
        next_steps([f"custagent test {agent} --init"])


def _live(agent: AgentDefinition, root: Path) -> LiveReply:
    # What draws on a terminal is not loaded for a script that wants JSON.
    from custagent.cli.live import LiveReply
    from custagent.cli.transcript import labels_of

    return LiveReply(labels_of(agent), root)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """How answers are printed."""

    definition: AgentDefinition
    explain: bool
    json: bool

    def __call__(self, answer: Answer, question: str, number: str | int) -> None:
        if self.json:
            explained = {"explanation": self._explained(answer, question)} if self.explain else {}
            print_json({**answer_object(answer, question, number), **explained})
            return
        from custagent.cli.transcript import labels_of, show_answer, show_question

        show_question(question)
        show_answer(answer, labels=labels_of(self.definition))
        self._show_why(answer, question)

    def ask(
        self, app: Application, session: PreviewSession, question: str, number: str, live: LiveReply | None
    ) -> None:
        """One question of a conversation; `live` shows the reply as it comes, unless it is for a script."""
        if live is None:
            self(session.ask(question), question, number)
            return
        from custagent.cli.preview_turn import show_reply
        from custagent.cli.transcript import show_question

        show_question(question)
        answer = session.ask(question)
        show_reply(app, self.definition, session, live)
        self._show_why(answer, question)

    def _show_why(self, answer: Answer, question: str) -> None:
        if self.explain:
            from custagent.cli.evidence import show_explanation

            show_explanation(self._explained(answer, question), with_reply=False)

    def _explained(self, answer: Answer, question: str) -> Explanation:
        from custagent.runtime.inbox.explain import explain_answer

        return explain_answer(answer, question, agent=self.definition.name)


def _ask_file(
    answerer: Answerer, file: Path, show: _Shown, *, channel: str, language: str, masked: Callable[[str], str]
) -> None:
    with _lines(file) as lines:
        for one in ask_lines(answerer, lines, channel=channel, language=language, masked=masked):
            show(one.answer, one.question, one.id)


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
