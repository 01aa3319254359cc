"""Whether what arrived is what arrived before: then it need not be read again, though its server never says so."""

from __future__ import annotations

from typing import Final

from custagent.core.document import RawContent
from custagent.core.ids import content_hash
from custagent.knowledge.web.crawl_events import Validators
from custagent.knowledge.web.fetch import Fetched

#: Counted up when equal bytes are to be read anew, because reading has become better.
_READING: Final = "1"


def bytes_hash(raw: RawContent, language: str = "") -> str:
    """Equal for equal bytes that are read in the same way; `language` is what is assumed of texts too short to tell."""
    return content_hash(_READING, language, raw.media_type, raw.charset, raw.body)


def is_as_before(fetched: Fetched, known: Validators) -> bool:
    """Whether a page brought the bytes that it brought before, and its server says nothing beside them."""
    told = fetched.noindex or fetched.nofollow or fetched.canonical
    return bool(known.bytes_hash) and not told and bytes_hash(fetched.raw) == known.bytes_hash
