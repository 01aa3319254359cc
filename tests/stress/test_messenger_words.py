"""A million bodies of Messenger's webhook, bent or broken: none makes the parser fall over.

The short form is in `tests/channels/test_messenger_words.py`. CUSTAGENT_INPUTS says how many; CUSTAGENT_SEED deals other
dice, and is told with what falls over.
"""

from __future__ import annotations

import copy
import json
import os
import random
from typing import Any

from custagent.channels.messenger.words import parse
from custagent.core.channel_event import Unread
from tests.channels.test_messenger_words import BODIES, NOW, PAGES

INPUTS = int(os.environ.get("CUSTAGENT_INPUTS") or 1_000_000)
SEED = int(os.environ.get("CUSTAGENT_SEED") or 0)
KEYS = (
    "message",
    "postback",
    "delivery",
    "mid",
    "mids",
    "text",
    "id",
    "sender",
    "payload",
    "is_echo",
    "is_deleted",
    "",
)
JUNK: tuple[Any, ...] = (
    None, True, False, 0, -1, 10**30, 1.5, float("nan"), "", "\ud800", "\x00", "x" * 5000, "😀", [], {}, [[]], [None], {"a": {}},
    {"mid": "m", "text": "t"}, {"id": "1"}, "custagent:1:1", "http://[", "https://a.example/%ff", -(10**400),
)  # fmt: skip


def test_nothing_falls_over(record):
    chance = random.Random(SEED)
    bodies, refused, brought = list(BODIES.values()), 0, 0
    for number in range(INPUTS):
        body = _bent(chance, chance.choice(bodies)) if number % 3 else _broken(chance, chance.choice(bodies))
        try:
            batch = parse(body, PAGES, now=NOW)
        except ValueError:
            refused += 1
            continue
        except Exception as error:
            raise AssertionError(f"input {number} of seed {SEED}: {body!r}") from error
        for message in batch.messages:
            assert message.text or message.attachments, body
            assert message.external_id, body
            assert message.contact_key, body
            message.text.encode()
        for event in batch.events:
            if isinstance(event, Unread):
                event.content.encode()
        brought += len(batch.messages) + len(batch.updates) + len(batch.events)
    record(f"messenger: {INPUTS:,} bodies bent or broken, {refused:,} refused, {brought:,} things read, none fell over")


def _bent(chance: random.Random, body: bytes) -> bytes:
    sent = json.loads(body)
    for _ in range(chance.randint(1, 4)):
        holder, key = chance.choice(list(_places(sent)) or [({}, "")])
        match chance.randrange(4):
            case 0:
                holder[key] = copy.deepcopy(chance.choice(JUNK))
            case 1 if isinstance(holder, dict):
                holder.pop(key, None)
            case 2 if isinstance(holder, dict) and key in holder:
                holder[chance.choice(KEYS)] = copy.deepcopy(holder[key])
            case _ if key in holder or isinstance(holder, list):
                holder[key] = [copy.deepcopy(holder[key]) for _ in range(chance.randint(0, 3))]
    return json.dumps(sent).encode()


def _broken(chance: random.Random, body: bytes) -> bytes:
    for _ in range(chance.randint(1, 8)):
        place = chance.randrange(len(body))
        change = bytes([chance.randrange(256)]) * chance.randrange(3)
        body = body[:place] + change + body[place + chance.randrange(3) :] or b"{"
    return body


def _places(value: Any) -> Any:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(pairs):
        yield value, key
        yield from _places(inner)
