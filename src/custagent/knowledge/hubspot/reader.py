"""From a page of HubSpot's list to a document: what its visitors read, without what stands around it on every page."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from html import escape
from typing import Final

from custagent.core.document import Document, RawContent
from custagent.core.errors import FetchError, SourceError
from custagent.knowledge.convert.as_markdown import as_markdown
from custagent.knowledge.convert.front_matter import write_front_matter
from custagent.knowledge.convert.worker import Converter
from custagent.knowledge.hubspot.listing import HubSpotPage
from custagent.knowledge.hubspot.modules import modules_html, without_template
from custagent.knowledge.web.fetch import Fetched, Fetcher

#: Fields of the front matter: HubSpot's number, by which a file is known again, and that it was made of modules.
ID_FIELD: Final = "hubspot"
FROM_FIELD: Final = "read-from"
MODULES: Final = "modules"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPage:
    """A page as it is written into a file."""

    page: HubSpotPage
    markdown: str
    #: Why it was made of the page's modules instead of the public page; "" when it was not.
    instead: str = ""


class PageReader:
    """Reads pages one after another. A blog post's text comes from the list, a page's from its public address."""

    def __init__(self, fetcher: Fetcher, converter: Converter, *, language: str) -> None:
        """`language` is the one of pages that do not say theirs and whose words do not tell it."""
        self._fetcher = fetcher
        self._converter = converter
        self._language = language

    async def read(self, page: HubSpotPage) -> ReadPage:
        """The page. Raises SourceError when there is no text to be had of it."""
        if page.html:
            return self._written(page, await self._convert(page, _whole(page, page.html)))
        try:
            return self._written(page, await self._public(page))
        except SourceError as error:
            inside = modules_html(page.modules)
            if not inside or (isinstance(error, FetchError) and error.gone):
                raise
            document = await self._convert(page, _whole(page, inside))
            return self._written(page, document, instead=error.message)

    async def _public(self, page: HubSpotPage) -> Document:
        fetched = await self._fetcher.fetch(page.url)
        if not isinstance(fetched, Fetched):
            raise FetchError(f"{page.url} did not arrive.")
        return await self._convert(page, fetched.raw)

    async def _convert(self, page: HubSpotPage, raw: RawContent) -> Document:
        hint = page.language.partition("-")[0] or self._language
        return (await asyncio.to_thread(self._converter.convert, raw, hint)).document

    def _written(self, page: HubSpotPage, document: Document, *, instead: str = "") -> ReadPage:
        fields = {
            "title": page.title,
            "url": page.url,
            "language": document.language,
            "updated": page.updated,
            ID_FIELD: page.id,
            FROM_FIELD: MODULES if instead else "",
        }
        text = as_markdown(replace(document, title=page.title))
        return ReadPage(page=page, markdown=f"{write_front_matter(fields)}\n{text}", instead=instead)


def _whole(page: HubSpotPage, inside: str) -> RawContent:
    """The inside of a page as a page of its own."""
    language = f' lang="{escape(page.language)}"' if page.language else ""
    body = (
        f"<!doctype html><html{language}><head><title>{escape(page.title)}</title></head><body><main><article>"
        f"<h1>{escape(page.title)}</h1>{without_template(inside)}</article></main></body></html>"
    )
    return RawContent(location=page.url, body=body.encode("utf-8", "replace"), media_type="text/html", charset="utf-8")
