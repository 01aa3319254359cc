"""PyYAML's complaints about what is no YAML, in plain words and at the place where they help most."""

from __future__ import annotations

import re
from typing import Final

#: What is wrong with a tab, and what to do.
TAB: Final = ("a tab stands here, which YAML readers understand differently", "use spaces")
#: The line that git puts above or below a side of two changes that it could not bring together.
_CONFLICT: Final = re.compile(r"^(?:<<<<<<<|>>>>>>>)(?: |$)", re.MULTILINE)
_NO_YAML: Final = "look at the indentation and the quotation marks"


def plainly(problem: str, text: str, *, offset: int, opened: int | None) -> tuple[int, str, str]:
    """Where in `text` something is wrong, what, and what to do.

    `problem` is what PyYAML says, `offset` where it noticed, `opened` where what it was reading began.
    """
    offset = min(offset, len(text))
    if conflict := _CONFLICT.search(text):
        return conflict.start(), "git left a conflict here", "keep one of the two sides, and delete git's lines"
    if text[offset : offset + 1] == "\t":
        return offset, *TAB
    if "unexpected end of stream" in problem and opened is not None:
        return opened, "a quotation mark opens here and is never closed", "close it"
    for part, message, hint in _COMPLAINTS:
        if part in problem:
            return offset, message, hint
    return offset, f"this is not YAML: {problem}" if problem else "this is not YAML", _NO_YAML


#: What PyYAML's two scanners say, what it means, and what to do.
_COMPLAINTS: Final = (
    ("mapping values are not allowed", "a colon stands here where the line cannot have one", "put the text in quotes, or correct the indentation"),
    ("could not find expected ':'", "a line `key: value` was expected before this", "a colon is missing, or the text needs quotes"),
    ("cannot start any token", "text cannot begin with this character", "put the text in quotes"),
    ("expected <block end>", "this line does not fit the indentation of the lines above", "align it with them"),
    ("did not find expected key", "this line does not fit the lines above", "align it with them, or put text with quotation marks in it in quotes as a whole"),
    ("did not find expected '-'", "a list item `- …` was expected here", "align it with the items above"),
    ("expected ',' or", "a list or mapping in brackets is not closed", "add the missing bracket or comma"),
    ("node content", "a value was expected here", "close the bracket, or put the text in quotes"),
    ("sequence entries are not allowed", "a list item cannot begin here", "begin the list on a line of its own"),
    ("unknown escape character", "a backslash in double quotes means something special", "use single quotes, or write \\\\"),
    ("undefined alias", "an alias refers to nothing", "write the value out"),
    ("expected alphabetic or numeric", "a name was expected after & or *", "put the text in quotes"),
    ("expected comment or line break", "after | or > nothing may follow on the line", "begin the text on the next line"),
    ("expected chomping or indentation", "after | or > nothing may follow on the line", "begin the text on the next line"),
)  # fmt: skip
