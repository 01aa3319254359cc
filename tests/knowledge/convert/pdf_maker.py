"""Small PDF files, written by hand: pages of lines in Helvetica, an outline, a title."""

from __future__ import annotations

from collections.abc import Sequence


def make_pdf(
    pages: Sequence[Sequence[str]], *, outline: Sequence[tuple[str, int]] = (), title: str = "", locked: bool = False
) -> bytes:
    """A PDF whose pages have these lines; the outline is (title, 1-based page). `locked`: it asks for a password."""
    objects: list[bytes] = []

    def add(body: str | bytes) -> int:
        objects.append(body.encode("latin-1") if isinstance(body, str) else body)
        return len(objects)

    catalog, tree, font = (
        add(""),
        add(""),
        add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"),
    )
    leaves = []
    for lines in pages:
        shown = "".join(f"1 0 0 1 50 {780 - 14 * at} Tm ({_escaped(line)}) Tj\n" for at, line in enumerate(lines))
        stream = f"BT /F1 10 Tf\n{shown}ET".encode("cp1252")
        content = add(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
        leaves.append(
            add(
                f"<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 595 842] /Contents {content} 0 R"
                f" /Resources << /Font << /F1 {font} 0 R >> >> >>"
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
