"""How `stats` looks in a terminal: one screen with bars, or a table by agent, channel, language or week."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from custagent.cli.render import next_steps, say, stdout, table, visible
from custagent.evaluate.definitions import DEFINITIONS, ENDINGS
from custagent.evaluate.figures import Ending, Figures, Rate, Times
from custagent.evaluate.stats import Division, Group, Report
from custagent.evaluate.wording import cost, length, number, of_base, percent, range_of, share_of, topic_of

if TYPE_CHECKING:
    from rich.text import Text

#: So many reasons and gaps are told; the page and --json have all.
_MOST = 5
#: Letters of a line's name, and of what a table needs besides its bars.
_NAME, _BESIDE_BARS = 26, 68
_LEAST_BAR, _MOST_BAR = 8, 40
_STEPS = "▁▂▃▄▅▆▇█"
_RATES = ("resolved", "answered", "confirmed", "deflected", "handed_over")
_COLOURS = {
    "resolved": "green",
    "answered": "green",
    "confirmed": "green",
    "deflected": "cyan",
    "handed_over": "yellow",
}
_ENDING_COLOURS = {Ending.ANSWERED: "green", Ending.UNRESOLVED: "red", Ending.PERSON: "yellow"}


def show_report(report: Report, *, definitions: bool) -> None:
    """Everything on one screen; with `definitions` what each figure means stands under it."""
    total = report.total
    _head(report)
    if not total.conversations:
        say("No conversation began in this time.")
        next_steps(["custagent stats --since 365d"])
        return
    _course(report)
    _defined(definitions, "conversations", "handled")
    _section(f"Resolution, of {_settled(total)}")
    _bars(_rate_lines(total))
    _defined(definitions, "settled", *_RATES, "uncertainty")
    _section("How they ended")
    shares = {ending: Rate(count=count, base=total.conversations) for ending, count in total.endings.items()}
    lines = [(ENDINGS[ending], rate, _ENDING_COLOURS.get(ending, "blue")) for ending, rate in shares.items()]
    _bars(lines, sure=False)
    _defined(definitions, "endings")
    _reasons(total, definitions=definitions)
    _section("First reply")
    _replies(total)
    _defined(definitions, "agent_times", "person_times")
    _section("Feedback and credits")
    _facts(report)
    _defined(definitions, "helpful", "wrong", "credits", "credits_per_resolution")
    _gaps(report, definitions=definitions)
    if stdout().is_terminal and not definitions:
        say()
        say("What each figure means: --definitions. With charts: --html FILE", style="dim")


def show_division(report: Report, division: Division) -> None:
    """A row a group, and the total."""
    _head(report)
    groups = [*report.by[division], Group(name="in all", figures=report.total)]
    columns = [
        division.value.capitalize(), "Begun", "Handled", "Resolved", "Answered", "Confirmed", "Handed over", "Reply",
        "Credits",
    ]  # fmt: skip
    rows = [_row(group) for group in groups]
    if not stdout().is_terminal:
        table(columns, rows)
        return
    from rich.table import Table

    fitted = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    fitted.add_column(columns[0], overflow="fold")
    for column in columns[1:]:
        fitted.add_column(column, justify="right")
    for row in rows:
        # "57.5 %" stays on one line, while headings may take two.
        cells = (visible(cell).replace(" ", "\N{NO-BREAK SPACE}") for cell in row[1:])
        fitted.add_row(visible(row[0]), *cells, style="bold" if row is rows[-1] else None)
    stdout().print(fitted)
    say()
    say("Resolved: HubSpot's way. Of few conversations no rate is told, but the numbers.", style="dim")


def show_definitions() -> None:
    """What every figure means."""
    _section("What is counted")
    _defined(True, *DEFINITIONS)  # noqa: FBT003 - the same question everywhere


def _head(report: Report) -> None:
    zone = ZoneInfo(report.timezone)
    # A span that ends at midnight ends with the day before.
    last = (report.until - timedelta(microseconds=1)).astimezone(zone)
    only = "".join(f", {what} {name}" for what, name in (("agent", report.agent), ("channel", report.channel)) if name)
    span = f"{report.since.astimezone(zone):%Y-%m-%d} to {last:%Y-%m-%d}"
    say(f"{report.workspace}, {span} ({report.timezone}){only}", style="bold")


def _course(report: Report) -> None:
    total = report.total
    handled = f"{number(total.handled.count)} of them handled by an agent"
    share = f" ({share_of(total.handled)})" if total.handled.is_enough else ""
    say(f"{_counted(total.conversations, 'conversation')}, {handled}{share}")
    if not stdout().is_terminal or len(report.course) == 1:
        return
    most = max(group.figures.conversations for group in report.course) or 1
    steps = [
        _STEPS[round((len(_STEPS) - 1) * group.figures.conversations / most)] if group.figures.conversations else " "
        for group in report.course
    ]
    line = "".join(steps)[-stdout().width + 30 :]
    unit = "week" if "W" in report.course[0].name else "day"
    say(f"{line}  a {unit}, at most {number(most)}", style="cyan")


def _counted(value: int, thing: str) -> str:
    """ "1 conversation", "49,272 conversations"."""
    return f"{number(value)} {thing}" + ("" if value == 1 else "s")


def _settled(total: Figures) -> str:
    young = f"; {number(total.too_young)} are too young" if total.too_young else ""
    return f"{number(total.resolved.base)} handled and silent for 72 hours{young}"


def _rate_lines(total: Figures) -> list[tuple[str, Rate, str]]:
    return [(DEFINITIONS[name].title, getattr(total, name), _COLOURS[name]) for name in _RATES]


def _bars(lines: Iterable[tuple[str, Rate, str]], *, sure: bool = True) -> None:
    """A line a rate: its name, the share, a bar, with `sure` how sure it is, the numbers."""
    if not stdout().is_terminal:
        for name, rate, _ in lines:
            range_ = f"{range_of(rate):<18}" if sure else ""
            say(f"{name:<{_NAME}}  {share_of(rate):>8}  {range_}{of_base(rate)}")
        return
    from rich.table import Table

    width = max(_LEAST_BAR, min(stdout().width - _BESIDE_BARS, _MOST_BAR))
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=_NAME)
    grid.add_column(justify="right", min_width=6, no_wrap=True)
    grid.add_column(width=width)
    grid.add_column(no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    for name, rate, colour in lines:
        told = percent(rate.share, rate.base) if rate.share is not None and rate.is_enough else ""
        # A dash as in 60.4-61.4 %: on 80 columns there is no room for words.
        range_ = range_of(rate).replace(" to ", "-") if sure else ""
        grid.add_row(name, told, _bar(rate, width, colour), range_ if told else share_of(rate), number(rate.count))
    stdout().print(grid)


def _bar(rate: Rate, width: int, colour: str) -> Text:
    from rich.text import Text

    filled = round(width * (rate.share or 0)) if rate.is_enough else 0
    full, rest = ("━", "─") if stdout().encoding.startswith("utf") else ("#", "-")
    bar = Text(full * filled, style=colour)
    bar.append(rest * (width - filled), style="dim")
    return bar


def _reasons(total: Figures, *, definitions: bool) -> None:
    if not total.reasons:
        return
    given_up = sum(total.reasons.values())
    _section(f"Why the agent gave up, {_counted(given_up, 'time')}")
    told = list(total.reasons.items())[:_MOST]
    _bars(
        [(reason.replace("-", " "), Rate(count=count, base=given_up), "yellow") for reason, count in told], sure=False
    )
    _defined(definitions, "reasons")


def _replies(total: Figures) -> None:
    waiting = f", {number(total.still_waiting)} still wait" if total.still_waiting else ""
    _fact("Of the agent", _times(total.agent_times))
    _fact("Of a person", _times(total.person_times) + waiting)


def _times(times: Times) -> str:
    if not times.count:
        return "none yet"
    return f"half within {length(times.median)}, nine of ten within {length(times.p90)} ({number(times.count)})"


def _facts(report: Report) -> None:
    total, ledger = report.total, report.ledger
    judged = f"{of_base(total.helpful)} judged replies" if total.helpful.base else "nobody judged a reply yet"
    share = f"{share_of(total.helpful)}, " if total.helpful.is_enough else ""
    wrong = f"; {number(total.wrong)} called wrong in the inbox" if total.wrong else ""
    _fact("Helpful", share + judged + wrong)
    _fact(
        "Credits used",
        f"{number(ledger.used)} ({number(ledger.charged)} charged, {number(ledger.given_back)} given back)",
    )
    balance = report.balance
    left = "" if balance.available is None else f", {number(balance.available)} may still be used this month"
    _fact("Balance now", number(balance.balance) + left)
    _fact("Credits per resolution", cost(total))


def _gaps(report: Report, *, definitions: bool) -> None:
    if not report.gaps:
        return
    _section(f"Knowledge gaps, {number(len(report.gaps))} open")
    for gap in report.gaps[:_MOST]:
        _fact(topic_of(gap), f"{_counted(gap.conversations, 'conversation')}, last {gap.last_seen:%Y-%m-%d}")
    _defined(definitions, "gaps")


def _row(group: Group) -> list[str]:
    figures = group.figures
    return [
        group.name,
        number(figures.conversations),
        *(_cell(getattr(figures, name)) for name in ("handled", "resolved", "answered", "confirmed", "handed_over")),
        length(figures.agent_times.median) if figures.agent_times.count else "",
        number(figures.used),
    ]


def _cell(rate: Rate) -> str:
    if not rate.base:
        return ""
    return share_of(rate) if rate.is_enough else f"{rate.count}/{rate.base}"


def _section(heading: str) -> None:
    say()
    say(heading, style="bold")


def _fact(label: str, value: str) -> None:
    if not stdout().is_terminal:
        say(f"{label:<{_NAME}}  {value}")
        return
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=_NAME)
    grid.add_column(overflow="fold")
    grid.add_row(Text(visible(label)), Text(visible(value)))
    stdout().print(grid)


def _defined(wanted: bool, *names: str) -> None:
    if not wanted:
        return
    for name in names:
        definition = DEFINITIONS[name]
        _told(definition.title, definition.text)


def _told(title: str, text: str) -> None:
    from rich.padding import Padding
    from rich.text import Text

    if not stdout().is_terminal:
        say(f"  {title}: {text}")
        return
    told = Text(f"{title}: ", style="italic")
    told.append(text, style="dim")
    stdout().print(Padding(told, (0, 0, 0, 2)))
