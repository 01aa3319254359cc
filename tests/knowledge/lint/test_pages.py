"""What is found on one page, and what is fine as it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from custagent.core.document import Document, Section
from custagent.knowledge.lint import Finding, Page, Rule, look_over

NOW = datetime(2026, 6, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
PLAIN = (
    "You can send a bike back within 30 days. Pack it as it came. We pay for the parcel. "
    "The money is on your card after five days. Write to us when it is not."
)


def page(*sections: Section, language: str = "en", changed_at: datetime | None = None, question: str = "") -> Page:
    document = Document(location="returns.md", title="Returns", language=language, sections=sections)
    return Page(document=document, changed_at=changed_at, stale_after=YEAR, question=question)


def found(one: Page, *avoided: str) -> list[Finding]:
    return list(look_over(one, now=NOW, avoided=lambda text, _: [word for word in avoided if word in text]))


def rules(one: Page) -> list[Rule]:
    return [finding.rule for finding in found(one)]


def test_a_plain_page_has_nothing_to_mend() -> None:
    assert rules(page(Section(text=PLAIN, headings=("Sending a bike back",)))) == []


def test_an_endless_sentence_is_quoted() -> None:
    endless = "The bike that you bought " + "and that you rode for a while " * 8 + "can be sent back."
    (finding,) = found(page(Section(text=f"{PLAIN} {endless}", headings=("Returns", "Bikes"))))
    assert (finding.rule, finding.heading) == (Rule.LONG_SENTENCES, "Returns > Bikes")
    assert finding.message == "a sentence has 65 words"
    assert finding.quote.startswith("The bike that you bought")


def test_one_long_sentence_among_short_ones_is_fine_and_many_are_not() -> None:
    long = "This is a sentence that has more than twenty-five words because it goes on and on without a reason that anybody"
    long += " could name or would care for."
    assert rules(page(Section(text=f"{PLAIN} {long}"))) == []
    (finding,) = found(page(Section(text=f"{PLAIN} {long} {long}")))
    assert finding.message == "2 of 7 sentences have more than 25 words, the longest has 27 words"


@pytest.mark.parametrize(
    "apart",
    [
        "\n".join(f"- step {number} of those that there are" for number in range(40)),
        "\n".join("Part: axle; Torque: 12 Nm; Tool: a key" for _ in range(30)),
        "Part Torque Tool " * 30,
    ],
)
def test_lists_tables_and_words_of_tables_are_no_sentences(apart: str) -> None:
    assert rules(page(Section(text=f"{PLAIN}\n\n{apart}"))) == []


def test_hard_words_are_measured() -> None:
    hard = "Irrespective responsibilities notwithstanding, contractual considerations predominantly determine reimbursement. "
    (finding,) = found(page(Section(text=hard * 10)))
    assert finding.rule is Rule.HARD_WORDS
    assert "LIX" in finding.message
    # Long words are no fault of Finnish.
    finnish = "Voit palauttaa pyörän kuukauden sisällä. " * 20
    assert Rule.HARD_WORDS not in rules(page(Section(text=finnish), language="fi"))
    assert Rule.HARD_WORDS in rules(page(Section(text=finnish), language="en"))


def test_a_long_paragraph_and_a_long_section() -> None:
    assert rules(page(Section(text=PLAIN * 4))) == [Rule.LONG_PARAGRAPH]
    assert rules(page(Section(text="\n\n".join([PLAIN] * 12)))) == [Rule.NO_HEADINGS]
    # A page of a PDF has no headings of its own.
    assert rules(page(Section(text="\n\n".join([PLAIN] * 12), page=3))) == []


def test_steps_within_a_paragraph() -> None:
    steps = (
        "Do this: 1) open the lid and wait. 2) turn the key to the left. 3) close it again and ride on. That is all."
    )
    (finding,) = found(page(Section(text=f"{PLAIN}\n\n{steps}")))
    assert finding.rule is Rule.STEPS_AS_TEXT
    listed = "1. Open the lid.\n2. Turn the key.\n3. Close it."
    assert rules(page(Section(text=f"{PLAIN}\n\n{listed}"))) == []


def test_a_question_is_answered_in_full() -> None:
    asked = Section(text="Yes.", headings=("Can I return shoes?",))
    (finding,) = found(page(asked, Section(text=PLAIN)))
    assert finding.rule is Rule.THIN_ANSWER
    assert finding.message == "the question 'Can I return shoes?' is answered in 1 words"
    full = Section(text="Yes, you can return shoes within 30 days.", headings=("Can I return shoes?",))
    assert rules(page(full, Section(text=PLAIN))) == []


def test_a_short_answer_is_looked_at_as_an_answer() -> None:
    assert rules(page(Section(text="See above."), question="Do you ship?")) == [Rule.THIN_ANSWER]
    assert rules(page(Section(text="Yes, to all of Europe within four days."), question="Do you ship?")) == []


def test_headings_name_one_thing_each() -> None:
    sentence = "We would like to tell you how a bike that you do not like can be sent back"
    assert rules(page(Section(text=PLAIN, headings=(sentence,)))) == [Rule.UNCLEAR_HEADING]
    assert rules(page(Section(text=PLAIN, headings=(f"{sentence}?",)))) == []
    same = Section(text=PLAIN, headings=("Good to know",))
    assert rules(page(same, same)) == [Rule.UNCLEAR_HEADING]


def test_a_page_that_says_nothing() -> None:
    assert rules(page(Section(text="Coming soon."))) == [Rule.THIN_PAGE]
    assert rules(page(Section(text="返品は三十日以内に可能です。"), language="ja")) == []


def test_an_old_page() -> None:
    old = page(Section(text=PLAIN), changed_at=NOW - YEAR - timedelta(days=1))
    (finding,) = found(old)
    assert (finding.rule, finding.message) == (Rule.STALE_PAGE, "it was last changed on 2025-05-31, 366 days ago")
    assert rules(page(Section(text=PLAIN), changed_at=NOW - YEAR)) == []


def test_what_the_brand_voice_avoids() -> None:
    (finding,) = found(page(Section(text=f"It is cheap. {PLAIN}")), "cheap")
    assert (finding.rule, finding.quote) == (Rule.AVOIDED_WORD, "cheap")


def test_links_alone_are_left_out() -> None:
    links = Section(text="- One\n- Two", headings=("Elsewhere",), links_only=True)
    assert rules(page(Section(text=PLAIN), links)) == []
