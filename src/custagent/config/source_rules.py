"""What must hold of an agent's sources: they exist, inside the workspace, and can be read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path, PureWindowsPath

from custagent.brought import brought, reader_of
from custagent.config.findings import Finding, Severity
from custagent.config.home import Home
from custagent.config.reach import host_to_allow
from custagent.config.reader import KeyPath, Reading
from custagent.core.agent import (
    AgentDefinition,
    CollectionSource,
    FileSource,
    ShortAnswerSource,
    UrlSource,
)
from custagent.core.extension import CONVERTER_GROUP
from custagent.core.file_kind import BY_SUFFIX
from custagent.core.workspace import Workspace


def check_sources(
    reading: Reading, agent: AgentDefinition, home: Home, workspace: Workspace | None, today: date
) -> Iterator[Finding]:
    """No network is used: whether a web address answers is for `sources sync` to find out."""
    places: dict[Path, int] = {}
    for number, source in enumerate(agent.sources):
        where: KeyPath = ("sources", number)
        match source:
            case FileSource() | CollectionSource():
                path = (*where, "file" if isinstance(source, FileSource) else "collection")
                found = _inside(reading, path, source.location, home)
                if isinstance(found, Finding):
                    yield found
                    continue
                if found in places:
                    message = f"{source.location!r} is the same place as the source on line {places[found]}"
                    yield reading.finding(path, "duplicate-source", message)
                places[found] = reading.place(path).line
                yield from (
                    _check_file(reading, path, found)
                    if isinstance(source, FileSource)
                    else _check_collection(reading, path, found, home)
                )
            case UrlSource() if workspace is not None:
                yield from _check_url(reading, (*where, "url"), source.url, workspace)
            case ShortAnswerSource(valid_until=date() as last) if last < today:
                yield reading.finding(
                    (*where, "until"), "expired", f"this answer was valid until {last} and is given no more",
                    severity=Severity.WARNING, hint="set another `until:`, or delete it",
                )  # fmt: skip


def _inside(reading: Reading, path: KeyPath, location: str, home: Home) -> Path | Finding:
    """Where the source lies, or why it cannot be one (SRC-8: YAML names nothing outside)."""
    if "\\" in location or PureWindowsPath(location).drive:
        return reading.finding(
            path, "outside-workspace", f"{location!r} is not a path inside the workspace", hint="separate folders by /"
        )
    try:
        # Absolute paths win over the root here, and are then found to be outside.
        place = (home.root / location).resolve()
        exists = place.exists()
    except (OSError, ValueError, RuntimeError):  # too long, a null character, a circle of links
        place, exists = home.root, False
    if not place.is_relative_to(home.root):
        return reading.finding(
            path, "outside-workspace", f"{location!r} leads out of the workspace",
            hint=f"copy it in: custagent sources add {reading.path.stem} {location}",
        )  # fmt: skip
    if place.is_relative_to(home.state_folder):
        return reading.finding(
            path, "outside-workspace", f"{location!r} is run-time state, no content", hint="name a file under content/"
        )
    if not exists:
        return reading.finding(
            path, "missing-file", f"there is no file or folder {location!r} in the workspace",
            hint="paths begin at the folder of custagent.yaml",
        )  # fmt: skip
    return place


def _check_file(reading: Reading, path: KeyPath, place: Path) -> Iterator[Finding]:
    if place.is_dir():
        yield reading.finding(
            path, "wrong-kind", "this is a folder, not a file", key=True, hint="write `collection:` instead of `file:`"
        )
    elif not _is_read(place):
        yield reading.finding(
            path, "unsupported-file", f"files of the kind {place.suffix or place.name!r} are probably not understood",
            severity=Severity.WARNING, hint=f"understood are: {_kinds()}",
        )  # fmt: skip


def _check_collection(reading: Reading, path: KeyPath, place: Path, home: Home) -> Iterator[Finding]:
    if not place.is_dir():
        yield reading.finding(
            path, "wrong-kind", "this is a file, not a folder", key=True, hint="write `file:` instead of `collection:`"
        )
        return
    readable = 0
    for folder, folders, files in os.walk(place):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in (*folders, *sorted(files)):
            file = Path(folder, name)
            if file.is_symlink() and (wrong := _wrong_link(file, home)):
                shown = file.relative_to(home.root).as_posix()
                yield reading.finding(path, "outside-workspace", f"{shown} {wrong}", hint="put the file itself there")
            readable += name in files and _is_read(file)
    if not readable:
        yield reading.finding(
            path, "empty-collection", "the folder holds no file that is understood",
            severity=Severity.WARNING, hint=f"understood are: {_kinds()}",
        )  # fmt: skip


def _wrong_link(link: Path, home: Home) -> str:
    """Why the link cannot be followed; "" when it can."""
    try:
        place = link.resolve()
    except RuntimeError:
        return "is a link that leads back to itself"
    return "" if place.is_relative_to(home.root) else "is a link that leads out of the workspace"


def _check_url(reading: Reading, path: KeyPath, url: str, workspace: Workspace) -> Iterator[Finding]:
    try:
        refused = host_to_allow(url, workspace.fetch.allow_hosts)
    except ValueError as exc:
        yield reading.finding(path, "wrong-value", str(exc))
        return
    if refused:
        host, reason = refused
        yield reading.finding(
            path, "host-not-allowed", f"this page will not be fetched: {reason}",
            hint=f"if it is a server of your own, add {host} to `fetch: allow_hosts:` in custagent.yaml",
        )  # fmt: skip


def _is_read(file: Path) -> bool:
    return file.suffix.lower() in BY_SUFFIX or reader_of(file.suffix) is not None


def _kinds() -> str:
    return " ".join(sorted({suffix.removeprefix(".") for suffix in BY_SUFFIX} | brought(CONVERTER_GROUP).keys()))
