"""The command that looks an agent's content over: sources lint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer

from custagent.cli.opening import AgentName, Json, open_app
from custagent.cli.render import counted, next_steps, print_json, say, success
from custagent.knowledge.lint import Finding, Rule
from custagent.runtime.content.lint import lint as lint_content

#: Findings of one rule that a person is shown; --all and --json have them all.
MOST = 5


def lint(
    ctx: typer.Context,
    agent: AgentName,
    phrases: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="What customers search for, a phrase a line.", show_default=False, dir_okay=False
        ),
    ] = None,
    rule: Annotated[list[Rule] | None, typer.Option(help="Only this rule. Repeatable.", show_default=False)] = None,
    everything: Annotated[bool, typer.Option("--all", help=f"Show more than {MOST} places a rule.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 1 when anything is found, for CI.")] = False,
    json: Json = False,
) -> None:
    """Look an agent's content over.

    Tells what keeps the agent from answering well, and what to write instead: long sentences, missing headings, steps
    within a paragraph, questions without full answers, pages that are thin, old or say the same, words that customers
    use and no page does. Reads what the last sync stored, and the last 90 days of customers' questions; nothing is
    fetched.

    Examples:
      custagent sources lint support
      custagent sources lint support --phrases searches.txt --rule unsaid
    """
    app = open_app(ctx)
    found = [one for one in lint_content(app, agent, phrases=phrases) if not rule or one.rule in rule]
    if json:
        print_json([_as_json(finding) for finding in found])
    elif not found:
        success(f"Nothing to mend in what {agent} answers from.")
    else:
        _tell(found, most=len(found) if everything else MOST)
        hidden = not everything and any(count > MOST for count in Counter(one.rule for one in found).values())
        next_steps([f"custagent sources lint {agent} --all"] if hidden else [f"custagent sources sync {agent}"])
    if found and strict:
        raise typer.Exit(1)


def _tell(found: Sequence[Finding], *, most: int) -> None:
    """By rule, the most frequent first: a team mends one kind of thing at a time."""
    counts = Counter(finding.rule for finding in found)
    order = {rule: number for number, (rule, _) in enumerate(counts.most_common())}
    for rule, group in groupby(
        sorted(found, key=lambda finding: order[finding.rule]), key=lambda finding: finding.rule
    ):
        places = list(group)
        say(f"{rule.value}  ({counted(len(places), 'place')})", style="bold")
        for finding in places[:most]:
            _tell_one(finding)
        if len(places) > most:
            say(f"  and {len(places) - most} more")
        # What to do is the same for all of a rule.
        say(f"  {places[0].hint}", style="green")
        say("")


def _tell_one(finding: Finding) -> None:
    place = " > ".join(filter(None, (finding.location, finding.heading)))
    say(f"  {place}: {finding.message}" if place else f"  {finding.message}")
    if finding.quote and finding.rule is not Rule.UNSAID:
        say(f"    “{finding.quote}”", style="dim")


def _as_json(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule.value,
        "location": finding.location,
        "title": finding.title,
        "heading": finding.heading,
        "message": finding.message,
        "hint": finding.hint,
        "quote": finding.quote,
    }
