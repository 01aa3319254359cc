"""AsciiDoc, in which many products are documented: headings, paragraphs, lists, tables and code become sections of text.

What a page shows is kept; what only sets it (attributes, anchors, block titles' dots, formatting marks) is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from custagent.core.document import Document, RawContent, Section

HEADING = re.compile(r"(={1,6})\s+(\S.*)")
#: What stands alone on a line and is not shown: an attribute, an anchor, a block's settings, a directive.
SETTING = re.compile(r":!?[\w-]+!?:.*|\[.*\]|(?:include|ifdef|ifndef|ifeval|endif)::.*|<<<|'''")
ITEM = re.compile(r"\s*(?:[*-]{1,5}|\.{1,5}|\d+\.)\s+(\S.*)")
TERM = re.compile(r"(\S.*?):{2,4}(?:\s+(\S.*))?")
#: Delimiters of blocks whose lines are text as any other; and of those that are taken as they stand.
FRAMES = re.compile(r"={4,}|\*{4,}|_{4,}|--")
AS_IT_IS = re.compile(r"-{4,}|\.{4,}|```\w*")
COMMENT = re.compile(r"/{4,}")
#: A link or cross reference with its text; the text alone is kept.
LINK = re.compile(r"(?:link:|xref:|mailto:)?(?:https?://|[\w./#@-])[^\s\[\]]*\[([^\]]+)\]|<<[^,>]+,\s*([^>]+)>>")
MARKS = re.compile(r"(?<![\w*_`#])([*_`#]{1,2})(?=\S)(.+?)(?<=\S)\1(?![\w*_`#])")


def read(raw: RawContent) -> Document:
    """Lines are read one by one: a new heading begins a new section."""
    text = raw.body.decode(raw.charset if raw.charset in ("utf-8", "latin-1") else "utf-8-sig", "replace")
    title, language, sections = "", "", []
    path: list[tuple[int, str]] = []
    lines: list[str] = []
    for kind, value in parse(text):
        if kind == "text":
            lines.append(value)
        elif kind == "language":
            language = value
        else:
            sections += section(path, lines)
            lines, level = [], int(kind)
            if level == 1 and not title:
                title = value
            else:
                path = [*(one for one in path if one[0] < level), (level, value)]
    sections += section(path, lines)
    return Document(
        location=raw.location, title=title, language=language, sections=tuple(sections), media_type="text/asciidoc"
    )


def section(path: list[tuple[int, str]], lines: list[str]) -> list[Section]:
    """The lines under these headings; none where they say nothing."""
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
    return [Section(text=text, headings=tuple(heading for _, heading in path))] if text.strip() else []


def parse(text: str) -> Iterator[tuple[str, str]]:
    """("text", line), ("language", code), or a heading's level from "1" with its words."""
    block = ""  # the delimiter that ends the block we are in
    for line in text.splitlines():
        bare = line.strip()
        if block:
            if bare == block:
                block = ""
            elif not COMMENT.fullmatch(block):
                yield "text", row(bare) if block == "|===" else line.rstrip()
        elif COMMENT.fullmatch(bare) or AS_IT_IS.fullmatch(bare) or bare == "|===":
            block = "```" if bare.startswith("```") else bare
        elif heading := HEADING.fullmatch(bare):
            yield str(len(heading[1])), plain(heading[2])
        elif bare.startswith(":lang:"):
            yield "language", bare.removeprefix(":lang:").strip()
        elif not (bare.startswith("//") or SETTING.fullmatch(bare) or FRAMES.fullmatch(bare)):
            yield "text", shown(line)


def shown(line: str) -> str:
    """A line of running text as a reader sees it."""
    if line.strip() == "+":
        return ""  # joins the next paragraph to a list item
    line = line.rstrip().removesuffix(" +")
    if item := ITEM.fullmatch(line):
        return "- " + plain(item[1])
    if re.match(r"\.[^\s.]", line):
        return plain(line[1:])  # the title of a block
    if term := TERM.fullmatch(line.strip()):
        return f"{plain(term[1])}: {plain(term[2] or '')}".rstrip()
    return plain(line.strip())


def row(line: str) -> str:
    """A line of a table: its cells, side by side."""
    return " | ".join(plain(cell.strip()) for cell in line.lstrip("|").split("|")) if line else ""


def plain(text: str) -> str:
    """Without the marks of links and formatting."""
    return MARKS.sub(r"\2", LINK.sub(lambda found: found[1] or found[2], text))
