"""What a site may throw at a reader: each is refused with its reason, within its limits, and the rest is read."""

from __future__ import annotations

import asyncio
import gzip
import zlib

import brotli
import pytest
import zstandard

from custagent.core.document import SourceStatus
from custagent.knowledge.convert.worker import Converter, Limits
from custagent.knowledge.web.fetch import FetchLimits

HTML = {"Content-Type": "text/html"}
GOOD = ["/", "/a", "/z"]
#: Twenty megabytes, twice what a page may have.
MUCH = b"<p>" + b"0" * 20_000_000
PACKERS = {
    "gzip": lambda body: gzip.compress(body, 9),
    "deflate": zlib.compress,
    "br": lambda body: brotli.compress(body, quality=5),
    "zstd": zstandard.ZstdCompressor(level=3).compress,
}
LAUGHS = (
    b"""<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">%s]><urlset><url><loc>&e20;</loc></url></urlset>"""
    % b"".join(
        b'<!ENTITY e%d "%s">' % (level, (b"&e%d;" % (level - 1) if level else b"&a;") * 10) for level in range(21)
    )
)
QUADRATIC = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "%s">]><urlset><url><loc>%s</loc></url></urlset>' % (
    b"h" * 50_000,
    b"&a;" * 50_000,
)


@pytest.fixture
def site(library):
    """A start page that leads to a good page, a bomb and another good page."""
    library.limits = FetchLimits(page=1.5, silence=1.0, back_off=0.0, body=10_000_000)
    library.page("/", "Everything that there is to say of bikes.", "/a", "/bomb", "/z")
    for path in ("/a", "/z"):
        library.page(path, f"The page {path} tells how long a bike lasts.")
    return library.site()


def reason(library, state, path: str = "/bomb") -> str:
    """Why the bomb was refused, when all the rest was read."""
    assert (state.status, state.error, library.held(library.site())) == (SourceStatus.READY, "", GOOD)
    reasons = dict(state.problems)
    assert list(reasons) == [library.web.url(path)]
    return reasons[library.web.url(path)]


@pytest.mark.parametrize("coding", PACKERS)
def test_a_page_that_unpacks_to_twenty_megabytes(library, site, coding):
    body = PACKERS[coding](MUCH)
    assert len(body) < 30_000
    library.web.pages["/bomb"] = library.web.reply(body=body, headers={**HTML, "Content-Encoding": coding})
    assert "grows beyond" in reason(library, library.read(site))


def test_a_bomb_in_a_bomb(library, site):
    body = gzip.compress(gzip.compress(b"\0" * 30_000_000, 9), 9)
    library.web.pages["/bomb"] = library.web.reply(body=body, headers={**HTML, "Content-Encoding": "gzip, gzip"})
    assert len(body) < 1000
    assert "grows beyond" in reason(library, library.read(site))


def test_a_length_of_ten_gigabytes(library, site):
    headers = {**HTML, "Content-Length": "10000000000"}
    library.web.pages["/bomb"] = library.web.reply(body="<p>short", headers=headers)
    assert "larger than 10 MB" in reason(library, library.read(site))


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n")
    while True:
        writer.write(b"<p>more and more of it " * 4096)
        await writer.drain()


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.1)


async def drip_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n")
    while True:
        writer.write(b"X-More: and more\r\n")
        await writer.drain()
        await asyncio.sleep(0.1)


async def endless_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n")
    while True:
        writer.write(b"X-More: and more of it\r\n" * 1000)
        await writer.drain()


@pytest.mark.parametrize(
    ("behave", "words"),
    [
        (endless, "larger than 10 MB"),
        (drip, "not there whole within 1.5 seconds"),
        (drip_headers, "not there whole within 1.5 seconds"),
        (endless_headers, "broke off in the middle"),
    ],
)
def test_an_answer_without_an_end(library, site, behave, words):
    library.web.raw["/bomb"] = behave
    assert words in reason(library, library.read(site))


def test_redirects_in_a_circle(library, site):
    library.web.pages["/bomb"] = library.web.reply(status=302, headers={"Location": "/bomb2"})
    library.web.pages["/bomb2"] = library.web.reply(status=302, headers={"Location": "/bomb"})
    state = library.read(site)
    assert (state.status, library.held(site)) == (SourceStatus.READY, GOOD)
    assert {place.removeprefix(library.web.url("")) for place, _ in state.problems} <= {"/bomb", "/bomb2"}
    assert all("redirects in a circle" in told for _, told in state.problems)
    assert state.problems


def test_redirects_without_an_end(library, site):
    for number in range(30):
        place = f"/bomb{number or ''}"
        library.web.pages[place] = library.web.reply(status=302, headers={"Location": f"/bomb{number + 1}"})
    told = reason(library, library.read(site), "/bomb5")
    assert "/bomb redirects in a circle, or more than 5 times" in told
    assert "/bomb6" not in library.web.targets


