"""Which passage goes first, what stands beside it, and what the contact could be offered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.answer.deciding.ranking import MAX_CANDIDATES, MAX_LABEL_CHARS, Ranking, rank


@pytest.fixture(scope="session")
def short(scored):
    """A short answer with a score."""

    def make(score: float, question: str, answer: str, **rest):
        return scored(
            score, f"short-{question}", answer, location=f"short-answer:{question}", title=question,
            question=question, **rest,
        )  # fmt: skip

    return make


@pytest.fixture(scope="session")
def opening(scored):
    """A page's passage of opening hours, under a heading."""

    def make(score: float, page: str, heading: str):
        return scored(score, page, "From ten to five.", title=page.capitalize(), heading=heading)

    return make


def texts(ranking: Ranking) -> list[str]:
    return [one.chunk.text for one in ranking.chunks]


def test_nothing_found_is_nothing_ranked():
    assert rank("anything", "en", []) == Ranking(query="anything")


def test_passages_are_ordered_by_score_and_equal_ones_stay(scored):
    found = [scored(0.5, "a", "one"), scored(0.9, "b", "two"), scored(0.5, "c", "three")]
    assert texts(rank("q", "en", found)) == ["two", "one", "three"]


def test_a_passage_in_the_contacts_language_goes_before_a_slightly_better_foreign_one(scored):
    found = [scored(0.90, "en", "english"), scored(0.88, "sv", "svenska", language="sv")]
    assert texts(rank("q", "sv", found)) == ["svenska", "english"]
    assert texts(rank("q", "en", found)) == ["english", "svenska"]
    assert texts(rank("q", "de", found)) == ["english", "svenska"]
    far = [scored(0.90, "en", "english"), scored(0.86, "sv", "svenska", language="sv")]
    assert texts(rank("q", "sv", far)) == ["english", "svenska"]


class TestHeadings:
    def test_a_heading_that_asks_the_same_goes_before_a_slightly_better_neighbour(self, scored):
        neighbour = scored(0.91, "contents", "Is it legal to pay tax? Is it taxed?", heading="Taxes")
        asked = scored(0.90, "legal", "Yes, in most countries.", heading="Is it legal to pay with bitcoin?")
        assert rank("Is it legal to pay with bitcoin?", "en", [neighbour, asked]).chunks[0] is asked

    def test_but_not_before_one_that_fits_far_better(self, scored):
        better = scored(0.93, "contents", "Is it legal to pay tax? Is it taxed?", heading="Taxes")
        asked = scored(0.90, "legal", "Yes, in most countries.", heading="Is it legal to pay with bitcoin?")
        assert rank("Is it legal to pay with bitcoin?", "en", [better, asked]).chunks[0] is better

    @pytest.mark.parametrize(
        "place", [{"title": "Legal to pay with bitcoin"}, {"heading": "Legal > To pay with bitcoin"}]
    )
    def test_titles_and_the_headings_above_count_too(self, scored, place):
        neighbour = scored(0.91, "contents", "Taxes.")
        asked = scored(0.90, "page", "Yes.", **{"title": "Page", **place})
        assert rank("Is it legal to pay with bitcoin?", "en", [neighbour, asked]).chunks[0] is asked

    def test_those_of_another_language_tell_nothing(self, scored):
        first = scored(0.91, "one", "Inget.", title="Ett", language="sv")
        other = scored(0.90, "two", "Inget.", title="Taxi hotel museum", language="sv")
        assert rank("taxi hotel museum", "en", [first, other]).chunks[0] is first

    def test_of_a_question_of_one_word_they_tell_little(self, scored):
        first = scored(0.91, "prices", "Sending it costs 49 kr.", title="Prices")
        heading = scored(0.90, "returns", "59 kr.", heading="What it costs", title="Returns")
        assert rank("What does it cost?", "en", [first, heading]).chunks[0] is first

    def test_rare_words_count_more(self, scored):
        common = scored(0.905, "a", "Nothing.", title="Delivery prices")
        rare = scored(0.90, "b", "Nothing.", title="Cargo Åland")
        question, rarity = (
            "Delivery prices cargo Åland",
            {"en": {"deliveri": 0.1, "price": 0.1, "cargo": 3, "åland": 3}},
        )
        assert rank(question, "en", [common, rare], rarity=rarity).chunks[0] is rare
        assert rank(question, "en", [common, rare]).chunks[0] is common

    def test_amid_a_conversation_they_are_compared_with_what_was_said_before(self, scored):
        word = scored(0.90, "a", "It is more important.", title="More than ever")
        thing = scored(0.897, "b", "It is more important.", title="Buy a helmet, a lock")
        asked, said = "Which is more important?", "Should I buy a helmet or a lock?\nWhich is more important?"
        assert rank(asked, "en", [word, thing], context=said).chunks[0] is thing
        assert rank(asked, "en", [word, thing]).chunks[0] is word


