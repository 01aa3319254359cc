"""What one look of the doctor found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    OK = "ok"
    #: It works, and should be looked after.
    WARNING = "warning"
    #: Something does not work until it is mended.
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    #: What: "python", "disk", "database", "index", "model", "secret", "clock", "channel", "files", "network" …
    subject: str
    health: Health
    #: One plain sentence. Never a secret.
    told: str
    #: What to do, with the command; "" when all is well.
    hint: str = ""


def well(subject: str, told: str) -> Finding:
    """All is well."""
    return Finding(subject=subject, health=Health.OK, told=told)


def warning(subject: str, told: str, hint: str) -> Finding:
    """It works, and should be looked after."""
    return Finding(subject=subject, health=Health.WARNING, told=told, hint=hint)


def broken(subject: str, told: str, hint: str) -> Finding:
    """It does not work until it is mended."""
    return Finding(subject=subject, health=Health.BROKEN, told=told, hint=hint)
