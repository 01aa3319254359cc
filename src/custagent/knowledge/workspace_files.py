"""The files of a workspace that sources name: found and opened, never outside of it (SRC-8)."""

from __future__ import annotations

from pathlib import Path

from custagent.core.document import RawContent
from custagent.core.errors import SourceError
from custagent.knowledge.convert.kind import supported

#: Larger files are not read: no manual has that much text, and all of it would be in memory at once.
MAX_BYTES = 100_000_000


class WorkspaceFiles:
    """Files by their path inside the workspace, with forward slashes."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def has(self, path: str) -> bool:
        """Whether there is such a file or folder."""
        return self._inside(path).exists()

    def open(self, path: str) -> RawContent:
        """The file's bytes. Raises SourceError."""
        file = self._inside(path)
        try:
            if not file.exists():
                raise SourceError(f"there is no file {path} in the workspace")
            if not file.is_file():
                raise SourceError(f"{path} is no file", hint="A folder is written as `collection:`.")
            if file.stat().st_size > MAX_BYTES:
                raise SourceError(f"{path} is larger than {MAX_BYTES // 1_000_000} MB, the most that is read")
            return RawContent(location=path, body=file.read_bytes())
        except OSError as error:
            raise SourceError(f"{path} cannot be opened: {error.strerror}") from error

    def in_folder(self, path: str) -> list[str]:
        """The files below a folder that can be read, in order; hidden ones are left out. Raises SourceError."""
        folder = self._inside(path)
        if not folder.is_dir():
            raise SourceError(f"there is no folder {path} in the workspace")
        found = (file.relative_to(folder) for file in folder.rglob("*") if supported(file) and file.is_file())
        shown = (file for file in found if not any(part.startswith((".", "~$")) for part in file.parts))
        return sorted((Path(path) / file).as_posix() for file in shown)

    def _inside(self, path: str) -> Path:
        file = self._root / path
        if not file.resolve().is_relative_to(self._root):
            raise SourceError(
                f"{path} leads out of the workspace", hint="Add it again: it is then copied into content/."
            )
        return file
