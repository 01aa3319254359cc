"""The files that the browser gets: what is in them, and who may show and use them."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace

import httpx

from custagent.channels.live_chat.assets import MEDIA_TYPES, HostPage
from custagent.channels.live_chat.bundle import bundle, module
from custagent.channels.live_chat.loader import KeptLoaders, loader, loader_name

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
        "img-src": "'self' blob:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": f"'self' {SHOP} http://localhost:8000",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert f'content="{SHOP} http://localhost:8000"' in page.text
    assert not re.search(r"<script(?! type=.application/json.)(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page.text)


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


def test_the_loader_of_the_snippet_never_changes_under_its_name(on, tmp_path) -> None:
    loaders = KeptLoaders(tmp_path / "loaders")
    loaders.keep()
    old = b"(() => {})();"
    name = f"widget-{hashlib.sha256(old).hexdigest()[:16]}.js"
    (tmp_path / "loaders" / name).write_bytes(old)
    changed = f"widget-{'0' * 16}.js"
    (tmp_path / "loaders" / changed).write_bytes(b"alert(1)")

    async def scene(client, _server) -> None:
        for asked, content in ((loader_name(), loader()), (name, old)):
            response = await client.get(f"/chat/{asked}")
            assert response.content == content
            assert "immutable" in response.headers["Cache-Control"]
            # A browser compares the hash only of what it may read.
            assert response.headers["Access-Control-Allow-Origin"] == "*"
        # What is not what its name says is not served, and neither is any other file.
        for asked in (changed, "widget-..%2F..%2Fcustagent.db.js", f"widget-{'f' * 16}.js"):
            response = await client.get(f"/chat/{asked}")
            assert response.content == loader() or response.status_code == 404
            assert "immutable" not in response.headers.get("Cache-Control", "")

    on(scene, loaders=loaders)
    assert (tmp_path / "loaders" / loader_name()).read_bytes() == loader()


def test_a_folder_that_cannot_be_written_stops_nothing(on, tmp_path, caplog) -> None:
    file = tmp_path / "loaders"
    file.write_text("in the way")
    loaders = KeptLoaders(file)
    loaders.keep()
    assert "could not be kept" in caplog.text

    async def scene(client, _server) -> httpx.Response:
        return await client.get(f"/chat/{loader_name()}")

    assert on(scene, loaders=loaders).content == loader()


def test_the_small_script_keeps_its_texts_and_loses_what_people_read() -> None:
    script = loader().decode()
    assert "// " not in re.sub(r"\"[^\"]*\"|`[^`]*`", "", script)
    assert '", "+' in script
    assert "M21 11.5a8 8 0 0 1-8.2 8" in script
    assert "setOpen" not in script


def test_each_channel_has_a_page_to_look_at_it_on(on, thread) -> None:
    async def scene(client, _server) -> None:
        page = await client.get("/chat/website/demo")
        assert '<script async src="../../chat/widget.js" data-channel="website"></script>' in page.text
        assert (await client.get("/chat/elsewhere/demo")).status_code == 404

    on(scene, demo=None)


def test_the_frame_says_hello_at_once_where_its_address_names_the_languages(on, thread) -> None:
    thread.hello_words = replace(thread.hello_words, greeting="</script><script>alert(1)</script>")

    async def scene(client, _server) -> None:
        page = (await client.get("/chat/website/frame?locale=sv-SE,en")).text
        said = re.search(r'id="hello">([^<]*)</script>', page)[1]
        assert json.loads(said)["greeting"] == thread.hello_words.greeting
        assert thread.asked_languages == [["sv", "en"]]
        assert page.count("<script") == 2
        # An older loader names none, and a database that is away keeps nobody from the page.
        assert 'id="hello"></script>' in (await client.get("/chat/website/frame")).text
        thread.broken = True
        assert 'id="hello"></script>' in (await client.get("/chat/website/frame?locale=sv")).text

    on(scene)


def test_the_bundle_has_every_module_once_after_what_it_needs() -> None:
    made = bundle()
    names = [
        name for name in MEDIA_TYPES if name.endswith(".js") and name not in ("bundle.js", "widget.js", "preview.js")
    ]
    begun = {name: made.index(f"const from_{name.removesuffix('.js')} = ") for name in names}
    assert sorted(begun) == sorted(names)
    for name in names:
        for needed in re.findall(r'from "\./([a-z]+\.js)"', module(name)):
            assert begun[needed] < begun[name], (needed, name)
    assert not re.search(r"^(?:import|export) ", made, re.MULTILINE)
    assert "{{" not in made
