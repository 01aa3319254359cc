"""A workspace that is reached on Messenger, at a provider on this machine, with people who can take over."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from custagent.config.agents import agent_path
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.sources import sync
from custagent.runtime.definitions.agents import apply_agents
from custagent.testing.messenger import FakeMessenger
from custagent.testing.meta_transport import Habits
from tests.acceptance.kills import Load
from tests.acceptance.phone import Caller

CHANNEL = "page"
_PEOPLE = """
users:
  - {name: anna, full_name: Anna Berg, email: anna@northwind.example, seat: service,
     permissions: [answer, edit-agents, admin]}
"""
#: What is asked back about: two pages that both speak of storage, and neither of what was asked.
CONTENT = """\
# Winter storage of bicycles

We store your bicycle from November to March for 59 kr a week. Storage is booked at the counter.

# Storage of boats

We store boats up to six metres from October to May for 480 kr a month. Storage is booked by phone.
"""
_AGENT = """
  - file: content/storage.md
confidence: {{answer: {answer}, clarify: 0.0}}
assignments:
  - channel: website
  - channel: page
    handoff: {{mode: transfer, to: ["user:anna"]}}
"""


class _Silent:
    """A Listener that nobody watches."""

    def page_read(self, location: str) -> None: ...

    def page_failed(self, location: str, reason: str) -> None: ...

    def embedded(self, done: int, total: int) -> None: ...


@pytest.fixture(scope="module")
def new_page() -> Iterator[Callable[..., FakeMessenger]]:
    """Providers, until the tests of the module are done."""
    opened: list[FakeMessenger] = []

    def make(seed: int = 0, **habits: Any) -> FakeMessenger:
        opened.append(FakeMessenger(habits=Habits(**habits), seed=seed).__enter__())
        return opened[-1]

    yield make
    for meta in opened:
        meta.__exit__(None, None, None)


@pytest.fixture(scope="module")
def new_page_house(
    template: Path, tmp_path_factory: pytest.TempPathFactory, house_at: Callable[[Path], Any]
) -> Callable[..., Any]:
    """A workspace of one's own, whose page is this provider's; it asks back below a confidence of `answer`."""

    def make(meta: FakeMessenger, *, answer: float = 0.5) -> Any:
        house = house_at(Path(shutil.copytree(template, tmp_path_factory.mktemp("house") / "workspace")))
        house.environment = {**meta.environment, "CUSTAGENT_USER": "anna"}
        home = house.home
        text = home.workspace_file.read_text(encoding="utf-8")
        home.workspace_file.write_text(text + meta.account.channel(CHANNEL, meta.address) + _PEOPLE, encoding="utf-8")
        (home.root / "content").mkdir(exist_ok=True)
        (home.root / "content" / "storage.md").write_text(CONTENT, encoding="utf-8")
        agent = agent_path(home, "support")
        sources, _, _ = agent.read_text(encoding="utf-8").partition("assignments:")
        agent.write_text(sources.rstrip() + _AGENT.format(answer=answer), encoding="utf-8")
        with Application(home, user="anna") as app:
            apply_agents(app)
            sync(app, app.agent("support"), _Silent())
        return house

    return make


def page_under_load(
    new_page_house: Callable[..., Any], meta: FakeMessenger, contact: Callable[[int], Any], port: int, *, each: int
) -> tuple[Any, Load]:
    """A workspace, and so many contacts on the page and in the chat, who will find its runner at this port."""
    meta.reach(f"http://127.0.0.1:{port}")
    return new_page_house(meta), Load(
        meta=meta,
        visitors=[contact(port) for _ in range(each)],
        callers=[Caller(meta, f"7301{number:06}") for number in range(each)],
        channel=CHANNEL,
    )
