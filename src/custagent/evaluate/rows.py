"""A report for other programs: as JSON, and as one row a group for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from custagent.evaluate.definitions import DEFINITIONS
from custagent.evaluate.figures import TIME_BOUNDS, Figures, Rate, Times
from custagent.evaluate.stats import Division, Group, Report

RATES = ("handled", "resolved", "answered", "confirmed", "deflected", "handed_over", "helpful")


def rows_of(report: Report, divisions: Iterable[Division] = tuple(Division)) -> list[dict[str, Any]]:
    """The total, and the groups of the divisions. All have the same keys in the same order; None: nothing to tell.

    `by` is "total" or a division, `name` the workspace or the group.
    """
    rows = [_row("total", report.workspace, report.total)]
    rows += [_row(division.value, one.name, one.figures) for division in divisions for one in report.by[division]]
    return rows


def _row(by: str, name: str, figures: Figures) -> dict[str, Any]:
    row: dict[str, Any] = {"by": by, "name": name, "conversations": figures.conversations}
    for rate in RATES:
        told = _rate(getattr(figures, rate))
        row |= {rate: told["count"], f"{rate}_of": told["of"]}
        row |= {f"{rate}_{part}": told[part] for part in ("share", "low", "high")}
    row["too_young"] = figures.too_young
    row |= {f"ended_{ending.value.replace('-', '_')}": count for ending, count in figures.endings.items()}
    return row | {
        "wrong": figures.wrong,
        "agent_reply_median_seconds": figures.agent_times.median,
        "agent_reply_p90_seconds": figures.agent_times.p90,
        "person_reply_median_seconds": figures.person_times.median,
        "person_reply_p90_seconds": figures.person_times.p90,
        "still_waiting": figures.still_waiting,
        "credits_charged": figures.charged,
        "credits_given_back": figures.given_back,
        "credits_used": figures.used,
        "credits_per_resolution": figures.credits_per_resolution,
    }


def as_json(report: Report, divisions: Iterable[Division] = tuple(Division)) -> dict[str, Any]:
    """Everything in the report, with what each figure means."""
    return {
        "workspace": report.workspace,
        "since": report.since,
        "until": report.until,
        "timezone": report.timezone,
        "made_at": report.made_at,
        "agent": report.agent or None,
        "channel": report.channel or None,
        "total": _figures(report.total),
        "by": {division.value: [_group(one) for one in report.by[division]] for division in divisions},
        "course": [_group(one) for one in report.course],
        "credits": {
            "charged": report.ledger.charged,
            "given_back": report.ledger.given_back,
            "used": report.ledger.used,
            "entries": {kind.value: count for kind, count in report.ledger.counts.items()},
            "sums": {kind.value: total for kind, total in report.ledger.sums.items()},
            "balance": report.balance.balance,
            "available": report.balance.available,
            "policy": report.balance.policy,
            "price": report.balance.price,
        },
        "gaps": list(report.gaps),
        "definitions": {name: {"title": one.title, "text": one.text} for name, one in DEFINITIONS.items()},
    }


def _group(group: Group) -> dict[str, Any]:
    return {"name": group.name, **_figures(group.figures)}


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        "conversations": figures.conversations,
        **{rate: _rate(getattr(figures, rate)) for rate in RATES},
        "too_young": figures.too_young,
        "endings": {ending.value: count for ending, count in figures.endings.items()},
        "reasons": figures.reasons,
        "wrong": figures.wrong,
        "agent_times": _times(figures.agent_times),
        "person_times": _times(figures.person_times),
        "still_waiting": figures.still_waiting,
        "credits": {"charged": figures.charged, "given_back": figures.given_back, "used": figures.used},
        "credits_per_resolution": figures.credits_per_resolution,
    }


def _rate(rate: Rate) -> dict[str, Any]:
    low, high = rate.interval or (None, None)
    told = {"count": rate.count, "of": rate.base, "share": rate.share, "low": low, "high": high}
    return told | {"enough": rate.is_enough}


def _times(times: Times) -> dict[str, Any]:
    return {
        "count": times.count,
        "median_seconds": times.median,
        "p90_seconds": times.p90,
        "spread": [
            {"up_to_seconds": bound, "count": count}
            for bound, count in zip((*TIME_BOUNDS, None), times.spread, strict=True)
        ],
    }
