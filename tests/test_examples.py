"""The example help site: whole, consistent, and odd only where `examples/README.md` says so."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree as ET

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SITE = EXAMPLES / "help-site"
PAGES = tuple(sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html")))
FILES = ("manual.pdf", "warranty-terms.md")

BLOCKED = "internal/returns-desk.html"
NOINDEX = "products/spring-campaign.html"
ONLY_LINKED = "workshop/mobile-van.html"
ONLY_IN_SITEMAP = "workshop/winter-storage.html"
MISSING_LINK = "/orders/archive-2018.html"
BLOCKED_FACTS = ("TALLKOTTE", "265 kr")
NOINDEX_FACT = "VINDSTILLA"

LANGUAGES = ("en", "sv")
DECISIONS = {"answerable": "answer", "ambiguous": "clarify", "out-of-scope": "rephrase", "near-miss": "rephrase"}


def squeezed(text: str) -> str:
    return " ".join(text.split())


@cache
def tree(page: str) -> LexborHTMLParser:
    return LexborHTMLParser((SITE / page).read_text(encoding="utf-8"))


def only(page: str, selector: str) -> LexborNode:
    nodes = tree(page).css(selector)
    assert len(nodes) == 1, f"{page} has {len(nodes)} of {selector}"
    return nodes[0]


def attribute(page: str, selector: str, name: str) -> str:
    return only(page, selector).attributes[name] or ""


def article_text(page: str) -> str:
    return squeezed(only(page, "main article").text(separator=" "))


def address(page: str) -> str:
    """The address a page is known by: an index page by its folder."""
    return "/" + (page.removesuffix("index.html") if page.rsplit("/", 1)[-1] == "index.html" else page)


def page_at(path: str) -> str:
    """The file behind an address, whether it exists or not."""
    return path.removeprefix("/") + ("index.html" if path.endswith("/") else "")


def links(page: str) -> set[str]:
    """Every address that a page links to, resolved against its own, with fragments."""
    hrefs = (node.attributes["href"] or "" for node in tree(page).css("a[href]"))
    return {urljoin(address(page), href) for href in hrefs}


def linked_pages(page: str) -> set[str]:
    return {page_at(urlsplit(link).path) for link in links(page)}


@cache
def sitemap_pages() -> tuple[str, ...]:
    root = ET.fromstring((SITE / "sitemap.xml").read_text(encoding="utf-8"))
    locations = [node.text or "" for node in root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert all(location.startswith("{{origin}}/") for location in locations)
    return tuple(page_at(location.removeprefix("{{origin}}")) for location in locations)


@cache
def pdf_texts() -> tuple[str, ...]:
    from pypdf import PdfReader

    return tuple(squeezed(page.extract_text()) for page in PdfReader(EXAMPLES / "manual.pdf").pages)


@cache
def questions(name: str) -> tuple[dict[str, object], ...]:
    lines = (EXAMPLES / name).read_text(encoding="utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)


def expectation(question: dict[str, object]) -> dict[str, object]:
    expect = question["expect"]
    assert isinstance(expect, dict)
    return expect


DEMO = questions("questions.jsonl")
MORE = questions("more-questions.jsonl")
ANSWERABLE = [question for question in (*DEMO, *MORE) if question["kind"] == "answerable"]


def text_at(location: str, page: object) -> str:
    """What can be read at an expected location: a page of the site, one of the PDF's, or the Markdown file."""
    if location == "manual.pdf":
        assert isinstance(page, int)
        return pdf_texts()[page - 1]
    if location == "warranty-terms.md":
        return squeezed((EXAMPLES / location).read_text(encoding="utf-8"))
    return article_text(location)


# The pages


def test_there_are_enough_pages_in_both_languages() -> None:
    swedish = [page for page in PAGES if page.startswith("sv/")]
    assert len(PAGES) - len(swedish) >= 20
    assert len(swedish) >= 8
    assert len(PAGES) >= 28


def test_the_readme_counts_the_pages_as_they_are() -> None:
    swedish = sum(page.startswith("sv/") for page in PAGES)
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert f"{len(PAGES) - swedish} pages in English and {swedish} in Swedish" in readme


