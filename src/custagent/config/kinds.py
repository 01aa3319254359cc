"""Kinds of channel that other packages bring: finding them, and reading a channel by its kind's own settings.

A package names its kind by an entry point of the group `CHANNEL_GROUP`, called as custagent.yaml calls the kind. What it
leads to is a class with an attribute `settings`, the model of such a channel: a subclass of `OtherChannel`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from pydantic import ValidationError

from custagent.core.channel import CHANNEL_GROUP, Channel, ChannelKind, OtherChannel
from custagent.core.errors import WorkspaceError
from custagent.core.workspace import Workspace

_BUILT_IN = frozenset(kind.value for kind in ChannelKind)


def brought_kinds() -> Mapping[str, EntryPoint]:
    """The kinds that other packages bring, by name; none of them is loaded for that."""
    return {one.name: one for one in entry_points(group=CHANNEL_GROUP)}


def brought_kind(name: str) -> EntryPoint | None:
    """The kind of this name, where another package brings it."""
    return next(iter(entry_points(group=CHANNEL_GROUP, name=name)), None)


def load_kind(brought: EntryPoint) -> Any:
    """The class of a kind that another package brings. Raises WorkspaceError, which names the package."""
    try:
        kind = brought.load()
    except (ImportError, AttributeError, SyntaxError) as error:
        raise unusable(brought, error) from error
    return kind


def unusable(brought: EntryPoint, reason: object) -> WorkspaceError:
    """The package cannot be used."""
    package = brought.dist.name if brought.dist else brought.value
    return WorkspaceError(
        f"{package} brings {brought.name} channels, but cannot be loaded: {reason}",
        hint=f"Update it, or take it away: pip uninstall {package}",
    )


def settings_of(kind: str) -> type[OtherChannel] | None:
    """The settings of a kind that another package brings; None where none does.

    Raises WorkspaceError for a package that cannot be loaded, or that brings no settings.
    """
    brought = None if kind in _BUILT_IN else brought_kind(kind)
    if brought is None:
        return None
    settings = getattr(load_kind(brought), "settings", None)
    if not isinstance(settings, type) or not issubclass(settings, OtherChannel):
        raise unusable(brought, f"{brought.value} has no `settings`, a subclass of OtherChannel")
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
