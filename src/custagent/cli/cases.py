"""The command that runs test cases: test."""

from __future__ import annotations

import json as json_format
import os
from collections.abc import Sequence
from contextlib import ExitStack
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

import typer

from custagent.cli.opening import Json, open_app
from custagent.cli.reading import ReadingDisplay
from custagent.cli.render import counted, next_steps, progress, say, success, warn
from custagent.config.cases import PlacedCase, agents_with_cases, case_path, load_cases
from custagent.config.editor import write_new
from custagent.core.errors import UsageError
from custagent.core.ports import Answerer
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.channels import ADD_HINT
from custagent.runtime.proving.case_report import as_github, as_junit
from custagent.runtime.proving.cases import Change, Result, compare, first_cases, run_cases
from custagent.runtime.proving.simulation import Simulation

#: Cases that `--init` writes.
FIRST_CASES = 20


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"
    GITHUB = "github"


def run_tests(
    ctx: typer.Context,
    agents: Annotated[
        list[str] | None,
        typer.Argument(metavar="AGENT", help="All that have cases, if none is named."),
    ] = None,
    case: Annotated[
        list[str] | None,
        typer.Option("--case", metavar="TEXT", help="Only cases whose name holds it; a star stands for anything."),
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="How results are printed.")] = Format.TEXT,
    baseline: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Compare with earlier results (--format json); only what broke fails.", dir_okay=False
        ),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Cases at a time.")] = os.cpu_count() or 1,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Read the files anew, instead of asking what the last sync stored.")
    ] = False,
    init: Annotated[
        bool, typer.Option("--init", help="Write first cases from questions that the content itself asks.")
    ] = False,
    json: Json = False,
) -> None:
    """Run an agent's test cases.

    They stand in agents/NAME.test.yaml. Runs offline, as often as you like: nothing is charged or sent. With --fresh
    files count as they are now, before any sync, and web pages as they were stored. Exit code: 0 all passed, 1 a case
    failed (with --baseline: one that had passed), 2 could not run.

    Examples:
      custagent test support --init
      custagent test support
      custagent test --format json > baseline.json
      custagent test --fresh --baseline baseline.json --format github
    """
    app = open_app(ctx)
    if init:
        _init(app, agents or [])
        return
    cases = _chosen(app, agents or [], case or [])
    results = _run_fresh(app, cases, jobs) if fresh else run_cases(app, cases, jobs=jobs)
    changes = None if baseline is None else compare(results, _read(baseline))
    failed = _failed(results, changes)
    output = Format.JSON if json else output
    if output is Format.TEXT:
        _tell(results, changes)
        if changes is None and not failed:
            _tell_next(app, {one.agent for one in cases})
    elif output is Format.JSON:
        typer.echo(json_format.dumps([result.as_json() for result in results], ensure_ascii=False, indent=2))
    else:
        report = as_junit(results) if output is Format.JUNIT else as_github(failed)
        typer.echo(report, nl=bool(report))
    if failed:
        raise typer.Exit(1)


def _init(app: Application, agents: Sequence[str]) -> None:
    if len(agents) != 1:
        raise UsageError("name one agent to write first cases for", hint="custagent test support --init")
    (agent,) = agents
    app.agent(agent)
    path = case_path(app.home, agent)
    shown = path.relative_to(app.home.root)
    if path.exists():
        raise UsageError(f"{shown} is there already", hint=f"Run its cases with: custagent test {agent}")
    write_new(path, first_cases(app, agent, count=FIRST_CASES))
    success(f"Wrote {counted(len(load_cases(app.home, agent)), 'case')} to {shown}: what {agent} does today.")
    next_steps([f"custagent test {agent}"])


def _run_fresh(app: Application, cases: Sequence[PlacedCase], jobs: int) -> list[Result]:
    """With content read anew, in a database that is thrown away. What could not be read is told."""
    with ExitStack() as opened, progress("Reading") as bar:
        answerers: dict[str, Answerer] = {}
        for agent in dict.fromkeys(one.agent for one in cases):
            draft = opened.enter_context(Simulation(app, agent, ReadingDisplay(bar))).draft()
            answerers[agent] = draft.answerer
            for problem in draft.problems:
                warn(f"{agent}: {problem}")
        return run_cases(app, cases, jobs=jobs, answerers=answerers)


def _chosen(app: Application, agents: Sequence[str], wanted: Sequence[str]) -> list[PlacedCase]:
    names = agents or agents_with_cases(app.home)
    if not names:
        raise UsageError(
            "no agent of this workspace has test cases", hint="Write first ones: custagent test support --init"
        )
    for name in agents:
        app.agent(name)
    found = [one for name in names for one in load_cases(app.home, name)]
    chosen = [one for one in found if not wanted or any(_fits(text, one.case.title) for text in wanted)]
    if not chosen:
        raise UsageError(f"no case is called {' or '.join(map(repr, wanted))}", hint="custagent test --help")
    return chosen


def _fits(wanted: str, title: str) -> bool:
    pattern = wanted if "*" in wanted else f"*{wanted}*"
    return fnmatchcase(title.casefold(), pattern.casefold())


def _read(baseline: Path) -> list[dict[str, Any]]:
    hint = "Write one with: custagent test --format json > baseline.json"
    try:
        read = json_format.loads(baseline.read_text(encoding="utf-8"))
        fits = all(
            {"agent", "case", "passed", "replies", "credits"} <= one.keys()
            and all({"decision", "cites", "text"} <= reply.keys() for reply in one["replies"])
            for one in read
        )
    except OSError as error:
        raise UsageError(f"{baseline} cannot be read: {error.strerror}", hint=hint) from error
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise UsageError(f"{baseline} holds no results of test cases", hint=hint) from error
    if not fits:
        raise UsageError(f"{baseline} holds no results of test cases", hint=hint)
    return list(read)


def _failed(results: Sequence[Result], changes: Sequence[Change] | None) -> list[Result]:
    """What makes the command fail: with a baseline, what was fine in it, or is new."""
    if changes is None:
        return [result for result in results if not result.passed]
    return [one.result for one in changes if one.kind == "broken" or (one.kind == "new" and not one.result.passed)]


def _tell(results: Sequence[Result], changes: Sequence[Change] | None) -> None:
    if changes is None:
        for result in results:
            if not result.passed:
                _tell_one("failed", result, result.faults)
    else:
        for change in changes:
            _tell_one(change.kind, change.result, change.told)
        if not changes:
            say("Nothing differs from the baseline.")
    passed = sum(result.passed for result in results)
    if passed == len(results):
        success(f"{counted(passed, 'case')} passed.")
    else:
        say(f"{len(results) - passed} of {counted(len(results), 'case')} failed.", style="bold red")


def _tell_next(app: Application, tested: set[str]) -> None:
    """The way to customers, for the one agent that is good and has none yet."""
    waiting = [name for name in sorted(tested) if not app.agent(name).assignments]
    if len(waiting) == 1:
        channels = [channel.name for channel in app.workspace.channels]
        next_steps(
            [*([] if channels else [ADD_HINT]), f"custagent assign {waiting[0]} {channels[0] if channels else 'web'}"]
        )


def _tell_one(kind: str, result: Result, told: Sequence[str]) -> None:
    say(f"{kind}: {result.case}", style="red" if kind in ("failed", "broken") else "bold")
    say(f"  {result.path}:{result.line}", style="dim")
    for fault in told:
        say(f"  {fault}")
    if not result.passed:
        last = result.replies[-1]
        say(f"  It replied: {' '.join(last.text.split())[:300]}", style="dim")