@pytest.mark.parametrize("page", PAGES)
def test_each_page_says_what_it_is(page: str) -> None:
    assert attribute(page, "html", "lang") == ("sv" if page.startswith("sv/") else "en")
    assert attribute(page, "link[rel=canonical]", "href") == address(page)
    assert only(page, "title").text().endswith(" – Hjulvinda")
    assert len(attribute(page, "meta[name=description]", "content")) > 20
    assert only(page, "h1").text() == only(page, "article > h1").text()


@pytest.mark.parametrize("page", PAGES)
def test_each_page_has_something_for_extraction_to_drop(page: str) -> None:
    for selector in ("body > header", "header nav", "main", "body > footer", "body > .cookies"):
        only(page, selector)
    outside = squeezed(only(page, "body > footer").text())
    assert outside not in article_text(page)


def test_titles_and_descriptions_are_not_repeated() -> None:
    titles = [only(page, "title").text() for page in PAGES]
    descriptions = [attribute(page, "meta[name=description]", "content") for page in PAGES]
    assert len(set(titles)) == len(titles)
    assert len(set(descriptions)) == len(descriptions)


@pytest.mark.parametrize("page", PAGES)
def test_ids_are_unique_and_every_heading_has_one(page: str) -> None:
    ids = [node.attributes["id"] for node in tree(page).css("[id]")]
    assert len(set(ids)) == len(ids)
    assert all(node.attributes.get("id") for node in tree(page).css("article h2, article h3, details, dt"))


@pytest.mark.parametrize("page", PAGES)
def test_no_paragraph_is_found_on_two_pages(page: str) -> None:
    mine = {text for node in tree(page).css("article p, article dd") if len(text := squeezed(node.text())) > 60}
    assert [text for text in mine for other in PAGES if other != page and text in article_text(other)] == []


def test_all_kinds_of_markup_occur() -> None:
    for selector in ("table", "ol", "ul", "details > summary", "dl > dt", ".note", "h3[id]"):
        assert any(tree(page).css(f"article {selector}") for page in PAGES), selector


def test_tables_are_rectangular() -> None:
    for page in PAGES:
        for table in tree(page).css("table"):
            assert len({len(row.css("th, td")) for row in table.css("tr")}) == 1, page


def test_nothing_is_loaded_or_linked_from_elsewhere() -> None:
    for page in PAGES:
        for node in tree(page).css("[href], [src], [action]"):
            target = next(value for name in ("href", "src", "action") if (value := node.attributes.get(name)))
            assert target.startswith(("/", "#")), f"{page}: {target}"
            assert not target.startswith("//"), f"{page}: {target}"
    assert "url(" not in (SITE / "assets/help.css").read_text(encoding="utf-8")


# The ways between them


def test_every_link_leads_somewhere_but_one() -> None:
    broken = {link for page in PAGES for link in links(page) if not (SITE / page_at(urlsplit(link).path)).is_file()}
    assert broken == {MISSING_LINK}


def test_every_fragment_exists() -> None:
    for page in PAGES:
        for link in links(page):
            if fragment := urlsplit(link).fragment:
                assert tree(page_at(urlsplit(link).path)).css(f'[id="{fragment}"]'), f"{page}: {link}"


def test_assets_exist() -> None:
    for page in PAGES:
        for node in tree(page).css("link[rel=stylesheet], script[src]"):
            target = node.attributes.get("href") or node.attributes.get("src") or ""
            assert (SITE / target.removeprefix("/")).is_file(), f"{page}: {target}"


def test_one_folder_is_linked_by_both_of_its_addresses() -> None:
    everywhere = {link for page in PAGES for link in links(page)}
    assert {"/returns/", "/returns/index.html"} <= everywhere
    assert [link for link in everywhere if link.endswith("/index.html")] == ["/returns/index.html"]


