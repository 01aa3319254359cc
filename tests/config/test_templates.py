"""The templates of `custagent create`: valid in every language, written in the agent's where they have it."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

import pytest

from custagent.answer.understanding.triggers import find_triggers
from custagent.config import templates
from custagent.config.agents import load_agent
from custagent.config.editor import NewAgent, new_agent_text, write_new
from custagent.config.home import Home
from custagent.config.report import Report
from custagent.config.templates import PLAIN, TEMPLATES, template_languages, template_text
from custagent.core.agent import EMBEDDED, AgentDefinition, ConfidencePreset, Personality, Role, ShortAnswerSource
from custagent.locales import catalogue, languages

#: By template and language: what people ask that no topic or phrase may keep from being answered.
ASKED = {
    "shop": {
        "en": (
            "How long does delivery take?", "What does it cost to return something?", "Can I pay by invoice?",
            "Where is my order?", "How do I change my password?", "Do you have discounts for students?",
        ),
        "sv": ("Hur lång är leveranstiden?", "Vad kostar en retur?", "Var är min beställning?", "Har ni studentrabatt?"),
        "de": ("Wie lange dauert die Lieferung?", "Was kostet eine Rückgabe?", "Wo ist meine Bestellung?", "Gibt es Studentenrabatt?"),
        "fr": ("Quel est le délai de livraison ?", "Combien coûte un retour ?", "Où est ma commande ?", "Avez-vous une remise étudiante ?"),
        "es": ("¿Cuánto tarda el envío?", "¿Cuánto cuesta una devolución?", "¿Dónde está mi pedido?", "¿Hay descuento para estudiantes?"),
        "pt": ("Quanto tempo demora a entrega?", "Quanto custa uma devolução?", "Onde está a minha encomenda?", "Há desconto para estudantes?"),
        "it": ("Quanto dura la consegna?", "Quanto costa un reso?", "Dov'è il mio ordine?", "Avete uno sconto per studenti?"),
        "nl": ("Hoe lang duurt de levering?", "Wat kost een retour?", "Waar is mijn bestelling?", "Is er studentenkorting?"),
        "da": ("Hvor lang er leveringstiden?", "Hvad koster det at returnere?", "Hvor er min ordre?", "Har I studierabat?"),
        "nb": ("Hvor lang er leveringstiden?", "Hva koster en retur?", "Hvor er bestillingen min?", "Har dere studentrabatt?"),
        "fi": ("Kuinka kauan toimitus kestää?", "Mitä palautus maksaa?", "Missä tilaukseni on?", "Onko teillä opiskelija-alennus?"),
        "pl": ("Jak długo trwa dostawa?", "Ile kosztuje zwrot?", "Gdzie jest moje zamówienie?", "Czy jest zniżka dla studentów?"),
    },
    "public-agency": {
        "en": (
            "How do I apply for school transport?", "Am I entitled to a parking permit?", "When are you open?",
            "How do I appeal a decision?", "Is it legal to burn leaves in my garden?", "Where do I find the form?",
            "Where is the emergency shelter?",
        ),
        "sv": ("Vem har rätt till skolskjuts?", "När har ni öppet?", "Hur överklagar jag ett beslut?", "Får jag elda löv?", "Var hittar jag blanketten?"),
        "de": ("Wer hat Anspruch auf Schülerbeförderung?", "Wann haben Sie geöffnet?", "Wie lege ich Widerspruch gegen einen Bescheid ein?", "Wo stelle ich den Antrag?"),
        "fr": ("Qui a droit au transport scolaire ?", "Quand êtes-vous ouverts ?", "Comment contester une décision ?", "Où trouver le formulaire de demande ?"),
        "es": ("¿Quién tiene derecho al transporte escolar?", "¿Cuándo abren?", "¿Cómo recurro una decisión?", "¿Dónde presento la solicitud?"),
        "pt": ("Quem tem direito ao transporte escolar?", "Quando estão abertos?", "Como recorro de uma decisão?", "Onde apresento o pedido?"),
        "it": ("Chi ha diritto al trasporto scolastico?", "Quando siete aperti?", "Come faccio ricorso contro una decisione?", "Dove presento la domanda?"),
        "nl": ("Wie heeft recht op leerlingenvervoer?", "Wanneer bent u open?", "Hoe maak ik bezwaar tegen een besluit?", "Waar dien ik de aanvraag in?"),
        "da": ("Hvem har ret til skolekørsel?", "Hvornår har I åbent?", "Hvordan påklager jeg en afgørelse?", "Hvor finder jeg blanketten?"),
        "nb": ("Hvem har rett til skoleskyss?", "Når har dere åpent?", "Hvordan påklager jeg et vedtak?", "Hvor finner jeg skjemaet?"),
        "fi": ("Kenellä on oikeus koulukuljetukseen?", "Milloin olette auki?", "Miten haen muutosta päätökseen?", "Mistä löydän lomakkeen?"),
        "pl": ("Kto ma prawo do dowozu do szkoły?", "Kiedy jest otwarte?", "Jak odwołać się od decyzji?", "Gdzie złożyć wniosek?"),
    },
}  # fmt: skip
#: By template and language: what has to be kept from the content, or go to a person.
CLOSED = {
    "shop": {
        "en": ("I would like to cancel my order", "My parcel arrived broken", "Can you give me a discount?", "I was charged twice!"),
        "sv": ("Jag vill avbeställa min beställning", "Vasen kom trasig", "Kan jag få bättre pris?"),
        "de": ("Ich möchte meine Bestellung stornieren", "Die Vase ist kaputt angekommen", "Können Sie mir einen Rabatt geben?", "Mein Paket ist noch nicht angekommen", "Es wurde doppelt abgebucht!"),
        "fr": ("Je voudrais annuler ma commande", "Le vase est arrivé cassé", "Pouvez-vous me faire une remise ?", "Mon colis n’est pas arrivé", "J’ai été débité deux fois !"),
        "es": ("Quiero cancelar mi pedido", "El jarrón ha llegado roto", "¿Me hace un descuento?", "Mi pedido no ha llegado", "¡Me han cobrado dos veces!"),
        "pt": ("Quero cancelar a minha encomenda", "O vaso chegou partido", "Pode fazer-me um desconto?", "Meu pedido não chegou", "Fui cobrado duas vezes!"),
        "it": ("Vorrei annullare il mio ordine", "Il vaso è arrivato rotto", "Può farmi uno sconto?", "Il pacco non è arrivato", "Mi è stato addebitato due volte!"),
        "nl": ("Ik wil mijn bestelling annuleren", "De vaas is kapot aangekomen", "Kunt u mij korting geven?", "Mijn pakket is niet bezorgd", "Er is twee keer afgeschreven!"),
        "da": ("Jeg vil gerne annullere min ordre", "Vasen var i stykker", "Kan jeg få rabat?", "Pakken er ikke kommet", "Der er trukket to gange!"),
        "nb": ("Jeg vil kansellere bestillingen min", "Vasen kom ødelagt", "Kan jeg få rabatt?", "Pakken har ikke kommet", "Det er trukket to ganger!"),
        "fi": ("Haluan peruuttaa tilaukseni", "Maljakko saapui rikki", "Saisinko alennusta?", "Pakettini ei ole saapunut", "Minulta on veloitettu kahdesti!"),
        "pl": ("Chcę anulować zamówienie", "Wazon przyszedł uszkodzony", "Czy mogę dostać rabat?", "Moja paczka nie dotarła", "Pobrano dwa razy!"),
    },
    "public-agency": {
        "en": ("Why was my application turned down?", "What is the status of my application?", "Can you give me legal advice?", "What dose should I take?", "Who should I vote for?"),
        "sv": ("Varför fick jag avslag?", "När får jag beslut?", "Vad händer i mitt ärende?", "Vilken medicin ska jag ta?", "Vilket parti ska jag rösta på?"),
        "de": ("Warum wurde mein Antrag abgelehnt?", "Wann bekomme ich meinen Bescheid?", "Wie ist der Stand meines Antrags?", "Welches Medikament soll ich nehmen?", "Welche Partei soll ich wählen?"),
        "fr": ("Pourquoi ma demande a été refusée ?", "Où en est ma demande ?", "Quel est l’état de ma demande ?", "Quel médicament dois-je prendre ?", "Pour qui dois-je voter ?"),
        "es": ("¿Por qué han denegado mi solicitud?", "¿Cómo va mi solicitud?", "¿Cuál es el estado de mi solicitud?", "¿Qué medicamento tomo?", "¿A quién debo votar?"),
        "pt": ("Porque foi recusado o meu pedido?", "Quando sai a decisão?", "Qual é o estado do meu pedido?", "Que medicamento devo tomar?", "Em quem devo votar?"),
        "it": ("Perché la mia domanda è stata respinta?", "A che punto è la mia domanda?", "Qual è lo stato della mia domanda?", "Quale farmaco devo prendere?", "Per chi devo votare?"),
        "nl": ("Waarom is mijn aanvraag afgewezen?", "Wanneer krijg ik een besluit?", "Wat is de status van mijn aanvraag?", "Welk medicijn moet ik nemen?", "Op wie moet ik stemmen?"),
        "da": ("Hvorfor fik jeg afslag?", "Hvornår får jeg en afgørelse?", "Hvad sker der i min sag?", "Hvilken medicin skal jeg tage?", "Hvem skal jeg stemme på?"),
        "nb": ("Hvorfor fikk jeg avslag?", "Når får jeg vedtak?", "Hva skjer i saken min?", "Hvilken medisin skal jeg ta?", "Hvem skal jeg stemme på?"),
        "fi": ("Miksi hakemukseni hylättiin?", "Milloin saan päätöksen?", "Mikä on hakemukseni tila?", "Mitä lääkettä minun pitäisi ottaa?", "Ketä minun pitäisi äänestää?"),
        "pl": ("Dlaczego mój wniosek został odrzucony?", "Kiedy dostanę decyzję?", "Jaki jest stan mojego wniosku?", "Jaki lek mam wziąć?", "Na kogo mam głosować?"),
    },
}  # fmt: skip


def made(home: Home, **decided: object) -> AgentDefinition:
    """An agent that was just created."""
    new = NewAgent(name="a", **decided)  # type: ignore[arg-type]  # each test gives what it is about
    write_new(home.agents_folder / "a.yaml", new_agent_text(new))
    return load_agent(home, "a")


def cases(said: dict[str, dict[str, tuple[str, ...]]]) -> list[tuple[str, str, str]]:
    """What is asked, each with its template and its language."""
    return [
        (one, language, text) for one, spoken in said.items() for language, texts in spoken.items() for text in texts
    ]


def triggered(agent: AgentDefinition, text: str, language: str) -> bool:
    found = find_triggers(text, agent, [catalogue(language), catalogue(agent.default_language)])
    return bool(found.guardrail or found.handoff_phrase)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("template", TEMPLATES)
def test_is_valid_in_every_language(home: Home, check: Callable[..., Report], template: str, language: str) -> None:
    agent = made(home, template=template, default_language=language)
    assert check().as_text() == "2 files checked: no findings"
    assert (agent.default_language, agent.model, agent.assignments) == (language, EMBEDDED, ())
    written = {"en", language} & set(template_languages(template))
    assert set(agent.messages) == written
    greetings = {agent.messages[one].greeting for one in written}
    assert None not in greetings
    assert len(greetings) == len(written)
    assert all(isinstance(source, ShortAnswerSource) and not source.valid_until for source in agent.sources)
    text = (home.agents_folder / "a.yaml").read_text(encoding="utf-8")
    assert max(map(len, text.split("\n"))) <= 120
    assert "\n\n\n" not in text


@pytest.mark.parametrize("language", [one for one in languages() if one != "en"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_is_written_in_every_language_as_in_english(home: Home, template: str, language: str) -> None:
    english = made(home, template=template)
    (home.agents_folder / "a.yaml").unlink()
    both = made(home, template=template, default_language=language)
    count = len(english.guardrails)
    assert len(both.guardrails) == 2 * count
    # What a topic hands over in English is handed over in the other language, too.
    assert [bool(one.message) for one in both.guardrails[count:]] == [bool(one.message) for one in english.guardrails]
    assert len(both.sources) == 2 * len(english.sources)
    assert both.handoff_phrases[: len(english.handoff_phrases)] == english.handoff_phrases
    assert len(both.handoff_phrases) > len(english.handoff_phrases)
    said = {code: texts.model_dump(exclude_none=True) for code, texts in both.messages.items()}
    assert set(said["en"]) == set(said[language])
    # Nothing was left as it stands in another file.
    assert not {*said["en"].values()} & {*said[language].values()}


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_language_of_the_product_has_its_file(template: str) -> None:
    assert set(template_languages(template)) == set(languages())


def test_every_file_is_a_template_or_a_language_of_one() -> None:
    found = {entry.name.split(".")[0] for entry in files(templates).iterdir() if entry.name.endswith(".yaml")}
    assert found == {PLAIN, *TEMPLATES}
    with pytest.raises(KeyError):
        template_text("../secrets", "en")


def test_the_agency_is_neutral_and_careful(home: Home) -> None:
    agent = made(home, template="public-agency")
    assert agent.personality is Personality.PROFESSIONAL
    assert agent.confidence.preset is ConfidencePreset.CAREFUL
    assert agent.messages["en"].disclosure
    for language in languages():
        text = template_text("public-agency", language)
        assert not any("!" in line for line in text.splitlines() if not line.lstrip().startswith("#")), language


def test_what_is_decided_takes_the_templates_place(home: Home, write: Callable[[str, str], object]) -> None:
    write("custagent.yaml", "name: N\nvoices: [{name: dry, description: Short.}]\n")
    agent = made(
        home,
        template="public-agency",
        role=Role.SALES_REPRESENTATIVE,
        voice="dry",
        confidence=ConfidencePreset.EAGER,
        model="openai/gpt-4o",
    )
    assert (agent.role, agent.voice, agent.personality) == (Role.SALES_REPRESENTATIVE, "dry", None)
    assert (agent.confidence.preset, agent.model) == (ConfidencePreset.EAGER, "openai/gpt-4o")


@pytest.mark.parametrize(("template", "language", "text"), cases(ASKED))
def test_ordinary_questions_are_left_to_the_content(home: Home, template: str, language: str, text: str) -> None:
    assert not triggered(made(home, template=template, default_language=language), text, language)


@pytest.mark.parametrize(("template", "language", "text"), cases(CLOSED))
def test_closed_topics_are_told(home: Home, template: str, language: str, text: str) -> None:
    assert triggered(made(home, template=template, default_language=language), text, language)


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_is_asked_and_closed_is_held_for_every_language(template: str) -> None:
    assert set(ASKED[template]) == set(CLOSED[template]) == set(languages())
