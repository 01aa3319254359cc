"""Every conversation is explained in plain sentences (CRED-4)."""

from __future__ import annotations

import pytest

from custagent.core.errors import UnknownName
from custagent.core.message import DeliveryStatus, MessageKind, Verdict
from custagent.runtime.figures.credit_rules import CreditRules
from custagent.runtime.figures.credits import explain_credits, replay_credits


class TestExplain:
    def sentences(self, live, conversation) -> list[str]:
        return [f"{one.text} [{one.rule}]" for one in explain_credits(live, conversation.id).sentences]

    def test_the_reply_that_cost(self, live, talk):
        conversation = talk()
        began, charged = self.sentences(live, conversation)
        assert "paid by the policy conversation: a conversation costs 100 credits" in began
        assert charged == (
            "100 credits were charged (entry 1): reply 2 is the first that costs something, an answer."
            " It pays for reply 2 (sent). [CRED-1]"
        )
        assert explain_credits(live, conversation.id).cost == 100

    def test_what_was_given_back(self, live, talk):
        conversation = talk(status=DeliveryStatus.FAILED)
        texts = self.sentences(live, conversation)
        assert "100 credits were given back (entry 2): none of its replies reached the contact. [CRED-2]" in texts
        assert texts[-1] == "So nothing is charged for it now. [CRED-2]"
        assert explain_credits(live, conversation.id).cost == 0

    def test_what_was_sent_again(self, live, talk):
        conversation = talk(status=DeliveryStatus.FAILED)
        (reply,) = live.store.outbox.statuses(conversation.id)
        charge = CreditRules(live).charge_of_reply(reply)
        live.store.undelivered.retry(reply, live.clock.now(), charge=charge)
        texts = self.sentences(live, conversation)
        assert "failed and were sent again later" in texts[1]
        assert "the charge before was given back" in texts[3]
        assert replay_credits(live).differences == []

    def test_free_words(self, live, hear, reply):
        conversation = hear(live, channel="website")
        reply(live, conversation, MessageKind.SMALL_TALK)
        assert self.sentences(live, conversation)[1] == (
            "Nothing was charged: the agent's messages were free: small-talk. [CRED-1]"
        )

    def test_silence(self, live, hear):
        assert "the agent said nothing in it" in self.sentences(live, hear(live, channel="website"))[1]

    def test_a_contact_who_has_paid(self, live, settle_on, talk):
        settle_on(live, "{policy: reopen-free}")
        live.clock.advance(minutes=1)
        talk("k1")
        live.clock.advance(hours=24)
        assert "the contact has paid for another conversation" in self.sentences(live, talk("k1"))[1]

    def test_a_resolution_before_at_and_after_its_time(self, live, keeper, settle_on, talk):
        settle_on(live, "{policy: resolution}")
        conversation = talk()
        assert "after 72 hours of silence, not before 2026-01-18 12:00" in self.sentences(live, conversation)[1]
        live.clock.advance(hours=72)
        assert "the runner charges it at its next look" in self.sentences(live, conversation)[1]
        keeper.look()
        assert "50 credits were charged (entry 1): the agent resolved it" in self.sentences(live, conversation)[1]
        (reply,) = live.store.outbox.statuses(conversation.id)
        live.store.feedback.give(reply, Verdict.DOWN, live.clock.now(), channel="website", contact_key="k1")
        assert "the contact said that a reply did not help" in self.sentences(live, conversation)[2]

    def test_a_conversation_that_went_to_people(self, live, settle_on, talk, reply):
        settle_on(live, "{policy: resolution}")
        conversation = talk()
        reply(live, conversation, MessageKind.HANDOFF, charge=None, reason="asked-for-person")
        assert (
            "the agent gave it to people, or wanted to (message 3, asked-for-person)"
            in (self.sentences(live, conversation)[1])
        )

    def test_one_that_is_not_there(self, live):
        with pytest.raises(UnknownName, match="no conversation 'nothing'"):
            explain_credits(live, "nothing")
