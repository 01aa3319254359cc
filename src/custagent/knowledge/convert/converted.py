"""What converting brings back: the document, and what the page says to a crawler."""

from __future__ import annotations

from dataclasses import dataclass

from custagent.core.document import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """One converted page or file. Only HTML pages have links, a canonical address and robots' directives."""

    document: Document
    #: Where the page links to: absolute URLs without fragments, in order, each once; rel=nofollow left out.
    links: tuple[str, ...] = ()
    #: The absolute http(s) URL that the page names as its own, "" when it names none.
    canonical: str = ""
    #: The page asks not to be indexed (meta robots; the HTTP header is the crawler's to read).
    noindex: bool = False
    #: The page asks that its links are not followed.
    nofollow: bool = False
    #: What could not be read of it, in sentences for people.
    warnings: tuple[str, ...] = ()
