"""The files that the browser gets: what is in them, and who may show and use them."""

from __future__ import annotations

import re

import httpx

from custagent.channels.live_chat_assets import MEDIA_TYPES, HostPage

SHOP = "https://shop.example"
ID = "0d7e5c1a-9b1f-4f57-9a8a-0f5d6f0d9c11"


def test_the_frame_is_shown_by_listed_sites_only_and_runs_nothing_inline(on) -> None:
    async def scene(client, _server) -> httpx.Response:
        return await client.get("/chat/website/frame")

    page = on(scene, SHOP, "https://evil.example; script-src *", "http://localhost:8000")
    policy = dict(part.strip().partition(" ")[::2] for part in page.headers["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": f"'self' {SHOP} http://localhost:8000",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert f'content="{SHOP} http://localhost:8000"' in page.text
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page.text)


def test_scripts_and_styles_are_served_and_nothing_else(on) -> None:
    async def scene(client, _server) -> None:
        for name, media_type in MEDIA_TYPES.items():
            response = await client.get(f"/chat/-/{name}")
            assert response.status_code == 200
            assert response.headers["Content-Type"].startswith(media_type)
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            again = await client.get(f"/chat/-/{name}", headers={"If-None-Match": response.headers["ETag"]})
            assert (again.status_code, again.content) == (304, b"")
        for name in ("frame.html", "host.html", "widget.css", "..%2Flive_chat.py", "%2e%2e", "x.js", "chat.js%00"):
            assert (await client.get(f"/chat/-/{name}")).status_code == 404

    on(scene)


def test_the_loader_is_small_and_may_be_used_by_other_sites(on) -> None:
    async def scene(client, _server) -> None:
        loader = await client.get("/chat/widget.js")
        assert loader.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert (await client.get("/chat/-/chat.js")).headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert len(loader.content) < 10_000
        assert "{{" not in loader.text
        assert not re.search(
            r"innerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|import\(", loader.text
        )

    on(scene)


def test_pictures_of_people_are_pictures_and_nothing_that_runs(on, thread) -> None:
    thread.photos = {"a1.png": b"of Anna", "b2.webp": b"of Bo", "c3.svg": b"<svg onload=alert(1)>"}

    async def scene(client, _server) -> None:
        for name, media_type in (("a1.png", "image/png"), ("b2.webp", "image/webp")):
            response = await client.get(f"/chat/website/photos/{name}")
            assert (response.status_code, response.content) == (200, thread.photos[name])
            assert response.headers["Content-Type"] == media_type
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert "immutable" in response.headers["Cache-Control"]
            etag = {"If-None-Match": response.headers["ETag"]}
            assert (await client.get(f"/chat/website/photos/{name}", headers=etag)).status_code == 304
        for name in ("c3.svg", "anna.png", "..%2Fcustagent.yaml", "%2e%2e%2fcustagent.yaml"):
            assert (await client.get(f"/chat/website/photos/{name}")).status_code == 404, name
        assert (await client.get("/chat/elsewhere/photos/a1.png")).status_code == 404
        thread.broken = True
        assert (await client.get("/chat/website/photos/a1.png")).status_code == 404

    on(scene)


def test_the_demo_page_is_there_only_when_asked_for(on) -> None:
    shown = HostPage(channel="website", company="A & <b>", questions=('Is "x" <i>?',), language="sv")

    async def scene(client, _server) -> httpx.Response:
        return await client.get("/")

    page = on(scene, demo=shown)
    assert "A &amp; &lt;b&gt;" in page.text
    assert "Is &quot;x&quot; &lt;i&gt;?" in page.text
    assert '<html lang="sv">' in page.text
    assert '<script async src="chat/widget.js" data-channel="website"></script>' in page.text
    assert "{{" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert on(scene, demo=None).status_code == 404
