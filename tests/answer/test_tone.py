"""CRE-4: role, personality and brand voice change how replies are worded, never what is true in them."""

from __future__ import annotations

from itertools import product

import pytest

from custagent.core.agent import Personality, Role
from custagent.core.answer import DecisionKind, Question
from custagent.core.workspace import Voice, VoiceWords, Workspace
from custagent.locales import languages
from custagent.locales.tones import OPTIONAL, TONES, ways

#: What a page says in each language, and what it is asked: the question's own words, for vectors are hashes here.
PAGES = {
    "da": ("Retur", "Du har 30 dage til at sende en cykel retur. Fragten koster 49 kr.", "Hvor mange dage har jeg til at sende en cykel retur?"),
    "de": ("Rückgabe", "Sie können ein Fahrrad innerhalb von 30 Tagen zurückgeben. Der Versand kostet 4,90 Euro.", "Innerhalb von wie vielen Tagen kann ich ein Fahrrad zurückgeben?"),
    "en": ("Returns", "You can return a bicycle within 30 days. Shipping it back costs 4.90 euros.", "Within how many days can I return a bicycle?"),
    "es": ("Devoluciones", "Puede devolver una bicicleta en un plazo de 30 días. El envío cuesta 4,90 euros.", "¿En qué plazo puedo devolver una bicicleta?"),
    "fi": ("Palautukset", "Voit palauttaa polkupyörän 30 päivän kuluessa. Lähetys maksaa 4,90 euroa.", "Monenko päivän kuluessa voin palauttaa polkupyörän?"),
    "fr": ("Retours", "Vous pouvez retourner un vélo sous 30 jours. L’envoi coûte 4,90 euros.", "Sous combien de jours puis-je retourner un vélo ?"),
    "it": ("Resi", "Può restituire una bicicletta entro 30 giorni. La spedizione costa 4,90 euro.", "Entro quanti giorni posso restituire una bicicletta?"),
    "nb": ("Retur", "Du har 30 dager på deg til å sende en sykkel i retur. Frakten koster 49 kr.", "Hvor mange dager har jeg på meg til å sende en sykkel i retur?"),
    "nl": ("Retour", "U kunt een fiets binnen 30 dagen terugsturen. De verzending kost 4,90 euro.", "Binnen hoeveel dagen kan ik een fiets terugsturen?"),
    "pl": ("Zwroty", "Rower można zwrócić w ciągu 30 dni. Wysyłka kosztuje 20 zł.", "W ciągu ilu dni można zwrócić rower?"),
    "pt": ("Devoluções", "Pode devolver uma bicicleta no prazo de 30 dias. O envio custa 4,90 euros.", "Em que prazo posso devolver uma bicicleta?"),
    "sv": ("Returer", "Du kan returnera en cykel inom 30 dagar. Frakten kostar 49 kr.", "Inom hur många dagar kan jag returnera en cykel?"),
}  # fmt: skip
AGENTS = list(product(Role, Personality))


@pytest.fixture(scope="module")
def pages(shared_content, chunk):
    """Makes the answerer of an agent that knows one page, in one language."""
    made = {}

    def of(language: str):
        if language not in made:
            title, text, _ = PAGES[language]
            made[language] = shared_content()
            made[language].add([chunk(text, title=title, language=language)], source="page")
        return made[language]

    return of


def test_there_is_a_page_in_every_language():
    assert set(PAGES) == set(languages())


@pytest.mark.parametrize("language", languages())
def test_the_same_question_gets_other_words_and_the_same_facts(pages, agent, language):
    asked = Question(text=PAGES[language][2], language=language)
    answers = [
        pages(language)
        .answerer(agent(role=role, personality=personality, default_language=language, sure="answer"))
        .answer(asked)
        for role, personality in AGENTS
    ]
    assert len({answer.text for answer in answers}) == len(AGENTS) == 15
    assert len({(answer.decision, answer.language, answer.citations) for answer in answers}) == 1
    assert answers[0].decision.kind is DecisionKind.ANSWER
    (citation,) = answers[0].citations
    assert "30" in citation.quote
    # What is not the page's own is one of the openings, and no opening holds a fact.
    for (role, personality), answer in zip(AGENTS, answers, strict=True):
        opening, quote = answer.text.split("\n\n", 1)
        assert opening in ways(language, personality, role, "lead_in")
        assert quote == citation.quote


@pytest.mark.parametrize("language", languages())
def test_a_brand_voice_has_the_same_facts(pages, agent, language):
    words = [word for tone in TONES for role in Role for key in OPTIONAL for word in ways(language, tone, role, key)]
    avoided = {letters.strip(":.?!").lower() for way in words for letters in way.split() if letters.strip(":.?!")}
    voices = (
        Voice(name="plain", description="Plain."),
        Voice(name="mute", description="Mute.", words=VoiceWords(avoid=tuple(avoided)), language=language),
    )
    asked = Question(text=PAGES[language][2], language=language)
    plain, mute = (
        pages(language)
        .answerer(
            agent(voice=voice.name, default_language=language, sure="answer"),
            workspace=Workspace(name="Spokes", voices=voices),
        )
        .answer(asked)
        for voice in voices
    )
    assert plain.citations == mute.citations
    # The page is quoted word for word, whatever the voice avoids; the agent's own words are not said.
    assert mute.text == mute.citations[0].quote
    assert plain.text == f"{ways(language, 'plain', 'customer-service', 'lead_in')[0]}\n\n{mute.text}"


@pytest.mark.parametrize("personality", Personality)
@pytest.mark.parametrize("said", ["Hello!", "Thank you!", "Goodbye!", "ok", "I want to talk to a person"])
def test_small_talk_and_handing_over_sound_like_the_agent(pages, agent, personality, said):
    plain, own = (
        pages("en").answerer(agent(personality=tone)).answer(Question(text=said, language="en"))
        for tone in (None, personality)
    )
    assert plain.decision == own.decision
    assert plain.citations == own.citations == ()
    assert plain.text != own.text
