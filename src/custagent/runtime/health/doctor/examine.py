"""All looks in their order; where one finds something broken, those that rest on it are left out, and that is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from custagent.core.errors import CustagentError
from custagent.runtime.bootstrap import Application
from custagent.runtime.health.doctor import answering, machine, outside, workspace
from custagent.runtime.health.doctor.finding import Finding, broken, warning


def examine(app: Application, *, online: bool = False) -> Iterator[Finding]:
    """What is in order and what is not, as it is found. Nothing is asked of the network unless `online`."""
    yield machine.python()
    yield machine.disk(app.home)
    yield machine.state_folder(app.home)
    report = workspace.report_of(app)
    yield from workspace.files(report)
    yield from workspace.secrets(report)
    found, health = workspace.database(app)
    yield found
    yield machine.clock(app.clock.now(), health.newest_at if health else None)
    # Opening the database would make one, or bring an older one up: that is for commands that change something.
    opened = health is not None
    if opened:
        yield from _each("runner", _one(workspace.runner, app))
    if report.errors:
        yield warning("left out", "Models and channels were not looked at.", "Mend the files first: custagent validate")
        return
    yield from _each("model", _one(answering.embedder, app))
    yield from _each("model", answering.models(app))
    if not opened:
        yield warning(
            "left out", "Indexes, channels and what is live were not looked at.", "They are in the database: see there."
        )
    else:
        yield from _each("index", answering.indexes(app))
        yield from _each("applied", workspace.drift(app))
        yield from _each("channel", outside.channels(app, online=online))
    if online:
        yield from _each("network", outside.names(app))
        yield from _each("network", _one(outside.reachable, app))


def _one(look: Callable[[Application], Finding], app: Application) -> Iterator[Finding]:
    yield look(app)


def _each(subject: str, looks: Iterator[Finding]) -> Iterator[Finding]:
    """What the looks find; one that cannot be finished is a finding too."""
    try:
        yield from looks
    except CustagentError as error:
        yield broken(subject, error.message, error.hint)
