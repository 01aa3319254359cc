"""The table of commands, and the options that every command takes.

A new command is one line in `COMMANDS`: where its function is, the first line of its docstring, its panel.
A command that needs the workspace or the acting user takes `ctx: typer.Context` and asks `invocation(ctx)`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.main import get_command

from custagent.cli.lazy import Group, Lazy, LazyGroup, Table
from custagent.cli.manners import manner_options, read_options

START: Final = "Start"
AGENTS: Final = "Agents"
CONTENT: Final = "Content"
CHECK: Final = "Try and check"
LIVE: Final = "Go live"
PEOPLE: Final = "People"
CONVERSATIONS: Final = "Conversations and credits"

_AGENTS: Final = "custagent.cli.agents"
_SOURCES: Final = "custagent.cli.sources"
_CHANNELS: Final = "custagent.cli.channels"
_ASSIGN: Final = "custagent.cli.assign"
_CONVERSATIONS: Final = "custagent.cli.conversations"
_ARCHIVE: Final = "custagent.cli.archive"
_CREDITS: Final = "custagent.cli.credits"
_INBOX: Final = "custagent.cli.inbox"
_OUTBOX: Final = "custagent.cli.outbox"
_NOTIFICATIONS: Final = "custagent.cli.notifications"
_USERS: Final = "custagent.cli.users"
_TEAMS: Final = "custagent.cli.teams"
_PRIVACY: Final = "custagent.cli.privacy"
_GAPS: Final = "custagent.cli.gaps"

COMMANDS: Final[Table] = {
    "demo": Lazy(
        "custagent.cli.demo:demo", "See an agent answer from an example help site, in a throw-away folder.", START
    ),
    "init": Lazy(f"{_AGENTS}:init", "Make the current folder a workspace.", START),
    "create": Lazy("custagent.cli.create:create", "Create an agent.", AGENTS),
    "list": Lazy("custagent.cli.roster:list_agents", "List the agents of this workspace.", AGENTS),
    "show": Lazy(f"{_AGENTS}:show", "Show one agent.", AGENTS),
    "edit": Lazy("custagent.cli.edit:edit", "Change an agent's settings.", AGENTS),
    "delete": Lazy(f"{_AGENTS}:delete", "Delete an agent.", AGENTS),
    "plan": Lazy("custagent.cli.versions:plan_changes", "Show what `custagent apply` would change.", AGENTS),
    "apply": Lazy(f"{_AGENTS}:apply", "Put the YAML files into force.", AGENTS),
    "history": Lazy("custagent.cli.versions:history", "List the versions of an agent that were in force.", AGENTS),
    "sources": Group(
        "Add, list and refresh what an agent answers from.",
        {
            "add": Lazy(f"{_SOURCES}:add", "Add files, folders or web pages to an agent."),
            "list": Lazy(f"{_SOURCES}:list_sources", "List an agent's sources."),
            "show": Lazy(f"{_SOURCES}:show", "Show the pages of one source."),
            "remove": Lazy(f"{_SOURCES}:remove", "Remove a source from an agent."),
            "sync": Lazy(f"{_SOURCES}:sync", "Read an agent's sources again, as far as they changed."),
            "lint": Lazy("custagent.cli.lint:lint", "Look an agent's content over."),
        },
        CONTENT,
    ),
    "import": Group(
        "Bring content in from other tools.",
        {"hubspot": Lazy("custagent.cli.hubspot:hubspot", "Bring in your public pages and blog posts from HubSpot.")},
        CONTENT,
    ),
    "gaps": Group(
        "Find what contacts ask and the agent cannot answer, and answer it.",
        {
            "list": Lazy(f"{_GAPS}:list_gaps", "List what contacts asked and the agent could not answer, by topic."),
            "show": Lazy(
                f"{_GAPS}:show",
                "Show one gap: the exact questions, what came closest to an answer, and what a person replied.",
            ),
            "answer": Lazy(
                f"{_GAPS}:answer", "Answer a gap: write a short answer and a test case, and ask its questions again."
            ),
            "dismiss": Lazy(f"{_GAPS}:dismiss", "Put a gap aside that nobody will write an answer to."),
            "reopen": Lazy(f"{_GAPS}:reopen", "Open a gap again that was answered or dismissed."),
        },
        CONTENT,
    ),
    "preview": Lazy("custagent.cli.preview:preview", "Talk to an agent in the terminal.", CHECK),
    "test": Lazy("custagent.cli.cases:run_tests", "Run an agent's test cases.", CHECK),
    "simulate": Lazy(
        "custagent.cli.simulate:simulate",
        "Predict what an agent would do, from what customers asked in the past.",
        CHECK,
    ),
    "validate": Lazy("custagent.cli.validate:validate", "Check the YAML files.", CHECK),
    "schema": Lazy("custagent.cli.validate:schema", "Print the JSON Schema of a YAML file.", CHECK),
    "channels": Group(
        "Add, list, check and pause where messages come from.",
        {
            "add": Lazy("custagent.cli.channels_add:add", "Add a channel."),
            "list": Lazy(f"{_CHANNELS}:list_channels", "List the channels of this workspace."),
            "check": Lazy(f"{_CHANNELS}:check", "Try a channel's connection step by step."),
            "pause": Lazy(f"{_CHANNELS}:pause", "Let people answer on a channel for a while."),
            "resume": Lazy(f"{_CHANNELS}:resume", "Let the agent answer on a paused channel again."),
            "unread": Lazy(f"{_CHANNELS}:unread", "List what came in and could not be read."),
            "snippet": Lazy(f"{_CHANNELS}:snippet", "Print the script tag that puts a live chat on a page."),
            "remove": Lazy(f"{_CHANNELS}:remove", "Remove a channel that no agent is on."),
        },
        LIVE,
    ),
    "assign": Lazy(f"{_ASSIGN}:assign", "Let an agent answer on channels.", LIVE),
    "unassign": Lazy(f"{_ASSIGN}:unassign", "Take an agent off channels at once.", LIVE),
    "pause": Lazy(f"{_ASSIGN}:pause", "Let people answer for a while.", LIVE),
    "resume": Lazy(f"{_ASSIGN}:resume", "Let a paused agent go on.", LIVE),
    "run": Lazy("custagent.cli.run:run", "Receive, answer and deliver until Ctrl-C.", LIVE),
    "status": Lazy("custagent.cli.status:status", "Show what runs, what waits and what needs a look.", LIVE),
    "doctor": Lazy("custagent.cli.doctor:doctor", "Look whether everything that custagent needs is in order.", LIVE),
    "backup": Lazy("custagent.cli.backup:backup", "Copy the database while everything goes on.", LIVE),
    "restore": Lazy("custagent.cli.backup:restore", "Put a backup in the place of the database.", LIVE),
    "users": Group(
        "Say who works here, when, and who is away.",
        {
            "list": Lazy(f"{_USERS}:list_users", "List the users of this workspace."),
            "show": Lazy(f"{_USERS}:show", "Show one user."),
            "add": Lazy(f"{_USERS}:add", "Add a user."),
            "edit": Lazy(f"{_USERS}:edit", "Change a user's settings."),
            "remove": Lazy(f"{_USERS}:remove", "Remove a user."),
            "invite": Lazy(
                "custagent.cli.invite:invite", "Print a link by which a user sets a password for the web inbox."
            ),
            "away": Lazy(f"{_USERS}:away", "Say that a user is away."),
            "back": Lazy(f"{_USERS}:back", "Say that a user is there again."),
        },
        PEOPLE,
    ),
    "teams": Group(
        "Say who gets conversations together, and when.",
        {
            "list": Lazy(f"{_TEAMS}:list_teams", "List the teams of this workspace."),
            "show": Lazy(f"{_TEAMS}:show", "Show one team."),
            "add": Lazy(f"{_TEAMS}:add", "Add a team."),
            "edit": Lazy(f"{_TEAMS}:edit", "Change a team's hours and languages."),
            "remove": Lazy(f"{_TEAMS}:remove", "Remove a team that no assignment names."),
            "members": Lazy(f"{_TEAMS}:members", "List a team's members, or change them."),
        },
        PEOPLE,
    ),
    "conversations": Group(
        "Find, read, export and import conversations.",
        {
            "list": Lazy(f"{_CONVERSATIONS}:list_conversations", "List the latest conversations."),
            "search": Lazy(f"{_CONVERSATIONS}:search", "Find conversations by their words."),
            "show": Lazy(f"{_CONVERSATIONS}:show", "Show one conversation with all that is kept of it."),
            "export": Lazy(f"{_ARCHIVE}:export", "Write conversations out, with all that is kept of them."),
            "import": Lazy(f"{_ARCHIVE}:import_", "Bring in conversations of another tool or workspace."),
        },
        CONVERSATIONS,
    ),
    "explain": Lazy("custagent.cli.explain:explain", "Say why the agent replied what it replied.", CONVERSATIONS),
    "inbox": Group(
        "Work on the conversations that people have.",
        {
            "list": Lazy(f"{_INBOX}:list_items", "List the conversations that wait for people."),
            "watch": Lazy(
                f"{_INBOX}:watch", "Show the list, and show it again whenever something changes, until Ctrl-C."
            ),
            "show": Lazy(
                f"{_INBOX}:show", "Show one conversation, with why people have it, what was tried, and your notes."
            ),
            "take": Lazy(f"{_INBOX}:take", "Take conversations: they are yours, and the agent is silent in them."),
            "reply": Lazy(f"{_INBOX}:reply", "Write to the contact, on the channel they used."),
            "note": Lazy(f"{_INBOX}:note", "Tell your colleagues something. The contact never sees it."),
            "assign": Lazy(f"{_INBOX}:assign", "Give a conversation to a colleague, or into a team's queue."),
            "release": Lazy(f"{_INBOX}:release", "Give conversations back to the agent, which says that it is an AI."),
            "snooze": Lazy(
                f"{_INBOX}:snooze", "Put conversations aside. What the contact writes brings them back at once."
            ),
            "wake": Lazy(f"{_INBOX}:wake", "Take out again what was put aside."),
            "close": Lazy(f"{_INBOX}:close", "Close conversations: they are done."),
            "suggest": Lazy(f"{_INBOX}:suggest", "Show what the agent would say. It is free, and nothing is sent."),
            "wrong": Lazy(
                f"{_INBOX}:wrong",
                "Say that a reply of the agent is wrong. Your name is kept with it; the contact sees nothing of it.",
            ),
        },
        CONVERSATIONS,
    ),
    "outbox": Group(
        "Look after replies that have not arrived.",
        {
            "list": Lazy(f"{_OUTBOX}:list_outbox", "List the replies that have not arrived."),
            "retry": Lazy(f"{_OUTBOX}:retry", "Try replies again that were given up, or that are put off."),
            "drop": Lazy(f"{_OUTBOX}:drop", "Give replies up: they are never sent, and not listed any more."),
        },
        CONVERSATIONS,
    ),
    "notifications": Group(
        "See how other programs are told when people are needed.",
        {
            "list": Lazy(f"{_NOTIFICATIONS}:list_webhooks", "List the webhooks, and how it stands with each."),
            "retry": Lazy(f"{_NOTIFICATIONS}:retry", "Tell webhooks again, at once, what has not arrived."),
        },
        CONVERSATIONS,
    ),
    "privacy": Group(
        "Write out or erase what is known of a contact.",
        {
            "export": Lazy(f"{_PRIVACY}:export", "Write out everything that is kept of a contact, over all channels."),
            "erase": Lazy(f"{_PRIVACY}:erase", "Take a contact's texts and identity away for good, over all channels."),
        },
        CONVERSATIONS,
    ),
    "stats": Lazy("custagent.cli.stats:stats", "Show what the agents did, in figures.", CONVERSATIONS),
    "audit": Lazy("custagent.cli.audit:audit", "List who changed what, newest first.", CONVERSATIONS),
    "credits": Group(
        "See what is used and left, and why.",
        {
            "balance": Lazy(f"{_CREDITS}:balance", "Show how many credits are left, and what limits them."),
            "entries": Lazy(f"{_CREDITS}:entries", "List the entries of the ledger."),
            "explain": Lazy(f"{_CREDITS}:explain", "Say why a conversation cost what it cost."),
            "replay": Lazy(
                f"{_CREDITS}:replay",
                "Recompute what conversations cost, by each policy, and compare it with the ledger.",
            ),
            "verify": Lazy(f"{_CREDITS}:verify", "Check that no entry of the ledger was changed, put in or taken out."),
            "grant": Lazy(f"{_CREDITS}:grant", "Add credits to the balance."),
            "export": Lazy(f"{_CREDITS}:export", "Write the whole ledger out, with the hash that proves it later."),
        },
        CONVERSATIONS,
    ),
}

HELP: Final = """Create, test, deploy and run an AI customer agent.

