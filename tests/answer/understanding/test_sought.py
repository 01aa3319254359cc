"""Whether a question asks for a price or a length of time, and whether a sentence states one."""

from __future__ import annotations

import pytest

from custagent.answer.understanding.sought import Sought, cue_words, sought_by, states
from custagent.language import word_set
from custagent.locales import languages

MONEY = {
    "en": ("What does delivery to Norway cost?", "Norway is 99 kr.", "Collecting is free of charge."),
    "sv": ("Vad kostar frakten till Norge?", "Norge: 99 kr.", "Att hämta är gratis."),
    "de": ("Was kostet der Versand nach Norwegen?", "Norwegen: 9,90 €", "Die Abholung ist kostenlos."),
    "fr": ("Combien coûte la livraison ?", "Norvège : 9,90 €", "Le retrait est gratuit."),
    "es": ("¿Cuánto cuesta el envío?", "Noruega: 9,90 €", "La recogida es gratuita."),
    "it": ("Quanto costa la spedizione?", "Norvegia: 9,90 euro", "Il ritiro è gratuito."),
    "pt": ("Quanto custa o envio?", "Noruega: 9,90 €", "O levantamento é gratuito."),
    "nl": ("Wat kost verzending?", "Noorwegen: € 9,90", "Afhalen is gratis."),
    "pl": ("Ile kosztuje dostawa?", "Norwegia: 39 zł", "Odbiór jest bezpłatny."),
    "fi": ("Paljonko toimitus maksaa?", "Norja: 9,90 euroa", "Nouto on ilmaista."),
    "da": ("Hvad koster fragten?", "Norge: 99 kr.", "Afhentning er gratis."),
    "nb": ("Hva koster frakten?", "Sverige: 99 kr", "Henting er gratis."),
}
TIME = {
    "en": ("How long does delivery take?", "Norway takes five working days.", "Your parcel leaves soon."),
    "sv": ("Hur lång tid tar leveransen?", "Norge tar 5 arbetsdagar.", "Ditt paket går snart."),
    "de": ("Wie lange dauert der Versand?", "Norwegen dauert 5 Werktage.", "Ihr Paket geht bald."),
    "fr": ("Combien de temps prend la livraison ?", "La Norvège prend 5 jours.", "Le colis part bientôt."),
    "es": ("¿Cuánto tiempo tarda el envío?", "Noruega tarda 5 días.", "Sale pronto."),
    "it": ("Quanto tempo ci vuole?", "La Norvegia richiede 5 giorni.", "Parte presto."),
    "pt": ("Quanto tempo demora o envio?", "A Noruega demora 5 dias.", "Sai em breve."),
    "nl": ("Hoe lang duurt de levering?", "Noorwegen duurt 5 werkdagen.", "Uw pakket gaat snel."),
    "pl": ("Jak długo trwa dostawa?", "Norwegia trwa 5 dni.", "Paczka wyjdzie wkrótce."),
    "fi": ("Kuinka kauan toimitus kestää?", "Norja kestää 5 arkipäivää.", "Paketti lähtee pian."),
    "da": ("Hvor lang tid tager leveringen?", "Norge tager 5 hverdage.", "Pakken går snart."),
    "nb": ("Hvor lang tid tar leveringen?", "Sverige tar 5 virkedager.", "Pakken går snart."),
}


@pytest.mark.parametrize("language", languages())
def test_each_language_asks_for_prices_and_states_them(language) -> None:
    asked, stated, free = MONEY[language]
    assert sought_by(asked, language) is Sought.MONEY
    assert states(stated, Sought.MONEY, language)
    assert states(free, Sought.MONEY, language)
    assert not states(TIME[language][1], Sought.MONEY, language)


@pytest.mark.parametrize("language", languages())
def test_each_language_asks_how_long_and_says_so(language) -> None:
    asked, stated, vague = TIME[language]
    assert sought_by(asked, language) is Sought.TIME
    assert states(stated, Sought.TIME, language)
    assert not states(vague, Sought.TIME, language)
    assert not states(MONEY[language][1], Sought.TIME, language)


def test_other_questions_ask_for_neither() -> None:
    for text in ("Can I return a lamp?", "How much physical activity do children need?", "When was it built?", ""):
        assert sought_by(text, "en") is None
    assert sought_by("What does it cost?", "xx") is None


@pytest.mark.parametrize("text", ["£4.50", "EUR 10", "1,250 kr", "49:-", "10 000 SEK", "€ 5"])
def test_prices_are_written_in_many_ways(text) -> None:
    assert states(text, Sought.MONEY, "en")


@pytest.mark.parametrize("text", ["call 112", "from 2019", "Kronborg 12", "We charge nothing else"])
def test_other_numbers_are_no_prices(text) -> None:
    assert not states(text, Sought.MONEY, "en")


def test_the_unit_may_stand_in_the_heading() -> None:
    assert not states("Country: Germany; Parcels: 3-5", Sought.TIME, "en")
    assert states("Country: Germany; Parcels: 3-5", Sought.TIME, "en", under="Working days by country")
    assert states("Country: Germany; Parcels: 95", Sought.MONEY, "en", under="Prices in EUR")
    assert not states("Country: Germany", Sought.MONEY, "en", under="Prices in EUR")


def test_the_words_that_ask_are_not_what_it_is_about() -> None:
    assert word_set("cost price", "en") <= cue_words(Sought.MONEY, "en")
    assert not word_set("delivery Norway", "en") & cue_words(Sought.MONEY, "en")
