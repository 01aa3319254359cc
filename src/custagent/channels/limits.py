"""How much one visitor and one address may ask of the live chat: token buckets that forget whom they need not remember."""

from __future__ import annotations

import ipaddress
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

#: In the form in which the operating system writes them; reading others takes a while.
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.(?!$)|$)){4}", re.ASCII)
#: An IPv6 address with a zone.
_LONGEST_ADDRESS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`count` in `seconds`, of which `burst` may come at once."""

    count: int
    seconds: int
    #: The bucket's size.
    burst: int

    @property
    def per_second(self) -> float:
        """How fast the bucket fills again."""
        return self.count / self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The live chat's limits (channels sheet §4.2). An address is an IPv4 address or an IPv6 /64."""

    visitor_pace: Rate = Rate(count=1, seconds=1, burst=5)
    visitor_messages: Rate = Rate(count=20, seconds=60, burst=20)
    address_messages: Rate = Rate(count=60, seconds=60, burst=60)
    address_sessions: Rate = Rate(count=60, seconds=3600, burst=20)
    #: Opening streams, asking for the greeting, leaving an email address.
    address_requests: Rate = Rate(count=240, seconds=60, burst=120)
    visitor_files: Rate = Rate(count=20, seconds=600, burst=10)
    address_files: Rate = Rate(count=60, seconds=600, burst=30)
    #: Mails to an address that a visitor has typed, and nobody has proved.
    visitor_transcripts: Rate = Rate(count=3, seconds=3600, burst=2)
    address_transcripts: Rate = Rate(count=10, seconds=3600, burst=5)
    #: Open at once: a browser has six connections to one host, and sending needs one.
    streams_per_visitor: int = 4
    streams: int = 5_000
    #: How many visitors and addresses each bucket remembers.
    remembered: int = 20_000


class Buckets:
    """Token buckets of one rate, one a key.

    A bucket that is full again is as good as a new one, and is forgotten. Memory is bounded: of too many that are not
    full, the one that was used longest ago goes first.
    """

    def __init__(self, rate: Rate, *, monotonic: Callable[[], float], remembered: int) -> None:
        self._burst = float(rate.burst)
        self._per_second = rate.per_second
        self._monotonic = monotonic
        self._remembered = remembered
        #: key -> (tokens left, when that was reckoned)
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._left)

    def wait(self, key: str) -> float:
        """Seconds until a token is there; 0.0 when one is there now. Takes none."""
        missing = 1.0 - self._tokens(key, self._monotonic())
        # A billionth of a token is a rounding error, not a reason to refuse.
        return missing / self._per_second if missing > 1e-9 else 0.0  # noqa: PLR2004 # see above

    def take(self, key: str) -> None:
        """Take a token; ask `wait` first."""
        now = self._monotonic()
        self._left[key] = (self._tokens(key, now) - 1.0, now)
        self._left.move_to_end(key)
        if len(self._left) > self._remembered:
            self._left.popitem(last=False)
        # One comes, two may go: however many visitors there are in a day, those of the last seconds are remembered.
        for _ in range(2):
            oldest = next(iter(self._left))
            if self._tokens(oldest, now) < self._burst:
                break
            del self._left[oldest]

    def _tokens(self, key: str, now: float) -> float:
        known = self._left.get(key)
        if known is None:
            return self._burst
        left, at = known
        return min(self._burst, left + (now - at) * self._per_second)


class Limiter:
    """Says how long somebody has to wait. Several buckets are asked together: all give a token, or none does."""

    def __init__(self, limits: Limits, *, monotonic: Callable[[], float]) -> None:
        self.limits = limits

        def buckets(rate: Rate) -> Buckets:
            return Buckets(rate, monotonic=monotonic, remembered=limits.remembered)

        self._pace = buckets(limits.visitor_pace)
        self._visitor = buckets(limits.visitor_messages)
        self._address = buckets(limits.address_messages)
        self._sessions = buckets(limits.address_sessions)
        self._requests = buckets(limits.address_requests)
        self._visitor_files, self._files = buckets(limits.visitor_files), buckets(limits.address_files)
        self._visitor_mails, self._mails = buckets(limits.visitor_transcripts), buckets(limits.address_transcripts)

    def message(self, contact_key: str, address: str) -> float:
        """Seconds to wait before this message; 0.0 when it may come now, and then it is counted."""
        place = network(address)
        return _take([(self._pace, contact_key), (self._visitor, contact_key), (self._address, place)])

    def file(self, contact_key: str, address: str) -> float:
        """The same for a file."""
        return _take([(self._visitor_files, contact_key), (self._files, network(address))])

    def transcript(self, contact_key: str, address: str) -> float:
        """The same for a conversation by mail."""
        return _take([(self._visitor_mails, contact_key), (self._mails, network(address))])

    def session(self, address: str) -> float:
        """The same for a new visitor."""
        return _take([(self._sessions, network(address))])

    def request(self, address: str) -> float:
        """The same for anything else."""
        return _take([(self._requests, network(address))])


def network(address: str) -> str:
    """Whom an address counts for: itself, or its /64, which is what one IPv6 customer has. Other text counts for itself."""
    # What a proxy hands on can be as long as a header, and is remembered.
    return _network(address[:_LONGEST_ADDRESS])


@lru_cache(maxsize=512)
def _network(address: str) -> str:
    if _IPV4.fullmatch(address):
        return address
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _take(asked: Sequence[tuple[Buckets, str]]) -> float:
    longest = 0.0
    for buckets, key in asked:
        longest = max(longest, buckets.wait(key))
    if longest == 0.0:
        for buckets, key in asked:
            buckets.take(key)
    return longest
