"""Languages: detection with a prior, and the words that search compares."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from custagent.language import DETECTED, detect, stemmer, words, words_of_each

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
    code, probability = detect(text, "fi")
    assert code == "fi"
    assert probability < 0.1


SHORT = [
    line.split("\t")
    for line in (Path(__file__).parent / "data" / "short_messages.tsv").read_text(encoding="utf-8").splitlines()
]
#: Texts that are right in two languages stand there twice.
LANGUAGES_OF: dict[str, set[str]] = {}
for _language, _text in SHORT:
    LANGUAGES_OF.setdefault(_text, set()).add(_language)
WORDY = {text: codes for text, codes in LANGUAGES_OF.items() if len(text.split()) > 1}


def wrong(guess, texts):
    return [text for text, codes in texts.items() if guess(text) not in codes]


def test_short_messages_are_told_apart_without_a_prior():
    assert len(wrong(lambda text: detect(text)[0], LANGUAGES_OF)) <= 0.03 * len(LANGUAGES_OF)


@pytest.mark.parametrize("language", ["da", "nb", "sv"])
def test_short_nordic_questions_are_told_apart(language):
    own = {text: codes for text, codes in WORDY.items() if language in codes}
    assert len(own) >= 28
    assert len(wrong(lambda text: detect(text)[0], own)) <= 2


def test_a_right_prior_is_never_left():
    assert [text for text, codes in LANGUAGES_OF.items() for code in codes if detect(text, code)[0] != code] == []


@pytest.mark.parametrize("prior", ["en", "sv", "fi", "es"])
def test_a_wrong_prior_is_left_for_most_questions_of_several_words(prior):
    foreign = {text: codes for text, codes in WORDY.items() if prior not in codes}
    kept = [text for text in foreign if detect(text, prior)[0] == prior]
    assert len(kept) <= 0.1 * len(foreign), kept


@pytest.mark.parametrize("text", ["Hej", "Refund?", "Cancel", "Ciao", "Rückerstattung", "Merci"])
def test_one_word_never_leaves_the_prior(text):
    assert detect(text, "pl")[0] == "pl"


@pytest.mark.parametrize(
    ("text", "prior", "language"),
    [
        ("Was kostet das?", "en", "de"),
        ("Vad kostar det?", "en", "sv"),
        ("Hva koster det?", "da", "nb"),
        ("Hvad koster det?", "nb", "da"),
        ("Quanto costa?", "en", "it"),
        # As right in the one as in the other.
        ("Kan jeg betale med kort?", "nb", "nb"),
        ("Kan jeg betale med kort?", "da", "da"),
        # Surely not English, and the likelier of the two.
        ("Hvad er jeres adresse?", "en", "da"),
        ("MacBook Pro Retina", "fi", "fi"),
        ("reset password", "sv", "sv"),
    ],
)
def test_the_known_words_of_a_short_message_count(text, prior, language):
    assert detect(text, prior)[0] == language


@pytest.mark.parametrize("size", ["short", "any"])
def test_the_questions_of_the_evaluation_are_told_apart_without_a_prior(eval_data, size):
    asked: dict[str, str] = {}
    for file in eval_data.glob("dev/d[23]*/queries.jsonl"):
        rows = map(json.loads, file.read_text(encoding="utf-8").splitlines())
        asked |= {row["question"]: row["lang"] for row in rows if size == "any" or len(row["question"].split()) <= 8}
    assert len(asked) >= 300
    mistaken = {text: detect(text)[0] for text, language in asked.items() if detect(text)[0] != language}
    assert len(mistaken) <= 0.01 * len(asked), mistaken


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


_PIECES = st.text(
    alphabet="abcXYZ019 .,'-_:+#()\"/<>’…“\u00ad\u0301\u0307éİΣσ中文あ\u0e01ﬁ\u212a\u00a0\u3000\n\u05bd\u0967\u1100\u1161\u200d¨ͺ",
    max_size=24,
)


@given(_PIECES, st.sampled_from(["en", "sv", "tr", "xx"]))
@example("_c++ c++_ c# (c#) don't os.path.", "en")
@example("x" * 70 + " " + "y" * 64, "en")
def test_the_words_of_a_text_are_those_of_what_stands_between_white_space(text, language):
    each = words_of_each(text.split(), language)
    assert [word for found in each for word in found] == words(text, language)


def test_words_that_have_no_stem_are_themselves():
    assert [list(found) for found in words_of_each(["returns", "Räder", "bikes,"], "xx")] == [
        ["returns"],
        ["räder"],
        ["bikes"],
    ]


def test_a_stemmer_is_given_where_there_is_one():
    swedish = stemmer("sv")
    assert swedish is not None
    assert swedish("bilarna") == swedish("bilar")
    assert stemmer("ja") is None
