"""PowerPoint: a page a slide, shapes in reading order, tables, notes; hidden slides are not read."""

from __future__ import annotations

from types import ModuleType

from custagent.core.document import Document, RawContent
from custagent.knowledge.convert.kind import Kind
from custagent.knowledge.convert.office import read_office

INCH = 914_400


def read(body: bytes) -> Document:
    return read_office(RawContent(location="content/my-guide.pptx", body=body), Kind.PPTX)


def outline(body: bytes) -> list[tuple[int | None, tuple[str, ...], str]]:
    return [(section.page, section.headings, section.text) for section in read(body).sections]


def test_each_slide_is_a_page_under_its_title(office: ModuleType) -> None:
    body = office.slides(
        office.slide(office.shape("First", "ctrTitle"), office.shape("one|two", "subTitle")),
        office.slide(office.shape("7", "sldNum"), office.shape("alone", "body"), office.shape("Second", "title")),
        office.slide(office.shape("Only a title", "title")),
    )
    assert read(body).title == "First"
    assert outline(body) == [
        (1, (), "- one\n- two"), (2, ("Second",), "alone"), (3, ("Only a title",), "Only a title"),
    ]  # fmt: skip


def test_slides_are_in_the_order_of_the_show_and_hidden_ones_are_left_out(office: ModuleType) -> None:
    body = office.slides(
        office.slide(office.shape("one")),
        office.slide(office.shape("secret"), more="show='0'"),
        office.slide(office.shape("three")),
        **{"ppt___rels__presentation.xml.rels": office.relations(
            ("s1", "slide", "/ppt/slides/slide3.xml"), ("s2", "slide", "slides/slide2.xml"), ("s3", "slide", "slides/slide1.xml"),
        )},
    )  # fmt: skip
    assert outline(body) == [(1, (), "three"), (3, (), "one")]


def test_shapes_are_read_from_above_to_below_and_from_the_left(office: ModuleType) -> None:
    group = (
        f"<p:grpSp><p:grpSpPr><a:xfrm><a:off x='0' y='{3 * INCH}'/></a:xfrm></p:grpSpPr>"
        f"{office.shape('grouped below', at=(0, 9 * INCH))}{office.shape('grouped above', at=(0, 8 * INCH))}</p:grpSp>"
    )
    body = office.slides(office.slide(
        office.shape("bottom", at=(0, 6 * INCH)), group, office.shape("right", at=(5 * INCH, INCH)),
        office.shape("left", at=(INCH, INCH + 20_000)), office.shape("body", "body"), office.shape("Title", "title"),
    ))  # fmt: skip
    assert outline(body)[0][2] == "body\n\nleft\n\nright\n\ngrouped above\n\ngrouped below\n\nbottom"


def test_lists_keep_their_levels_and_numbers(office: ModuleType) -> None:
    body = office.slides(
        office.slide(office.shape("a|>b|c")), office.slide(office.shape("a|>b|>c|d|>e", numbered=True))
    )
    assert [text for *_, text in outline(body)] == ["- a\n  - b\n- c", "1. a\n  1. b\n  2. c\n2. d\n  1. e"]


def test_rows_of_tables_have_their_columns(office: ModuleType) -> None:
    def row(*cells: str) -> str:
        each = "".join(
            f"<a:tc {'vMerge=' + chr(39) + '1' + chr(39) if cell == '^' else ''}><a:p><a:r><a:t>{cell.strip('^')}</a:t></a:r></a:p></a:tc>"
            for cell in cells
        )
        return f"<a:tr>{each}</a:tr>"

    rows = row("Item", "Price") + row("Tube", "79") + row("^", "89")
    body = office.slides(
        office.slide(office.frame(f"<a:tbl>{rows}</a:tbl>")),
        office.slide(office.frame(f"<a:tbl><a:tblPr firstRow='0'/>{rows}</a:tbl>")),
    )
    assert [text for *_, text in outline(body)] == [
        "Item: Tube; Price: 79\nItem: Tube; Price: 89",
        "Item; Price\nTube; 79\nTube; 89",
    ]


def test_the_speakers_notes_and_diagrams_are_read(office: ModuleType) -> None:
    diagram = f"<d:dataModel xmlns:d='http://schemas.openxmlformats.org/drawingml/2006/diagram' {office.P}><d:pt><a:p><a:r><a:t>Order</a:t></a:r></a:p></d:pt><d:pt><a:p><a:r><a:t>Pay</a:t></a:r></a:p></d:pt></d:dataModel>"
    notes = office.slide(
        office.shape("", "sldImg"), office.shape("Say two years.", "body"), office.shape("1", "sldNum")
    )
    body = office.slides(
        office.slide(office.shape("Steps", "title"), office.frame("<a:graphicData><d r:dm='r2'/></a:graphicData>")),
        **{
            "ppt__slides___rels__slide1.xml.rels": office.relations(
                ("r1", "notesSlide", "../notesSlides/n.xml"), ("r2", "diagramData", "../diagrams/data1.xml")
            ),
            "ppt__notesSlides__n.xml": notes,
            "ppt__diagrams__data1.xml": diagram,
        },
    )
    assert outline(body) == [(1, (), "- Order\n- Pay\n\nSay two years.")]
