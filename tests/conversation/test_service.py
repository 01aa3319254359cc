"""What the service makes of each decision: messages, status, assignee, charge, disclosure, evidence."""

from __future__ import annotations

import json
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from custagent.core.answer import DecisionKind, Evidence, Reason, Usage, Utterance
from custagent.core.conversation import Status
from custagent.core.document import Chunk, Citation, ScoredChunk
from custagent.core.message import Attachment, MessageKind, Sender

ANSWER, CLARIFY, REPHRASE, HANDOFF = DecisionKind


def kinds(turn) -> list[str]:
    return [message.kind.value for message in turn.messages]


@pytest.mark.parametrize(
    ("decision", "reason", "kind", "price"),
    [
        (ANSWER, Reason.GROUNDED, "answer", 100),
        (ANSWER, Reason.SHORT_ANSWER, "answer", 100),
        (ANSWER, Reason.GUARDRAIL, "answer", 100),
        (ANSWER, Reason.SMALL_TALK, "small-talk", 0),
        (CLARIFY, Reason.AMBIGUOUS, "clarify", 100),
        (REPHRASE, Reason.NOTHING_FITS, "rephrase", 100),
    ],
)
def test_each_reply_keeps_the_conversation_with_the_agent(scene, decision, reason, kind, price):
    asked = scene.said("How much?")
    scene.decide(decision, reason)
    turn = scene.reply(asked)
    assert kinds(turn) == ["disclosure", kind]
    assert turn.messages[-1].text == f"the {decision.value}"
    assert (turn.status, turn.assignee, turn.agent, turn.handled) == (Status.PENDING, "", "support", (asked.id,))
    assert (turn.charge.amount if turn.charge else 0) == price
    assert not turn.withdraws
    assert turn.at == scene.clock.now()


def test_the_charge_names_its_policy(scene):
    scene.decide(ANSWER)
    charge = scene.reply(scene.said("How much?")).charge
    assert charge is not None
    assert charge.policy == "conversation"


def test_an_ai_says_that_it_is_one_at_first_contact_and_not_again(scene):
    scene.decide(ANSWER)
    first = scene.reply(scene.said("How much?"))
    assert kinds(first) == ["disclosure", "answer"]
    assert first.messages[0].text == "support disclosure en"
    scene.keep(first)
    assert kinds(scene.reply(scene.said("And shipping?"))) == ["answer"]


def test_it_says_so_again_when_people_gave_the_conversation_back(scene):
    scene.decide(ANSWER)
    scene.keep(scene.reply(scene.said("How much?")))
    scene.said("I am Anna.", Sender.PERSON, MessageKind.PERSON, author="anna")
    back = scene.reply(scene.said("And shipping?"))
    assert kinds(back) == ["disclosure", "answer"]
    scene.keep(back)
    assert kinds(scene.reply(scene.said("Thanks"))) == ["answer"]


def test_the_answerer_sees_the_conversation_but_not_the_notices(scene):
    scene.decide(CLARIFY, Reason.AMBIGUOUS, options=("E-bikes", "Used bikes"))
    scene.keep(scene.reply(scene.said("bikes")))
    scene.said("I am Anna.", Sender.PERSON, MessageKind.PERSON, author="anna")
    scene.decide(ANSWER)
    scene.reply(scene.said("the second"))
    (_, question) = scene.answerer.asked
    assert question.history == (
        Utterance(role="contact", text="bikes"),
        Utterance(
            role="agent",
            text="the clarify",
            decision=CLARIFY,
            options=("E-bikes", "Used bikes"),
            reason=Reason.AMBIGUOUS,
        ),
        Utterance(role="agent", text="I am Anna."),
    )
    assert (question.text, question.channel, question.language) == ("the second", "website", "en")


def test_the_answerer_is_told_of_the_files_that_came_along(scene):
    photo, bill = Attachment(name="frame.jpg"), Attachment(name="bill.pdf", size=900)
    first, second = scene.said("", attachments=(photo,)), scene.said("It is broken.", attachments=(bill,))
    scene.decide(ANSWER)
    scene.reply(first, second)
    assert scene.answerer.asked[0].attachments == (photo, bill)


def test_messages_that_waited_are_answered_together(scene):
    first, second = scene.said("I have a bike."), scene.said("It squeaks.")
    scene.decide(ANSWER)
    turn = scene.reply(first, second)
    assert scene.answerer.asked[0].text == "I have a bike.\nIt squeaks."
    assert scene.answerer.asked[0].history == ()
    assert turn.handled == (first.id, second.id)
    assert kinds(turn) == ["disclosure", "answer"]


