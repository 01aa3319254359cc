"""Files that came with a message: fetched once, checked, and from Meta alone (channels sheet §1.5)."""

from __future__ import annotations

import asyncio
import base64
import hashlib

import pytest

from custagent.channels.whatsapp.media import is_allowed
from custagent.core.errors import ChannelError, SendFault
from custagent.core.message import Attachment

BASE = "https://graph.facebook.com"


def fetch(adapter, reference: str) -> bytes:
    return asyncio.run(adapter.fetch(Attachment(name="image", media_type="image/jpeg", reference=reference)))


def failed(adapter, reference: str) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        fetch(adapter, reference)
    return caught.value


def test_a_file_is_fetched_with_the_token(meta, adapter):
    known = meta.keep_file(b"\xff\xd8 a picture", "image/jpeg")
    assert fetch(adapter, known) == b"\xff\xd8 a picture"
    assert meta.fetched == [known]


def test_an_address_that_died_is_asked_for_once_more_and_no_oftener(meta, adapter):
    known = meta.keep_file(b"a picture", "image/jpeg")
    meta.let_addresses_die(1)
    assert fetch(adapter, known) == b"a picture"
    assert meta.fetched == [known] * 2
    meta.let_addresses_die(9)
    assert failed(adapter, known).fault is SendFault.PERMANENT
    assert meta.fetched == [known] * 4


def test_a_file_that_nobody_has(adapter):
    assert "Object does not exist" in failed(adapter, "900000000000000").message


@pytest.mark.parametrize(
    "checksum", [lambda content: hashlib.sha256(content).hexdigest(), lambda content: hashlib.sha256(content).hexdigest().upper(),
                 lambda content: base64.b64encode(hashlib.sha256(content).digest()).decode()],
)  # fmt: skip
def test_a_checksum_in_either_of_meta_s_forms(meta, adapter, checksum):
    known = meta.keep_file(b"a picture", "image/jpeg")
    meta.describe_file(known, sha256=checksum(b"a picture"))
    assert fetch(adapter, known) == b"a picture"


@pytest.mark.parametrize(
    ("told", "why"),
    [({"sha256": "00" * 32}, "checksum"), ({"sha256": "no checksum"}, "checksum"), ({"file_size": "3"}, "9 bytes"),
     ({"file_size": str(10**9)}, "at most"), ({"url": "https://example.com/picture"}, "not Meta's"), ({"url": 7}, "not Meta's"),
     ({"url": "file:///etc/passwd"}, "not Meta's")],
)  # fmt: skip
def test_what_is_not_the_file_that_was_told_of_is_not_taken(meta, adapter, told, why):
    known = meta.keep_file(b"a picture", "image/jpeg")
    meta.describe_file(known, **told)
    assert why in failed(adapter, known).message


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1", True),
        ("https://mmg.whatsapp.net/v/t62", True), ("https://scontent.xx.fbcdn.net/v/1", True),
        ("https://lookaside.fbsbx.com:443/1", True), (f"{BASE}/1", True),
        ("http://lookaside.fbsbx.com/1", False), ("https://lookaside.fbsbx.com:8443/1", False),
        ("https://lookaside.fbsbx.com.evil.example/1", False), ("https://evilwhatsapp.net/1", False),
        ("https://lookaside.fbsbx.com@evil.example/1", False), ("https://evil.example/lookaside.fbsbx.com", False),
        ("https://127.0.0.1/1", False), ("https://[::1]/1", False), ("https://whatsapp.net.:443x/1", False),
        ("http://graph.facebook.com/1", False), ("ftp://lookaside.fbsbx.com/1", False), ("", False), ("//x", False),
    ],
)  # fmt: skip
def test_where_the_token_is_shown(address, allowed):
    assert is_allowed(address, BASE) is allowed


def test_where_it_is_shown_on_this_machine():
    assert is_allowed("http://127.0.0.1:8080/files/1", "http://127.0.0.1:8080")
    assert not is_allowed("http://127.0.0.1:8081/files/1", "http://127.0.0.1:8080")
