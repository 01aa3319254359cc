"""What a shell offers on TAB, by the metavar of the argument or option: AGENT is completed alike wherever it stands.

Read from the files alone, without checking them, and from as few of them as can be: a key press must not wait. Where a
file cannot be read, nothing is offered and nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from custagent.config.home import AGENTS, Home
from custagent.core.errors import CustagentError

_SUFFIX: Final = ".yaml"
_CASES: Final = ".test.yaml"
#: The keys by which an agent's file names a source.
_SOURCES: Final = ("file", "url", "collection", "short_answer")


def values(metavar: str, home: Home, agent: str) -> list[str]:
    """What may stand there, as the workspace has it; `agent` is the one that was typed before, if any.

    A metavar of several parts, as user:NAME|nobody, offers what each of them does; lower-case letters are meant so.
    """
    found: list[str] = []
    for part in metavar.split("|"):
        if part in VALUES:
            found += _readable(VALUES[part](home, agent))
        elif part.islower():
            found.append(part)
    return found


def _readable(found: Iterable[str]) -> list[str]:
    try:
        return list(found)
    except (CustagentError, OSError):
        return []


def _agents(home: Home, _: str) -> Iterator[str]:
    for file in sorted((home.root / AGENTS).glob(f"*{_SUFFIX}")):
        if not file.name.startswith(".") and not file.name.endswith(_CASES):
            yield file.name.removesuffix(_SUFFIX)


def _named(group: str, prefix: str = "") -> Callable[[Home, str], Iterator[str]]:
    """The names in a list of custagent.yaml."""

    def listed(home: Home, _: str) -> Iterator[str]:
        for item in _items(home, None, group):
            if "name" in item:
                yield f"{prefix}{item['name']}"

    return listed


def _desks(home: Home, _: str) -> Iterator[str]:
    """Those of custagent.yaml, and the two that every workspace has."""
    yield from dict.fromkeys(["inbox", "help-desk", *_named("desks")(home, "")])


def _sources(home: Home, agent: str) -> Iterator[str]:
    for item in _items(home, agent, "sources"):
        yield from (str(item[kind]) for kind in _SOURCES if kind in item)


def _subjects(home: Home, agent: str) -> Iterator[str]:
    """What changes are noted about."""
    for listed in (_agents, _named("channels"), _named("users"), _named("teams")):
        yield from listed(home, agent)


def _backups(home: Home, _: str) -> Iterator[str]:
    """The newest first."""
    for file in sorted((home.state_folder / "backups").glob("*.db"), reverse=True):
        yield file.name


def _items(home: Home, agent: str | None, group: str) -> list[dict[str, Any]]:
    """The mappings in a list of custagent.yaml, or of an agent's file, as it is written. Raises CustagentError."""
    from custagent.config.reader import read

    file = home.workspace_file if agent is None else home.agents_folder / f"{agent}{_SUFFIX}"
    items = read(file).data.get(group)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


#: What each metavar means.
VALUES: Final[Mapping[str, Callable[[Home, str], Iterable[str]]]] = {
    "AGENT": _agents,
    "BACKUP": _backups,
    "CHANNEL": _named("channels"),
    "DESK": _desks,
    "LOCATION": _sources,
    "SUBJECT": _subjects,
    "TEAM": _named("teams"),
    "USER": _named("users"),
    "VOICE": _named("voices"),
    "team:NAME": _named("teams", "team:"),
    "user:NAME": _named("users", "user:"),
}
