"""Figures as people read them: numbers, shares, lengths of time."""

from __future__ import annotations

from custagent.core.gap import Gap
from custagent.evaluate.figures import TIME_BOUNDS, Figures, Rate

#: From so many on a tenth of a percent means something.
_FINE = 1_000
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
#: Below this many seconds tenths are told; and longer lengths are told in a unit from one and a half of it on.
_TENTHS = 10


def number(value: float) -> str:
    """ "49,272"; one decimal where it is no whole number."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def percent(share: float, base: int) -> str:
    """ "61 %", and of very many "60.9 %"."""
    return f"{share:.1%}".replace("%", " %") if base >= _FINE else f"{share:.0%}".replace("%", " %")


def share_of(rate: Rate) -> str:
    """The rate, or why there is none: "61 %", "too few to tell", "none yet"."""
    if rate.share is None:
        return "none yet"
    return percent(rate.share, rate.base) if rate.is_enough else "too few to tell"


def range_of(rate: Rate) -> str:
    """In which the true rate lies: "60.4 to 61.4 %"; "" where there are too few."""
    if rate.interval is None or not rate.is_enough:
        return ""
    low, high = rate.interval
    return f"{percent(low, rate.base).removesuffix(' %')} to {percent(high, rate.base)}"


def of_base(rate: Rate) -> str:
    """ "24,310 of 39,911"."""
    return f"{number(rate.count)} of {number(rate.base)}"


def length(seconds: float | None) -> str:
    """A length of time: "2.8 s", "45 s", "18 min", "2.5 h", "3.1 days"; "none yet" for None."""
    if seconds is None:
        return "none yet"
    if seconds < _TENTHS:
        return f"{seconds:.1f} s"
    for unit, name, decimals in ((1, "s", 0), (_MINUTE, "min", 0), (_HOUR, "h", 1)):
        following = {1: _MINUTE, _MINUTE: _HOUR, _HOUR: _DAY}[unit]
        if seconds < 1.5 * following:
            return f"{seconds / unit:.{decimals}f} {name}"
    return f"{seconds / _DAY:.1f} days"


def spans() -> tuple[str, ...]:
    """What the bars of `Times.spread` are called: "up to 5 s", …, "longer"."""
    names = [f"up to {_round(bound)}" for bound in TIME_BOUNDS]
    return (*names, "longer")


def _round(seconds: int) -> str:
    for unit, name in ((_HOUR, "h"), (_MINUTE, "min"), (1, "s")):
        if seconds >= unit:
            return f"{seconds // unit} {name}"
    return "0 s"


def cost(figures: Figures) -> str:
    """Credits per resolution."""
    value = figures.credits_per_resolution
    return "nothing resolved yet" if value is None else number(round(value, 1))


def topic_of(gap: Gap) -> str:
    """What a gap is called by."""
    return gap.topic or "(erased)"
