"""robots.txt: what a site lets us read, and how fast (RFC 9309). Protego reads the rules; its edges are filed off here."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from protego import Protego

from custagent.core.document import RawContent
from custagent.core.errors import FetchError
from custagent.knowledge.web.headers import PRODUCT_TOKEN

#: RFC 9309 §2.5: at least 500 kibibytes are read.
MOST_BYTES = 500 * 1024

# Every spelling of the line that Protego takes for one, so that none gets past us.
_AGENT_LINE = re.compile(r"^\s*(?:user[- ]?agent)(?:\s*:|\s)\s*(?P<agent>.*)$", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z_-]+")
_TOO_MANY_REQUESTS = 429
_CLIENT_ERRORS = range(400, 500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Robots:
    """The rules of one origin, as they apply to us."""

    #: Seconds between two requests, None when the site does not say.
    crawl_delay: float | None = None
    #: Addresses of sitemaps, as written.
    sitemaps: tuple[str, ...] = ()
    #: Why the rules are unknown: until they are known nothing of the origin is read (RFC 9309 §2.3.1.4).
    unreachable: FetchError | None = None
    _rules: Protego = field(default_factory=lambda: Protego.parse(""), repr=False)

    def allows(self, url: str) -> bool:
        """Whether `url` may be read."""
        return self.unreachable is None and bool(self._rules.can_fetch(url, PRODUCT_TOKEN))


def parse_robots(body: bytes) -> Robots:
    """The rules in the bytes of a robots.txt. Nothing in it is an error: what cannot be understood is no rule."""
    if len(body) > MOST_BYTES:
        # The last line may be cut in two, and half a path forbids too much.
        body = body[:MOST_BYTES].rpartition(b"\n")[0]
    text = body.decode("utf-8-sig", "replace")
    rules = Protego.parse("\n".join(_for_us(line) for line in re.split(r"\r\n|\r|\n", text)))
    delay = rules.crawl_delay(PRODUCT_TOKEN)
    return Robots(crawl_delay=float(delay) if delay is not None else None, sitemaps=tuple(rules.sitemaps), _rules=rules)


async def fetch_robots(origin: str, load: Callable[[str], Awaitable[RawContent]]) -> Robots:
    """The rules of `origin` (scheme, host and port). `load` gets a page, through redirects, or raises FetchError.

    A 4xx means that there are no rules (RFC 9309 §2.3.1.3), except 429, which says nothing about them.
    """
    try:
        raw = await load(f"{origin}/robots.txt")
    except FetchError as exc:
        if exc.status in _CLIENT_ERRORS and exc.status != _TOO_MANY_REQUESTS:
            return Robots()
        return Robots(unreachable=exc)
    return parse_robots(raw.body)


def _for_us(line: str) -> str:
    """The line with its user agent reduced to "*", our own name, or one that is neither.

    Protego finds agents inside each other's names: "User-agent: cust" would speak to us. The product token is compared
    whole and without regard to case, a version behind it does not count (RFC 9309 §2.2.1).
    """
    match = _AGENT_LINE.match(line.partition("#")[0])
    if match is None:
        return line
    agent = match["agent"].strip()
    if agent == "*":
        return "User-agent: *"
    token = _TOKEN.match(agent)
    if token is not None and token[0].lower() == PRODUCT_TOKEN:
        return f"User-agent: {PRODUCT_TOKEN}"
    return "User-agent: another"
