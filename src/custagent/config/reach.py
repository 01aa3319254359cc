"""Which web addresses the fetcher will refuse until the workspace allows their host by name (SRC-7).

Judged by spelling alone, without a look-up: what a name resolves to is known only when it is fetched.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

_PORTS: Final = {"http": 80, "https": 443}
#: Not on the public web, though the standard library of some Python versions calls them global.
_CLOSED: Final = tuple(
    ipaddress.ip_network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48",
                    "2001::/23", "2002::/16", "3fff::/20", "fec0::/10")
)  # fmt: skip
_host_and_port = re.compile(r"(\[[^\]]+\]|[^:]+)(?::([0-9]+))?")


def host_to_allow(url: str, allow_hosts: Iterable[str]) -> tuple[str, str] | None:
    """The "host:port" that must be allowed before `url` is fetched, and why; None when nothing stands in the way.

    Raises ValueError, in words for people, for what is no address.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or _PORTS[parts.scheme]
    except ValueError as exc:
        raise ValueError(f"{url!r} is not a web address: {exc}") from exc
    if not host:
        raise ValueError(f"{url!r} is not a web address: it names no host")
    if parts.username is not None and parts.password is None:  # with a password, it is told as a secret
        raise ValueError("a web address with a user name is not read: write it without the part before the @")
    reason = _reason(host, port)
    if not reason or (host, port) in {place for entry in allow_hosts for place in _places(entry)}:
        return None
    return f"{f'[{host}]' if ':' in host else host}:{port}", reason


def _reason(host: str, port: int) -> str:
    plain = host.removesuffix(".")
    if f".{plain}".endswith(".localhost"):
        return f"{host} is this machine itself"
    try:
        address = ipaddress.ip_address(plain)
    except ValueError:
        if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", plain.rpartition(".")[2]):
            return f"{host} is an unusual spelling of an address"
    else:
        if not address.is_global or address.is_multicast or any(address in network for network in _CLOSED):
            return f"{host} is not an address of the public web"
    return "" if port in _PORTS.values() else f"port {port} is not one that the public web uses"


def _places(entry: str) -> list[tuple[str, int]]:
    match = _host_and_port.fullmatch(entry)
    if match is None:
        return []
    host = match[1].lower().strip("[]")
    return [(host, port) for port in ((int(match[2]),) if match[2] else _PORTS.values())]
