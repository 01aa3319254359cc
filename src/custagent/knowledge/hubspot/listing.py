"""What HubSpot's lists of pages say: which of them everybody can read, and where.

The shapes are those of HubSpot's reference (CMS API v3, "Pages" and "Blog posts"): a page has an `id`, a `name` and an
`htmlTitle`, the `url` at which it is public, a `language`, `currentState` with `currentlyPublished`, the time of its
last change as `updated` (older accounts: `updatedAt`), and its modules in `layoutSections`, `widgetContainers` and
`widgets`; a blog post has its text in `postBody`. Fields come and go there, so nothing is asked of the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from custagent.knowledge.web.url import normal_url

#: By the type of the collection (SRC-1): where the API lists them.
KINDS: Final[Mapping[str, str]] = {
    "site-pages": "/cms/v3/pages/site-pages",
    "landing-pages": "/cms/v3/pages/landing-pages",
    "blog": "/cms/v3/blogs/posts",
}
#: States in which a page is public; what is scheduled as well counts only where `currentlyPublished` says so.
_PUBLIC: Final = frozenset({"PUBLISHED", "PUBLISHED_AB"})
_MODULES: Final = ("layoutSections", "widgetContainers", "widgets")


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSpotPage:
    """A page that everybody can read."""

    #: "site-pages", "landing-pages" or "blog".
    kind: str
    #: HubSpot's number for it; it stays when the page moves.
    id: str
    title: str
    #: Absolute, in its normal form.
    url: str
    #: As HubSpot writes it, such as "en-gb"; "" when it names none.
    language: str
    #: When it last changed, as HubSpot writes it.
    updated: str
    #: A blog post's text as HTML; "" for pages, whose text their template puts together.
    html: str = ""
    #: The page's modules, by which of the three fields they stand in.
    modules: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotImported:
    """A page that is no use to customers, and why."""

    kind: str
    id: str
    title: str
    reason: str
    #: It is a draft, a variant or an archived page: not worth telling one by one.
    quiet: bool = False


def listing(kind: str, results: Iterable[Mapping[str, Any]]) -> tuple[list[HubSpotPage], list[NotImported]]:
    """The public pages among the API's `results`, each address once, and the others with why."""
    pages: dict[str, HubSpotPage] = {}
    others: list[NotImported] = []
    for result in results:
        page = _page(kind, result)
        reason, quiet = _why_not(result, page)
        if not reason and page.url in pages:
            reason, quiet = f"it has the address of {pages[page.url].title!r}", False
        if reason:
            others.append(NotImported(kind=kind, id=page.id, title=page.title, reason=reason, quiet=quiet))
        else:
            pages[page.url] = page
    return list(pages.values()), others


def _page(kind: str, result: Mapping[str, Any]) -> HubSpotPage:
    url = normal_url(_text(result, "url"))
    return HubSpotPage(
        kind=kind,
        id=_text(result, "id"),
        title=" ".join((_text(result, "htmlTitle") or _text(result, "name") or url).split()),
        url=url,
        language=_text(result, "language"),
        updated=_text(result, "updated") or _text(result, "updatedAt"),
        html=_text(result, "postBody"),
        modules={name: result[name] for name in _MODULES if result.get(name)},
    )


def _why_not(result: Mapping[str, Any], page: HubSpotPage) -> tuple[str, bool]:
    """Why customers cannot read the page, and whether that is the usual course; "" when they can."""
    archived = result.get("archived") is True or result.get("archivedInDashboard") is True
    closed = bool(_text(result, "password")) or result.get("publicAccessRulesEnabled") is True
    reasons = (
        (not _is_published(result), "it is not published", True),
        (archived, "it is archived", True),
        (_text(result, "abStatus").endswith("variant"), "it is a variant of an A/B test", True),
        (not page.id.isalnum(), "HubSpot gave it no number", False),
        (not page.url, "HubSpot gave it no public address", False),
        (closed, "it asks for a password or a sign-in, so customers cannot open it", False),
        (result.get("pageRedirected") is True, "it leads to another page", False),
    )
    return next(((reason, quiet) for holds, reason, quiet in reasons if holds), ("", False))


def _is_published(result: Mapping[str, Any]) -> bool:
    told = result.get("currentlyPublished")
    state = _text(result, "currentState") or _text(result, "state")
    return told if isinstance(told, bool) else state in _PUBLIC


def _text(result: Mapping[str, Any], name: str) -> str:
    value = result.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else ""
