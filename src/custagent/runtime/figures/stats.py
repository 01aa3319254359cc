"""The figures of the workspace: what is counted is read from the store, and reckoned in `evaluate` (STAT-1)."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from custagent.config.agents import agent_names
from custagent.core.errors import UnknownName, UsageError
from custagent.core.gap import GapStatus
from custagent.core.written import seconds
from custagent.evaluate.stats import Balance, Report, report_of
from custagent.runtime.bootstrap import Application
from custagent.runtime.figures.credit_rules import CreditRules
from custagent.runtime.figures.credits import credit_state
from custagent.store.stats import Span

#: Days that a report is about unless told otherwise, today included.
USUAL_DAYS = 30
#: Of other years there is no conversation, and some of their days no calendar of another place has.
_YEARS = range(2000, 2200)
_LENGTH = re.compile(r"[1-9][0-9]{0,5}[smhd]")
_DAY = re.compile(r"\d{4}-?\d{2}-?\d{2}")


def workspace_report(
    app: Application, *, since: str = "", until: str = "", agent: str = "", channel: str = ""
) -> Report:
    """What happened in a span of time, as it stands now.

    `since` and `until` are a day, a day with a time (both in the workspace's time zone unless they name another), or a
    length of time before now, such as 7d; a day as `until` counts whole. Without them: the last USUAL_DAYS days. Previews
    and tests write no conversation, so they never count (PRE-2). Raises UsageError, UnknownName, ConfigError, StoreError.
    """
    workspace, now, store = CreditRules(app).workspace(), app.clock.now(), app.store
    zone = ZoneInfo(workspace.timezone)
    _require("agent", agent, {*agent_names(app.home), *store.stats.agents()})
    _require("channel", channel, {*(one.name for one in workspace.channels), *store.stats.channels()})
    ends = read_local(until, now, zone, end=True) if until else now
    begins = read_local(since, now, zone, end=False) if since else _usual_start(ends, zone)
    if begins >= ends:
        raise UsageError(
            f"nothing lies between {begins.astimezone(zone):%Y-%m-%d %H:%M} and {ends.astimezone(zone):%Y-%m-%d %H:%M}",
            hint="--since comes before --until, for example: custagent stats --since 2026-10-01 --until 2026-10-31",
        )
    span = Span(since=begins, until=ends, agent=agent, channel=channel)
    facts, ledger = store.stats.facts(span)
    state = credit_state(app)
    return report_of(
        facts,
        ledger,
        Balance(balance=state.balance, available=state.available, policy=state.policy.value, price=state.price),
        since=begins,
        until=ends,
        timezone=workspace.timezone,
        now=now,
        workspace=workspace.name,
        agent=agent,
        channel=channel,
        gaps=[
            gap
            for gap in store.gaps.find([agent] if agent else None, statuses=[GapStatus.OPEN], since=begins)
            if not channel or channel in gap.channels
        ],
    )


def read_local(said: str, now: datetime, zone: ZoneInfo, *, end: bool) -> datetime:
    """The moment that is meant; of a whole day its beginning in the zone, or with `end` the beginning of the next.

    Raises UsageError.
    """
    if _LENGTH.fullmatch(said):
        return now - timedelta(seconds=seconds(said))
    hint = "Write a day as 2026-11-18, a time as 2026-11-18T12:30, or 7d for a week ago."
    try:
        moment = datetime.fromisoformat(said)
    except ValueError as error:
        raise UsageError(f"{said!r} is no time", hint=hint) from error
    if moment.year not in _YEARS:
        raise UsageError(f"no conversation is of {moment.year}", hint=hint)
    if end and _DAY.fullmatch(said):
        # On the calendar, for a day in which clocks change has not 24 hours.
        moment += timedelta(days=1)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _usual_start(until: datetime, zone: ZoneInfo) -> datetime:
    """Midnight, so that the first day is a whole one."""
    last = (until - timedelta(microseconds=1)).astimezone(zone)
    return (last - timedelta(days=USUAL_DAYS - 1)).replace(hour=0, minute=0, second=0, microsecond=0)


def _require(what: str, name: str, known: Collection[str]) -> None:
    if name and name not in known:
        listed = ", ".join(sorted(known))
        raise UnknownName(
            f"there is no {what} {name!r}, and there never was a conversation with one",
            hint=f"There is: {listed}" if listed else "",
        )
