"""A change of the policy counts for conversations that begin after it; limits are those of now (CRED-4)."""

from __future__ import annotations

from custagent.core.credit import CreditPolicy
from custagent.core.message import DeliveryReceipt, DeliveryStatus
from custagent.runtime.figures.credit_rules import CreditRules
from custagent.runtime.figures.credits import replay_credits


class TestAChangeOfPolicy:
    def test_counts_for_conversations_that_begin_after_it(self, live, keeper, settle_on, hear, reply):
        rules = CreditRules(live)
        old = hear(live, "k1", channel="website")
        live.clock.advance(minutes=1)
        settle_on(live, "{policy: resolution, price: 60}")
        new = hear(live, "k2", channel="website")
        assert [(rules.charge_of(one).policy, rules.charge_of(one).amount) for one in (old, new)] == [
            ("conversation", 100), ("resolution", 60),
        ]  # fmt: skip
        for conversation in (old, new):
            said = reply(live, conversation, charge=rules.charge_of(conversation))
            live.store.outbox.record(said.id, DeliveryReceipt(status=DeliveryStatus.SENT), live.clock.now())
        live.clock.advance(hours=72)
        keeper.look()
        assert [(one.conversation, one.amount, one.policy) for one in live.store.ledger.entries()] == [
            (old.id, -100, "conversation"), (new.id, -60, "resolution"),
        ]  # fmt: skip
        found = replay_credits(live)
        assert (found.differences, found.entries, found.due) == ([], 2, 0)
        assert {one.policy: (one.charged, one.credits) for one in found.totals} == {
            CreditPolicy.CONVERSATION: (2, 200),
            CreditPolicy.REOPEN_FREE: (2, 200),
            CreditPolicy.RESOLUTION: (2, 120),
        }

    def test_taking_the_block_out_goes_back_to_the_usual(self, live, settle_on, hear):
        settle_on(live, "{policy: resolution}")
        settle_on(live, "")
        charge = CreditRules(live).charge_of(hear(live, channel="website"))
        assert (charge.amount, charge.policy, charge.terms) == (100, "conversation", None)

    def test_limits_are_those_of_now(self, live, settle_on, hear):
        old = hear(live, channel="website")
        live.clock.advance(minutes=1)
        settle_on(live, "{policy: resolution, allowance: 7, cap: 9}")
        terms = CreditRules(live).charge_of(old).terms
        assert (terms.policy, terms.allowance, terms.cap, terms.alerts) == ("resolution", 7, 9, (50, 80, 100))