class TestStated:
    """Where a price or a length of time is asked for, a passage that states one of the thing asked about leads."""

    CUSTOMS = "Taxes to Norway are added at the checkout."
    PRICES = "Country: Sweden; Up to 2 kg: 49 kr\nCountry: Norway; Up to 2 kg: 99 kr"
    OTHERS = "Country: Denmark; Up to 2 kg: 75 kr"

    def asked(self, scored, question: str, text: str, score: float = 0.90, language: str = "en") -> str:
        found = [
            scored(0.93, "customs", self.CUSTOMS, title="Delivery prices", heading="Norway: customs"),
            scored(score, "prices", text, title="Delivery prices", heading="By country", language=language),
        ]
        return rank(question, "en", found).chunks[0].chunk.location.rpartition("/")[2]

    def test_it_goes_before_one_that_scores_a_little_more(self, scored):
        assert self.asked(scored, "What does delivery to Norway cost?", self.PRICES) == "prices"
        assert self.asked(scored, "What does delivery to Norway cost?", self.PRICES, 0.86) == "customs"

    def test_a_price_of_something_else_does_not(self, scored):
        assert self.asked(scored, "What does delivery to Norway cost?", self.OTHERS) == "customs"

    @pytest.mark.parametrize("question", ["Do you deliver to Norway?", "What does delivery cost?"])
    def test_nor_does_any_price_where_none_or_no_certain_one_is_asked_for(self, scored, question):
        assert self.asked(scored, question, self.PRICES) == "customs"

    def test_nor_one_in_another_language(self, scored):
        question = "What does delivery to Norway cost?"
        assert self.asked(scored, question, self.PRICES, language="sv") == "customs"

    def test_how_long_something_takes_may_have_its_unit_in_the_heading(self, scored):
        found = [
            scored(0.92, "late", "The driver comes back to Norway tomorrow.", title="Delivery times"),
            scored(0.90, "days", "Norway: 3-5", title="Delivery times", heading="Working days by country"),
        ]
        ranking = rank("How long does delivery to Norway take?", "en", found)
        assert ranking.chunks[0].chunk.text == "Norway: 3-5"


class TestShortAnswers:
    def test_one_that_matches_wins_over_a_slightly_better_page(self, scored, short):
        answer = short(0.88, "How long do refunds take?", "Five days.")
        ranking = rank("How long does a refund take?", "en", [scored(0.9, "refunds", "Refunds are slow."), answer])
        assert ranking.chunks[0] is answer
        assert ranking.quoted == (answer.chunk,)

    def test_one_that_is_far_behind_does_not(self, scored, short):
        answer = short(0.86, "How long do refunds take?", "Five days.")
        page = scored(0.9, "refunds", "Refunds take 7 days.")
        assert rank("How long does a refund take?", "en", [page, answer]).chunks[0] is page

    def test_one_about_something_else_does_not(self, scored, short):
        answer = short(0.89, "How long does delivery take?", "Two days.")
        page = scored(0.9, "refunds", "Refunds are slow.")
        assert rank("How long does a refund take?", "en", [page, answer]).chunks[0] is page

    def test_a_question_with_one_that_matches_is_not_ambiguous(self, scored, short):
        answer = short(0.9, "What does delivery cost?", "49 kr.")
        pages = [scored(0.9, name, "Delivery costs.") for name in ("boats", "bikes")]
        assert not rank("delivery cost", "en", [answer, *pages]).ambiguous
        assert rank("delivery cost", "en", pages).ambiguous

    def test_of_two_that_match_the_better_one_wins(self, short):
        first, second = short(0.9, "refund a", "One."), short(0.91, "refund b", "Two.")
        assert rank("refund", "en", [first, second]).chunks[0] is second


