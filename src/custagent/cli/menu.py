"""Questions drawn on a terminal: lists to choose from by arrow keys, lines that are checked while they are typed.

What is drawn goes away when it is answered, so that going back leaves no trail. Only a wizard imports this file, for
prompt_toolkit takes longer to load than all else that a question needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from prompt_toolkit import PromptSession
from prompt_toolkit.application import Application, get_app
from prompt_toolkit.completion import PathCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import FormattedTextControl, Layout, Window
from prompt_toolkit.validation import ValidationError, Validator

from custagent.cli.asker import Back, Choice, Line, List
from custagent.cli.render import visible

#: Seconds until a lone Esc is told from the beginning of an arrow key.
_ESCAPE: Final = 0.1
_KEYS: Final = "Up and Down choose, Enter takes, Esc goes back, Ctrl-C stops"
_LINE_KEYS: Final = "Enter takes, Esc goes back, Ctrl-C stops"
#: Columns of what was answered before, and of a list's labels at most.
_LABELS, _WIDEST = 12, 24
#: Columns before a sample.
_INDENT: Final = 6
_NUMBERED: Final = 9
#: Lines below the one that is typed, for names of files.
_COMPLETIONS: Final = 6


class Menu:
    """See the port in `cli.asker`."""

    def choose(self, question: List, so_far: Mapping[str, str]) -> str:
        """See the port."""
        choices = question.choices
        values = [choice.value for choice in choices]
        pointed = [values.index(question.default) if question.default in values else 0]
        width = min(max(len(choice.shown) for choice in choices), _WIDEST)

        def drawn() -> StyleAndTextTuples:
            rows = _heading(question.title, so_far)
            for number, choice in enumerate(choices):
                rows += _row(choice, width, pointed=number == pointed[0])
            return [*rows, ("", "\n"), ("italic", f"{_KEYS}\n")]

        window = Window(FormattedTextControl(drawn, focusable=True, show_cursor=False), wrap_lines=True)
        keys = _moving(pointed, len(choices))
        keys.add("enter")(lambda event: event.app.exit(result=values[pointed[0]]))
        app: Application[str] = Application(Layout(window), key_bindings=_leaving(keys, "left"), erase_when_done=True)
        app.ttimeoutlen = _ESCAPE
        return app.run()

    def line(self, question: Line, so_far: Mapping[str, str]) -> str:
        """See the port."""
        session: PromptSession[str] = PromptSession(
            lambda: [*_heading(question.title, so_far), _below(question), ("bold", "> ")],
            validator=_Check(question.complaint),
            validate_while_typing=False,
            completer=PathCompleter(expanduser=True) if question.paths else None,
            complete_while_typing=False,
            reserve_space_for_menu=_COMPLETIONS if question.paths else 0,
            key_bindings=_leaving(KeyBindings()),
            erase_when_done=True,
        )
        session.app.ttimeoutlen = _ESCAPE
        try:
            return session.prompt(default=question.default).strip()
        except EOFError as exc:
            raise KeyboardInterrupt from exc


class _Check(Validator):
    """Lets nobody leave a line that there is a complaint of."""

    def __init__(self, complaint: Callable[[str], str]) -> None:
        self._complaint = complaint

    def validate(self, document: Document) -> None:
        wrong = self._complaint(document.text.strip())
        if wrong:
            raise ValidationError(message=wrong, cursor_position=len(document.text))


def _below(question: Line) -> tuple[str, str]:
    """What is wrong with what stands on the line; nothing is said of an empty one yet."""
    text = get_app().current_buffer.text.strip()
    wrong = question.complaint(text) if text else ""
    return ("ansired", f"{visible(wrong)}\n") if wrong else ("italic", f"{_LINE_KEYS}\n")


def _heading(title: str, so_far: Mapping[str, str]) -> StyleAndTextTuples:
    rows: StyleAndTextTuples = [("", "\n")]
    for label, value in so_far.items():
        rows += [("", f"  {label + ':':<{_LABELS}}"), ("ansicyan", f"{visible(value)}\n")]
    return [*rows, ("", "\n" if so_far else ""), ("bold", f"{title}\n")]


def _row(choice: Choice, width: int, *, pointed: bool) -> StyleAndTextTuples:
    """One choice; the cursor is set where it is pointed at, so that a list longer than the screen follows it."""
    mark = "> " if pointed else "  "
    head: StyleAndTextTuples = [("[SetCursorPosition]", "")] if pointed else []
    label = visible(choice.shown)
    row: StyleAndTextTuples = [*head, ("bold ansicyan" if pointed else "", f"{mark}{label:<{width}}")]
    if choice.meaning:
        row += [("", f"  {visible(choice.meaning)}")]
    row += [("", "\n")]
    if choice.sample:
        row += [("italic", f"{'':<{_INDENT}}“{visible(choice.sample)}”\n")]
    return row


def _moving(pointed: list[int], count: int) -> KeyBindings:
    """Up and down, past the ends to the other one; a digit goes straight to its entry."""
    keys = KeyBindings()

    def to(number: int) -> None:
        pointed[0] = number % count

    keys.add("up")(lambda _: to(pointed[0] - 1))
    keys.add("down")(lambda _: to(pointed[0] + 1))
    keys.add("home")(lambda _: to(0))
    keys.add("end")(lambda _: to(count - 1))
    for number in range(min(count, _NUMBERED)):
        keys.add(str(number + 1))(lambda _, number=number: to(number))
    return keys


def _leaving(keys: KeyBindings, *more: str) -> KeyBindings:
    """Back, and out."""

    def back(event: KeyPressEvent) -> None:
        event.app.exit(exception=Back())

    def stop(event: KeyPressEvent) -> None:
        event.app.exit(exception=KeyboardInterrupt())

    for key in ("c-b", *more):
        keys.add(key)(back)
    keys.add("escape", eager=True)(back)
    for key in ("c-c", "<sigint>"):
        keys.add(key)(stop)
    return keys
