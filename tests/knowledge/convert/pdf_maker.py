"""Small PDF files, written by hand: pages of lines in Helvetica, an outline, a title, pictures."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeAlias

#: A line below the one before, or (text, x, y, size, "bold" or "").
Line: TypeAlias = str | tuple[str, float, float, float, str]


def make_pdf(
    pages: Sequence[Sequence[Line]],
    *,
    outline: Sequence[tuple[str, int]] = (),
    title: str = "",
    locked: bool = False,
    pictured: Collection[int] = (),
    streams: Sequence[bytes] = (),
) -> bytes:
    """A PDF whose pages have these lines; the outline is (title, 1-based page). `locked`: it asks for a password.

    `pictured` are the pages that show a picture, 1-based; `streams` are further pages, packed by zlib.
    """
    objects: list[bytes] = []

    def add(body: str | bytes) -> int:
        objects.append(body.encode("latin-1") if isinstance(body, str) else body)
        return len(objects)

    catalog, tree = add(""), add("")
    font, bold, picture = map(add, (_font("Helvetica"), _font("Helvetica-Bold"), _PICTURE))
    leaves = []
    contents = [_content(lines, shows=number in pictured) for number, lines in enumerate(pages, start=1)]
    for stream in [*map(_stream, contents), *(_stream(one, "/Filter /FlateDecode") for one in streams)]:
        content = add(stream)
        leaves.append(
            add(
                f"<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 595 842] /Contents {content} 0 R"
                f" /Resources << /Font << /F1 {font} 0 R /F2 {bold} 0 R >> /XObject << /P {picture} 0 R >> >> >>"
            )
        )
    objects[tree - 1] = (
        f"<< /Type /Pages /Count {len(leaves)} /Kids [{' '.join(f'{leaf} 0 R' for leaf in leaves)}] >>".encode()
    )
    info = add(f"<< /Title ({_escaped(title)}) >>")
    root = f"<< /Type /Catalog /Pages {tree} 0 R"
    if outline:
        first = len(objects) + 2
        add(f"<< /Type /Outlines /First {first} 0 R /Last {first + len(outline) - 1} 0 R /Count {len(outline)} >>")
        root += f" /Outlines {first - 1} 0 R"
        for at, (name, page) in enumerate(outline):
            following = f"/Next {first + at + 1} 0 R" if at + 1 < len(outline) else ""
            add(
                f"<< /Title ({_escaped(name)}) /Parent {first - 1} 0 R /Dest [{leaves[page - 1]} 0 R /Fit] {following} >>"
            )
    objects[catalog - 1] = (root + " >>").encode()
    return _file(objects, catalog, info, locked=locked)


_PICTURE = "<< /Length 1 /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 >>\nstream\n0\nendstream"


def _font(name: str) -> str:
    return f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>"


def _content(lines: Sequence[Line], *, shows: bool) -> bytes:
    shown = ""
    for at, line in enumerate(lines):
        text, x, y, size, look = (line, 50, 780 - 14 * at, 10, "") if isinstance(line, str) else line
        shown += f"/F{2 if look else 1} {size} Tf 1 0 0 1 {x} {y} Tm ({_escaped(text)}) Tj\n"
    return f"BT\n{shown}ET{' q 500 0 0 700 40 40 cm /P Do Q' if shows else ''}".encode("cp1252")


def _stream(content: bytes, entries: str = "") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), entries.encode(), content)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _file(objects: list[bytes], catalog: int, info: int, *, locked: bool) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for offset in offsets:
        out += b"%010d 00000 n \n" % offset
    # RC4 with 40 bits (PDF 1.4, 3.5.2); no password gives this /U, so none opens it.
    lock = b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >> /ID [<00> <00>]" % (
        b"41" * 32,
        b"42" * 32,
    )
    out += b"trailer << /Size %d /Root %d 0 R /Info %d 0 R " % (len(objects) + 1, catalog, info)
    out += b"%s >>\nstartxref\n%d\n%%%%EOF" % (lock if locked else b"", start)
    return bytes(out)
