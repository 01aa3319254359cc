"""Splits a document into passages: small enough to be about one thing, large enough to answer a question.

A passage never spans two sections, so that its heading, anchor and page are true of all of it. Within a section it
grows by whole paragraphs; where a paragraph alone is too long, by whole list items, table rows and sentences. What only
leads on to what follows (a line that heads it, a question, "The prices are:") stands with it. A passage is a stretch of
the document, to the letter. Sizes are measured: docs/decisions, fused retrieval.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from custagent.core.document import Chunk, Document, Section
from custagent.knowledge.cutting.tokens import fits
from custagent.knowledge.cutting.units import Span, is_lead, size_of, units

#: The size that a passage grows to, in characters: about 180 words, 300 tokens of the bundled model, which reads 512.
TARGET_CHARS = 1100
#: No passage is larger, whatever the text looks like.
MAX_CHARS = 1400
#: A remainder smaller than this joins the passage before it, where there is room.
MIN_CHARS = 160
#: A text of many tokens is cut this much smaller each time until the model takes its passages, but to no less than this.
_SHRINK = 0.7
_SMALLEST_TARGET = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sizes:
    target: int = TARGET_CHARS
    most: int = MAX_CHARS
    least: int = MIN_CHARS

    def smaller(self) -> _Sizes:
        return _Sizes(target=int(self.target * _SHRINK), most=int(self.most * _SHRINK), least=self.least)


def split(document: Document) -> tuple[Chunk, ...]:
    """The document's passages in reading order. Every word of every section is in exactly one of them.

    Sections that only lead elsewhere make none: such lists are about everything, so they would be near every
    question and answer none. A document that holds nothing else is found by them after all.
    (But a "word" longer than MAX_CHARS, such as a page of Chinese without a full stop, is cut.)
    """
    chunks: list[Chunk] = []
    only_links = all(section.links_only for section in document.sections)
    for section, begin in zip(document.sections, document.starts, strict=True):
        if section.links_only and not only_links:
            continue
        for start, stop in _passages(document.title, section):
            chunks.append(
                Chunk(
                    location=document.location,
                    title=document.title,
                    text=section.text[start:stop],
                    heading=" > ".join(section.headings),
                    anchor=section.anchor,
                    page=section.page,
                    language=document.language,
                    ordinal=len(chunks),
                    start=begin + start,
                )
            )
    return tuple(chunks)


def _passages(title: str, section: Section) -> list[Span]:
    """Where the passages of a section stand in its text, none of more tokens than the model reads."""
    context = "\n".join([title, *section.headings, ""])
    sizes = _Sizes()
    while True:
        spans = _cut(section.text, sizes)
        if sizes.target <= _SMALLEST_TARGET or all(fits(context + section.text[a:b]) for a, b in spans):
            return spans
        sizes = sizes.smaller()


def _cut(text: str, sizes: _Sizes) -> list[Span]:
    groups = list(_groups(text, sizes))
    if len(groups) > 1 and _size(text, groups[-1]) < sizes.least:
        whole = [*groups[-2], *groups[-1]]
        if _size(text, whole) <= sizes.most:
            groups[-2:] = [whole]
        elif len(groups[-2]) > 1:
            _even_out(text, groups, sizes)
    return [(group[0][0], group[-1][1]) for group in groups]


def _even_out(text: str, groups: list[list[Span]], sizes: _Sizes) -> None:
    """Give the last passage what the one before can spare: two words alone are no passage."""
    before, last = groups[-2], [before_last := groups[-2][-1], *groups[-1]]
    if _size(text, last) <= sizes.target and _size(text, before[:-1]) >= sizes.least:
        groups[-2:] = [[span for span in before if span != before_last], last]


def _groups(text: str, sizes: _Sizes) -> Iterator[list[Span]]:
    """The units of the text, as many together as fit the target."""
    group: list[Span] = []
    size = 0
    for unit in units(text, target=sizes.target, most=sizes.most):
        added = size_of(text, group[-1][1] if group else unit[0], unit[1])
        if group and size + added > sizes.target:
            lead = _lead(text, group, unit, sizes)
            yield group
            group = [*lead, unit]
            size = _size(text, group)
        else:
            group.append(unit)
            size += added
    if group:
        yield group


def _lead(text: str, group: list[Span], unit: Span, sizes: _Sizes) -> list[Span]:
    """Take the last units off `group` that only lead on to `unit`: a heading, "The prices are:" before a table."""
    lead: list[Span] = []
    while len(group) > 1 and is_lead(text, group[-1], (lead or [unit])[0]):
        if _size(text, [group[-1], *lead, unit]) > sizes.most:
            break
        lead.insert(0, group.pop())
    return lead


def _size(text: str, group: list[Span]) -> int:
    return size_of(text, group[0][0], group[-1][1])
