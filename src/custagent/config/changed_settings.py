"""What two definitions say otherwise, setting by setting, whatever their comments, order and quotes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from custagent.core.written import Written

#: Settings by which an entry of a list is known again when it moves or changes.
_NAMES = ("name", "channel", "short_answer", "file", "url", "content", "collection", "topic", "path")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedSetting:
    """One setting that is otherwise."""

    #: Where it stands, such as `messages.en.greeting` or `sources[content/faq.md].private`.
    setting: str
    #: Its values as people write them; None where it is not set.
    before: str | None
    after: str | None


def changed_settings(before: Written | None, after: Written | None) -> tuple[ChangedSetting, ...]:
    """What `after` says otherwise, in the order of its settings; None is a definition that is not there."""
    return tuple(_between("", _plain(before), _plain(after)))


def _plain(definition: Written | None) -> Any:
    return {} if definition is None else definition.model_dump(mode="json", exclude_defaults=True)


def _between(path: str, before: Any, after: Any) -> Iterator[ChangedSetting]:
    if before == after:
        return
    old, new = _parts(before), _parts(after)
    if old is None or new is None:
        yield ChangedSetting(setting=path, before=_told(before), after=_told(after))
        return
    for key in (*new, *(key for key in old if key not in new)):
        yield from _between(f"{path}{key}" if path else key.removeprefix("."), old.get(key), new.get(key))


def _parts(value: Any) -> dict[str, Any] | None:
    """The parts that are compared one by one, by how their path goes on; None for a value that is one."""
    if isinstance(value, Mapping):
        return {f".{key}": part for key, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        named = {f"[{_name(part)}]": part for part in value}
        # Two of one name cannot be told apart: then the list is one value.
        return named if len(named) == len(value) else None
    return None


def _name(part: Any) -> str:
    if isinstance(part, Mapping):
        return next((str(part[key]) for key in _NAMES if key in part), _told(part) or "")
    return str(part)


def _told(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
