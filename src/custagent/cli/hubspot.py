"""The command that brings a HubSpot account's pages in: import hubspot."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from custagent.cli.ask import ask_text, can_ask, confirm
from custagent.cli.opening import AgentName, Json, Yes, open_app
from custagent.cli.reading import ReadingDisplay
from custagent.cli.render import counted, next_steps, print_json, progress, say, success, warn
from custagent.cli.sources import MOST_PROBLEMS, AllowHost
from custagent.config.secrets import is_random, looks_like_variable
from custagent.core.document import SourceState, SourceStatus
from custagent.core.errors import UsageError
from custagent.knowledge.hubspot import BASE, KINDS
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.hubspot import (
    VARIABLE,
    Account,
    KindPlan,
    Listed,
    Outcome,
    carry_out,
    list_pages,
    only,
    plan,
)
from custagent.runtime.content.sources import Place, add_places, find_place, sync

_NAMES = {"site-pages": "site page", "landing-pages": "landing page", "blog": "blog post"}
#: A variable as people write it, with or without what the shell would replace.
_VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*)", re.ASCII)
_RANGE = re.compile(r"(\d+)(?:\s*-\s*(\d+))?")


def hubspot(
    ctx: typer.Context,
    agent: AgentName,
    what: Annotated[
        list[str] | None,
        typer.Option(
            metavar="site-pages|landing-pages|blog", help="What to bring in; several with commas. Without it, all."
        ),
    ] = None,
    only_: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="GLOB", help="Only pages whose address matches, as '/help/*'. Repeatable."),
    ] = None,
    pick: Annotated[bool, typer.Option("--pick", help="Choose the pages from a list.")] = False,
    knowledge_base: Annotated[
        str,
        typer.Option(metavar="URL", help="Your knowledge base: read from its public pages.", show_default=False),
    ] = "",
    token: Annotated[
        str, typer.Option(metavar="VARIABLE", help="The environment variable that holds the private app's token.")
    ] = VARIABLE,
    api_base: Annotated[str, typer.Option(metavar="URL", help="Where HubSpot's API is.")] = BASE,
    allow_host: AllowHost = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be done.")] = False,
    accept_removals: Annotated[
        bool, typer.Option("--accept-removals", help="Remove files even if over 30 % of the imported ones are gone.")
    ] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Bring in your public pages and blog posts from HubSpot.

    Writes each as a Markdown file into content/site-pages, content/landing-pages or content/blog, to review and to
    keep in git, and lets the agent answer from them; answers link to the public page. Run it again and only what
    changed at HubSpot changes here; what is public no more is removed, after asking. Your own files there stay.

    Examples:
      export HUBSPOT_TOKEN=...
      custagent import hubspot support --dry-run
      custagent import hubspot support --what site-pages,blog --only '/help/*'
      custagent import hubspot support --knowledge-base https://help.example.com
    """
    app = open_app(ctx)
    app.agent(agent)
    account = Account(token=_reference(token), base=api_base, allow_hosts=tuple(allow_host or ()))
    with progress("Asking HubSpot"):
        listed = list_pages(app, account, _kinds(what))
    chosen = only(listed, only_ or [])
    if pick:
        chosen = _pick(listed, chosen)
    plans = plan(app, listed, chosen)
    if dry_run:
        _tell_plan(plans, json=json)
        return
    _agree(plans, accept_removals=accept_removals, yes=yes)
    with _reading(plans) as display:
        outcome = carry_out(app, plans, account, display)
    places = list(outcome.places)
    if knowledge_base:
        places.append(find_place(app, knowledge_base, {"import_related": True}))
    states = _added(app, agent, places, allow_host or [], accept_removals=accept_removals)
    _tell(agent, plans, outcome, states, json=json, knowledge_base=knowledge_base)


def _reference(token: str) -> str:
    """The variable as `${NAME}`; what is given is never repeated, for it may be the token itself."""
    named = _VARIABLE.fullmatch(token.strip())
    name = (named[1] or named[2]) if named else ""
    if not name or (is_random(name) and not looks_like_variable(name)):
        raise UsageError(
            "--token takes the name of an environment variable, not the token itself",
            hint=f"Write: export {VARIABLE}=...   and leave --token out. A token that was typed here stands in the"
            " shell's history.",
        )
    return f"${{{name}}}"


