"""Files that came with a WhatsApp message: where Meta keeps them, fetched once, checked, and from nowhere else."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from custagent.channels.meta import Graph, text
from custagent.core.errors import ChannelError, SendFault
from custagent.core.ports import MAX_FILE

#: Where Meta keeps files: these hosts, and all below those with a dot before them.
_HOSTS: Final = ("lookaside.fbsbx.com", ".whatsapp.net", ".fbcdn.net")
#: An address lives five minutes; these say that it has died, or was never there.
_GONE: Final = (401, 404, 410)
_HTTPS: Final = 443


async def fetch_media(graph: Graph, reference: str, *, number: str, base: str) -> bytes:
    """The file with this id, that came to this number; `base` is where the Graph API is.

    Asked for once, with one new address where the first has died: Meta shuts out who asks again and again. Raises
    ChannelError, with fault PERMANENT where the file can never be had.
    """
    for _ in range(2):
        told = await graph.call("GET", [reference], query={"phone_number_id": number}, unsure=0.0)
        address = text(told, "url")
        if not is_allowed(address, base):
            raise _never(f"the file is said to be at {urlsplit(address).hostname or 'no address'}, which is not Meta's")
        if (size := _size(told)) > MAX_FILE:
            raise _never(f"the file has {size:,} bytes; at most {MAX_FILE:,} are taken")
        answer = await graph.download(address, most=MAX_FILE)
        if answer.status in _GONE:
            continue
        if not answer.ok:
            raise ChannelError(f"the file did not come (HTTP {answer.status})", retry_after=answer.retry_after)
        _check(told, answer.body)
        return answer.body
    raise _never("Meta does not have the file any more")


def is_allowed(address: str, base: str) -> bool:
    """Whether a file may be fetched there, with the access token: from Meta, or from where the Graph API is."""
    try:
        wanted, ours = urlsplit(address), urlsplit(base)
        port, own_port = wanted.port, ours.port
    except ValueError:
        return False
    host = (wanted.hostname or "").lower()
    if "@" in wanted.netloc or not host:
        return False
    if (wanted.scheme, host, port) == (ours.scheme, (ours.hostname or "").lower(), own_port):
        return True
    known = any(host == one or (one.startswith(".") and host.endswith(one)) for one in _HOSTS)
    return known and wanted.scheme == "https" and port in (None, _HTTPS)


def _size(told: Mapping[str, Any]) -> int:
    size = told.get("file_size")
    try:
        return int(size) if isinstance(size, int | str) else 0
    except ValueError:
        return 0


def _check(told: Mapping[str, Any], content: bytes) -> None:
    """Raises ChannelError when these are not the bytes that were told of."""
    if (size := _size(told)) and size != len(content):
        raise ChannelError(f"{len(content):,} bytes of the file came, not {size:,}")
    expected, digest = text(told, "sha256"), hashlib.sha256(content)
    if expected and digest.hexdigest() != expected.lower() and digest.digest() != _decoded(expected):
        raise ChannelError("the file that came is not the one that was sent: its checksum is another")


def _decoded(checksum: str) -> bytes:
    """Meta writes it in hexadecimal here, and in base64 there."""
    try:
        return base64.b64decode(checksum, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _never(reason: str) -> ChannelError:
    return ChannelError(reason, fault=SendFault.PERMANENT)