def test_after_a_follow_up_the_contact_still_chooses_from_what_was_offered_before(scene):
    scene.said("Tell me about bikes")
    scene.said("Which?", Sender.AGENT, MessageKind.CLARIFY, decision="clarify", options=("E-bikes", "Used bikes"))
    scene.said("Did that help?", Sender.AGENT, MessageKind.FOLLOW_UP)
    scene.decide(DecisionKind.ANSWER)
    scene.reply(scene.said("The first one"))
    (question,) = scene.answerer.asked
    assert question.history[-1].options == ("E-bikes", "Used bikes")
    assert [said.text for said in question.history] == ["Tell me about bikes", "Which?"]


def test_the_language_of_the_reply_becomes_that_of_the_conversation(scene):
    scene.decide(ANSWER, language="sv")
    turn = scene.reply(scene.said("Vad kostar det?"))
    assert turn.language == "sv"
    assert [message.language for message in turn.messages] == ["sv", "sv"]
    assert turn.messages[0].text == "support disclosure sv"


def test_a_reply_keeps_what_it_rests_on(scene):
    chunk = Chunk(
        id=4, location="https://help.example/prices", title="Prices", text="It costs 5 €.", heading="Shop > Bells",
        anchor="bells", page=2, language="en",
    )  # fmt: skip
    cited = Citation(title="Prices", source=chunk.location, location=chunk.location, quote="It costs 5 €.")
    scene.decide(
        ANSWER,
        citations=(cited,),
        options=("a", "b"),
        evidence=Evidence(
            chunks=(ScoredChunk(chunk=chunk, cosine=0.912345, lexical=0.25, score=0.962345),),
            signals={"cosine": 0.912345},
        ),
        usage=Usage(model="x/y", input_tokens=5, output_tokens=6),
        timings_ms={"total": 3.5},
    )
    asked = scene.said("How much is a bell?")
    message = scene.reply(asked).messages[-1]
    assert message.citations == (cited,)
    assert message.options == ("a", "b")
    assert (message.decision, message.reason, message.confidence) == ("answer", "grounded", 0.8)
    assert (message.agent_version, message.index_generation) == (3, 7)
    kept = json.loads(message.evidence)
    assert kept["asked"] == [asked.id]
    assert kept["signals"] == {"cosine": 0.912345}
    assert [passage["title"] for passage in kept["passages"]] == ["Prices"]
    assert (kept["usage"]["model"], kept["timings_ms"]) == ("x/y", {"total": 3.5})


def test_with_stay_the_agent_keeps_what_it_cannot_finish(scene):
    scene.decide(HANDOFF, Reason.ASKED_FOR_PERSON)
    turn = scene.reply(scene.said("A person, please"))
    assert kinds(turn) == ["disclosure", "handoff-unavailable"]
    assert turn.messages[-1].text == "support handoff_unavailable en"
    assert (turn.messages[-1].decision, turn.messages[-1].reason) == ("handoff", "asked-for-person")
    assert (turn.status, turn.assignee, turn.charge) == (Status.PENDING, "", None)
    assert scene.people.asked == []


def test_with_transfer_somebody_gets_it(scene, colleague):
    scene.people.colleagues = [colleague("bo"), colleague("anna", open_conversations=3)]
    scene.decide(HANDOFF, Reason.ASKED_FOR_PERSON)
    turn = scene.reply(scene.said("A person, please"), to=("team:support", "user:anna"))
    assert kinds(turn) == ["disclosure", "handoff"]
    assert (turn.status, turn.assignee, turn.charge) == (Status.OPEN, "user:bo", None)
    assert scene.people.asked == [("team:support", "user:anna")]


def test_who_speaks_the_contacts_language_goes_first(scene, colleague):
    scene.people.colleagues = [colleague("anna", "en"), colleague("bo", "sv", open_conversations=9)]
    scene.decide(HANDOFF, Reason.ASKED_FOR_PERSON, language="sv")
    assert scene.reply(scene.said("En människa, tack"), to=("team:support",)).assignee == "user:bo"


@pytest.mark.parametrize(
    ("to", "assignee"), [(("user:bo", "team:support", "team:night"), "team:support"), (("user:bo",), "")]
)
def test_with_nobody_there_it_waits_in_the_teams_queue(scene, to, assignee):
    scene.decide(HANDOFF, Reason.ATTEMPTS_USED)
    turn = scene.reply(scene.said("Hm?"), to=to)
    assert kinds(turn) == ["disclosure", "handoff-unavailable"]
    assert (turn.status, turn.assignee) == (Status.OPEN, assignee)


