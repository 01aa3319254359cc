"""Quotes: word for word, with what they need, said once, and no longer than they must be (ANS-4)."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from custagent.answer.quoting.extract import QUOTED_CHARS, WHOLE_CHARS, quote
from custagent.answer.quoting.units import is_balanced, units_of
from custagent.core.document import ELLIPSIS

FILLER = "The basket shows the exact price before you pay, and never changes afterwards."
ROOM = 2000


def paragraph(sentence_count: int, *, about: str = "") -> str:
    return " ".join([FILLER] * sentence_count + [about] * bool(about))


@pytest.fixture(scope="session")
def quoted(chunk):
    """The texts that are told of passages, which may be given as texts of pages of their own."""

    def make(asked: str, *passages, room: int = ROOM, **rest) -> list[str]:
        made = [
            chunk(one, location=f"page {number}", title=f"Page {number}") if isinstance(one, str) else one
            for number, one in enumerate(passages)
        ]
        return [one.told_text for one in quote(asked, made, room=room, **rest)]

    return make


@pytest.fixture(scope="session")
def section(chunk):
    """Passages that follow each other in one section."""
    return lambda *texts: [chunk(text, ordinal=number) for number, text in enumerate(texts)]


def test_a_short_passage_is_quoted_whole(quoted):
    text = "  Refunds take five days.\n\n- Card\n-  Invoice "
    assert quoted("How long do refunds take?", text) == [text]


def test_a_short_answer_is_quoted_whole_whatever_its_length(quoted, chunk):
    text = paragraph(15)
    assert len(text) > QUOTED_CHARS
    assert quoted("What does it cost?", chunk(text, question="What does it cost?")) == [text]


def test_a_short_answer_that_the_channel_does_not_carry_is_quoted_by_sentences(quoted, chunk):
    (told,) = quoted("What does it cost?", chunk(paragraph(40), question="What does it cost?"))
    assert told.startswith(FILLER)
    assert len(told) <= ROOM


def test_the_sentence_that_answers_is_quoted_and_what_has_nothing_to_do_with_it_is_not(quoted):
    needle = "Cargo bikes are delivered by lorry on Tuesdays."
    (told,) = quoted("When are cargo bikes delivered?", f"{paragraph(6)}\n\n{needle} {paragraph(6)}")
    assert needle in told
    assert len(told) < QUOTED_CHARS


def test_what_was_left_out_between_stretches_is_marked(quoted):
    first, last = "Cargo bikes cost 400 kr.", "Cargo bikes come on Tuesdays."
    text = f"{first} {paragraph(8)}\n\n{last}"
    (told,) = quoted("What do cargo bikes cost, and when do cargo bikes come?", text, grow_to=100)
    assert told.startswith(first)
    assert told.endswith(f"{ELLIPSIS}\n\n{last}")


def test_a_short_sentence_between_two_quoted_ones_is_not_left_out(quoted):
    text = f"Cargo bikes cost 400 kr. So it is. Cargo bikes come on Tuesdays. {paragraph(9)}"
    (told,) = quoted("What do cargo bikes cost, and when do cargo bikes come?", text, grow_to=60)
    assert told == "Cargo bikes cost 400 kr. So it is. Cargo bikes come on Tuesdays."


def test_the_title_of_the_page_is_not_repeated(quoted, chunk):
    page = chunk(f"Refunds of cards\n\nRefunds of cards take 5 days. {paragraph(4)}", title="Refunds of cards")
    (told,) = quoted("How long do refunds of cards take?", page)
    assert told.startswith("Refunds of cards take 5 days.")


def test_a_condition_is_not_cut_off(quoted):
    text = f"{paragraph(5)}\n\nHelmets can be returned. Unless they have been worn. {paragraph(5)}"
    (told,) = quoted("Can helmets be returned?", text, grow_to=10)
    assert told == "Helmets can be returned. Unless they have been worn."


STEPS = "\n".join(f"{number}. Turn the screw number {number} to the left and take it out." for number in range(1, 9))
LEFT = "Which way do I turn screw number 5 to take it out?"


@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_the_steps_stay_together_with_what_announces_them(quoted, gap):
    text = f"{paragraph(8)}\n\nTo take off the wheel:{gap}{STEPS}\n\n{paragraph(8)}"
    (told,) = quoted(LEFT, text, grow_to=10)
    assert told == f"To take off the wheel:{gap}{STEPS}"


def test_a_list_that_does_not_fit_is_left_out_and_the_quote_says_so(chunk):
    page = chunk(f"{paragraph(4)}\n\nTo take off the wheel:\n\n{STEPS}")
    (made,) = quote(LEFT, [page], room=300)
    assert made.list_left_out
    assert made.told_text == "To take off the wheel:"


def test_a_passage_that_is_part_of_a_list_that_does_not_fit_is_cited_and_not_told(chunk):
    (made,) = quote(LEFT, [chunk(STEPS)], room=200)
    assert made.list_left_out
    assert made.told == ()
    assert made.text in STEPS.split("\n")


def test_a_list_that_goes_on_in_the_next_passage_is_whole(section, quoted):
    first, second, third = section(f"{paragraph(6)}\n\nTo take off the wheel:", STEPS, f"9. Lift it.\n\n{paragraph(8)}")
    told = quoted(LEFT, second, near=[first, third], grow_to=10)
    assert told == ["To take off the wheel:", STEPS, "9. Lift it."]
    # The first screws it on, in another section.
    assert quoted(LEFT, second, near=[], grow_to=10) == [STEPS]


def test_the_parts_of_a_list_are_joined_as_one(section):
    first, second = section("Do this:\n\n1. Turn the screw.", "2. Take it out.")
    made = quote("Which screw?", [first, second], room=ROOM)
    assert [one.goes_on for one in made] == [False, True]
    assert made[1].joint == "\n"


def test_passages_of_one_section_are_told_in_its_order(section):
    first, second = section(f"Refunds take 5 days. {paragraph(3)}", f"{paragraph(3)} Refunds of cards take 9 days.")
    made = quote("How long do refunds of cards take?", [second, first], room=ROOM, grow_to=100)
    assert [one.chunk for one in made] == [first, second]
    assert ELLIPSIS in made[1].joint


def test_a_question_in_the_text_is_quoted_with_its_answer(quoted):
    faq = f"{paragraph(4)}\n\nCan I return a helmet?\n\nYes, unless it has been worn. Send it in its box.\n\n{paragraph(8)}"
    (told,) = quoted("May I return my helmet?", faq, grow_to=10)
    assert told == "Can I return a helmet?\n\nYes, unless it has been worn."


class TestTables:
    ROWS = tuple(f"Country: Land{n}; Up to 2 kg: {n} kr; Bike: {n * 9} kr" for n in range(30))

    def test_the_row_that_answers_is_quoted_alone(self, quoted):
        assert quoted("What does a bike to Land17 cost?", "\n".join(self.ROWS)) == [self.ROWS[17]]

    def test_a_row_that_holds_less_of_the_question_is_not_quoted_beside_it(self, quoted):
        rows = [
            "Work: Flat tyre, rear wheel; Price: 329 kr",
            "Work: New wheel; Price: 900 kr",
            "Work: Bell; Price: 9 kr",
        ]
        rows += [
            "Work: A very thorough yearly service; Price: 1,595 kr; Includes: everything that there is to see to"
        ] * 2
        assert quoted("What does a flat rear wheel cost?", "\n".join(rows)) == [rows[0]]

    def test_with_the_header_that_it_is_read_by(self, quoted):
        rows = "\n".join(f"Land{n} | {n} kr | {n * 9} kr" for n in range(30))
        (told,) = quoted("What does a bike to Land17 cost?", f"Country | Letter | Bike\n--- | --- | ---\n{rows}")
        assert told == f"Country | Letter | Bike {ELLIPSIS}\nLand17 | 17 kr | 153 kr"

    def test_where_no_row_stands_out_the_table_is_whole(self, quoted):
        table = "\n".join(self.ROWS[:6])
        (told,) = quoted("What does a bike cost?", f"{paragraph(6)}\n\n{table}", grow_to=10)
        assert told == table

    def test_under_a_heading_that_asks_for_it_the_table_is_the_answer(self, quoted, chunk):
        days = "\n".join(
            f"Day: {day}; Göteborg: 08:00–18:00; Malmö: 09:00–18:00" for day in ("Monday", "Thursday", "Friday")
        )
        sunday = "From April to June the workshop in Göteborg is also open on Sundays from 11:00 to 15:00."
        text = f"{days}\n\n{sunday}"
        assert quoted("What are your opening hours?", chunk(text, heading="Visit > Opening hours")) == [text]
        assert quoted("What are your opening hours?", chunk(text, heading="Visit")) == [sunday]

    def test_or_is_left_out_where_it_does_not_fit(self, chunk):
        (made,) = quote("What does a bike cost?", [chunk("\n".join(self.ROWS))], room=400)
        assert made.list_left_out
        assert made.told == ()

    def test_a_number_finds_its_range(self, quoted):
        rows = [f"Your height: {low}–{low + 9} cm; Frame: {low // 3} cm; Model: Torget" for low in range(140, 200, 10)]
        assert quoted("I am 172 cm tall, which Torget frame?", "\n".join(rows)) == [rows[3]]


class TestSeveralPages:
    FREE = "Returns are free of charge within 30 days of delivery."

    def test_each_gives_what_answers(self, quoted):
        told = quoted(
            "What do returns to Norway cost?",
            f"Returns to Norway cost 59 kr. {paragraph(5)}",
            f"{paragraph(5)} Norway pays returns itself.",
            grow_to=100,
        )
        assert told == ["Returns to Norway cost 59 kr.", "Norway pays returns itself."]

    def test_what_both_say_is_told_once_and_cited_twice(self, chunk):
        again = "Return is free of charge, within 30 days of the delivery."
        pages = [chunk(text + " " + FILLER, location=text) for text in (self.FREE, again)]
        first, second = quote("Are returns free of charge?", pages, room=ROOM, grow_to=10)
        assert first.told_text.startswith(self.FREE)
        assert second.text.startswith(again)
        assert again not in second.told_text
        assert second.repeats == 0

    def test_what_says_more_is_told(self, quoted):
        more = "Returns of helmets are free of charge within 30 days of delivery."
        assert quoted("Are returns free of charge?", self.FREE, more) == [self.FREE, more]

    def test_what_is_told_is_told_with_what_it_needs(self, quoted):
        told = quoted("Are returns free of charge?", self.FREE, f"{self.FREE} Unless they have been worn.")
        assert told[1] == f"{self.FREE} Unless they have been worn."

    def test_a_page_that_is_nothing_but_its_title_is_not_quoted(self, quoted, chunk):
        assert quoted("Returns?", self.FREE, chunk("Returns", title="Returns")) == [self.FREE]
        assert quoted("Returns?", chunk("Returns", title="Returns")) == ["Returns"]

    def test_a_long_list_of_a_further_page_gives_way_to_a_sentence(self, quoted):
        told = quoted(
            LEFT, f"Turn screw number 5 to the right. {paragraph(5)}", f"Screws turn left.\n\n{STEPS}", grow_to=300
        )
        assert told[1] == "Screws turn left."


def test_without_a_word_in_common_the_quote_is_the_beginning(quoted):
    text = paragraph(20)
    (told,) = quoted("Wie lange dauert das?", text)
    assert told
    assert text.startswith(told)


def test_one_long_sentence_is_not_cut(quoted):
    sentence = "Refunds " + "and more refunds " * 60 + "end here."
    assert quoted("refunds", sentence) == [sentence]


def test_a_passage_without_words_is_quoted_as_it_is(chunk):
    for text in (" " * 1000, "***", ""):
        (made,) = quote("refunds", [chunk(text)], room=ROOM)
        assert made.text == text or not text.strip()


PIECES = st.sampled_from(
    ["Refunds take 5 days.", "- a list item with refunds", "1. First step.", "2. Next step (and", "the last) one.",
     "Country: Norway; Price: 49 kr", "Country | Price | Refund", "You need:", "Why?", "免费。配送需要三天。", "e.g. this, kr. 5",
     "\t", " ", "  spaced   out.  ", "Unless it is worn.", "It is “free. For all.”", "f(x) = {", "Long sentence " * 12 + "."]
)  # fmt: skip
PASSAGES = st.one_of(
    st.text(max_size=900),
    st.lists(st.tuples(PIECES, st.sampled_from([" ", "\n", "\n\n", "\n \n"])), max_size=40).map(
        lambda parts: "".join(part for pair in parts for part in pair)
    ),
)


@given(
    st.lists(PASSAGES, min_size=1, max_size=3),
    st.sampled_from(["refunds norway", "step", ""]),
    st.sampled_from([150, 700, 4000]),
    st.booleans(),
)
@example([f"{'0' * 100}\n1. \n\n0 | 00000 | {'0' * 30}\n2."], "step", 150, False)
def test_every_quote_is_the_passages_own_words_whole_and_in_order(chunk, texts, question, room, one_section):
    pages = [
        chunk(text, location="page" if one_section else f"page {number}", ordinal=number)
        for number, text in enumerate(texts)
    ]
    made = quote(question, pages, room=room)
    assert made
    for one in made:
        source = one.chunk.text
        units = units_of(source)
        inside = [
            unit for unit in units if any(start <= unit.start and unit.end <= end for start, end in one.stretches)
        ]
        end_before = 0
        for start, end in one.stretches:
            assert end_before <= start <= end <= len(source)
            end_before = end
            # It begins where a unit begins and ends where one ends: no sentence is cut.
            assert (start, end) == (0, len(source)) or (
                any(unit.start == start for unit in units) and any(unit.end == end for unit in units)
            )
        assert set(one.told) <= set(one.stretches) or one.repeats is not None or one.list_left_out
        if not one.list_left_out:
            # Lists, code and steps are complete.
            cited = {unit.group for unit in inside} - {-1}
            assert all(unit in inside for unit in units if unit.group in cited)
        if is_balanced(source) and len(texts) == 1 and all(is_balanced(unit.text) for unit in units):
            assert is_balanced(one.text.replace(ELLIPSIS, ""))


@given(st.lists(PASSAGES, min_size=1, max_size=3), st.sampled_from(["refunds norway", "step"]))
def test_quotes_grow_no_longer_than_they_may_but_for_what_cannot_be_cut(chunk, texts, question):
    pages = [chunk(text, location=f"page {number}") for number, text in enumerate(texts)]
    made = quote(question, pages, room=10_000, grow_to=300)
    shortest = quote(question, pages, room=10_000, grow_to=1)
    grown = sum(len(one.text) for one in made)
    needed = sum(len(one.text) for one in shortest)
    marks = sum(len(one.stretches) for one in made) * len(f" {ELLIPSIS}\n\n")
    assert grown <= max(300 + WHOLE_CHARS * len(texts), needed) + marks + 100


def test_the_quote_does_not_depend_on_the_order_of_a_set(chunk):
    words = ["alpha", "beta", "gamma", "delta", "epsilon"]
    page = chunk("\n\n".join(f"{first} {second} {'x' * 90}." for first in words for second in words))
    assert (
        len({quote(" ".join(order), [page], room=ROOM)[0].text for order in (words, words[::-1], sorted(words))}) == 1
    )
