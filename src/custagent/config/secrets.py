"""Secrets: read from the environment by name, never written into a file, never printed.

A setting that needs a secret holds `${NAME}`. This page resolves such references, and knows what a secret looks like,
so that one that was written down by mistake is found before it is committed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import log2
from typing import Final
from urllib.parse import quote

from custagent.core.errors import ConfigError

_reference = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_secret_key = re.compile(r"token|secret|passw(?:or)?d|passphrase|api_?key|private_?key|credential", re.IGNORECASE)

#: The variable with this ending holds the value before, for as long as both are in use.
PREVIOUS: Final = "_PREVIOUS"
#: Shorter values are words that occur elsewhere too; blotting them out would ruin the text and hide nothing.
_SCRUBBED_LENGTH: Final = 4
#: A value under a telling key is taken for a secret from this length and this many bits a character on.
_SECRET_LENGTH: Final = 16
_SECRET_BITS: Final = 3.0

#: What well-known secrets look like.
_SHAPES: Final = {
    "private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "OpenAI, Anthropic or similar key": re.compile(r"(?<![\w-])sk-(?:[a-z]{2,12}[0-9]*-)*[A-Za-z0-9_]{16,}"),
    "Stripe key": re.compile(r"(?<!\w)[sr]k_(?:live|test)_[A-Za-z0-9]{10,}"),
    "Meta access token": re.compile(r"(?<!\w)EAA[A-Za-z0-9]{20,}"),
    "Slack token": re.compile(r"(?<!\w)xox[abeoprs]-[A-Za-z0-9-]{10,}"),
    "AWS access key": re.compile(r"(?<!\w)A[KS]IA[0-9A-Z]{16}(?!\w)"),
    "GitHub token": re.compile(r"(?<!\w)(?:gh[opsur]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})"),
    "GitLab token": re.compile(r"(?<!\w)glpat-[A-Za-z0-9_-]{20,}"),
    "Google key": re.compile(r"(?<!\w)AIza[0-9A-Za-z_-]{35}"),
    "SendGrid key": re.compile(r"(?<!\w)SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    "signed token (JWT)": re.compile(r"(?<!\w)eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+"),
    "password in a web address": re.compile(r"(?<=://)[^\s/:@\"'$]+:(?!\$\{)[^\s/@\"']+(?=@)"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearText:
    """A secret that stands in a text. What it is, never its letters."""

    kind: str
    start: int
    end: int


def reference_name(value: object) -> str | None:
    """The variable that `${NAME}` names; None for anything else."""
    match = _reference.fullmatch(value) if isinstance(value, str) else None
    return match[1] if match else None


def resolve(reference: str, environment: Mapping[str, str]) -> str:
    """The secret that `${NAME}` stands for. Raises ConfigError that names the variable, never a value."""
    name = reference_name(reference)
    if name is None:
        raise ConfigError("a secret must be written as ${NAME}, the name of an environment variable")
    if not environment.get(name):
        raise ConfigError(
            f"the environment variable {name} is not set", hint=f"set it where custagent starts: export {name}=…"
        )
    return environment[name]


def resolve_all(reference: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The secret that `${NAME}` stands for, and after it, while it is being changed, the one that NAME_PREVIOUS holds.

    Whoever checks what others signed must know both for a while. Raises ConfigError as `resolve` does.
    """
    now = resolve(reference, environment)
    before = environment.get(f"{reference_name(reference)}{PREVIOUS}")
    return (now, before) if before and before != now else (now,)


def scrub(text: str, values: Iterable[str]) -> str:
    """The text with every secret among `values`, plain or as written in a web address, replaced by ***."""
    spellings = {spelling for value in values for spelling in (value, quote(value, safe=""))}
    for spelling in sorted(spellings, key=len, reverse=True):
        if len(spelling) >= _SCRUBBED_LENGTH:
            text = text.replace(spelling, "***")
    return text


def in_clear_text(text: str) -> Iterator[ClearText]:
    """Everything in the text that has the shape of a known secret, comments included."""
    for kind, shape in _SHAPES.items():
        for found in shape.finditer(text):
            yield ClearText(kind=kind, start=found.start(), end=found.end())


def is_secret_key(key: object) -> bool:
    """Whether a setting of this name holds a secret, by the sound of it."""
    return isinstance(key, str) and _secret_key.search(key.replace("-", "_")) is not None


def looks_secret(key: object, value: object) -> bool:
    """Whether a value must not be repeated: it has the shape of a secret, or its key says that it is one."""
    if not isinstance(value, str) or reference_name(value):
        return False
    return is_secret_key(key) or any(True for _ in in_clear_text(value))


def is_random(value: str) -> bool:
    """Whether a text is long, without blanks, and as varied as generated secrets are."""
    if len(value) < _SECRET_LENGTH or re.search(r"\s", value):
        return False
    counts = Counter(value)
    return -sum(n / len(value) * log2(n / len(value)) for n in counts.values()) >= _SECRET_BITS


def looks_like_variable(value: str) -> bool:
    """Whether somebody wrote a variable's name and forgot the ${}: words in capitals, joined by underscores."""
    return re.fullmatch(r"[A-Z]+(?:_[A-Z0-9]{1,12})+", value) is not None
