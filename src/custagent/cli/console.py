"""The preview's chat: sample questions to pick from, own questions, settings by slash commands (PRE-1, PRE-3)."""

from __future__ import annotations

from collections.abc import Callable

from custagent.cli.ask import ask_choice, ask_text
from custagent.cli.evidence import show_explanation
from custagent.cli.live import LiveReply
from custagent.cli.render import fail, say, success
from custagent.cli.sources import read_places
from custagent.core.agent import AgentDefinition
from custagent.core.answer import Answer, DecisionKind, Reason
from custagent.core.document import numbered
from custagent.core.errors import CustagentError
from custagent.core.gap import GapStatus
from custagent.knowledge.samples import sample_questions
from custagent.runtime.bootstrap import Application
from custagent.runtime.explain import explain_answer
from custagent.runtime.preview import PreviewSession
from custagent.runtime.sources import Place, find_place

#: Decisions for which content could help.
_LACKS_CONTENT = (Reason.NOTHING_FITS, Reason.ATTEMPTS_USED)
#: Gaps that can be picked from.
MOST_GAPS = 9


class Console:
    """One preview in the terminal, from the greeting to /quit."""

    def __init__(self, app: Application, agent: AgentDefinition, session: PreviewSession, live: LiveReply) -> None:
        self._app = app
        self._agent = agent
        self._session = session
        self._live = live
        self._last: Answer | None = None
        self._samples = self._find_samples()
        self._commands: dict[str, tuple[str, Callable[[str], None]]] = {
            "/channel": ("answer as on a channel: /channel website", self._set_channel),
            "/language": ("assume a language: /language sv", self._set_language),
            "/explain": ("why the last answer came out as it did", self._explain),
            "/sources": ("what the last answer rests on, word for word", self._sources),
            "/samples": ("the sample questions again", self._show_samples_again),
            "/gaps": ("what contacts asked and the agent could not answer, to try", self._show_gaps),
            "/reset": ("begin a new conversation", self._reset),
            "/help": ("this list", lambda _: self._help()),
            "/quit": ("leave", self._quit),
        }

    def run(self) -> None:
        """Talk until /quit, Ctrl-D or Ctrl-C."""
        from prompt_toolkit import PromptSession
        from prompt_toolkit.completion import WordCompleter
        from prompt_toolkit.history import FileHistory

        prompt: PromptSession[str] = PromptSession(
            history=FileHistory(str(self._app.home.state_folder / "preview-history")),
            completer=WordCompleter(list(self._commands), sentence=True),
            complete_while_typing=False,
        )
        say(f"Preview of {self._agent.name}. Nothing is charged or sent. /help lists the commands.", style="dim")
        self._show_samples()
        while True:
            try:
                typed = prompt.prompt("You> ").strip()
                if typed:
                    self._take(typed)
            except (EOFError, KeyboardInterrupt):
                return
            except CustagentError as error:
                fail(error.message, hint=error.hint)

    def _take(self, typed: str) -> None:
        if typed.startswith("/"):
            word, _, rest = typed.partition(" ")
            if word not in self._commands:
                say(f"There is no {word} here; /help lists the commands.", style="yellow")
                return
            self._commands[word][1](rest.strip())
            return
        if typed.isdigit() and 1 <= int(typed) <= len(self._samples):
            typed = self._samples[int(typed) - 1]
            say(f"  {typed}", style="cyan")
        self._ask(typed)

    def _ask(self, question: str) -> None:
        self._last = self._session.ask(question)
        self._live.show(self._last)
        decision = self._last.decision
        if decision.kind is not DecisionKind.ANSWER and decision.reason in _LACKS_CONTENT:
            self._offer_content(question)

    def _offer_content(self, question: str) -> None:
        """Add what is missing there and then, and ask again (PRE-3)."""
        choices = ["write a short answer", "add a file, folder or web address", "go on"]
        chosen = ask_choice("The content does not answer this. You can:", choices, default="go on")
        if chosen == choices[2]:
            return
        if chosen == choices[0]:
            answer = ask_text("The answer, as contacts should read it")
            place = Place(mapping={"short_answer": question, "answer": answer})
        else:
            place = find_place(self._app, ask_text("File, folder or web address"), {})
        self._agent = read_places(self._app, self._agent.name, [place])
        self._session.answer_with(self._app.answerer(self._agent, said=self._live.hear))
        self._session.forget_last()
        success("Added. Asking again:")
        self._last = self._session.ask(question)
        self._live.show(self._last)

    def _find_samples(self) -> list[str]:
        chunks = self._app.store.documents.chunks_of(self._agent.name)
        return sample_questions(chunks, language=self._session.language or self._agent.default_language)

    def _show_samples(self) -> None:
        if not self._samples:
            return
        say("Pick a question by its number, or write your own:")
        for number, question in enumerate(self._samples, 1):
            say(f"  {number}. {question}", style="cyan")
        say()

    def _show_samples_again(self, _: str) -> None:
        self._samples = self._find_samples()
        self._show_samples()

    def _show_gaps(self, _: str) -> None:
        gaps = self._app.store.gaps.find([self._agent.name], statuses=[GapStatus.OPEN])[:MOST_GAPS]
        self._samples = [gap.topic for gap in gaps if gap.topic]
        if not self._samples:
            say("No gap is known. `custagent gaps list` looks for them.", style="dim")
        self._show_samples()

    def _set_channel(self, channel: str) -> None:
        self._session.channel = channel
        say(f"Channel: {channel or 'none'}", style="dim")

    def _set_language(self, language: str) -> None:
        self._session.language = language
        self._samples = self._find_samples()
        say(f"Language assumed: {language or 'as the question is written'}", style="dim")
        self._show_samples()

    def _explain(self, _: str) -> None:
        if self._last is None:
            say("Ask something first.", style="yellow")
            return
        explanation = explain_answer(self._last, self._session.last_question, agent=self._agent.name)
        show_explanation(explanation, with_reply=False)

    def _sources(self, _: str) -> None:
        for number, citation in numbered(self._last.citations if self._last else ()):
            say(f"[{number}] {citation.title}: {citation.link}", style="cyan")
            say(citation.quote)
            say()

    def _reset(self, _: str) -> None:
        self._session.reset()
        self._last = None
        say("A new conversation.", style="dim")

    def _help(self) -> None:
        for word, (meaning, _) in self._commands.items():
            say(f"  {word:<11}{meaning}")

    def _quit(self, _: str) -> None:
        raise EOFError
