"""The workspace: its files, its database, the secrets that it names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from custagent.config.findings import Severity
from custagent.config.report import Report
from custagent.config.validate import validate
from custagent.core.errors import LeaseHeld, StoreError
from custagent.runtime.bootstrap import Application
from custagent.runtime.health.doctor.finding import Finding, broken, warning, well
from custagent.runtime.health.status import Difference, differences
from custagent.store.database.health import DatabaseHealth, look_at

#: Seconds that go into looking through the database.
LOOKED: Final = 60.0
#: Bytes of a write-ahead log that somebody keeps from being folded into the file.
LARGE_LOG: Final = 256 * 1024 * 1024
_MB: Final = 1024 * 1024
_UNSET: Final = "variable-not-set"
_DIFFERENCES: Final = {
    "changed": "was changed since it was put into force",
    "never applied": "was never put into force",
    "gone": "is still live, but its file is gone",
}


def report_of(app: Application) -> Report:
    """What `validate` finds in the workspace's files."""
    return validate([app.home.root], environment=app.environ, today=app.clock.now().date(), base=app.home.root)


def files(report: Report) -> Iterator[Finding]:
    """The YAML files."""
    for one in report.errors:
        yield broken("files", f"{one.location(report.base)}: {one.message}.", "custagent validate")
    if not report.errors:
        others = sum(one.rule != _UNSET for one in report.warnings)
        if others:
            yield warning("files", f"The files hold, with {others} warnings.", "custagent validate")
        else:
            yield well("files", "The files hold.")


def secrets(report: Report) -> Iterator[Finding]:
    """Every variable that the files name is set; none is ever told."""
    unset = [one for one in (*report.findings, *report.unchecked) if one.rule == _UNSET]
    for one in unset:
        yield broken("secret", f"{one.location(report.base)}: {one.message}.", one.hint)
    if not unset:
        yield well("secret", "Every environment variable that the files name is set.")
    clear = [one for one in report.findings if one.rule == "secret-in-clear-text" and one.severity is Severity.WARNING]
    for one in clear:
        yield warning("secret", f"{one.location(report.base)}: {one.message}.", one.hint)


def database(app: Application, *, seconds: float = LOOKED) -> tuple[Finding, DatabaseHealth | None]:
    """The file as a whole; what is known of it, None when it cannot be worked with."""
    path = app.home.database
    if not path.exists():
        return well("database", "There is no database yet; the first command makes it."), None
    try:
        health = look_at(path, seconds=seconds)
    except StoreError as error:
        return broken("database", error.message, error.hint), None
    if health.version > health.latest:
        told = f"The database is of a newer custagent (version {health.version} of its tables, not {health.latest})."
        return broken("database", told, "pip install --upgrade custagent"), None
    if health.version < health.latest:
        told = f"The database has version {health.version} of its tables; this custagent works with {health.latest}."
        hint = "The next command brings it up, and keeps a copy of it as it is: custagent status"
        return warning("database", told, hint), None
    return _usable(health), health


def _usable(health: DatabaseHealth) -> Finding:
    if health.kept:
        told = "Another program has kept the database from being written to for seconds."
        return warning("database", told, "Wait until it is done. If it stays so: fuser .custagent/custagent.db")
    if health.log_size > LARGE_LOG:
        told = f"The write-ahead log has grown to {health.log_size // _MB:,} MB: somebody reads for very long."
        return warning("database", told, "End programs that have .custagent/custagent.db open, then: custagent status")
    told = f"The database is whole ({health.size / _MB:,.1f} MB, version {health.version} of its tables)."
    if not health.looked_through:
        told = f"The database is whole as far as there was time to look ({health.size // _MB:,} MB)."
    return well("database", told)


def runner(app: Application) -> Finding:
    """Who works on the workspace."""
    try:
        holder = app.store.lease.holder(app.clock.now())
    except LeaseHeld as error:
        return warning("runner", error.message, error.hint)
    return well("runner", f"A runner works on it: {holder}." if holder else "No runner works on it now.")


def drift(app: Application) -> Iterator[Finding]:
    """Files that do not say what is live (CRE-6)."""
    found = differences(app)
    for one in found:
        yield warning("applied", f"{_file_of(one)} {_DIFFERENCES[one.kind]}.", "custagent apply")
    if not found:
        yield well("applied", "What is live is what the files say.")


def _file_of(one: Difference) -> str:
    return one.name if "." in one.name else f"agents/{one.name}.yaml"
