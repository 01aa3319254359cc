"""Kinds of channel that other packages bring: finding them, and reading a channel by its kind's own settings.

A package names its kind by an entry point of the group `CHANNEL_GROUP`, called as custagent.yaml calls the kind. What it
leads to is a class with an attribute `settings`, the model of such a channel: a subclass of `OtherChannel`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from custagent.brought import brought, load
from custagent.brought import unusable as brought_unusable
from custagent.core.channel import CHANNEL_GROUP, Channel, ChannelKind, OtherChannel
from custagent.core.errors import CustagentError, WorkspaceError
from custagent.core.workspace import Workspace

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_BUILT_IN = frozenset(kind.value for kind in ChannelKind)


def brought_kinds() -> Mapping[str, EntryPoint]:
    """The kinds that other packages bring, by name; none of them is loaded for that."""
    return brought(CHANNEL_GROUP)


def brought_kind(name: str) -> EntryPoint | None:
    """The kind of this name, where another package brings it."""
    return brought(CHANNEL_GROUP).get(name)


def load_kind(kind: EntryPoint) -> Any:
    """The class of a kind that another package brings. Raises WorkspaceError, which names the package."""
    return load(kind, f"{kind.name} channels", WorkspaceError)


def unusable(kind: EntryPoint, reason: object) -> CustagentError:
    """The package cannot be used: a WorkspaceError."""
    return brought_unusable(kind, f"{kind.name} channels", reason, WorkspaceError)


def settings_of(kind: str) -> type[OtherChannel] | None:
    """The settings of a kind that another package brings; None where none does.

    Raises WorkspaceError for a package that cannot be loaded, or that brings no settings.
    """
    found = None if kind in _BUILT_IN else brought_kind(kind)
    if found is None:
        return None
    settings = getattr(load_kind(found), "settings", None)
    if not isinstance(settings, type) or not issubclass(settings, OtherChannel):
        raise unusable(found, f"{found.value} has no `settings`, a subclass of OtherChannel")
    return settings


def with_kinds(workspace: Workspace) -> Workspace:
    """The workspace, each channel of another package's kind read by that kind's settings.

    Where the package is not there, cannot be loaded or does not like the settings, the channel stays as it was written:
    it must not keep the others from working, and `custagent validate` and `channels check` tell it.
    """
    if not any(type(channel) is OtherChannel for channel in workspace.channels):
        return workspace
    return workspace.model_copy(update={"channels": tuple(_by_kind(workspace.channels))})


def _by_kind(channels: Iterable[Channel]) -> Iterator[Channel]:
    for channel in channels:
        try:
            settings = settings_of(channel.kind) if type(channel) is OtherChannel else None
            yield channel if settings is None else settings.model_validate(channel.model_dump())
        except (ValidationError, WorkspaceError):
            yield channel
