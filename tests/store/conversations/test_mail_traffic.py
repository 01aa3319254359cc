"""How much went to and fro."""

from __future__ import annotations

from datetime import timedelta

from custagent.conversation.lifecycle import threading_of
from custagent.core.conversation import Status, Turn
from custagent.core.message import DeliveryReceipt, DeliveryStatus, InboundMessage, Message, MessageKind, Sender
from custagent.store import Store
from custagent.testing import FrozenClock


def test_replies_are_counted_by_address_and_messages_by_conversation(tmp_path):
    clock = FrozenClock()
    with Store(tmp_path / "custagent.db", clock) as store:

        def talk(key: str, *kinds: MessageKind) -> str:
            now = clock.now()
            inbound = InboundMessage(
                channel="mail", external_id=f"{key}{now}", contact_key=key, text="?", sent_at=now, thread=""
            )
            begun = store.conversations.begin(inbound, threading_of("email"), agent="support", at=now)
            said = tuple(
                Message(conversation=begun.conversation.id, sender=Sender.AGENT, kind=kind, text="!", at=now)
                for kind in kinds
            )
            turn = Turn(conversation=begun.conversation, status=Status.PENDING, messages=said, at=now)
            store.conversations.commit(turn)
            return begun.conversation.id

        talk("kim@example.org", MessageKind.ANSWER)
        clock.advance(hours=20)
        second = talk("kim@example.org", MessageKind.DISCLOSURE, MessageKind.ANSWER)
        talk("lee@example.org", MessageKind.ANSWER)
        now = clock.now()
        count = store.mail_traffic
        assert count.replies("mail", "kim@example.org", now - timedelta(days=1)) == 2
        assert count.replies("mail", "kim@example.org", now - timedelta(hours=1)) == 1
        assert count.replies("other", "kim@example.org", now - timedelta(days=1)) == 0
        # The disclosure goes out with the answer.
        assert count.messages(second, now - timedelta(hours=1)) == 2
        (failed,) = [one.id for one in store.conversations.messages(second) if one.kind is MessageKind.ANSWER]
        store.outbox.record(failed, DeliveryReceipt(status=DeliveryStatus.FAILED, error="no"), now)
        assert count.replies("mail", "kim@example.org", now - timedelta(days=1)) == 1
