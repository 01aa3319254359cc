"""What is wrong in a file that people wrote, and exactly where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Final

from custagent.core.errors import ConfigError

#: So many names can be listed in a hint.
_FEW: Final = 12


class Severity(StrEnum):
    #: The definition breaks a rule and is not put into force.
    ERROR = "error"
    #: It works, but hardly as meant.
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong at one place."""

    path: Path
    #: 1-based, as editors count.
    line: int = 1
    #: 1-based, in characters.
    column: int = 1
    severity: Severity = Severity.ERROR
    #: A short slug that scripts can filter by, such as "unknown-channel".
    rule: str
    #: What is wrong, for a person who did not write the program. Never holds a secret.
    message: str
    #: What to do about it; "" when the message says it all.
    hint: str = ""

    def location(self, base: Path | None = None) -> str:
        """ "file:line:column", the file relative to `base` where it lies inside."""
        return f"{shown_path(self.path, base)}:{self.line}:{self.column}"

    def sentence(self, base: Path | None = None) -> str:
        """One line: where, what, and what to do."""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.location(base)}: {self.message}{hint}"


class DefinitionRejected(ConfigError):
    """A file breaks rules; `findings` says which and where, the message carries them one a line."""

    def __init__(
        self,
        findings: Iterable[Finding],
        *,
        base: Path | None = None,
        hint: str = "correct this, then run: custagent validate",
    ) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(finding.sentence(base) for finding in self.findings), hint=hint)


def shown_path(path: Path, base: Path | None) -> str:
    """The path as people and tools are shown it: relative to `base` where it lies inside, with forward slashes."""
    if base is not None and path.is_relative_to(base):
        path = path.relative_to(base)
    return path.as_posix()


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint: the nearest of the known words, or all of them when none is near and they are few; else ""."""
    known = sorted(set(known))
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]}?"
    return f"there is: {', '.join(known)}" if 0 < len(known) <= _FEW else ""
