"""What TAB offers for the words typed so far, in the form that the shell asks for.

A key press must not wait, so neither Typer nor a command is imported for it: what commands take stands in
completion.json, which `python docs/reference.py --write` makes of the commands themselves. The shells' side is what
`custagent --install-completion` installs (Typer's scripts): variables of the environment in, lines out.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, NamedTuple

from custagent.core.errors import CustagentError

#: Holds complete_bash, complete_zsh … when a shell asks.
VARIABLE: Final = "_CUSTAGENT_COMPLETE"
_TABLE: Final = Path(__file__).with_name("completion.json")
_SPACES: Final = re.compile(r"\s")


class Offer(NamedTuple):
    """One of the words that may stand there."""

    word: str
    #: What it means, for the shells that show it; "" where the word says it.
    meaning: str = ""


class _Place(NamedTuple):
    """Where on the line the word at hand stands."""

    #: What the command takes, as completion.json has it; a group has "commands".
    command: Mapping[str, Any]
    #: The arguments typed before, by their number.
    arguments: list[str]
    #: Options typed before, by their name, with the last value of each.
    options: dict[str, str]
    #: The option whose value the word at hand is; "" for none.
    open: str
    #: Whether -- was typed: what follows is no option.
    plain: bool


def answer(environment: Mapping[str, str]) -> int | None:
    """Print what a shell asks for. The exit code; None when it asks for something else, or is none that we know."""
    shell = environment.get(VARIABLE, "").removeprefix("complete_")
    if shell not in _SHELLS:
        return None
    read, shown = _SHELLS[shell]
    words, begun, kept = read(environment)
    found = [_cut(one, kept) for one in offers(words, begun)]
    if shell == "fish" and environment.get("_TYPER_COMPLETE_FISH_ACTION") == "is-args":
        return 0 if found else 1
    text = shown(found)
    sys.stdout.write(f"{text}\n" if text else "")
    return 0


def offers(words: list[str], begun: str) -> list[Offer]:
    """What may stand in the place of `begun`, after `words` (custagent itself not among them)."""
    root = json.loads(_TABLE.read_text(encoding="utf-8"))
    place = _place(root, words)
    if place is None:
        return []
    name, is_value, rest = begun.partition("=")
    if not place.plain and not place.open and is_value and name.startswith("-"):
        return [Offer(f"{name}={one}") for one in _values(root, place, name) if one.startswith(rest)]
    found: Iterator[Offer] | list[Offer]
    if place.open:
        found = [Offer(one) for one in _values(root, place, place.open)]
    elif begun.startswith("-") and not place.plain:
        found = _options(root, place)
    elif "commands" in place.command:
        found = [Offer(name, entry["help"]) for name, entry in place.command["commands"].items()]
    else:
        found = [Offer(one) for one in _values(root, place, "")]
    return [one for one in found if one.word.startswith(begun)]


def _place(root: Mapping[str, Any], words: list[str]) -> _Place | None:
    """None when the words name no command."""
    command, arguments, options, waiting, plain = root, list[str](), dict[str, str](), "", False
    for word in words:
        if waiting:
            options[waiting], waiting = word, ""
        elif word == "--" and not plain:
            plain = True
        elif word.startswith("-") and word != "-" and not plain:
            name, is_value, value = word.partition("=")
            options[name] = value
            known = _option(root, command, name)
            waiting = name if known and known[1] is not None and not is_value else ""
        elif "commands" in command:
            if word not in command["commands"]:
                return None
            command = command["commands"][word]
        else:
            arguments.append(word)
    return _Place(command, arguments, options, waiting, plain)


def _option(root: Mapping[str, Any], command: Mapping[str, Any], name: str) -> list[Any] | None:
    """[help, what it takes, whether it is repeatable]; what it takes is None for one that is only said."""
    found: list[Any] | None = command["options"].get(name) or root["everywhere"].get(name)
    return found


def _options(root: Mapping[str, Any], place: _Place) -> Iterator[Offer]:
    """Those of the command, then those that all commands take; the short spellings are known, and not offered."""
    for name, (meaning, _, repeatable) in {**place.command["options"], **root["everywhere"]}.items():
        if name.startswith("--") and (repeatable or name not in place.options):
            yield Offer(name, meaning)


def _values(root: Mapping[str, Any], place: _Place, option: str) -> list[str]:
    """What the option takes, or without one the next argument."""
    if option:
        known = _option(root, place.command, option)
        takes = known[1] if known else None
    else:
        takes = _argument(place)
    if takes is None or isinstance(takes, list):
        return takes or []
    return _in_workspace(takes, place)


def _argument(place: _Place) -> Any:
    """What the next argument takes; the last of a command may take any number."""
    taken = place.command.get("arguments", [])
    number = len(place.arguments)
    if number >= len(taken) and not (taken and taken[-1][1]):
        return None
    return taken[min(number, len(taken) - 1)][0]


def _in_workspace(metavar: str, place: _Place) -> list[str]:
    """The names that the workspace has, but for those that are typed already."""
    from custagent.cli.completion import values
    from custagent.config.home import find_home

    said = place.options.get("--workspace") or place.options.get("-w")
    takes = [one for one, _ in place.command.get("arguments", [])]
    agent = next((word for word, one in zip(place.arguments, takes, strict=False) if one == "AGENT"), "")
    given = {
        word
        for word, one in zip_longest(place.arguments, takes, fillvalue=takes[-1] if takes else "")
        if one == metavar
    }
    try:
        home = find_home(Path.cwd(), explicit=Path(said) if said else None)
    except (CustagentError, OSError):
        return []
    return [one for one in values(metavar, home, agent) if one not in given]


def _cut(offer: Offer, kept: str) -> Offer:
    """Without what the shell leaves standing."""
    return offer._replace(word=offer.word.removeprefix(kept))


def _split(line: str) -> list[str]:
    """The words of a line, the last of which may have an open quotation mark."""
    reader = shlex.shlex(line, posix=True, punctuation_chars=False)
    reader.whitespace_split, reader.commenters = True, ""
    words: list[str] = []
    try:
        words.extend(reader)
    except ValueError:
        words.append(reader.token)
    return words


def _read_bash(environment: Mapping[str, str]) -> tuple[list[str], str, str]:
    """The words before, the one at hand, and what of it bash leaves standing, for it breaks words at : and =."""
    pieces = _split(environment.get("COMP_WORDS", ""))
    place = int(environment.get("COMP_CWORD", "0"))
    begun = pieces[place] if place < len(pieces) else ""
    words: list[str] = []
    glued = False
    for piece in [*pieces[1:place], begun]:
        if words and piece and (glued or piece in (":", "=")):
            words[-1] += piece
        else:
            words.append(piece)
        glued = piece in (":", "=")
    *before, last = words or [""]
    return before, last, last[: max(last.rfind(":"), last.rfind("=")) + 1] if ":" in pieces or "=" in pieces else ""


def _read_line(environment: Mapping[str, str]) -> tuple[list[str], str, str]:
    line = environment.get("_TYPER_COMPLETE_ARGS", "")
    words = _split(line)[1:]
    begun = words.pop() if words and not line.endswith(" ") else ""
    return words, begun, ""


def _read_powershell(environment: Mapping[str, str]) -> tuple[list[str], str, str]:
    begun = environment.get("_TYPER_COMPLETE_WORD_TO_COMPLETE", "")
    words = _split(environment.get("_TYPER_COMPLETE_ARGS", ""))[1:]
    return words[:-1] if begun else words, begun, ""


def _show_bash(found: list[Offer]) -> str:
    return "\n".join(one.word for one in found)


def _show_zsh(found: list[Offer]) -> str:
    """A call of _arguments; where nothing is offered, zsh's own files."""
    if not found:
        return "_files"
    shown = "\n".join(
        f'"{_escaped(one.word)}"' + (f':"{_escaped(one.meaning)}"' if one.meaning else "") for one in found
    )
    return f"_arguments '*: :(({shown}))'"


def _escaped(text: str) -> str:
    """As it stands in double quotes within the single ones of zsh's _arguments."""
    for sign, written in (('"', '""'), ("'", "''"), ("$", "\\$"), ("`", "\\`"), (":", "\\\\:")):
        text = text.replace(sign, written)
    return text


def _show_fish(found: list[Offer]) -> str:
    return "\n".join(one.word + (f"\t{_SPACES.sub(' ', one.meaning)}" if one.meaning else "") for one in found)


def _show_powershell(found: list[Offer]) -> str:
    return "\n".join(f"{one.word}:::{one.meaning or ' '}" for one in found)


#: How each shell says what was typed, and how it wants to be answered.
_SHELLS: Final[
    Mapping[str, tuple[Callable[[Mapping[str, str]], tuple[list[str], str, str]], Callable[[list[Offer]], str]]]
] = {
    "bash": (_read_bash, _show_bash),
    "fish": (_read_line, _show_fish),
    "powershell": (_read_powershell, _show_powershell),
    "pwsh": (_read_powershell, _show_powershell),
    "zsh": (_read_line, _show_zsh),
}
