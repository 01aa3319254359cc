"""Changes to the workspace's files that leave the rest of each file as people wrote it.

A change is made whole or not at all: the new text is checked first, and replaces the old one in one step.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from custagent.config import splice
from custagent.config.findings import DefinitionRejected, Finding, Severity
from custagent.config.home import find_home
from custagent.config.lock import locked
from custagent.config.reader import BOM, KeyPath, Reading, decode, read_bytes, read_text
from custagent.config.templates import PLAIN, template_text
from custagent.config.validate import check_text
from custagent.core.agent import EMBEDDED, SOURCE_WORDS, ConfidencePreset, Personality, Role
from custagent.core.errors import ConfigError, CustagentError, UnknownName, WorkspaceError

#: Findings of these kinds keep a file from being understood at all.
_SHAPE: Final = frozenset({"missing", "unknown-key", "wrong-value", "contradiction", "source-kind"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAgent:
    """What is decided about an agent when it is created (CRE-1)."""

    name: str
    #: What it begins with; see `config.templates`.
    template: str = PLAIN
    #: None here and below: what the template says.
    role: Role | None = None
    personality: Personality | None = None
    #: A brand voice of the workspace, instead of a personality.
    voice: str | None = None
    default_language: str = "en"
    model: str = EMBEDDED
    #: How sure it has to be (ANS-2).
    confidence: ConfidencePreset | None = None


def new_agent_text(new: NewAgent) -> str:
    """A readable, commented agents/<name>.yaml (CRE-2). KeyError when there is no such template."""
    decided = {
        "name": splice.written(new.name),
        "role": new.role and new.role.value,
        "personality": new.personality and new.personality.value,
        "default_language": splice.written(new.default_language),
        "model": splice.written(new.model),
        "confidence": new.confidence and new.confidence.value,
    }
    text = template_text(new.template, new.default_language)
    for key, value in decided.items():
        if value is not None:
            text = _with_line(text, key, f"{key}: {value}")
    return _with_line(text, "personality", f"voice: {splice.written(new.voice)}") if new.voice else text


def _with_line(text: str, key: str, line: str) -> str:
    """The template's text with `line` in the place of the one that begins with the key."""
    return re.sub(rf"^{key}:.*$", lambda _: line, text, count=1, flags=re.MULTILINE)


def write_new(path: Path, text: str) -> None:
    """Write a definition that is not there yet.

    Raises DefinitionRejected when it breaks rules, WorkspaceError when the file exists or cannot be written.
    """
    home = find_home(path.parent.parent, environment={})
    _refuse(home.root, [finding for finding in check_text(home, path, text) if finding.severity is Severity.ERROR])
    try:
        path.parent.mkdir(exist_ok=True)
        _create(path, text)
    except FileExistsError as exc:
        raise WorkspaceError(f"{path} exists already", hint="choose another name, or delete it first") from exc
    except OSError as exc:
        raise WorkspaceError(
            f"{path} cannot be written: {exc.strerror}", hint="nothing was changed; check who owns the folder"
        ) from exc


def add_sources(path: Path, *sources: Mapping[str, Any]) -> None:
    """Add sources, as they stand in YAML, to the agent's file: all of them or none. Raises as `edit`."""

    def change(reading: Reading) -> str:
        for source in sources:
            reading = read_text(splice.append_item(reading, ("sources",), dict(source)), path)
        return reading.text

    edit(path, change)


def remove_source(path: Path, location: str) -> None:
    """Take the source at `location` out of the agent's file. Raises UnknownName when it has none, and as `edit`."""

    def change(reading: Reading) -> str:
        for number, source in enumerate(reading.data.get("sources") or ()):
            if isinstance(source, dict) and location in [source.get(word) for word in SOURCE_WORDS]:
                return splice.remove_item(reading, ("sources",), number)
        raise UnknownName(
            f"{path.stem} has no source {location!r}", hint=f"see them with: custagent sources list {path.stem}"
        )

    edit(path, change)


def set_value(path: Path, where: KeyPath, value: Any) -> None:
    """Set one value, such as ("confidence", "answer") in an agent's file. Raises as `edit`."""
    edit(path, lambda reading: splice.set_value(reading, where, value))


def append_values(path: Path, where: KeyPath, values: Iterable[Any]) -> None:
    """Add to a list, such as ("fetch", "allow_hosts") in custagent.yaml, what it does not hold yet. Raises as `edit`."""

    def change(reading: Reading) -> str:
        for value in values:
            if value not in _listed(reading, where):
                reading = read_text(splice.append_item(reading, where, value), path)
        return reading.text

    edit(path, change)


def put_items(path: Path, group: str, items: Iterable[Mapping[str, Any]], *, key: str) -> None:
    """Put mappings into one of the file's lists, such as `channels:`, all of them or none.

    Each takes the place of the item with the same `key`, else goes to the end of the list. Raises as `edit`.
    """

    def change(reading: Reading) -> str:
        for item in items:
            listed = _listed(reading, (group,))
            places = [number for number, one in enumerate(listed) if _is(one, key, item[key])]
            if places:
                text = splice.set_value(reading, (group, places[0]), dict(item))
            elif group in reading.data:
                text = splice.append_item(reading, (group,), dict(item))
            else:
                text = splice.append_key(reading, group, [dict(item)])
            reading = read_text(text, path)
        return reading.text

    edit(path, change)


