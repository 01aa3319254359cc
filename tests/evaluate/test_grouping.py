"""Questions are grouped by what they ask, the same way each time, and what was grouped stays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.core.gap import AskedOnce, GapKind, GroupedQuestion, NewQuestion, Placed
from custagent.evaluate.grouping import SAME, Grouping, compared, groups_of
from custagent.evaluate.likeness import QUESTIONS_SHARE, WORDS_WEIGHT, Asked, Likeness
from custagent.language import words
from custagent.testing import HashEmbedder

EMBEDDER = HashEmbedder(dimension=128)


def new(text: str, reply: int) -> NewQuestion:
    asked = AskedOnce(reply=reply, conversation="c", kind=GapKind.UNANSWERED, searched=text, language="en")
    vector = EMBEDDER.embed_query(text)[0].tobytes()
    return NewQuestion(asked=asked, words=frozenset(words(text, "en")), engine="hash", vector=vector)


def grouped(placed: Placed, gap: int) -> GroupedQuestion:
    one = placed.question
    return GroupedQuestion(
        reply=one.asked.reply, part=0, gap=gap, words=one.words, engine=one.engine, vector=one.vector
    )


def grouping(new_ones: Sequence[NewQuestion], earlier: Sequence[GroupedQuestion] = ()) -> Grouping:
    known = [*compared(earlier), *compared(new_ones)]
    return Grouping(likeness=Likeness(known, np.zeros(128, dtype=np.float32)), earlier=earlier)


def place(*texts: str) -> list[Placed]:
    questions = [new(text, reply) for reply, text in enumerate(texts, 1)]
    return grouping(questions).place(questions)


def test_nothing_is_nothing() -> None:
    assert grouping(()).place(()) == []
    assert groups_of(np.zeros((0, 0), dtype=np.float32)) == []


def test_a_new_gap_is_called_by_what_says_best_what_all_ask() -> None:
    placed = place("refund card", "refund card payment", "bicycle frame", "refund payment card again please")
    assert [one.group for one in placed] == [1, 1, 2, 1]
    assert [one.question.asked.searched for one in placed if one.names] == ["refund card payment", "bicycle frame"]


def test_a_question_that_stands_for_itself_names_it_before_one_that_goes_on() -> None:
    placed = place("refund card payment\nrefund card?", "refund card payment please")
    assert [one.names for one in placed] == [False, True]


def test_a_new_question_joins_the_gap_that_it_is_most_like() -> None:
    first = place("refund card payment", "bicycle frame warranty")
    earlier = [grouped(one, gap) for one, gap in zip(first, (7, 4), strict=True)]
    more = [new("frame warranty bicycle", 8), new("refund my card payment", 9), new("opening hours", 10)]
    placed = grouping(more, earlier).place(more)
    assert [(one.gap, one.group, one.names) for one in placed] == [(4, 0, False), (7, 0, False), (0, 1, True)]


def test_a_gap_is_joined_by_what_is_like_all_of_it_on_average() -> None:
    """One odd question that got into a gap does not draw the next odd ones in."""
    texts = ["refund card payment", "refund card payment now", "refund card payment today", "bicycle frame warranty"]
    earlier = [grouped(one, 1) for one in place(*texts)]
    more = [new("bicycle frame warranty years", 9)]
    assert grouping(more, earlier).place(more)[0].gap == 0


QUESTIONS = st.lists(
    st.lists(st.sampled_from("refund card frame bicycle hours ship norway helmet".split()), min_size=1, max_size=4).map(
        " ".join
    ),
    min_size=1,
    max_size=8,
)


@given(QUESTIONS)
def test_every_question_has_one_place_and_every_new_gap_one_name(texts: list[str]) -> None:
    placed = place(*texts)
    assert [one.question.asked.searched for one in placed] == texts
    for group in {one.group for one in placed}:
        assert sum(one.names for one in placed if one.group == group) == 1
    assert place(*texts) == placed


@given(QUESTIONS)
def test_the_same_words_are_in_the_same_gap(texts: list[str]) -> None:
    placed = place(*texts, *texts)
    assert [one.group for one in placed[: len(texts)]] == [one.group for one in placed[len(texts) :]]


def vectors(*rows: list[float]) -> list[Asked]:
    made = []
    for row in rows:
        vector = np.array(row, dtype="<f4")
        made.append(Asked(vector=(vector / np.linalg.norm(vector)).tobytes(), words=frozenset()))
    return made


def test_what_all_have_in_common_does_not_make_them_alike() -> None:
    """The bundled engine's vectors all point the same way: cosines of .75 and more."""
    one, two = vectors([10.0, 1.0, 0.0], [10.0, 0.0, 1.0])
    content = np.array([1.0, 0.0, 0.0], dtype=np.float32)
    plain = Likeness((), np.zeros(3, dtype=np.float32)).between([one], [two])[0, 0]
    assert plain > 0.95
    assert Likeness((), content).between([one], [two])[0, 0] < SAME


def test_the_questions_tell_what_is_common_as_they_grow_many() -> None:
    """Contacts of a bicycle shop who all ask about cards."""
    one, two = vectors([0.0, 10.0, 1.0, 0.0], [0.0, 10.0, 0.0, 1.0])
    others = vectors(*([[0.0, 10.0, 0.5, 0.5]] * 400))
    content = np.array([1.0, 0.0, 0.0, 0.0], dtype=np.float32)
    alone = Likeness([one, two], content).between([one], [two])[0, 0]
    among = Likeness([one, two, *others], content).between([one], [two])[0, 0]
    assert among < alone
    assert 0 < QUESTIONS_SHARE < 1


@pytest.mark.parametrize("common", [0, 40])
def test_words_that_all_use_tell_little(common: int) -> None:
    (vector,) = vectors([1.0, 0.0])
    one = Asked(vector=vector.vector, words=frozenset({"card", "pin"}))
    two = Asked(vector=vector.vector, words=frozenset({"card", "stolen"}))
    others = [Asked(vector=vector.vector, words=frozenset({"card"}))] * common
    rest = [Asked(vector=vector.vector, words=frozenset({f"w{number}"})) for number in range(40 - common)]
    likeness = Likeness([one, two, *others, *rest], np.array([0.0, 1.0], dtype=np.float32))
    gained = likeness.between([one], [two])[0, 0] - 1.0
    assert (gained < 0.25 * WORDS_WEIGHT) == bool(common)
    assert 0 < gained < WORDS_WEIGHT


def test_cosines_of_any_scale_stay_what_they_are() -> None:
    one, two = vectors([3.0, 4.0], [4.0, 3.0])
    assert Likeness((), np.zeros(2, dtype=np.float32)).between([one], [two])[0, 0] == pytest.approx(0.96)
    assert Likeness((), np.zeros(2, dtype=np.float32)).between([], [two]).shape == (0, 1)
