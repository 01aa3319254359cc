"""A workspace whose model and whose messaging provider are reached over bad lines (R12)."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from custagent.config.agents import agent_path
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.sources import sync
from custagent.runtime.definitions.agents import apply_agents
from custagent.testing.wire import Exchange
from tests.acceptance.conftest import PATIENCE, wait_until
from tests.acceptance.fault_proxy import Fault, FaultProxy
from tests.acceptance.phone import be_hasty, reach_provider

QUESTION = "How long do refunds take?"
CONTENT = "# Refunds\n\nWe pay refunds to your card within 5 working days.\n"
WRITTEN = "Refunds reach your card within 5 working days [1]."
#: Seconds that the model may take.
TIMEOUT = 2
_PEOPLE = """
users:
  - {name: anna, full_name: Anna Berg, email: anna@northwind.example, seat: service,
     permissions: [answer, edit-agents, admin]}
"""
_AGENT = """\
name: support
model: openai/small
model_options:
  api_base: {base}/v1
  api_key: ${{MODEL_KEY}}
  timeout: {timeout}s
# Whatever is found is answered: this is about the line, not about the answers.
confidence: {{answer: 0.0, clarify: 0.0}}
sources:
  - file: content/refunds.md
assignments:
  - channel: phone
    handoff: {{mode: transfer, to: ["user:anna"]}}
"""


class _Silent:
    """A Listener that nobody watches."""

    def page_read(self, location: str) -> None: ...

    def page_failed(self, location: str, reason: str) -> None: ...

    def embedded(self, done: int, total: int) -> None: ...


def furnish(house: Any, model: FaultProxy, phone: FaultProxy) -> None:
    """Let a workspace with a number speak to both over these lines."""
    home = house.home
    home.workspace_file.write_text(home.workspace_file.read_text(encoding="utf-8") + _PEOPLE, encoding="utf-8")
    agent_path(home, "support").write_text(_AGENT.format(base=model.address, timeout=TIMEOUT), encoding="utf-8")
    (home.root / "content" / "refunds.md").write_text(CONTENT, encoding="utf-8")
    with Application(home, user="anna") as app:
        apply_agents(app)
        sync(app, app.agent("support"), _Silent())
    house.environment["MODEL_KEY"] = "sk-for-tests-only"
    reach_provider(home, phone.address, user="anna")
    be_hasty(house)


#: So many threads asyncio's own pool may have; they are started as the work needs them.
_POOL = min(32, (os.cpu_count() or 1) + 4)


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds."""

    files: int
    threads: int

    @classmethod
    def by(cls, process: int) -> Held:
        return cls(*(len(list(Path(f"/proc/{process}/{what}").iterdir())) for what in ("fd", "task")))

    def grown_beyond_pools(self, before: Held) -> Held:
        """What came on top of what a busy process may open: the pool's threads, and two files of the database in each."""
        threads = self.threads - before.threads
        return Held(files=self.files - before.files - 2 * threads, threads=threads - _POOL)

    def within(self, most: Held) -> bool:
        return self.files <= most.files and self.threads <= most.threads


#: What may be held on top of what a busy process opens.
SPARE = Held(files=10, threads=2)


@dataclass(frozen=True, slots=True)
class Storm:
    """What it took to come through."""

    seconds: float
    before: Held
    after: Held
    #: How many messages ended in which way.
    ends: Counter[str]


def is_no_reply(asked: Exchange) -> bool:
    """Of what is asked on a number's line, marks of reading and subscriptions: nobody waits for them."""
    return b'"biz_opaque_callback_data"' not in asked.body


def come_through(
    house: Any, meta: Any, runner: Any, lines: Sequence[FaultProxy], *, messages: int, probability: float = 0.0
) -> Storm:
    """Let so many contacts write while every fault comes once on each line, and more with a probability.

    Each is followed by fair weather: a provider that fails time and again in a row is tried once a minute in the end.
    """
    ask(meta, ["46700000000"])  # the engine and the library are loaded once
    before, began = Held.by(runner.process.pid), time.monotonic()
    for line in lines:
        line.weather.turns(*(turn for fault in Fault for turn in (fault, None)), probability=probability)
    ask(meta, [f"4670000{number:04}" for number in range(1, messages + 1)])
    for line in lines:
        line.weather.turns()
    wait_until(lambda: house.waiting() == (0, 0) and not any(line.open for line in lines))
    seconds = time.monotonic() - began
    # What was just done with is let go of in a moment; what never is, is told to the test.
    with suppress(AssertionError):
        wait_until(lambda: Held.by(runner.process.pid).grown_beyond_pools(before).within(SPARE))
    ends = every_message_ended(house, messages + 1)
    return Storm(seconds=seconds, before=before, after=Held.by(runner.process.pid), ends=ends)


def ask(meta: Any, phones: Sequence[str]) -> None:
    """Each asks, and is told that an AI answers, and then the answer or who comes instead."""
    for phone in phones:
        meta.write(phone, QUESTION)

    def done() -> bool:
        return all(len({reply.reference for reply in meta.replies_to(phone)}) == 2 for phone in phones)

    wait_until(done, seconds=PATIENCE + len(phones))


def every_message_ended(house: Any, asked: int) -> Counter[str]:
    """How many ended in which way. Raises AssertionError unless each ended once, answered or with a person."""
    ends: Counter[str] = Counter()
    with house.rows() as connection:
        statuses = dict(connection.execute("SELECT id, status FROM conversations").fetchall())
        rows = connection.execute("SELECT conversation, kind FROM messages ORDER BY id").fetchall()
    for name, status in statuses.items():
        kinds = [kind for conversation, kind in rows if conversation == name]
        assert kinds[:2] == ["inbound", "disclosure"], kinds
        assert len(kinds) == 3, kinds
        assert (kinds[-1], status) in {("answer", "pending"), ("handoff", "open")}, (kinds, status)
        ends[kinds[-1]] += 1
    assert sum(ends.values()) == asked
    return ends


def slowest_turn(house: Any) -> float:
    """Seconds from the longest-thought message to its reply being written."""
    with house.rows() as connection:
        (seconds,) = connection.execute(
            "SELECT max(waited) FROM (SELECT (julianday(max(at)) - julianday(min(at))) * 86400 AS waited"
            " FROM messages GROUP BY conversation)"
        ).fetchone()
    return float(seconds)
