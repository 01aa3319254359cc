"""What a unit cannot be quoted without, in each of the languages."""

from __future__ import annotations

import pytest

from custagent.answer.quoting.context import is_connected, is_furniture, needs
from custagent.answer.quoting.units import units_of
from custagent.locales import catalogue, languages

RETURNS = "Returns are free."


def needed(text: str, index: int, language: str = "en") -> list[str]:
    """The texts of what the unit at `index` stands with."""
    units = units_of(text)
    return [units[one].text for one in sorted(needs(units, language, [False] * len(units))[index])]


@pytest.mark.parametrize("language", languages())
class TestEachLanguage:
    def test_a_condition_belongs_to_what_it_is_of(self, language):
        for word in catalogue(language).passage["conditions"]:
            condition = f"{word.capitalize()} aaa bbb ccc."
            text = f"Xxx yyy. {RETURNS} {condition} Zzz www."
            assert needed(text, 1, language) == [RETURNS, condition], word
            assert needed(text, 2, language) == [RETURNS, condition], word
            assert needed(text, 3, language) == ["Zzz www."]

    def test_what_refers_back_stands_with_what_it_refers_to(self, language):
        for word in catalogue(language).passage["refers_back"]:
            text = f"Xxx yyy. {RETURNS} {word.capitalize()} aaa bbb."
            assert RETURNS in needed(text, 2, language), word

    def test_furniture_says_nothing(self, language, chunk):
        page = chunk("x", language=language)
        for line in catalogue(language).passage["furniture"]:
            assert is_furniture(units_of(f"{line.capitalize()} ›")[0], page), line
        assert not is_furniture(units_of(RETURNS)[0], page)


def test_a_word_that_only_begins_like_one_of_them_tells_nothing():
    assert needed(f"{RETURNS} Butter is not.", 0) == [RETURNS]
    assert needed(f"{RETURNS} Items are not.", 1) == ["Items are not."]


def test_a_condition_in_a_paragraph_of_its_own_belongs_to_the_one_before():
    assert needed(f"{RETURNS}\n\nUnless it is worn.", 0) == [RETURNS, "Unless it is worn."]


def test_what_refers_back_at_the_beginning_of_a_paragraph_stands_for_its_heading():
    assert needed(f"{RETURNS}\n\nIt is easy.", 1) == ["It is easy."]


def test_a_chain_of_sentences_is_followed_back_a_little_way():
    text = "One is. It two. It three. It four. It five."
    assert needed(text, 4) == ["It three.", "It four.", "It five."]


def test_an_answer_stands_with_its_question_and_questions_with_no_other():
    text = "Is it free? May I return it? Yes, you may."
    assert needed(text, 1) == needed(text, 2) == ["May I return it?", "Yes, you may."]
    assert needed(text, 0) == ["Is it free?"]


def test_a_list_is_whole_with_what_announces_it():
    text = "Xxx. You need:\n\n- a key\n- a lamp\n\nThat is all."
    whole = ["You need:", "- a key", "- a lamp"]
    assert [needed(text, index) for index in (1, 2, 3)] == [whole] * 3
    assert needed(text, 4) == ["That is all."]


def test_code_and_steps_in_a_line_stand_with_what_announces_them():
    assert needed("Run:\n\n$ pip x", 1) == ["Run:", "$ pip x"]
    steps = "Open it. Press it. Wait a bit."
    assert needed(f"To do so:\n{steps}", 3) == ["To do so:", "Open it.", "Press it.", "Wait a bit."]


def test_a_row_stands_with_its_header_and_caption_and_not_with_other_rows():
    text = "Prices of 2026:\n\nCountry | Price\n--- | ---\nNorway | 49 kr\nSweden | 39 kr"
    assert needed(text, 3) == ["Prices of 2026:", "Country | Price", "Sweden | 39 kr"]


def test_a_heading_does_not_stand_alone():
    assert needed(f"Sending things back\n\n{RETURNS} More.", 0) == ["Sending things back", RETURNS]
    assert needed(f"Sending things back\n\n{RETURNS} More.", 1) == [RETURNS]


def test_nothing_needs_what_says_nothing():
    units = units_of(f"Refunds\n\n{RETURNS} It is so.")
    found = needs(units, "en", [True, False, False])
    assert found[1] == {1}
    assert found[2] == {1, 2}


def test_the_title_the_heading_and_the_way_through_the_site_say_nothing(chunk):
    page = chunk("x", title="Sending back", heading="Returns > What it costs")
    for line in (
        "Sending back",
        "Title: Sending back",
        "WHAT IT COSTS",
        "Home > Help > Returns",
        "Start » Hjälp » Retur",
        "Home / Help / Returns",
    ):
        assert is_furniture(units_of(line)[0], page), line
    for line in ("What it costs to return.", "- Returns", "Press Home > Help."):
        assert not is_furniture(units_of(line)[0], page), line


@pytest.mark.parametrize(
    ("before", "after", "connected"),
    [
        ("Do this:", "Anything.", True),
        ("1. a\n2. b", "3. c", True),
        ("- a", "- b\n- c", True),
        ("1. a\n2. b", "1. c", False),
        ("1. a\n2. b", "That is all.", False),
        ("That is all.", "- a", False),
    ],
)
def test_which_passages_belong_together(chunk, before, after, connected):
    assert is_connected(chunk(before), chunk(after)) is connected


def test_a_language_without_a_catalogue_has_no_such_words():
    assert needed("Egy. De kettő.", 0, "hu") == ["Egy."]
