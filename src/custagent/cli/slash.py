"""The prompt of a chat in the terminal: history, completion of slash commands, several lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.styles import Style

if TYPE_CHECKING:
    from prompt_toolkit.document import Document
    from prompt_toolkit.key_binding import KeyPressEvent

#: Lines that are remembered; the oldest go when there are twice as many.
REMEMBERED = 500
#: For the owner alone: people type what customers write.
_MODE = 0o600
_STYLE = Style.from_dict({"": "", "prompt": "bold ansicyan", "bottom-toolbar": "noreverse ansibrightblack"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Slash:
    """A command that begins with a slash."""

    meaning: str
    #: Told what stands behind the command, "" for nothing.
    run: Callable[[str], None]
    #: What it takes, for the list of commands: "NAME".
    takes: str = ""
    #: What may stand behind it.
    choices: Callable[[], Iterable[str]] = tuple


class SlashCompleter(Completer):
    """Completes commands, and what they take."""

    def __init__(self, commands: Mapping[str, Slash]) -> None:
        self._commands = commands

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        """See prompt_toolkit. Only the first line can be a command."""
        del complete_event
        typed = document.text_before_cursor
        if not typed.startswith("/") or "\n" in typed:
            return
        word, blank, rest = typed.partition(" ")
        if not blank:
            for name, slash in self._commands.items():
                if name.startswith(word):
                    yield Completion(name, start_position=-len(word), display_meta=slash.meaning)
        elif word in self._commands:
            for choice in self._commands[word].choices():
                if choice.startswith(rest.lstrip()):
                    yield Completion(choice, start_position=-len(rest.lstrip()))


class MaskedHistory(FileHistory):
    """What was typed before, in a file of its owner, as it may be written down (ANS-7)."""

    def __init__(self, path: Path, masked: Callable[[str], str]) -> None:
        super().__init__(str(path))
        self._path = path
        self._masked = masked

    def store_string(self, string: str) -> None:
        """See prompt_toolkit. A file that cannot be written is no reason to stop talking."""
        try:
            self._path.touch(mode=_MODE)
            super().store_string(self._masked(string))
        except OSError:
            return

    def load_history_strings(self) -> Iterable[str]:
        """See prompt_toolkit: the newest first."""
        try:
            lines = list(super().load_history_strings())
        except (OSError, UnicodeDecodeError):
            return ()
        if len(lines) > 2 * REMEMBERED:
            self._path.unlink(missing_ok=True)
            for line in reversed(lines[:REMEMBERED]):
                self.store_string(line)
        return lines[:REMEMBERED]


def make_prompt(
    commands: Mapping[str, Slash], history: History | None, toolbar: Callable[[], str], **options: Any
) -> PromptSession[str]:
    """A prompt whose Enter sends, and whose Alt-Enter begins another line, as a pasted line does.

    `toolbar` is the line below it. `options` are those of prompt_toolkit, such as `input` and `output`.
    """
    keys = KeyBindings()

    @keys.add("enter")
    def send(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state and buffer.complete_state.current_completion:
            buffer.complete_state = None
            return
        buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def another_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return PromptSession(
        history=history or InMemoryHistory(),
        completer=SlashCompleter(commands),
        complete_while_typing=Condition(lambda: get_app().current_buffer.text.startswith("/")),
        key_bindings=keys,
        multiline=True,
        prompt_continuation=lambda width, _line, _wrapped: " " * width,
        bottom_toolbar=toolbar,
        style=_STYLE,
        reserve_space_for_menu=6,
        **options,
    )
