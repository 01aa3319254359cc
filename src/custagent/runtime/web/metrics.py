"""Figures for Prometheus at `/metrics`, in its text format 0.0.4.

Written by hand: ninety lines against a dependency with registries and processes of its own. No label ever holds
anything of a contact: only names out of the workspace and words of the program.

Who may read: programs on this machine, and whoever shows the token of `metrics: {token: ${NAME}}`. The runner's port is
open to the world for the chat, so the figures are not.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import os
import resource
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from ipaddress import ip_address
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from custagent import __version__
from custagent.core.conversation import Status
from custagent.core.errors import ConfigError, IndexDamaged, StoreError
from custagent.core.message import Sender
from custagent.runtime.bootstrap import WORKSPACE_KEY, Application
from custagent.runtime.runner.histogram import Histogram
from custagent.store.database.backup_folder import backups

if TYPE_CHECKING:
    from custagent.runtime.runner.runner import Runner

Result = TypeVar("Result")

#: By the words for the labels.
_Values: TypeAlias = dict[tuple[str, ...], float]

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "custagent_"
#: Counting that looks at every row is done again when so many times its own length has passed.
_RESTS = 50
#: What a proxy adds: then the address is that of the proxy, not of who asks.
_PROXY_HEADERS = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
_REFUSED = (
    "Only programs on this machine may read the figures. For others set `metrics: {token: ${NAME}}` in custagent.yaml,"
    " run `custagent apply`, and send the token as: Authorization: Bearer TOKEN\n"
)


class Metrics:
    """The figures of one runner. What is counted, is counted from its start; the rest is as it stands."""

    def __init__(self, app: Application, runner: Runner) -> None:
        self._app = app
        self._runner = runner
        self._lock = threading.Lock()
        self._began = time.time()
        self._last_message = app.store.totals.last_message()
        self._received: Counter[tuple[str, ...]] = Counter()
        self._turns: Counter[tuple[str, ...]] = Counter()
        self._deliveries = _Rested(app.store.totals.deliveries)
        self._conversations = _Rested(app.store.totals.conversations)

    def text(self) -> str:
        """All figures. Raises StoreError when the database does not answer."""
        with self._lock:
            self._count_messages()
            parts = [
                self._spoken(),
                self._queues(),
                self._channels(),
                self._answers(),
                self._content(),
                self._process(),
            ]
            return "\n".join(line for part in parts for line in part) + "\n"

    def _count_messages(self) -> None:
        self._last_message, spoken = self._app.store.totals.spoken(self._last_message)
        for one in spoken:
            if one.sender is Sender.CONTACT:
                self._received[one.channel,] += one.count
            elif one.sender is Sender.AGENT and one.decision:
                self._turns[one.channel, one.decision] += one.count

    def _spoken(self) -> Iterator[str]:
        deliveries: _Values = {
            (channel, status.value): count for (channel, status), count in self._deliveries().items()
        }
        yield from _many(
            "messages_received_total",
            "Contacts' messages since the runner began.",
            self._received,
            labels=("channel",),
            kind="counter",
        )
        yield from _many(
            "turns_total",
            "The agent's turns since the runner began, by decision.",
            self._turns,
            labels=("channel", "decision"),
            kind="counter",
        )
        yield from _many("replies", "Replies by how far they have come.", deliveries, labels=("channel", "status"))

    def _queues(self) -> Iterator[str]:
        waiting, now = self._app.store.totals.waiting(), self._app.clock.now()
        conversations: _Values = {(one.value,): self._conversations()[one] for one in Status}
        yield from _many("conversations", "Conversations by who has them.", conversations, labels=("status",))
        yield from _one("messages_waiting", "Contacts' messages that the agent has not dealt with.", waiting.messages)
        yield from _one(
            "messages_waiting_oldest_seconds", "Age of the oldest of them.", _age(waiting.oldest_message_at, now)
        )
        yield from _one("replies_waiting", "Replies that wait for sending.", waiting.replies)
        yield from _one(
            "replies_waiting_oldest_seconds", "Age of the oldest of them.", _age(waiting.oldest_reply_at, now)
        )
        yield from _one("streams_open", "Open live chat streams.", len(self._runner.hub))

    def _channels(self) -> Iterator[str]:
        states, now = self._app.store.channel_states, self._app.clock.now()
        out: _Values = {(one.channel, one.way.value): _age(one.since, now) for one in states.troubles()}
        paused: _Values = {(channel,): _age(one.since, now) for channel, one in states.paused().items()}
        unread: _Values = {(name,): count for name, count in self._app.store.channel_news.count_unread().items()}
        yield from _many(
            "channel_out_seconds",
            "For how long a channel has not worked; none while it does.",
            out,
            labels=("channel", "way"),
        )
        yield from _many("channel_paused_seconds", "For how long a channel is paused.", paused, labels=("channel",))
        yield from _many("unread_items", "What came in and could not be read.", unread, labels=("channel",))

    def _answers(self) -> Iterator[str]:
        yield from _histogram(
            "answer_seconds",
            "From a contact's message to the committed turn, waiting included.",
            self._runner.answer_seconds,
        )
        yield from _one("credits_balance", "Credits.", self._app.store.ledger.balance())
        yield from _one("lease_held", "1 while this runner may work.", int(self._has_lease()))

    def _has_lease(self) -> bool:
        try:
            self._runner.check()
        except StoreError:
            return False
        return True

    def _content(self) -> Iterator[str]:
        generations: _Values = {}
        passages, ages = dict(generations), dict(generations)
        for agent in sorted(self._app.store.versions.live().keys() - {WORKSPACE_KEY}):
            with contextlib.suppress(IndexDamaged):
                manifest = self._app.index_folder(agent).about()
                generations[agent,] = manifest.generation if manifest else 0
                passages[agent,] = manifest.chunks if manifest else 0
            synced = [state.synced_at for state in self._app.store.sources.source_states(agent).values()]
            oldest = min((at for at in synced if at), default=None)
            if oldest:
                ages[agent,] = _age(oldest, self._app.clock.now())
        of_agent = ("agent",)
        yield from _many("index_generation", "The live index; none where it is damaged.", generations, labels=of_agent)
        yield from _many("index_passages", "Passages in the live index.", passages, labels=of_agent)
        yield from _many("last_sync_age_seconds", "Since its stalest source was read.", ages, labels=of_agent)
        newest = next(iter(backups(self._app.home.database)), None)
        if newest:
            yield from _one(
                "backup_age_seconds", "Since the newest backup.", _age(newest.taken_at, self._app.clock.now())
            )

    def _process(self) -> Iterator[str]:
        database = self._app.home.database
        yield from _many("info", "The version that runs.", {(__version__,): 1}, labels=("version",))
        yield from _one("database_bytes", "Size of the database.", _size(database))
        yield from _one("database_log_bytes", "Size of its write-ahead log.", _size(Path(f"{database}-wal")))
        used = resource.getrusage(resource.RUSAGE_SELF)
        yield from _one("cpu_seconds_total", "Processor time used.", used.ru_utime + used.ru_stime, kind="counter")
        yield from _one("start_time_seconds", "When the runner began, since 1970.", self._began)
        yield from _one("memory_bytes", "Memory in use.", _memory())
        yield from _one("open_files", "Open files and connections.", _open_files())


class _Rested(Generic[Result]):
    """A count that is remembered for a while, because it looks at every row."""

    def __init__(self, count: Callable[[], Result]) -> None:
        self._count = count
        self._again_at = 0.0
        self._known: Result | None = None

    def __call__(self) -> Result:
        began = time.monotonic()
        if self._known is None or began >= self._again_at:
            self._known = self._count()
            ended = time.monotonic()
            self._again_at = ended + _RESTS * (ended - began)
        return self._known


def metrics_route(app: Application, runner: Runner) -> Route:
    """`/metrics` over a runner."""
    metrics = Metrics(app, runner)

    async def show(request: Request) -> Response:
        """The figures for Prometheus, for this machine or with a token."""
        headers = {"Cache-Control": "no-store"}
        if not may_read(request, await asyncio.to_thread(_tokens, app, runner)):
            return PlainTextResponse(_REFUSED, status_code=403, headers=headers)
        return Response(await asyncio.to_thread(metrics.text), media_type=MEDIA_TYPE, headers=headers)

    return Route("/metrics", show)


def may_read(request: Request, tokens: tuple[str, ...]) -> bool:
    """Whether who asks shows a token, or is on this machine and is no proxy for somebody else."""
    shown = request.headers.get("authorization", "")
    if any(hmac.compare_digest(shown.encode(), f"Bearer {token}".encode()) for token in tokens):
        return True
    if any(name in request.headers for name in _PROXY_HEADERS) or request.client is None:
        return False
    # A name that leads here from elsewhere would let a web page in this machine's browser read along.
    return _is_loopback(request.client.host) and _is_loopback(request.url.hostname or "")


def _tokens(app: Application, runner: Runner) -> tuple[str, ...]:
    reference = runner.in_force.workspace().metrics.token
    if reference is None:
        return ()
    try:
        return app.secrets(reference)
    except ConfigError:
        return ()  # `custagent validate` tells that the variable is missing


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _head(name: str, kind: str, what: str) -> Iterator[str]:
    yield f"# HELP {PREFIX}{name} {what}"
    yield f"# TYPE {PREFIX}{name} {kind}"


def _one(name: str, what: str, value: float, *, kind: str = "gauge") -> Iterator[str]:
    yield from _many(name, what, {(): value}, labels=(), kind=kind)


def _many(
    name: str, what: str, values: Mapping[tuple[str, ...], float], *, labels: tuple[str, ...], kind: str = "gauge"
) -> Iterator[str]:
    """A figure for each combination of words for the labels."""
    yield from _head(name, kind, what)
    for words, value in values.items():
        told = ",".join(f'{label}="{_escaped(word)}"' for label, word in zip(labels, words, strict=True))
        yield f"{PREFIX}{name}{{{told}}} {value:.15g}" if told else f"{PREFIX}{name} {value:.15g}"


def _histogram(name: str, what: str, values: Histogram) -> Iterator[str]:
    buckets, total = values.counted()
    yield from _head(name, "histogram", what)
    for bound, count in buckets:
        label = "+Inf" if bound == inf else f"{bound:g}"
        yield f'{PREFIX}{name}_bucket{{le="{label}"}} {count}'
    yield f"{PREFIX}{name}_sum {total:.6f}"
    yield f"{PREFIX}{name}_count {buckets[-1][1]}"


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _age(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _memory() -> int:
    """Bytes; where the system does not tell what is used now, the most that was."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return pages * os.sysconf("SC_PAGE_SIZE")


def _open_files() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else len(list(Path("/dev/fd").iterdir()))
