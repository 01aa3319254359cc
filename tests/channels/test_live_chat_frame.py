"""The frame's page: all in one for who is new, by files that are kept for all others, and nothing that nobody named."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from typing import Any

import pytest

from custagent.channels.live_chat.bundle import bundle, bundle_name, style_name
from custagent.channels.live_chat.loader import loader_name, text_of
from custagent.core.look import Look

#: What stands within an element without a source, by its name.
INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


def policy_of(response: Any) -> dict[str, list[str]]:
    parts = [part.split() for part in response.headers["Content-Security-Policy"].split(";")]
    return {name: sources for name, *sources in parts}


def source_of(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@pytest.mark.parametrize("look", [Look(), Look(colour="#0a7d55")])
def test_who_is_new_gets_all_in_one_and_the_policy_names_each_piece(on, thread, look) -> None:
    thread.settings["look"] = look

    async def scene(client, _server) -> Any:
        return await client.get("/chat/website/frame?locale=sv&new")

    page = on(scene)
    pieces = {"script": [], "style": []}
    for name, text in INLINE.findall(page.text):
        pieces[name].append(text)
    assert pieces["script"] == [bundle()]
    assert pieces["style"][0] == text_of("chat.css")
    assert len(pieces["style"]) == 1 + (look.colour != Look().colour)
    policy = policy_of(page)
    # Neither files nor any other inline text.
    assert policy["script-src"] == [source_of(text) for text in pieces["script"]]
    assert policy["style-src"] == [source_of(text) for text in pieces["style"]]
    assert not re.search(r"<link|\bsrc=|\son\w+=|\sstyle=", INLINE.sub("", page.text))
    assert "{{" not in page.text
    # No text in them ends its element early.
    assert page.text.count("</script>") == 2


def test_who_was_here_gets_files_that_a_browser_keeps_for_good(on) -> None:
    async def scene(client, _server) -> None:
        page = await client.get("/chat/website/frame?locale=sv")
        assert INLINE.search(page.text) is None
        names = re.findall(r'"\.\./-/([^"]+)"', page.text)
        assert names == [style_name(), bundle_name()]
        for name, text in zip(names, (text_of("chat.css"), bundle()), strict=True):
            kept = await client.get(f"/chat/-/{name}")
            assert kept.text == text
            assert "immutable" in kept.headers["Cache-Control"]
            # A page of the version before gets today's, which nobody keeps under that name.
            old = re.sub(r"-[0-9a-f]{16}", f"-{'0' * 16}", name)
            served = await client.get(f"/chat/-/{old}")
            assert served.text == text
            assert "immutable" not in served.headers["Cache-Control"]

    on(scene)


@pytest.mark.parametrize(
    ("takes", "small"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip;q=0.0, br", False),
        ("x-gzip2", False),
        ("identity", False),
    ],
)
def test_what_a_browser_takes_packed_is_packed(on, takes, small) -> None:
    async def scene(client, _server) -> None:
        asked = {"Accept-Encoding": takes}
        sizes = {}
        for path in (loader_name(), f"-/{bundle_name()}", "website/frame?locale=sv&new"):
            plain = await client.get(f"/chat/{path}", headers={"Accept-Encoding": "identity"})
            async with client.stream("GET", f"/chat/{path}", headers=asked) as response:
                raw = b"".join([part async for part in response.aiter_raw()])
            assert response.headers["Vary"] == "Accept-Encoding"
            assert (response.headers.get("Content-Encoding") == "gzip") is small
            assert (gzip.decompress(raw) if small else raw) == plain.content
            sizes[path] = len(raw) / len(plain.content)
            if etag := response.headers.get("ETag"):
                # Two codings of a file are two things to a cache (RFC 9110 §8.8.3.3).
                assert (etag != plain.headers["ETag"]) is small
                again = await client.get(f"/chat/{path}", headers={**asked, "If-None-Match": etag})
                assert again.status_code == 304
        assert all((size < 0.6) is small for size in sizes.values()), sizes
        # Below a packet there is nothing to gain.
        assert "Content-Encoding" not in (await client.get("/chat/-/icon.svg", headers=asked)).headers

    on(scene)
