"""What stands on several pages, and what customers say that no page does."""

from __future__ import annotations

from datetime import timedelta

from custagent.core.document import Document, Section
from custagent.knowledge.lint import Asked, Page, Rule, repeated, unsaid

LONG = (
    "A bike can be sent back within thirty days when it was not ridden, and the money is on your card five days after it"
    " has come to our shop in the harbour of the old town."
)


def page(location: str, title: str, *texts: str) -> Page:
    sections = tuple(Section(text=text, headings=(f"Part {number}",)) for number, text in enumerate(texts))
    document = Document(location=location, title=title, language="en", sections=sections)
    return Page(document=document, stale_after=timedelta(days=1))


def test_a_paragraph_on_two_pages_is_told_once_with_its_place() -> None:
    (finding,) = repeated(
        [
            page("a.md", "Returns", "Short.", f"{LONG}\n\nMore."),
            page("b.md", "Money", LONG.upper()),
            page("c.md", "C", "x"),
        ]
    )
    assert (finding.rule, finding.location, finding.heading) == (Rule.REPEATED, "a.md", "Part 1")
    assert finding.message == "a paragraph stands on 2 pages: also on b.md"


def test_pages_that_are_the_same_are_one_finding() -> None:
    other = LONG.replace("bike", "scooter")
    same = [page(f"{name}.md", name, LONG, other) for name in "abcde"]
    (finding,) = repeated(same)
    assert finding.message == "a paragraph stands on 5 pages: also on b.md, c.md, d.md and 1 more"


def test_short_paragraphs_and_repetition_within_a_page_are_fine() -> None:
    assert list(repeated([page("a.md", "A", "Call us.", LONG, LONG), page("b.md", "B", "Call us.")])) == []


def test_pages_of_one_title() -> None:
    (finding,) = repeated([page("a.md", "FAQ", "x"), page("b.md", "faq", "y"), page("c.md", "Other", "z")])
    assert (finding.rule, finding.location) == (Rule.SAME_TITLE, "a.md")
    assert "b.md" in finding.message


def test_words_that_no_page_says_come_by_how_often_they_are_asked() -> None:
    asked = [
        Asked(text="Where is my parcel?", language="en", count=2),
        Asked(text="parcels lost", language="en", count=3),
        Asked(text="my bike squeaks", language="en"),
        Asked(text="vadåförnåt", language="sv"),
    ]
    findings = list(unsaid(asked, {"en": {"bike", "lost"}}, {"en": {"where", "is", "my"}}))
    assert [finding.quote for finding in findings] == ["parcel", "squeaks"]
    assert findings[0].message == "5 questions say 'parcel', and no page does: “parcels lost”; “Where is my parcel?”"
    assert findings[1].message == "1 question says 'squeaks', and no page does: “my bike squeaks”"


def test_numbers_and_single_letters_are_no_words() -> None:
    assert list(unsaid([Asked(text="order 4711 x R2D2", language="en")], {"en": {"order"}}, {})) == []
