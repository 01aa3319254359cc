"""Lists of other pages lead on and answer nothing: they stand behind what says something."""

from __future__ import annotations

import pytest

from custagent.answer.deciding.ranking import rank
from custagent.answer.deciding.signposts import is_signpost

CARDS = "- Delivery Prices, waiting times.\n- Returns Sending things back.\n- Workshop Service and repairs."
TITLES = {(name, f"https://help.example/{name}") for name in ("Delivery", "Returns", "Workshop", "Torget")}


@pytest.mark.parametrize(
    "text",
    [CARDS, "Choose:\n\n" + CARDS, "- Delivery\n- Returns\n- Something else", "1. Delivery\n2. Returns\n3. Workshop"],
    ids=["cards", "announced", "most of them", "numbered"],
)
def test_a_list_of_other_pages_is_a_signpost(chunk, text):
    assert is_signpost(chunk(text, title="Start"), TITLES)


@pytest.mark.parametrize(
    "text",
    [
        "- Delivery, which takes five days\n- Returns, which cost nothing\n- Workshop, open on Sundays",
        "- Delivery costs 49 kr.\n- Returns are free.\n- Workshop visits too.",
        "- Delivery\n- Returns",
        "- Delivery Prices.\n- Gloves\n- Hats\n- Locks",
        "Delivery Prices. Returns. Workshop.",
    ],
    ids=["set off", "sentences", "two", "few of them", "no list"],
)
def test_a_list_that_says_something_is_none(chunk, text):
    assert not is_signpost(chunk(text, title="Start"), TITLES)


def test_a_list_of_a_page_s_own_name_is_none(chunk):
    own = {("Refunds", "https://help.example/refunds")}
    assert not is_signpost(chunk("- Refunds A\n- Refunds B\n- Refunds C"), own)


def test_a_short_answer_is_none(chunk):
    assert not is_signpost(chunk(CARDS, title="Start", question="Which pages are there?"), TITLES)


def test_a_signpost_is_neither_the_answer_nor_quoted_beside_it(scored):
    start = scored(0.95, "start", CARDS)
    pages = [scored(score, name, f"{name} is explained.") for score, name in ((0.94, "delivery"), (0.8, "returns"))]
    ranking = rank("What about delivery?", "en", [start, *pages, scored(0.7, "workshop", "Open daily.")])
    assert ranking.quoted == (pages[0].chunk,)
    assert ranking.chunks[-1] is start
