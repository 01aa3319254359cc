"""How the workspace is doing: who runs it, what is live where, what waits, and what needs a look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from custagent.config.agents import agent_names, agent_path
from custagent.core.conversation import Status
from custagent.core.document import SourceStatus
from custagent.core.errors import CustagentError, IndexDamaged
from custagent.core.message import DeliveryStatus
from custagent.core.notice import Notice
from custagent.core.record import AppliedVersion
from custagent.runtime.bootstrap import WORKSPACE_KEY, Application
from custagent.runtime.definitions.channels import ADD_HINT, ChannelState, channel_states
from custagent.runtime.definitions.handover import live_assignments
from custagent.runtime.figures.credits import CreditState, credit_state
from custagent.runtime.in_force import InForce
from custagent.runtime.kinds.served import is_served
from custagent.runtime.runner.channel_states import NOTICE as CHANNELS
from custagent.runtime.runner.notifications import NOTICE as WEBHOOKS
from custagent.runtime.runner.notifications import Webhook, webhooks_of
from custagent.store.database.backup_folder import backups
from custagent.store.database.lease import LeaseHolder
from custagent.store.ledger.allowance import NOTICE as CREDITS

#: So many dead letters are told one by one.
MOST_DEAD_LETTERS = 20
#: So many notices are looked at.
MOST_NOTICES = 20
#: How long a notice that is about nothing that can be looked up is shown.
NOTICES_LAST = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A file that does not say what is live (CRE-6)."""

    #: The agent's name, or "custagent.yaml".
    name: str
    #: "changed", "never applied", or "gone": the file was deleted and the agent is still live.
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncProblem:
    """A source whose last reading did not go well."""

    agent: str
    location: str
    state: SourceStatus
    #: Why, or what was left out by its limits; "" when only some of its pages could not be read.
    error: str
    #: How many pages could not be read; those that their site asks not to read are no fault.
    pages_not_read: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """A reply that will not be tried again (a dead letter)."""

    conversation: str
    message: int
    channel: str
    error: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """An agent that somebody paused."""

    agent: str
    by: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexState:
    """What an agent answers from."""

    agent: str
    #: The live generation; 0 when none was built, and when it is damaged.
    generation: int
    passages: int
    #: What embedded them, "" when there is no index.
    engine: str
    #: When the source that was not read for longest was read, UTC; None when none was.
    synced_at: datetime | None
    #: Why it cannot be used; "" when all is well.
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupState:
    """The backups in the workspace."""

    count: int
    #: The newest, and when it was taken, UTC; None when there is none.
    newest: str | None
    taken_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """What `custagent status` tells."""

    #: When this was looked at, UTC.
    at: datetime
    #: The runner that works on the workspace; None when none does.
    runner: LeaseHolder | None
    channels: tuple[ChannelState, ...]
    paused: tuple[Pause, ...]
    #: How many conversations there are, by status.
    conversations: Mapping[Status, int]
    #: Contacts' messages that the agent has not dealt with, and when the oldest came, UTC.
    waiting_messages: int
    oldest_message_at: datetime | None
    #: Replies that wait for sending, and when the oldest was written, UTC.
    waiting_replies: int
    oldest_reply_at: datetime | None
    #: How many replies were given up, and the last of them, newest first.
    dead_letters: int
    last_dead_letters: tuple[GivenUp, ...]
    credits: CreditState
    indexes: tuple[IndexState, ...]
    backups: BackupState
    differences: tuple[Difference, ...]
    sync_problems: tuple[SyncProblem, ...]
    #: What people were told once and still holds, newest first.
    notices: tuple[Notice, ...]
    #: Other programs that are told when people are needed.
    webhooks: tuple[Webhook, ...]


def workspace_status(app: Application) -> StatusReport:
    """How things are now. Raises ConfigError when custagent.yaml cannot be read."""
    replies, waiting, now = app.store.totals.replies(), app.store.totals.waiting(), app.clock.now()
    letters, state = app.store.outbox.dead_letters(limit=MOST_DEAD_LETTERS), credit_state(app)
    return StatusReport(
        at=now,
        runner=app.store.lease.holder(now),
        channels=tuple(channel_states(app, InForce(app).workspace())),
        paused=tuple(
            Pause(agent=agent, by=by, since=since) for agent, (by, since) in app.store.pauses.paused().items()
        ),
        conversations=app.store.totals.conversations(),
        waiting_messages=waiting.messages,
        oldest_message_at=waiting.oldest_message_at,
        waiting_replies=waiting.replies,
        oldest_reply_at=waiting.oldest_reply_at,
        dead_letters=replies[DeliveryStatus.FAILED],
        last_dead_letters=tuple(
            GivenUp(
                conversation=letter.outbound.message.conversation,
                message=letter.outbound.message.id,
                channel=letter.outbound.channel,
                error=letter.error,
                at=letter.at,
            )
            for letter in letters
        ),
        credits=state,
        indexes=tuple(_index(app, agent) for agent in sorted(app.store.versions.live().keys() - {WORKSPACE_KEY})),
        backups=_backups(app),
        differences=tuple(differences(app)),
        sync_problems=tuple(_sync_problems(app)),
        notices=tuple(_notices(app, state, now)),
        webhooks=tuple(webhooks_of(app)),
    )


