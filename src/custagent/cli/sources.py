"""Commands for what an agent answers from: sources add, list, show, remove, sync."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from custagent.cli.ask import confirm
from custagent.cli.opening import AgentName, Json, Yes, open_app, tell_words_only
from custagent.cli.reading import ReadingDisplay
from custagent.cli.render import counted, next_steps, print_json, progress, say, success, table, warn
from custagent.core.agent import AgentDefinition, CollectionSource
from custagent.core.document import Difference, SourceState, SourceStatus
from custagent.core.errors import UsageError
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.source_states import find_state, states
from custagent.runtime.content.sources import Place, add_places, find_place, remove_source
from custagent.runtime.content.sources import sync as sync_sources

#: How many problems a person is shown; --json has them all.
MOST_PROBLEMS = 10
#: What is not written into the agent's file, because it holds anyway.
_DEFAULT_PAGES = 1000
_DEFAULT_DEPTH = 20


class Scope(StrEnum):
    HOST = "host"
    DOMAIN = "domain"
    PREFIX = "prefix"


class Content(StrEnum):
    """What the pages of a collection are."""

    KNOWLEDGE_BASE = "knowledge-base"
    SITE_PAGES = "site-pages"
    LANDING_PAGES = "landing-pages"
    BLOG = "blog"


AllowHost = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-host", metavar="HOST[:PORT]", help="Read from this host although its address is private. Repeatable."
    ),
]


@contextmanager
def _display() -> Iterator[ReadingDisplay]:
    with progress("Reading") as bar:
        yield ReadingDisplay(bar)


def add(
    ctx: typer.Context,
    agent: AgentName,
    places: Annotated[
        list[str] | None, typer.Argument(metavar="PATH_OR_URL", help="Files, folders, web addresses.")
    ] = None,
    import_related: Annotated[
        bool, typer.Option("--import-related", help="Read the whole site: its sitemap and links of the same host.")
    ] = False,
    scope: Annotated[Scope, typer.Option(help="How far --import-related goes.")] = Scope.HOST,
    include: Annotated[list[str] | None, typer.Option(help="Only addresses that match. Repeatable.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="No addresses that match. Repeatable.")] = None,
    max_pages: Annotated[int, typer.Option(min=1, help="The most pages of one site.")] = _DEFAULT_PAGES,
    content: Annotated[
        Content | None, typer.Option("--content", help="What the pages of a folder are.", show_default=False)
    ] = None,
    max_depth: Annotated[
        int, typer.Option(min=0, help="Leave out pages that are more links than these away.")
    ] = _DEFAULT_DEPTH,
    private: Annotated[
        bool, typer.Option("--private", help="Show no link to it. The text may still be quoted: private is not secret.")
    ] = False,
    question: Annotated[str, typer.Option(help="A short answer's question.", show_default=False)] = "",
    answer: Annotated[str, typer.Option(help="A short answer's answer.", show_default=False)] = "",
    allow_host: AllowHost = None,
    json: Json = False,
) -> None:
    """Add files, folders or web pages to an agent.

    Reads them at once. A page that cannot be read never stops the rest: it is listed with its reason. Exit code 1
    when something that you named could not be read.

    Examples:
      custagent sources add support manual.pdf faq/
      custagent sources add support https://help.example.com --import-related
      custagent sources add support --question "Do you ship to Norway?" --answer "Yes, within four days."
    """
    app = open_app(ctx)
    app.agent(agent)
    options: dict[str, Any] = {}
    if import_related:
        options["import_related"] = True
        options |= {"scope": scope.value} if scope is not Scope.HOST else {}
        options |= {"include": list(include)} if include else {}
        options |= {"exclude": list(exclude)} if exclude else {}
        options |= {"max_pages": max_pages} if max_pages != _DEFAULT_PAGES else {}
        options |= {"max_depth": max_depth} if max_depth != _DEFAULT_DEPTH else {}
    if private:
        options["private"] = True
        warn("Private means that no link is shown. The text itself may still be quoted to contacts.")
    wanted = [_typed(find_place(app, place, options), content) for place in places or []]
    wanted += _short_answer(question, answer)
    if not wanted:
        raise UsageError("name at least one file, folder or web address", hint="custagent sources add --help")
    definition = add_places(app, agent, wanted, allow_hosts=allow_host or [])
    with _display() as display:
        read = sync_sources(app, definition, display, only=[place.location for place in wanted])
    tell_words_only(app)
    _tell(agent, read, json=json)


def read_places(app: Application, agent: str, places: Sequence[Place]) -> AgentDefinition:
    """Add the places and read them, telling only what went wrong; the definition that holds them."""
    definition = add_places(app, agent, places)
    read_sources(app, definition, [place.location for place in places])
    return definition


def read_sources(app: Application, agent: AgentDefinition, locations: Sequence[str]) -> None:
    """Read these of an agent's sources, telling only what went wrong."""
    with _display() as display:
        read = sync_sources(app, agent, display, only=locations)
    for state in read:
        if state.error:
            _tell_error(state)


