"""Small Word and PowerPoint files, written by hand as the programs write them."""

from __future__ import annotations

import io
import zipfile

W = (
    "xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main' "
    "xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006' xmlns:v='urn:schemas-microsoft-com:vml'"
)
P = (
    "xmlns:p='http://schemas.openxmlformats.org/presentationml/2006/main' "
    "xmlns:a='http://schemas.openxmlformats.org/drawingml/2006/main' "
    "xmlns:r='http://schemas.openxmlformats.org/officeDocument/2006/relationships'"
)
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
KINDS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def package(parts: dict[str, str | bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of these parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def relations(*targets: tuple[str, str, str]) -> str:
    """A part of relationships: (id, kind, target)."""
    each = "".join(
        f"<Relationship Id='{name}' Type='{KINDS}/{kind}' Target='{target}'/>" for name, kind, target in targets
    )
    return f"<Relationships xmlns='{RELATIONS}'>{each}</Relationships>"


def run(text: str, look: str = "") -> str:
    return f"<w:r><w:rPr>{look}</w:rPr><w:t xml:space='preserve'>{text}</w:t></w:r>"


def paragraph(text: str, style: str = "", more: str = "", look: str = "") -> str:
    """A paragraph; `more` are further properties of it, `look` those of its run. Text that is XML stands as it is."""
    styled = f"<w:pStyle w:val='{style}'/>" if style else ""
    return f"<w:p><w:pPr>{styled}{more}</w:pPr>{text if text.startswith('<') else run(text, look)}</w:p>"


def item(text: str, number: str, level: int = 0) -> str:
    return paragraph(text, more=f"<w:numPr><w:ilvl w:val='{level}'/><w:numId w:val='{number}'/></w:numPr>")


def table(*rows: tuple[str, ...], look: str = "") -> str:
    """A table; a cell that begins with `<` stands as it is."""
    lines = []
    for row in rows:
        cells = (cell if cell.startswith("<") else f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row)
        lines.append(f"<w:tr>{''.join(cells)}</w:tr>")
    return f"<w:tbl><w:tblPr>{look}</w:tblPr>{''.join(lines)}</w:tbl>"


STYLES = f"""<w:styles {W}>
<w:style w:styleId='Rubrik1'><w:name w:val='heading 1'/></w:style>
<w:style w:styleId='Rubrik2'><w:name w:val='heading 2'/></w:style>
<w:style w:styleId='Titel'><w:name w:val='Title'/></w:style>
<w:style w:styleId='Eigen'><w:name w:val='House heading'/><w:basedOn w:val='Rubrik2'/></w:style>
<w:style w:styleId='Chapter'><w:name w:val='Chapter'/><w:pPr><w:outlineLvl w:val='0'/></w:pPr></w:style>
<w:style w:styleId='Circle'><w:name w:val='a'/><w:basedOn w:val='Circle'/></w:style>
<w:style w:styleId='TOC1'><w:name w:val='toc 1'/></w:style>
<w:style w:styleId='Steps'><w:name w:val='List Number'/><w:pPr><w:numPr><w:numId w:val='1'/></w:numPr></w:pPr></w:style>
</w:styles>"""


def _levels(*forms: str) -> str:
    return "".join(
        f"<w:lvl w:ilvl='{at}'><w:start w:val='1'/><w:numFmt w:val='{form}'/></w:lvl>" for at, form in enumerate(forms)
    )


NUMBERING = f"""<w:numbering {W}>
<w:abstractNum w:abstractNumId='7'>{_levels("decimal", "lowerLetter", "bullet")}</w:abstractNum>
<w:abstractNum w:abstractNumId='8'>{_levels("bullet", "bullet")}</w:abstractNum>
<w:num w:numId='1'><w:abstractNumId w:val='7'/></w:num><w:num w:numId='2'><w:abstractNumId w:val='8'/></w:num>
</w:numbering>"""


def word(body: str, **parts: str) -> bytes:
    """A docx with this body, and further parts of the folder word/ by the name of their file."""
    document = f"<w:document {W}><w:body>{body}</w:body></w:document>"
    named = {f"word/{name}.xml": content for name, content in parts.items()}
    return package({"word/document.xml": document, "word/styles.xml": STYLES, "word/numbering.xml": NUMBERING, **named})


def shape(text: str, holder: str = "", at: tuple[int, int] | None = None, numbered: bool = False) -> str:
    """A text shape with a paragraph for each part between `|`; a part's leading `>` are its level. `at` is x, y."""
    lines = []
    for part in text.split("|"):
        line = part.lstrip(">")
        number = "<a:buAutoNum type='arabicPeriod'/>" if numbered else ""
        look = f"<a:pPr lvl='{len(part) - len(line)}'>{number}</a:pPr>"
        lines.append(f"<a:p>{look}<a:r><a:t>{line}</a:t></a:r></a:p>")
    kind = f"<p:nvSpPr><p:nvPr><p:ph type='{holder}'/></p:nvPr></p:nvSpPr>" if holder else ""
    return f"<p:sp>{kind}<p:spPr>{_offset(at)}</p:spPr><p:txBody>{''.join(lines)}</p:txBody></p:sp>"


def frame(content: str, at: tuple[int, int] | None = None) -> str:
    """What holds a table or a diagram."""
    return f"<p:graphicFrame>{_offset(at).replace('a:xfrm', 'p:xfrm')}<a:graphic>{content}</a:graphic></p:graphicFrame>"


def _offset(at: tuple[int, int] | None) -> str:
    return f"<a:xfrm><a:off x='{at[0]}' y='{at[1]}'/></a:xfrm>" if at else ""


def slide(*shapes: str, more: str = "") -> str:
    return f"<p:sld {P} {more}><p:cSld><p:spTree>{''.join(shapes)}</p:spTree></p:cSld></p:sld>"


def slides(*found: str, **parts: str) -> bytes:
    """A pptx of these slides; further parts by path, with `__` for `/`."""
    listed = "".join(f"<p:sldId r:id='s{number}'/>" for number in range(1, len(found) + 1))
    targets = relations(*((f"s{at}", "slide", f"slides/slide{at}.xml") for at in range(1, len(found) + 1)))
    return package({
        "ppt/presentation.xml": f"<p:presentation {P}><p:sldIdLst>{listed}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": targets,
        **{f"ppt/slides/slide{at}.xml": content for at, content in enumerate(found, 1)},
        **{name.replace("__", "/"): content for name, content in parts.items()},
    })  # fmt: skip
