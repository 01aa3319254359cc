"""Sitemaps: what they list is taken, what they try is not."""

from __future__ import annotations

import asyncio
import gzip
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.core.document import RawContent
from custagent.core.errors import ConvertError, FetchError
from custagent.knowledge.web.sitemap import MOST_ENTRIES, parse_sitemap, read_sitemaps

SITE = "https://shop.example"
XMLNS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def urlset(*urls: str) -> bytes:
    entries = "".join(f"<url><loc>{url}</loc><lastmod>2026-01-01</lastmod></url>" for url in urls)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset {XMLNS}>{entries}</urlset>'.encode()


def index(*urls: str) -> bytes:
    entries = "".join(f"<sitemap>\n<loc>\n{url}\n</loc></sitemap>" for url in urls)
    return f"<sitemapindex {XMLNS}>{entries}</sitemapindex>".encode()


def test_pages() -> None:
    found = parse_sitemap(urlset(f"{SITE}/a", f" {SITE}/b?x=1&amp;y=2 "))
    assert found.pages == (f"{SITE}/a", f"{SITE}/b?x=1&y=2")
    assert found.sitemaps == ()


def test_an_index() -> None:
    found = parse_sitemap(index(f"{SITE}/one.xml", f"{SITE}/two.xml"))
    assert found.sitemaps == (f"{SITE}/one.xml", f"{SITE}/two.xml")
    assert found.pages == ()


def test_pictures_in_a_page_are_no_pages() -> None:
    body = f"""<urlset {XMLNS} xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"><url>
    <image:image><image:loc>{SITE}/picture.png</image:loc></image:image><loc>{SITE}/a</loc></url></urlset>"""
    assert parse_sitemap(body.encode()).pages == (f"{SITE}/a",)


@pytest.mark.parametrize(
    "body",
    [
        b"<urlset><url><loc>https://shop.example/a</loc></url></urlset>",
        b"\xef\xbb\xbf" + urlset(f"{SITE}/a"),
        urlset(f"{SITE}/a").replace(b"UTF-8", b"utf-16").decode().encode("utf-16"),
        gzip.compress(urlset(f"{SITE}/a")),
        b"https://shop.example/a\r\n",
        b"<urlset><url><loc><![CDATA[https://shop.example/a]]></loc></url></urlset>",
    ],
)
def test_ways_to_write_one(body) -> None:
    assert parse_sitemap(body).pages == (f"{SITE}/a",)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nothing",
        b"<html><body>Not found</body></html>",
        b"<!DOCTYPE html><html></html>",
        b"<urlset><url><loc>https://shop.example/a</loc></url>",
        b'<?xml version="1.0" encoding="martian"?><urlset></urlset>',
        gzip.compress(b"nothing"),
        gzip.compress(urlset(f"{SITE}/a"))[:-8],
        b'<!DOCTYPE urlset [<!ENTITY a SYSTEM "file:///etc/passwd">]><urlset><url><loc>&a;</loc></url></urlset>',
    ],
)
def test_what_is_no_sitemap(body) -> None:
    with pytest.raises(ConvertError):
        parse_sitemap(body)


def test_a_billion_laughs_are_not_told() -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    body = f'<!DOCTYPE urlset [<!ENTITY l0 "lol">{entities}]><urlset><url><loc>&l11;</loc></url></urlset>'
    with pytest.raises(ConvertError, match="document type"):
        parse_sitemap(body.encode())


def test_a_gzip_bomb_is_no_sitemap() -> None:
    with pytest.raises(ConvertError, match="grows beyond"):
        parse_sitemap(gzip.compress(bytes(80_000_000), 1))


def test_no_more_entries_than_the_protocol_allows() -> None:
    body = urlset(*(f"{SITE}/{number}" for number in range(MOST_ENTRIES + 5)))
    assert len(parse_sitemap(body).pages) == MOST_ENTRIES


@given(st.binary(max_size=200))
def test_any_bytes_give_a_sitemap_or_a_clear_error(body) -> None:
    with suppress(ConvertError):
        parse_sitemap(body)


def read(files: dict[str, bytes], *roots: str):
    asked = []

    async def load(url: str) -> RawContent:
        asked.append(url)
        if url not in files:
            raise FetchError(f"{url} does not exist", status=404)
        return RawContent(location=url, body=files[url])

    tree = asyncio.run(read_sitemaps(roots, load=load, belongs=lambda url: url.startswith(SITE + "/")))
    assert len(asked) == len(set(asked))
    return tree


