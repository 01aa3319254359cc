"""What an unquoted word in YAML means: the core schema of YAML 1.2, as ruamel.yaml reads it.

Only true and false are booleans; `no`, `on` and `17:00` are text, `0o17` is octal, `1_000` is a thousand, 2026-12-01 is
a date. What two readers could take for different things is refused: it belongs into quotes.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final, TypeAlias

Scalar: TypeAlias = bool | int | float | str | date | None

_WORDS: Final[dict[str, Scalar]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
#: The longest text that a message repeats in full, in characters.
_SHOWN: Final = 40
_number = re.compile(r"[-+.0-9][-+._0-9a-zA-Z]*")
_integer = re.compile(r"([-+]?)(?:0b([01_]+)|0x([0-9a-fA-F_]+)|0o([0-7_]+)|([0-9_]+))")
_decimal = re.compile(
    r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)|\.[0-9_]+(?:[eE][-+][0-9]+)?)"
)
_day = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_moment = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:[. \tZz+-].*)?")
#: YAML 1.1 gives these a meaning that 1.2 dropped, and readers differ about them.
_REFUSED: Final = {"<<": "merging with << is not supported: write the lines out", "=": "a lone = belongs into quotes"}


def plain(text: str) -> Scalar:
    """The value of an unquoted scalar. Raises ValueError, in words for people, for what belongs into quotes."""
    if text in _WORDS:
        return _WORDS[text]
    if text in _REFUSED:
        raise ValueError(_REFUSED[text])
    if text[0] not in "-+.0123456789":
        return text
    if _number.fullmatch(text):
        return _number_or_text(text)
    if _moment.fullmatch(text):
        raise ValueError(f"{text} is a date with a time of day: write the day only, or put it in quotes as text")
    return text


def _number_or_text(text: str) -> Scalar:
    if match := _day.fullmatch(text):
        try:
            return date(*map(int, match.groups()))
        except ValueError as exc:
            raise ValueError(f"no calendar has the day {text}: correct it, or put it in quotes as text") from exc
    try:
        if match := _integer.fullmatch(text):
            sign, binary, hexadecimal, octal, decimal = match.groups()
            digits, base = next(
                (found, radix)
                for found, radix in ((binary, 2), (hexadecimal, 16), (octal, 8), (decimal, 10))
                if found is not None
            )
            value = int(digits.replace("_", ""), base)
            return -value if sign == "-" else value
        if _decimal.fullmatch(text):
            return float(text.replace("_", ""))
    except ValueError as exc:
        raise ValueError(
            f"{shortened(text)} is no number that can be read: put it in quotes if it is meant as text"
        ) from exc
    return text


def shortened(text: str) -> str:
    """The text, or its beginning when it is too long for a line of a message."""
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
