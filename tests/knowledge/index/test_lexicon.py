"""BM25, compared with one written down naively, and what makes it fit to be added to a cosine."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custagent.knowledge.index.lexicon import TITLE_WEIGHT, Entry, build_postings, load_postings, save_postings
from custagent.language import words


def naive(entries: list[Entry], query: str) -> list[float]:
    """Robertson and Zaragoza 2009, each language by itself, divided by what a perfect passage would get."""
    scores = []
    for entry in entries:
        same = [bag(other) for other in entries if other.language == entry.language]
        average = sum(sum(one.values()) for one in same) / len(same)
        own = bag(entry)
        got = reachable = 0.0
        for word in set(words(query, entry.language)):
            holders = sum(1 for one in same if word in one)
            idf = math.log(1 + (len(same) - holders + 0.5) / (holders + 0.5))
            reachable += idf * 2.5
            if word in own:
                norm = 1.5 * (1 - 0.75 + 0.75 * sum(own.values()) / average)
                got += idf * own[word] * 2.5 / (own[word] + norm)
        scores.append(got / reachable if reachable else 0.0)
    return scores


def bag(entry: Entry) -> dict[str, float]:
    text, title = Counter(words(entry.text, entry.language)), Counter(words(entry.title, entry.language))
    return {word: text[word] + TITLE_WEIGHT * title[word] for word in text | title}


def scores(entries: list[Entry], query: str) -> np.ndarray:
    found = np.zeros(len(entries), dtype=np.float32)
    for postings in build_postings(entries):
        postings.add_scores(query, found)
    return found


def entries(*texts: str, language: str = "en") -> list[Entry]:
    return [Entry(row=row, language=language, text=text) for row, text in enumerate(texts)]


_text = st.lists(
    st.sampled_from("returns returning bike bikes Räder the 汉字汉字 covid-19 ? 30".split()), max_size=12
).map(" ".join)
_entries = st.lists(st.tuples(st.sampled_from(["en", "de", "zh", "xx", ""]), _text, _text), max_size=12).map(
    lambda rows: [
        Entry(row=row, language=language, title=title, text=text) for row, (language, title, text) in enumerate(rows)
    ]
)


@settings(max_examples=60, deadline=None)
@given(_entries, _text)
def test_it_is_bm25(found, query):
    assert scores(found, query) == pytest.approx(naive(found, query), abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(_entries, _text)
def test_it_lies_between_0_and_1(found, query):
    got = scores(found, query)
    assert ((got >= 0) & (got <= 1)).all()


@settings(max_examples=20, deadline=None)
@given(_entries, _text)
def test_what_was_saved_is_loaded_the_same(tmp_path_factory, found, query):
    folder = tmp_path_factory.mktemp("words")
    built = build_postings(found)
    save_postings(built, folder)
    loaded = load_postings(folder)
    assert [one.language for one in loaded] == [one.language for one in built]
    for one, other in zip(built, loaded, strict=True):
        assert (one.slots, one.passages) == (other.slots, other.passages)
        for name in ("offsets", "rows", "weights"):
            saved, read = getattr(one, name), getattr(other, name)
            assert saved.dtype == read.dtype
            assert (saved == read).all()


def test_words_are_compared_by_their_stems():
    found = scores(entries("Returning a bike", "Nothing of it"), "returned bikes")
    assert found[0] > 0.3
    assert found[1] == 0


def test_a_rare_word_counts_more_than_a_common_one():
    found = scores(entries("bike lamp", "bike bell", "bike lock", "bike"), "bike lamp")
    assert found[0] > 2 * found[1] > 0


def test_a_word_that_nobody_uses_makes_the_rest_count_less():
    texts = entries("bike lamp", "bike bell")
    assert scores(texts, "lamp zeppelin")[0] < scores(texts, "lamp")[0]


def test_saying_a_word_twice_in_the_question_changes_nothing():
    texts = entries("bike lamp", "bike bell")
    assert (scores(texts, "lamp lamp bike") == scores(texts, "bike lamp")).all()


def test_the_question_is_stemmed_as_each_language_does():
    mixed = [Entry(row=0, language="sv", text="cyklar"), Entry(row=1, language="en", text="returns")]
    assert scores(mixed, "cyklarna")[0] > 0
    assert scores(mixed, "returned")[1] > 0


def test_languages_do_not_count_each_others_passages():
    alone = scores(entries("bike lamp", "bike bell"), "bike")
    german = [Entry(row=row, language="de", text="bike") for row in range(2, 6)]
    assert (scores(entries("bike lamp", "bike bell") + german, "bike")[:2] == alone).all()


def test_a_word_of_the_title_counts_less_than_one_of_the_text():
    title, text, both, _ = scores(
        [
            Entry(row=0, language="en", title="lamp", text="shop open"),
            Entry(row=1, language="en", title="shop", text="lamp open"),
            Entry(row=2, language="en", title="lamp", text="lamp open"),
            Entry(row=3, language="en", title="shop", text="open"),
        ],
        "lamp",
    )
    assert 0 < title < text < both


def test_rarity_names_each_word_of_the_question_by_its_stem():
    (postings,) = build_postings(entries("bike lamp", "bike bell"))
    rarity = postings.rarity("bikes lamps zeppelins")
    assert list(rarity) == sorted(rarity)
    assert rarity["zeppelin"] > rarity["lamp"] > rarity["bike"] > 0


@pytest.mark.parametrize("query", ["", "???", "zeppelin"])
def test_a_question_without_known_words_scores_nothing(query):
    assert (scores(entries("bike lamp", "", "???"), query) == 0).all()


def test_passages_without_words_are_no_trouble():
    assert (scores(entries("", "???"), "bike") == 0).all()
    assert build_postings([]) == []


def test_a_language_may_be_called_anything(tmp_path):
    save_postings(build_postings([Entry(row=0, language="../../etc", text="bike \ud800 x")]), tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["words.json", "words.npz"]
    assert load_postings(tmp_path)[0].language == "../../etc"


def test_many_passages_are_counted_in_several_goes_as_in_one():
    texts = ["a red bike", "bikes and a bell", "the lamp of a bike", "a lock"]
    few, many = scores(entries(*texts * 2), "red bike lamps"), scores(entries(*texts * 5000), "red bike lamps")
    assert (many.reshape(5000, 4) == many[:4]).all()
    assert list(np.argsort(many[:4])) == list(np.argsort(few[:4]))
    (built,) = build_postings(entries(*texts * 5000))
    bike = built.slots["bike"]
    assert built.rows[built.offsets[bike] : built.offsets[bike + 1]].tolist() == [
        row for row in range(20_000) if row % 4 != 3
    ]


def test_a_few_passages_do_not_tell_which_words_are_rare():
    (alone,) = build_postings([Entry(row=0, language="en", text="How long is the warranty?", title="")])
    plainly, among = alone.rarity("warranty frame"), alone.rarity("warranty frame", among=30)
    known, unknown = sorted(among.values())
    assert known / unknown > 0.7
    assert min(plainly.values()) / max(plainly.values()) < 0.3
    (many,) = build_postings(
        [
            Entry(row=row, language="en", text=f"warranty {row}" if row else "warranty frame", title="")
            for row in range(40)
        ]
    )
    assert many.rarity("frame", among=30) == many.rarity("frame")
