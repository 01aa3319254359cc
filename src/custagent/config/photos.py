"""Pictures of people: files of the workspace that browsers can show (HND-3)."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

from custagent.config.home import STATE

#: What a file of each kind begins with; a webp says so at its ninth byte.
_KINDS = {".png": b"\x89PNG\r\n\x1a\n", ".jpg": b"\xff\xd8\xff", ".jpeg": b"\xff\xd8\xff", ".webp": b"RIFF"}
#: Every contact who is handed over loads it.
MAX_BYTES = 200_000


def photo_fault(root: Path, location: str) -> str:
    """What is wrong with a picture at that path inside the workspace; "" when nothing is."""
    if "\\" in location or PureWindowsPath(location).drive:
        return f"{location!r} is not a path inside the workspace: separate folders by /"
    try:
        place = (root / location).resolve()
        if not place.is_relative_to(root.resolve()) or place.is_relative_to(root.resolve() / STATE):
            return f"{location!r} leads out of the workspace, or into its run-time state"
        if not place.is_file():
            return f"there is no file {location!r} in the workspace"
        return file_fault(place)
    except (OSError, ValueError, RuntimeError):  # too long, a null character, a circle of links
        return f"{location!r} cannot be opened"


def file_fault(path: Path) -> str:
    """What is wrong with the file as a picture of a person; "" when nothing is. Raises OSError."""
    kind = _KINDS.get(path.suffix.lower())
    if kind is None:
        return f"{path.name} is no picture that every browser shows: use png, jpg or webp"
    if path.stat().st_size > MAX_BYTES:
        return f"{path.name} is larger than {MAX_BYTES // 1000} KB: 200 by 200 points are plenty"
    with path.open("rb") as file:
        head = file.read(12)
    webp = path.suffix.lower() != ".webp" or head[8:12] == b"WEBP"
    return "" if head.startswith(kind) and webp else f"{path.name} holds something else than its name says"