def test_the_sitemap_names_every_page_that_may_be_found_but_one() -> None:
    listed = sitemap_pages()
    assert len(set(listed)) == len(listed)
    assert set(PAGES) - set(listed) == {ONLY_LINKED, NOINDEX, BLOCKED}
    assert set(listed) <= set(PAGES)


def test_links_reach_every_page_but_one() -> None:
    reached, waiting = set[str](), ["index.html"]
    while waiting:
        page = waiting.pop()
        if page in PAGES and page not in reached:
            reached.add(page)
            waiting += linked_pages(page)
    assert set(PAGES) - reached == {ONLY_IN_SITEMAP}


def test_robots_blocks_one_page() -> None:
    robots = RobotFileParser()
    robots.parse((SITE / "robots.txt").read_text(encoding="utf-8").splitlines())
    assert [page for page in PAGES if not robots.can_fetch("custagent", address(page))] == [BLOCKED]


def test_one_page_asks_not_to_be_indexed() -> None:
    assert [page for page in PAGES if tree(page).css("meta[name=robots][content*=noindex]")] == [NOINDEX]


def test_the_placeholder_stands_only_where_the_server_replaces_it() -> None:
    files = [path for path in SITE.rglob("*") if path.is_file()]
    marked = {path.name for path in files if "{{" in path.read_text(encoding="utf-8")}
    assert marked == {"sitemap.xml", "robots.txt"}


@pytest.mark.parametrize(
    ("fact", "home"), [*((fact, BLOCKED) for fact in BLOCKED_FACTS), (NOINDEX_FACT, NOINDEX)], ids=str
)
def test_what_may_not_be_read_stands_nowhere_else(fact: str, home: str) -> None:
    texts = {page: (SITE / page).read_text(encoding="utf-8") for page in PAGES}
    texts |= {name: text_at(name, 1) for name in ("warranty-terms.md",)}
    texts["manual.pdf"] = " ".join(pdf_texts())
    assert [name for name, text in texts.items() if fact in text] == [home]


# The two languages


def alternates(page: str) -> dict[str, str]:
    nodes = tree(page).css("link[rel=alternate][hreflang]")
    return {node.attributes["hreflang"] or "": page_at(node.attributes["href"] or "") for node in nodes}


def test_alternates_name_each_other_and_themselves() -> None:
    pairs = {page: found for page in PAGES if (found := alternates(page))}
    assert len(pairs) == 18
    for page, found in pairs.items():
        assert set(found) == set(LANGUAGES)
        assert found[attribute(page, "html", "lang")] == page
        assert all(pairs[other] == found for other in found.values())


def test_some_swedish_pages_have_no_twin() -> None:
    assert [page for page in PAGES if page.startswith("sv/") and not alternates(page)] != []


def numbers(page: str) -> set[str]:
    """Every number in the text, without the mark between thousands, which differs between the languages."""
    return set(re.findall(r"\d+", re.sub(r"(?<=\d)[ ,](?=\d{3}\b)", "", article_text(page))))


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("sv/") and alternates(page)])
def test_a_translation_states_the_same_numbers(page: str) -> None:
    assert numbers(page) <= numbers(alternates(page)["en"])


# People and places that do not exist


def test_addresses_and_telephone_numbers_are_made_for_fiction() -> None:
    texts = [(SITE / page).read_text(encoding="utf-8") for page in PAGES]
    texts += [text_at("warranty-terms.md", 1), *pdf_texts()]
    hosts = {host for text in texts for host in re.findall(r"[\w.-]+@([\w-]+(?:\.[\w-]+)+)", text)}
    assert hosts == {"hjulvinda.example"}
    phones = {phone for text in texts for phone in re.findall(r"(?<![\d-])0\d{1,3}-\d{3}[\d ]+", text)}
    assert phones
    # Ranges that the Swedish Post and Telecom Authority keeps for books and films.
    assert all(re.fullmatch(r"031-390 06 \d\d|040-628 04 \d\d", phone.strip()) for phone in phones), phones


# The files


