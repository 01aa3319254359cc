"""What people do with single replies: those that did not arrive, those that were wrong, and what they rest on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from custagent.core.conversation import Conversation
from custagent.core.errors import UnknownName, UsageError
from custagent.core.message import DeliveryReceipt, DeliveryStatus, Message, Verdict
from custagent.core.people import Permission
from custagent.runtime.bootstrap import Application
from custagent.runtime.inbox.inbox import Inbox
from custagent.store.conversations.queue import Wanted

Hear = Callable[..., Conversation]
Reply = Callable[..., Message]


@pytest.fixture
def inbox(shop: Application) -> Inbox:
    return Inbox(shop)


class TestWhatDidNotArrive:
    @pytest.fixture
    def failed(self, shop, inbox, hear: Hear) -> Message:
        written = inbox.reply(hear(shop).id, "It left today")
        receipt = DeliveryReceipt(status=DeliveryStatus.FAILED, external_id="p1", error="The number is gone.")
        shop.store.outbox.record(written.id, receipt, shop.clock.now())
        return written

    def test_is_tried_again_in_the_name_of_who_wants_it(self, shop, failed) -> None:
        cleo = shop.workspace.users[2].model_copy(update={"permissions": (Permission.ANSWER,)})
        workspace = shop.workspace.model_copy(update={"users": (*shop.workspace.users[:2], cleo)})
        inbox = Inbox(shop.acting(cleo, workspace), cleo)
        inbox.send_again(failed.conversation, failed.id)
        assert shop.store.outbox.statuses(failed.conversation)[failed.id] is DeliveryStatus.QUEUED
        (noted,) = shop.store.audit.entries(1)
        assert (noted.actor, noted.action) == ("cleo", "outbox retry")

    def test_is_given_up(self, shop, inbox, failed) -> None:
        assert inbox.items(Wanted())[0].failed == 1
        inbox.give_up(failed.conversation, failed.id)
        assert shop.store.outbox.statuses(failed.conversation)[failed.id] is DeliveryStatus.DROPPED
        assert inbox.items(Wanted())[0].failed == 0
        with pytest.raises(UsageError, match="given up before"):
            inbox.send_again(failed.conversation, failed.id)

    def test_of_another_conversation_is_not_touched(self, shop, inbox, hear: Hear, failed) -> None:
        other = hear(shop, "k2")
        (asked,) = shop.store.conversations.messages(other.id)
        for change in (inbox.send_again, inbox.give_up, inbox.why):
            for conversation, reply in ((other.id, failed.id), (other.id, asked.id), (other.id, 0), ("x", failed.id)):
                with pytest.raises(UnknownName, match="there is no reply"):
                    change(conversation, reply)
        assert shop.store.outbox.statuses(failed.conversation)[failed.id] is DeliveryStatus.FAILED


class TestWrongAnswers:
    def test_are_kept_with_who_said_so_beside_the_contacts_thumb(self, shop, inbox, hear: Hear, reply: Reply) -> None:
        conversation = hear(shop)
        given = reply(shop, conversation)
        contact = conversation.contact
        shop.store.feedback.give(
            given.id, Verdict.UP, shop.clock.now(), channel=contact.channel, contact_key=contact.key
        )
        inbox.judge(conversation.id, given.id, wrong=True)
        thread = inbox.open(conversation.id)
        assert thread.wrong == {given.id: "anna"}
        assert thread.record.verdicts == {given.id: Verdict.UP}
        entry = next(one for one in shop.store.audit.entries(9) if one.action == "inbox wrong answer")
        assert (entry.subject, entry.actor, entry.after) == (conversation.id, "anna", f"message {given.id}")
        inbox.judge(conversation.id, given.id, wrong=False)
        assert inbox.open(conversation.id).wrong == {}

    def test_only_the_agents_own_replies_in_this_conversation(self, shop, inbox, hear: Hear, reply: Reply) -> None:
        conversation = hear(shop)
        given, mine = reply(shop, conversation), inbox.reply(conversation.id, "Here it is.")
        other = hear(shop, key="another")
        for where, message in ((conversation.id, mine.id), (other.id, given.id), (conversation.id, 0)):
            with pytest.raises(UnknownName, match="no reply"):
                inbox.judge(where, message, wrong=True)
        assert not any("wrong" in one.action for one in shop.store.audit.entries(99))


class TestWhy:
    def test_what_a_reply_rests_on(self, shop, inbox, hear: Hear, reply: Reply) -> None:
        conversation = hear(shop, text="Where is it?")
        said = reply(shop, conversation, decision="answer", reason="short-answer", confidence=0.9)
        found = inbox.why(conversation.id, said.id)
        assert (found.asked, found.reasoning.reason) == (("Where is it?",), "short-answer")
        (noted,) = shop.store.audit.entries(1)
        assert (noted.action, noted.subject) == ("inbox read", conversation.id), "it was not open before"

    def test_of_a_person_is_not_told(self, shop, inbox, hear: Hear) -> None:
        written = inbox.reply(hear(shop).id, "Because.")
        with pytest.raises(UsageError, match="people's replies are not explained"):
            inbox.why(written.conversation, written.id)