@pytest.mark.parametrize("body", [LAUGHS, QUADRATIC], ids=["billion-laughs", "quadratic"])
def test_a_sitemap_of_entities(library, site, body):
    library.web.pages["/robots.txt"] = library.web.reply(body=f"Sitemap: {library.web.url('/map.xml')}")
    library.web.pages["/map.xml"] = library.web.reply(body=body)
    library.page("/bomb", "A page like the others.")
    state = library.read(site)
    assert (state.status, len(library.held(site))) == (SourceStatus.READY, 4)
    assert "document type declaration" in dict(state.problems)[library.web.url("/map.xml")]


def test_a_chain_of_sitemaps_without_an_end(library, site):
    """Each file of the chain leads to two others."""

    class Endless(dict):
        def get(self, target, default=None):
            if not target.startswith("/map"):
                return super().get(target, default)
            following = "".join(f"<sitemap><loc>{library.web.url(target + end)}</loc></sitemap>" for end in "xy")
            return library.web.reply(body=f"<sitemapindex>{following}</sitemapindex>")

    library.page("/bomb", "A page like the others.")
    library.web.pages = Endless(library.web.pages)
    library.web.pages["/robots.txt"] = library.web.reply(body=f"Sitemap: {library.web.url('/map')}")
    state = library.read(site)
    assert (state.status, len(library.held(site))) == (SourceStatus.READY, 4)
    assert sum(target.startswith("/map") for target in library.web.targets) <= 1 + 2 + 4
    assert "too many, or too deep in each other" in dict(state.problems)[library.web.url("/mapxx")]


def test_sitemaps_that_never_arrive_are_given_up(library, site):
    listed = "".join(f"<sitemap><loc>{library.web.url(f'/map{n}')}</loc></sitemap>" for n in range(100))
    library.page("/bomb", "A page like the others.")
    library.web.pages["/sitemap.xml"] = library.web.reply(body=f"<sitemapindex>{listed}</sitemapindex>")
    state = library.read(site)
    assert (state.status, len(library.held(site))) == (SourceStatus.READY, 4)
    assert sum(target.startswith("/map") for target in library.web.targets) == 10


def test_a_robots_txt_without_an_end(library, site):
    """What it allows is not known, so nothing is read (RFC 9309 §2.3.1.4)."""
    library.web.raw["/robots.txt"] = endless
    state = library.read(site)
    assert state.status is SourceStatus.FAILED
    assert "robots.txt is larger than 10 MB" in state.error
    assert "/" not in library.web.targets


def pdf_bomb() -> bytes:
    """Pages whose content is many gigabytes of nothing, packed three times."""
    packed = zlib.compress(b" " * 50_000_000, 9)
    for _ in range(2):
        packed = zlib.compress(packed, 9)
    stream = b"<< /Length %d /Filter [/FlateDecode /FlateDecode /FlateDecode] >>\nstream\n" % len(packed)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 20 /Kids [%s] >>" % b" ".join([b"3 0 R"] * 20),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents [%s] >>" % b" ".join([b"4 0 R"] * 200),
        stream + packed + b"\nendstream",
    ]
    body, places = b"%PDF-1.5\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(body)
    return (
        body
        + b"xref\n0 5\n0000000000 65535 f \n"
        + table
        + b"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % start
    )


def test_a_pdf_that_unpacks_without_an_end(library, site):
    library.web.pages["/bomb"] = library.web.reply(body=pdf_bomb(), headers={"Content-Type": "application/pdf"})
    with Converter(Limits(cpu_seconds=2, memory_bytes=512 << 20)) as converter:
        library.converter = converter
        told = reason(library, library.read(site))
    assert "memory" in told or "took too long" in told


def test_a_page_of_a_hundred_thousand_elements_in_each_other(library, site):
    library.web.pages["/bomb"] = library.web.reply(body=b"<div>" * 100_000 + b"deep", headers=HTML)
    with Converter(Limits(cpu_seconds=1)) as converter:
        library.converter = converter
        told = reason(library, library.read(site))
    assert "took too long" in told or "no text" in told


def test_a_calendar_without_an_end(library, site):
    """A page for each day, each leading to the next: the limit ends it, and says so."""

    class Endless(dict):
        def get(self, target, default=None):
            if not target.startswith("/bomb"):
                return super().get(target, default)
            day = int(target.removeprefix("/bomb") or 0)
            body = (
                f"<title>Day {day}</title><p>What happens on day {day} of the year.</p><a href=/bomb{day + 1}>next</a>"
            )
            return library.web.reply(body=body, headers=HTML)

    library.web.pages = Endless(library.web.pages)
    state = library.read(library.site(max_pages=12))
    assert (state.status, state.pages) == (SourceStatus.READY, 12)
    assert set(GOOD) <= set(library.held(site))
    assert dict(state.problems)[library.web.url("/")].startswith("left out by max_pages")
