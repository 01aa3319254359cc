"""A workspace whose credits are set, and contacts who are answered in it."""

from __future__ import annotations

import pytest

from custagent.core.message import DeliveryReceipt, DeliveryStatus
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.agents import apply_agents
from custagent.runtime.figures.credit_rules import CreditRules
from custagent.runtime.runner.credit_keeper import CreditKeeper
from custagent.testing import HashEmbedder


@pytest.fixture
def settle_on(home):
    """Put a `credits:` block into force; "" takes it out."""

    def write(app: Application, block: str) -> None:
        text = home.workspace_file.read_text(encoding="utf-8").partition("credits:")[0]
        home.workspace_file.write_text(text + (f"credits: {block}\n" if block else ""), encoding="utf-8")
        with Application(home, user="anna", clock=app.clock, environ={}, embedder=HashEmbedder()) as fresh:
            apply_agents(fresh)
        # What another process applied is seen a moment later; here it is seen at once.
        app.store.versions.live()

    return write


@pytest.fixture
def keeper(live):
    return CreditKeeper(live, CreditRules(live), fence=0)


@pytest.fixture
def talk(live, hear, reply):
    """A contact asks, the agent answers, and the answer arrives."""

    def talk(key: str = "k1", *, status: DeliveryStatus = DeliveryStatus.SENT):
        conversation = hear(live, key, channel="website")
        said = reply(live, conversation, charge=CreditRules(live).charge_of(conversation))
        live.store.outbox.record(said.id, DeliveryReceipt(status=status), live.clock.now())
        return conversation

    return talk