def _notices(app: Application, state: CreditState, now: datetime) -> Iterator[Notice]:
    """What still holds: of credits what was told this month, of conversations what still waits for a person.

    How it stands with webhooks and channels is told by themselves.
    """
    current = {notice.key for notice in state.notices}
    for notice in app.store.notices.latest(MOST_NOTICES):
        if notice.conversation:
            conversation = app.store.conversations.conversation(notice.conversation)
            holds = conversation is not None and conversation.status is Status.OPEN
        else:
            holds = notice.key in current or (
                notice.kind not in (CREDITS, WEBHOOKS, CHANNELS) and now - notice.at < NOTICES_LAST
            )
        if holds:
            yield notice


def _index(app: Application, agent: str) -> IndexState:
    states = app.store.sources.source_states(agent).values()
    read = [state.synced_at for state in states if state.synced_at]
    manifest, error = None, ""
    try:
        manifest = app.index_folder(agent).about()
    except IndexDamaged as damaged:
        error = damaged.message
    return IndexState(
        agent=agent,
        generation=manifest.generation if manifest else 0,
        passages=manifest.chunks if manifest else 0,
        engine=manifest.embedder if manifest else "",
        synced_at=min(read, default=None),
        error=error,
    )


def _backups(app: Application) -> BackupState:
    kept = backups(app.home.database)
    return BackupState(
        count=len(kept),
        newest=kept[0].path.name if kept else None,
        taken_at=kept[0].taken_at if kept else None,
    )


def differences(app: Application) -> list[Difference]:
    """The files that say something else than what is live, sorted by name, custagent.yaml first (CRE-6).

    While custagent.yaml was never applied, the runner goes by the file, so there is no difference.
    """
    live = app.store.versions.live()
    found = []
    if WORKSPACE_KEY in live and _differs(app.home.workspace_file, live[WORKSPACE_KEY]):
        found.append(Difference(name=WORKSPACE_KEY, kind="changed"))
    names = set(agent_names(app.home))
    for name in sorted(names | live.keys() - {WORKSPACE_KEY}):
        if name not in names:
            found.append(Difference(name=name, kind="gone"))
        elif name not in live:
            found.append(Difference(name=name, kind="never applied"))
        elif _differs(agent_path(app.home, name), live[name]):
            found.append(Difference(name=name, kind="changed"))
    return found


def served_channels(app: Application) -> list[ChannelState]:
    """The channels that a runner has work on: with a live agent, and of a kind that this version serves (RUN-1).

    Raises CustagentError, which says what to run, when there is none.
    """
    assigned = [state for state in channel_states(app, InForce(app).workspace()) if state.agent]
    served = [state for state in assigned if is_served(state.kind)]
    if assigned and not served:
        raise CustagentError(
            f"nothing that is installed here serves {assigned[0].kind} channels, and no agent is on another one",
            hint="Install the package that brings them, into the Python that runs custagent."
            f"\nOr add a chat with: {ADD_HINT}",
        )
    if not served:
        raise CustagentError("no agent is on a channel yet, so there is nothing to run", hint=_what_to_run(app))
    return served


def _what_to_run(app: Application) -> str:
    """The next command on the way to a running agent."""
    agents = [*agent_names(app.home)]
    if not agents:
        return "Create an agent first: custagent create support"
    channels = [channel.name for channel in app.workspace.channels]
    assign = f"custagent assign {agents[0]} {channels[0] if channels else 'web'}"
    if not channels:
        return f"Run: {ADD_HINT}\nThen: {assign}"
    if differences(app) and not live_assignments(app):
        return f"Run: {assign}\nOr, if the file has the assignment already: custagent apply"
    return f"Run: {assign}"


def _differs(path: Path, live: AppliedVersion) -> bool:
    try:
        return path.read_text(encoding="utf-8") != live.text
    except (OSError, UnicodeDecodeError):
        return True


def _sync_problems(app: Application) -> list[SyncProblem]:
    found = [
        SyncProblem(
            agent=agent,
            location=state.location,
            state=state.status,
            error=state.error or "; ".join(reason for place, reason in state.not_read if place == state.location),
            pages_not_read=sum(place != state.location for place, _ in state.not_read),
        )
        for agent in app.store.versions.live().keys() - {WORKSPACE_KEY}
        for state in app.store.sources.source_states(agent).values()
        if state.error or state.not_read
    ]
    return sorted(found, key=lambda problem: (problem.agent, problem.location))
