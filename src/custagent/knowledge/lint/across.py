"""All pages together: what is said twice, where only one of the two will be kept true."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from custagent.core.document import Document
from custagent.core.ids import content_hash
from custagent.knowledge.lint.finding import Finding, Page, Rule

#: Words of a paragraph that is worth saying once only.
ENOUGH: Final = 25
#: Pages that are named of more that say the same.
_NAMED: Final = 3
_WORD = re.compile(r"\w+")


def repeated(pages: Sequence[Page]) -> Iterator[Finding]:
    """Titles that several pages have, and paragraphs that stand on several pages, each told once, at its first page."""
    documents = [page.document for page in pages if not page.question]
    by_title: defaultdict[str, list[Document]] = defaultdict(list)
    for document in documents:
        by_title[document.title.casefold()].append(document)
    for sharing in by_title.values():
        if len(sharing) > 1:
            first = sharing[0]
            message = f"{len(sharing)} pages are called {first.title!r}: {_listed(sharing[1:])}"
            hint = "Customers choose by title when the agent asks back: give each one that tells what it is about."
            yield Finding(rule=Rule.SAME_TITLE, location=first.location, title=first.title, message=message, hint=hint)
    yield from _paragraphs(documents)


def _paragraphs(documents: Iterable[Document]) -> Iterator[Finding]:
    found: defaultdict[str, list[tuple[Document, str, str]]] = defaultdict(list)
    for document in documents:
        seen = set()
        for section in document.sections:
            for paragraph in re.split(r"\n\s*\n", section.text):
                words = _WORD.findall(paragraph.lower())
                key = content_hash(*words)
                if len(words) >= ENOUGH and key not in seen:
                    seen.add(key)
                    found[key].append((document, " > ".join(section.headings), paragraph))
    # Whole pages that are the same are one finding, not one a paragraph.
    told: set[tuple[str, ...]] = set()
    for places in found.values():
        locations = tuple(document.location for document, _, _ in places)
        if len(places) < 2 or locations in told:  # noqa: PLR2004 - one place is no repetition
            continue
        told.add(locations)
        document, heading, paragraph = places[0]
        yield Finding(
            rule=Rule.REPEATED,
            location=document.location,
            title=document.title,
            heading=heading,
            message=f"a paragraph stands on {len(places)} pages: also on {_listed([one for one, _, _ in places[1:]])}",
            hint="Keep it on one page and link to it from the others: what is changed once is then true everywhere.",
            quote=" ".join(paragraph.split())[:160],
        )


def _listed(documents: Sequence[Document]) -> str:
    named = ", ".join(document.location for document in documents[:_NAMED])
    more = len(documents) - _NAMED
    return f"{named} and {more} more" if more > 0 else named
