"""One page by itself: can it be read, found by its headings, quoted, and trusted to be true still?

The measures are those that writers of plain language use: words a sentence, LIX (Björnsson 1968: words a sentence plus
the percentage of words of more than six letters; above 60 a text is hard for most), words a paragraph. They need no
dictionary, so they hold in every language that puts blanks between words. Code, tables and lists are left out of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Final

from custagent.core.document import Document, Section
from custagent.knowledge.lint.finding import Finding, Page, Rule
from custagent.sentences import running_sentences

#: Words of a sentence that most readers still take in at once, and of one that hardly anybody does.
LONG_SENTENCE: Final = 25
ENDLESS_SENTENCE: Final = 45
#: From this share of long sentences on, a section is hard to read.
_MANY: Final = 0.25
#: Above it a text is hard to read. Words of the languages named are longer by nature.
HARD_LIX: Final = 60
_LONG_WORDS_BY_NATURE: Final = {"fi": 80, "et": 80, "hu": 75, "de": 70}
_LONG_WORD: Final = 6
#: Fewer words tell nothing of how a text reads.
_ENOUGH: Final = 80
LONG_PARAGRAPH: Final = 120
#: Words of a page or a section that need headings.
LONG_SECTION: Final = 300
#: Words of a heading that is a sentence rather.
LONG_HEADING: Final = 14
#: Words of an answer that cannot be a full one, and of a page that says nothing.
THIN_ANSWER: Final = 6
THIN_PAGE: Final = 25
#: Characters of a quote.
_QUOTE: Final = 160

_ASKS: Final = ("?", "\uff1f")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ANY_WORD = re.compile(r"\w+(?:['’-]\w+)*")
_LIST = re.compile(r"^\s*(?:[-*•–]|\d{1,3}[.)])\s")
_ROW = re.compile(r"[^;:]+: [^;]+(?:; |$)")
#: "1) … 2) … 3) …" within a line.
_NUMBERED_INLINE = re.compile(r"(?<!\w)\(?1[.)]\s.{3,200}?(?<!\w)\(?2[.)]\s.{3,200}?(?<!\w)\(?3[.)]\s", re.DOTALL)
#: Scripts that put no blanks between words: counting words says nothing there.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


def look_over(page: Page, *, now: datetime, avoided: Callable[[str, str], Iterable[str]]) -> Iterator[Finding]:
    """What could be better on the page. `avoided` gives the words of a text, in a language, that must not be said."""
    document = page.document
    yield from _is_old(page, now)
    for word in avoided(_text(document), document.language):
        message = f"it says {word!r}, which the brand voice avoids; extracts are quoted word for word"
        yield _finding(
            document, Rule.AVOIDED_WORD, message, "Say it on the page as the agent should say it.", quote=word
        )
    if page.question:
        yield from _answer(document, page.question, _text(document), heading="")
        return
    yield from _is_thin(document)
    yield from _headings(document)
    for section in document.sections:
        if not section.links_only:
            yield from _section(document, section)


def _section(document: Document, section: Section) -> Iterator[Finding]:
    heading = " > ".join(section.headings)
    asked = section.headings[-1] if section.headings else ""
    if asked.endswith(_ASKS):
        yield from _answer(document, asked, section.text, heading=heading)
    paragraphs = [paragraph for paragraph in re.split(r"\n\s*\n", section.text) if _is_prose(paragraph)]
    for paragraph in paragraphs:
        if _NUMBERED_INLINE.search(paragraph):
            message = "steps stand within a paragraph"
            hint = "Write each step as an item of a numbered list: a list is quoted whole."
            yield _finding(document, Rule.STEPS_AS_TEXT, message, hint, heading=heading, quote=_cut(paragraph))
        count = len(_words(paragraph))
        if count > LONG_PARAGRAPH:
            message = f"a paragraph has {count} words"
            hint = f"Break it up: at most {LONG_PARAGRAPH} words, one thought each, under headings of their own."
            yield _finding(document, Rule.LONG_PARAGRAPH, message, hint, heading=heading, quote=_cut(paragraph))
    yield from _sentences(document, heading, paragraphs)


def _sentences(document: Document, heading: str, paragraphs: list[str]) -> Iterator[Finding]:
    """Whether the prose of a section can be read at once."""
    whole = [sentence for paragraph in paragraphs for sentence in running_sentences(" ".join(paragraph.split()))]
    # What ends without a mark is a caption, or a table that a PDF holds as words.
    said = [sentence for sentence in whole if sentence.rstrip("\"'”»)").endswith((".", "!", "?", "…"))]
    if not said or _UNSPACED.search(" ".join(said)):
        return
    lengths = {sentence: len(_words(sentence)) for sentence in said}
    longest = max(said, key=lengths.__getitem__)
    long = [sentence for sentence in said if lengths[sentence] > LONG_SENTENCE]
    if lengths[longest] > ENDLESS_SENTENCE or (len(long) > 1 and len(long) / len(said) >= _MANY):
        count = f"{len(long)} of {len(said)} sentences have more than {LONG_SENTENCE} words, " if len(long) > 1 else ""
        message = f"{count}{'the longest' if count else 'a sentence'} has {lengths[longest]} words"
        hint = "Make two sentences of each. A short one is easier to find and can be quoted alone."
        yield _finding(document, Rule.LONG_SENTENCES, message, hint, heading=heading, quote=_cut(longest))
    words = [word for sentence in said for word in _WORD.findall(sentence)]
    if len(words) < _ENOUGH:
        return
    lix = round(len(words) / len(said) + 100 * sum(len(word) > _LONG_WORD for word in words) / len(words))
    if lix > _LONG_WORDS_BY_NATURE.get(document.language, HARD_LIX):
        message = f"it is hard to read (LIX {lix}; newspapers have about 45)"
        hint = "Use shorter sentences and the words that customers use."
        yield _finding(document, Rule.HARD_WORDS, message, hint, heading=heading)


def _answer(document: Document, question: str, answer: str, *, heading: str) -> Iterator[Finding]:
    """A question needs its answer beneath it, whole: that is what is quoted."""
    count = len(_words(answer))
    if count > THIN_ANSWER or _UNSPACED.search(answer):
        return
    message = f"the question {question!r} is answered in {count} words" if count else f"{question!r} has no answer"
    hint = "Answer in full sentences that repeat what was asked, such as “Yes, you can return shoes within 30 days.”"
    yield _finding(document, Rule.THIN_ANSWER, message, hint, heading=heading, quote=_cut(answer))


def _headings(document: Document) -> Iterator[Finding]:
    sections = [section for section in document.sections if not section.links_only]
    paged = any(section.page is not None for section in sections)
    for section in sections:
        count = len(_words(section.text))
        heading = " > ".join(section.headings)
        lists = sum(bool(_LIST.match(line)) for line in section.text.splitlines())
        if count > LONG_SECTION and not paged and lists * 2 < len(section.text.splitlines()):
            message = f"{count} words stand under {'one heading' if heading else 'no heading'}"
            hint = "Give each question that it answers a heading of its own, in the words that customers ask with."
            yield _finding(document, Rule.NO_HEADINGS, message, hint, heading=heading)
        own = section.headings[-1] if section.headings else ""
        if len(_words(own)) > LONG_HEADING and not own.endswith(_ASKS):
            message = f"a heading has {len(_words(own))} words"
            yield _finding(
                document, Rule.UNCLEAR_HEADING, message, "Name the subject; say the rest below.", heading=heading
            )
    for headings, count in Counter(section.headings for section in sections if section.headings).items():
        if count > 1 and not paged:
            message = f"{count} sections are called the same"
            hint = "Give each a heading that tells it from the others."
            yield _finding(document, Rule.UNCLEAR_HEADING, message, hint, heading=" > ".join(headings))


def _is_thin(document: Document) -> Iterator[Finding]:
    text = _text(document)
    count = len(_words(text))
    if count < THIN_PAGE and not _UNSPACED.search(text):
        message = f"the page has {count} words"
        hint = "Answer a question on it, join it with another page, or leave it out with --exclude."
        yield _finding(document, Rule.THIN_PAGE, message, hint, quote=_cut(text))


def _is_old(page: Page, now: datetime) -> Iterator[Finding]:
    if page.changed_at is None or now - page.changed_at <= page.stale_after:
        return
    days = (now - page.changed_at).days
    message = f"it was last changed on {page.changed_at:%Y-%m-%d}, {days} days ago"
    hint = "Read it again: save it anew when it is still true, mend it when it is not."
    yield _finding(page.document, Rule.STALE_PAGE, message, hint)


def _is_prose(paragraph: str) -> bool:
    """Whether it is running text, no list, table or code."""
    lines = [line for line in paragraph.splitlines() if line.strip()]
    if not lines:
        return False
    apart = sum(
        bool(_LIST.match(line) or (_ROW.match(line) and "; " in line) or line.startswith("    ")) for line in lines
    )
    return apart * 2 < len(lines)


def _finding(document: Document, rule: Rule, message: str, hint: str, *, heading: str = "", quote: str = "") -> Finding:
    return Finding(
        rule=rule,
        location=document.location,
        title=document.title,
        heading=heading,
        message=message,
        hint=hint,
        quote=quote,
    )


def _text(document: Document) -> str:
    return "\n\n".join(section.text for section in document.sections if not section.links_only)


def _words(text: str) -> list[str]:
    return _ANY_WORD.findall(text)


def _cut(text: str) -> str:
    """The beginning of it, in one line."""
    line = " ".join(text.split())
    return line if len(line) <= _QUOTE else line[: _QUOTE - 1].rsplit(" ", 1)[0] + "…"
