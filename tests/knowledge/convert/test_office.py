"""Word and PowerPoint: headings by style, lists, tables, slides; bombs are refused."""

from __future__ import annotations

import io
import zipfile

import pytest

from custagent.core.document import Document, RawContent
from custagent.core.errors import ConvertError
from custagent.knowledge.convert.kind import Kind
from custagent.knowledge.convert.office import read_office

W = "xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'"
P = (
    "xmlns:p='http://schemas.openxmlformats.org/presentationml/2006/main' "
    "xmlns:a='http://schemas.openxmlformats.org/drawingml/2006/main' "
    "xmlns:r='http://schemas.openxmlformats.org/officeDocument/2006/relationships'"
)
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"


def package(parts: dict[str, str | bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def read(body: bytes, kind: Kind) -> Document:
    return read_office(RawContent(location=f"content/my-guide.{kind.value}", body=body), kind)


def paragraph(text: str, style: str = "", more: str = "") -> str:
    styled = f"<w:pStyle w:val='{style}'/>" if style else ""
    return f"<w:p><w:pPr>{styled}{more}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def word(body: str, **parts: str) -> bytes:
    return package({"word/document.xml": f"<w:document {W}><w:body>{body}</w:body></w:document>", **parts})


STYLES = f"""<w:styles {W}><w:style w:styleId='Rubrik1'><w:name w:val='heading 1'/></w:style>
<w:style w:styleId='Rubrik2'><w:name w:val='heading 2'/></w:style><w:style w:styleId='Titel'><w:name w:val='Title'/></w:style></w:styles>"""


def test_word():
    cells = "".join(
        f"<w:tr>{''.join(f'<w:tc>{paragraph(cell)}</w:tc>' for cell in row)}</w:tr>"
        for row in (("Country", "Price"), ("Norway", "49 kr"), ("Sweden", "0 kr"))
    )
    item = "<w:numPr><w:ilvl w:val='0'/></w:numPr>"
    body = (
        paragraph("My guide", "Titel") + paragraph("Delivery", "Rubrik1") + paragraph("It is fast.") + paragraph("one", more=item)
        + paragraph("two", more=item) + paragraph("Prices", "Rubrik2") + f"<w:tbl>{cells}</w:tbl>"
        + "<w:p><w:del><w:r><w:delText>GONE</w:delText></w:r></w:del><w:ins><w:r><w:t>Split</w:t></w:r></w:ins>"
        "<w:r><w:t> word</w:t><w:br/><w:t>line</w:t></w:r></w:p>"
    )  # fmt: skip
    document = read(word(body, **{"word/styles.xml": STYLES}), Kind.DOCX)
    assert document.title == "My guide"
    assert [(section.headings, section.text) for section in document.sections] == [
        (("Delivery",), "It is fast.\n\n- one\n- two"),
        (("Delivery", "Prices"), "Country: Norway; Price: 49 kr\nCountry: Sweden; Price: 0 kr\n\nSplit word line"),
    ]


def test_slides():
    def shape(text: str, holder: str = "") -> str:
        lines = "".join(f"<a:p><a:r><a:t>{line}</a:t></a:r></a:p>" for line in text.split("|"))
        kind = f"<p:nvSpPr><p:nvPr><p:ph type='{holder}'/></p:nvPr></p:nvSpPr>" if holder else ""
        return f"<p:sp>{kind}<p:txBody>{lines}</p:txBody></p:sp>"

    def slide(*shapes: str) -> str:
        return f"<p:sld {P}><p:cSld><p:spTree>{''.join(shapes)}</p:spTree></p:cSld></p:sld>"

    body = package({
        "ppt/presentation.xml": f"<p:presentation {P}><p:sldIdLst><p:sldId r:id='b'/><p:sldId r:id='a'/></p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": f"<Relationships xmlns='{RELATIONS}'><Relationship Id='a' Target='slides/slide1.xml'/>"
        "<Relationship Id='b' Target='/ppt/slides/slide2.xml'/></Relationships>".replace("/ppt/", ""),
        "ppt/slides/slide1.xml": slide(shape("Second", "title"), shape("alone"), shape("7", "sldNum")),
        "ppt/slides/slide2.xml": slide(shape("First", "ctrTitle"), shape("one|two")),
    })  # fmt: skip
    document = read(body, Kind.PPTX)
    assert document.title == "First"
    assert [(section.page, section.headings, section.text) for section in document.sections] == [
        (1, (), "- one\n- two"),
        (2, ("Second",), "alone"),
    ]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (word(""), "no text"),
        (package({"word/document.xml": "<w:document"}), "damaged"),
        (package({"word/document.xml": b" " * 20_000_000}), "unpacks to far more"),
        (package({"word/document.xml": "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"}), "declares entities"),
        (word(paragraph("x"))[:-30], "damaged"),
    ],
    ids=["empty", "broken xml", "bomb", "entities", "cut off"],
)
def test_what_is_damaged_or_hostile_is_refused(body, reason):
    with pytest.raises(ConvertError, match=reason):
        read(body, Kind.DOCX)
