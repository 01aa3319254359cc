"""What a message asks for by its words alone."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from custagent.answer.spoken import plain
from custagent.answer.understanding.triggers import Bare, SmallTalk, Triggers, find_triggers
from custagent.core.agent import AgentDefinition, Guardrail, Role
from custagent.locales import catalogue, languages

EVERY = [catalogue(language) for language in languages()]
AGENT = AgentDefinition(name="support")


def triggers(text, agent=AGENT, catalogues=EVERY) -> Triggers:
    return find_triggers(text, agent, catalogues)


@pytest.mark.parametrize(
    "text",
    [
        "I want to talk to a human.",
        "can i TALK  to\na   person???",
        "“Speak to someone”, now!",
        "Please connect me to a person",
        "Get me a human",
        "human",
        "Agent!",
        "agent please",
        "Is anybody there?",
        "Jag vill prata med en människa",
        "Får jag prata med någon i kundtjänst?",
        "KUNDTJÄNST",
        "koppla mig",
        "Kan du koppla mig vidare?",
        "talk\u00a0to\u200b a human",
        "I’d like to talk to someone about my order, it is late",
    ],
)
def test_asking_for_a_person_is_heard(text):
    assert triggers(text).asks_for_person


@pytest.mark.parametrize(
    "text",
    [
        "Can a person under 18 order?",
        "Where is your human resources department?",
        "How many persons fit on the cargo bike?",
        "When will you transfer me the refund?",
        "What does a customer service representative earn?",
        "Did someone from your team call me?",
        "Which travel agent do you work with?",
        "Does the operator of the site store cookies?",
        "Is there support for tubeless tyres?",
        "Hur kopplar jag mig till nätverket?",
        "Får en person under 18 beställa?",
        "Var ligger er kundtjänst?",
        "talk to a humanoid",
    ],
)
def test_talking_about_people_is_not_asking_for_one(text):
    assert not triggers(text).asks_for_person


@pytest.mark.parametrize(
    ("text", "kind", "language"),
    [
        ("Hello!", SmallTalk.GREETING, "en"),
        ("hi there :)", SmallTalk.GREETING, "en"),
        ("Good morning everyone", SmallTalk.GREETING, "en"),
        ("HEJ", SmallTalk.GREETING, ""),
        ("Hejsan!", SmallTalk.GREETING, "sv"),
        ("Guten Tag", SmallTalk.GREETING, "de"),
        ("¡Buenos días!", SmallTalk.GREETING, "es"),
        ("buenos dias", SmallTalk.GREETING, "es"),
        ("dziekuje bardzo", SmallTalk.THANKS, "pl"),
        ("Merci beaucoup !", SmallTalk.THANKS, "fr"),
        ("Ei kiitos", SmallTalk.GOODBYE, "fi"),
        ("Thank you so much for your help 🙏", SmallTalk.THANKS, "en"),
        ("great, thanks", SmallTalk.THANKS, "en"),
        ("Hi and thanks", SmallTalk.THANKS, "en"),
        ("Tack så mycket för hjälpen!", SmallTalk.THANKS, "sv"),
        ("Hej då", SmallTalk.GOODBYE, "sv"),
        ("thanks, bye", SmallTalk.GOODBYE, "en"),
        ("No, thank you.", SmallTalk.GOODBYE, "en"),
        ("that’s all", SmallTalk.GOODBYE, "en"),
        ("nej tack", SmallTalk.GOODBYE, "sv"),
        ("I see", SmallTalk.ACKNOWLEDGEMENT, "en"),
        ("ok", SmallTalk.ACKNOWLEDGEMENT, ""),
        ("OK, tack", SmallTalk.THANKS, "sv"),
    ],
)
def test_small_talk_is_known_with_its_language_where_only_one_has_it(text, kind, language):
    found = triggers(text)
    assert (found.small_talk, found.language, found.empty) == (kind, language, False)


@pytest.mark.parametrize(
    "text",
    [
        "Hi, how do I return my bike?",
        "thanks, but where is my parcel?",
        "Hello, order 4711",
        "Great bike!",
        "How are you different from other shops?",
        "Goodbye gifts",
        "and you",
        "Hej, var är mitt paket?",
        "tack för ingenting, var är paketet?",
        "all",
        "no",
        "hi " * 40,
    ],
)
def test_a_message_with_more_than_small_talk_is_none(text):
    assert triggers(text).small_talk is None


def test_the_likeliest_language_comes_first():
    assert [triggers("ok", catalogues=order).small_talk for order in (EVERY, EVERY[::-1])] == [
        SmallTalk.ACKNOWLEDGEMENT
    ] * 2
    assert triggers("hej", catalogues=[catalogue("en")]).small_talk is None


@pytest.mark.parametrize("text", ["", "   ", "\n", "?!", "...", "___", "🤷", "👍❓", "😡", "\u200b\ufeff", "—"])
def test_a_message_without_words_is_empty(text):
    assert triggers(text) == Triggers(empty=True)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("👍", SmallTalk.THANKS),
        ("👍🏽 ❤️!", SmallTalk.THANKS),
        ("👋", SmallTalk.GREETING),
        ("👋 🙏", SmallTalk.THANKS),
        ("😊", SmallTalk.ACKNOWLEDGEMENT),
    ],
)
def test_a_message_of_friendly_signs_is_small_talk(text, kind):
    assert triggers(text) == Triggers(small_talk=kind)


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("https://spokes.example/bike", Bare.LINK),
        ("<https://spokes.example/bike> www.spokes.example", Bare.LINK),
        ("See https://spokes.example/bike", None),
        ("4711", Bare.NUMBER),
        ("#4711", Bare.NUMBER),
        ("A-47110815", Bare.NUMBER),
        ("SE 12 34 56", Bare.NUMBER),
        ("[card number]", Bare.NUMBER),
        ("2", None),
        ("Order 4711", None),
        ("how much is 4711", None),
    ],
)
def test_a_link_or_a_number_alone_asks_nothing(text, bare):
    assert triggers(text).bare is bare


def test_numbers_are_words():
    assert not triggers("4711").empty


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("I will CANCEL my contract!", "cancel my contract"),
        ("cancel  my\tcontract", "cancel my contract"),
        ("I am cancelling my contract", "cancel my contract"),
        ("cancel my contracts", "cancel my contract"),
        ("a cancelled order", ""),
        ("cancel all my contract", ""),
        ("Straße kaputt", "STRASSE"),
        ("Ich wohne in der Hauptstraße", ""),
        ("我想找人工客服", "人工客服"),
        ("상담원과 얘기하고 싶어요", "상담원"),
        ("ISTANBUL", "İstanbul"),
        ("istanbul", "İstanbul"),
    ],
)
def test_a_handoff_phrase_is_its_words_in_sequence_in_any_form(text, said):
    agent = AgentDefinition(
        name="support", handoff_phrases=("cancel my contract", "STRASSE", "人工客服", "상담원", "İstanbul")
    )
    assert triggers(text, agent).handoff_phrase == said


@pytest.mark.parametrize(
    ("language", "phrase", "text"),
    [
        ("en", "lawyer", "My lawyers will write to you"),
        ("sv", "advokat", "Mina advokater hör av sig"),
        ("de", "Rechtsanwalt", "Ich habe mit meinen Rechtsanwälten gesprochen"),
        ("de", "kündigen", "Ich kündige den Vertrag"),
        ("fr", "avocat", "Mes avocats vous écriront"),
        ("es", "abogado", "Mis abogados le escribirán"),
        ("pt", "advogado", "Os meus advogados vão escrever"),
        ("it", "avvocato", "I miei avvocati vi scriveranno"),
        ("nl", "advocaat", "Ik bel mijn advocaat"),
        ("da", "advokat", "Mine advokater skriver til jer"),
        ("nb", "advokat", "Advokaten min skriver til dere"),
        ("fi", "asianajaja", "Asianajajani ottaa yhteyttä"),
    ],
)
def test_a_closed_topic_is_known_in_any_form_of_its_words(language, phrase, text):
    agent = AgentDefinition(name="support", guardrails=(Guardrail(topic="law", phrases=(phrase,)),))
    likely = [catalogue(one) for one in sorted(languages(), key=lambda one: one != language)]
    assert triggers(text, agent, likely).guardrail
    assert triggers("Wo? Var? Where is it?", agent, likely).guardrail is None


def test_a_phrase_in_another_language_than_the_message_takes_its_own_forms():
    agent = AgentDefinition(
        name="support", guardrails=(Guardrail(topic="law", phrases=("ich möchte meinen Vertrag kündigen",)),)
    )
    likely = [catalogue("en"), catalogue("sv")]
    assert triggers("Hello, ich möchte meine Verträge kündigen", agent, likely).guardrail


def test_a_phrase_of_punctuation_is_never_said():
    agent = AgentDefinition(name="support", handoff_phrases=("!!!",))
    assert triggers("help !!!", agent).handoff_phrase == ""


def test_a_guardrail_is_raised_by_any_of_its_phrases():
    legal = Guardrail(topic="legal", phrases=("sue", "legal action"))
    medical = Guardrail(topic="medical", phrases=("diagnosis",))
    agent = AgentDefinition(name="support", guardrails=(legal, medical))
    assert triggers("I'll take LEGAL ACTION, and I'll sue you", agent).guardrail is legal
    assert triggers("What is my diagnosis?", agent).guardrail is medical
    assert triggers("Is it an issue? Is my bike legal?", agent).guardrail is None


@pytest.mark.parametrize("text", ["I'd like to buy two bikes", "Kan jag få en offert?"])
def test_the_sales_role_hands_over_who_wants_to_buy_until_the_team_writes_phrases_of_its_own(text):
    sales = AgentDefinition(name="sales", role=Role.SALES_REPRESENTATIVE)
    assert triggers(text, sales).handoff_phrase
    assert not triggers(text, AGENT).handoff_phrase
    own = sales.model_copy(update={"handoff_phrases": ("wholesale",)})
    assert not triggers(text, own).handoff_phrase
    assert triggers("wholesale prices", own).handoff_phrase == "wholesale"


def test_letters_with_their_accents_come_before_those_without():
    # Danish "hej, da" would be a greeting.
    assert triggers("Hej då").small_talk is SmallTalk.GOODBYE
    assert triggers("hej da", catalogues=[catalogue("sv")]).small_talk is SmallTalk.GOODBYE


@pytest.mark.parametrize(
    "text", ["No", "none of these", "Nej, inget av dem", "keins davon", "Non, autre chose", "żadne z nich"]
)
def test_turning_down_what_was_offered_is_heard(text):
    assert triggers(text).refuses


@pytest.mark.parametrize("text", ["No refunds?", "none of these keys fit my lock", "nej tack", "yes", ""])
def test_more_than_a_refusal_is_none(text):
    assert not triggers(text).refuses


@pytest.mark.parametrize("language", languages())
def test_nothing_both_agrees_and_refuses(language):
    texts = catalogue(language)
    everywhere = {plain(word) for one in EVERY for word in one.refusal}
    assert everywhere.isdisjoint(map(plain, texts.agreement))


@pytest.mark.parametrize("language", languages())
def test_every_phrase_of_a_catalogue_is_understood(language):
    texts = catalogue(language)
    for kind, phrases in {
        SmallTalk.GREETING: texts.greetings,
        SmallTalk.THANKS: texts.thanks,
        SmallTalk.GOODBYE: texts.goodbyes,
        SmallTalk.ACKNOWLEDGEMENT: texts.acknowledgements,
    }.items():
        assert [phrase for phrase in phrases if triggers(phrase, catalogues=[texts]).small_talk is not kind] == []


@given(st.text(max_size=300))
@example("00")
@example("[card]")
@example("https://a.example")
def test_any_text_is_read_alike_whatever_its_case_and_spacing(text):
    assert find_triggers(f"\n {text}\t!", AGENT, EVERY) == find_triggers(text, AGENT, EVERY)
    assert plain(plain(text)) == plain(text)


@pytest.mark.parametrize("unit", ["a'", "hi ", "talk to a ", "'", "_", "人", "no thanks ", "\u0301", "👍", "é"])
def test_a_huge_message_is_read_in_one_go(unit):
    # Quadratic work on this would take minutes.
    triggers(unit * (400_000 // len(unit)))
