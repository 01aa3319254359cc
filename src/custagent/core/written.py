"""The base of everything that people write in YAML: strict, frozen, nothing unknown."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from custagent.core.ids import NAME_MAX_LENGTH, NAME_PATTERN

#: What an agent, channel, desk, user, team or voice may be called.
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN, max_length=NAME_MAX_LENGTH)]
#: ISO 639-1.
LanguageCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
#: Text that says something.
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
#: A secret is never written down: it is the name of an environment variable, as `${NAME}`.
SecretRef = Annotated[str, StringConstraints(pattern=r"^\$\{[A-Za-z_][A-Za-z0-9_]*\}$")]
#: A length of time: a whole number and s, m, h or d.
Duration = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,5}[smhd]$")]

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(duration: str) -> int:
    """The length of a `Duration` in seconds: "24h" is 86,400."""
    return int(duration[:-1]) * _SECONDS[duration[-1]]


class Written(BaseModel):
    """A mapping in a YAML file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)
