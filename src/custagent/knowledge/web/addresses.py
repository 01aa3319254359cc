"""The address guard: fetching reaches the public web and nothing else, unless a host is allowed by name (SRC-7).

`AddressGuard.check_url` judges an address as it is written, `AddressGuard.addresses` what its name resolves to. The
network backend in `transport` connects to exactly the addresses that the second one returned, so that a name cannot
change its meaning between the check and the connection.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import httpx

from custagent.core.errors import AddressRefused, FetchError, UsageError

#: Host name and port in, every IP address of that name out; raises OSError when there is none.
Resolver: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

DEFAULT_PORTS = {"http": 80, "https": 443}

# Our own table, because `is_global` of the standard library calls some of these global (measurements.md, Traps).
# Source: IANA special-purpose address registries, IPv4 and IPv6. The first match gives the words.
_CLOSED_IPV4 = tuple(
    (ipaddress.IPv4Network(network), words)
    for network, words in (
        ("127.0.0.0/8", "this machine itself"),
        ("0.0.0.0/8", "no address at all, which means this machine itself"),
        ("169.254.0.0/16", "a link-local address, where cloud machines keep their secrets"),
        ("10.0.0.0/8", "an address of a private network"),
        ("172.16.0.0/12", "an address of a private network"),
        ("192.168.0.0/16", "an address of a private network"),
        ("100.64.0.0/10", "an address inside a provider's network"),
        ("192.0.0.0/24", "an address reserved for protocols"),
        ("192.0.2.0/24", "an address reserved for documentation"),
        ("198.51.100.0/24", "an address reserved for documentation"),
        ("203.0.113.0/24", "an address reserved for documentation"),
        ("192.88.99.0/24", "the address of a 6to4 relay"),
        # Public by its number, yet answered by the cloud machine's own host.
        ("168.63.129.16/32", "an address inside a provider's network"),
        ("198.18.0.0/15", "an address reserved for benchmarks"),
        ("224.0.0.0/4", "a multicast address"),
        ("240.0.0.0/4", "a reserved address"),
    )
)
# Only 2000::/3 is given out to the public; what follows are the exceptions within it.
_PUBLIC_IPV6 = ipaddress.IPv6Network("2000::/3")
_CLOSED_IPV6 = tuple(
    (ipaddress.IPv6Network(network), words)
    for network, words in (
        ("::1/128", "this machine itself"),
        ("::/128", "no address at all, which means this machine itself"),
        ("::/96", "an IPv4 address in disguise"),
        ("::ffff:0:0/96", "an IPv4 address in disguise"),
        ("64:ff9b::/96", "an IPv4 address in disguise"),
        ("64:ff9b:1::/48", "an IPv4 address in disguise"),
        ("fc00::/7", "an address of a private network"),
        ("fe80::/10", "a link-local address"),
        ("fec0::/10", "an address of a private network"),
        ("ff00::/8", "a multicast address"),
        ("2001::/32", "an IPv4 address in disguise (Teredo)"),
        ("2001::/23", "an address reserved for protocols"),
        ("2001:db8::/32", "an address reserved for documentation"),
        ("2002::/16", "an IPv4 address in disguise (6to4)"),
        ("3fff::/20", "an address reserved for documentation"),
    )
)

_HOST_NAME = re.compile(r"^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*$")
_NUMBER = re.compile(r"^([0-9]+|0x[0-9a-f]*)$")
_ALLOWED_HOST = re.compile(r"^(\[[0-9A-Fa-f:.]+\]|[^\s:/@\[\]]+)(?::([0-9]{1,5}))?$")


def why_closed(address: IpAddress) -> str:
    """Why `address` is not on the public web, in words that finish "… is"; "" when it is."""
    table = _CLOSED_IPV4 if isinstance(address, ipaddress.IPv4Address) else _CLOSED_IPV6
    for network, words in table:
        if address in network:
            return words
    if isinstance(address, ipaddress.IPv6Address) and address not in _PUBLIC_IPV6:
        return "a reserved address"
    return ""


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """Every address that this machine's resolver knows for `host`. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class AddressGuard:
    """Decides which addresses may be fetched.

    `allow_hosts` holds "host" (opens ports 80 and 443) or "host:port" entries; such a host may be fetched whatever it
    resolves to, written exactly as in the entry but for upper and lower case. Raises UsageError for a broken entry.
    """

    def __init__(self, allow_hosts: Sequence[str] = (), *, resolver: Resolver = resolve_by_system) -> None:
        self._resolver = resolver
        self._allowed = frozenset(place for entry in allow_hosts for place in _places(entry))

    def check_url(self, url: str) -> httpx.URL:
        """The parsed address, if it may be fetched as far as its spelling tells. No lookup. Raises AddressRefused."""
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as exc:
            raise AddressRefused(f"{url!r} is not a web address: {exc}.", hint=_SPELLING_HINT) from exc
        if parsed.scheme not in DEFAULT_PORTS:
            raise AddressRefused(f"{url!r} is not a web address: it must start with http:// or https://.")
        if parsed.userinfo:
            raise AddressRefused(
                f"The address of {parsed.host} holds a user name or password; pages behind a sign-in are not read.",
                hint="Write the address without the part before the @.",
            )
        host = parsed.raw_host.decode("ascii")
        self._check_place(host, DEFAULT_PORTS[parsed.scheme] if parsed.port is None else parsed.port)
        return parsed

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """The IP addresses to connect to, checked, at least one. Raises AddressRefused, FetchError."""
        self._check_place(host, port)
        found = await self._resolve(_bare(host), port)
        if (_bare(host), port) not in self._allowed:
            for address in found:
                _check_address(address, host, port)
        return found

    async def _resolve(self, host: str, port: int) -> Sequence[str]:
        reason: Exception | None = None
        try:
            if found := await self._resolver(host, port):
                return found
        except (OSError, UnicodeError) as exc:
            reason = exc
        raise FetchError(
            f"No server is known under the name {host}.", hint="Check the spelling, and that you are online."
        ) from reason

    def _check_place(self, host: str, port: int) -> None:
        bare = _bare(host)
        if (bare, port) in self._allowed:
            return
        address = _literal(bare, port)
        if address is not None:
            _check_address(str(address), host, port)
        elif f".{bare.removesuffix('.')}".endswith(".localhost"):
            raise _refused(host, port, f"{host} is this machine itself")
        if port not in DEFAULT_PORTS.values():
            raise _refused(host, port, f"port {port} is not one that the public web uses")


