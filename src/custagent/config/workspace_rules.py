"""What must hold between the parts of custagent.yaml, beyond the shape of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from custagent.brought import brought
from custagent.config.channel_rules import check_channels
from custagent.config.findings import Finding, did_you_mean
from custagent.config.photos import photo_fault
from custagent.config.reader import KeyPath, Reading
from custagent.core.channel import LiveChatChannel
from custagent.core.extension import EMBEDDER_GROUP
from custagent.core.people import Seat
from custagent.core.workspace import ENGINES, Workspace


def check_workspace(reading: Reading, workspace: Workspace) -> Iterator[Finding]:
    """Names are unique, and whatever is referred to by name exists."""
    for group in ("voices", "desks", "users", "teams", "channels"):
        yield from _twice(reading, group, "name", getattr(workspace, group))
    yield from _twice(reading, "users", "email", workspace.users)
    if workspace.voices:
        from custagent.config.voice_rules import check_voices

        yield from check_voices(reading, workspace)
    users, teams = names(workspace.users), names(workspace.teams)
    for number, team in enumerate(workspace.teams):
        where: KeyPath = ("teams", number, "members")
        yield from _unknown(reading, where, team.members, "user", users)
    for number, desk in enumerate(workspace.desks):
        yield from _unknown(reading, ("desks", number, "teams"), desk.teams, "team", teams)
    for number, user in enumerate(workspace.users):
        if user.photo and (wrong := photo_fault(reading.path.parent, user.photo)):
            yield reading.finding(
                ("users", number, "photo"),
                "wrong-photo",
                wrong,
                hint="or copy one in: custagent users edit NAME --photo FILE",
            )
    yield from _check_engine(reading, workspace)
    yield from _check_webhooks(reading, workspace)
    yield from _check_avatars(reading, workspace)
    desks = names(workspace.desks)
    for number, channel in enumerate(workspace.channels):
        if channel.desk not in desks:
            yield unknown(reading, ("channels", number, "desk"), "desk", channel.desk, desks)
    yield from check_channels(reading, workspace)


def _check_engine(reading: Reading, workspace: Workspace) -> Iterator[Finding]:
    """The embedding engine is one of ours, or one that an installed package brings."""
    engine = workspace.embedder.engine
    if engine in ENGINES:
        return
    known = (*ENGINES, *brought(EMBEDDER_GROUP))
    if engine not in known:
        yield reading.finding(
            ("embedder", "engine"),
            "unknown-engine",
            f"nothing that is installed here brings the embedding engine {engine!r}",
            hint=f"{did_you_mean(engine, known)}; others come with a package: pip install the one that brings {engine},"
            " into the Python that runs custagent",
        )


def _check_avatars(reading: Reading, workspace: Workspace) -> Iterator[Finding]:
    """The agent's picture on a live chat is one that browsers show."""
    for number, channel in enumerate(workspace.channels):
        avatar = channel.look.avatar if isinstance(channel, LiveChatChannel) else None
        if avatar and (wrong := photo_fault(reading.path.parent, avatar)):
            yield reading.finding(("channels", number, "look", "avatar"), "wrong-avatar", wrong)


def _check_webhooks(reading: Reading, workspace: Workspace) -> Iterator[Finding]:
    """What is told leaves this machine encrypted, unless the host is one of the company's own; and once."""
    lines: dict[str, int] = {}
    for number, webhook in enumerate(workspace.notifications.webhooks):
        path: KeyPath = ("notifications", "webhooks", number, "url")
        if webhook.url in lines:
            message = f"this address is listed twice; the first is on line {lines[webhook.url]}"
            yield reading.finding(path, "duplicate-webhook", message, hint="list all its events once")
        lines.setdefault(webhook.url, reading.place(path).line)
        allowed = {host.lower() for host in workspace.fetch.allow_hosts}
        if (
            webhook.url.startswith("http://")
            and not {webhook.host.lower(), webhook.host.lower().partition(":")[0]} & allowed
        ):
            yield reading.finding(
                path, "webhook-not-encrypted", f"{webhook.host} would be told without encryption",
                hint="write https://, or list a host of your own as `fetch.allow_hosts`",
            )  # fmt: skip


def names(things: Iterable[Any]) -> tuple[str, ...]:
    """What the things are called."""
    return tuple(thing.name for thing in things)


def unknown(reading: Reading, path: KeyPath, kind: str, name: str, known: Iterable[str]) -> Finding:
    """A finding about a name that nothing has."""
    hint = did_you_mean(name, known) or f"define it in custagent.yaml, under `{kind}s:`"
    return reading.finding(path, f"unknown-{kind}", f"there is no {kind} called {name!r}", hint=hint)


def seated(workspace: Workspace) -> frozenset[str]:
    """The users who can be given conversations (HND-1)."""
    return frozenset(user.name for user in workspace.users if user.seat is not Seat.NONE)


def _unknown(
    reading: Reading, where: KeyPath, wanted: Iterable[str], kind: str, known: tuple[str, ...]
) -> Iterator[Finding]:
    for number, name in enumerate(wanted):
        if name not in known:
            yield unknown(reading, (*where, number), kind, name, known)


def _twice(reading: Reading, group: str, key: str, things: Iterable[Any]) -> Iterator[Finding]:
    lines: dict[str, int] = {}
    for number, thing in enumerate(things):
        value, path = getattr(thing, key).lower(), (group, number, key)
        if value in lines:
            message = f"the {key} {value!r} is used twice; the first is on line {lines[value]}"
            yield reading.finding(path, f"duplicate-{key}", message)
        lines.setdefault(value, reading.place(path).line)
