"""Word: headings by style, lists with their numbers, tables, notes, text boxes; what nobody sees is not read."""

from __future__ import annotations

from types import ModuleType

import pytest

from custagent.core.document import Document, RawContent
from custagent.knowledge.convert.kind import Kind
from custagent.knowledge.convert.office import read_office


def read(body: bytes) -> Document:
    return read_office(RawContent(location="content/my-guide.docx", body=body), Kind.DOCX)


def outline(body: bytes) -> list[tuple[tuple[str, ...], str]]:
    return [(section.headings, section.text) for section in read(body).sections]


def text(body: bytes) -> str:
    return "\n\n".join(section.text for section in read(body).sections)


def test_headings_are_found_by_the_names_of_styles_whatever_their_language(office: ModuleType) -> None:
    body = "".join([
        office.paragraph("My guide", "Titel"), office.paragraph("Delivery", "Rubrik1"), office.paragraph("It is fast."),
        office.paragraph("Abroad", "Eigen"), office.paragraph("It is slow."), office.paragraph("Returns", "Chapter"),
        office.paragraph("Free.", "Circle"), office.paragraph("By hand", more="<w:outlineLvl w:val='1'/>"),
        office.paragraph("So.", more="<w:outlineLvl w:val='9'/>"),
    ])  # fmt: skip
    document = read(office.word(body))
    assert document.title == "My guide"
    assert [(section.headings, section.text) for section in document.sections] == [
        (("Delivery",), "It is fast."),
        (("Delivery", "Abroad"), "It is slow."),
        (("Returns",), "Free."),
        (("Returns", "By hand"), "So."),
    ]


def test_bold_lines_head_what_follows_where_the_author_knows_no_styles(office: ModuleType) -> None:
    bold = "<w:b/>"
    lines = [
        office.paragraph("Delivery", look=bold), office.paragraph("Fast."),
        office.paragraph("This is important.", look=bold), office.paragraph("- 7 -", look=bold),
        office.paragraph("Plain", look="<w:b w:val='0'/>"),
    ]  # fmt: skip
    assert outline(office.word("".join(lines))) == [((), "Fast.\n\nThis is important.\n\n- 7 -\n\nPlain")]
    assert read(office.word("".join(lines))).title == "Delivery"
    styled = office.paragraph("Guide", "Rubrik1") + "".join(lines[:2])
    assert outline(office.word(styled)) == [((), "Delivery\n\nFast.")]


def test_lists_keep_their_numbers_and_levels(office: ModuleType) -> None:
    body = "".join([
        office.item("one", "1"), office.item("one a", "1", 1), office.item("one b", "1", 1), office.item("two", "1"),
        office.item("two a", "1", 1), office.item("deep", "1", 2), office.paragraph("And:"), office.item("bullet", "2"),
        office.item("odd", "99"), office.item("none", "0"), office.paragraph("three", "Steps"),
    ])  # fmt: skip
    assert text(office.word(body)) == (
        "1. one\n  a. one a\n  b. one b\n2. two\n  a. two a\n    - deep\n\nAnd:\n\n- bullet\n- odd\n\nnone\n\n3. three"
    )


def test_rows_of_tables_have_their_columns_and_merged_cells_their_text(office: ModuleType) -> None:
    wide = f"<w:tc><w:tcPr><w:gridSpan w:val='2'/></w:tcPr>{office.paragraph('both')}</w:tc>"
    tall, goes_on = (
        f"<w:tc><w:tcPr><w:vMerge {value}/></w:tcPr>{office.paragraph(shown)}</w:tc>"
        for value, shown in (("w:val='restart'", "all"), ("", ""))
    )
    table = office.table(("Country", "Price", "Days"), ("Norway", "49", tall), ("Sweden", "0", goes_on), (wide, "7"))
    assert text(office.word(table)) == (
        "Country: Norway; Price: 49; Days: all\nCountry: Sweden; Price: 0; Days: all\nCountry: both; Days: 7"
    )


def test_a_table_whose_first_row_is_no_heading_has_plain_rows(office: ModuleType) -> None:
    table = office.table(("Monday", "9-17"), ("Sunday", "closed"), look="<w:tblLook w:firstRow='0'/>")
    assert text(office.word(table)) == "Monday; 9-17\nSunday; closed"


