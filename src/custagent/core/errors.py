"""Every error that custagent raises on purpose, each with the exit code it ends a command with.

CustagentError                    1  something did not work
├── UsageError                    2  what was typed does not fit together
├── WorkspaceError                2  no workspace here, or its folder cannot be used
├── ConfigError                   1  a definition breaks a rule (carries findings)
├── UnknownName                   1  no agent, source, channel … of that name
├── PermissionDenied              1  the acting user may not do this (CRE-3)
├── SourceError                   1  a source cannot be read
│   ├── FetchError                1  a page did not arrive
│   │   └── AddressRefused        1  the address guard said no (SRC-7)
│   └── ConvertError              1  the bytes hold no text that we can read
├── StoreError                    1  the database refused, or is from another version
│   ├── Overtaken                 1  the conversation changed while a turn was made
│   └── LeaseHeld                 1  another runner works on this workspace (RUN-1)
├── IndexDamaged                  1  the index does not fit its manifest; it can be rebuilt
├── EmbedderError                 1  the embedding engine cannot load or run
├── ChannelError                  1  a provider could not be reached, or refused for the moment
└── ModelError                    1  the hosted or local chat model failed

The command line prints the message, which says what is wrong and where, and `hint`, which says what to do.
"""

from __future__ import annotations

from typing import ClassVar


class CustagentError(Exception):
    """The root: something did not work.

    `message` says what and where in one sentence; `hint` names the next step, a command where there is one.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(CustagentError):
    """What was typed does not fit together."""

    exit_code = 2


class WorkspaceError(CustagentError):
    """There is no workspace here, or its folder cannot be used."""

    exit_code = 2


class ConfigError(CustagentError):
    """A definition breaks a rule; the message carries the findings, one a line."""


class UnknownName(CustagentError):
    """No agent, source, channel, user or team of that name."""


class PermissionDenied(CustagentError):
    """The acting user may not do this (CRE-3)."""


class SourceError(CustagentError):
    """A source cannot be read."""


class FetchError(SourceError):
    """A page did not arrive.

    `status` is the HTTP status where there was one. `gone` tells a page that the site has removed (404, 410) from
    one that is out of reach for the moment: only the first may leave the answers (SRC-3).
    """

    def __init__(self, message: str, *, hint: str = "", status: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status

    @property
    def gone(self) -> bool:
        return self.status in (404, 410)


class AddressRefused(FetchError):
    """The address guard said no: a private, loopback or link-local address, or an odd port (SRC-7)."""


class ConvertError(SourceError):
    """The bytes hold no text that we can read."""


class StoreError(CustagentError):
    """The database refused, or belongs to another version of custagent."""


class Overtaken(StoreError):
    """The conversation changed while a turn was made: look at it again, nothing was written."""


class LeaseHeld(StoreError):
    """Another runner works on this workspace, or took over from this one (RUN-1)."""


class IndexDamaged(CustagentError):
    """The index does not fit its manifest. It is a cache: it can always be rebuilt from the database."""


class EmbedderError(CustagentError):
    """The embedding engine cannot load or run."""


class ChannelError(CustagentError):
    """A provider could not be reached, or refused for the moment: sending may be tried again."""


class ModelError(CustagentError):
    """The chat model failed: out of reach, refused, or answered with something unusable."""
