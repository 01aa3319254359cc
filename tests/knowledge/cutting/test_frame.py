"""The frame of a site: what is found by comparing its pages, what of it is kept, and which pages get new passages."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from custagent.core.document import Document, Section, SourceStatus
from custagent.knowledge.cutting.frame import MIN_PAGES, frame_of
from custagent.knowledge.cutting.split import split

BAR = "Home Products Prices Help"
PHONE = "Call us on 08-123 45 67"


def page(path: str, *paragraphs: str, language: str = "en", media_type: str = "text/html") -> Document:
    return Document(
        location=f"https://help.example{path}",
        title=path,
        language=language,
        sections=(Section(text="\n\n".join(paragraphs)),),
        media_type=media_type,
    )


def site(count: int = MIN_PAGES, **more: str) -> list[Document]:
    return [page(f"/{number}", BAR, f"This is page {number}.", PHONE, **more) for number in range(count)]


def texts(document: Document) -> str:
    return "\n".join(section.text for section in document.sections)


def test_what_repeats_above_and_below_the_text_is_left_out():
    pages = site()
    assert texts(frame_of(pages).without(pages[3])) == "This is page 3."


def test_a_statement_stays_on_the_foremost_page_and_a_bar_on_none():
    pages = [page("/", BAR, "Welcome to all of you.", PHONE), *site()]
    bare = frame_of(pages)
    assert texts(bare.without(pages[0])) == f"Welcome to all of you.\n\n{PHONE}"
    assert sum(PHONE in texts(bare.without(one)) for one in pages) == 1
    assert not any(BAR in texts(bare.without(one)) for one in pages)


def test_the_order_of_the_pages_does_not_matter():
    pages = [page("/", BAR, "Welcome to all of you.", PHONE), *site(9)]
    shuffled = pages.copy()
    random.Random(7).shuffle(shuffled)
    assert frame_of(shuffled) == frame_of(pages)


def test_within_the_text_a_repeated_paragraph_stays():
    warning = "Mind the gap before you go on with this."
    pages = [page(f"/{number}", f"Do this {number}.", warning, f"Then that {number}.") for number in range(9)]
    frame = frame_of(pages)
    assert [frame.without(one) for one in pages] == pages


@pytest.mark.parametrize(
    "pages",
    [
        site(MIN_PAGES - 1),
        site(media_type="text/markdown"),
        [*site(3), *site(3, language="sv")],
        [*site(6), *(page(f"/other/{number}", f"Another page {number}.") for number in range(2))],
        [page(f"/{number}", BAR, PHONE) for number in range(9)],
    ],
    ids=["too few", "files", "too few of a language", "not on enough of them", "no text of their own"],
)
def test_without_proof_nothing_is_left_out(pages):
    frame = frame_of(pages)
    assert [frame.without(one) for one in pages] == pages


def test_sections_and_their_headings_stay_as_they_are():
    pages = [
        Document(
            location=f"https://help.example/{number}",
            title="Help",
            language="en",
            media_type="text/html",
            sections=(
                Section(text=BAR),
                Section(text="Prices and stock", links_only=True),
                Section(text=f"One {number}.\n- a\n- b\n\n\nTwo {number}.", headings=("A",), anchor="a"),
                Section(text=f"Three {number}.\n\n{BAR}", headings=("A", "B")),
            ),
        )
        for number in range(MIN_PAGES)
    ]
    bare = frame_of(pages).without(pages[1])
    assert bare.sections == (
        *pages[1].sections[1:3],
        Section(text="Three 1.", headings=("A", "B")),
    )


class TestSite:
    """In a workspace: pages are read one by one, and compared when the last is in."""

    @pytest.fixture
    def source(self, library):
        for number in range(MIN_PAGES + 1):
            self.put(library, number)
        return library.site()

    def put(self, library, number: int, bar: str = BAR, text: str = "says something of its own") -> None:
        path, following = (f"/{one}" if one else "/" for one in (number, (number + 1) % (MIN_PAGES + 1)))
        body = (
            f"<html><head><title>{path}</title></head><body><div>{bar}</div><p>Page {number} {text}.</p>"
            f"<p>And more of {number}.</p><div>{PHONE}</div><nav><a href='{following}'>on</a></nav></body></html>"
        )
        library.web.pages[path] = library.web.reply(body=body, headers={"Content-Type": "text/html", "ETag": '"a"'})

    def test_passages_are_made_without_the_frame(self, library, source):
        state = library.read(source)
        assert state.error == ""
        assert not any(BAR in text for text in library.texts())
        assert [text for text in library.texts() if PHONE in text] == [
            f"Page 0 says something of its own.\n\nAnd more of 0.\n\n{PHONE}"
        ]
        stored = library.store.documents.document(library.web.url("/3"))
        assert BAR in texts(stored)

    def test_a_second_look_and_a_changed_page_leave_the_passages_of_the_others_alone(self, library, source):
        library.read(source)
        before = {chunk.id for chunk in library.store.documents.chunks_of("ada")}
        library.read(source)
        assert {chunk.id for chunk in library.store.documents.chunks_of("ada")} == before
        self.put(library, 3, text="is about something else now")
        assert len(library.read(source).difference.changed) == 1
        after = library.store.documents.chunks_of("ada")
        assert not any(BAR in chunk.text for chunk in after)
        assert len(before & {chunk.id for chunk in after}) == len(before) - 1

    def test_when_the_frame_changes_the_passages_follow(self, library, source):
        library.read(source)
        for number in range(3):
            self.put(library, number, bar=f"Offer {number} of the week")
        library.read(source)
        # On half of the pages only it is no frame any more, and says so in the others again.
        assert sum(BAR in text for text in library.texts()) == MIN_PAGES + 1 - 3

    def test_a_reading_that_was_cut_short_is_settled_by_the_next(self, library, source):
        library.read(source)
        documents = library.store.documents
        stored = documents.document(library.web.url("/2"))
        key = next(iter(library.store.sources.source_states("ada")))
        documents.save_document(stored, split(stored), agent="ada", source=key)
        assert sum(BAR in text for text in library.texts()) == 1
        state = library.store.sources.source_states("ada")[key]
        library.store.sources.save_source_state("ada", replace(state, status=SourceStatus.READING))
        for number in range(MIN_PAGES + 1):
            library.web.pages[f"/{number}" if number else "/"] = library.web.reply(status=304)
        assert not library.read(source).difference
        assert not any(BAR in text for text in library.texts())
