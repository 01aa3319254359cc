"""Which web sites may show a chat: origins as browsers send them (RFC 6454), compared in one form."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_ORIGIN = re.compile(r"(https?)://([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?")
#: A host name has 253 letters at most; scheme and port stand around it.
_LONGEST = 300
_DEFAULT_PORTS = {"http": "80", "https": "443"}


def normal_origin(text: str) -> str:
    """The origin in lower case and without its scheme's own port, as browsers write it; "" when it is none.

    `null`, paths, wildcards and anything that could end a directive of a Content-Security-Policy are none.
    """
    return _normal(text) if len(text) <= _LONGEST else ""


@lru_cache(maxsize=1024)
def _normal(text: str) -> str:
    match = _ORIGIN.fullmatch(text.lower())
    if match is None:
        return ""
    scheme, host, port = match.groups()
    return f"{scheme}://{host}" if port in (None, _DEFAULT_PORTS[scheme]) else f"{scheme}://{host}:{int(port)}"


def is_own(origin: str, host: str) -> bool:
    """Whether a normal origin is that of the server itself, which was asked for as `host` (the Host header).

    The scheme is not compared: behind a proxy that ends TLS the server does not know its own.
    """
    scheme = origin.partition("://")[0]
    return scheme in _DEFAULT_PORTS and origin == normal_origin(f"{scheme}://{host}")


def frame_ancestors(origins: Iterable[str]) -> str:
    """The value of the CSP directive: the server's own pages and the listed sites, nobody else."""
    listed = (normal_origin(origin) for origin in origins)
    return " ".join(dict.fromkeys(["'self'", *(origin for origin in listed if origin)]))
