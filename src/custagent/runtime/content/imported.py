"""The files that an import wrote into `content/`: found again by their front matter, changed and removed, nothing else.

A file without the importer's number is somebody's own and is never touched. Names are made of the page's address once
and stay, so that git shows what changed.
"""

from __future__ import annotations

import os
import re
import tempfile
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from custagent.config.home import Home
from custagent.core.errors import WorkspaceError
from custagent.knowledge.convert.front_matter import read_front_matter
from custagent.knowledge.hubspot import FROM_FIELD, ID_FIELD, MODULES, HubSpotPage

#: Characters of a file's name without its ending: no disk is asked for more than it can.
_LONGEST: Final = 80
#: Bytes at the beginning of a file that are looked at.
_HEAD: Final = 64 * 1024
#: Names that are devices on Windows, where a colleague may check the folder out.
_DEVICES: Final = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedFile:
    """A file that an import wrote."""

    path: Path
    #: HubSpot's number of the page.
    id: str
    title: str
    url: str
    #: When the page had last changed, as HubSpot writes it.
    updated: str
    #: It was made of the page's modules, because the public page did not arrive.
    from_modules: bool

    def holds(self, page: HubSpotPage) -> bool:
        """Whether it is the page as it stands, so that it need not be read again."""
        same = (self.url, self.updated) == (page.url, page.updated)
        return same and bool(page.updated) and not self.from_modules


class ImportedFolder:
    """`content/<kind>/`. Raises WorkspaceError when it is, or leads, outside of the workspace."""

    def __init__(self, home: Home, kind: str) -> None:
        self._home = home
        self.folder = home.content_folder / kind
        if not self.folder.resolve().is_relative_to(home.root.resolve()):
            raise WorkspaceError(
                f"content/{kind} leads out of the workspace", hint="Make it a folder of its own, then run this again."
            )

    @property
    def location(self) -> str:
        """As it stands in YAML."""
        return self.folder.relative_to(self._home.root).as_posix()

    def files(self) -> Mapping[str, ImportedFile]:
        """What imports wrote, by HubSpot's number. Raises WorkspaceError."""
        found: dict[str, ImportedFile] = {}
        try:
            for path in sorted(self.folder.rglob("*.md")):
                file = None if path.is_symlink() or not path.is_file() else _read(path)
                if file is not None:
                    found.setdefault(file.id, file)
        except OSError as error:
            raise _unusable(self.folder, error, "read") from error
        return found

    def write(self, page: HubSpotPage, text: str, before: ImportedFile | None) -> Path | None:
        """Write the page's file whole, over the one `before`; where it is, None when it was the same already.

        Raises WorkspaceError.
        """
        body = text.encode("utf-8", "replace")
        path = before.path if before else self._new_path(page)
        try:
            if before and path.read_bytes() == body:
                return None
            path.parent.mkdir(parents=True, exist_ok=True)
            number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            half = Path(name)
            try:
                with os.fdopen(number, "wb") as file:
                    file.write(body)
                half.chmod(0o666 & ~_umask())
                half.replace(path)
            finally:
                half.unlink(missing_ok=True)
        except OSError as error:
            raise _unusable(path, error, "written") from error
        return path

    @staticmethod
    def remove(file: ImportedFile) -> None:
        """Take the file away. Raises WorkspaceError."""
        try:
            file.path.unlink(missing_ok=True)
        except OSError as error:
            raise _unusable(file.path, error, "removed") from error

    def _new_path(self, page: HubSpotPage) -> Path:
        path = self.folder / f"{file_name(page.url)}.md"
        # A link that leads nowhere does not exist, and must not be written through.
        if path.exists() or path.is_symlink():
            path = self.folder / f"{file_name(page.url)}-{page.id}.md"
        return path


def file_name(url: str) -> str:
    """A name for the page's file: the path of its address in plain letters, "index" for the front page."""
    parts = urlsplit(url)
    plain = unicodedata.normalize("NFKD", unquote(f"{parts.path} {parts.query}")).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:_LONGEST].strip("-") or "index"
    return f"{name}-page" if name in _DEVICES else name


def _read(path: Path) -> ImportedFile | None:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    fields, _ = read_front_matter(head.decode("utf-8-sig", "replace").replace("\r\n", "\n"))
    if not fields.get(ID_FIELD):
        return None
    return ImportedFile(
        path=path,
        id=fields[ID_FIELD],
        title=fields.get("title", path.stem),
        url=fields.get("url", ""),
        updated=fields.get("updated", ""),
        from_modules=fields.get(FROM_FIELD) == MODULES,
    )


def _unusable(path: Path, error: OSError, what: str) -> WorkspaceError:
    return WorkspaceError(
        f"{path} cannot be {what}: {error.strerror or error}", hint="Check the disk and who owns the folder."
    )


def _umask() -> int:
    """What the user's new files are not allowed: it can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