def drop_items(path: Path, group: str, values: Iterable[str], *, key: str) -> None:
    """Take the mappings whose `key` has one of these values out of one of the file's lists. Raises as `edit`."""
    unwanted = tuple(values)

    def change(reading: Reading) -> str:
        while places := [
            number
            for number, one in enumerate(_listed(reading, (group,)))
            if any(_is(one, key, value) for value in unwanted)
        ]:
            reading = read_text(splice.remove_item(reading, (group,), places[-1]), path)
        return reading.text

    edit(path, change)


def edit(path: Path, change: Callable[[Reading], str]) -> None:
    """Replace the file's text by what `change` makes of it.

    Raises DefinitionRejected when the result breaks rules that the file kept before, ConfigError when the place cannot
    be changed by program or the file was changed meanwhile, WorkspaceError when it cannot be read or written.
    """
    path = path.parent.resolve() / path.name
    home = find_home(path.parent, environment={})
    body = read_bytes(path)
    try:
        text = decode(body, path)
        bare = text.removeprefix(BOM)
        changed = change(read_text(bare, path))
    except DefinitionRejected as exc:
        raise DefinitionRejected(exc.findings, base=home.root, hint="nothing was changed") from exc
    if changed == bare:
        return
    before, after = (check_text(home, path, version) for version in (bare, changed))
    _refuse(home.root, _introduced(before, after))
    replace_file(path.resolve(), body, (BOM * text.startswith(BOM) + changed).encode())


def _create(path: Path, text: str) -> None:
    """Write a file that must not be there; leave none behind when it cannot be written to its end. Raises OSError."""
    with path.open("x", encoding="utf-8", newline="\n") as file:
        try:
            file.write(text)
            file.flush()
        except OSError:
            path.unlink()
            raise


def _listed(reading: Reading, where: KeyPath) -> list[Any]:
    value: Any = reading.data
    for step in where:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, list) else []


def _is(item: Any, key: str, value: Any) -> bool:
    return isinstance(item, dict) and item.get(key) == value


def _introduced(before: Iterable[Finding], after: Iterable[Finding]) -> list[Finding]:
    """The errors that the change brings. When it mends the file's shape, what becomes visible was there before."""
    old = Counter((finding.rule, finding.message) for finding in before)
    errors = [finding for finding in after if finding.severity is Severity.ERROR]
    if any(rule in _SHAPE for rule, _ in old) and not any(finding.rule in _SHAPE for finding in errors):
        return []
    introduced = []
    for finding in errors:
        if old[finding.rule, finding.message]:
            old[finding.rule, finding.message] -= 1
        else:
            introduced.append(finding)
    return introduced


def _refuse(root: Path, findings: list[Finding]) -> None:
    if findings:
        raise DefinitionRejected(findings, base=root, hint="nothing was changed")


class ChangedMeanwhile(ConfigError):
    """Somebody else changed the file at the same moment: nothing of ours was written."""


@contextmanager
def put_back(*paths: Path) -> Iterator[None]:
    """While a change goes from the files into force: where that fails, by Ctrl-C too, they are as they were before.

    Other commands wait meanwhile (`lock`). What somebody saved in an editor in this moment stays.
    """
    with ExitStack() as others_wait:
        for folder in dict.fromkeys(path.parent for path in paths):
            others_wait.enter_context(locked(folder))
        with _put_back(*paths):
            yield


@contextmanager
def _put_back(*paths: Path) -> Iterator[None]:
    before = {path: path.read_bytes() if path.exists() else None for path in paths}
    try:
        yield
    except ChangedMeanwhile:
        raise
    except BaseException:
        for path, body in before.items():
            # What went wrong first is what is told.
            with suppress(OSError, CustagentError):
                if body is None:
                    path.unlink(missing_ok=True)
                elif (now := path.read_bytes()) != body:
                    replace_file(path.resolve(), now, body)
        raise


def replace_file(path: Path, before: bytes, after: bytes) -> None:
    """Put new bytes in the file's place in one step, with its permissions; refuse if somebody else was faster.

    Raises ChangedMeanwhile when the file does not hold `before` any more, WorkspaceError when it cannot be written.
    """
    try:
        number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        half = Path(name)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(after)
                file.flush()
                os.fsync(file.fileno())
            half.chmod(path.stat().st_mode & 0o7777)
            if path.read_bytes() != before:
                raise ChangedMeanwhile(f"{path} was changed by somebody else meanwhile", hint="run the command again")
            half.replace(path)
        finally:
            half.unlink(missing_ok=True)
    except OSError as exc:
        raise WorkspaceError(f"{path} cannot be written: {exc.strerror}", hint="nothing was changed") from exc
