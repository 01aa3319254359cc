"""What looking content over gives, and what it is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from custagent.core.document import Document


class Rule(StrEnum):
    """What good help content keeps to; a finding names the one that is broken."""

    #: Sentences are short.
    LONG_SENTENCES = "long-sentences"
    #: Words are plain: LIX is at most 60.
    HARD_WORDS = "hard-words"
    #: Paragraphs are short.
    LONG_PARAGRAPH = "long-paragraph"
    #: A long text has headings.
    NO_HEADINGS = "no-headings"
    #: A heading names its subject: it is no sentence of its own, and not the same as another of the page.
    UNCLEAR_HEADING = "unclear-heading"
    #: Steps stand in a list.
    STEPS_AS_TEXT = "steps-as-text"
    #: A question is answered in full, where it stands.
    THIN_ANSWER = "thin-answer"
    #: A page says something.
    THIN_PAGE = "thin-page"
    #: A page was looked at lately.
    STALE_PAGE = "stale-page"
    #: Each thing is said once.
    REPEATED = "repeated"
    #: Each page has a title of its own.
    SAME_TITLE = "same-title"
    #: Pages say what customers say.
    UNSAID = "unsaid"
    #: Pages avoid what the brand voice avoids.
    AVOIDED_WORD = "avoided-word"
    #: A short answer is given at all.
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page that is to be looked over."""

    document: Document
    #: When the page itself last changed, UTC; None where nobody knows.
    changed_at: datetime | None = None
    #: After which time without a change it may have become wrong.
    stale_after: timedelta
    #: A short answer's question; "" for a page.
    question: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One place that could be better, and how."""

    rule: Rule
    #: The page; "" where no page is to blame.
    location: str
    title: str = ""
    #: The headings that lead to the place, outermost first, joined by " > "; "" for the whole page.
    heading: str = ""
    #: What is wrong, in a sentence.
    message: str
    #: What to do.
    hint: str
    #: The words it is about, to the letter; "" where there are none.
    quote: str = ""
