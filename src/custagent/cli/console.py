"""The preview's chat: sample questions to pick from, own questions, settings by slash commands (PRE-1, PRE-3)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import typer

from custagent.cli.ask import ask_choice, ask_text
from custagent.cli.evidence import show_explanation
from custagent.cli.live import LiveReply
from custagent.cli.preview_turn import show_reply, show_who_gets
from custagent.cli.render import counted, fail, say, success
from custagent.cli.slash import MaskedHistory, Slash, make_prompt
from custagent.cli.sources import read_places
from custagent.cli.transcript import show_agent, show_body, show_question
from custagent.config.cases import case_path
from custagent.config.findings import did_you_mean
from custagent.core.agent import AgentDefinition
from custagent.core.answer import Answer, DecisionKind, Reason
from custagent.core.channel import ChannelKind
from custagent.core.document import numbered
from custagent.core.errors import CustagentError, UsageError
from custagent.core.gap import GapStatus
from custagent.core.message import Sender
from custagent.core.people import Permission
from custagent.locales import FALLBACK, catalogue, languages
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.samples import samples_of
from custagent.runtime.content.sources import Place, find_place
from custagent.runtime.inbox.explain import explain_answer
from custagent.runtime.proving.preview import PreviewSession
from custagent.runtime.proving.preview_case import save_case
from custagent.runtime.proving.preview_contact import PreviewContact, find_contact
from custagent.runtime.proving.preview_turn import kind_of_channel, who_gets

#: Decisions for which content could help.
_LACKS_CONTENT = (Reason.NOTHING_FITS, Reason.ATTEMPTS_USED)
#: Gaps that can be picked from.
MOST_GAPS = 9
#: Messages of a contact's conversation that are shown.
_SHOWN_BEFORE = 4
#: Conversations whose contacts are offered to go on as.
_LATEST = 50


class Console:
    """One preview in the terminal, from the greeting to /quit."""

    def __init__(self, app: Application, agent: AgentDefinition, session: PreviewSession, live: LiveReply) -> None:
        self._app = app
        self._agent = agent
        self._session = session
        self._live = live
        self._last: Answer | None = None
        self._contact: PreviewContact | None = None
        #: Channel and language as they were set before somebody became a contact.
        self._own = ("", "")
        self._samples = self._find_samples()
        self.commands = self._commands()

    def _commands(self) -> dict[str, Slash]:
        return {
            "/channel": Slash(
                meaning="show replies as on a channel",
                run=self._set_channel,
                takes="NAME",
                choices=lambda: [*(one.name for one in self._app.workspace.channels), *ChannelKind],
            ),
            "/language": Slash(
                meaning="assume a language, such as sv", run=self._set_language, takes="CODE", choices=languages
            ),
            "/as": Slash(
                meaning="go on as a contact who wrote before", run=self._be, takes="CONTACT", choices=self._contacts
            ),
            "/explain": Slash(meaning="why the last answer came out as it did", run=self._explain),
            "/sources": Slash(meaning="what the last answer rests on, word for word", run=self._sources),
            "/handoff": Slash(meaning="who would get this conversation now", run=self._handoff),
            "/gap": Slash(meaning="add what the last answer should have said", run=self._gap, takes="[TEXT]"),
            "/save": Slash(meaning="keep this conversation as a test case", run=self._save, takes="[NAME]"),
            "/samples": Slash(meaning="the sample questions again", run=self._show_samples_again),
            "/gaps": Slash(meaning="what contacts asked and the agent could not answer", run=self._show_gaps),
            "/reset": Slash(meaning="begin a new conversation", run=self._reset),
            "/help": Slash(meaning="this list", run=self._help),
            "/quit": Slash(meaning="leave", run=self._quit),
        }

    def run(self) -> None:
        """Talk until /quit, Ctrl-D, or Ctrl-C while nothing is being answered."""
        history = MaskedHistory(self._app.home.preview_history, self._app.masked)
        prompt = make_prompt(self.commands, history, self._state)
        say(f"Preview of {self._agent.name}. Nothing is charged or sent. /help lists the commands.", style="dim")
        self._show_samples()
        while True:
            try:
                typed = prompt.prompt([("class:prompt", f"{self._speaker}> ")]).strip()
            except (EOFError, KeyboardInterrupt):
                return
            if typed and not self.take(typed):
                return

    def take(self, typed: str) -> bool:
        """Do what was typed; False to leave. What goes wrong is told, and the chat goes on."""
        try:
            self._take(typed)
        except EOFError:
            return False
        except (KeyboardInterrupt, typer.Abort):
            say("\nStopped.", style="yellow")
        except CustagentError as error:
            fail(error.message, hint=error.hint)
        return True

    def _take(self, typed: str) -> None:
        if typed.startswith("/"):
            word, _, rest = typed.partition(" ")
            if word not in self.commands:
                near = did_you_mean(word, self.commands)
                say(f"There is no {word} here{f': {near}' if near else '.'} /help lists the commands.", style="yellow")
                return
            self.commands[word].run(rest.strip())
            return
        if typed.isdecimal() and 1 <= int(typed) <= len(self._samples):
            typed = self._samples[int(typed) - 1]
            say(f"  {typed}", style="cyan")
        self._ask(typed)

    def _ask(self, question: str) -> None:
        self._last = self._session.ask(question)
        self._show()
        decision = self._last.decision
        if decision.kind is not DecisionKind.ANSWER and decision.reason in _LACKS_CONTENT:
            say("The content does not answer this. /gap adds a short answer, a file or a web address,")
            say("and asks again.")
        elif decision.kind is DecisionKind.HANDOFF:
            say("/handoff shows who would get it.", style="dim")

    def _show(self) -> None:
        show_reply(self._app, self._agent, self._session, self._live)

    def _gap(self, told: str) -> None:
        """Add there and then what the last answer should have known, and ask again (PRE-3)."""
        question = self._session.last_question
        was_answered = self._answer.decision.kind is DecisionKind.ANSWER
        self._app.actor.require(Permission.EDIT_AGENTS, self._app.workspace)
        place = self._place(question, told) if told else self._asked_place(question)
        if place is None:
            # Nothing of a preview counts (PRE-2), so a question without an answer is no gap of contacts either.
            say("Nothing was added. What contacts asked in vain: custagent gaps list. To keep this question: /save")
            return
        self._agent = read_places(self._app, self._agent.name, [place])
        self._session.answer_with(self._app.answerer(self._agent, said=self._live.hear))
        self._session.forget_last()
        success("Added. Asking again:")
        self._last = self._session.ask(question)
        self._show()
        if was_answered and self._last.decision.reason is not Reason.SHORT_ANSWER:
            say(
                "The pages that it answered from before still stand: correct them where they are wrong.", style="yellow"
            )

    def _asked_place(self, question: str) -> Place | None:
        choices = ["write a short answer", "add a file, folder or web address", "go on"]
        chosen = ask_choice("What should it have known? You can:", choices, default="go on")
        if chosen == choices[0]:
            return self._short_answer(question, ask_text("The answer, as contacts should read it"))
        return None if chosen == choices[2] else find_place(self._app, ask_text("File, folder or web address"), {})

    def _place(self, question: str, told: str) -> Place:
        """A web address or a file by what it is; anything else is the answer itself."""
        is_place = told.startswith(("http://", "https://")) or (" " not in told and Path(told).expanduser().exists())
        return find_place(self._app, told, {}) if is_place else self._short_answer(question, told)

    def _short_answer(self, question: str, answer: str) -> Place:
        return Place(mapping={"short_answer": " ".join(question.split()), "answer": answer})

    def _find_samples(self) -> list[str]:
        language = self._session.language or self._agent.default_language
        return samples_of(self._app, self._agent.name, language=language)

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
        if channel:
            kind = kind_of_channel(self._app, channel)
            on = any(one.channel == channel for one in self._agent.assignments)
            named = channel if channel == kind else f"{channel} ({kind})"
            say(f"Channel: {named}{'' if on else f'. {self._agent.name} is not assigned to it.'}", style="dim")
        else:
            say("Channel: none. Replies are shown as they are.", style="dim")
        self._session.channel = channel

    def _set_language(self, language: str) -> None:
        names = catalogue(FALLBACK).languages
        if language and language not in names:
            raise UsageError(f"{language!r} is no language", hint="Write its two letters, such as /language sv")
        self._session.language = language
        self._samples = self._find_samples()
        say(f"Language assumed: {names[language] if language else 'as the question is written'}", style="dim")
        self._show_samples()

    def _contacts(self) -> Iterable[str]:
        """Who wrote last, for completion."""
        latest = (one.contact for one in self._app.store.conversations.list(limit=_LATEST))
        return dict.fromkeys(contact.email or str(contact.id) for contact in latest)

    def _be(self, named: str) -> None:
        """Go on as a contact: nothing of theirs is changed, and nothing is added to their conversation."""
        if self._contact is None:
            self._own = self._session.channel, self._session.language
        if not named:
            self._contact = None
            self._session.channel, self._session.language = self._own
            self._reset("")
            return
        contact = self._contact = find_contact(self._app, named)
        self._last = None
        self._session.reset(contact.history)
        known = {one.name for one in self._app.workspace.channels}
        self._session.channel = contact.contact.channel if contact.contact.channel in known else ""
        self._session.language = contact.language
        for message in contact.messages[-_SHOWN_BEFORE:]:
            if message.sender is Sender.CONTACT:
                show_question(message.text)
                continue
            if message.sender is Sender.AGENT:
                show_agent()
            else:
                say(message.author, style="bold green")
            show_body(message.text)
        say()
        told = f"{counted(len(contact.messages), 'message')}, {contact.conversation.status.value}"
        say(f"You are {contact.called} on {contact.contact.channel} now ({told}). Nothing is kept.", style="dim")

    def _explain(self, _: str) -> None:
        explanation = explain_answer(self._answer, self._session.last_question, agent=self._agent.name)
        show_explanation(explanation, with_reply=False)

    def _sources(self, _: str) -> None:
        pages = numbered(self._answer.citations)
        if not pages:
            say("It rests on no content.", style="dim")
        for number, citation in pages:
            say(f"[{number}] {citation.title}: {citation.link}", style="cyan")
            say(citation.quote)
            say()

    def _handoff(self, _: str) -> None:
        assignments = self._agent.assignments
        chosen = [one for one in assignments if one.channel == self._session.channel] or assignments
        if not chosen:
            name = self._agent.name
            say(f"{name} is on no channel yet, so nobody is named. Say who: custagent assign {name}", style="yellow")
        language = self._last.language if self._last else self._session.language or self._agent.default_language
        for assignment in chosen:
            show_who_gets(who_gets(self._app, self._agent, assignment, language=language))

    def _save(self, name: str) -> None:
        agent = self._agent.name
        path = case_path(self._app.home, agent).relative_to(self._app.home.root)
        if save_case(self._app, agent, self._session, name=name):
            success(f"Saved in {path}. It expects what the agent did just now: correct it there if that was wrong.")
            say(f"  custagent test {agent}", style="cyan")
        else:
            say(f"{path} has a case of that name already: /save ANOTHER NAME", style="yellow")

    def _reset(self, _: str) -> None:
        self._session.reset(self._contact.history if self._contact else ())
        self._last = None
        again = f", after what {self._contact.called} had said" if self._contact else ""
        say(f"A new conversation{again}.", style="dim")

    def _help(self, _: str) -> None:
        for word, slash in self.commands.items():
            say(f"  {f'{word} {slash.takes}'.strip():<18}{slash.meaning}")
        say("  Alt-Enter: another line · Tab: complete · arrow up: what was asked before", style="dim")

    def _quit(self, _: str) -> None:
        raise EOFError

    @property
    def _answer(self) -> Answer:
        if self._last is None:
            raise UsageError("nothing was asked yet", hint="Ask something first.")
        return self._last

    @property
    def _speaker(self) -> str:
        return self._contact.called if self._contact else "You"

    def _state(self) -> str:
        """The line below the prompt."""
        session = self._session
        parts: Iterable[str] = (
            self._agent.name,
            f"channel {session.channel}" if session.channel else "",
            f"language {session.language}" if session.language else "",
            "/help",
        )
        return " · ".join(part for part in parts if part)
