"""A definition while somebody edits it: a copy beside it, so that what is half done never stands in the file itself."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from custagent.config.agents import SUFFIX, agent_names, agent_path
from custagent.config.editor import replace_file
from custagent.config.findings import DefinitionRejected, did_you_mean, shown_path
from custagent.config.reader import decode, read_bytes
from custagent.config.report import Report
from custagent.config.validate import validate
from custagent.core.errors import ConfigError, UnknownName, WorkspaceError
from custagent.core.people import Permission
from custagent.runtime.bootstrap import WORKSPACE_KEY, Application


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A copy of agents/<name>.yaml, or of custagent.yaml, to be edited; see `begin_draft`."""

    app: Application
    #: The agent's name, or "custagent.yaml".
    name: str
    #: The file itself, and what it held when the edit began.
    path: Path
    before: bytes
    #: The copy. Beside the file, for paths in it to mean the same; hidden, so that nothing takes it for a definition.
    copy: Path

    @property
    def shown(self) -> str:
        """The file as people know it."""
        return shown_path(self.path, self.app.home.root)

    @property
    def changed(self) -> bool:
        """Whether the copy says something else than the file did. Raises WorkspaceError when it is gone."""
        return read_bytes(self.copy) != self.before

    def check(self) -> Report:
        """What would be wrong with the workspace if the file held what the copy holds; never what was wrong before."""
        root = self.app.home.root
        try:
            text = decode(read_bytes(self.copy), self.path)
        except DefinitionRejected as exc:
            return Report(files=(self.path,), findings=exc.findings, base=root)
        checked = [root] if self.name == WORKSPACE_KEY else [self.path]
        report = validate(checked, base=root, texts={self.path: text})
        before = validate(checked, base=root)
        known = {one for one in (*before.findings, *before.unchecked) if one.path != self.path}
        findings, unchecked = (
            tuple(one for one in found if one not in known) for found in (report.findings, report.unchecked)
        )
        return Report(files=report.files, findings=findings, unchecked=unchecked, base=root)

    def put(self) -> None:
        """Put the copy in the file's place, in one step. Raises ConfigError when somebody changed the file meanwhile."""
        try:
            replace_file(self.path, self.before, read_bytes(self.copy))
        except ConfigError as exc:
            raise ConfigError(
                f"{self.shown} was changed by somebody else while you edited it",
                hint=f"What you wrote is kept in {shown_path(self.copy, self.app.home.root)}; take over what you need.",
            ) from exc
        self.drop()
        self.app.__dict__.pop("workspace", None)

    def drop(self) -> None:
        """Take the copy away."""
        self.copy.unlink(missing_ok=True)


def left_over(app: Application, name: str) -> Path | None:
    """The copy that an edit of the agent, or of custagent.yaml, left behind; None when there is none.

    Raises UnknownName, PermissionDenied.
    """
    _require(app, name)
    copy = _copy_of(_path(app, name))
    return copy if copy.is_file() else None


def begin_draft(app: Application, name: str) -> Draft:
    """Begin to edit the agent, or custagent.yaml, with the copy that was left behind, else with a fresh one.

    Raises UnknownName, PermissionDenied, WorkspaceError. A file with mistakes can be edited: that is how they go.
    """
    _require(app, name)
    path = _path(app, name)
    copy, before = _copy_of(path), read_bytes(path)
    if not copy.is_file():
        try:
            copy.write_bytes(before)
        except OSError as exc:
            raise WorkspaceError(f"{copy} cannot be written: {exc.strerror}", hint="nothing was changed") from exc
    return Draft(app=app, name=name, path=path, before=before, copy=copy)


def _path(app: Application, name: str) -> Path:
    if name == WORKSPACE_KEY:
        return app.home.workspace_file
    known = agent_names(app.home)
    if name not in known:
        hint = did_you_mean(name, known)
        raise UnknownName(f"there is no agent called {name!r}", hint=hint or "see all agents with: custagent list")
    return agent_path(app.home, name)


def _copy_of(path: Path) -> Path:
    return path.with_name(f".{path.stem}.edit{SUFFIX}")


def _require(app: Application, name: str) -> None:
    """CRE-3. Where custagent.yaml itself is broken nobody can be looked up in it, and it has to be mended first."""
    permission = Permission.ADMIN if name == WORKSPACE_KEY else Permission.EDIT_AGENTS
    with contextlib.suppress(ConfigError):
        app.actor.require(permission, app.workspace)