def _kinds(what: Sequence[str] | None) -> list[str]:
    """The kinds named, each once; all when none is."""
    words = [word.strip() for part in what or [] for word in part.split(",") if word.strip()]
    unknown = [word for word in words if word not in KINDS]
    if unknown:
        raise UsageError(f"HubSpot has no kind {unknown[0]!r}", hint=f"Name some of: {', '.join(KINDS)}")
    return [kind for kind in KINDS if not words or kind in words]


def _pick(listed: Sequence[Listed], chosen: set[str]) -> set[str]:
    """The numbers of the pages that somebody picks from the list."""
    if not can_ask():
        raise UsageError("Nobody can pick here: there is no terminal.", hint="Say which by --only GLOB.")
    pages = [page for one in listed for page in one.pages if page.id in chosen]
    if not pages:
        return set()
    for number, page in enumerate(pages, 1):
        say(f"{number:>4}. {page.title}  ({_NAMES[page.kind]})")
        say(f"      {page.url}", style="dim")
    while True:
        answer = ask_text("Which? Numbers and ranges with commas, as 1-5,8", default="all")
        picked = picked_numbers(answer, len(pages))
        if picked:
            return {pages[number - 1].id for number in picked}
        warn(f"Write numbers from 1 to {len(pages)}, or all.")


def picked_numbers(answer: str, most: int) -> list[int]:
    """The numbers that "1-5,8" or "all" means, in order; none when it means nothing between 1 and `most`."""
    if answer.strip().lower() == "all":
        return list(range(1, most + 1))
    found: set[int] = set()
    for part in filter(None, (part.strip() for part in answer.split(","))):
        named = _RANGE.fullmatch(part)
        if named is None:
            return []
        first = int(named[1])
        last = int(named[2] or first)
        if not 1 <= first <= last <= most:
            return []
        found |= set(range(first, last + 1))
    return sorted(found)


def _agree(plans: Sequence[KindPlan], *, accept_removals: bool, yes: bool) -> None:
    """Ask before files go. Raises UsageError when too many would, or when nobody can be asked."""
    going = [file for one in plans for file in one.removed]
    many = next((one for one in plans if one.too_many), None)
    if many and not accept_removals:
        raise UsageError(
            f"{len(many.removed)} of {many.before} {_NAMES[many.kind]}s that were imported are not public any more, and"
            " nothing was changed",
            hint="Is it the right account? If it is: run this again with --accept-removals. --dry-run lists them.",
        )
    if going:
        for file in going[:MOST_PROBLEMS]:
            warn(f"public no more: {file.title}  {file.url}")
        if len(going) > MOST_PROBLEMS:
            warn(f"and {len(going) - MOST_PROBLEMS} more")
        confirm(f"Remove {counted(len(going), 'file')} of pages that are public no more?", yes=yes or accept_removals)


@contextmanager
def _reading(plans: Sequence[KindPlan]) -> Iterator[ReadingDisplay]:
    with progress("Reading") as bar:
        yield ReadingDisplay(bar, sum(len(one.added) + len(one.changed) for one in plans))


def _added(
    app: Application, agent: str, places: Sequence[Place], hosts: Sequence[str], *, accept_removals: bool
) -> list[SourceState]:
    """Let the agent answer from the places; how far they were read."""
    if not places:
        return []
    definition = add_places(app, agent, places, allow_hosts=hosts)
    named = [place.location for place in places]
    with progress("Indexing") as bar:
        return sync(app, definition, ReadingDisplay(bar), only=named, accept_removals=accept_removals)


def _tell_plan(plans: Sequence[KindPlan], *, json: bool) -> None:
    if json:
        print_json([_plan_as_json(one) for one in plans])
        return
    for one in plans:
        say(f"{_NAMES[one.kind].capitalize()}s: {_counts(one)}")
        for name, pages in (("new", one.added), ("changed", one.changed)):
            for page in pages:
                say(f"  {name}: {page.title}  {page.url}")
        for file in one.removed:
            say(f"  public no more: {file.title}  {file.url}")
        _tell_others(one)
    say()
    say("Nothing was written: this was a dry run.")


