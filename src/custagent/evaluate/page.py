"""The page of figures: one HTML file with its drawings in it, no script, and nothing from elsewhere (STAT-1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from custagent.evaluate.charts import Column, Part, columns, rate_bar, share_bar
from custagent.evaluate.definitions import DEFINITIONS, ENDINGS
from custagent.evaluate.division_tables import course_table, division_section, scrolling, weeks_section
from custagent.evaluate.figures import Ending, Figures, Rate, Times
from custagent.evaluate.markup import Markup, joined, tag
from custagent.evaluate.stats import Division, Group, Report
from custagent.evaluate.style import STYLE
from custagent.evaluate.wording import cost, length, number, of_base, range_of, share_of, spans, topic_of

#: Nothing is loaded from anywhere, and no script runs, whatever stands in the page.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_RATES = (
    ("resolved", "good"), ("answered", "good"), ("confirmed", "good"), ("deflected", "calm"), ("handed_over", "warm"),
)  # fmt: skip
_KINDS = {
    Ending.ANSWERED: "good",
    Ending.PERSON: "warm",
    Ending.UNRESOLVED: "bad",
    Ending.NOTHING_ASKED: "still",
    Ending.GOING_ON: "calm",
}


def page_of(report: Report) -> str:
    """The whole document, in UTF-8, as well-formed XML after its first line."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("title", f"{report.workspace}: figures, {_span(report)}"),
        # Ours to the letter, and a browser reads no escapes in it.
        tag("style", Markup(STYLE)),
    )
    body = tag("body", _header(report), tag("main", *_sections(report)), _footer(report))
    return "<!doctype html>\n" + tag("html", head, body, lang="en") + "\n"


def _sections(report: Report) -> list[Markup]:
    total = report.total
    if not total.conversations:
        words = "No conversation began in this time, so there is nothing to reckon with."
        return [_section("Nothing yet", tag("p", words), wide=True)]
    told = [
        _key(report),
        _rates(total),
        _course(report),
        _endings(total),
        _reasons(total),
        _times(total),
        tag("div", _feedback(total), _credits(report), class_="stack"),
        weeks_section(report.by[Division.WEEK]),
        _gaps(report) if report.gaps else Markup(),
        *(division_section(division, report.by[division], total) for division in Division),
        _about(),
    ]
    return [one for one in told if one]


def _header(report: Report) -> Markup:
    only = [f"{what} {name}" for what, name in (("agent", report.agent), ("channel", report.channel)) if name]
    line = " · ".join((_span(report), report.timezone, *only))
    return tag("header", tag("h1", f"{report.workspace}: what the agents did"), tag("p", line, class_="soft"))


def _footer(report: Report) -> Markup:
    made_at = report.made_at.astimezone(ZoneInfo(report.timezone))
    return tag("footer", tag("p", f"Reckoned by custagent stats on {made_at:%Y-%m-%d} at {made_at:%H:%M}."))


def _span(report: Report) -> str:
    zone = ZoneInfo(report.timezone)
    # A span that ends at midnight ends with the day before.
    last = (report.until - timedelta(microseconds=1)).astimezone(zone)
    first = report.since.astimezone(zone)
    return f"{_day(first.date())} to {_day(last.date())}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _section(heading: str, *parts: str, wide: bool = False) -> Markup:
    return tag("section", tag("h2", heading), *parts, class_="wide" if wide else None)


def _definitions(*names: str, titled: bool = False) -> Markup:
    paragraphs = []
    for name in names:
        one = DEFINITIONS[name]
        title = tag("strong", f"{one.title}: ") if titled else Markup()
        paragraphs.append(tag("p", title, one.text, class_="definition"))
    return joined(*paragraphs)


def _key(report: Report) -> Markup:
    """The figures that are looked at first."""
    total = report.total
    cards = [
        _card("Conversations", number(total.conversations), f"{of_base(total.handled)} handled by an agent"),
        _rate_card("Resolved, HubSpot's way", total.resolved),
        _rate_card("Handed over", total.handed_over),
        _card(
            "First reply of the agent",
            length(total.agent_times.median),
            f"half within this, nine of ten within {length(total.agent_times.p90)}" if total.agent_times.count else "",
        ),
        _rate_card("Helpful", total.helpful),
        _card("Credits used", number(report.ledger.used), f"{cost(total)} a resolution"),
    ]
    return tag(
        "section", tag("h2", "At a glance", class_="hidden"), tag("dl", *cards, class_="key"), class_="glance wide"
    )


