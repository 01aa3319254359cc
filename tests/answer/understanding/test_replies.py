"""What "yes", "no" and "it did not work" mean after what the agent said."""

from __future__ import annotations

import pytest

from custagent.answer.understanding.replies import dislikes, heard
from custagent.answer.understanding.triggers import SmallTalk, Triggers, find_triggers
from custagent.core.agent import AgentDefinition
from custagent.core.answer import DecisionKind, Question, Reason, Utterance
from custagent.locales import catalogue, languages

ANSWER, CLARIFY, REPHRASE, HANDOFF = DecisionKind
SUPPORT = AgentDefinition(name="support")
QUESTION = Utterance(role="contact", text="How long do refunds take?")


def said(decision: DecisionKind | None, reason: Reason | None = None) -> tuple[Utterance, ...]:
    options = ("Refunds", "Returns") if decision is CLARIFY else ()
    return (QUESTION, Utterance(role="agent", text="…", decision=decision, reason=reason, options=options))


ANSWERED = said(ANSWER, Reason.GROUNDED)
ANYTHING_ELSE = (*ANSWERED, Utterance(role="contact", text="thanks"), *said(ANSWER, Reason.SMALL_TALK)[1:])
ASKED_AGAIN = said(REPHRASE, Reason.NOTHING_FITS)
HANDED_OVER = said(HANDOFF, Reason.ATTEMPTS_USED)
GREETED = (Utterance(role="agent", text="Hello!"),)


def meaning(text: str, history: tuple[Utterance, ...], language: str = "en") -> Triggers:
    ordered = [catalogue(one) for one in sorted(languages(), key=lambda one: one != language)]
    return heard(Question(text=text, history=history), find_triggers(text, SUPPORT, ordered), ordered)


@pytest.mark.parametrize(
    ("text", "history", "kind"),
    [
        ("yes", ANSWERED, SmallTalk.ACKNOWLEDGEMENT),
        ("Yes, exactly!", ANSWERED, SmallTalk.ACKNOWLEDGEMENT),
        ("ja", ANSWERED, SmallTalk.ACKNOWLEDGEMENT),
        ("ok", ANSWERED, SmallTalk.ACKNOWLEDGEMENT),
        ("yes", HANDED_OVER, SmallTalk.ACKNOWLEDGEMENT),
        ("yes", ANYTHING_ELSE, SmallTalk.GO_ON),
        ("yes", GREETED, SmallTalk.GO_ON),
        ("yes", (), SmallTalk.GO_ON),
        ("yes", ASKED_AGAIN, SmallTalk.GO_ON),
        ("no", ANYTHING_ELSE, SmallTalk.GOODBYE),
        ("No.", GREETED, SmallTalk.GOODBYE),
        ("no", HANDED_OVER, SmallTalk.ACKNOWLEDGEMENT),
        ("no", (), SmallTalk.GO_ON),
        ("no, thanks", ANSWERED, SmallTalk.GOODBYE),
        ("thanks", ANSWERED, SmallTalk.THANKS),
    ],
)
def test_agreeing_and_refusing_are_small_talk(text, history, kind):
    found = meaning(text, history)
    assert (found.small_talk, found.not_helped) == (kind, False)


@pytest.mark.parametrize("history", [ANSWERED, ASKED_AGAIN, said(ANSWER), said(ANSWER, Reason.GUARDRAIL)])
@pytest.mark.parametrize(
    "text",
    ["no", "No, it didn't.", "it did not work", "It still doesnt work", "no, that did not help at all", "Sorry, but it didn't help",
     "that's not what I asked", "not really", "I already tried that", "👎", "😞!", "Thanks, but it doesn't work for me"],
)  # fmt: skip
def test_an_answer_that_did_not_help_is_heard(text, history):
    found = meaning(text, history)
    assert found.not_helped
    assert not found.empty


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("sv", "Nej, det fungerade tyvärr inte"), ("sv", "Nej, det hjälpte inte"), ("de", "Nein, das hat leider nicht geholfen"),
        ("de", "Funktioniert immer noch nicht"), ("fr", "Non, ça ne marche toujours pas"), ("fr", "non ca marche pas"),
        ("es", "No, no funciona"), ("pt", "Não, isso não ajudou"), ("it", "No, purtroppo non funziona"),
        ("nl", "Nee, dat helpt niet"), ("da", "Nej, det virkede desværre ikke"), ("nb", "Nei, det fungerte dessverre ikke"),
        ("fi", "Ei, se ei auttanut"), ("pl", "Nie, to niestety nie pomogło"),
    ],
)  # fmt: skip
def test_in_every_language(language, text):
    assert meaning(text, ANSWERED, language).not_helped


@pytest.mark.parametrize("language", languages())
def test_every_phrase_of_a_catalogue_is_heard_and_no_word_around_it_alone(language):
    texts = catalogue(language)
    assert [one for one in texts.replies["not_helped"] if not meaning(one, ANSWERED, language).not_helped] == []
    assert [one for one in texts.replies["around"] if meaning(one, ANSWERED, language).not_helped] == []


@pytest.mark.parametrize(
    "text",
    ["It does not work when I press the red button", "no refunds?", "My bike did not help", "Does it not work in winter?",
     "It did not work, the motor is still cold", "thanks", "still", "but"],
)  # fmt: skip
def test_more_than_that_is_a_message_of_its_own(text):
    assert not meaning(text, ANSWERED).not_helped


@pytest.mark.parametrize("text", ["it did not work", "not working", "👎"])
def test_before_any_answer_it_is_what_the_contact_is_here_for(text):
    for history in ((), GREETED):
        assert not meaning(text, history).not_helped


@pytest.mark.parametrize("text", ["no", "yes", "none of these", "it did not work"])
def test_what_replies_to_a_question_back_is_for_the_options(text):
    history = said(CLARIFY, Reason.AMBIGUOUS)
    found = meaning(text, history)
    assert (found.not_helped, found.small_talk) == (False, None)


def test_nothing_but_signs_of_dislike_dislikes():
    assert dislikes("👎")
    assert dislikes(" 👎🏽 !")
    assert not dislikes("👎 why")
    assert not dislikes("👍")
    assert not dislikes("!")
    assert not dislikes("")
