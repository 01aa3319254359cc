"""Markdown: sections by headings, with the anchors that GitHub gives them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token
from selectolax.lexbor import LexborHTMLParser

from custagent.core.document import Document, RawContent
from custagent.core.errors import ConvertError
from custagent.knowledge.convert.boilerplate import Boilerplate
from custagent.knowledge.convert.charset import decode
from custagent.knowledge.convert.front_matter import last_changed, public_address, read_front_matter
from custagent.knowledge.convert.inline import flat
from custagent.knowledge.convert.naming import language_of, readable
from custagent.knowledge.convert.rows import add_rows
from custagent.knowledge.convert.writer import MAX_HEADING, QUESTION_LEVEL, SectionWriter

_EXPLICIT_ANCHOR = re.compile(r"\s*\{\s*#([\w:.-]+)[^{}]*\}\s*$")
_NAMED_ANCHOR = re.compile(r"""<a\s+(?:name|id)\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
#: Lines that only steer a site generator.
_DIRECTIVE = re.compile(r"\[\[_?toc_?\]\]|\[toc\]|\{:.*\}|:{3,}.*|\{%.*%\}|!!! ?\w*", re.IGNORECASE)
_MIN_ALT_WORDS = 3
#: A footnote's text, and the mark that leads to it.
_NOTE = re.compile(r"^\[\^[^\]\s]{1,40}\]:[ \t]+", re.MULTILINE)
_NOTE_MARK = re.compile(r"\[\^[^\]\s]{1,40}\]")


def read_markdown(raw: RawContent, language_hint: str = "") -> Document:
    """The document in a Markdown file. Raises ConvertError when there is no text in it.

    A file whose front matter says where everybody can read it (`url:`) is cited by that address.
    """
    text = decode(raw, language=language_hint).replace("\r\n", "\n").replace("\r", "\n")
    fields, text = read_front_matter(text)
    # Else CommonMark takes a note of one word for an address.
    text = _NOTE.sub("", text)
    address = public_address(fields)
    # A public page has the anchors that the file names, and those alone.
    reader = _MarkdownReader(anchors_by_heading=not address)
    reader.read(MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text))
    writer = reader.writer
    title = fields.get("title") or reader.first_title or writer.first_heading or readable(raw.location)
    sections = writer.sections(title)
    if not sections:
        raise ConvertError(f"{raw.location}: the file holds no text", hint="Write the answer in it, or remove it.")
    return Document(
        location=address or raw.location,
        title=title,
        language=language_of(
            "\n".join(section.text for section in sections),
            declared=fields.get("lang") or fields.get("language") or "",
            hint=language_hint,
        ),
        sections=sections,
        media_type="text/markdown",
        etag=raw.etag,
        last_modified=raw.last_modified or last_changed(fields),
    )


def github_anchor(heading: str, seen: dict[str, int]) -> str:
    """The fragment that GitHub gives a heading; the second of the same name gets "-1". `seen` is updated."""
    slug = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
    count = seen.get(slug, 0)
    seen[slug] = count + 1
    return f"{slug}-{count}" if count else slug


