"""Questions and steps that a page tells search engines (schema.org as JSON-LD), where its text does not say them.

FAQPage and QAPage hold questions with their answers, HowTo its steps. Most pages show the same to people; then nothing is
added. The format: https://schema.org/FAQPage, https://www.w3.org/TR/json-ld11/ (a node, a list of nodes, or a @graph).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from selectolax.lexbor import LexborHTMLParser

from custagent.core.document import Section
from custagent.knowledge.convert.boilerplate import Boilerplate
from custagent.knowledge.convert.page_reader import PageReader

#: Bytes of one script, nodes of one page, depth of one node: data, not a program to be run.
MAX_SCRIPT: Final = 512 * 1024
MAX_ITEMS: Final = 500
MAX_DEPTH: Final = 8
#: Of an answer's words so many must stand on the page already for it to count as shown.
SHOWN: Final = 0.8

_WORD = re.compile(r"\w+")


def structured_sections(nodes: Iterable[Mapping[str, Any]], shown: Sequence[Section]) -> tuple[Section, ...]:
    """A section a question, and one for the steps of a how-to, each that `shown` does not say already."""
    items = list(islice(_items(nodes), MAX_ITEMS))
    if not items:
        return ()
    said = {word for section in shown for word in _words(" ".join((*section.headings, section.text)))}
    found = []
    for heading, text in items:
        new = [word for word in _words(text) if word not in said]
        if heading and text and len(new) > (1 - SHOWN) * len(_words(text)):
            found.append(Section(text=text, headings=(heading,)))
    return tuple(dict.fromkeys(found))


def nodes_of(tree: LexborHTMLParser) -> list[dict[str, Any]]:
    """Every object that the page tells search engines about, in order, outermost first."""
    found: list[dict[str, Any]] = []
    for script in tree.css('script[type="application/ld+json"]'):
        source = script.text() or ""
        if len(source) > MAX_SCRIPT:
            continue
        try:
            read = json.loads(source)
        except (ValueError, RecursionError):
            continue  # many sites have broken ones; people see the page, not this
        found += _nodes(read, MAX_DEPTH)
    return found


def _items(nodes: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """(heading, text) of each question and how-to."""
    for node in nodes:
        kinds = node.get("@type")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if "Question" in kinds:
            answers = [node.get("acceptedAnswer") or node.get("suggestedAnswer")]
            yield _plain(node.get("name")), "\n\n".join(filter(None, map(_answer, _flat(answers))))
        elif "HowTo" in kinds:
            steps = [_step(step) for step in _flat([node.get("step")])]
            yield _plain(node.get("name")), "\n".join(f"- {step}" for step in steps if step)


def _nodes(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    """Every object within, outermost first."""
    if depth < 0:
        return
    if isinstance(value, dict):
        yield value
        for within in value.values():
            yield from _nodes(within, depth - 1)
    elif isinstance(value, list):
        for within in value:
            yield from _nodes(within, depth)


def _flat(values: list[Any]) -> list[dict[str, Any]]:
    """The objects among values and lists of values, sections of steps opened."""
    found: list[dict[str, Any]] = []
    for value in values:
        if isinstance(value, list):
            found += _flat(value)
        elif isinstance(value, dict) and "itemListElement" in value:
            found += _flat([value["itemListElement"]])
        elif isinstance(value, dict):
            found.append(value)
    return found[:MAX_ITEMS]


def _answer(node: dict[str, Any]) -> str:
    """An answer's text: it may hold HTML, which is read as a page is."""
    text = node.get("text")
    if not isinstance(text, str):
        return ""
    page = LexborHTMLParser(f"<html><body><main>{text}</main></body></html>")
    read = PageReader(Boilerplate(page, lenient=True)).read().sections("")
    return "\n\n".join("\n".join(filter(None, (*section.headings, section.text))) for section in read)


def _step(node: dict[str, Any]) -> str:
    name, text = _plain(node.get("name")), " ".join(_answer(node).split())
    return f"{name.rstrip('.')}: {text}" if name and text and name.casefold() not in text.casefold() else text or name


def _plain(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    return " ".join((LexborHTMLParser(value).text(deep=True) or "").split())


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
