"""Replies made small for the way: what is asked for again and again is packed once."""

from __future__ import annotations

import gzip
import re
from functools import lru_cache

from starlette.requests import Request

#: The middle one: beyond it a browser gains little, and the server pays much.
_LEVEL = 6
#: A packet's worth; below it there is nothing to gain.
_SMALLEST = 1_400
#: A handful of files, and the frame's page in the languages of the day. Each holds some 150 KB.
_KEPT = 48
#: A coding that is named, and not with a weight of nothing (RFC 9110 §12.5.3).
_TAKES_GZIP = re.compile(r"(?:^|,)\s*gzip\s*(?:;(?!\s*q=0(?:\.0*)?\s*(?:,|$))[^,]*)?(?:,|$)", re.IGNORECASE)


def packed(request: Request, body: bytes) -> tuple[bytes, dict[str, str]]:
    """The body as this browser takes it, and the headers that say so. For text that holds nobody's secrets.

    (A secret beside text that a stranger chooses could be guessed from the length of what is packed.)
    """
    headers = {"Vary": "Accept-Encoding"}
    if len(body) < _SMALLEST or not _TAKES_GZIP.search(request.headers.get("accept-encoding", "")):
        return body, headers
    return _gzip(body), {**headers, "Content-Encoding": "gzip"}


@lru_cache(maxsize=_KEPT)
def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, _LEVEL, mtime=0)
