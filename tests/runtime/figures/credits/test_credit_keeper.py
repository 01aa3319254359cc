"""Months, resolutions and notices come by the runner's clock (CRED-3, CRED-4)."""

from __future__ import annotations

import logging
from datetime import timedelta

from custagent.core.credit import CreditKind
from custagent.core.message import Verdict
from custagent.runtime.figures.credit_rules import CreditRules
from custagent.runtime.figures.credits import grant_credits, replay_credits
from custagent.runtime.runner.credit_keeper import CreditKeeper


class TestTheKeeper:
    def test_the_month_comes_without_traffic(self, live, keeper, settle_on):
        settle_on(live, "{allowance: 1000}")
        keeper.look()
        live.clock.advance(days=31)
        keeper.look()
        keys = [entry.key for entry in live.store.ledger.entries()]
        assert keys == ["allowance:2026-01", "expiry:2026-01", "allowance:2026-02"]

    def test_without_a_block_it_writes_nothing(self, live, keeper):
        keeper.look()
        assert live.store.ledger.entries() == ()

    def test_resolutions_are_charged_at_their_time(self, live, keeper, settle_on, talk):
        settle_on(live, "{policy: resolution}")
        first = talk("k1")
        live.clock.advance(hours=1)
        second = talk("k2")
        live.clock.advance(hours=71)
        keeper.look()
        assert [entry.conversation for entry in live.store.ledger.entries()] == [first.id]
        live.clock.advance(hours=1)
        keeper.look()
        keeper.look()
        assert [(one.conversation, one.amount) for one in live.store.ledger.entries()] == [
            (first.id, -50), (second.id, -50),
        ]  # fmt: skip

    def test_what_came_due_while_nobody_ran_is_caught_up_with(self, live, settle_on, talk):
        settle_on(live, "{policy: resolution}")
        for number in range(3):
            talk(f"k{number}")
        live.clock.advance(days=30)
        CreditKeeper(live, CreditRules(live), fence=0).look()
        assert len(live.store.ledger.entries()) == 3

    def test_a_long_list_is_done_in_several_looks(self, live, settle_on, talk):
        """So that the runner can end meanwhile."""
        settle_on(live, "{policy: resolution}")
        for number in range(13):
            talk(f"k{number}")
        live.clock.advance(hours=72)
        keeper = CreditKeeper(live, CreditRules(live), fence=0, page=2)
        for charged in (10, 13, 13):
            keeper.look()
            assert len(live.store.ledger.entries()) == charged

    def test_one_that_finds_no_room_waits_and_is_charged_later(self, live, keeper, settle_on, talk, caplog):
        settle_on(live, "{policy: resolution, allowance: 60}")
        first, second = talk("k1"), talk("k2")
        live.clock.advance(hours=72)
        keeper.look()
        assert [one.conversation for one in live.store.ledger.entries() if one.conversation] == [first.id]
        assert f"conversation {second.id} is resolved and waits for credits" in caplog.text
        assert replay_credits(live).due == 1
        grant_credits(live, 50, reason="pack")
        keeper.look()
        assert [one.conversation for one in live.store.ledger.entries() if one.conversation] == [first.id, second.id]

    def test_a_verdict_that_is_changed_is_seen(self, live, keeper, settle_on, talk):
        settle_on(live, "{policy: resolution}")
        conversation = talk()
        (reply,) = live.store.outbox.statuses(conversation.id)
        give = live.store.feedback.give
        give(reply, Verdict.DOWN, live.clock.now(), channel="website", contact_key="k1")
        live.clock.advance(hours=72)
        for verdict, charged in ((Verdict.DOWN, 0), (Verdict.UP, 1)):
            give(reply, verdict, live.clock.now(), channel="website", contact_key="k1")
            keeper.look()
            assert len(live.store.ledger.entries()) == charged

    def test_admins_are_told_in_the_log(self, live, keeper, settle_on, talk, caplog):
        settle_on(live, "{allowance: 200}")
        keeper.look()
        talk()
        with caplog.at_level(logging.WARNING):
            keeper.look()
            keeper.look()
        assert [record.message for record in caplog.records if "%" in record.message] == [
            "50 % of the credits of 2026-01 are used: 100 of 200."
        ]


def test_a_day_after_a_day(live, keeper, settle_on, talk):
    """A year of looks: months are granted and ended in order, and nothing is written twice."""
    settle_on(live, "{allowance: 500}")
    for _ in range(53):
        keeper.look()
        live.clock.advance(seconds=timedelta(days=7).total_seconds())
    kinds = [entry.kind for entry in live.store.ledger.entries()]
    assert kinds == [CreditKind.GRANT, *[CreditKind.EXPIRY, CreditKind.GRANT] * 12][: len(kinds)]
    assert len(kinds) == 25