def _rate_card(title: str, rate: Rate) -> Markup:
    return _card(title, share_of(rate), f"{of_base(rate)}, {range_of(rate)}".removesuffix(", "))


def _card(title: str, figure: str, more: str) -> Markup:
    few = " few" if figure[:1].isalpha() else ""
    told = [tag("dd", figure, class_=f"figure{few}"), tag("dd", more, class_="more")]
    return tag("div", tag("dt", title), *told)


def _rates(total: Figures) -> Markup:
    """On a telephone its rows are no table's to the eye, so their roles are said for those who do not see them."""
    rows = [_rate_row(name, getattr(total, name), kind) for name, kind in _RATES]
    named = (("Figure", None), ("Drawn", "drawn"), ("Share", "number"), ("Range", None), ("Conversations", "number"))
    heads = [tag("th", name, scope="col", class_=class_, role="columnheader") for name, class_ in named]
    head = tag("thead", tag("tr", *heads, role="row"), role="rowgroup")
    table = tag("table", head, tag("tbody", *rows, role="rowgroup"), class_="rates", role="table")
    young = f" {number(total.too_young)} handled ones are not settled yet." if total.too_young else ""
    settled = tag("p", DEFINITIONS["settled"].text + young, class_="definition")
    return _section("Resolved, by three definitions", settled, table, wide=True)


def _rate_row(name: str, rate: Rate, kind: str) -> Markup:
    one = DEFINITIONS[name]
    title = tag("th", one.title, tag("p", one.text, class_="definition"), scope="row", role="rowheader")
    cells = (
        (rate_bar(rate, kind), "drawn"),
        (share_of(rate), "number strong"),
        (range_of(rate), "low"),
        (of_base(rate), "number"),
    )
    return tag("tr", title, *(tag("td", cell, class_=class_, role="cell") for cell, class_ in cells), role="row")


def _head_row(*named: tuple[str, str]) -> Markup:
    return tag("tr", *(tag("th", name, scope="col", class_=class_ or None) for name, class_ in named))


