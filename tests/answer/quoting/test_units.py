"""What a passage is read as: sentences, items, rows and code, each whole and where it stands."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.answer.quoting.units import Kind, begins_with_item, goes_on, is_balanced, units_of


def texts(passage: str) -> list[str]:
    return [unit.text for unit in units_of(passage)]


def kinds(passage: str) -> list[Kind]:
    return [unit.kind for unit in units_of(passage)]


def groups(passage: str) -> list[int]:
    """The group of each unit; those that stand alone are -1."""
    return [unit.group for unit in units_of(passage)]


def test_sentences_of_a_paragraph_are_units_of_their_own():
    assert texts("Refunds take 5 days. Ask Dr. Berg! Why?") == ["Refunds take 5 days.", "Ask Dr. Berg!", "Why?"]


def test_a_unit_says_where_it_stands():
    passage = "  One.  Two.\n\n- three\n"
    assert [passage[unit.start : unit.end] for unit in units_of(passage)] == ["One.", "Two.", "- three"]
    assert [unit.block for unit in units_of(passage)] == [0, 0, 1]


@pytest.mark.parametrize(
    ("passage", "expected"),
    [
        ("The goods go\nback to us. Then we pay.", ["The goods go\nback to us.", "Then we pay."]),
        (
            "You may engage the services of the lawyers at the\nDepartment of Child Support in Ventura. They help.",
            [
                "You may engage the services of the lawyers at the\nDepartment of Child Support in Ventura.",
                "They help.",
            ],
        ),
        ("Storgatan 4\nBorås", ["Storgatan 4", "Borås"]),
        ("Open on weekdays.\nand that is all.", ["Open on weekdays.", "and that is all."]),
    ],
)
def test_a_line_that_a_page_broke_within_a_sentence_goes_on(passage, expected):
    assert texts(passage) == expected


@pytest.mark.parametrize(
    ("passage", "expected"),
    [
        (
            "Your calendar stays up to date.Notes: it is free.",
            ["Your calendar stays up to date.", "Notes: it is free."],
        ),
        ("Use Node.Js and Example.Com here.", ["Use Node.Js and Example.Com here."]),
        ("Call Math.floor.And then stop.", ["Call Math.floor.And then stop."]),
    ],
)
def test_sentences_that_a_page_glued_together_come_apart(passage, expected):
    assert texts(passage) == expected


@pytest.mark.parametrize(
    "sentence",
    [
        "It is free (as long as it fits. Ask us if it does not) for all.",
        "He said “It is free. Take it.” and left.",
        "»Das ist frei. Nimm es.« sagte er.",
        'Press "Next. Then wait." once.',
    ],
)
def test_what_stands_in_brackets_or_quotation_marks_is_not_cut(sentence):
    assert texts(f"Before. {sentence} After.") == ["Before.", sentence, "After."]


def test_a_bracket_that_is_never_closed_holds_nothing_together():
    passage = "A (slip. Of the pen. Goes on. For ever. And ever."
    assert len(texts(passage)) == len(["A (slip.", "Of the pen.", "Goes on.", "For ever.", "And ever."])


@pytest.mark.parametrize(
    ("text", "balanced"),
    [("(a [b])", True), ("(a", False), (")(", False), ("“a”", True), ("”a", False), ("it's 5' long", True)],
)
def test_brackets_and_quotation_marks_come_in_pairs(text, balanced):
    assert is_balanced(text) is balanced


class TestLists:
    def test_the_items_of_a_list_are_one_group(self):
        assert groups("You need:\n- a key\n- a lamp\n\nThat is all.") == [-1, 1, 1, -1]

    def test_an_item_holds_what_is_indented_below_it(self):
        assert texts("1. Open it.\n   Then wait.\n2. Close it.\nDone.") == [
            "1. Open it.\n   Then wait.",
            "2. Close it.",
            "Done.",
        ]

    def test_items_with_blank_lines_between_are_one_list(self):
        assert groups("1. a\n\n2. b\n\n3. c") == [1, 1, 1]
        assert groups("- a\n\n- b") == [1, 1]

    def test_what_explains_a_step_belongs_to_the_steps(self):
        assert len(set(groups("1. Open it.\n\nThe key is blue.\n\n2. Close it."))) == 1

    def test_a_list_that_begins_anew_is_another(self):
        first, second = groups("1. a\n\n1. b")
        assert first != second

    def test_a_bullet_without_words_is_no_unit(self):
        assert texts("* \n* \n* one\n* ") == ["* one"]

    def test_whether_a_list_goes_on_in_another_text(self):
        two, three = units_of("2. b")[0], units_of("3. c")[0]
        assert goes_on(two, three)
        assert not goes_on(three, two)
        assert not goes_on(two, units_of("A sentence.")[0])
        assert begins_with_item("\n 3. c")
        assert not begins_with_item("3.5 kg")

    def test_texts_that_follow_each_other_are_read_as_one(self):
        found = units_of("Do this:\n1. a\n2. b", "3. c\n\nDone.")
        assert [unit.part for unit in found] == [0, 0, 0, 1, 1]
        assert len({unit.group for unit in found[1:4]}) == 1


class TestSteps:
    STEPS = "Open the page. Press the button. Wait a minute. Click Save."

    def test_short_sentences_in_the_line_after_an_announcement_are_steps(self):
        found = units_of(f"To do so:\n{self.STEPS}\n\nThat is all.")
        assert len({unit.group for unit in found[1:5]}) == 1
        assert found[1].group != -1
        assert (found[0].group, found[5].group) == (-1, -1)

    @pytest.mark.parametrize(
        "passage",
        [f"Do so.\n{STEPS}", f"To do so: {STEPS}", "To do so:\nOpen it. Close it.", f"To do so:\n{'It ' * 40}. {'It ' * 40}. {'It ' * 40}."],
    )  # fmt: skip
    def test_nothing_else_is(self, passage):
        assert set(groups(passage)) == {-1}


class TestTables:
    TABLE = "Prices\nCountry: Norway; Price: 49 kr\nCountry: Sweden; Price: 39 kr"

    def test_rows_are_rows_and_what_stands_above_them_is_their_header(self):
        assert kinds(self.TABLE) == [Kind.HEADER, Kind.ROW, Kind.ROW]
        assert groups(self.TABLE) == [-1, -1, -1]

    def test_a_table_of_bars_begins_with_its_header(self):
        assert kinds("Country | Price\n--- | ---\nNorway | 49 kr\nSweden | 39 kr") == [Kind.HEADER, Kind.ROW, Kind.ROW]


class TestCode:
    CODE = ">>> def f():\n...     return 1\n...\n>>> f()\n1"

    def test_code_is_one_unit_with_all_its_lines(self):
        assert texts(f"Like this:\n\n{self.CODE}\n\nThat is all.") == ["Like this:", self.CODE, "That is all."]
        assert kinds(self.CODE) == [Kind.CODE]

    def test_code_with_a_blank_line_in_it_is_one_group(self):
        assert groups("def f(x):\n    return x\n\nfor y in f(x):\n    print(y)") == [1, 1]

    def test_an_address_is_no_code(self):
        assert kinds("Spokes AB\nStorgatan 4\n503 38 Borås") == [Kind.SENTENCE] * 3


PIECES = st.sampled_from(
    ["Refunds take 5 days.", "- a list item", "1. First step.", "2. Next (and", "last) one.", "Country: Norway; Price: 49",
     "You need:", "Why?", "免费。配送需要三天。", "e.g. this, kr. 5", "\t", " ", "  spaced   out.  ", "f(x) = {", "}", "“Yes. No.”"]
)  # fmt: skip


@given(
    st.one_of(
        st.text(max_size=400),
        st.lists(st.tuples(PIECES, st.sampled_from([" ", "\n", "\n\n", "\n \n"])), max_size=30).map(
            lambda parts: "".join(part for pair in parts for part in pair)
        ),
    )
)
def test_every_word_of_a_passage_is_in_exactly_one_unit(passage):
    found = units_of(passage)
    assert all(unit.text == passage[unit.start : unit.end] and unit.text.strip() for unit in found)
    assert all(before.end <= after.start for before, after in pairwise(found))
    left = passage
    for unit in reversed(found):
        left = left[: unit.start] + left[unit.end :]
    assert not any(sign.isalnum() for sign in left)
