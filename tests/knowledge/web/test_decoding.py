"""Content codings are undone whole or not at all, and a bomb does not go off."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from custagent.knowledge.web.decoding import ACCEPT_ENCODING, DecodingError, decode


def naked_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


PACK = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}
PACKERS = [*PACK.items(), ("deflate", naked_deflate)]


@pytest.mark.parametrize(("coding", "pack"), PACKERS)
@given(body=st.binary(min_size=1))
def test_packing_and_unpacking_give_the_same(coding, pack, body) -> None:
    assert decode(pack(body), coding, most=10_000) == body


@pytest.mark.parametrize(("coding", "pack"), PACKERS)
def test_larger_bodies_too(coding, pack) -> None:
    body = b"".join(b"line %d\n" % number for number in range(40_000))
    assert decode(pack(body), coding, most=1_000_000) == body


def test_what_we_ask_for_we_can_undo() -> None:
    names = [name.strip() for name in ACCEPT_ENCODING.split(",")]
    assert set(names) <= set(PACK)
    assert len(names) >= 2


@pytest.mark.parametrize("coding", PACK)
def test_a_bomb_stops_at_the_cap(coding) -> None:
    bomb = PACK[coding](bytes(60_000_000))
    tracemalloc.start()
    with pytest.raises(DecodingError, match="grows beyond"):
        decode(bomb, coding, most=2_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30_000_000


def test_the_ratio_counts_beyond_a_megabyte() -> None:
    # Both are compressed about 1,000 times; only the second is large.
    assert len(decode(gzip.compress(bytes(900_000)), "gzip", most=10_000_000)) == 900_000
    with pytest.raises(DecodingError, match="grows beyond"):
        decode(gzip.compress(bytes(3_000_000)), "gzip", most=10_000_000)


@pytest.mark.parametrize(("coding", "pack"), PACKERS)
def test_a_cut_off_body_is_not_half_a_page(coding, pack) -> None:
    with pytest.raises(DecodingError):
        decode(pack(b"".join(b"line %d\n" % number for number in range(999)))[:-9], coding, most=1_000_000)


@pytest.mark.parametrize("coding", PACK)
def test_damage_is_told(coding) -> None:
    with pytest.raises(DecodingError):
        decode(b"\x00\x01 this is not packed", coding, most=1000)


def test_several_members_are_one_body() -> None:
    assert decode(gzip.compress(b"one ") + gzip.compress(b"two") + b"\0\0", "gzip", most=1000) == b"one two"
    pack = zstandard.ZstdCompressor().compress
    assert decode(pack(b"one ") + pack(b"two"), "zstd", most=1000) == b"one two"


def test_two_codings_and_no_more() -> None:
    twice = gzip.compress(brotli.compress(b"hello"))
    assert decode(twice, "br, gzip", most=1000) == b"hello"
    with pytest.raises(DecodingError, match="more than twice"):
        decode(gzip.compress(twice), "br, gzip, gzip", most=1000)


@pytest.mark.parametrize("coding", ["", "identity", " , "])
def test_no_coding_is_no_change(coding) -> None:
    assert decode(b"hello", coding, most=1) == b"hello"


def test_an_unknown_coding_is_named() -> None:
    with pytest.raises(DecodingError, match="sdch"):
        decode(b"hello", "sdch", most=1000)


def test_nothing_is_nothing_in_every_coding() -> None:
    assert [decode(b"", coding, most=10) for coding in PACK] == [b""] * 4
