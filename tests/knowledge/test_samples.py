"""Sample questions: such as the content answers, the same each time, and not all about one page."""

import random

import numpy as np
import pytest

from custagent.core.document import Chunk
from custagent.knowledge.samples import MAX_CHARS, sample_questions


def chunk(location: str, *, heading: str = "", title: str = "Page", language: str = "en", **rest) -> Chunk:
    return Chunk(location=location, title=title, text="Text.", heading=heading, language=language, **rest)


def asked(number: int, **rest) -> Chunk:
    return chunk(f"{number:02}.md", heading=f"How do parcels travel route {number}?", **rest)


def titled(number: int, **rest) -> Chunk:
    return chunk(f"t{number:02}.md", title=f"Topic {number}", **rest)


def short_answer(question: str, **rest) -> Chunk:
    return chunk(f"short-answer:{question}", title=question, question=question, **rest)


ABOUT = "What should I know about “Topic {}”?"


def test_headings_that_are_questions_are_asked_in_their_own_words():
    chunks = [
        chunk("a.md", heading="Returns > How do I return a damaged bike?"),
        chunk("a.md", heading="Prices", ordinal=1),
    ]
    assert sample_questions(chunks, language="en") == ["How do I return a damaged bike?"]


def test_short_answers_are_asked():
    assert sample_questions([short_answer("Norway?")], language="en") == ["Norway?"]


def test_pages_without_a_question_are_asked_about_by_their_title():
    assert sample_questions([titled(1)], language="en") == [ABOUT.format(1)]
    swedish = sample_questions([titled(1, language="sv")], language="sv")
    assert swedish == ["Vad bör jag veta om ”Topic 1”?"]


def test_questions_come_before_titles():
    chunks = [*(titled(number) for number in range(9)), asked(1), asked(2)]
    found = sample_questions(chunks, language="en", count=4)
    assert found[:2] == ["How do parcels travel route 1?", "How do parcels travel route 2?"]
    assert all(question.startswith("What should I know") for question in found[2:])


def test_the_wanted_language_comes_first_and_others_fill_up():
    chunks = [asked(number, language="sv") for number in range(5)] + [asked(number) for number in range(10, 12)]
    found = sample_questions(chunks, language="en", count=4)
    assert found[:2] == ["How do parcels travel route 10?", "How do parcels travel route 11?"]
    assert len(found) == 4
    enough = [asked(number) for number in range(10, 15)]
    assert all("1" in question for question in sample_questions(chunks + enough, language="en", count=5))


def test_titles_in_another_language_are_not_put_into_a_sentence_of_this_one():
    assert sample_questions([titled(1, language="sv")], language="en") == []


def test_each_question_is_about_another_page():
    chunks = [chunk("a.md", heading=f"How do parcels travel route {number}?", ordinal=number) for number in range(5)]
    assert sample_questions(chunks, language="en") == ["How do parcels travel route 0?"]


def test_the_same_question_is_asked_once():
    headings = ["How much does fast shipping cost?", "how MUCH does fast shipping cost?"]
    chunks = [chunk(f"{number}.md", heading=heading) for number, heading in enumerate(headings)]
    chunks.append(chunk("9.md", heading="HOW much does fast shipping cost?", language="sv"))
    assert sample_questions(chunks, language="en") == headings[:1]


def test_they_are_spread_over_all_pages():
    found = sample_questions([asked(number) for number in range(20)], language="en", count=4)
    assert found == [f"How do parcels travel route {number}?" for number in (0, 5, 10, 15)]


def test_the_same_content_gives_the_same_questions_in_whatever_order_it_comes():
    chunks = [asked(number) for number in range(9)] + [titled(number) for number in range(9)]
    expected = sample_questions(chunks, language="en", count=7)
    for seed in range(5):
        shuffled = random.Random(seed).sample(chunks, len(chunks))
        assert sample_questions(shuffled, language="en", count=7) == expected


@pytest.mark.parametrize("heading", ["Prices", f"{'Why ' * MAX_CHARS}?", "Who is it?"])
def test_what_nobody_would_ask_is_left_out(heading):
    """No question, too long, or clear under its page's title only."""
    assert heading not in sample_questions([chunk("a.md", heading=heading)], language="en")


@pytest.mark.parametrize(
    ("heading", "language"), [("どうやって返品しますか？", "ja"), ("كيف يمكنني إعادة المنتج؟", "ar")]
)
def test_questions_in_other_scripts(heading, language):
    assert sample_questions([chunk("a.md", heading=heading, language=language)], language=language) == [heading]


def test_a_title_that_is_a_sentence_is_not_put_into_another():
    assert sample_questions([chunk("a.md", title="x" * (MAX_CHARS + 1))], language="en") == []


@pytest.mark.parametrize("count", [0, -1])
def test_none_wanted_none_given(count):
    assert sample_questions([asked(1)], language="en", count=count) == []


def test_no_content_no_questions():
    assert sample_questions([], language="en") == []


def vectors_of(chunks: list[Chunk], topics: dict[str, int]) -> dict[str, bytes]:
    """A vector for each passage: near those of its topic, and far from all others."""
    found = {}
    for number, one in enumerate(chunks):
        vector = np.zeros(8, dtype="<f4")
        vector[topics[one.location]] = 1
        vector[7] = number / 100
        found[one.hash] = (vector / np.linalg.norm(vector)).tobytes()
    return found


def test_they_are_about_different_topics_where_the_vectors_tell_them():
    chunks = [asked(number) for number in range(20)]
    # Nearly all pages are about one thing, and those about others stand side by side.
    topics = {chunk.location: 0 for chunk in chunks} | {"08.md": 1, "09.md": 2}
    found = sample_questions(chunks, language="en", count=3, vectors=vectors_of(chunks, topics))
    assert {number for number in (8, 9) if f"How do parcels travel route {number}?" in found} == {8, 9}
    assert sample_questions(list(reversed(chunks)), language="en", count=3, vectors=vectors_of(chunks, topics)) == found


def test_what_was_chosen_before_counts_as_a_topic():
    chunks = [asked(1), *(titled(number) for number in range(4))]
    topics = {"01.md": 0, "t00.md": 0, "t01.md": 0, "t02.md": 0, "t03.md": 1}
    found = sample_questions(chunks, language="en", count=2, vectors=vectors_of(chunks, topics))
    assert found == ["How do parcels travel route 1?", ABOUT.format(3)]


def test_without_all_vectors_they_are_taken_evenly():
    chunks = [asked(number) for number in range(20)]
    vectors = vectors_of(chunks, {chunk.location: 0 for chunk in chunks})
    del vectors[chunks[3].hash]
    assert sample_questions(chunks, language="en", count=4, vectors=vectors) == sample_questions(
        chunks, language="en", count=4
    )
