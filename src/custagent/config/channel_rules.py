"""What must hold for the channels of custagent.yaml, beyond the shape of each."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from custagent.config.findings import Finding, did_you_mean
from custagent.config.kinds import brought_kinds, settings_of
from custagent.config.reader import KeyPath, Reading
from custagent.config.shape import item_findings
from custagent.core.channel import (
    Channel,
    ChannelKind,
    EmailChannel,
    MessengerChannel,
    OtherChannel,
    WhatsAppChannel,
)
from custagent.core.errors import WorkspaceError
from custagent.core.workspace import Workspace

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
#: Addresses that secrets are sent to.
_TOLD_SECRETS = ("graph_base_url", "token_url")


def check_channels(reading: Reading, workspace: Workspace) -> Iterator[Finding]:
    """Each has a source of its own, a kind that something serves, and tells its secrets to nobody on the way."""
    seen: dict[tuple[str, ...], tuple[str, int]] = {}
    for number, channel in enumerate(workspace.channels):
        if isinstance(channel, OtherChannel):
            yield from _check_kind(reading, number, channel)
        yield from _check_encrypted(reading, number, channel)
        key, *where = _heard(channel)
        if not where:
            continue
        path: KeyPath = ("channels", number, key)
        place = (channel.kind, *(part.casefold() for part in where))
        if place in seen:
            first, line = seen[place]
            yield reading.finding(
                path, "duplicate-channel", f"the channel {first!r} on line {line} hears the same messages",
                hint="each would be answered once only, by either: remove one, `custagent channels remove NAME`",
            )  # fmt: skip
        seen.setdefault(place, (channel.name, reading.place(path).line))


def _heard(channel: Channel) -> tuple[str, ...]:
    """The setting that says where its messages come from, and what makes that place unmistakable."""
    if isinstance(channel, WhatsAppChannel):
        return "phone_number_id", channel.phone_number_id
    if isinstance(channel, MessengerChannel):
        return "page_id", channel.page_id
    if isinstance(channel, EmailChannel):
        return "username", channel.imap_host, channel.username, channel.folder
    return ("name",)


def _check_encrypted(reading: Reading, number: int, channel: Channel) -> Iterator[Finding]:
    for key in _TOLD_SECRETS:
        address = getattr(channel, key, None)
        if not isinstance(address, str) or not address.lower().startswith("http:"):
            continue
        host = urlsplit(address).hostname
        if host not in _LOOPBACK:
            yield reading.finding(
                ("channels", number, key), "channel-not-encrypted", f"secrets would go to {host} without encryption",
                hint="write https://",
            )  # fmt: skip


def _check_kind(reading: Reading, number: int, channel: OtherChannel) -> Iterator[Finding]:
    """A kind that another package brings has settings of its own."""
    where: KeyPath = ("channels", number, "kind")
    try:
        settings = settings_of(channel.kind)
    except WorkspaceError as error:
        yield reading.finding(where, "broken-channel-kind", error.message, hint=error.hint)
        return
    if settings is not None:
        yield from item_findings(reading, "channels", number, settings)
        return
    near = did_you_mean(channel.kind, [*ChannelKind, *brought_kinds()])
    yield reading.finding(
        where,
        "unknown-channel-kind",
        f"nothing that is installed here serves {channel.kind!r} channels",
        hint=near
        if near.startswith("did")
        else f"{near}; others come with a package: pip install the one that brings"
        f" {channel.kind} channels, into the Python that runs custagent",
    )
