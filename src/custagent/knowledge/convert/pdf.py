"""PDF: the text of each page as sections, with the headings of the outline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from custagent.core.document import Document, RawContent, Section
from custagent.core.errors import ConvertError
from custagent.knowledge.convert.converted import Converted
from custagent.knowledge.convert.naming import language_of, readable
from custagent.knowledge.convert.page_layout import lines_of
from custagent.knowledge.convert.page_line import Line
from custagent.knowledge.convert.page_lines import Pages, without_contents, without_running_heads
from custagent.knowledge.convert.print_headings import print_headings
from custagent.knowledge.convert.reflow import LIST_ITEM, SENTENCE_END, TABLE_ROW, line_width, reflow
from custagent.sentences import running_sentences

#: A longer file would fill the index with one document.
MAX_PAGES = 5000
_MAX_OUTLINE = 20_000
_PASSWORD_ERROR = 4
_MAX_TITLE = 120
#: An outline with fewer entries than one for so many pages, or than so many, says too little.
_PAGES_AN_ENTRY = 12
_MIN_ENTRIES = 2
#: A page with less text that shows a picture is a picture; a file of such pages with less text in all is scanned.
_PICTURED_TEXT = 40
_SCANNED_TEXT = 400
_MAX_LISTED_PAGES = 8
#: Shorter lines are labels and cells; what a sentence has left on the next page is no longer.
_MIN_CUT_LINE = 30
_MAX_REST = 800
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
    r"(?:untitled|document|dokument|title|presentation|\(?anonymous\)?|\(?unspecified\)?)?\s*\d*|.*\.(?:tex|dvi|indd|qxd|html?|php|aspx?)",
    re.IGNORECASE,
)
_PROGRAM_PREFIX = re.compile(r"^Microsoft (?:Word|PowerPoint|Excel) - |\.(?:docx?|pptx?|xlsx?|pdf|odt)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One line of the outline."""

    level: int
    title: str
    #: 1-based.
    page: int
    #: It was read from the page, so it stands there word for word.
    is_printed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Extract:
    """What PDFium tells of a file."""

    pages: list[list[Line]]
    outline: list[_Entry]
    title: str
    #: The pages that hold pictures and hardly any text, 1-based.
    pictured: tuple[int, ...]


def read_pdf(raw: RawContent, language_hint: str = "") -> Converted:
    """The document in a PDF: a section for each page, or for each heading on it, with its page number.

    Headings come from the outline, or from the print where there is none to speak of. A sentence that goes on on the
    next page stands whole on the one where it begins. Raises ConvertError for an encrypted or damaged file, and for one
    without a text layer; pages that are pictures among others are warned of.
    """
    found = _extract(raw)
    lines = [[line.text for line in page] for page in found.pages]
    cuts = _Cuts(lines)
    pages = without_contents(without_running_heads([cuts.mended(page) for page in lines]))
    if not any(line.strip() for page in lines for line in page) or (
        len(found.pictured) * 2 > len(lines) and sum(len(line) for page in pages for line in page) < _SCANNED_TEXT
    ):
        raise ConvertError(
            f"{raw.location}: the PDF holds pictures of pages but no text",
            hint="Run text recognition (OCR) on it, or add the file that it was made from.",
        )
    outline = _outline_or_print(found)
    title = found.title or _printed_title(found.pages, outline) or readable(raw.location)
    sections = tuple(_with_whole_sentences(list(_sections(pages, outline, title)), cuts))
    if not sections:
        raise ConvertError(
            f"{raw.location}: the PDF holds only contents lines and page numbers, no text",
            hint="Add the file that has the text itself.",
        )
    text = "\n".join(section.text for section in sections[:50])
    document = Document(
        location=raw.location,
        title=title,
        language=language_of(text, hint=language_hint),
        sections=sections,
        media_type="application/pdf",
        etag=raw.etag,
        last_modified=raw.last_modified,
    )
    return Converted(document=document, warnings=_warnings(found.pictured))


def _warnings(pictured: tuple[int, ...]) -> tuple[str, ...]:
    if not pictured:
        return ()
    shown = ", ".join(map(str, pictured[:_MAX_LISTED_PAGES]))
    more = " …" if len(pictured) > _MAX_LISTED_PAGES else ""
    which, them = (
        (f"page {shown} is a picture", "it") if len(pictured) == 1 else (f"pages {shown}{more} are pictures", "them")
    )
    return (f"{which} without text, so nothing of {them} is known; run text recognition (OCR) on the file",)


def _extract(raw: RawContent) -> _Extract:
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
        outline = list(_outline(pdf))
        looks = _is_sparse(outline, len(pdf))
        pages, pictured = [], []
        for index in range(len(pdf)):
            lines, is_picture = _page(pdf, index, pypdfium2.PdfiumError, looks=looks)
            pages.append(lines)
            pictured += [index + 1] if is_picture else []
        return _Extract(pages=pages, outline=outline, title=_meta_title(pdf), pictured=tuple(pictured))
    finally:
        pdf.close()


def _page(pdf: Any, index: int, damage: type[Exception], *, looks: bool) -> tuple[list[Line], bool]:
    """The lines of one page, and whether it is a picture instead; a damaged page has none."""
    from pypdfium2 import raw

    try:
        page = pdf[index]
        text_page = page.get_textpage()
        lines = [
            replace(line, text=line.text.translate(_LIGATURES).replace("\r", ""))
            for line in lines_of(text_page, looks=looks)
        ]
        text_page.close()
        has_text = sum(len(line.text.strip()) for line in lines) >= _PICTURED_TEXT
        pictures = [] if has_text else page.get_objects(filter=(raw.FPDF_PAGEOBJ_IMAGE,), max_depth=2)
        is_picture = next(iter(pictures), None) is not None
        page.close()
    except damage:
        return [], False
    return lines, is_picture


