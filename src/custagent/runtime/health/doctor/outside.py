"""The world outside: channels, and with `--online` names, addresses and mailboxes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from custagent.core.errors import CustagentError, FetchError
from custagent.knowledge.web.addresses import AddressGuard
from custagent.knowledge.web.fetch import Fetched, Fetcher, FetchLimits
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.channels import ADD_HINT, ChannelState, channel_states, check_channel
from custagent.runtime.health.doctor.finding import Finding, broken, warning, well
from custagent.runtime.runner.channel_states import in_words

#: Seconds that the runner's public address may take.
_PATIENCE = 10.0


def channels(app: Application, *, online: bool) -> Iterator[Finding]:
    """Each channel: what was noticed there, and its last check; `online` checks those again that have an agent."""
    listed = channel_states(app)
    if not listed:
        yield warning("channel", "There is no channel yet, so nobody can write.", ADD_HINT)
    for state in listed:
        yield from _channel(app, state, online=online)


def _channel(app: Application, state: ChannelState, *, online: bool) -> Iterator[Finding]:
    check = f"custagent channels check {state.name}"
    for trouble in state.troubles:
        yield broken("channel", f"{in_words(trouble)}.", check)
    fault = state.fault
    if online and state.agent:
        try:
            fault = next((wrong for _, wrong in check_channel(app, state.name).steps if wrong), "")
        except CustagentError as error:
            fault = error.message
    if fault and state.agent:
        yield broken("channel", f"{state.name}, where {state.agent} answers: {fault}.", check)
    elif fault:
        yield warning("channel", f"{state.name}: {fault}.", check)
    elif not state.troubles:
        yield well("channel", f"{state.name} is connected, {state.agent or 'no agent'} answers there.")


def names(app: Application) -> Iterator[Finding]:
    """Every host that the workspace's settings name is known. Asks the name server."""
    webhooks = [one.url for one in app.workspace.notifications.webhooks]
    addresses = [app.workspace.public_url, app.workspace.embedder.api_base, *webhooks]
    hosts = dict.fromkeys(host for one in addresses if one and (host := urlsplit(one).hostname))
    for host in hosts:
        try:
            socket.getaddrinfo(host, None)
        except (OSError, UnicodeError) as error:
            told = f"No server is known under the name {host} ({getattr(error, 'strerror', None) or error})."
            yield broken("network", told, "Check the spelling in custagent.yaml, and that this machine is online.")
        else:
            yield well("network", f"{host} is known.")


def reachable(app: Application) -> Finding:
    """The runner at its public address, as browsers and providers reach it. Asks that address."""
    address = app.workspace.public_url
    if not address:
        return warning(
            "network", "No `public_url` is set, so it cannot be told whether providers reach the runner.",
            "Set it in custagent.yaml, then: custagent apply",
        )  # fmt: skip
    url = f"{address.rstrip('/')}/healthz"
    try:
        body = asyncio.run(_asked(url))
    except FetchError as error:
        return broken(
            "network", error.message, "Is the runner up, and the proxy before it? Start it with: custagent run"
        )
    if b'"alive"' not in body:
        return broken("network", f"{url} is answered, but not by a runner.", "Check the proxy before the runner.")
    return well("network", f"The runner answers at {address}.")


async def _asked(url: str) -> bytes:
    """What the address answers. It is the company's own, so wherever it leads is allowed. Raises FetchError."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    named = f"[{host}]" if ":" in host else host
    allowed = f"{named}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
    limits = FetchLimits(page=_PATIENCE, body=64 * 1024)
    async with Fetcher(AddressGuard([allowed]), limits=limits) as fetcher:
        found = await fetcher.hop(url)
    return found.raw.body if isinstance(found, Fetched) else b""