def test_a_handoff_after_an_answer_adds_no_charge_and_no_disclosure(scene):
    scene.decide(ANSWER)
    scene.keep(scene.reply(scene.said("How much?")))
    scene.decide(HANDOFF, Reason.ASKED_FOR_PERSON)
    turn = scene.reply(scene.said("A person, please"), to=("team:support",))
    assert kinds(turn) == ["handoff-unavailable"]
    assert turn.charge is None


def test_a_paused_agent_hands_over_without_thinking(scene, colleague):
    scene.people.colleagues = [colleague("bo")]
    asked = scene.said("Vad kostar det?")
    turn = scene.reply(asked, paused=True, to=("team:support",))
    assert kinds(turn) == ["disclosure", "handoff"]
    assert scene.answerer.asked == []
    assert (turn.status, turn.assignee, turn.charge, turn.handled) == (Status.OPEN, "user:bo", None, (asked.id,))
    message = turn.messages[-1]
    # In the contact's language, as far as it is known.
    assert (message.decision, message.reason, message.language) == ("handoff", "paused", "sv")


def test_a_paused_agent_without_people_keeps_the_conversation(scene):
    turn = scene.reply(scene.said("How much?"), paused=True)
    assert kinds(turn) == ["disclosure", "handoff-unavailable"]
    assert turn.status is Status.PENDING


def test_an_agent_that_failed_hands_over(scene, colleague):
    scene.people.colleagues = [colleague("bo")]
    asked = scene.said("How much?")
    turn = scene.service.give_up(scene.agent(to=("team:support",)), scene.conversation, scene.thread, [asked])
    assert kinds(turn) == ["disclosure", "handoff"]
    assert (turn.status, turn.assignee, turn.handled) == (Status.OPEN, "user:bo", (asked.id,))
    assert turn.messages[-1].reason == "failed"
    assert scene.answerer.asked == []


def test_an_agent_that_failed_where_nobody_is_keeps_the_conversation(scene):
    """Handed to nobody, the contact could never reach the agent again."""
    turn = scene.service.give_up(scene.agent(), scene.conversation, scene.thread, [scene.said("How much?")])
    assert kinds(turn) == ["disclosure", "handoff-unavailable"]
    assert turn.status is Status.PENDING


def test_without_an_agent_the_conversation_waits_for_people(scene):
    asked = scene.said("How much?")
    turn = scene.service.give_up(None, scene.conversation, scene.thread, [asked])
    assert (turn.messages, turn.status, turn.assignee, turn.handled) == ((), Status.OPEN, "", (asked.id,))
    assert turn.charge is None


def test_when_it_is_a_matter_of_hours_the_contact_hears_when_somebody_is_there_again(scene):
    """HND-2."""
    scene.people.opens = scene.clock.now().astimezone(ZoneInfo("Europe/Stockholm")) + timedelta(hours=1)
    scene.decide(DecisionKind.HANDOFF, Reason.ASKED_FOR_PERSON, language="sv")
    turn = scene.reply(scene.said("En människa"), to=("team:support",))
    assert turn.messages[-1].text == "support handoff_unavailable sv\n\nVi är tillbaka i dag klockan 14:00 CET."
    assert (turn.status, turn.assignee) == (Status.OPEN, "team:support")


def test_who_is_there_is_not_told_when_somebody_is(scene, colleague):
    scene.people.opens = scene.clock.now() + timedelta(hours=1)
    scene.people.colleagues = [colleague("bo")]
    scene.decide(DecisionKind.HANDOFF, Reason.ASKED_FOR_PERSON)
    assert scene.reply(scene.said("A person"), to=("team:support",)).messages[-1].text == "support handoff en"


def test_people_are_told_what_it_is_about(scene):
    """HND-4."""
    asked = scene.said("Where is it?")
    scene.said("It is here", Sender.AGENT, MessageKind.ANSWER, decision="answer", reason="grounded", confidence=0.9)
    scene.decide(DecisionKind.HANDOFF, Reason.ASKED_FOR_PERSON)
    summary = scene.reply(scene.said("A person, please"), to=("team:support",)).summary
    assert (summary.reason, summary.asked, summary.answers) == ("asked-for-person", (asked.id,), 1)
    # The agent keeps it: nobody needs to be told.
    assert scene.reply(scene.said("A person!")).summary is None
