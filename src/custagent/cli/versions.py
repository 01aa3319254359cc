"""Commands about what is in force and what was: plan, history."""

from __future__ import annotations

from difflib import unified_diff
from typing import Annotated

import typer

from custagent.cli.opening import Json, open_app
from custagent.cli.render import counted, next_steps, print_json, say, success, table
from custagent.core.errors import UnknownName, UsageError
from custagent.core.record import AppliedVersion
from custagent.runtime.proving.planning import Planned, plan

_SHOWN = 60


def plan_changes(
    ctx: typer.Context,
    agents: Annotated[
        list[str] | None,
        typer.Argument(metavar="AGENT", help="All, if none is named."),
    ] = None,
    cases: Annotated[
        bool,
        typer.Option(
            "--cases/--no-cases", help="Whether the test cases of agents that would reply otherwise are run both ways."
        ),
    ] = True,
    json: Json = False,
) -> None:
    """Show what `custagent apply` would change.

    Compares the YAML files with what is in force, setting by setting, and names the test cases that would end otherwise.
    Changes nothing. Content of new sources counts once it is read: custagent sources sync.

    Examples:
      custagent plan
      custagent plan support --json
    """
    planned = plan(open_app(ctx), agents or [], cases=cases)
    if json:
        print_json(planned)
        return
    changed = [one for one in planned if one.kind != "unchanged" or one.cases]
    for one in changed:
        tell_planned(one)
    if changed:
        next_steps([f"custagent apply {' '.join(agents or [])}".strip()])
    else:
        success("The files say what is in force.")


def tell_planned(one: Planned) -> None:
    """What would become of one agent, or of custagent.yaml, on stdout."""
    says = {
        "unchanged": f"version {one.version} stays in force, and replies otherwise by the new custagent.yaml",
        "new": "goes live for the first time",
        "changed": f"version {one.version} is in force; {counted(len(one.differences), 'setting')} would change",
        "written-otherwise": f"version {one.version} is in force; only comments, order or quotes would change",
        "retired": f"version {one.version} is in force; its file is gone, so it would be retired",
    }
    say(f"{one.agent}: {says[one.kind]}", style="bold")
    if one.kind == "changed":
        table(
            ["Setting", "In force", "In the file"],
            [[each.setting, _short(each.before), _short(each.after)] for each in one.differences],
        )
    for change in one.cases:
        where = f"{change.result.path}:{change.result.line}"
        say(f"  case {change.kind}: {change.result.case} ({where})", style="red" if change.kind == "broken" else "")
        for told in change.told:
            say(f"    {told}")


def _short(value: str | None) -> str:
    if value is None:
        return "not set"
    line = " ".join(value.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def history(
    ctx: typer.Context,
    agent: Annotated[str, typer.Argument(metavar="AGENT", help="An agent, or custagent.yaml.")],
    version: Annotated[
        int | None, typer.Argument(metavar="VERSION", help="Print the text of this one.", show_default=False)
    ] = None,
    diff: Annotated[bool, typer.Option("--diff", help="With VERSION: what it changed instead.")] = False,
    json: Json = False,
) -> None:
    """List the versions of an agent that were in force.

    Each keeps its text, its git commit and who applied it. To go back: custagent apply AGENT --rev COMMIT.

    Examples:
      custagent history support
      custagent history support 3 --diff
    """
    versions = open_app(ctx).store.versions.history(agent)
    if not versions:
        raise UnknownName(f"no version of {agent!r} was ever applied", hint="See the agents: custagent list")
    if version is not None:
        chosen = _chosen(versions, agent, version)
        typer.echo(_changed(versions, chosen) if diff else chosen.text, nl=False)
    elif diff:
        raise UsageError("--diff needs a version", hint=f"custagent history {agent} {versions[-1].version} --diff")
    elif json:
        print_json(versions)
    else:
        rows = [
            [one.version, f"{one.applied_at:%Y-%m-%d %H:%M}", one.actor, one.git_commit[:8]]
            for one in reversed(versions)
        ]
        table(["Version", "Applied (UTC)", "By", "Commit"], rows)


def _chosen(versions: tuple[AppliedVersion, ...], agent: str, version: int) -> AppliedVersion:
    found = next((one for one in versions if one.version == version), None)
    if found is None:
        raise UnknownName(
            f"{agent} has no version {version}; the latest is {versions[-1].version}",
            hint=f"custagent history {agent}",
        )
    return found


def _changed(versions: tuple[AppliedVersion, ...], chosen: AppliedVersion) -> str:
    before = next((one for one in reversed(versions) if one.version < chosen.version), None)
    lines = unified_diff(
        before.text.splitlines(keepends=True) if before else [],
        chosen.text.splitlines(keepends=True),
        fromfile=f"version {before.version}" if before else "nothing",
        tofile=f"version {chosen.version}",
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
