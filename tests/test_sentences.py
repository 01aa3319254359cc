"""Where sentences end: in twelve languages, and in no time whatever the text looks like."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.sentences import running_sentences, sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four… Five", ["One.", "Two!", "Three?", "Four…", "Five"]),
        ("“Yes.” He left (at once.) Then it rained.", ["“Yes.”", "He left (at once.)", "Then it rained."]),
        ("Really?! Wait... No", ["Really?!", "Wait...", "No"]),
        ("A dot in example.com or 3.5 kg ends nothing.", ["A dot in example.com or 3.5 kg ends nothing."]),
        ("It goes on. and on, in lower case.", ["It goes on. and on, in lower case."]),
        ("Hei. Åpent hele dagen.", ["Hei.", "Åpent hele dagen."]),
        ("您好。请稍候！再见", ["您好。", "请稍候！", "再见"]),
        ("「今日は。」また明日。", ["「今日は。」", "また明日。"]),
        ("هل تفهم؟ نعم.", ["هل تفهم؟", "نعم."]),
    ],
)
def test_marks_end_sentences(text, expected):
    assert sentences(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Ask Dr. Berg or Mrs. Lind.",
        "Write to J. R. Tolkien, U.S. Army, e.g. England.",
        "See no. 5, fig. 3 and pp. 4–5, approx. 10 kg, tel. +46 31 10 10 10.",
        "Vi öppnar kl. 8 den 3. Mars, t.ex. Göteborg, ca. 40 kr, jfr. Malmö.",
        "Wir öffnen am 3. Oktober im 2. Stock, z. B. Montag, vgl. Seite 4, bzw. Dienstag.",
        "Offen ab Montag, 3. Oktober.",
        "Voir M. Dupont, p. ex. Lyon, env. 20 euros.",
        "Escriba a la Sra. López, pág. 7.",
        "Vedi il Sig. Rossi, art. 5.",
        "Vraag dhr. De Vries, nr. 12, bijv. Utrecht.",
        "Se f.eks. København, maks. 3 dage, jf. Aarhus.",
        "Katso esim. Helsinki.",
        "Zob. np. Warszawa, godz. 8.",
    ],
)
def test_abbreviations_and_ordinals_end_none(text):
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Is it free? No. You pay 30 kr.", 3),
        ("Bring two keys max. They are small.", 2),
        ("We ship apples, pears etc. Ask us.", 2),
        ("Vi säljer cyklar osv. Kom hit.", 2),
        ("You may bring 12. We count them.", 2),
        ("It was 2024. Then it ended.", 2),
    ],
)
def test_words_that_look_like_abbreviations_end_a_sentence(text, count):
    assert len(sentences(text)) == count


def test_the_number_of_a_step_belongs_to_it():
    assert running_sentences("1. Open the page. 2. Press OK.") == ["1. Open the page.", "2. Press OK."]
    assert running_sentences("(3. Wait.) Done.") == ["(3. Wait.)", "Done."]


def test_wrapped_lines_are_joined_and_paragraphs_are_not():
    assert sentences("This goes\non here. Next\none.\n \nLast") == ["This goes on here.", "Next one.", "Last"]


def test_list_items_stand_alone_however_many_sentences_they_hold():
    assert sentences("Bring:\n- a key. It opens.\n• a lamp\n2) a map") == [
        "Bring:",
        "- a key. It opens.",
        "• a lamp",
        "2) a map",
    ]


def test_rows_of_a_table_stand_alone_also_below_a_caption():
    rows = ["Country: Norway; Price: 49 kr", "Country: Finland; Price: 59 kr"]
    assert sentences("\n".join(rows)) == rows
    assert sentences("\n".join(["Prices", *rows])) == ["Prices", *rows]


def test_one_line_with_a_semicolon_is_no_table():
    assert sentences("Note: first; then\nthe second line. Yes.") == ["Note: first; then the second line.", "Yes."]


def test_nothing_gives_nothing():
    assert sentences("") == sentences(" \n\n \t") == running_sentences("  ") == []


@given(st.text(alphabet="ab .!?\n\"')…。A1-;:", max_size=200))
def test_no_letter_is_lost_or_moved(text):
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


@pytest.mark.parametrize(
    "text", ["a" * 500_000 + ". B", "e.g. " * 100_000, "." * 300_000, '."' * 200_000, "Hi. " * 60_000]
)
def test_time_grows_with_the_length_only(text):
    started = time.process_time()
    sentences(text)
    assert time.process_time() - started < 5, "a quadratic rule takes minutes for these"
