"""Replaying a workspace finds what its ledger should hold, and names what is different (CRED-4)."""

from __future__ import annotations

from dataclasses import replace

from custagent.core.credit import CreditPolicy
from custagent.core.message import DeliveryStatus
from custagent.runtime.figures.credit_rules import CreditRules
from custagent.runtime.figures.credits import replay_credits


class TestReplay:
    def test_finds_what_is_wrong_and_names_it(self, live, talk):
        lost, kept = talk("k1", status=DeliveryStatus.FAILED), talk("k2")
        found = replay_credits(live)
        assert (found.differences, found.entries) == ([], 3)
        live.store.ledger.reverse(kept.id, live.clock.now())
        live.store.ledger.charge(lost.id, CreditRules(live).charge_of(lost), live.clock.now())
        assert replay_credits(live).differences == [
            f"Conversation {lost.id}: nothing asks for entry 5, a charge of -100 (charge:{lost.id}:2, conversation).",
            f"Conversation {kept.id}: nothing asks for entry 4, a reversal of 100 (reversal:{kept.id}:1, conversation).",
        ]

    def test_a_price_that_was_never_in_force_is_named(self, live, hear, reply):
        conversation = hear(live, channel="website")
        charge = CreditRules(live).charge_of(conversation)
        reply(live, conversation, charge=replace(charge, amount=99))
        (difference,) = replay_credits(live).differences
        assert "entry 1 is a charge of -99" in difference
        assert "expected is a charge of -100" in difference

    def test_a_reply_that_nobody_paid_for_is_named(self, live, hear, reply):
        conversation = hear(live, channel="website")
        said = reply(live, conversation, charge=None)
        assert replay_credits(live).differences == [
            f"Conversation {conversation.id}: reply {said.id} (answer) belongs to no charge."
        ]

    def test_an_entry_of_nobody_is_named(self, live):
        live.store.ledger.charge("nowhere", CreditRules(live).charge_at(live.clock.now()), live.clock.now())
        assert replay_credits(live).differences == ["Entry 1 belongs to conversation nowhere, which is not there."]
        assert replay_credits(live, policy=CreditPolicy.CONVERSATION).differences == []

    def test_a_period_counts_what_began_in_it(self, live, talk):
        began = []
        for number in range(3):
            began.append(live.clock.now())
            talk(f"k{number}")
            live.clock.advance(days=1)
        for since, until, count in ((None, None, 3), (began[1], None, 2), (None, began[1], 1), (began[1], began[2], 1)):
            found = replay_credits(live, policy=CreditPolicy.CONVERSATION, since=since, until=until)
            assert [(one.conversations, one.credits) for one in found.totals] == [(count, count * 100)]
            assert found.entries == count

    def test_what_a_contact_paid_before_the_period_counts_for_reopen_free(self, live, talk):
        talk("k1")
        live.clock.advance(days=2)
        since = live.clock.now()
        talk("k1")
        (total,) = replay_credits(live, policy=CreditPolicy.REOPEN_FREE, since=since).totals
        assert (total.conversations, total.charged) == (1, 0)

    def test_another_policy_compares_nothing(self, live, talk):
        talk()
        found = replay_credits(live, policy=CreditPolicy.RESOLUTION)
        assert (found.entries, found.differences) == (0, [])
