"""Pages that send their reader on are followed as redirects are."""

from __future__ import annotations

import pytest

from custagent.core.document import RawContent
from custagent.knowledge.web.refresh import refresh_target

HERE = "https://shop.example/old/page"


def target(body: str, media_type: str = "text/html") -> str:
    return refresh_target(RawContent(location=HERE, body=body.encode(), media_type=media_type))


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ('<meta http-equiv="refresh" content="0; url=/en/">', "https://shop.example/en/"),
        ("<META HTTP-EQUIV=Refresh CONTENT='5;URL=new?a=1&amp;b=2'/>", "https://shop.example/old/new?a=1&b=2"),
        ("""<meta content="0;url='/new'" http-equiv="refresh">""", "https://shop.example/new"),
        ('<meta http-equiv="refresh" content="1.5, https://other.example/x#top">', "https://other.example/x"),
        (
            '<meta name="a" content="0; url=/wrong"><meta http-equiv="refresh" content="0;/new">',
            "https://shop.example/new",
        ),
        ('<meta http-equiv="refresh" content="300">', ""),
        ('<meta http-equiv="refresh" content="60; url=/later">', ""),
        ('<meta http-equiv="refresh" content="0; url=/old/page#top">', ""),
        ('<meta http-equiv="refresh" content="0; url=javascript:go()">', ""),
        ('<meta http-equiv="refresh">', ""),
        ('<noscript><meta http-equiv="refresh" content="0; url=/plain"></noscript>', ""),
        ('<!-- <meta http-equiv="refresh" content="0; url=/was"> -->', ""),
        ('<script>s = \'<meta http-equiv="refresh" content="0; url=/s">\'</script>', ""),
        ('<meta http-equiv="x-refresh" content="0; url=/x"><p>refresh</p>', ""),
    ],
)
def test_where_a_page_sends_its_reader(meta, expected) -> None:
    assert target(f"<html><head>{meta}</head><body>Wait.</body></html>") == expected


def test_only_pages_send_anyone() -> None:
    assert target('<meta http-equiv="refresh" content="0; url=/en/">', "text/plain") == ""