def test_a_tree_of_files() -> None:
    tree = read(
        {
            f"{SITE}/s.xml": index(f"{SITE}/one.xml", f"{SITE}/two.xml.gz", f"{SITE}/s.xml", f"{SITE}/lost.xml"),
            f"{SITE}/one.xml": urlset(f"{SITE}/a", "/relative", "https://other.example/b", "mailto:x", f"{SITE}/a#top"),
            f"{SITE}/two.xml.gz": gzip.compress(urlset(f"{SITE}/c", f"{SITE}/a")),
        },
        f"{SITE}/s.xml",
    )
    assert tree.pages == (f"{SITE}/a", f"{SITE}/relative", f"{SITE}/c")
    assert [place for place, _ in tree.problems] == [f"{SITE}/lost.xml"]
    assert not tree.cut


def test_files_elsewhere_are_not_asked_for() -> None:
    assert read({f"{SITE}/s.xml": index("https://other.example/s.xml")}, f"{SITE}/s.xml").problems == ()


def test_addresses_without_a_host_count_from_their_file() -> None:
    tree = read({f"{SITE}/maps/s.xml": index("one.xml"), f"{SITE}/maps/one.xml": urlset("/a")}, f"{SITE}/maps/s.xml")
    assert (tree.pages, tree.changed) == ((f"{SITE}/a",), {f"{SITE}/a": "2026-01-01"})


def test_indexes_in_indexes_end() -> None:
    files = {f"{SITE}/{depth}": index(f"{SITE}/{depth + 1}") for depth in range(9)}
    tree = read(files, f"{SITE}/0")
    assert tree.cut
    assert [(place, "too deep in each other" in error.message) for place, error in tree.problems] == [
        (f"{SITE}/2", True)
    ]


def test_too_many_files_end() -> None:
    files = {f"{SITE}/s": index(*(f"{SITE}/{number}" for number in range(500)))}
    files |= {f"{SITE}/{number}": urlset(f"{SITE}/page{number}") for number in range(500)}
    tree = read(files, f"{SITE}/s")
    assert tree.cut
    assert 0 < len(tree.pages) < 500


def test_when_pages_were_changed() -> None:
    body = (
        f"<urlset {XMLNS}><url><lastmod> 2026-05-03 </lastmod><loc>{SITE}/a</loc></url><url><loc>{SITE}/b</loc></url>"
        f"<url><lastmod>2026-01-01</lastmod></url></urlset>"
    )
    assert parse_sitemap(body.encode()).changed == {f"{SITE}/a": "2026-05-03"}


def translated(*entries: tuple[str, dict[str, str]]) -> bytes:
    urls = "".join(
        f"<url><loc>{place}</loc>"
        + "".join(f'<xhtml:link rel="alternate" hreflang="{code}" href="{href}"/>' for code, href in others.items())
        + "</url>"
        for place, others in entries
    )
    return f'<urlset {XMLNS} xmlns:xhtml="http://www.w3.org/1999/xhtml">{urls}</urlset>'.encode()


def test_translations_are_pages_too_and_tell_their_language() -> None:
    others = {"x-default": f"{SITE}/a", "en": f"{SITE}/a", "pt-BR": f"{SITE}/pt/a"}
    found = parse_sitemap(translated((f"{SITE}/a", others), (f"{SITE}/b", {})))
    assert found.pages == (f"{SITE}/a", f"{SITE}/b", f"{SITE}/pt/a")
    assert found.languages == {f"{SITE}/a": "en", f"{SITE}/pt/a": "pt-br"}


def test_a_feed_or_a_style_is_no_translation() -> None:
    body = translated((f"{SITE}/a", {"": f"{SITE}/feed"})).replace(
        b"</loc>", b'</loc><link href="/x.css" rel="style"/>'
    )
    assert parse_sitemap(body).pages == (f"{SITE}/a",)


def test_what_is_said_of_pages_of_the_site_is_kept() -> None:
    elsewhere = "https://other.example/a"
    body = translated((f"{SITE}/a#x", {"sv": f"{SITE}/sv"}), (elsewhere, {"en": elsewhere}))
    body = body.replace(b"</url>", b"<lastmod>2026-05-03</lastmod></url>")

    async def load(place: str) -> RawContent:
        return RawContent(location=place, body=body)

    tree = asyncio.run(
        read_sitemaps([f"{SITE}/sitemap.xml"], load=load, belongs=lambda url: url.startswith(SITE + "/"))
    )
    assert tree.pages == (f"{SITE}/a", f"{SITE}/sv")
    assert (tree.changed, tree.languages) == ({f"{SITE}/a": "2026-05-03"}, {f"{SITE}/sv": "sv"})
