"""Which addresses belong to a source that was given as one address with its related pages (SRC-2)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from custagent.knowledge.web.url import origin, path_and_query, place


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The site around `start`, a normal address.

    The bare name and www are one host. `include` and `exclude` are globs in which * also stands for slashes; one that
    begins with a slash is held against path and query, any other against the whole address.
    """

    start: str
    #: The address whose path counts for `prefix`; the start's own when "".
    below: str = ""
    #: host: the same host; domain: its subdomains too; prefix: only what lies below the path of `start`.
    kind: Literal["host", "domain", "prefix"] = "host"
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def contains(self, url: str) -> bool:
        """Whether the normal address `url` lies in the site."""
        _, home, home_port = place(self.start)
        _, host, port = place(url)
        if port != home_port:
            return False
        home, host = _bare(home), _bare(host)
        if self.kind == "domain" and not _is_ip(home):
            return host == home or host.endswith(f".{home}")
        if host != home:
            return False
        return self.kind != "prefix" or _below(_path(url), _path(self.below or self.start))

    def wants(self, url: str) -> bool:
        """Whether `url` lies in the site and passes `include` and `exclude`; the start always does."""
        if url == self.start:
            return True
        if not self.contains(url) or any(matches(url, glob) for glob in self.exclude):
            return False
        return not self.include or any(matches(url, glob) for glob in self.include)

    def home(self, url: str) -> str:
        """`url` with the scheme and name that the start has, so that www and bare name, http and https are one page."""
        home_scheme, home, home_port = place(self.start)
        scheme, host, port = place(url)
        if port != home_port or _bare(host) != _bare(home):
            return url
        secure = "https" in (scheme, home_scheme)
        return f"{'https' if secure else 'http'}{origin(self.start).removeprefix(home_scheme)}{path_and_query(url)}"


def _bare(host: str) -> str:
    return host.removeprefix("www.")


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _path(url: str) -> str:
    return path_and_query(url).partition("?")[0]


def _below(path: str, start: str) -> bool:
    folder, _, name = start.rpartition("/")
    # /help/index.html stands for its folder, /help for itself and what is below it.
    base = f"{folder}/" if not name or "." in name else f"{start}/"
    return path.startswith(base) or path == start


def matches(url: str, glob: str) -> bool:
    """Whether a normal address fits a glob, as `Scope` says."""
    return fnmatchcase(path_and_query(url) if glob.startswith("/") else url, glob)
