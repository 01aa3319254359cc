"""The kinds of file that are read (SRC-1): what they are called, by suffix and by media type.

What a file holds decides in the end: `knowledge.convert.kind`. Who reads it stands in `knowledge.convert.reading`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """The kinds of content that are read."""

    HTML = "html"
    PDF = "pdf"
    MARKDOWN = "md"
    TEXT = "txt"
    RST = "rst"
    CSV = "csv"
    JSON = "json"
    XML = "xml"
    DOCX = "docx"
    PPTX = "pptx"


#: By suffix, as files are called.
BY_SUFFIX: Final[Mapping[str, Kind]] = {
    ".html": Kind.HTML,
    ".htm": Kind.HTML,
    ".xhtml": Kind.HTML,
    ".pdf": Kind.PDF,
    ".md": Kind.MARKDOWN,
    ".markdown": Kind.MARKDOWN,
    ".txt": Kind.TEXT,
    ".text": Kind.TEXT,
    ".cfg": Kind.TEXT,
    ".conf": Kind.TEXT,
    ".rst": Kind.RST,
    ".csv": Kind.CSV,
    ".json": Kind.JSON,
    ".jsonl": Kind.JSON,
    ".ndjson": Kind.JSON,
    ".xml": Kind.XML,
    ".docx": Kind.DOCX,
    ".pptx": Kind.PPTX,
}

#: By media type, as servers call them.
BY_MEDIA_TYPE: Final[Mapping[str, Kind]] = {
    "text/html": Kind.HTML,
    "application/xhtml+xml": Kind.HTML,
    "application/pdf": Kind.PDF,
    "text/markdown": Kind.MARKDOWN,
    "text/x-markdown": Kind.MARKDOWN,
    "text/x-rst": Kind.RST,
    "text/prs.fallenstein.rst": Kind.RST,
    "text/csv": Kind.CSV,
    "application/json": Kind.JSON,
    "application/jsonl": Kind.JSON,
    "application/x-ndjson": Kind.JSON,
    "application/jsonlines": Kind.JSON,
    "application/xml": Kind.XML,
    "text/xml": Kind.XML,
}