def _course(report: Report) -> Markup:
    unit = "week" if report.course[0].name[5] == "W" else "day"
    drawn = [_column(group) for group in report.course]
    named = f"Conversations by {unit} on which they began, by how they ended; the same stands in the table below."
    first, last = report.course[0].name, report.course[-1].name
    middle = report.course[len(report.course) // 2].name
    dates = [first, middle, last] if len(report.course) > 2 else list(dict.fromkeys((first, last)))  # noqa: PLR2004
    table = tag("details", tag("summary", f"The numbers of each {unit}"), course_table(report.course, unit))
    return _section(
        f"Conversations, {unit} by {unit}",
        _definitions("conversations"),
        columns(drawn, named=named),
        tag("div", *(tag("span", one) for one in dates), class_="dates", aria_hidden="true"),
        _legend(),
        table,
        wide=True,
    )


def _column(group: Group) -> Column:
    endings = group.figures.endings
    parts = tuple(Part(kind=kind, count=endings[ending]) for ending, kind in _KINDS.items())
    told = [f"{ENDINGS[ending]} {number(endings[ending])}" for ending in _KINDS if endings[ending]]
    return Column(told=f"{group.name}: {', '.join(told) or 'none'}", parts=parts)


def _legend() -> Markup:
    items = [tag("li", tag("span", class_=kind), ENDINGS[ending]) for ending, kind in _KINDS.items()]
    return tag("ul", *items, class_="legend")


def _endings(total: Figures) -> Markup:
    rows = [(ENDINGS[ending], total.endings[ending], kind) for ending, kind in _KINDS.items()]
    return _section("How they ended", _definitions("endings"), _counts("Ending", rows, total.conversations))


def _reasons(total: Figures) -> Markup:
    rows = [(reason.replace("-", " "), count, "warm") for reason, count in total.reasons.items()]
    counts = _counts("Reason", rows, sum(total.reasons.values())) if rows else tag("p", "It never did.")
    return _section("Why the agent gave up", _definitions("reasons"), counts)


def _counts(what: str, rows: Iterable[tuple[str, int, str]], whole: int) -> Markup:
    """A row a name, with its part of the whole."""
    told = [
        tag(
            "tr",
            tag("th", name, scope="row"),
            tag("td", share_bar(count / whole, kind), class_="drawn"),
            tag("td", share_of(Rate(count=count, base=whole)), class_="number"),
            tag("td", number(count), class_="number"),
        )
        for name, count, kind in rows
    ]
    head = _head_row((what, ""), ("Drawn", "drawn"), ("Share", "number"), ("Conversations", "number"))
    return tag("table", tag("thead", head), tag("tbody", *told))


def _times(total: Figures) -> Markup:
    agent, person = total.agent_times, total.person_times
    pairs = zip(spans(), agent.spread, person.spread, strict=True)
    rows = [
        tag("tr", tag("th", name, scope="row", class_="name"), *_times_cells(one, agent, "good"),
            *_times_cells(other, person, "warm"))
        for name, one, other in pairs
    ]  # fmt: skip
    heads = [tag("th", who, scope="colgroup", colspan="2") for who in ("Agent", "Person")]
    head = tag("tr", tag("th", "Within", scope="col"), *heads)
    table = tag("table", tag("thead", head), tag("tbody", *rows))
    waiting = f" {number(total.still_waiting)} still wait." if total.still_waiting else ""
    return _section(
        "Time to first reply",
        _definitions("agent_times"),
        tag("p", _ranks("Agent", agent), class_="told"),
        _definitions("person_times"),
        tag("p", _ranks("Person", person) + waiting, class_="told"),
        table,
    )


def _times_cells(count: int, times: Times, kind: str) -> tuple[Markup, Markup]:
    share = count / times.count if times.count else 0.0
    return tag("td", share_bar(share, kind), class_="drawn"), tag("td", number(count), class_="number")


def _ranks(who: str, times: Times) -> str:
    if not times.count:
        return f"{who}: none yet."
    of = number(times.count)
    return f"{who}: half within {length(times.median)}, nine of ten within {length(times.p90)}, of {of}."


def _credits(report: Report) -> Markup:
    ledger, balance = report.ledger, report.balance
    facts = [
        ("Charged", number(ledger.charged)),
        ("Given back", number(ledger.given_back)),
        ("Used", number(ledger.used)),
        ("Balance now", number(balance.balance)),
        ("May still be used this month", "not limited" if balance.available is None else number(balance.available)),
        ("Policy", f"{balance.policy}, {number(balance.price)} credits each"),
        ("Credits per resolution", cost(report.total)),
    ]
    return _section(
        "Credits", _definitions("credits"), _facts(facts), _definitions("credits_per_resolution", titled=True)
    )


def _feedback(total: Figures) -> Markup:
    rate = total.helpful
    share = f"{share_of(rate)} ({range_of(rate)})".removesuffix(" ()")
    facts = [("Helpful", f"{share}, {of_base(rate)}" if rate.base else "nobody judged a reply yet")]
    facts.append(("Called wrong", number(total.wrong)))
    return _section("Feedback", _definitions("helpful", "wrong", titled=True), _facts(facts))


def _facts(facts: Sequence[tuple[str, str]]) -> Markup:
    rows = [tag("tr", tag("th", name, scope="row"), tag("td", value, class_="value strong")) for name, value in facts]
    return tag("table", tag("tbody", *rows))


def _gaps(report: Report) -> Markup:
    most = max(gap.conversations for gap in report.gaps)
    zone = ZoneInfo(report.timezone)
    rows = [
        tag(
            "tr",
            tag("th", topic_of(gap), scope="row"),
            tag("td", gap.kind.value),
            tag("td", share_bar(gap.conversations / most, "bad"), class_="drawn"),
            tag("td", number(gap.conversations), class_="number"),
            tag("td", f"{gap.last_seen.astimezone(zone):%Y-%m-%d}", class_="number"),
        )
        for gap in report.gaps
    ]
    named = (("Topic", ""), ("Kind", ""), ("Drawn", "drawn"), ("Conversations", "number"), ("Last asked", "number"))
    table = scrolling(tag("table", tag("thead", _head_row(*named)), tag("tbody", *rows)), "Knowledge gaps")
    return _section("Knowledge gaps", _definitions("gaps"), table, wide=True)


def _about() -> Markup:
    return _section("How this is counted", _definitions("handled", "uncertainty", titled=True), wide=True)
