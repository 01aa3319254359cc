"""Rules about secrets: none stands in a file, and each that is referred to is set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from custagent.config.findings import Finding, Severity
from custagent.config.reader import KeyPath, Reading, line_and_column
from custagent.config.secrets import in_clear_text, is_random, is_secret_key, looks_like_variable, reference_name

_RULE = "secret-in-clear-text"
_HINT = "write ${NAME} instead and set that environment variable; a secret that was committed must be replaced"


def known_secrets(text: str, path: Path) -> list[Finding]:
    """Everything in the file, comments included, that has the shape of a known secret. Its letters are not told."""
    findings = []
    for found in in_clear_text(text):
        line, column = line_and_column(text, found.start)
        message = f"a secret stands here in clear text ({found.kind})"
        findings.append(Finding(path=path, line=line, column=column, rule=_RULE, message=message, hint=_HINT))
    return findings


def probable_secrets(reading: Reading) -> list[Finding]:
    """Values that look random under keys that speak of secrets."""
    findings = []
    for path, value in reading.strings():
        key = _key(path)
        if is_secret_key(key) and not reference_name(value) and not looks_like_variable(value) and is_random(value):
            message = f"`{key}` seems to hold a secret in clear text"
            findings.append(reading.finding(path, _RULE, message, hint=_HINT))
    return findings


def unset_variables(reading: Reading, environment: Mapping[str, str]) -> Iterator[Finding]:
    """References to environment variables that are not set here; where the agent runs they may be."""
    for path, value in reading.strings():
        name = reference_name(value)
        if name and not environment.get(name):
            yield reading.finding(
                path, "variable-not-set", f"the environment variable {name} is not set here",
                severity=Severity.WARNING, hint=f"set it where custagent runs: export {name}=…",
            )  # fmt: skip


def _key(path: KeyPath) -> str:
    return next((step for step in reversed(path) if isinstance(step, str)), "")
