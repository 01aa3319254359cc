"""Bodies that no provider should send: real shapes bent out of shape, and bytes that never had one."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from typing import Any

from custagent.channels.whatsapp.words import parse
from custagent.core.channel_event import Unread
from tests.channels.whatsapp.shapes import NOW, NUMBERS, SHAPES, batch, change

#: What stands where something else should.
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 10**30, "", " ", "\x00", "\ud83d", "x" * 300, "../../me", [], [None], {}, {"type": "text"},
    [[]], [{}], {"id": {}}, "1790000000", "7:1", "SE.1",
)  # fmt: skip
NAMES = sorted(SHAPES)


def bodies(chance: random.Random, count: int) -> Iterator[bytes]:
    """So many of them."""
    for _ in range(count):
        whole = batch(*(change(chance.choice(NAMES)) for _ in range(chance.randint(1, 3))))
        for _ in range(chance.randint(0, 4)):
            # Seldom the outermost: what is no batch at all is refused at once.
            inner = whole.get("entry")
            bend(inner if isinstance(inner, list) and chance.random() < 0.95 else whole, chance)
        sent = json.dumps(whole).encode()
        yield damaged(sent, chance) if chance.random() < 0.2 else sent


def bend(value: Any, chance: random.Random) -> None:
    """Change one thing somewhere below: another value, another name, nothing, twice."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    if not keys:
        return
    key = chance.choice(keys)
    inner = value[key]
    if isinstance(inner, dict | list) and inner and chance.random() < 0.85:
        bend(inner, chance)
        return
    match chance.randrange(4):
        case 0:
            del value[key]
        case 1 if isinstance(value, dict):
            value[chance.choice(["id", "type", "text", "from", "system", "errors"])] = deepcopy(inner)
        case 2 if isinstance(value, list):
            value.append(deepcopy(inner))
        case _:
            value[key] = deepcopy(chance.choice(ODD))


def damaged(sent: bytes, chance: random.Random) -> bytes:
    """Bytes turned over, left out or cut off."""
    raw = bytearray(sent)
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(len(raw))
        match chance.randrange(3):
            case 0:
                raw[at] ^= 1 << chance.randrange(8)
            case 1:
                raw[at : at + 1] = b"  "
            case _:
                raw = raw[: at + 1]
    return bytes(raw)


def survives(sent: bytes) -> bool:
    """Whether it is a batch at all. Raises what must never be raised, and AssertionError for what cannot be kept."""
    found = None
    with suppress(ValueError):
        found = parse(sent, NUMBERS, now=NOW)
    if found is None:
        return False
    for message in found.messages:
        assert message.external_id
        assert message.contact_key
        assert message.text or message.attachments
        assert message.sent_at <= NOW
        texts = [message.text, message.contact_key, message.external_id, message.contact_name]
        texts += [*message.reply_details.values(), *(one.name for one in message.attachments)]
        for text in texts:
            text.encode("utf-8")
    for event in found.events:
        assert event.channel == "phone"
        if isinstance(event, Unread):
            json.loads(event.content)
    return True
