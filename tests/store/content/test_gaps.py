"""Gaps as rows: who is against a reply, what two processes put at once, what an edit and an erasure leave."""

from __future__ import annotations

import json

import pytest

from custagent.conversation.evidence import evidence_text
from custagent.core.answer import Answer, Decision, DecisionKind, Evidence, Part, Reason
from custagent.core.channel_event import MessageChanged
from custagent.core.conversation import Status, Turn
from custagent.core.errors import UnknownName
from custagent.core.gap import AskedOnce, GapKind, GapStatus, NewQuestion, Placed
from custagent.core.message import Message, MessageKind, Sender, Verdict
from custagent.core.record import AuditEntry


def evidence(*asked: int, searched: str = "Do you ship?") -> str:
    return json.dumps({"asked": asked, "searched": searched, "language": "en", "parts": []})


@pytest.fixture
def replied(store, desk):
    """A contact asks, and the agent replies as told; the reply."""

    def reply(text="Do you ship?", *, key="k1", kind=MessageKind.REPHRASE, decision="rephrase", **given) -> Message:
        begun = desk.hear(text, key=key)
        said = Message(
            conversation=begun.conversation.id, sender=Sender.AGENT, kind=kind, text="…", at=desk.clock.now(),
            decision=decision, reason=given.pop("reason", "nothing-fits"), language="en",
            evidence=given.pop("evidence", evidence(begun.message.id)),
        )  # fmt: skip
        turn = Turn(
            conversation=desk.now(begun.conversation), status=Status.PENDING, messages=(said,), charge=desk.CHARGE,
            at=desk.clock.now(),
        )  # fmt: skip
        return store.conversations.commit(turn)[0]

    return reply


def new(reply: Message, kind: GapKind = GapKind.UNANSWERED, *, group: int = 1, gap: int = 0, names=True) -> Placed:
    asked = AskedOnce(reply=reply.id, conversation=reply.conversation, kind=kind, searched="s", language="en")
    question = NewQuestion(asked=asked, words=frozenset({"ship"}), engine="hash", vector=b"\0\0\x80?")
    return Placed(question=question, gap=gap, group=0 if gap else group, names=names)


def entry(desk) -> AuditEntry:
    return AuditEntry(at=desk.clock.now(), actor="anna", action="gaps answer", subject="ada")


def test_replies_are_read_once_in_order(store, replied):
    first, second = replied(key="k1"), replied(key="k2")
    replied(key="k3", kind=MessageKind.ANSWER, decision="answer", reason="grounded")
    looked = store.gaps.unread("ada", after=0, limit=9)
    assert [one.reply for one in looked] == [first.id, second.id]
    assert [one.reply for one in store.gaps.unread("ada", after=0, limit=1)] == [first.id]
    assert [one.reply for one in store.gaps.unread("ada", after=first.id, limit=9)] == [second.id]
    assert store.gaps.unread("bob", after=0, limit=9) == ()
    assert store.gaps.read_until("ada") == 0
    store.gaps.put("ada", [new(first)], first.at, until=first.id)
    assert store.gaps.read_until("ada") == first.id


def test_one_of_several_questions_is_called_by_its_own_words(store, replied):
    """The reply as a whole is an answer."""
    parts = (
        ("How long?", DecisionKind.ANSWER, Reason.GROUNDED),
        ("Where to?", DecisionKind.REPHRASE, Reason.NOTHING_FITS),
    )
    told = evidence_text(
        Answer(
            decision=Decision(kind=DecisionKind.ANSWER, reason=Reason.GROUNDED, confidence=0.9),
            text="…",
            language="en",
            parts=tuple(
                Part(
                    question=text,
                    decision=Decision(kind=kind, reason=reason, confidence=0.5),
                    evidence=Evidence(searched=text),
                )
                for text, kind, reason in parts
            ),
        ),
        [1],
    )
    reply = replied(kind=MessageKind.ANSWER, decision="answer", reason="grounded", evidence=told)
    assert [one.reply for one in store.gaps.unread("ada", after=0, limit=9)] == [reply.id]
    asked = AskedOnce(
        reply=reply.id, part=2, conversation=reply.conversation, kind=GapKind.UNANSWERED, searched="s", language="en"
    )
    question = NewQuestion(asked=asked, words=frozenset(), engine="hash", vector=b"\0\0\x80?")
    store.gaps.put("ada", [Placed(question=question, group=1, names=True)], reply.at, until=reply.id)
    assert store.gaps.gap(1).topic == "Where to?"
    (shown,) = store.gap_questions.of(1)
    assert (shown.text, shown.searched, shown.decision) == ("Where to?", "Where to?", "rephrase (nothing-fits)")


def test_what_came_next_is_told_where_it_is_an_answer_that_nobody_is_against(store, replied, desk):
    replied()
    answer = replied(kind=MessageKind.ANSWER, decision="answer", reason="grounded")
    (looked,) = store.gaps.unread("ada", after=0, limit=9)
    assert json.loads(looked.then)["searched"] == "Do you ship?"
    store.feedback.give(answer.id, Verdict.DOWN, desk.clock.now(), channel="chat", contact_key="k1")
    assert store.gaps.unread("ada", after=0, limit=9)[0].then == ""


def test_what_was_asked_back_before_is_told(store, replied):
    clarified = replied(kind=MessageKind.CLARIFY, decision="clarify", reason="unsure")
    replied("None of these", evidence=evidence(1, searched=""))
    looked = store.gaps.unread("ada", after=clarified.id, limit=9)
    assert [(one.before, json.loads(one.before_evidence)["searched"]) for one in looked] == [
        (clarified.id, "Do you ship?")
    ]