def test_the_manual_is_a_real_pdf() -> None:
    from pypdf import PdfReader

    path = EXAMPLES / "manual.pdf"
    reader = PdfReader(path)
    assert path.stat().st_size < 200_000
    assert 4 <= len(reader.pages) <= 6
    assert reader.metadata is not None
    assert reader.metadata.title == "Medvind 500: owner’s manual"
    titles = [entry.title for entry in reader.outline if not isinstance(entry, list)]
    assert "Display and error codes" in titles
    assert all(len(text) > 400 for text in pdf_texts())


def test_the_warranty_terms_have_headings_a_list_and_a_table() -> None:
    text = (EXAMPLES / "warranty-terms.md").read_text(encoding="utf-8")
    for pattern in (r"^# ", r"^## ", r"^- ", r"^1\. ", r"^\|---"):
        assert re.search(pattern, text, re.MULTILINE), pattern


# The questions


def kinds(asked: tuple[dict[str, object], ...]) -> dict[str, int]:
    found = [str(question["kind"]) for question in asked]
    return {kind: found.count(kind) for kind in dict.fromkeys(found)}


def test_the_demo_asks_what_the_readme_promises() -> None:
    assert kinds(DEMO) == {"answerable": 9, "ambiguous": 1, "out-of-scope": 2}
    unknown = [question for question in DEMO if question.get("conversation") == "unknown"]
    assert [expectation(question)["decision"] for question in unknown] == ["rephrase", "handoff"]
    assert unknown == list(DEMO[-2:])


def test_the_demo_touches_each_kind_of_content() -> None:
    locations = [str(expectation(question)["location"]) for question in DEMO[:9]]
    assert len(set(locations)) == 9
    assert set(FILES) <= set(locations)
    assert sum(location.startswith("sv/") for location in locations) == 2
    pages = [location for location in locations if location not in FILES]
    assert any(tree(page).css("article table") for page in pages)
    assert any(tree(page).css("article details") for page in pages)
    assert ONLY_IN_SITEMAP in pages


def test_the_further_questions_are_spread_over_the_content() -> None:
    assert kinds(MORE) == {"answerable": 25, "ambiguous": 6, "out-of-scope": 4, "near-miss": 5}
    locations = {str(expectation(question)["location"]) for question in MORE if question["kind"] == "answerable"}
    assert set(FILES) <= locations
    assert ONLY_LINKED in locations
    sections = {location.split("/")[0] for location in locations}
    assert sections >= {"orders", "delivery", "returns", "payments", "products", "workshop", "account", "privacy", "sv"}


@pytest.mark.parametrize("question", [*DEMO, *MORE], ids=lambda question: question["id"])
def test_each_question_is_labelled_whole(question: dict[str, object]) -> None:
    assert set(question) - {"conversation"} == {"id", "question", "language", "kind", "expect"}
    assert question["language"] in LANGUAGES
    expect = expectation(question)
    if "conversation" not in question:
        assert expect["decision"] == DECISIONS[str(question["kind"])]
    known = {"decision", "location", "page", "answer_contains"} if question["kind"] == "answerable" else {"decision"}
    assert set(expect) - {"or"} <= known
    assert ("or" in expect) == (question["kind"] == "near-miss")


def test_no_question_is_asked_twice_or_copied_from_the_content() -> None:
    asked = (*DEMO, *MORE)
    assert len({question["id"] for question in asked}) == len(asked)
    assert len({question["question"] for question in asked}) == len(asked)
    content = [article_text(page) for page in PAGES] + [text_at("warranty-terms.md", 1), *pdf_texts()]
    sentences = [str(question["question"]) for question in ANSWERABLE]
    assert [sentence for sentence in sentences for text in content if sentence in text] == []


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda question: question["id"])
def test_each_answer_stands_where_it_is_expected(question: dict[str, object]) -> None:
    expect = expectation(question)
    location = str(expect["location"])
    assert location in (*PAGES, *FILES)
    assert location not in (BLOCKED, NOINDEX)
    assert not location.endswith("index.html")
    assert ("page" in expect) == (location == "manual.pdf")
    assert str(expect["answer_contains"]) in text_at(location, expect.get("page"))
    if location in PAGES:
        assert attribute(location, "html", "lang") == question["language"]