_SPELLING_HINT = "Write it as the browser's address bar shows it."


def _places(entry: str) -> list[tuple[str, int]]:
    match = _ALLOWED_HOST.match(entry.strip())
    if match is None:
        raise UsageError(f"{entry!r} is not a host to allow.", hint="Write HOST or HOST:PORT, without http://.")
    ports = [int(match[2])] if match[2] else sorted(DEFAULT_PORTS.values())
    return [(_bare(match[1]), port) for port in ports]


def _bare(host: str) -> str:
    """The host in lower case, an IPv6 address without brackets."""
    return host.lower().removeprefix("[").removesuffix("]")


def _literal(host: str, port: int) -> IpAddress | None:
    """The address that `host` spells, None for a name. Raises AddressRefused for everything in between.

    The in-between are the old spellings that resolvers still understand (2130706433, 0x7f.1, 0177.0.0.1, 127.1).
    """
    plain = host.removesuffix(".")
    try:
        return ipaddress.ip_address(plain)
    except ValueError:
        pass
    if not _HOST_NAME.match(plain) or _NUMBER.match(plain.rpartition(".")[2]):
        raise AddressRefused(
            f"{host!r} is not fetched: it is neither a host name nor a plainly written IP address.",
            hint=f"{_SPELLING_HINT} A server of your own can be allowed: --allow-host HOST:{port}",
        )
    return None


def _check_address(text: str, host: str, port: int) -> None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        words = "not an address that we know how to read"
    else:
        words = why_closed(address)
    if words:
        spelled = f"{host} is" if _bare(host).removesuffix(".") == text else f"{host} leads to {text}, which is"
        raise _refused(host, port, f"{spelled} {words}")


def _refused(host: str, port: int, reason: str) -> AddressRefused:
    shown = f"[{_bare(host)}]" if ":" in host else host
    return AddressRefused(
        f"{shown}:{port} is not fetched, because only the public web is: {reason}.",
        hint=f"If that is a server of your own, allow it: --allow-host {shown}:{port}",
    )
