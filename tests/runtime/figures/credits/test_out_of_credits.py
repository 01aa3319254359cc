"""The runner hands over, or says that it cannot answer, when the credits are used up (CRED-3)."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

from custagent.core.conversation import Status
from custagent.core.message import InboundMessage
from custagent.runtime.figures.credits import grant_credits
from custagent.runtime.runner.runner import Runner

WARRANTY = "How long is the warranty?"


@asynccontextmanager
async def works(runner: Runner):
    task = asyncio.create_task(runner.run())
    try:
        yield
    finally:
        runner.stop()
        async with asyncio.timeout(60):
            await task


def answered_by_the_runner(live, until, *keys: str) -> list[tuple[str, str]]:
    """(kind, reason) of the last reply to a question of each contact, one after the other."""

    async def scene() -> list[tuple[str, str]]:
        runner, found = Runner(live), []
        async with works(runner):
            for key in keys:
                inbound = InboundMessage(
                    channel="website", external_id=f"{key}-{live.clock.now()}", contact_key=key, text=WARRANTY,
                    sent_at=live.clock.now(), language="en",
                )  # fmt: skip
                begun = await runner.receive(inbound)
                await until(lambda begun=begun: len(live.store.conversations.messages(begun.conversation.id)) > 2)
                last = live.store.conversations.messages(begun.conversation.id)[-1]
                found.append((last.kind.value, last.reason))
        runner.release()
        return found

    return asyncio.run(scene())


class TestTheRunner:
    def test_without_credits_the_agent_says_so_and_the_ledger_stays(self, live, until, settle_on):
        settle_on(live, "{allowance: 100}")
        said = answered_by_the_runner(live, until, "k1", "k2")
        assert said == [("answer", "short-answer"), ("out-of-credits", "out-of-credits")]
        assert [entry.amount for entry in live.store.ledger.entries()] == [100, -100]
        assert [notice.key for notice in live.store.notices.latest(5)] == ["credits:2026-01:100"]

    def test_with_people_the_conversation_is_theirs(self, live, home, until, settle_on, put):
        put(
            home.agents_folder / "support.yaml",
            "  - channel: website\n",
            "  - channel: website\n    handoff: {mode: transfer, to: [team:support]}\n",
        )
        settle_on(live, "{allowance: 0}")
        assert answered_by_the_runner(live, until, "k1") == [("handoff", "out-of-credits")]
        (conversation,) = live.store.conversations.list()
        assert (conversation.status, conversation.assignee) == (Status.OPEN, "user:anna")
        assert live.store.ledger.entries() == ()

    def test_the_file_alone_changes_nothing(self, live, home, until):
        home.workspace_file.write_text(
            home.workspace_file.read_text(encoding="utf-8") + "credits: {allowance: 0}\n", encoding="utf-8"
        )
        assert answered_by_the_runner(live, until, "k1") == [("answer", "short-answer")]

    def test_credits_that_are_granted_meanwhile_are_used(self, live, until, settle_on):
        settle_on(live, "{allowance: 0}")
        assert answered_by_the_runner(live, until, "k1")[0][0] == "out-of-credits"
        grant_credits(live, 100, reason="pack")
        assert answered_by_the_runner(live, until, "k2") == [("answer", "short-answer")]


def test_contacts_who_write_at_once_and_the_last_credit(live, until, settle_on):
    """All are thought about before the first is written down: the commit's own look decides."""
    settle_on(live, "{allowance: 199}")
    keys = [f"k{number}" for number in range(12)]

    async def scene() -> None:
        runner = Runner(live)
        messages = [
            InboundMessage(
                channel="website", external_id=key, contact_key=key, text=WARRANTY, sent_at=live.clock.now(),
                language="en",
            )
            for key in keys
        ]  # fmt: skip
        async with works(runner):
            await runner.receive_all(messages)
            await until(lambda: not live.store.conversations.unhandled())
        runner.release()

    asyncio.run(scene())
    last = [live.store.conversations.messages(one.id)[-1].kind for one in live.store.conversations.list()]
    assert sorted(kind.value for kind in last) == ["answer", *["out-of-credits"] * 11]
    assert live.store.ledger.balance() == 99
