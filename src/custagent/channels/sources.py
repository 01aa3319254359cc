"""The sources below a reply, on channels that carry nothing but text."""

from __future__ import annotations

from urllib.parse import urlsplit

from custagent.core.document import Citation, numbered
from custagent.core.message import Message


def with_sources(message: Message) -> str:
    """The reply's text with its sources below it."""
    return "\n\n".join(filter(None, (message.text, listed_sources(message))))


def listed_sources(message: Message) -> str:
    """The lines that name what a reply rests on, "" for none: links that can be opened, as plain text.

    A single page is its link. Several have the numbers by which the text names them; of a file only the name is told,
    and only where the text names it. Private sources (SRC-4) and links that stand in the text already are left out.
    """
    every = numbered(message.citations)
    pages = dict(reversed([(number, one) for number, one in every if not one.private]))
    if len({number for number, _ in every}) <= 1:
        links = [web_link(one) for one in pages.values()]
        return "\n".join(link for link in links if link and link not in message.text)
    lines = []
    for number in sorted(pages):
        mark, link = f"[{number}]", web_link(pages[number])
        named = mark in message.text
        if link and (named or link not in message.text):
            lines.append(f"{mark} {link}" if named else link)
        elif named:
            lines.append(f"{mark} {pages[number].title}")
    return "\n".join(dict.fromkeys(lines))


def web_link(citation: Citation) -> str:
    """The citation's link where it is a page of the web; "" for a file, and for what only looks like a page."""
    link = citation.link
    if not link.isprintable() or " " in link:
        return ""
    try:
        parts = urlsplit(link)
        named = bool(parts.hostname)
    except ValueError:
        return ""
    return link if parts.scheme in ("http", "https") and named else ""
