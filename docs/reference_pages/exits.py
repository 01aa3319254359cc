"""docs/exit-codes.md: what a command ends with, from the tree of errors."""

from __future__ import annotations

from collections.abc import Iterator

from custagent.core.errors import INTERRUPTED, CustagentError
from reference_pages.markdown import first_sentence, table

INTRODUCTION = """\
# Exit codes

This page is written by `nox -s docs -- --write` from the program: change that, not the page.

Scripts can rely on them. Whatever the code, what went wrong stands on stderr in one line, with what to do about it.
"""

#: What each means for a script.
MEANINGS = {
    0: "It worked.",
    1: "Something did not work, or was found wanting: a finding of `validate`, a failed case of `test`, a page that cannot"
    " be read.",
    2: "It could not begin: what was typed does not fit together, there is no workspace, or something could not be"
    " checked at all.",
    INTERRUPTED: "Ctrl-C. What had begun is undone, or goes on where it was with the next call.",
}

FOUND = """\
## What commands find

Some commands look at something and tell what they found. They end with

| command | 0 | 1 | 2 |
| --- | --- | --- | --- |
| `custagent validate` | the files are right | findings; with `--strict` also warnings | a file could not be checked |
| `custagent test` | all cases passed; with `--baseline` nothing broke | a case failed | no cases, or an unreadable baseline |
| `custagent doctor` | all is well, or only worth a look | something does not work | there is no workspace |
| `custagent sources add`, `sync` | read, or a dead link was found on the way | a source that was named cannot be read | |
| `custagent sources lint` | read; findings without `--strict` | findings, with `--strict` | |
| `custagent credits verify`, `replay` | the ledger agrees | it does not, with the first difference | |
| `custagent channels check` | it works | it does not, with the step that fails | |
"""


def page() -> str:
    """The whole page."""
    codes = table(["code", "meaning"], ((str(code), meaning) for code, meaning in MEANINGS.items()))
    errors = table(["what happened", "code", "in Python"], _rows(CustagentError))
    by_error = (
        "## Which error ends with which code\n\nFor those who call custagent from Python: the tree of its errors."
    )
    parts = [INTRODUCTION.rstrip(), codes, FOUND.rstrip(), by_error, errors]
    return "\n\n".join(parts) + "\n"


def _rows(error: type[CustagentError]) -> Iterator[tuple[str, str, str]]:
    """The error and what is below it, each once."""
    yield first_sentence(error.__doc__), str(error.exit_code), f"`{error.__name__}`"
    for below in error.__subclasses__():
        if below.__module__ == CustagentError.__module__:
            yield from _rows(below)