class _MarkdownReader:
    """Writes the tokens of a parsed file as blocks and headings."""

    def __init__(self, *, anchors_by_heading: bool) -> None:
        self.writer = SectionWriter()
        self.first_title = ""
        self._anchors_by_heading = anchors_by_heading
        self._anchors: dict[str, int] = {}
        self._lists: list[int | None] = []
        self._group = 0
        self._marker = ""
        self._named_anchor = ""

    def read(self, tokens: Sequence[Token]) -> None:
        at = 0
        while at < len(tokens):
            token = tokens[at]
            if token.type == "heading_open":
                self._heading(tokens[at + 1], int(token.tag[1]))
                at += 2
            elif token.type == "table_open":
                end = next(i for i in range(at, len(tokens)) if tokens[i].type == "table_close")
                self._table(tokens[at:end])
                at = end
            else:
                self._block(token)
            at += 1

    def _block(self, token: Token) -> None:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            if not self._lists:
                self._group += 1
            start = int(token.attrs.get("start", 1)) if token.type == "ordered_list_open" else None
            self._lists.append(start)
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            self._lists.pop()
        elif token.type == "list_item_open":
            number = self._lists[-1]
            self._marker = "- " if number is None else f"{number}. "
            self._lists[-1] = None if number is None else number + 1
        elif token.type == "list_item_close":
            self._marker = ""
        elif token.type == "inline":
            self._paragraph(token)
        elif token.type in ("fence", "code_block"):
            self.writer.add(token.content.rstrip("\n"))
        elif token.type == "html_block":
            self._html(token.content)

    def _heading(self, inline: Token, level: int) -> None:
        text = " ".join(_inline_text(inline).split())
        if len(text) > MAX_HEADING:
            self.writer.add(text)
            return
        explicit = _EXPLICIT_ANCHOR.search(text)
        text = _EXPLICIT_ANCHOR.sub("", text)
        anchor = github_anchor(text, self._anchors) if self._anchors_by_heading else ""
        if not text:
            return
        if level == 1 and not self.first_title:
            self.first_title = text
        named = explicit or _NAMED_ANCHOR.search(inline.content)
        name = named.group(1) if named else self._named_anchor
        self._named_anchor = ""
        self.writer.heading(text, level=level, anchor=name or anchor)

    def _paragraph(self, token: Token) -> None:
        lines = [" ".join(line.split()) for line in _inline_text(token).split("\n")]
        # What is written with a backslash before it is meant as text.
        lines = [line for line in lines if line and (f"\\{line[0]}" in token.content or not _DIRECTIVE.fullmatch(line))]
        if not lines:
            named = _NAMED_ANCHOR.search(token.content)
            self._named_anchor = named.group(1) if named else self._named_anchor
            return
        if not self._lists:
            self.writer.add("\n".join(lines))
            return
        indent = "  " * (len(self._lists) - 1)
        first = indent + (self._marker or "  ")
        self._marker = ""
        self.writer.add(first + f"\n{indent}  ".join(lines), group=self._group)

    def _table(self, tokens: Sequence[Token]) -> None:
        rows: list[list[str]] = []
        for token in tokens:
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                rows[-1].append(" ".join(_inline_text(token).split()))
        self._group += 1
        add_rows(self.writer, rows[0], rows[1:], group=self._group)

    def _html(self, source: str) -> None:
        """HTML between the paragraphs: its text, and a `<summary>` as a question."""
        named = _NAMED_ANCHOR.search(source)
        self._named_anchor = named.group(1) if named else self._named_anchor
        tree = LexborHTMLParser(source)
        drops = Boilerplate(tree, lenient=True).drops
        summary = tree.css_first("summary")
        if summary is not None:
            question = flat(summary, drops)
            summary.decompose()
            if question:
                self.writer.heading(question[:MAX_HEADING], level=QUESTION_LEVEL, anchor="", depth=1)
        if tree.body is not None:
            self.writer.add(flat(tree.body, drops))
        if "</details>" in source.lower():
            self.writer.close_questions(0)


def _inline_text(token: Token) -> str:
    """Running text with marks and addresses of links taken off; "\\n" is a forced line break."""
    pieces: list[str] = []
    struck = 0
    for child in token.children or []:
        if child.type in ("s_open", "s_close"):
            struck += 1 if child.type == "s_open" else -1
        elif struck:
            continue
        elif child.type == "text":
            pieces.append(_NOTE_MARK.sub("", child.content))
        elif child.type == "code_inline":
            pieces.append(child.content)
        elif child.type == "softbreak":
            pieces.append(" ")
        elif child.type == "hardbreak" or (child.type == "html_inline" and _LINE_BREAK.fullmatch(child.content)):
            pieces.append("\n")
        elif child.type == "image" and len(child.content.split()) >= _MIN_ALT_WORDS:
            pieces.append(child.content)
    return "".join(pieces)
