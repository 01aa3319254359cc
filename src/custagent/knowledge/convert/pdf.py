"""PDF: the text of each page as sections, with the headings of the outline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from custagent.core.document import Document, RawContent, Section
from custagent.core.errors import ConvertError
from custagent.knowledge.convert.naming import language_of, readable
from custagent.knowledge.convert.page_lines import Pages, without_contents, without_running_heads
from custagent.knowledge.convert.reflow import line_width, reflow

#: A longer file would fill the index with one document.
MAX_PAGES = 5000
_MAX_OUTLINE = 20_000
_PASSWORD_ERROR = 4
_MAX_TITLE = 120
#: Where PDFium joined a word that was hyphenated at a line's end.
_JOINED = re.compile("\\b(\\w+)[\ufffe\u0002]\\n?(\\w+)")
#: A word that no page's end has cut.
_WORD = re.compile("(?<!\\w)\\w+(?:-\\w+)?(?![\\w\ufffe\u0002]|-\\n)")
#: Shorter halves are syllables more often than words.
_MIN_HALF = 3
_BROKEN = re.compile(r"\b(\w+)-\n(?=[^\W\d_])(\w+)")
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\u00ad\ufeff]")
_NUMBERING = re.compile(
    r"^(?:chapter|appendix|section|kapitel|abschnitt|avsnitt)?\s*(?:\d+(?:\.\d+)*|[A-Z](?:\.\d+)+|[A-Z][.:)]|[IVX]+[.:)])"
    r"[.:)]?\s+",
    re.IGNORECASE,
)
#: Titles that programs put in when the author gave none.
_NO_TITLE = re.compile(
    r"(?:untitled|document|dokument|title|presentation)?\s*\d*|.*\.(?:tex|dvi|indd|qxd)", re.IGNORECASE
)
_PROGRAM_PREFIX = re.compile(r"^Microsoft (?:Word|PowerPoint|Excel) - |\.(?:docx?|pptx?|xlsx?|pdf|odt)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line of the outline."""

    level: int
    title: str
    #: 1-based.
    page: int


def read_pdf(raw: RawContent, language_hint: str = "") -> Document:
    """The document in a PDF: a section for each page, or for each heading of the outline on it, with its page number.

    Raises ConvertError for an encrypted or damaged file, and for one without a text layer.
    """
    pages, outline, meta_title = _extract(raw)
    if not any(line.strip() for lines in pages for line in lines):
        raise ConvertError(
            f"{raw.location}: the PDF holds pictures of pages but no text",
            hint="Run text recognition (OCR) on it, or add the file that it was made from.",
        )
    first_line = next((line.strip() for lines in pages for line in lines if line.strip()), "")
    title = meta_title or (first_line if len(first_line) <= _MAX_TITLE else readable(raw.location))
    sections = tuple(_sections(without_contents(without_running_heads(pages)), outline, title))
    if not sections:
        raise ConvertError(f"{raw.location}: the PDF holds only contents lines and page numbers, no text")
    text = "\n".join(section.text for section in sections[:50])
    return Document(
        location=raw.location,
        title=title,
        language=language_of(text, hint=language_hint),
        sections=sections,
        media_type="application/pdf",
        etag=raw.etag,
        last_modified=raw.last_modified,
    )


def _extract(raw: RawContent) -> tuple[Pages, list[_Entry], str]:
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(raw.body)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD_ERROR:
            raise ConvertError(
                f"{raw.location}: the PDF asks for a password", hint="Save a copy without a password and add that."
            ) from error
        raise ConvertError(
            f"{raw.location}: the PDF is damaged", hint="Open it in a PDF viewer and save or print it to a new PDF."
        ) from error
    try:
        if len(pdf) > MAX_PAGES:
            raise ConvertError(
                f"{raw.location}: the PDF has {len(pdf)} pages, at most {MAX_PAGES} are read",
                hint="Split it into several files.",
            )
        texts = [_page_text(pdf, index, pypdfium2.PdfiumError) for index in range(len(pdf))]
        return _lines(texts), list(_outline(pdf)), _meta_title(pdf)
    finally:
        pdf.close()