def _outline(pdf: Any) -> Iterator[_Entry]:
    for count, bookmark in enumerate(pdf.get_toc(max_depth=6)):
        if count >= _MAX_OUTLINE:
            return
        target = bookmark.get_dest()
        page = target.get_index() if target else None
        title = " ".join(_CONTROL.sub("", bookmark.get_title() or "").split())
        if page is not None and title:
            yield _Entry(level=bookmark.level, title=title, page=page + 1)


def _is_sparse(outline: list[_Entry], pages: int) -> bool:
    """Whether the outline says too little of the document to go by: some programs write the title alone."""
    return len(outline) * _PAGES_AN_ENTRY < pages or len(outline) < _MIN_ENTRIES


def _outline_or_print(found: _Extract) -> list[_Entry]:
    if not _is_sparse(found.outline, len(found.pages)):
        return found.outline
    printed = [
        _Entry(level=one.level, title=_CONTROL.sub("", one.title), page=one.page, is_printed=True)
        for one in print_headings(found.pages)
    ]
    return printed if len(printed) > len(found.outline) else found.outline


def _printed_title(pages: list[list[Line]], outline: list[_Entry]) -> str:
    """The largest print of the first page, or its first line where that is short; "" where neither is a title."""
    printed = [entry for entry in outline if entry.is_printed and entry.page == 1]
    largest = [entry for entry in printed if entry.level == min(one.level for one in printed)]
    alike = sum(entry.is_printed and entry.level == largest[0].level for entry in outline) if largest else 0
    if alike == 1 and len(largest[0].title) <= _MAX_TITLE:
        return largest[0].title
    first = next((line.text.strip() for lines in pages for line in lines if line.text.strip()), "")
    if first.startswith(TABLE_ROW):
        return ""
    return first if len(first) <= _MAX_TITLE else ""


def _meta_title(pdf: Any) -> str:
    title = _PROGRAM_PREFIX.sub("", " ".join((pdf.get_metadata_value("Title") or "").split()))
    title = _PROGRAM_PREFIX.sub("", _CONTROL.sub("", title)).strip()
    return "" if _NO_TITLE.fullmatch(title) or len(title) > _MAX_TITLE else title


class _Cuts:
    """Makes words whole that a line's end has cut.

    A hyphen at the cut stays where the document writes the word so elsewhere, or where both halves are words of it
    and their union is not ("web-related").
    """

    def __init__(self, pages: Pages) -> None:
        self._known = {word.casefold() for lines in pages for word in _WORD.findall("\n".join(lines))}
        self._known |= {part for word in self._known for part in word.split("-")}

    def mended(self, lines: list[str]) -> list[str]:
        """The lines of a page with whole words."""
        text = "\n".join(lines)
        joined = _BROKEN.sub(self._whole, _JOINED.sub(self._whole, text))
        return [_CONTROL.sub("", line).replace("\u00a0", " ").rstrip() for line in joined.split("\n")]

    def joined(self, before: str, after: str) -> str:
        """Two pieces of one sentence, perhaps of one word."""
        if not before.endswith("-"):
            return f"{before} {after}"
        text, gap, last = before.rpartition("\n")
        return text + gap + _BROKEN.sub(self._whole, f"{last}\n{after}").replace("\n", " ")

    def _whole(self, match: re.Match[str]) -> str:
        first, second = match.group(1), match.group(2)
        joined = f"{first}{second}".casefold()
        are_words = min(len(first), len(second)) >= _MIN_HALF and {first.casefold(), second.casefold()} <= self._known
        hyphened = f"{first}-{second}".casefold() in self._known or (are_words and joined not in self._known)
        return f"{first}-{second}" if hyphened else first + second


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


def _with_whole_sentences(sections: list[Section], cuts: _Cuts) -> Iterator[Section]:
    """The sections; a sentence that a page's end has cut stands whole where it begins."""
    for at, section in enumerate(sections):
        following = sections[at + 1] if at + 1 < len(sections) else None
        if following is not None and following.headings == section.headings and following.page != section.page:
            rest, left = _rest_of_sentence(section.text, following.text)
            if rest:
                section = replace(section, text=cuts.joined(section.text, rest))  # noqa: PLW2901 - the same, whole
                sections[at + 1] = replace(following, text=left)
        if section.text:
            yield section


def _rest_of_sentence(text: str, following: str) -> tuple[str, str]:
    """What of the following page's text ends the last sentence of `text`, and what is left; "" and all of it if none."""
    paragraph = following.partition("\n")[0]
    last = text.rpartition("\n")[2]
    goes_on = paragraph[:1].islower() or (last[-1:] in ",;-" and not LIST_ITEM.match(paragraph))
    if not goes_on or SENTENCE_END.search(last) or len(last) < _MIN_CUT_LINE:
        return "", following
    rest = running_sentences(paragraph)[0]
    if len(rest) > _MAX_REST:
        return "", following
    return rest, following[len(rest) :].lstrip()


def _starts(lines: list[str], entries: list[_Entry]) -> list[tuple[int, int, _Entry | None]]:
    """Where each outline entry's heading stands on its page: (first line, number of lines, entry).

    A heading that is not found, because it is set differently, is put before the next one that is; where none is
    found, all stand at the top. One that was read from the page and has gone was a running head.
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
        if place is None and entry.is_printed:
            continue
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
