"""What `custagent status` counts."""

from custagent.core.conversation import Status
from custagent.core.message import DeliveryReceipt, DeliveryStatus, MessageKind


def test_nothing_is_counted_as_nothing(store):
    assert store.totals.conversations() == dict.fromkeys(Status, 0)
    assert store.totals.replies() == {DeliveryStatus.QUEUED: 0, DeliveryStatus.FAILED: 0}


def test_each_is_counted_once(store, desk, clock):
    first = desk.hear(key="k1").conversation
    second = desk.hear(key="k2").conversation
    desk.hear(key="k3", agent="")
    (failed,) = desk.say(first, MessageKind.ANSWER)
    desk.say(first, MessageKind.GREETING, MessageKind.GREETING)
    desk.say(second, MessageKind.ANSWER, status=Status.CLOSED)
    store.outbox.record(failed.id, DeliveryReceipt(status=DeliveryStatus.FAILED, error="gone"), clock.now())
    assert store.totals.conversations() == {Status.PENDING: 1, Status.OPEN: 1, Status.SNOOZED: 0, Status.CLOSED: 1}
    assert store.totals.replies() == {DeliveryStatus.QUEUED: 3, DeliveryStatus.FAILED: 1}
