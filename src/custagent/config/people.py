"""Changes to the users and teams of custagent.yaml, which leave comments and order as people wrote them (CRE-2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from custagent.config import splice
from custagent.config.editor import edit
from custagent.config.reader import Reading, read_text


def add_item(path: Path, group: str, item: Mapping[str, Any]) -> None:
    """Add a user or team, as it stands in YAML, to the end of `users` or `teams`. Raises as `editor.edit`."""

    def change(reading: Reading) -> str:
        if reading.data.get(group) is None and group not in reading.data:
            return splice.append_key(reading, group, [dict(item)])
        return splice.append_item(reading, (group,), dict(item))

    edit(path, change)


def change_item(path: Path, group: str, name: str, values: Mapping[str, Any]) -> None:
    """Set some of the settings of the user or team of that name, all of them or none. Raises as `editor.edit`."""

    def change(reading: Reading) -> str:
        number = _number(reading, group, name)
        for key, value in values.items():
            reading = read_text(splice.set_value(reading, (group, number, key), value), path)
        return reading.text

    edit(path, change)


def drop_user(path: Path, name: str) -> None:
    """Take a user out, and out of every team. Raises as `editor.edit`."""
    _drop(path, "users", name, listed_in="teams", under="members")


def drop_team(path: Path, name: str) -> None:
    """Take a team out, and off every desk. Raises as `editor.edit`."""
    _drop(path, "teams", name, listed_in="desks", under="teams")


def _drop(path: Path, group: str, name: str, *, listed_in: str, under: str) -> None:
    def change(reading: Reading) -> str:
        for number, one in enumerate(_items(reading, listed_in)):
            names = one.get(under) or []
            for position in reversed([place for place, each in enumerate(names) if each == name]):
                reading = read_text(splice.remove_item(reading, (listed_in, number, under), position), path)
        return splice.remove_item(reading, (group,), _number(reading, group, name))

    edit(path, change)


def _number(reading: Reading, group: str, name: str) -> int:
    """Which item of the list it is. Raises LookupError: whoever calls has looked before."""
    for number, one in enumerate(_items(reading, group)):
        if one.get("name") == name:
            return number
    raise LookupError(f"{reading.path.name} lists no {name!r} under {group}")


def _items(reading: Reading, group: str) -> Iterable[Mapping[str, Any]]:
    listed = reading.data.get(group) or []
    return [one if isinstance(one, dict) else {} for one in listed]
