"""Whole pages as the usual help-centre programs make them, each beside the text that is to be read of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from custagent.core.document import Document, RawContent
from custagent.knowledge.convert.html import read_html

PAGES = Path(__file__).with_name("help_centres")


def outline(document: Document) -> str:
    """Title, then each section's headings with its anchor, and its text."""
    parts = [f"TITLE {document.title}\n"]
    for section in document.sections:
        heading = f"# {' > '.join(section.headings)} {{{section.anchor}}}\n" if section.headings else ""
        parts.append(f"{heading}{section.text}\n")
    return "\n".join(parts)


@pytest.mark.parametrize("page", sorted(path.stem for path in PAGES.glob("*.html")))
def test_a_page_of_a_help_centre_is_read_as_a_person_reads_it(page):
    body = (PAGES / f"{page}.html").read_bytes()
    document = read_html(RawContent(location=f"https://help.example/{page}", body=body)).document
    assert outline(document) == (PAGES / f"{page}.txt").read_text(encoding="utf-8")
