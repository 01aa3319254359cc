"""What stands around the text of a whole real site, and reaches no passage."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from custagent.core.document import RawContent
from custagent.knowledge.convert.html import read_html
from custagent.knowledge.cutting.split import split

#: The text of this site's pages, as its makers mark it.
TEXT = "div.body"


def lines(node: LexborNode) -> set[str]:
    """What stands in each innermost element, as one would read it there."""
    found = set()
    for inner in node.css("a, li, p, h3, h4, label, div.footer"):
        text = " ".join((inner.text(separator=" ") or "").split())
        found.add(text)
    return found


def around(page: bytes) -> set[str]:
    """Lines of two words and more that stand around the page's text, and nowhere in it."""
    tree = LexborHTMLParser(page.decode())
    for node in tree.css("script, style, noscript"):
        node.decompose()
    text = tree.css_first(TEXT)
    assert text is not None
    inside = " ".join((text.text(separator=" ") or "").split())
    text.decompose()
    assert tree.body is not None
    return {line for line in lines(tree.body) if len(line.split()) > 1 and line not in inside}


def test_no_passage_of_a_real_site_holds_navigation(eval_data):
    corpus = eval_data / "dev" / "d4_python_faq_site_en" / "corpus"
    pages = sorted(corpus.rglob("*.html"))
    held, looked_for = {}, 0
    for path in pages:
        body = path.read_bytes()
        document = read_html(RawContent(location=f"https://d.example/{path.relative_to(corpus)}", body=body)).document
        passages = "\n".join(" ".join(chunk.text.split()) for chunk in split(document))
        # The title of a page is said to every passage, and stands in the bread crumbs too.
        furniture = {
            line for line in around(body) if re.sub(r"\W+", "", line) not in re.sub(r"\W+", "", document.title)
        }
        looked_for += len(furniture)
        found = {line for line in furniture if line in passages}
        if found:
            held[path.name] = found
    assert len(pages) > 50
    assert looked_for > 10 * len(pages)
    assert held == {}