class TestCandidates:
    def test_they_are_the_ten_best_distinct_pages_in_order(self, scored):
        found = [scored(0.9 - n / 100, f"page{n // 2}", f"text {n}") for n in range(30)]
        candidates = rank("q", "en", found).candidates
        assert [one.location.rsplit("/", 1)[1] for one in candidates] == [f"page{n}" for n in range(10)]
        assert [one.score for one in candidates] == [round(0.9 - n / 50, 4) for n in range(10)]

    def test_each_page_of_a_paged_file_is_one(self, scored):
        found = [scored(0.9 - n / 100, location="manual.pdf", number=n % 3 + 1) for n in range(6)]
        pages = [(one.location, one.page) for one in rank("q", "en", found).candidates]
        assert pages == [("manual.pdf", 1), ("manual.pdf", 2), ("manual.pdf", 3)]


class TestAmbiguity:
    def test_a_bare_question_that_fits_several_pages_offers_them(self, scored):
        found = [
            scored(0.90, "van", "The call-out costs 275 kr.", title="The mobile van", heading="What it costs"),
            scored(0.895, "returns", "A return costs 49 kr.", title="Returns", heading="What it costs"),
            scored(0.89, "storage", "Storage costs 890 kr.", title="Winter storage", heading="Prices > What it costs"),
            scored(0.885, "more", "Other work costs 840 kr.", title="Workshop"),
            scored(0.895, "guides", "Nothing about it.", title="Guides"),
        ]
        ranking = rank("How much does it cost?", "en", found)
        assert ranking.ambiguous
        assert ranking.topics == (
            "The mobile van: What it costs", "Returns: What it costs", "Winter storage: What it costs",
        )  # fmt: skip

    def test_a_question_with_one_clear_page_is_not(self, scored):
        found = [
            scored(0.95, "gift-cards", "A gift card is a present.", heading=""),
            scored(0.94, "gift-cards", "Use a gift card at the checkout.", heading="Use it"),
            scored(0.92, "payments", "We take gift cards."),
        ]
        assert not rank("What is a gift card?", "en", found).ambiguous

    def test_a_question_that_says_what_it_means_is_not(self, scored):
        found = [scored(0.9, name, "Winter storage costs 890 kr.") for name in ("one", "two")]
        assert not rank("What does winter storage cost for a tandem?", "en", found).ambiguous

    def test_pages_that_score_less_or_hold_less_are_not_meant(self, scored):
        best = scored(0.9, "van", "It costs 275 kr.")
        assert not rank("cost?", "en", [best, scored(0.87, "returns", "It costs 49 kr.")]).ambiguous
        assert not rank("cost?", "en", [best, scored(0.9, "contact", "Write to us.")]).ambiguous

    def test_pages_that_answer_it_for_one_thing_each_are_meant_alike_though_one_scores_more(self, opening):
        school, library = opening(0.96, "school", "When is the school open?"), opening(0.9, "library", "Open library")
        ranking = rank("When are you open?", "en", [school, library, opening(0.95, "tax", "What do I pay?")])
        assert ranking.ambiguous
        assert ranking.topics == ("School: When is the school open?", "Library: Open library")

    @pytest.mark.parametrize(
        ("question", "first", "second"),
        [
            ("When are you open?", (0.96, "hours", "When are you open?"), (0.93, "library", "Open library")),
            ("When are you open?", (0.96, "school", "When is the school open?"), (0.86, "library", "Open library")),
            ("When are you open?", (0.96, "school", "When is the school open?"), (0.93, "library", "Library")),
            ("When is the school open?", (0.96, "school", "When is the school open?"), (0.93, "library", "Open library")),
            ("Open school on Sunday?", (0.96, "school", "Open school on a Sunday in May"), (0.93, "b", "School open Sundays, June")),
        ],
        ids=["the heading asks as much", "far behind", "the other does not ask it", "it names the thing", "it says enough"],
    )  # fmt: skip
    def test_else_they_are_not(self, opening, question, first, second):
        assert not rank(question, "en", [opening(*first), opening(*second)]).ambiguous

    def test_what_asks_as_much_as_the_question_is_meant_whatever_others_answer_for_one_thing(self, opening):
        narrower = [opening(0.93, page, f"When is the {page} open?") for page in ("school", "library")]
        assert not rank("When are you open?", "en", [opening(0.96, "hours", "Are you open?"), *narrower]).ambiguous

    def test_the_same_page_under_two_addresses_is_one_thing(self, scored):
        found = [scored(0.9, name, "It costs 275 kr.", title="Prices", heading="Van") for name in ("a", "b")]
        assert not rank("cost?", "en", found).ambiguous

    def test_on_a_single_page_its_sections_are_the_things(self, scored):
        found = [scored(0.9, "faq", "It costs 1 kr.", title="FAQ", heading=heading) for heading in ("Van", "Storage")]
        ranking = rank("cost?", "en", found)
        assert (ranking.ambiguous, ranking.topics) == (True, ("FAQ: Van", "FAQ: Storage"))