def _counts(one: KindPlan) -> str:
    parts = [
        f"{len(one.added)} new",
        f"{len(one.changed)} changed",
        f"{len(one.unchanged)} unchanged",
        *([f"{len(one.removed)} public no more"] if one.removed else []),
    ]
    return ", ".join(parts)


def _tell_others(one: KindPlan) -> None:
    """Pages that are left out: drafts and the like as a number, the rest by name."""
    quiet = sum(other.quiet for other in one.others)
    if quiet:
        say(f"  left out: {counted(quiet, 'draft, variant or archived page')}", style="dim")
    for other in one.others:
        if not other.quiet:
            say(f"  left out: {other.title or other.id}: {other.reason}", style="yellow")


def _plan_as_json(one: KindPlan) -> dict[str, Any]:
    def pages(found: Sequence[Any]) -> list[dict[str, str]]:
        return [{"id": page.id, "title": page.title, "url": page.url} for page in found]

    return {
        "kind": one.kind,
        "added": pages(one.added),
        "changed": pages(one.changed),
        "unchanged": pages(one.unchanged),
        "removed": pages(one.removed),
        "left_out": [{"id": other.id, "title": other.title, "reason": other.reason} for other in one.others],
    }


def _tell(
    agent: str,
    plans: Sequence[KindPlan],
    outcome: Outcome,
    states: Sequence[SourceState],
    *,
    json: bool,
    knowledge_base: str,
) -> None:
    """What was done; exit code 1 when nothing could be read of what was to be read, or a source is broken."""
    wanted = sum(len(one.added) + len(one.changed) for one in plans)
    broken = [state for state in states if state.status is not SourceStatus.READY]
    if json:
        print_json(_outcome_as_json(outcome, plans, states))
    else:
        success(
            f"{len(outcome.added)} new, {len(outcome.changed)} changed, {outcome.unchanged} unchanged,"
            f" {len(outcome.removed)} removed"
        )
        for one in plans:
            _tell_others(one)
        _tell_pages("not read", outcome.failed)
        _tell_pages("made of its modules, for the public page did not arrive", outcome.instead)
        for state in states:
            if state.error:
                warn(f"{state.location}: {state.error}")
            else:
                passages = counted(state.chunks, "passage")
                success(f"{state.location}: {counted(state.pages, 'page')}, {passages}")
        _tell_next(agent, outcome, knowledge_base=knowledge_base)
    if broken or (wanted and len(outcome.failed) == wanted):
        raise typer.Exit(1)


def _tell_pages(what: str, pages: Sequence[tuple[str, str]]) -> None:
    for address, reason in pages[:MOST_PROBLEMS]:
        say(f"  {what}: {reason if address in reason else f'{address}: {reason}'}", style="yellow")
    if len(pages) > MOST_PROBLEMS:
        say(f"  and {len(pages) - MOST_PROBLEMS} more; --json lists all", style="yellow")


def _tell_next(agent: str, outcome: Outcome, *, knowledge_base: str) -> None:
    steps = []
    if outcome.added or outcome.changed or outcome.removed:
        steps.append("git diff --stat content/")
    if not knowledge_base:
        say()
        say("Knowledge base articles are not in HubSpot's lists: add them by the address of the knowledge base.")
        steps.append(f"custagent sources add {agent} https://YOUR-KNOWLEDGE-BASE --import-related")
    next_steps([*steps, f"custagent preview {agent}"])


def _outcome_as_json(outcome: Outcome, plans: Sequence[KindPlan], states: Sequence[SourceState]) -> dict[str, Any]:
    def with_reasons(pages: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
        return [{"url": address, "reason": reason} for address, reason in pages]

    return {
        "added": sorted(outcome.added),
        "changed": sorted(outcome.changed),
        "unchanged": outcome.unchanged,
        "removed": sorted(outcome.removed),
        "failed": with_reasons(outcome.failed),
        "from_modules": with_reasons(outcome.instead),
        "left_out": [
            {"id": other.id, "title": other.title, "reason": other.reason} for one in plans for other in one.others
        ],
        "sources": [
            {
                "location": state.location,
                "pages": state.pages,
                "chunks": state.chunks,
                "state": state.status.value,
                "error": state.error,
            }
            for state in states
        ],
    }
