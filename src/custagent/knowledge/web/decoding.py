"""Content codings of HTTP bodies, undone in small steps: a bomb stops at the cap, not at the end of memory.

httpx's own decoders inflate a whole network packet at once, which for brotli and zstd may be gigabytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

import brotli  # type: ignore[import-untyped]  # the package has neither types nor stubs
import zstandard

#: What we ask for. An older brotli cannot be stopped half-way, so it is not offered.
_BROTLI_STOPS = hasattr(brotli.Decompressor, "can_accept_more_data")
ACCEPT_ENCODING = "gzip, br, zstd" if _BROTLI_STOPS else "gzip, zstd"

GZIP_MAGIC = b"\x1f\x8b"

_STEP = 64 * 1024
#: One zstd block of four bytes may stand for 128 KB, so 256 bytes are at most 8 MB.
_ZSTD_STEP = 256
#: RFC 9659: a decoder need not support a larger window.
_ZSTD_WINDOW = 8 * 1024 * 1024
#: Small bodies of repeated markup may compress well beyond any ratio.
_RATIO_FREE = 1024 * 1024
_MOST_CODINGS = 2


class DecodingError(ValueError):
    """The body cannot be decoded; the message finishes "the body …"."""


def decode(body: bytes, codings: str, *, most: int, ratio: int = 100) -> bytes:
    """`body` without its content codings ("gzip", "br, gzip", …; "" for none).

    Raises DecodingError for unknown codings, damaged or cut-off bodies, more than `most` bytes of result, and results
    of over 1 MB that are more than `ratio` times as large as the body.
    """
    names = [name for part in codings.lower().split(",") if (name := part.strip()) not in ("", "identity")]
    if len(names) > _MOST_CODINGS:
        raise DecodingError("is compressed more than twice")
    limit = min(most, max(_RATIO_FREE, ratio * len(body)))
    for name in reversed(names):
        if name not in _DECODERS:
            raise DecodingError(f"is compressed in a way that we do not know ({name[:20]})")
        body = _collect(_DECODERS[name](body), limit) if body else body
    return body


def _collect(parts: Iterator[bytes], limit: int) -> bytes:
    whole = bytearray()
    try:
        for part in parts:
            whole += part
            if len(whole) > limit:
                raise DecodingError(f"grows beyond {limit // 1000:,} KB when unpacked")
    except (zlib.error, brotli.error, zstandard.ZstdError) as exc:
        raise DecodingError(f"is damaged ({exc})") from exc
    return bytes(whole)


def _inflate(body: bytes, window: int) -> Iterator[bytes]:
    inflater = zlib.decompressobj(window)
    rest = body
    while rest:
        yield inflater.decompress(rest, _STEP)
        if inflater.eof:
            rest = inflater.unused_data
            if not rest.startswith(GZIP_MAGIC):
                return
            inflater = zlib.decompressobj(window)
        else:
            rest = inflater.unconsumed_tail
    while part := inflater.decompress(b"", _STEP):
        yield part
    if not inflater.eof:
        raise DecodingError("is cut off")


def _gzip(body: bytes) -> Iterator[bytes]:
    return _inflate(body, zlib.MAX_WBITS | 16)


def _deflate(body: bytes) -> Iterator[bytes]:
    # The name means zlib, yet some servers send the naked stream (RFC 9110 §8.4.1.2).
    is_zlib = body[0] & 0x0F == zlib.DEFLATED and int.from_bytes(body[:2], "big") % 31 == 0
    return _inflate(body, zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)


def _brotli(body: bytes) -> Iterator[bytes]:
    decompressor = brotli.Decompressor()
    part = decompressor.process(body, output_buffer_limit=_STEP)
    while part or not decompressor.can_accept_more_data():
        yield part
        part = decompressor.process(b"", output_buffer_limit=_STEP)
    if not decompressor.is_finished():
        raise DecodingError("is cut off")


def _zstd(body: bytes) -> Iterator[bytes]:
    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    frame = decompressor.decompressobj()
    position = 0
    while position < len(body):
        if frame.eof:
            frame = decompressor.decompressobj()
        step = body[position : position + _ZSTD_STEP]
        yield frame.decompress(step)
        position += len(step) - len(frame.unused_data)
    if not frame.eof:
        raise DecodingError("is cut off")


_DECODERS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "zstd": _zstd,
}
if _BROTLI_STOPS:
    _DECODERS["br"] = _brotli