Begin with: custagent demo"""

#: What the bare command says: all commands are more than a screen, and a newcomer looks for the first.
FIRST_STEPS: Final = """custagent creates, tests and runs an AI customer agent.

  custagent demo                                    see one answer first

  custagent init --name "Northwind Bikes"           make this folder a workspace
  custagent create support                          create an agent
  custagent sources add support URL --import-related
                                                    give it your help pages
  custagent preview support                         talk to it
  custagent test support --init                     write its first test cases
  custagent test support                            run them
  custagent channels add live-chat web --origin URL
                                                    a chat on your own site
  custagent assign support web                      let the agent answer there
  custagent run                                     go live

All commands: custagent --help"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """What was said about the whole command, before or after its name."""

    #: The folder given by --workspace or CUSTAGENT_WORKSPACE; None: found upward from the current folder.
    workspace: Path | None = None
    #: Who acts, by --as or CUSTAGENT_USER; None: git's email tells (CRE-3).
    user: str | None = None


def invocation(ctx: typer.Context) -> Invocation:
    """The workspace and acting user of this command."""
    return ctx.obj if isinstance(ctx.obj, Invocation) else Invocation()


def _remember(ctx: typer.Context, **said: Any) -> None:
    ctx.obj = replace(invocation(ctx), **said)


def _workspace(ctx: typer.Context, value: Path | None) -> None:
    if value is not None:
        _remember(ctx, workspace=value)


def _user(ctx: typer.Context, value: str | None) -> None:
    if value:
        _remember(ctx, user=value)


def _version(value: bool) -> None:
    if value:
        from custagent import __version__

        typer.echo(f"custagent {__version__}")
        raise typer.Exit


def _global_options(variables: Mapping[str, str], panel: str | None) -> list[Any]:
    """--workspace and --as, --quiet and --no-color; a name in `variables` lets an environment variable speak when the option is absent."""

    def options(
        workspace_folder: Annotated[
            Path | None,
            typer.Option(
                "--workspace",
                "-w",
                metavar="FOLDER",
                envvar=variables.get("workspace"),
                callback=_workspace,
                expose_value=False,
                rich_help_panel=panel,
                help="The workspace, if it is not the current folder or above it.",
            ),
        ] = None,
        acting_user: Annotated[
            str | None,
            typer.Option(
                "--as",
                metavar="USER",
                envvar=variables.get("user"),
                callback=_user,
                expose_value=False,
                rich_help_panel=panel,
                help="Who acts, by name or email, if not the one whom git names.",
            ),
        ] = None,
    ) -> None: ...

    return [*read_options(options), *manner_options(panel)]


def _everywhere() -> list[Any]:
    """The same options after a command's name. The environment has spoken by then and must not overrule."""
    return _global_options({}, "Everywhere")


@cache
def command() -> LazyGroup:
    """The whole command line. Imports no command's module."""
    app = typer.Typer(name="custagent", cls=LazyGroup, invoke_without_command=True, help=HELP)

    @app.callback()
    def root(
        ctx: typer.Context,
        *,
        version: Annotated[
            bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
        ] = False,
    ) -> None:
        del version  # its callback has told it
        if ctx.invoked_subcommand is None:
            typer.echo(FIRST_STEPS)

    group = get_command(app)
    if not isinstance(group, LazyGroup):
        message = f"Typer made a {type(group).__name__} of the command line"
        raise TypeError(message)
    group.params[:0] = _global_options({"workspace": "CUSTAGENT_WORKSPACE", "user": "CUSTAGENT_USER"}, None)
    group.fill(COMMANDS, _everywhere)
    return group
