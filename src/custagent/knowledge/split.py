"""Splits a document into passages: small enough to be about one thing, large enough to answer a question.

A passage never spans two sections, so that its heading, anchor and page are true of all of it. Within a section it
grows by whole paragraphs, by whole lines where a paragraph alone is too long (so list items and table rows stay
whole), and by whole sentences where a line is. Sizes are measured: docs/decisions, fused retrieval.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from custagent.core.document import Chunk, Document, Section
from custagent.sentences import running_sentences

#: The size that a passage grows to, in characters: about 180 words, 300 tokens of the bundled model, which reads 512.
TARGET_CHARS = 1100
#: No passage is larger, whatever the text looks like.
MAX_CHARS = 1400
#: A remainder smaller than this joins the passage before it, where there is room.
MIN_CHARS = 160

#: Chinese, Japanese and Korean characters count twice: measured, 1.4 to 2 of them are a token, of other scripts 3.7.
_DENSE = re.compile(r"[\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
_BLANK_LINES = re.compile(r"\n\s*\n")
#: Where to cut a sentence that is too long and has no white space: after these marks.
_PAUSES = "、，；：,;"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unit:
    """What passages are put together from: never cut, and no longer than a passage may be."""

    text: str
    #: What stands between it and the unit before, if both are in one passage.
    joint: str

    @property
    def size(self) -> int:
        return len(self.joint) + _size(self.text)


def _size(text: str) -> int:
    """Its length in characters, dense ones counted twice."""
    return len(text) if text.isascii() else len(text) + sum(1 for _ in _DENSE.finditer(text))


def split(document: Document) -> tuple[Chunk, ...]:
    """The document's passages in reading order. Every word of every section is in exactly one of them.

    Sections that only lead elsewhere make none: such lists are about everything, so they would be near every
    question and answer none. A document that holds nothing else is found by them after all.
    (But a "word" longer than MAX_CHARS, such as a page of Chinese without a full stop, is cut.)
    """
    chunks: list[Chunk] = []
    answering = [section for section in document.sections if not section.links_only]
    for section in answering or document.sections:
        for text in _passages(section):
            chunks.append(
                Chunk(
                    location=document.location,
                    title=document.title,
                    text=text,
                    heading=" > ".join(section.headings),
                    anchor=section.anchor,
                    page=section.page,
                    language=document.language,
                    ordinal=len(chunks),
                )
            )
    return tuple(chunks)


def _passages(section: Section) -> list[str]:
    passages: list[str] = []
    text = joint = ""
    for group in _grouped(section):
        text, joint = _joined(group)
        passages.append(text)
    if len(passages) > 1 and _size(text) < MIN_CHARS:
        merged = passages[-2] + joint + text
        if _size(merged) <= MAX_CHARS:
            passages[-2:] = [merged]
    return passages


def _grouped(section: Section) -> Iterator[list[_Unit]]:
    """The section's units, as many together as fit the target."""
    group: list[_Unit] = []
    size = 0
    for unit in _units(section.text):
        if group and size + unit.size > TARGET_CHARS:
            lead = _lead(group, unit)
            yield group
            group = [*lead, unit]
            size = sum(one.size for one in group)
        else:
            group.append(unit)
            size += unit.size
    if group:
        yield group


def _lead(group: list[_Unit], unit: _Unit) -> list[_Unit]:
    """Take the last unit off `group` where it only leads on to `unit`, as "The prices are:" does to a table."""
    last = group[-1]
    leads = last.text.endswith(":") and last.size + unit.size <= TARGET_CHARS
    return [group.pop()] if leads and len(group) > 1 else []


def _joined(group: list[_Unit]) -> tuple[str, str]:
    """The text of the units, and what joins it to the text before."""
    first, *rest = group
    return first.text + "".join(unit.joint + unit.text for unit in rest), first.joint


def _units(text: str) -> Iterator[_Unit]:
    for paragraph in _BLANK_LINES.split(text):
        whole = paragraph.strip("\n").rstrip()
        if _size(whole) <= TARGET_CHARS:
            if whole.strip():
                yield _Unit(joint="\n\n", text=whole)
            continue
        joint = "\n\n"
        for line in whole.split("\n"):
            for gap, piece in _pieces(line.rstrip()):
                yield _Unit(joint=joint or gap, text=piece)
                joint = ""
            joint = joint or "\n"


def _pieces(line: str) -> Iterator[tuple[str, str]]:
    """A line whole, or else its sentences, each with the white space before it; none longer than MAX_CHARS."""
    if _size(line) <= TARGET_CHARS:
        if line.strip():
            yield "", line
        return
    end = 0
    for sentence in running_sentences(line):
        start = line.index(sentence, end)
        gap = line[end:start]
        end = start + len(sentence)
        for before, piece in _cut_up(sentence):
            yield gap or before, piece
            gap = ""


def _cut_up(sentence: str) -> Iterator[tuple[str, str]]:
    """Pieces of a sentence, none larger than MAX_CHARS, each with the white space before it."""
    start, gap = 0, ""
    while _size(sentence[start : start + MAX_CHARS + 1]) > MAX_CHARS:
        end = _cut(sentence, start)
        yield gap, sentence[start:end]
        start = next(at for at in range(end, len(sentence)) if not sentence[at].isspace())
        gap = sentence[end:start]
    yield gap, sentence[start:]


def _cut(text: str, start: int) -> int:
    """Where to end a piece that begins at `start`: before white space, else after a pause, else anywhere."""
    end, size = start, 0
    while (size := size + _size(text[end])) <= MAX_CHARS:
        end += 1
    at = next((at for at in range(end, start, -1) if text[at].isspace()), start)
    while at > start and text[at - 1].isspace():
        at -= 1
    if at > start:
        return at
    for at in range(end, (start + end) // 2, -1):
        if text[at - 1] in _PAUSES:
            return at
    # A mark above or below a letter belongs to it.
    at = next((at for at in range(end, start, -1) if not unicodedata.category(text[at]).startswith("M")), start)
    return at if at > start else end
