"""Several questions in one message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.answer.understanding.several import MAX_WORDS, question_alone, questions_in, without_join
from custagent.locales import catalogue, languages


def split(text: str, language: str = "en") -> tuple[str, ...]:
    return questions_in(text, language, catalogue(language))


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        ("How do I return it? And when do I get my money?", ("How do I return it?", "When do I get my money?")),
        (
            "how do i return a bike and when does the workshop open on sundays",
            ("how do i return a bike?", "when does the workshop open on sundays"),
        ),
        (
            "Do you ship to Norway, and how long is the warranty on batteries?",
            ("Do you ship to Norway?", "how long is the warranty on batteries?"),
        ),
        (
            "Hi! I ordered a bike on Monday. Where is it? And can I still change the colour? Thanks!",
            ("I ordered a bike on Monday. Where is it?", "Can I still change the colour?"),
        ),
        ("How much is delivery to Sweden? And to Norway?", ("How much is delivery to Sweden?", "And to Norway?")),
        (
            "My frame broke. Does the warranty cover it? How do I claim it? I have the receipt.",
            ("My frame broke. Does the warranty cover it?", "How do I claim it? I have the receipt."),
        ),
        (
            "What does storage cost? How long is the warranty? Do you ship to Norway? Do you take PayPal?",
            ("What does storage cost?", "How long is the warranty?", "Do you ship to Norway?", "Do you take PayPal?"),
        ),
        ("Can you help me? What does storage cost? Is the motor covered?",
         ("Can you help me? What does storage cost?", "Is the motor covered?")),
    ],
)  # fmt: skip
def test_each_question_is_found_with_what_belongs_to_it(text, questions):
    assert split(text) == questions


@pytest.mark.parametrize(
    "text",
    [
        "How do I return it?",
        "I ordered on Monday. Where is it?",
        "Thanks! And how do I cancel?",
        "Hello! How are you? How do I cancel?",
        "How and when do I pay?",
        "Which bikes and helmets do you sell?",
        "When I return the bike, how do I get my money?",
        # The second half names little: it is about the first one's thing.
        "Can you store my bike for me over the winter, and what do you charge?",
        "Do you ship to Norway, and what does it cost?",
        "Can you help me? How do I reset my password? Is that possible?",
        "Can I disable the motor lock? How can I disable the lock of the motor in the app?",
        "How do I cancel?? How do I cancel???",
        "I want to return it and I want my money.",
        "Is the motor covered?\n\nMy motor broke in winter. How long is the warranty?",
        "???",
        "",
        "Where is it? " + "I have waited for a long time. " * MAX_WORDS + "When does it come?",
    ],
)
def test_one_question_stays_one(text):
    assert split(text) == ()


@pytest.mark.parametrize(
    ("language", "text", "questions"),
    [
        ("sv", "Hur lämnar jag tillbaka cykeln? Och när får jag pengarna?", ("Hur lämnar jag tillbaka cykeln?", "När får jag pengarna?")),
        ("de", "Wie kann ich das Rad zurückgeben und wann öffnet die Werkstatt am Sonntag?", ("Wie kann ich das Rad zurückgeben?", "wann öffnet die Werkstatt am Sonntag?")),
        ("fr", "Comment retourner un article ? Et quand serai-je remboursé ?", ("Comment retourner un article ?", "Quand serai-je remboursé ?")),
        ("es", "¿Cómo devuelvo un pedido? ¿Y cuándo me devuelven el dinero?", ("¿Cómo devuelvo un pedido?", "¿Cuándo me devuelven el dinero?")),
        ("pt", "Como devolvo uma encomenda? E quando recebo o reembolso?", ("Como devolvo uma encomenda?", "Quando recebo o reembolso?")),
        ("it", "Come restituisco la bici? E quando arriva il rimborso?", ("Come restituisco la bici?", "Quando arriva il rimborso?")),
        ("nl", "Hoe stuur ik de fiets terug? En wanneer krijg ik mijn geld?", ("Hoe stuur ik de fiets terug?", "Wanneer krijg ik mijn geld?")),
        ("da", "Hvordan returnerer jeg cyklen? Og hvornår får jeg pengene?", ("Hvordan returnerer jeg cyklen?", "Hvornår får jeg pengene?")),
        ("nb", "Hvordan returnerer jeg sykkelen? Og når får jeg pengene?", ("Hvordan returnerer jeg sykkelen?", "Når får jeg pengene?")),
        ("fi", "Miten palautan pyörän? Ja milloin saan rahat takaisin?", ("Miten palautan pyörän?", "Milloin saan rahat takaisin?")),
        ("pl", "Jak zwrócić rower? A kiedy dostanę pieniądze?", ("Jak zwrócić rower?", "Kiedy dostanę pieniądze?")),
    ],
)  # fmt: skip
def test_in_every_language(language, text, questions):
    assert split(text, language) == questions


@pytest.mark.parametrize("language", languages())
def test_questions_that_ask_nothing_are_no_part(language):
    texts = catalogue(language)
    for empty in texts.questions["empty"]:
        assert questions_in(f"{empty}? PayPal?", language, texts) == (), empty


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("Thanks! And how do I cancel?", "How do I cancel?"),
        ("Hello! How do I cancel?", "How do I cancel?"),
        ("How do I cancel? Thank you so much!", "How do I cancel?"),
        ("Thanks! And to Norway?", "And to Norway?"),
        ("And how do I cancel?", "And how do I cancel?"),
        ("Thanks!", "Thanks!"),
        ("How do I cancel?\nIt is urgent.", "How do I cancel?\nIt is urgent."),
    ],
)
def test_thanks_and_greetings_around_a_question_are_left_out(text, alone):
    assert question_alone(text, catalogue("en")) == alone


def test_what_is_left_without_its_join_must_stand_for_itself():
    texts = catalogue("en")
    assert without_join("And when do I pay?", texts) == "When do I pay?"
    assert without_join("and also when do I pay?", texts) == "when do I pay?"
    assert without_join("And to Norway?", texts) == "And to Norway?"
    assert without_join("Android phones how much?", texts) == "Android phones how much?"


@given(st.text(max_size=200), st.sampled_from(languages()))
def test_the_parts_stand_in_the_message_in_their_order(text, language):
    texts = catalogue(language)
    parts = questions_in(text, language, texts)
    assert len(parts) != 1
    at = 0
    lowered = [word.lower().strip("?¿,") for word in text.split()]
    for part in parts:
        for word in part.split():
            at = lowered.index(word.lower().strip("?¿,"), at)


def test_a_huge_message_is_read_in_one_go():
    assert split("How much? " * 100_000) == ()
    assert split("?" * 400_000) == ()
    assert split("a?" * 200_000) == ()
