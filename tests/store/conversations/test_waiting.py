"""What waits for the agents, when very much does."""

from __future__ import annotations

import tracemalloc

from custagent.core.conversation import Status
from custagent.core.message import MessageKind

MANY = 20_000


def test_counted_by_channel_and_only_what_the_agents_have(desk, store):
    assert store.conversations.count_unhandled() == {}
    for number in range(3):
        desk.hear(key=f"k{number}")
    desk.hear("again", key="k0")
    desk.hear(channel="mail", key="m1")
    taken = desk.hear(key="k9").conversation
    assert store.conversations.count_unhandled() == {"chat": 4, "mail": 1}
    desk.say(taken, status=Status.OPEN)
    answered = desk.hear(key="k1")
    desk.say(answered.conversation, MessageKind.ANSWER, handled=(answered.message.id, answered.message.id - 1))
    assert store.conversations.count_unhandled()["chat"] == 3


def fill(connection) -> None:
    """So many contacts who wait for their first answer."""
    numbers = f"(WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < {MANY}) SELECT v FROM n)"
    connection.execute(
        "INSERT INTO contacts (id, channel, key, name, email, language)"
        f" SELECT v, 'chat', 'k' || v, '', '', '' FROM {numbers}"
    )
    connection.execute(
        "INSERT INTO conversations (id, channel, contact, status, agent, assignee, language, opened_at, last_message,"
        " last_message_at, last_sender, version) SELECT 'c' || id, channel, id, 'pending', 'ada', '', '',"
        " '2026-01-15T12:00:00.000000+00:00', id, '2026-01-15T12:00:00.000000+00:00', 'contact', 1 FROM contacts"
    )
    connection.execute(
        "INSERT INTO messages (id, conversation, sender, kind, text, at, language, author, options, attachments,"
        " citations, decision, reason, agent_version, index_generation, evidence) SELECT contact, id, 'contact',"
        " 'inbound', 'hello', opened_at, '', '', '[]', '[]', '[]', '', '', 0, 0, '' FROM conversations"
    )
    connection.execute(
        "INSERT INTO inbound (channel, external_id, message, conversation, sent_at, body_hash)"
        " SELECT 'chat', 'x' || id, id, conversation, at, '' FROM messages"
    )


def test_however_much_waits_only_what_is_asked_for_is_held_in_memory(store):
    store._database.write(fill)
    store.conversations.unhandled(limit=1)
    tracemalloc.start()
    try:
        found = store.conversations.unhandled(limit=100)
        assert store.conversations.count_unhandled() == {"chat": MANY}
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [conversation.id for conversation, _ in found] == [f"c{number}" for number in range(1, 101)]
    assert peak < 2_000_000
