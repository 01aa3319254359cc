"""What other packages bring: kinds of channel, embedding engines, readers of files.

A package names what it brings by an entry point of a group (`core.extension`, `core.channel`), called as custagent.yaml
calls it, or by the file's suffix. Nothing of a package is loaded before it is used.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from custagent.core.errors import CustagentError
from custagent.core.extension import CONVERTER_GROUP

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


def brought(group: str) -> Mapping[str, EntryPoint]:
    """What is brought for this group, by name; where two packages bring the same, the first on Python's path."""
    return _brought(group, tuple(sys.path))


@lru_cache(maxsize=32)
def _brought(group: str, path: tuple[str, ...]) -> Mapping[str, EntryPoint]:
    # All that is installed is read for it, some twenty milliseconds; most commands never ask.
    from importlib.metadata import entry_points

    del path
    return {one.name: one for one in reversed(tuple(entry_points(group=group)))}


def reader_of(suffix: str) -> EntryPoint | None:
    """Who reads files of this suffix, as ".adoc", where custagent itself does not."""
    return brought(CONVERTER_GROUP).get(suffix.removeprefix(".").lower()) if suffix else None


def load(one: EntryPoint, brings: str, failure: type[CustagentError]) -> Any:
    """What the entry point leads to. Raises `failure`, which names the package; `brings` is what it is good for."""
    try:
        return one.load()
    except (ImportError, AttributeError, SyntaxError) as error:
        raise unusable(one, brings, error, failure) from error


def unusable(one: EntryPoint, brings: str, reason: object, failure: type[CustagentError]) -> CustagentError:
    """The package cannot be used."""
    package = one.dist.name if one.dist else one.value
    return failure(
        f"{package} brings {brings}, but cannot be loaded: {reason}",
        hint=f"Update it, or take it away: pip uninstall {package}",
    )
