"""Files of visitors: what is taken, what is not, what is left of a picture, and who gets them back."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.channels.limits import Limits, Rate
from custagent.channels.live_chat.chat import Refusal, parse_file
from custagent.channels.live_chat.files import MAX_FILE, MEDIA_TYPE, file_name, kind_of, without_traces
from custagent.testing import FrozenClock
from tests.pictures import png

ID = "0d7e5c1a-9b1f-4f57-9a8a-0f5d6f0d9c11"
NOW = FrozenClock().now()
PICTURE = png(8, 8)


def body(content: bytes, name: Any = "photo.png", **said: Any) -> bytes:
    return json.dumps({"client_msg_id": ID, "name": name, "text": "", **said}).encode() + b"\n" + content


def parse(raw: bytes) -> Any:
    return parse_file(raw, channel="website", contact_key="k" * 64, now=NOW)


def error(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (PICTURE, "photo.PNG", "image/png"),
        (b"\xff\xd8\xff\xe0 x", "a.jpeg", "image/jpeg"),
        (b"GIF89a x", "a.gif", "image/gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "a.webp", "image/webp"),
        (b"%PDF-1.7\n", "a.pdf", "application/pdf"),
        ("Hej på dig".encode(), "a.txt", "text/plain"),
        (b"a;b\n1;2\n", "a.csv", "text/csv"),
        (PICTURE, "photo.pdf", ""),
        (PICTURE, "photo", ""),
        (b"<svg onload=alert(1)>", "a.svg", ""),
        (b"<html><script>alert(1)</script>", "a.html", ""),
        (b"MZ\x90\0", "a.txt", ""),
        (b"MZ\x90\0", "setup.exe", ""),
        (b"PK\x03\x04", "a.zip", ""),
        (b"\xff\xfe\0h", "a.txt", ""),
    ],
)
def test_a_file_is_what_its_bytes_say_and_is_called_so(content: bytes, name: str, kind: str) -> None:
    assert kind_of(content, name) == kind


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("../../etc/passwd.txt", "etc passwd.txt"),
        ("C:\\Users\\anna\\bill.pdf", "C Users anna bill.pdf"),
        ("bill\u202efdp.exe", "bill fdp.exe"),
        ("a\0b\r\nc.txt", "a b c.txt"),
        ('"><img src=x>.png', "img src=x .png"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("", "file"),
        (" . ", "file"),
        (None, "file"),
    ],
)
def test_names_are_harmless(told: Any, name: str) -> None:
    assert file_name(told) == name


@given(st.text(max_size=300))
def test_any_name_becomes_one_that_can_be_shown(told: str) -> None:
    name = file_name(told)
    assert 0 < len(name) <= 120
    assert not set(name) & set('/\\:*?"<>|\r\n\0\u202e')


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def jpeg(*segments: tuple[int, bytes]) -> bytes:
    written = b"".join(bytes([0xFF, marker]) + struct.pack(">H", len(held) + 2) + held for marker, held in segments)
    return b"\xff\xd8" + written + b"\xff\xda\0\x04\0\0 the picture \xff\xd9"


def exif(orientation: int) -> bytes:
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    gps = struct.pack("<HHII", 0x8825, 4, 1, 99)
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 2) + gps + entry + b"\0\0\0\0 59.3293 N"


def test_where_a_picture_was_taken_stays_with_who_took_it() -> None:
    told = jpeg(
        (0xE0, b"JFIF\0"),
        (0xE1, exif(6)),
        (0xE1, b"http://ns.adobe.com/xap/ Stockholm"),
        (0xFE, b"remark"),
        (0xDB, b"table"),
    )
    kept = without_traces(told, "image/jpeg")
    assert b"59.3293" not in kept
    assert b"Stockholm" not in kept
    assert b"remark" not in kept
    assert b"JFIF" in kept
    assert kept.endswith(b"the picture \xff\xd9")
    # How it is turned is kept: without it the picture would lie on its side.
    assert struct.pack(">HHIH", 0x0112, 3, 1, 6) in kept
    assert b"Exif" not in without_traces(jpeg((0xE1, exif(1))), "image/jpeg")
    located = PICTURE[:33] + chunk(b"eXIf", b"59.3293") + chunk(b"tEXt", b"Author\0Anna") + PICTURE[33:]
    assert without_traces(located, "image/png") == PICTURE


@given(st.binary(max_size=400), st.sampled_from(["image/jpeg", "image/png", "image/gif"]))
def test_no_picture_is_so_damaged_that_it_stops_anything(content: bytes, kind: str) -> None:
    beginnings = {"image/jpeg": b"\xff\xd8\xff\xe1", "image/png": PICTURE[:8], "image/gif": b"GIF89a"}
    whole = beginnings[kind] + content
    kept = without_traces(whole, kind)
    assert len(kept) <= len(whole) + 50
    if kind == "image/gif":
        assert kept == whole


@given(st.one_of(st.binary(max_size=300), st.binary(max_size=200).map(lambda tail: body(PICTURE + tail))))
def test_every_body_is_taken_or_refused(raw: bytes) -> None:
    found = parse(raw)
    if not isinstance(found, Refusal):
        inbound, content = found
        assert inbound.attachments[0].size == len(content) > 0


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "not-json"),
        (b"{}", "not-json"),
        (b"[]\n" + PICTURE, "not-json"),
        (b'{"client_msg_id": "x"}\n' + PICTURE, "no-id"),
        (body(b""), "file-kind"),
        (body(PICTURE, name="a.exe"), "file-kind"),
        (body(PICTURE, text="x" * 4001), "too-long"),
        (b" " * 17_000 + b"\n" + PICTURE, "not-json"),
    ],
)
def test_what_is_no_file_says_so(raw: bytes, code: str) -> None:
    assert parse(raw).code == code


async def send(client: Any, visitor: Any, raw: bytes, kind: str = MEDIA_TYPE) -> Any:
    return await client.post("/chat/website/files", content=raw, headers={**visitor.headers, "Content-Type": kind})


def test_a_file_is_kept_once_and_comes_back_to_its_visitor_alone(on, thread, visiting) -> None:
    thread.take_files()

    async def scene(client, _server) -> None:
        anna, bo = visiting(client), visiting(client)
        taken = await send(client, anna, body(PICTURE, name="Kvitto é.png", text="My receipt"))
        assert taken.status_code == 202
        assert (await send(client, anna, body(PICTURE, name="Kvitto é.png", text="My receipt"))).json() == taken.json()
        number = taken.json()["id"]
        there = await client.get(f"/chat/website/files/{number}/0", headers=anna.headers)
        assert (there.status_code, there.content) == (200, PICTURE)
        assert there.headers["Content-Disposition"] == "attachment; filename*=UTF-8''Kvitto%20%C3%A9.png"
        assert there.headers["Content-Type"] == "application/octet-stream"
        assert there.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in there.headers["Content-Security-Policy"]
        assert there.headers["Cache-Control"] == "no-store"
        for path, headers in (
            (f"{number}/0", bo.headers),
            (f"{number}/1", anna.headers),
            (f"{number + 1}/0", anna.headers),
            ("0/0", anna.headers),
            ("x/0", anna.headers),
        ):
            assert error(await client.get(f"/chat/website/files/{path}", headers=headers)) == (404, "no-file")
        assert error(await client.get(f"/chat/website/files/{number}/0")) == (401, "no-token")
        heard = await anna.listen(until=lambda all_: all_[-1]["name"] == "message")
        assert heard[-1]["value"]["attachments"] == [
            {"name": "Kvitto é.png", "size": len(PICTURE), "media_type": "image/png", "available": True}
        ]

    on(scene)
    assert thread.texts() == ["My receipt"]


def test_what_is_not_taken_is_not_written_down(on, thread, visiting) -> None:
    async def closed(client, _server) -> None:
        assert error(await send(client, visiting(client), body(PICTURE))) == (404, "no-files")

    on(closed)
    thread.take_files()

    async def scene(client, _server) -> None:
        anna = visiting(client)
        assert error(await send(client, anna, body(b"MZ", name="a.exe"))) == (415, "file-kind")
        assert error(await send(client, anna, body(b"this is not taken", name="a.txt"))) == (415, "file-kind")
        assert error(await send(client, anna, body(PICTURE), kind="image/png")) == (415, "not-json")
        assert error(await send(client, anna, body(PICTURE + b"x" * (MAX_FILE + 20_000)))) == (413, "too-large")

    on(scene)
    assert thread.texts() == []
    assert thread.kept_files == {}


def test_too_many_files_wait(on, thread, visiting) -> None:
    thread.take_files()

    async def scene(client, _server) -> None:
        anna = visiting(client)
        assert (await send(client, anna, body(PICTURE))).status_code == 202
        assert error(await send(client, anna, body(PICTURE))) == (429, "too-many")

    on(scene, limits=Limits(visitor_files=Rate(count=1, seconds=600, burst=1)))
