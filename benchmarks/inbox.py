"""How much ten thousand open conversations slow the web inbox down, beside a hundred.

Two workspaces, the same but for that, take turns: each page is asked for from the runner's own application, signed in,
with nothing between but the protocol. Half of the conversations is anna's, the others are a team's or nobody's; half are
on each of two channels, half in each of two languages: whatever is asked for, of the smaller workspace there is a page
too. Medians of the rounds; ends with exit code 1 where a page of
the larger one takes the limit times that of the smaller one.

    python benchmarks/inbox.py [MANY] [ROUNDS]
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx
from servers import make_workspace, show

FEW = 100
MOST = 1.5
PEOPLE = """
users:
  - {name: anna, full_name: Anna Berg, email: anna@northwind.example, seat: service, languages: [en, sv],
     permissions: [edit-agents, answer, admin]}
teams:
  - {name: support, members: [anna]}
"""
PAGES = {
    "opens": "/inbox?view=open",
    "mine": "/inbox/list?view=mine",
    "unassigned": "/inbox/list?view=unassigned",
    "all": "/inbox/list?view=open",
    "by channel": "/inbox/list?view=open&channel=website",
    "by language": "/inbox/list?view=open&language=sv",
    "nothing": "/inbox/list?view=open&language=fi",
    "next page": "/inbox/list?view=open&offset=50",
}
_ORIGIN = "http://inbox.test"


def main(many: str = "10000", rounds: str = "60") -> int:
    with tempfile.TemporaryDirectory() as folder:
        sizes = {"few": FEW, "many": int(many)}
        times = asyncio.run(_measured({name: (Path(folder) / name, size) for name, size in sizes.items()}, int(rounds)))
    rows = []
    for page, of in times.items():
        few, large = (statistics.median(of[name]) * 1000 for name in sizes)
        print(f"{page:12}{few:8.2f} ms with {FEW}, {large:8.2f} ms with {many}")
        # Who finds nothing waits no longer than for a page of the smaller one.
        beside = statistics.median(times["all"]["few"]) * 1000 if page == "nothing" else few
        what = "nothing found, to a full page" if page == "nothing" else page
        rows.append((f"{what}, {many} to {FEW}", f"{large / beside:.2f}", f"{MOST}", large / beside < MOST))
    return show(rows)


async def _measured(workspaces: Mapping[str, tuple[Path, int]], rounds: int) -> dict[str, dict[str, list[float]]]:
    """Seconds of each page in each workspace."""
    from contextlib import AsyncExitStack

    from custagent.runtime.runner.runner import Runner
    from custagent.runtime.web.inbox_web.responses import COOKIE
    from custagent.runtime.web.inbox_web.sign_in import Doorkeeper
    from custagent.runtime.web.server import make_asgi

    times: dict[str, dict[str, list[float]]] = {page: {name: [] for name in workspaces} for page in PAGES}
    async with AsyncExitStack() as stack:
        clients = {}
        for name, (folder, size) in workspaces.items():
            app = stack.enter_context(_filled(folder, size))
            runner = Runner(app)
            stack.callback(runner.release)
            door = Doorkeeper(app)
            token = door.accept(door.invite("anna", app.workspace), "violet harbour seven combs", app.workspace)
            transport = httpx.ASGITransport(app=make_asgi(app, runner))
            clients[name] = await stack.enter_async_context(
                httpx.AsyncClient(transport=transport, base_url=_ORIGIN, cookies={COOKIE: token})
            )
        for number in range(rounds + 3):
            for page, path in PAGES.items():
                for name, client in clients.items():
                    began = time.perf_counter()
                    answer = await client.get(path)
                    took = time.perf_counter() - began
                    assert answer.status_code == 200, answer.text
                    listed = answer.text.count('<a class="row')
                    assert listed >= FEW * 0.45 or (page == "nothing" and listed == 0), (page, listed)
                    if number >= 3:  # the first ones compile templates
                        times[page][name].append(took)
    return times


def _filled(folder: Path, size: int):
    """An open workspace in which so many contacts wait for a person."""
    import sqlite3

    from custagent.config.home import Home
    from custagent.conversation.lifecycle import threading_of
    from custagent.core.channel import ChannelKind
    from custagent.core.message import InboundMessage
    from custagent.runtime.bootstrap import Application
    from custagent.runtime.definitions.agents import apply_agents

    home = Home(root=make_workspace(folder, answers=False))
    home.workspace_file.write_text(home.workspace_file.read_text(encoding="utf-8") + PEOPLE, encoding="utf-8")
    app = Application(home, user="anna")
    apply_agents(app)
    start, threading = app.clock.now() - timedelta(minutes=size), threading_of(ChannelKind.LIVE_CHAT)
    for number in range(size):
        at = start + timedelta(minutes=number)
        message = InboundMessage(
            channel="people" if number % 2 else "website",
            external_id=f"{number}",
            contact_key=f"contact {number}",
            contact_name=f"Contact {number}",
            language="sv" if number // 2 % 2 else "en",
            text=f"Where is my order {number}? It should have come a week ago, and nobody has told me anything.",
            sent_at=at,
        )
        app.store.conversations.begin(message, threading, agent="", at=at)
    with closing(sqlite3.connect(home.database)) as database, database:
        database.execute(
            "UPDATE conversations SET assigned_at = opened_at, assignee ="
            " CASE WHEN rowid / 4 % 2 THEN 'user:anna' ELSE 'team:support' END WHERE rowid / 4 % 4 > 0"
        )
    return app


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
