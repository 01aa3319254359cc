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
├── Overloaded                    1  more waits than can be answered soon (carries when to try again)
├── OutOfCredits                  1  no credits are left for a new charge (CRED-3)
├── IndexDamaged                  1  the index does not fit its manifest; it can be rebuilt
├── EmbedderError                 1  the embedding engine cannot load or run
│   └── EngineMissing             1  there is no embedding engine for this machine (words alone serve)
├── ChannelError                  1  a provider could not be reached, or refused (carries what follows from it)
└── ModelError                    1  the hosted or local chat model failed

The command line prints the message, which says what is wrong and where, and `hint`, which says what to do.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, Final

#: What a shell reports for a program that Ctrl-C ended.
INTERRUPTED: Final = 130


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


class Overloaded(CustagentError):
    """More waits than can be answered in a sensible time, or written down: nothing was taken (R14).

    `retry_after` is after how many whole seconds to try again.
    """

    def __init__(self, message: str, *, hint: str = "", retry_after: int = 5) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class OutOfCredits(CustagentError):
    """No credits are left for a new charge, or the month's cap is reached (CRED-3): nothing was written."""


class IndexDamaged(CustagentError):
    """The index does not fit its manifest. It is a cache: it can always be rebuilt from the database."""


class EmbedderError(CustagentError):
    """The embedding engine cannot load or run."""


class EngineMissing(EmbedderError):
    """The engine that custagent comes with has no build for this machine: content is found by its words alone."""


class SendFault(StrEnum):
    """What a failed sending means for the reply, and for what waits behind it. Adapters sort their errors into these."""

    #: This reply alone: a time-out, a server's fault. It is tried again, later each time.
    RETRY = "retry"
    #: Nothing goes out on the channel: its provider is away, or refuses the account. One reply at a time tries.
    CHANNEL_OUT = "channel-out"
    #: Too many at once on the channel: nothing goes out on it for a while.
    SLOW_CHANNEL = "slow-channel"
    #: Too many at once to this contact.
    SLOW_CONTACT = "slow-contact"
    #: The contact wrote too long ago: the provider takes no free text any more.
    WINDOW_CLOSED = "window-closed"
    #: This reply can never arrive: no such recipient, refused for what it says.
    PERMANENT = "permanent"

    @property
    def final(self) -> bool:
        """Whether trying again is no use."""
        return self in (SendFault.WINDOW_CLOSED, SendFault.PERMANENT)

    @property
    def of_channel(self) -> bool:
        """Whether everything on the channel has to wait."""
        return self in (SendFault.CHANNEL_OUT, SendFault.SLOW_CHANNEL)


class ChannelError(CustagentError):
    """A provider could not be reached, or refused.

    `fault` says what follows from it; `retry_after` how many seconds the provider asks to wait, 0 when it asks nothing;
    `parts_sent` how many pieces of the reply have gone out all the same, those of earlier tries included.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        fault: SendFault = SendFault.RETRY,
        retry_after: float = 0.0,
        parts_sent: int = 0,
    ) -> None:
        super().__init__(message, hint=hint)
        self.fault = fault
        self.retry_after = retry_after
        self.parts_sent = parts_sent


class ModelError(CustagentError):
    """The chat model failed: out of reach, refused, or answered with something unusable."""
