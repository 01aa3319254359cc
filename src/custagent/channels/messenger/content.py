"""What a message on Messenger is made of, in our words: its text, an option that was pressed, its files and their addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from custagent.channels.meta import mapping, mappings, text
from custagent.channels.plain import plain_text
from custagent.core.message import Attachment

#: What stands before an option's words in the payload of its button; the payload of a button comes back when it is pressed.
OPTION: Final = "custagent:option:"
#: Attachments that are pages of Facebook, not files.
_SHARED: Final = frozenset({"fallback", "post", "share"})
#: Messenger's thumbs up, in its three sizes: people mean the character.
_THUMBS_UP: Final = frozenset({"369239263222822", "369239343222814", "369239383222810"})
_MOST_FILES: Final = 30
_LONGEST_ADDRESS: Final = 4_000
LONGEST_NAME: Final = 120
ID: Final = re.compile(r"[\x21-\x7e]{1,512}")


def content_of(message: Mapping[str, Any]) -> tuple[str, tuple[Attachment, ...]]:
    """The words of a message and its files. What is neither is a file without a type, for the agent to say so.

    A shared page is its title and address, a place its coordinates, and Messenger's thumb the character.
    """
    words = [option(mapping(message.get("quick_reply"))) or plain_text(text(message, "text"))]
    files = []
    attachments = message.get("attachments")
    for item in mappings(mapping(attachments).get("data") or attachments)[:_MOST_FILES]:
        kind, payload = text(item, "type") or "file", mapping(item.get("payload"))
        if id_in(payload, "sticker_id") in _THUMBS_UP:
            words.append("👍")
        elif kind in _SHARED or kind in ("location", "template"):
            words += [line for line in _shared(item, payload) if line not in words[0]]
        else:
            files.append(_file(kind, payload))
    said = "\n".join(filter(None, words))
    if not said and not files:
        files.append(Attachment(name="message of an unknown kind"))
    return said, tuple(files)


def id_in(holder: object, key: str) -> str:
    """An id, which Meta writes as a text or as a number; "" for anything that is none."""
    value = holder.get(key) if isinstance(holder, dict) else None
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63:
        return str(value)
    return value if isinstance(value, str) and ID.fullmatch(value) else ""


def option(pressed: Mapping[str, Any]) -> str:
    """The whole words of an option of ours, of which the button shows the beginning; "" for another's button."""
    payload = text(pressed, "payload")
    return plain_text(payload.removeprefix(OPTION)) if payload.startswith(OPTION) else ""


def _shared(item: Mapping[str, Any], payload: Mapping[str, Any]) -> Iterable[str]:
    """A page's or a template's title and address; a place's coordinates."""
    yield plain_text(text(payload, "title") or text(item, "title") or text(payload, "text"))
    place = mapping(payload.get("coordinates"))
    latitude, longitude = place.get("lat"), place.get("long")
    if isinstance(latitude, int | float) and isinstance(longitude, int | float):
        yield f"📍 {latitude}, {longitude}"
    else:
        yield plain_text(text(payload, "url") or text(item, "url") or text(item, "URL"))[:_LONGEST_ADDRESS]


def _file(kind: str, payload: Mapping[str, Any]) -> Attachment:
    """A file that can be fetched, by its address; what has none is named after its kind."""
    kind = plain_text(kind)[:LONGEST_NAME]
    address = text(payload, "url")
    if not address.startswith("https://") and not address.startswith("http://"):
        address = ""
    address = address if len(address) <= _LONGEST_ADDRESS else ""
    try:
        name = plain_text(unquote(PurePosixPath(urlsplit(address).path).name))
    except ValueError:
        name, address = "", ""
    named = name if PurePosixPath(name).suffix else kind
    return Attachment(name=named[-LONGEST_NAME:], media_type=_media_type(kind, named), reference=address)


def _media_type(kind: str, name: str) -> str:
    """By the name's end, except that a voice message is one, although it is called .mp4."""
    import mimetypes

    guessed = mimetypes.guess_type(name)[0] or ""
    return f"audio/{guessed.partition('/')[2]}" if kind == "audio" and guessed else guessed