def test_a_persons_word_on_a_reply_counts_more_than_the_contacts(store, replied, desk):
    reply = replied(kind=MessageKind.ANSWER, decision="answer", reason="grounded")
    now = desk.clock.now()

    def judge(verdict):
        store.feedback.judge(reply.id, verdict, now, conversation=reply.conversation, author="anna", audit=entry(desk))

    assert store.gaps.judged_wrong("ada") == ()
    store.feedback.give(reply.id, Verdict.DOWN, now, channel="chat", contact_key="k1")
    assert [one.reply for one in store.gaps.judged_wrong("ada")] == [reply.id]
    judge(Verdict.UP)
    assert store.gaps.judged_wrong("ada") == ()
    judge(Verdict.DOWN)
    store.gaps.put("ada", [new(reply, GapKind.WRONG)], now, until=0)
    assert store.gaps.judged_wrong("ada") == ()
    assert store.gaps.withdraw("ada") == 0
    judge(Verdict.UP)
    assert store.gaps.withdraw("ada") == 1
    assert store.gaps.find() == ()


def test_what_two_processes_put_is_there_once(store, replied):
    reply, other = replied(key="k1"), replied(key="k2")
    store.gaps.put("ada", [new(reply)], reply.at, until=reply.id)
    store.gaps.put("ada", [new(reply), new(other, group=2)], reply.at, until=other.id)
    store.gaps.put("ada", [new(reply)], reply.at, until=reply.id)
    assert [gap.questions for gap in store.gaps.find(["ada"])] == [1, 1]
    assert store.gaps.read_until("ada") == other.id


def test_questions_of_one_new_gap_share_it_and_two_kinds_do_not(store, replied):
    one, two, three = replied(key="k1"), replied(key="k2"), replied(key="k3")
    store.gaps.put("ada", [new(one), new(two, names=False), new(three, GapKind.WRONG)], one.at, until=three.id)
    assert [(gap.kind.value, gap.questions) for gap in store.gaps.find()] == [("unanswered", 2), ("wrong", 1)]
    assert [one.gap for one in store.gaps.grouped("ada", GapKind.UNANSWERED)] == [1, 1]


def test_an_answered_gap_opens_by_what_came_later_only(store, replied, desk):
    early, first, late = (replied(key=f"k{number}") for number in range(3))
    store.gaps.put("ada", [new(first)], first.at, until=first.id)
    store.gaps.set_status(1, GapStatus.ANSWERED, desk.clock.now(), audit=entry(desk))
    assert store.gaps.put("ada", [new(early, gap=1, names=False)], desk.clock.now(), until=late.id) == ()
    desk.clock.advance(minutes=1)
    late = replied(key="k9")
    assert store.gaps.put("ada", [new(late, gap=1, names=False)], desk.clock.now(), until=late.id) == (1,)
    gap = store.gaps.gap(1)
    assert (gap.status, gap.closed_at, gap.reopened_at) == (GapStatus.OPEN, None, desk.clock.now())
    store.gaps.set_status(1, GapStatus.ANSWERED, desk.clock.now(), audit=entry(desk))
    assert store.gaps.gap(1).reopened_at is None


def test_what_a_contact_changed_is_compared_no_more_and_shown_as_it_stands(store, desk, replied):
    reply = replied()
    store.gaps.put("ada", [new(reply)], reply.at, until=reply.id)
    asked = store.conversations.messages(reply.conversation)[0]
    assert store.gaps.gap(1).topic == "Do you ship?"
    changed = MessageChanged(channel="chat", external_id="e1", changed="x1", text="Do you rent?", at=desk.clock.now())
    store.channel_news.take_soon([changed], desk.clock.now(), threadings=desk.THREADINGS).result()
    assert store.conversations.messages(reply.conversation)[0].id == asked.id
    assert store.gaps.gap(1).topic == "Do you rent?"
    assert store.gaps.grouped("ada", GapKind.UNANSWERED) == ()


def test_of_imported_conversations_nothing_is_read(store, replied, database):
    reply = replied()
    database.write(lambda connection: connection.execute("UPDATE conversations SET channel = 'import:old'"))
    assert store.gaps.unread("ada", after=0, limit=9) == ()
    assert reply.id


def test_a_gap_that_is_not_there(store):
    with pytest.raises(UnknownName, match="no gap 3"):
        store.gaps.gap(3)


def test_erasing_leaves_the_count_and_takes_what_is_compared(store, replied, desk):
    reply = replied(key="key-ada")
    store.gaps.put("ada", [new(reply)], reply.at, until=reply.id)
    (contact,) = store.erasure.find("key-ada")
    exported = store.erasure.rows_of([contact.id], [reply.conversation])["gap_questions"]
    assert [(row["gap"], row["words"]) for row in exported] == [(1, "ship")]
    assert json.dumps(exported)
    store.erasure.erase([contact.id], [reply.conversation], desk.clock.now())
    gap = store.gaps.gap(1)
    assert (gap.topic, gap.questions) == ("", 1)
    assert store.gaps.grouped("ada", GapKind.UNANSWERED) == ()
    store.gaps.embedded_anew({(reply.id, 0): b"\0\0\x80?"}, "other")
    assert store.gaps.grouped("ada", GapKind.UNANSWERED) == ()
    (question,) = store.gap_questions.of(1)
    assert (question.text, question.searched, question.nearest) == ("", "", None)
