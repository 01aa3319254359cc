"""HTML: the main text of a page as sections, and what the page tells a crawler."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from custagent.core.document import Document, RawContent, Section
from custagent.core.errors import ConvertError
from custagent.knowledge.convert.boilerplate import Boilerplate
from custagent.knowledge.convert.charset import decode
from custagent.knowledge.convert.converted import Converted
from custagent.knowledge.convert.inline import heading_text
from custagent.knowledge.convert.links import Links
from custagent.knowledge.convert.naming import language_of, readable
from custagent.knowledge.convert.page_head import PageHead
from custagent.knowledge.convert.page_reader import PageReader
from custagent.knowledge.convert.structured import nodes_of, structured_sections
from custagent.knowledge.convert.writer import SectionWriter

#: Fewer letters than this beside scripts are a shell that a browser would have to fill.
_SHELL_LETTERS = 60
_ASKS_FOR_SCRIPT = re.compile(r"(?:enable|requires?|activate|turn on|without|aktivera|aktivier\w*|activer)\W.{0,40}javascript"
                              r"|javascript.{0,40}(?:enable|requir|disabled|activ|aktiv)", re.IGNORECASE)  # fmt: skip
_SHELL_ROOTS = (
    "#root, #app, #__next, #__nuxt, #___gatsby, #main-app, app-root, [data-reactroot], [ng-app], [ng-version]"
)
_TITLE_SEPARATORS = re.compile(r"\s+[|–—·•»«:]+\s+|\s+-+\s+|\s*\|\s*")
#: Headings over nothing but links to elsewhere.
_RELATED = re.compile(
    r"(?:related|similar|recommended|popular|recent|more|other)(?: \w+)? (?:articles?|posts?|topics?|links?|pages?|content"
    r"|resources|reading|guides|questions|in this section)|related|in this (?:article|section)|on this page"
    r"|(?:table of )?contents|articles in this section|recently viewed(?: articles)?|you (?:may|might) also like"
    r"|(?:relaterade|liknande|fler|populära) \w+|relaterat|innehåll|på (?:den här |denna )?sidan|läs (?:mer|även|också)"
    r"|(?:verwandte|ähnliche|weitere|beliebte) \w+|inhalt(?:sverzeichnis)?|auf dieser seite|lesen sie auch"
    r"|articles? (?:associés|similaires|connexes|liés)|sommaire|(?:artículos|temas) relacionados|contenido"
    r"|gerelateerde \w+|relaterede \w+|relaterte \w+|artigos relacionados|articoli correlati",
    re.IGNORECASE,
)


def read_html(raw: RawContent, language_hint: str = "") -> Converted:
    """The document in an HTML page, with the page's links and directives.

    Raises ConvertError for a page without text, and for one whose text appears only when its scripts run.
    """
    tree = LexborHTMLParser(decode(raw, language=language_hint, markup=True))
    head, links = PageHead(tree), Links(tree, raw.location)
    robots = head.robots
    declared = head.language or links.own_language() or raw.language
    return Converted(
        document=_document(tree, raw, head, declared=declared, hint=language_hint),
        links=links.found(),
        canonical=links.canonical(),
        noindex=bool(robots & {"noindex", "none"}),
        nofollow=bool(robots & {"nofollow", "none"}),
    )


def _document(tree: LexborHTMLParser, raw: RawContent, head: PageHead, *, declared: str, hint: str) -> Document:
    boilerplate = Boilerplate(tree)
    writer = PageReader(boilerplate).read()
    title = _title(tree, boilerplate, writer, raw.location, site=head.meta("property", "og:site_name"))
    told = nodes_of(tree)
    if not boilerplate.marks_main:
        writer.drop_edges(title)
    sections = writer.sections(title, drop=_RELATED)
    sections += structured_sections(told, sections)
    if not _has_text(sections):
        _refuse_shell(tree, raw.location)
    if not sections:
        boilerplate = Boilerplate(tree, lenient=True)
        sections = PageReader(boilerplate).read().sections(title)
    if not sections:
        raise ConvertError(
            f"{raw.location}: the page holds no text",
            hint="If its text is in pictures, write it down in a Markdown file and add that.",
        )
    text = "\n".join(section.text for section in sections)
    return Document(
        location=raw.location,
        title=title,
        language=language_of(text, declared=declared, hint=hint),
        sections=sections,
        media_type="text/html",
        etag=raw.etag,
        last_modified=raw.last_modified,
        dated=head.dated(told),
    )


def _has_text(sections: tuple[Section, ...]) -> bool:
    return sum(len(section.text) for section in sections) >= _SHELL_LETTERS


def _refuse_shell(tree: LexborHTMLParser, location: str) -> None:
    body = tree.body
    if body is None:
        return
    for node in tree.css("noscript"):
        if _ASKS_FOR_SCRIPT.search(node.text() or ""):
            break
    else:
        text = "".join(body.text(deep=True).split())
        scripts = sum(len(node.text() or "") for node in body.css("script, style, noscript"))
        shown = len(text) - scripts
        if shown >= _SHELL_LETTERS or not (
            tree.css_first("script[src], script[type=module]") or tree.css_first(_SHELL_ROOTS)
        ):
            return
    raise ConvertError(
        f"{location}: the page shows its text only with JavaScript, which is not run here",
        hint="Add the same text as a file (a PDF print of the page, or Markdown), or an address that serves it as HTML.",
    )


def _title(tree: LexborHTMLParser, boilerplate: Boilerplate, writer: SectionWriter, location: str, *, site: str) -> str:
    """The page's only h1, else its `<title>` without the site's name, else its first heading, else its file name."""
    names = [_clean(node.text()) for node in tree.css("head title")[:1]]
    whole = names[0] if names else ""
    site = _clean(site)
    parts = [part for part in _TITLE_SEPARATORS.split(whole) if part]
    sites = {part.casefold() for part in parts[1:]}
    headings = {text: node for node in reversed(tree.css("h1")) if (text := _h1(node, boilerplate))}
    # A site's name is an h1 in many page headers.
    candidates = [
        text
        for text, node in reversed(headings.items())
        if text.casefold() != site.casefold() and not (text.casefold() in sites and _in_page_header(node))
    ]
    if len(candidates) == 1:
        return candidates[0]
    for part in parts:
        if part in candidates:
            return part
    if whole:
        return _without_site(parts, site, location) or whole
    return next(iter(candidates), "") or writer.first_heading or readable(location)


def _h1(node: LexborNode, boilerplate: Boilerplate) -> str:
    ancestor = node.parent
    while ancestor is not None and ancestor.tag != "body":
        if ancestor.tag in ("nav", "aside", "dialog", "template"):
            return ""
        ancestor = ancestor.parent
    if boilerplate.drops(node, "h1", node.attributes):
        return ""
    return heading_text(node, boilerplate.drops)


def _in_page_header(node: LexborNode) -> bool:
    tags = set()
    ancestor = node.parent
    while ancestor is not None:
        tags.add(ancestor.tag)
        ancestor = ancestor.parent
    return "header" in tags and not tags & {"main", "article"}


def _without_site(parts: list[str], site: str, location: str) -> str:
    if len(parts) <= 1:
        return parts[0] if parts else ""
    host = re.sub(r"[^a-z0-9]", "", (urlsplit(location).hostname or ""))
    first = re.sub(r"[^a-z0-9]", "", parts[0].casefold())
    if parts[0].casefold() == site.casefold() or (first and first in host):
        return parts[1]
    return parts[0]


def _clean(text: str | None) -> str:
    return " ".join((text or "").split())
