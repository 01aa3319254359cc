"""Tables by agent, channel, language, week and day, for the page of figures."""

from __future__ import annotations

from collections.abc import Sequence

from custagent.evaluate.charts import rate_bar, share_bar
from custagent.evaluate.definitions import ENDINGS
from custagent.evaluate.figures import Ending, Figures, Rate
from custagent.evaluate.markup import Markup, joined, tag
from custagent.evaluate.stats import Division, Group
from custagent.evaluate.wording import cost, length, number, of_base, range_of, share_of

_NUMBERS = (
    "Conversations", "Handled", "Answered without a person", "Confirmed", "Handed over", "First reply", "Helpful",
    "Credits", "Credits a resolution",
)  # fmt: skip


def division_section(division: Division, groups: Sequence[Group], total: Figures) -> Markup:
    """A row a group, the whole below; how much was resolved HubSpot's way is drawn."""
    body = tag("tbody", *(_row(group.name, group.figures) for group in groups))
    table = tag("table", tag("thead", _heads(division)), body, tag("tfoot", _row("In all", total)))
    named = f"By {division.value}"
    explained = "Resolved, HubSpot's way, is drawn with the range in which the true rate lies."
    if division is Division.WEEK:
        explained += " Weeks are ISO weeks, Monday to Sunday; the first and last may be cut by the span."
    return tag(
        "section",
        tag("h2", named),
        tag(
            "p",
            f"{explained} Credits are those of these conversations, whenever they were booked.",
            class_="definition",
        ),
        scrolling(table, named),
        class_="wide",
    )


def weeks_section(weeks: Sequence[Group]) -> Markup:
    """Handing over, replies of people and credits, week by week, drawn."""
    most = max((week.figures.used for week in weeks), default=0)
    rows = [
        tag(
            "tr",
            tag("th", week.name, scope="row", class_="name"),
            tag("td", rate_bar(week.figures.handed_over, "warm"), class_="drawn"),
            tag("td", _told(week.figures.handed_over), class_="number"),
            tag("td", length(week.figures.person_times.median), class_="number"),
            tag("td", length(week.figures.person_times.p90), class_="number"),
            tag("td", share_bar(max(0, week.figures.used) / most if most > 0 else 0, "brand"), class_="drawn"),
            tag("td", number(week.figures.used), class_="number"),
        )
        for week in weeks
    ]
    named = (
        ("Week", "name"), ("Handed over", None), ("Person: half within", "number"),
        ("nine of ten within", "number"), ("Credits used", None),
    )  # fmt: skip
    heads = [tag("th", name, scope="col", class_=class_, colspan=None if class_ else "2") for name, class_ in named]
    table = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), class_="weeks")
    title = "Handing over, people and credits, week by week"
    words = "Of the conversations that began in each ISO week; credits are theirs, whenever they were booked."
    told = tag("p", words, class_="definition")
    return tag("section", tag("h2", title), told, scrolling(table, title), class_="wide")


def course_table(course: Sequence[Group], unit: str) -> Markup:
    """The numbers that the columns over time are drawn from."""
    heads = [tag("th", name, scope="col", class_="number") for name in ("Conversations", *ENDINGS.values())]
    rows = [
        tag(
            "tr",
            tag("th", group.name, scope="row", class_="name"),
            tag("td", number(group.figures.conversations), class_="number"),
            *(tag("td", number(group.figures.endings[ending]), class_="number") for ending in Ending),
        )
        for group in course
    ]
    head = tag("tr", tag("th", unit.capitalize(), scope="col"), *heads)
    return scrolling(tag("table", tag("thead", head), tag("tbody", *rows)), f"Conversations by {unit}")


def scrolling(table: Markup, named: str) -> Markup:
    """A table that may be wider than a telephone; it can be reached by key, so that it can be scrolled by one."""
    return tag("div", table, class_="scroll", role="region", aria_label=f"{named}, a table", tabindex="0")


def _heads(division: Division) -> Markup:
    numbers = [tag("th", name, scope="col", class_="number") for name in _NUMBERS]
    drawn = tag("th", "Resolved", scope="col", colspan="2")
    return tag("tr", tag("th", division.value.capitalize(), scope="col"), drawn, *numbers)


def _row(name: str, figures: Figures) -> Markup:
    resolved = figures.resolved
    range_ = tag("span", range_of(resolved), class_="low")
    told = joined(tag("span", _told(resolved), class_="strong"), tag("br"), range_) if resolved.is_enough else Markup()
    numbers = (
        number(figures.conversations),
        *(_told(rate) for rate in (figures.handled, figures.answered, figures.confirmed, figures.handed_over)),
        length(figures.agent_times.median) if figures.agent_times.count else "",
        _told(figures.helpful),
        number(figures.used),
        cost(figures) if figures.resolved.count else "",
    )
    return tag(
        "tr",
        tag("th", name, scope="row", class_="name"),
        tag("td", rate_bar(resolved, "good"), class_="drawn"),
        tag("td", told or _told(resolved), class_="name"),
        *(tag("td", one, class_="number") for one in numbers),
    )


def _told(rate: Rate) -> str:
    """The share, or where there are too few the numbers."""
    return share_of(rate) if rate.is_enough else of_base(rate) if rate.base else ""
