"""What `custagent create` asks, one question after the other, back and forth (CRE-1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from custagent.cli.asker import Asker, Back, Choice, Line, List
from custagent.config.agents import agent_from_text, agent_names
from custagent.config.begun import forget_begun, keep_begun, read_begun
from custagent.config.templates import PLAIN, TEMPLATES, template_text
from custagent.core.agent import AgentDefinition, Personality, Role
from custagent.core.ids import is_name
from custagent.knowledge.convert.kind import supported
from custagent.locales import FALLBACK, catalogue, languages
from custagent.locales.tones import MANNERS, ways
from custagent.runtime.bootstrap import Application

#: What each question is called in what was answered so far.
LABELS: Final = {
    "name": "Name", "language": "Language", "template": "Begins as", "role": "Role", "tone": "Speaks",
    "content": "Content", "place": "From", "whole": "Reads",
}  # fmt: skip
LATER: Final = "later"
SITE: Final = "site"
FILE: Final = "file"
WHOLE: Final = "whole"
PAGE: Final = "page"

_ROLES: Final = {
    Role.CUSTOMER_SERVICE: "Answers questions, and helps when something is wrong.",
    Role.MARKETING_SPECIALIST: "Tells visitors what you offer and what is new.",
    Role.SALES_REPRESENTATIVE: "Helps people choose; who wants to buy gets a person.",
}
_CONTENT: Final = (
    Choice(value=SITE, label="a website", meaning="Your help pages, or one page."),
    Choice(value=FILE, label="a file or folder", meaning="PDF, Word, Markdown, CSV and others."),
    Choice(value=LATER, label="later", meaning="It answers nothing until it has content."),
)
_EMPTY: Final = "an empty agent"
_WHOLE: Final = (
    Choice(value=WHOLE, label="the whole site", meaning="Its sitemap and links, at most 1,000 pages."),
    Choice(value=PAGE, label="this page alone"),
)


class Wizard:
    """Asks for what was not given as options. Each answer is kept for the next time."""

    def __init__(self, app: Application, asker: Asker, given: Mapping[str, str]) -> None:
        """`given` are the answers that options gave, by the keys of `LABELS`; they are not asked for."""
        self._app = app
        self._asker = asker
        self._given = given
        self._answers: dict[str, str] = {}
        self._steps: dict[str, Callable[[], str]] = {
            "name": self._name,
            "language": self._language,
            "template": self._template,
            "role": self._role,
            "tone": self._tone,
            "content": self._content,
            "place": self._place,
            "whole": self._whole,
        }

    def run(self) -> dict[str, str]:
        """All answers, the given ones too. Raises KeyboardInterrupt when the user stops; what was answered is kept."""
        self._go_on()
        asked = [key for key in self._answers if key in self._wanted()]
        while open_ := [key for key in self._wanted() if key not in asked]:
            key = open_[0]
            try:
                self._answers[key] = self._steps[key]()
            except Back:
                if asked:
                    asked.pop()
                continue
            asked.append(key)
            keep_begun(self._app.home, {each: self._answers[each] for each in asked})
        return {**{key: self._answers[key] for key in self._wanted()}, **self._given}

    def _go_on(self) -> None:
        """Offer what was answered last time; Back here is as good as beginning anew."""
        kept = {key: value for key, value in read_begun(self._app.home).items() if key in self._steps}
        kept = {key: value for key, value in kept.items() if key not in self._given and self._fits(key, value)}
        if not kept:
            return
        choices = [
            Choice(value="on", label="go on", meaning="Those answers stand; Esc leads back to each."),
            Choice(value="anew", label="begin anew", meaning="Forgets them."),
        ]
        so_far = {LABELS[key]: self._called(key, value) for key, value in kept.items()}
        try:
            chosen = self._asker.choose(
                List(title="Last time you stopped here.", choices=choices, default="on"), so_far
            )
        except Back:
            chosen = "anew"
        if chosen == "on":
            self._answers.update(kept)
        else:
            forget_begun(self._app.home)

    def _fits(self, key: str, value: str) -> bool:
        """Whether an answer of another time still is one."""
        known = {
            "language": languages(),
            "template": (PLAIN, *TEMPLATES),
            "role": tuple(Role),
            "tone": tuple(choice.value for choice in self._tones()),
            "content": tuple(choice.value for choice in _CONTENT),
            "whole": (WHOLE, PAGE),
        }
        return not self.complaint_of_name(value) if key == "name" else value in known.get(key, (value,))

    def _wanted(self) -> list[str]:
        """The questions that are asked, in their order: some follow from answers."""
        content = self._answers.get("content", LATER)
        unasked = {"place", "whole"} if content == LATER else {"whole"} if content == FILE else set()
        return [key for key in self._steps if key not in self._given and key not in unasked]

    def _said(self, key: str, otherwise: str = "") -> str:
        return self._given.get(key) or self._answers.get(key) or otherwise

    def _choose(self, key: str, title: str, choices: Sequence[Choice], default: str) -> str:
        question = List(title=title, choices=choices, default=self._said(key, default))
        return self._asker.choose(question, self._so_far(key))

    def _so_far(self, key: str) -> dict[str, str]:
        """What was answered before this question."""
        before = list(self._steps)[: list(self._steps).index(key)]
        return {LABELS[each]: self._called(each, self._said(each)) for each in before if self._said(each)}

    @staticmethod
    def _called(key: str, value: str) -> str:
        """An answer as people call it."""
        called = {
            "language": catalogue(FALLBACK).languages,
            "template": {PLAIN: _EMPTY},
            "content": {choice.value: choice.shown for choice in _CONTENT},
            "whole": {choice.value: choice.shown for choice in _WHOLE},
        }
        return called.get(key, {}).get(value, value)

    def _name(self) -> str:
        usual = next(
            name for name in ("support", "sales", "service", "") if not name or not self.complaint_of_name(name)
        )
        question = Line(
            title="What is the agent called among you? A short name, such as support.",
            default=self._said("name", usual),
            complaint=self.complaint_of_name,
        )
        return self._asker.line(question, {})

    def complaint_of_name(self, name: str) -> str:
        """What is wrong with a name for a new agent; "" when nothing is."""
        if not is_name(name):
            return "Lower-case letters, digits and single hyphens only."
        return f"There is an agent called {name} already." if name in agent_names(self._app.home) else ""

    def _language(self) -> str:
        called = catalogue(FALLBACK).languages
        usual = self._app.workspace.default_language
        codes = sorted({*languages(), usual}, key=lambda code: called.get(code, code))
        choices = [Choice(value=code, label=called.get(code, code)) for code in codes]
        return self._choose("language", "Which language do most of your contacts write?", choices, usual)

    def _template(self) -> str:
        plain = Choice(value=PLAIN, label=_EMPTY, meaning="You write what is special about it.")
        made = [Choice(value=name, meaning=meaning) for name, meaning in TEMPLATES.items()]
        return self._choose("template", "What does it begin with?", [plain, *made], PLAIN)

    def _begun_as(self) -> AgentDefinition:
        name = self._said("template", PLAIN)
        return agent_from_text(template_text(name, FALLBACK), self._app.home, name)

    def _role(self) -> str:
        choices = [Choice(value=role.value, meaning=meaning) for role, meaning in _ROLES.items()]
        return self._choose("role", "What does it do?", choices, self._begun_as().role.value)

    def _tone(self) -> str:
        usual = self._begun_as().personality or Personality.FRIENDLY
        return self._choose("tone", "How does it speak?", self._tones(), usual.value)

    def _tones(self) -> list[Choice]:
        """The personalities, then the voices of the workspace, which take the place of those that are called alike."""
        language = self._said("language", self._app.workspace.default_language)
        written = language if language in languages() else FALLBACK
        role = self._said("role", Role.CUSTOMER_SERVICE.value)
        voices = [
            Choice(
                value=voice.name,
                meaning=voice.description,
                sample=(voice.samples.get(language) or next(iter(voice.samples.values()), ("",)))[0],
            )
            for voice in self._app.workspace.voices
        ]
        taken = {voice.value for voice in voices}
        personalities = [
            Choice(value=one.value, meaning=MANNERS[one].told, sample=ways(written, one.value, role, "clarify")[0])
            for one in Personality
            if one.value not in taken
        ]
        return personalities + voices

    def _content(self) -> str:
        return self._choose("content", "What does it answer from?", _CONTENT, SITE)

    def _place(self) -> str:
        site = self._said("content") == SITE
        title = "The site's address:" if site else "The file or folder (Tab completes):"
        check = complaint_of_site if site else complaint_of_file
        kept = self._said("place")
        question = Line(title=title, default="" if check(kept) else kept, complaint=check, paths=not site)
        typed = self._asker.line(question, self._so_far("place"))
        return as_address(typed) if site else typed

    def _whole(self) -> str:
        return self._choose("whole", "How much of it?", _WHOLE, WHOLE)


def as_address(text: str) -> str:
    """A site as people name it, as an address."""
    return text if "://" in text else f"https://{text}"


def complaint_of_site(text: str) -> str:
    """What is wrong with the address of a site; "" when nothing is."""
    try:
        address = urlsplit(as_address(text))
        host, _ = address.hostname or "", address.port
    except ValueError:
        return "That is no address of a site."
    if address.scheme not in ("http", "https"):
        return "An address begins with https:// or http://."
    named = "." in host.strip(".") or (host and "://" in text)
    return "" if named and " " not in text else "Such as https://help.example.com"


def complaint_of_file(text: str) -> str:
    """What is wrong with a file or folder to read; "" when nothing is."""
    path = Path(text).expanduser()
    if not text or not path.exists():
        return "There is no such file or folder."
    return "" if path.is_dir() or supported(path) else "Files of this kind cannot be read."
