"""Every rule that can be checked without a network, a model or a database (VAL-1)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path

from custagent.config.agent_rules import Surroundings, check_agent
from custagent.config.agents import SUFFIX, agent_names, is_case_file
from custagent.config.findings import DefinitionRejected, Finding, Severity
from custagent.config.home import WORKSPACE_FILE, Home, find_home
from custagent.config.reader import BOM, Reading, decode, read_bytes, read_text
from custagent.config.report import Report
from custagent.config.secret_rules import known_secrets, probable_secrets, unset_variables
from custagent.config.shape import Model, shape
from custagent.config.workspace_rules import check_workspace
from custagent.core.agent import AgentDefinition
from custagent.core.errors import WorkspaceError
from custagent.core.ids import is_name
from custagent.core.workspace import Workspace


def validate(
    paths: Iterable[Path],
    *,
    environment: Mapping[str, str] | None = None,
    today: date | None = None,
    base: Path | None = None,
    texts: Mapping[Path, str] | None = None,
) -> Report:
    """Check agent files, custagent.yaml files and whole workspaces.

    `environment` is where `${NAME}` is looked up (this process's by default), `today` decides what has expired, paths
    are shown relative to `base` (the current folder by default), `texts` stand in for what files hold. Raises nothing:
    what cannot be read is reported.
    """
    check = _Check(
        environment=os.environ if environment is None else environment, today=today or datetime.now(UTC).date()
    )
    check.texts.update(texts or {})
    for path in paths:
        check.path(path)
    return Report(
        files=tuple(check.files),
        findings=tuple(dict.fromkeys(check.findings)),
        unchecked=tuple(dict.fromkeys(check.unchecked)),
        base=base or Path.cwd(),
    )


def check_text(
    home: Home, path: Path, text: str, *, environment: Mapping[str, str] | None = None, today: date | None = None
) -> tuple[Finding, ...]:
    """What would be wrong with the file at `path`, an agent's or custagent.yaml, if it held `text`."""
    check = _Check(
        environment=os.environ if environment is None else environment, today=today or datetime.now(UTC).date()
    )
    check.texts[path] = text
    check.file(home, path)
    return (*check.unchecked, *check.findings)


@dataclass(kw_only=True)
class _Workplace:
    """One workspace under check: what all its agents are judged against, read once."""

    home: Home
    environment: Mapping[str, str]
    today: date
    #: Texts that stand in for what is on the disk.
    texts: Mapping[Path, str] = field(default_factory=dict)

    @cached_property
    def workspace(self) -> tuple[Workspace | None, tuple[Finding, ...]]:
        workspace, reading, findings = self.inspect(self.home.workspace_file, Workspace)
        more = tuple(check_workspace(reading, workspace)) if reading and workspace else ()
        return workspace, (*findings, *more)

    @cached_property
    def surroundings(self) -> Surroundings:
        assigned: dict[str, list[Path]] = {}
        for name in agent_names(self.home):
            path = self.home.agents_folder / f"{name}{SUFFIX}"
            try:
                agent, _, _ = self.inspect(path, AgentDefinition)
            except WorkspaceError:  # told when that file itself is checked
                continue
            for assignment in agent.assignments if agent else ():
                assigned.setdefault(assignment.channel, []).append(path)
        return Surroundings(home=self.home, workspace=self.workspace[0], assigned=assigned, today=self.today)

    def agent(self, path: Path) -> tuple[Finding, ...]:
        agent, reading, findings = self.inspect(path, AgentDefinition)
        more = tuple(check_agent(reading, agent, self.surroundings)) if reading and agent else ()
        return (*findings, *more)

    def cases(self, path: Path) -> tuple[Finding, ...]:
        """What is wrong with a file of test cases."""
        from custagent.config.cases import check_cases
        from custagent.core.case import CaseFile

        file, reading, findings = self.inspect(path, CaseFile)
        more = tuple(check_cases(reading, file, self.home, self.workspace[0])) if reading and file else ()
        return (*findings, *more)

    def inspect(self, path: Path, model: type[Model]) -> tuple[Model | None, Reading | None, tuple[Finding, ...]]:
        """What the file holds, and what is wrong with it by itself. Raises WorkspaceError."""
        text, secrets = self.texts.get(path), list[Finding]()
        try:
            text = decode(read_bytes(path), path) if text is None else text
            secrets = known_secrets(text.removeprefix(BOM), path)
            reading = read_text(text, path)
        except DefinitionRejected as exc:
            return None, None, (*secrets, *exc.findings)
        value, wrong = shape(reading, model)
        secrets = _merged(reading, secrets, probable_secrets(reading))
        places = {(finding.line, finding.column) for finding in secrets}
        kept = (finding for finding in wrong if (finding.line, finding.column) not in places)
        return value, reading, (*secrets, *kept, *unset_variables(reading, self.environment))


def _merged(reading: Reading, known: Sequence[Finding], probable: Sequence[Finding]) -> list[Finding]:
    """Each secret once, at the start of its value."""
    found: dict[tuple[int, int], Finding] = {(finding.line, finding.column): finding for finding in probable}
    for finding in known:
        value = next((place for place in reading.values.values() if place.style == "scalar"
                      and place.line == finding.line and place.column in (finding.column, finding.column - 1)), None)  # fmt: skip
        place = (value.line, value.column) if value else (finding.line, finding.column)
        found[place] = Finding(
            path=finding.path, line=place[0], column=place[1],
            rule=finding.rule, message=finding.message, hint=finding.hint,
        )  # fmt: skip
    return list(found.values())


@dataclass(kw_only=True)
class _Check:
    """One run of the check."""

    environment: Mapping[str, str]
    today: date
    files: list[Path] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unchecked: list[Finding] = field(default_factory=list)
    workplaces: dict[Path, _Workplace] = field(default_factory=dict)
    texts: dict[Path, str] = field(default_factory=dict)

    def path(self, path: Path) -> None:
        """Check what somebody named."""
        try:
            path = path.resolve() if path.is_dir() else path.parent.resolve() / path.name
            if path.is_dir():
                self._folder(path)
            elif not path.exists():
                self._give_up(path, f"there is no file or folder {path}")
            elif path.suffix != SUFFIX:
                hint = f"name {WORKSPACE_FILE}, agents/NAME{SUFFIX} or a workspace"
                self._give_up(path, f"{path.name} is no definition", hint=hint)
            else:
                self.file(find_home(path.parent, environment={}), path)
        except WorkspaceError as exc:
            self._give_up(path, exc.message, hint=exc.hint)
        except OSError as exc:
            self._give_up(path, f"{path} cannot be looked at: {exc.strerror}")

    def _folder(self, folder: Path) -> None:
        if (folder / WORKSPACE_FILE).is_file():
            home = Home(root=folder.resolve())
            self.file(home, home.workspace_file)
            self._agents(home)
        elif folder.name == "agents" and (folder.parent / WORKSPACE_FILE).is_file():
            self._agents(Home(root=folder.parent.resolve()))
        else:
            self._give_up(folder, f"{folder} is no workspace: it holds no {WORKSPACE_FILE}", hint="custagent init")

    def _agents(self, home: Home) -> None:
        try:
            agent_names(home)
        except WorkspaceError as exc:
            self._give_up(home.agents_folder, exc.message, hint=exc.hint)
            return
        if not home.agents_folder.is_dir():
            return
        for path in sorted(home.agents_folder.iterdir()):
            if path.suffix == SUFFIX and not path.name.startswith("."):
                self.file(home, path)
            elif path.suffix == ".yml":
                self.findings.append(Finding(
                    path=path, severity=Severity.WARNING, rule="not-read", message=f"{path.name} is not read",
                    hint=f"call it {path.stem}{SUFFIX}",
                ))  # fmt: skip

    def file(self, home: Home, path: Path) -> None:
        """Check one file of a workspace."""
        place = self.workplaces.setdefault(
            home.root, _Workplace(home=home, environment=self.environment, today=self.today, texts=self.texts)
        )
        if path in self.files:
            return
        self.files.append(path)
        try:
            if path.name == WORKSPACE_FILE:
                self._add(place.workspace[1])
                return
            if is_case_file(path):
                self._add(place.cases(path))
                return
            if path.parent != home.agents_folder:
                self.findings.append(Finding(
                    path=path, rule="wrong-folder", message="agents are read from the folder agents/ only",
                    hint=f"move the file: agents/{path.name}",
                ))  # fmt: skip
                return
            if not is_name(path.stem):
                message = f"{path.stem!r} cannot name an agent: lower-case letters, digits and single hyphens only"
                self.findings.append(
                    Finding(path=path, rule="wrong-file-name", message=message, hint="rename the file")
                )
            self._add(place.agent(path))
            if place.workspace[0] is None and home.workspace_file not in self.files:
                self._add(place.workspace[1])
        except WorkspaceError as exc:
            self._give_up(path, exc.message, hint=exc.hint)

    def _add(self, findings: Iterable[Finding]) -> None:
        self.findings += sorted(findings, key=lambda finding: (finding.line, finding.column))

    def _give_up(self, path: Path, message: str, *, hint: str = "") -> None:
        self.unchecked.append(Finding(path=path, rule="not-checked", message=message, hint=hint))