def test_a_table_within_a_table_is_read_once(office: ModuleType) -> None:
    inner = f"<w:tc>{office.table(('in1',), ('in2',))}{office.paragraph('after')}</w:tc>"
    assert text(office.word(office.table(("Key", "Value"), ("k", inner)))) == "Key: k; Value: in1 in2 after"


def test_a_table_that_draws_a_box_or_arranges_the_page_is_running_text(office: ModuleType) -> None:
    box = f"<w:tc>{office.paragraph('Mind this.')}{office.item('point', '2')}</w:tc>"
    assert text(office.word(office.table((box,)))) == "Mind this.\n\n- point"
    long = "word " * 400
    assert text(office.word(office.table((long, "beside")))) == f"{long.strip()}\n\nbeside"


def test_notes_and_text_boxes_follow_their_paragraph_each_once(office: ModuleType) -> None:
    box = f"<w:txbxContent>{office.paragraph('In the box.')}</w:txbxContent>"
    drawn = (
        f"<w:r><mc:AlternateContent><mc:Choice Requires='wps'>{box}</mc:Choice>"
        f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    noted = office.paragraph(
        f"{office.run('Two years')}<w:r><w:footnoteReference w:id='2'/></w:r>{office.run('.')}{drawn}"
    )
    notes = (
        f"<w:footnotes {office.W}><w:footnote w:id='2'>{office.paragraph('One in Norway.')}</w:footnote></w:footnotes>"
    )
    found = text(office.word(noted + office.paragraph("Next."), footnotes=notes))
    assert found == "Two years.\n\nOne in Norway.\n\nIn the box.\n\nNext."


def test_what_was_deleted_moved_away_or_hidden_is_not_read(office: ModuleType) -> None:
    body = office.paragraph(
        f"<w:del>{office.run('GONE').replace('w:t', 'w:delText')}</w:del><w:moveFrom>{office.run('OLD')}</w:moveFrom>"
        f"<w:moveTo>{office.run('new')}</w:moveTo><w:ins>{office.run(' text')}</w:ins>{office.run('SECRET', '<w:vanish/>')}"
        "<w:r><w:instrText>PAGE</w:instrText><w:noBreakHyphen/><w:t>x</w:t><w:br/><w:t>y</w:t></w:r>"
    ) + office.paragraph("Delivery 3", "TOC1")
    assert text(office.word(body)) == "new text-x y"


def test_content_controls_are_read_through(office: ModuleType) -> None:
    row = office.table(("a", "b")).partition("</w:tblPr>")[2].removesuffix("</w:tbl>")
    inside = f"<w:sdt><w:sdtContent>{office.paragraph('Inside.')}</w:sdtContent></w:sdt>"
    rows = f"<w:tbl>{office.table(('k', 'v')).partition('</w:tblPr>')[2].removesuffix('</w:tbl>')}<w:sdt><w:sdtContent>{row}</w:sdtContent></w:sdt></w:tbl>"
    assert text(office.word(inside + rows)) == "Inside.\n\nk: a; v: b"


def test_a_strict_file_and_one_whose_main_part_is_called_otherwise(office: ModuleType) -> None:
    strict = office.W.replace(
        "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "http://purl.oclc.org/ooxml/wordprocessingml/main",
    )
    body = office.package({
        "_rels/.rels": office.relations(("a", "officeDocument", "/word/document2.xml")),
        "word/document2.xml": f"<w:document {strict}><w:body>{office.paragraph('Here.')}</w:body></w:document>",
    })  # fmt: skip
    assert text(body) == "Here."


@pytest.mark.parametrize(("named", "expected"), [("  Price  list ", "Price list"), ("", "My guide")])
def test_without_headings_the_properties_name_it(office: ModuleType, named: str, expected: str) -> None:
    core = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
    title = f"<c:coreProperties xmlns:c='{core}' xmlns:d='http://purl.org/dc/elements/1.1/'><d:title>{named}</d:title></c:coreProperties>"
    document = f"<w:document {office.W}><w:body>{office.paragraph('Some text.')}</w:body></w:document>"
    assert read(office.package({"word/document.xml": document, "docProps/core.xml": title})).title == expected