def list_sources(
    ctx: typer.Context,
    agent: AgentName,
    content: Annotated[
        Content | None, typer.Option("--content", help="Only folders of such pages.", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """List an agent's sources.

    Examples:
      custagent sources list support
      custagent sources list support --content blog
    """
    app = open_app(ctx)
    types = {one.location: one.type for one in app.agent(agent).sources if isinstance(one, CollectionSource)}
    listed = [state for state in states(app, agent) if content is None or types.get(state.location) == content.value]
    if json:
        print_json([_as_json(state) | {"content": types.get(state.location)} for state in listed])
        return
    if not listed and content is not None:
        say(f"{agent} has no folder of the type {content.value}.")
        return
    if not listed:
        say(f"{agent} has no source yet.")
        next_steps([f"custagent sources add {agent} https://help.example.com --import-related"])
        return
    table(["Kind", "Location", "State", "Pages", "Passages", "Read"], [_row(state, types) for state in listed])
    for state in listed:
        if state.error:
            _tell_error(state)
        if state.left_out:
            say(f"{state.location}: {state.left_out_told}", style="dim")


def show(
    ctx: typer.Context,
    agent: AgentName,
    location: Annotated[
        str,
        typer.Argument(metavar="LOCATION", help="The source, as `sources list` shows it.", show_default=False),
    ],
    json: Json = False,
) -> None:
    """Show the pages of one source.

    Example:
      custagent sources show support https://help.example.com
    """
    app = open_app(ctx)
    app.agent(agent)
    state = find_state(app, agent, location)
    pages = app.store.documents.fetched(agent, state.key)
    if json:
        print_json({**_as_json(state), "documents": [_page_json(app, place, at) for place, at in pages.items()]})
        return
    say(f"{state.location}  ({state.status.value}, {state.pages} pages, {state.chunks} passages)")
    for place, at in pages.items():
        say(f"  {at:%Y-%m-%d %H:%M}  {place}")
    _tell_problems(agent, state, most=len(state.problems))
    for place, _ in state.left_out:
        say(f"    {place}", style="dim")


def remove(
    ctx: typer.Context,
    agent: AgentName,
    location: Annotated[
        str,
        typer.Argument(metavar="LOCATION", help="The source, as `sources list` shows it.", show_default=False),
    ],
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Remove a source from an agent.

    Its pages leave the answers at once. A file stays in content/.

    Example:
      custagent sources remove support content/manual.pdf --yes
    """
    app = open_app(ctx)
    state = find_state(app, agent, location)
    confirm(f"Remove {state.location} with {state.pages} pages?", yes=yes)
    remove_source(app, agent, state.location)
    if json:
        print_json({"agent": agent, "location": state.location, "pages": state.pages})
        return
    success(f"Removed {state.location}")


def sync(
    ctx: typer.Context,
    agent: AgentName,
    locations: Annotated[
        list[str] | None,
        typer.Argument(metavar="LOCATION", help="All sources, if none is named."),
    ] = None,
    accept_removals: Annotated[
        bool, typer.Option("--accept-removals", help="Remove pages even if over 30 % of a source are gone.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would change.")] = False,
    json: Json = False,
) -> None:
    """Read an agent's sources again, as far as they changed.

    Unchanged pages cost one short request; only changed passages are indexed again. Tells what was added, changed,
    removed, unchanged, and what could not be read.

    Examples:
      custagent sources sync support
      custagent sources sync support --dry-run
    """
    app = open_app(ctx)
    definition = app.agent(agent)
    only = [find_state(app, agent, location).location for location in locations] if locations else None
    with _display() as display:
        read = sync_sources(app, definition, display, only=only, accept_removals=accept_removals, dry_run=dry_run)
    if dry_run:
        _tell_would(agent, read, json=json)
        return
    tell_words_only(app)
    _tell(agent, read, json=json)


def _short_answer(question: str, answer: str) -> list[Place]:
    if bool(question) != bool(answer):
        raise UsageError("--question and --answer go together")
    return [Place(mapping={"short_answer": question, "answer": answer})] if question else []


def _tell(agent: str, read: Sequence[SourceState], *, json: bool) -> None:
    """What was read; exit code 1 when a source is broken (SRC-5)."""
    broken = [state for state in read if state.status is not SourceStatus.READY]
    if json:
        print_json([_as_json(state) for state in read])
    else:
        for state in read:
            if state.status is SourceStatus.READY:
                success(f"{state.location}: {counted(state.pages, 'page')}, {counted(state.chunks, 'passage')}")
                _tell_difference(state.difference, most=MOST_PROBLEMS)
            else:
                _tell_error(state)
            _tell_problems(agent, state, most=MOST_PROBLEMS)
        if not broken:
            next_steps([f"custagent preview {agent}"])
    if broken:
        raise typer.Exit(1)


def _tell_would(agent: str, read: Sequence[SourceState], *, json: bool) -> None:
    """What a sync would change; exit code 1 when a source is out of reach or would lose too much."""
    if json:
        print_json([_as_json(state) for state in read])
    else:
        for state in read:
            if state.error:
                _tell_error(state)
            elif state.difference:
                say(f"{state.location}: would change")
            else:
                say(f"{state.location}: nothing would change")
            _tell_difference(state.difference, most=None)
            _tell_problems(agent, state, most=len(state.problems))
        next_steps([f"custagent sources sync {agent}"])
    if any(state.error for state in read):
        raise typer.Exit(1)


def _tell_difference(difference: Difference | None, *, most: int | None) -> None:
    """What was added, changed and removed, each place of at most `most`; how many stayed as they were."""
    if difference is None or not difference:
        return
    groups = {"added": difference.added, "changed": difference.changed, "removed": difference.removed}
    # A source that is read for the first time is new throughout.
    first = difference.added and not (difference.changed or difference.removed or difference.unchanged)
    for name, places in groups.items() if most is None or not first else ():
        for place in places[:most]:
            say(f"  {name}: {place}")
        if most is not None and len(places) > most:
            say(f"  and {len(places) - most} more {name}")
    if difference.unchanged:
        say(f"  unchanged: {len(difference.unchanged)}")


def _tell_error(state: SourceState) -> None:
    """Why the source cannot be read; most reasons begin with its name."""
    warn(state.error if state.error.startswith(state.location) else f"{state.location}: {state.error}")


def _tell_problems(agent: str, state: SourceState, *, most: int) -> None:
    for location, reason in state.not_read[:most]:
        told = reason if location in reason else f"{location}: {reason}"
        say(f"  not read: {told}", style="yellow")
    if len(state.not_read) > most:
        say(f"  and {len(state.not_read) - most} more: custagent sources show {agent} {state.location}")
    if state.left_out:
        say(f"  {state.left_out_told}", style="dim")


def _typed(place: Place, content: Content | None) -> Place:
    """The folder with what its pages are. Raises UsageError for what is no folder."""
    if content is None:
        return place
    if "collection" not in place.mapping:
        raise UsageError(f"{place.location} is no folder, so --content says nothing of it")
    return replace(place, mapping={**place.mapping, "type": content.value})


def _row(state: SourceState, types: Mapping[str, str]) -> list[object]:
    read = f"{state.synced_at:%Y-%m-%d %H:%M}" if state.synced_at else "never"
    return [types.get(state.location, state.kind), state.location, state.status.value, state.pages, state.chunks, read]


def _page_json(app: Application, place: str, fetched_at: datetime) -> dict[str, Any]:
    from custagent.runtime.content.lint import changed_at

    document = app.store.documents.document(place)
    told = (document.language, changed_at(app, document)) if document else ("", None)
    return {"location": place, "fetched_at": fetched_at, "language": told[0], "changed_at": told[1]}


def _as_json(state: SourceState) -> dict[str, Any]:
    listed: dict[str, Any] = {
        "kind": state.kind,
        "location": state.location,
        "pages": state.pages,
        "chunks": state.chunks,
        "state": state.status.value,
        "synced_at": state.synced_at,
        "problems": [{"location": place, "reason": reason} for place, reason in state.not_read],
        "left_out": [{"location": place, "reason": reason} for place, reason in state.left_out],
    }
    if state.difference is not None:
        listed |= asdict(state.difference)
    return listed | ({"error": state.error} if state.error else {})
