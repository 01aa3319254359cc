"""A workspace that is reached by WhatsApp too, at a provider on this machine, and contacts who write to it by phone."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from custagent.config.agents import agent_path
from custagent.config.home import Home
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.agents import apply_agents
from custagent.testing.meta import Account, FakeMeta, Habits

CHANNEL = "phone"
ANSWER = "Two years from the day you buy it."

#: A kind that waits two seconds, not sixty, for the provider's word on a reply that may have been taken, and three, not
#: fifteen, for its answer.
HASTY = """
from custagent.channels.whatsapp.adapter import WhatsAppKind


class HastyWhatsAppKind(WhatsAppKind):
    unsure = 2.0
    patience = 3.0
"""


@pytest.fixture(scope="session")
def phone_template(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template with a number, on which the agent answers as well."""
    folder = Path(shutil.copytree(template, tmp_path_factory.mktemp("template") / "phone"))
    home = Home(root=folder.resolve())
    text = home.workspace_file.read_text(encoding="utf-8")
    home.workspace_file.write_text(text + Account().channel(CHANNEL), encoding="utf-8")
    agent = agent_path(home, "support")
    agent.write_text(agent.read_text(encoding="utf-8") + f"  - channel: {CHANNEL}\n", encoding="utf-8")
    with Application(home) as app:
        apply_agents(app)
    return folder


@pytest.fixture(scope="module")
def new_phone_house(
    phone_template: Path, tmp_path_factory: pytest.TempPathFactory, house_at: Callable[[Path], Any]
) -> Callable[[FakeMeta], Any]:
    """A workspace of one's own, whose number is this provider's."""

    def make(meta: FakeMeta) -> Any:
        house = house_at(Path(shutil.copytree(phone_template, tmp_path_factory.mktemp("house") / "workspace")))
        house.environment = dict(meta.environment)
        reach_provider(house.home, meta.address)
        return house

    return make


def reach_provider(home: Home, address: str, *, user: str | None = None) -> None:
    """Let the workspace's number be at this address from now on."""
    text, count = re.subn(r"graph_base_url: \S+", f"graph_base_url: {address}", home.workspace_file.read_text("utf-8"))
    assert count == 1
    home.workspace_file.write_text(text, encoding="utf-8")
    with Application(home, user=user) as app:
        apply_agents(app)


def be_hasty(house: Any) -> Any:
    """As if a package were installed beside custagent that brings a kind of its own in place of the built-in one."""
    folder = house.folder.with_name("packages")
    brought = folder / "hasty_whatsapp-1.dist-info"
    brought.mkdir(parents=True)
    (folder / "hasty_whatsapp.py").write_text(HASTY, encoding="utf-8")
    (brought / "METADATA").write_text("Metadata-Version: 2.1\nName: hasty-whatsapp\nVersion: 1\n", encoding="utf-8")
    (brought / "entry_points.txt").write_text(
        "[custagent.channels]\nwhatsapp = hasty_whatsapp:HastyWhatsAppKind\n", encoding="utf-8"
    )
    house.environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH", "")]))
    return house


@pytest.fixture(scope="module")
def new_meta() -> Iterator[Callable[..., FakeMeta]]:
    """Providers, until the tests of the module are done."""
    opened: list[FakeMeta] = []

    def make(seed: int = 0, **habits: Any) -> FakeMeta:
        opened.append(FakeMeta(habits=Habits(**habits), seed=seed).__enter__())
        return opened[-1]

    yield make
    for meta in opened:
        meta.__exit__(None, None, None)


class Caller:
    """A contact with a phone: writes, waits for the answer, writes again."""

    def __init__(self, meta: FakeMeta, phone: str) -> None:
        self.meta = meta
        self.phone = phone
        #: What it wrote, in order: ids at the provider.
        self.asked: list[str] = []
        #: Whether it waits for an answer, or to be acknowledged.
        self.waits = False

    @property
    def answers(self) -> list[str]:
        """The answers that came, each once however often it was sent: the ids of the replies in our outbox."""
        found = [reply.reference for reply in self.meta.replies_to(self.phone) if reply.text == ANSWER]
        return list(dict.fromkeys(found))

    def ask(self, text: str = "How long is the warranty?") -> str:
        self.waits = True
        self.asked.append(self.meta.write(self.phone, text))
        return self.asked[-1]

    def wait(self, *, stop: threading.Event | None = None, seconds: float = 90) -> bool:
        """Until all that it asked is answered; False when stopped before."""

        def done() -> bool:
            return len(self.answers) >= len(self.asked) or (stop is not None and stop.is_set())

        assert self.meta.wait_for(done, seconds=seconds), f"{self.phone}: {self.asked}, {self.answers}"
        self.waits = len(self.answers) < len(self.asked)
        return not self.waits
