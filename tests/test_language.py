"""Languages: detection with a prior, and the words that search compares."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.language import DETECTED, detect, stemmer, words

QUESTIONS = {
    "en": "How do I cancel my subscription?",
    "sv": "Hur säger jag upp min prenumeration?",
    "de": "Wie kann ich mein Abonnement kündigen?",
    "fr": "Comment puis-je résilier mon abonnement ?",
    "es": "¿Cómo puedo cancelar mi suscripción?",
    "pt": "Como posso cancelar a minha assinatura?",
    "it": "Come posso disdire il mio abbonamento?",
    "nl": "Hoe kan ik mijn abonnement opzeggen?",
    "da": "Hvordan opsiger jeg mit abonnement?",
    "nb": "Hvordan sier jeg opp abonnementet mitt?",
    "fi": "Miten voin peruuttaa tilaukseni?",
    "pl": "Jak mogę anulować moją subskrypcję?",
    "cs": "Jak mohu zrušit své předplatné?",
    "ja": "パスワードを忘れました",
    "ru": "Как мне отменить подписку?",
    "el": "Πώς μπορώ να ακυρώσω τη συνδρομή μου;",
}


@pytest.mark.parametrize(("language", "question"), QUESTIONS.items())
def test_a_question_is_known_by_its_language_whatever_the_prior(language, question):
    other = "sv" if language != "sv" else "en"
    assert detect(question, other)[0] == language
    code, probability = detect(question)
    assert code == language
    assert 0.6 < probability <= 1.0


@pytest.mark.parametrize("text", ["ok", "reset password", "iPhone 15", "12345", "", "!?", "hej", "密码"])
def test_a_text_that_says_too_little_keeps_the_prior(text):
    assert detect(text, "fi") == ("fi", 0.0)


def test_a_short_sentence_that_is_sure_overrules_the_prior():
    assert detect("Wie kündige ich?", "en")[0] == "de"


def test_a_language_that_the_model_does_not_know_is_not_taken_for_its_neighbour():
    assert detect("Hvernig segi ég upp áskriftinni minni hjá ykkur", "is")[0] == "is"


def test_no_letters_and_no_prior_is_no_language():
    assert detect("42 %") == ("", 0.0)


@given(st.text(max_size=200), st.sampled_from(["", "en", "sv", "xx"]))
def test_detection_never_fails_and_gives_a_known_code_or_the_prior(text, prior):
    code, probability = detect(text, prior)
    assert code in DETECTED | {prior}
    assert 0.0 <= probability <= 1.0
    assert detect(text, prior) == (code, probability)


def test_words_are_stemmed_by_their_language():
    assert words("Prenumerationerna", "sv") == words("prenumeration", "sv")
    assert words("running shoes", "en") == ["run", "shoe"]
    assert words("running shoes", "xx") == ["running", "shoes"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("COVID-19", ["covid-19", "covid", "19"]),
        ("os.path", ["os.path", "os", "path"]),
        ("max_pages", ["max_pages", "max", "page"]),
        ("version 3.5", ["version", "3.5"]),
        ("C++ or C#?", ["c++", "or", "c#"]),
        ("don’t", ["don't"]),
        ("Anna's", ["anna"]),
        ("Windows-7", ["windows-7", "window", "7"]),
        ("ﬁle ＡＢＣ", ["file", "abc"]),
        ("soft\u00adware", words("software", "en")),
        ("İstanbul", ["istanbul"]),
        ("パスワ", ["パス", "スワ"]),
        ("iPhoneを", ["iphon", "を"]),
        ("नमस्ते", ["नमस्ते"]),
        ("-- ... __ '", []),
    ],
)
def test_words(text, expected):
    assert words(text, "en") == expected


def test_an_elided_article_does_not_hide_the_french_word():
    assert words("abonnement", "fr")[0] in words("l’abonnement", "fr")


@given(st.text(max_size=300), st.sampled_from(["en", "sv", "fr", "ja", "xx", ""]))
def test_words_never_fail_and_are_the_same_each_time(text, language):
    found = words(text, language)
    assert found == words(text, language)
    assert all(word and not any(char.isspace() for char in word) for word in found)


@given(st.lists(st.sampled_from(["refund", "e-post", "C++", "3.5", "os.path", "återbetalning"]), max_size=8))
def test_each_written_word_is_read_alone_or_in_company_alike(written):
    assert words(" ".join(written), "en") == [word for one in written for word in words(one, "en")]


def test_a_stemmer_is_given_where_there_is_one():
    swedish = stemmer("sv")
    assert swedish is not None
    assert swedish("bilarna") == swedish("bilar")
    assert stemmer("ja") is None
