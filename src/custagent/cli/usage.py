"""What was typed wrongly, in one plain sentence and the next step: Typer's complaints in the words of the house."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from custagent.core.errors import UsageError

#: What the reader of options says of a value, by its kind of error: how the sentence "--port must …" goes on.
_MUST = {
    "int_parsing": "be a whole number",
    "int_type": "be a whole number",
    "int_from_float": "be a whole number",
    "float_parsing": "be a number",
    "greater_than_equal": "be at least {ge}",
    "less_than_equal": "be at most {le}",
    "bool_parsing": "be true or false",
}
#: What it says of words that nothing takes.
_EXTRA = re.compile(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)")


def plainly(error: Any) -> UsageError:
    """What Typer raised about the words that were typed, said plainly."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "custagent"
    see = f"See how it is used: {path} --help"
    if hasattr(error, "option_name") and hasattr(error, "possibilities"):
        params = context.command.get_params(context) if context else []
        known = [option for param in params for option in param.opts if option.startswith("--")]
        message = f"{path} has no option {error.option_name}"
        return UsageError(message, hint=did_you_mean(error.option_name, known) or see)
    param = getattr(error, "param", None)
    if hasattr(error, "option_name"):
        return UsageError(f"{error.option_name} needs a value", hint=see)
    if param is None and (extra := _EXTRA.fullmatch(error.message)):
        return UsageError(f"{path} does not know what to do with {extra[1]!r}", hint=see)
    if param is None:
        return UsageError(_lowered(error.format_message()), hint=see)
    name = param.opts[0] if param.opts[0].startswith("-") else (param.metavar or param.name).strip("[]{}.").upper()
    if not error.message:
        return UsageError(f"{path} needs {name}", hint=_example(context) or see)
    return _wrong_value(error, name, see)


def no_command(path: str, word: str, known: Iterable[str]) -> UsageError:
    """A word that is no command of `path`."""
    return UsageError(
        f"there is no command '{path} {word}'", hint=did_you_mean(word, known) or f"See them with: {path} --help"
    )


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """ "Did you mean 'list'?", or "" when nothing is near."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"Did you mean '{near[0]}'?" if near else ""


def _wrong_value(error: Any, name: str, see: str) -> UsageError:
    cause = error.__cause__
    if cause is None or not hasattr(cause, "errors"):
        return UsageError(f"{name}: {_lowered(error.message)}", hint=see)
    first = cause.errors()[0]
    written = str(first.get("input"))
    _, is_choice, listed = first["msg"].partition("is not one of ")
    if is_choice:
        choices = [word.strip(" '.") for word in listed.split(",")]
        words = f"{', '.join(choices[:-1])} or {choices[-1]}" if choices[1:] else choices[0]
        hint = did_you_mean(written, choices) or see
        return UsageError(f"{name} must be {words}; you wrote {written!r}", hint=hint)
    must = _MUST.get(first["type"])
    if must is None:
        return UsageError(f"{name}: {_lowered(first['msg'])}", hint=see)
    return UsageError(f"{name} must {must.format(**first.get('ctx', {}))}; you wrote {written!r}", hint=see)


def _lowered(message: str) -> str:
    """As the house writes messages: no capital, no full stop."""
    message = " ".join(message.split()).rstrip(".")
    return message[:1].lower() + message[1:]


def _example(context: Any) -> str:
    """The first example of the command's help."""
    lines = (context.command.help or "").splitlines() if context else []
    after = [lines[place + 1 :] for place, line in enumerate(lines) if line.startswith("Example")]
    return f"For example: {after[0][0].strip()}" if after and after[0] else ""