class TestOffers:
    def test_an_unsure_contact_is_offered_what_is_near_one_a_page(self, scored):
        found = [
            scored(0.90, "costs", "One.", title="Delivery prices", heading="Cargo bikes"),
            scored(0.89, "costs", "Two.", title="Delivery prices", heading="By country"),
            scored(0.88, "times", "Three.", title="Delivery times", heading="By country"),
            scored(0.85, "far", "Four.", title="Far away"),
        ]
        ranking = rank("How much for a parcel of twelve kilos to Finland?", "en", found)
        assert ranking.topics == ("Delivery prices", "Delivery times: By country")

    def test_where_one_page_alone_is_near_its_sections_are_offered(self, scored):
        found = [scored(0.9 - n / 100, "costs", f"t{n}", title="Prices", heading=f"Part {n}") for n in range(5)]
        found.append(scored(0.5, "far", "Four."))
        assert rank("q r s t", "en", found).topics == ("Prices: Part 0", "Prices: Part 1", "Prices: Part 2")

    def test_the_only_passage_is_the_only_offer(self, scored):
        assert rank("q", "en", [scored(0.9, "refunds")]).topics == ("Refunds",)

    @pytest.mark.parametrize(
        ("place", "label"),
        [
            ({"title": "Refunds", "heading": ""}, "Refunds"),
            ({"title": "Refunds", "heading": "Cards > When"}, "Refunds: When"),
            ({"title": "Refunds", "heading": "Refunds"}, "Refunds"),
            ({"title": "R" * 80, "heading": "When it comes"}, "When it comes"),
            ({"title": "R" * 200, "heading": "H" * 200}, "R" * MAX_LABEL_CHARS),
            ({"title": "Q?", "question": "How long do refunds take?"}, "How long do refunds take?"),
        ],
    )
    def test_labels_are_short_and_tell_the_subject(self, scored, place, label):
        assert rank("q", "en", [scored(0.9, "x", **place)]).topics == (label,)


class TestChosen:
    def test_what_the_contact_has_chosen_goes_first(self, scored):
        van = scored(0.9, "van", "Van.", title="The van", heading="What it costs")
        storage = scored(0.8, "storage", "Storage.", title="Storage", heading="What it costs")
        assert rank("cost\nx", "en", [van, storage], chosen="Storage: What it costs").chunks[0] is storage
        assert rank("cost\nx", "en", [van, storage], chosen="Storage").chunks[0] is storage
        assert rank("cost\nx", "en", [van, storage], chosen="Gone").chunks[0] is van

    def test_within_what_was_chosen_the_score_decides(self, scored):
        parts = [scored(score, "costs", f"{score}", title="Prices", heading=f"{score}") for score in (0.7, 0.8)]
        ranking = rank("q", "en", [scored(0.9, "van"), *parts], chosen="Prices")
        assert texts(ranking)[:2] == ["0.8", "0.7"]

    def test_a_short_answer_does_not_push_it_aside(self, scored, short):
        page = scored(0.8, "refunds", "Refunds are slow.")
        answer = short(0.9, "refund", "Five days.")
        assert rank("refund", "en", [answer, page], chosen="Refunds").chunks[0] is page


