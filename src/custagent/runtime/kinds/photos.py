"""Pictures of people as contacts' browsers get them: by the hash of what they hold, and nothing else of the workspace.

Which files there are is said by the users in force; a name that is not the hash of one of these opens nothing (HND-3).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from custagent.config.photos import MAX_BYTES, photo_fault


class Photos:
    """The pictures below one workspace's folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        #: By file: when it was changed, how large it was, and what it is called then.
        self._names: dict[Path, tuple[int, int, str]] = {}

    def name_of(self, location: str | None) -> str:
        """What the picture at that path in the workspace is called for browsers; "" when none can be shown."""
        if not location or photo_fault(self._root, location):
            return ""
        path = (self._root / location).resolve()
        try:
            state = path.stat()
            known = self._names.get(path)
            if known is None or known[:2] != (state.st_mtime_ns, state.st_size):
                name = _name(path, _content(path))
                known = self._names[path] = state.st_mtime_ns, state.st_size, name
        except OSError:
            return ""
        return known[2]

    def read(self, name: str, locations: Iterable[str | None]) -> bytes | None:
        """The picture of that name if it is one of `locations`; None for any other name."""
        for location in locations:
            if location and self.name_of(location) == name:
                path = (self._root / location).resolve()
                try:
                    content = _content(path)
                except OSError:
                    return None
                # It may have been changed since it was named: a name never stands for two pictures.
                return content if _name(path, content) == name else None
        return None


def _content(path: Path) -> bytes:
    """Never more than may be shown, whatever the file has become meanwhile. Raises OSError."""
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _name(path: Path, content: bytes) -> str:
    """ "" for what is too large."""
    return f"{hashlib.sha256(content).hexdigest()[:32]}{path.suffix.lower()}" if len(content) <= MAX_BYTES else ""