def _page_text(pdf: Any, index: int, damage: type[Exception]) -> str:
    """The text of one page; a damaged page has none."""
    try:
        page = pdf[index]
        text_page = page.get_textpage()
        text: str = text_page.get_text_range()
        text_page.close()
        page.close()
    except damage:
        return ""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_LIGATURES)


def _outline(pdf: Any) -> Iterator[_Entry]:
    for count, bookmark in enumerate(pdf.get_toc(max_depth=6)):
        if count >= _MAX_OUTLINE:
            return
        target = bookmark.get_dest()
        page = target.get_index() if target else None
        title = " ".join(_CONTROL.sub("", bookmark.get_title() or "").split())
        if page is not None and title:
            yield _Entry(level=bookmark.level, title=title, page=page + 1)


def _meta_title(pdf: Any) -> str:
    title = _PROGRAM_PREFIX.sub("", " ".join((pdf.get_metadata_value("Title") or "").split()))
    title = _PROGRAM_PREFIX.sub("", _CONTROL.sub("", title)).strip()
    return "" if _NO_TITLE.fullmatch(title) or len(title) > _MAX_TITLE else title


def _lines(texts: list[str]) -> Pages:
    """The lines of each page, with words that a line's end had cut made whole.

    A hyphen at the cut stays where the document writes the word so elsewhere, or where both halves are words of it
    and their union is not ("web-related").
    """
    known = {word.casefold() for text in texts for word in _WORD.findall(text)}
    known |= {part for word in known for part in word.split("-")}

    def whole(match: re.Match[str]) -> str:
        first, second = match.group(1), match.group(2)
        joined = f"{first}{second}".casefold()
        are_words = min(len(first), len(second)) >= _MIN_HALF and {first.casefold(), second.casefold()} <= known
        hyphened = f"{first}-{second}".casefold() in known or (are_words and joined not in known)
        return f"{first}-{second}" if hyphened else first + second

    pages = []
    for text in texts:
        joined = _BROKEN.sub(whole, _JOINED.sub(whole, text))
        pages.append([_CONTROL.sub("", line).replace("\u00a0", " ").rstrip() for line in joined.split("\n")])
    return pages


def _sections(pages: Pages, outline: list[_Entry], title: str) -> Iterator[Section]:
    width = line_width([line for lines in pages for line in lines])
    path: list[_Entry] = []
    for number, lines in enumerate(pages, start=1):
        starts = _starts(lines, [entry for entry in outline if entry.page == number])
        begin = 0
        for at, length, entry in [*starts, (len(lines), 0, None)]:
            text = reflow(lines[begin:at], width)
            if text:
                headings = tuple(one.title for one in path)
                headings = headings[1:] if headings[:1] == (title,) else headings
                yield Section(text=text, headings=headings, page=number)
            if entry is not None:
                path = [one for one in path if one.level < entry.level] + [entry]
            begin = at + length


def _starts(lines: list[str], entries: list[_Entry]) -> list[tuple[int, int, _Entry | None]]:
    """Where each outline entry's heading stands on its page: (first line, number of lines, entry).

    A heading that is not found, because it is set differently, is put before the next one that is; where none is
    found, all stand at the top.
    """
    places: list[tuple[int, int] | None] = []
    begin = 0
    for entry in entries:
        place = _find(lines, begin, _bare(entry.title))
        places.append(place)
        begin = sum(place) if place else begin
    fallback = len(lines) if any(places) else 0
    starts: list[tuple[int, int, _Entry | None]] = []
    for entry, place in zip(reversed(entries), reversed(places), strict=True):
        at, length = place or (fallback, 0)
        starts.append((at, length, entry))
        fallback = at
    return starts[::-1]


def _find(lines: list[str], begin: int, wanted: str) -> tuple[int, int] | None:
    for at in range(begin, len(lines)):
        if not lines[at].strip():
            continue
        for length in (1, 2, 3):
            found = _bare(" ".join(lines[at : at + length]))
            if found == wanted:
                return at, length
            if not wanted.startswith(found):
                break
    return None


def _bare(text: str) -> str:
    """A heading without its number, for comparing."""
    joined = " ".join(text.split())
    return re.sub(r"\W+", " ", _NUMBERING.sub("", joined, count=1) or joined).strip().casefold()