class TestQuoted:
    def test_a_second_passage_of_the_page_that_holds_more_of_the_question_is_quoted_too(self, scored):
        cargo = scored(0.904, "costs", "Cargo bikes go by lorry.", heading="Cargo bikes")
        country = scored(0.90, "costs", "Finland: 249 kr.", heading="By country")
        assert rank("Cargo to Finland?", "en", [cargo, country]).quoted == (cargo.chunk, country.chunk)

    def test_the_best_of_another_page_is_quoted_too_where_it_is_as_good(self, scored):
        here, there = scored(0.904, "costs", "Finland: 249 kr."), scored(0.89, "times", "Finland: 9 days.")
        also = scored(0.888, "zones", "Finland is in zone 2.")
        assert rank("What about Finland?", "en", [here, there, also]).quoted == (here.chunk, there.chunk)

    def test_more_of_the_page_goes_before_another_page(self, scored):
        cargo, country = scored(0.904, "costs", "Cargo bikes."), scored(0.89, "costs", "Finland: 249 kr.")
        there = scored(0.9, "times", "Cargo to Finland: 9 days.")
        assert rank("Cargo to Finland?", "en", [cargo, there, country]).quoted == (cargo.chunk, country.chunk)

    @pytest.mark.parametrize(
        ("text", "language"), [("Five days.", "en"), ("Fem dagar.", "sv")], ids=["same", "foreign"]
    )
    def test_what_says_the_same_or_is_in_another_language_is_not_quoted_again(self, scored, text, language):
        best = scored(0.904, "costs", "Five days.")
        other = scored(0.9, "times", text, language=language)
        assert rank("How long?", "en", [best, other]).quoted == (best.chunk,)

    @pytest.mark.parametrize(
        ("score", "page", "text"),
        [(0.88, "costs", "Finland: 249 kr."), (0.88, "times", "Finland: 9 days."), (0.9, "costs", "Cargo is heavy.")],
        ids=["scores less", "scores less elsewhere", "adds nothing"],
    )
    def test_a_passage_that_does_not_add_to_it_is_not(self, scored, score, page, text):
        cargo = scored(0.904, "costs", "Cargo bikes go by lorry.")
        assert rank("Cargo to Finland?", "en", [cargo, scored(score, page, text)]).quoted == (cargo.chunk,)

    def test_another_page_without_a_word_of_the_question_is_beside_the_point(self, scored):
        puncture = scored(0.904, "repairs", "A puncture costs 149 kr.")
        fee = scored(0.9, "visits", "A missed visit costs 200 kr.")
        assert rank("Is a puncture repaired?", "en", [puncture, fee]).quoted == (puncture.chunk,)

    def test_words_of_another_language_tell_nothing_of_the_point(self, scored):
        puncture, fee = scored(0.904, "repairs", "A puncture."), scored(0.9, "visits", "A visit.")
        assert rank("Lagar ni en puncture?", "sv", [puncture, fee]).quoted == (puncture.chunk, fee.chunk)


class TestLedByTheTopic:
    def test_what_holds_a_word_of_the_topic_goes_before_what_holds_none(self, scored):
        keep = scored(0.904, "privacy", "How long we keep things: 7 years.")
        refunds = scored(0.89, "refunds", "Refunds come within a week.")
        assert rank("How long do refunds take?", "en", [keep, refunds]).chunks[0] is refunds

    @pytest.mark.parametrize(
        ("score", "text", "language"),
        [(0.88, "Refunds come.", "en"), (0.89, "Money comes.", "en"), (0.89, "Refunds kommer.", "sv")],
        ids=["scores less", "holds none", "in another language"],
    )
    def test_what_scores_less_or_holds_none_does_not(self, scored, score, text, language):
        keep = scored(0.904, "privacy", "How long we keep things: 7 years.")
        other = scored(score, "money", text, language=language)
        assert rank("How long do refunds take?", "en", [keep, other]).chunks[0] is keep

    def test_where_the_best_holds_a_word_the_score_decides(self, scored):
        best, other = scored(0.904, "a", "Refunds come."), scored(0.9, "b", "Refunds take a week.")
        assert rank("How long do refunds take?", "en", [best, other]).chunks[0] is best


@given(
    st.lists(
        st.tuples(
            st.floats(-1, 1.2), st.sampled_from("abcdefghijklmnop"), st.sampled_from(["", "Prices", "A > Prices"]),
            st.sampled_from(["It costs 5 kr.", "Delivery.", ""]), st.sampled_from(["en", "sv"]),
            st.sampled_from(["", "", "What does it cost?"]), st.sampled_from([None, None, 1, 2]),
        ),
        max_size=30,
    ),
    st.sampled_from(["cost?", "How much does delivery cost in the winter?", ""]),
    st.sampled_from(["", "A: Prices", "B"]),
)  # fmt: skip
def test_any_finding_is_ranked_without_loss(scored, parts, question, chosen):
    found = [
        scored(score, name, text, heading=heading, language=language, question=asked, number=number)
        for score, name, heading, text, language, asked, number in parts
    ]  # fmt: skip
    ranking = rank(question, "en", found, chosen=chosen)
    assert sorted(map(id, ranking.chunks)) == sorted(map(id, found))
    pages = [(one.location, one.page) for one in ranking.candidates]
    assert len(pages) == len(set(pages)) == min(MAX_CANDIDATES, len({(s.chunk.location, s.chunk.page) for s in found}))
    assert len(set(ranking.topics)) == len(ranking.topics) <= 3
    assert bool(ranking.topics) == bool(ranking.quoted) == bool(found)
    assert all(label.strip() for label in ranking.topics)
    assert not ranking.ambiguous or len(ranking.topics) > 1
