"""The JSON that Meta sends about a WhatsApp number, as its documentation shows it."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Numbered(Protocol):
    """What an envelope says of the account."""

    @property
    def phone_number_id(self) -> str: ...
    @property
    def display_phone_number(self) -> str: ...
    @property
    def business(self) -> str: ...


def text_item(message: str, phone: str, text: str, name: str = "") -> dict[str, Any]:
    """A contact's text message; the name goes into the envelope beside it."""
    words: dict[str, Any] = {
        "from": phone,
        "id": message,
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": text},
    }
    return words | ({"_name": name} if name else {})


def status_item(reply: str, phone: str, status: str, reference: str) -> dict[str, Any]:
    """What became of a reply of ours."""
    words: dict[str, Any] = {
        "id": reply,
        "status": status,
        "timestamp": str(int(time.time())),
        "recipient_id": phone,
        "biz_opaque_callback_data": reference,
    }
    if status == "failed":
        words["errors"] = [{"code": 131026, "title": "Message undeliverable", "message": "Message undeliverable"}]
    return words


def envelope(
    account: Numbered,
    messages: Sequence[Mapping[str, Any]],
    statuses: Sequence[Mapping[str, Any]],
    chance: random.Random,
) -> dict[str, Any]:
    """One body for all of them: messages and statuses in changes of their own, spread over several entries."""
    changes = [*_spread("messages", messages, chance), *_spread("statuses", statuses, chance)]
    chance.shuffle(changes)
    metadata = {"display_phone_number": account.display_phone_number, "phone_number_id": account.phone_number_id}
    for change in changes:
        change["value"] |= {"messaging_product": "whatsapp", "metadata": metadata}
    cut = chance.randint(0, len(changes))
    entries = [part for part in (changes[:cut], changes[cut:]) if part]
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": account.business, "changes": part} for part in entries],
    }


def as_bytes(body: Mapping[str, Any], *, escaped: bool) -> bytes:
    """As it goes over the wire: with everything but ASCII escaped, slashes too, as Meta writes it, or in plain UTF-8."""
    if escaped:
        return json.dumps(body).replace("/", "\\/").encode()
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def refusal(code: int, message: str) -> dict[str, Any]:
    """Why the Graph API does not do it."""
    told = f"(#{code}) {message}"
    return {"error": {"message": told, "type": "OAuthException", "code": code, "fbtrace_id": "A0"}}


def _spread(kind: str, items: Sequence[Mapping[str, Any]], chance: random.Random) -> list[dict[str, Any]]:
    """Changes that hold the items in their order, one or two."""
    cut = chance.randint(0, len(items))
    changes = []
    for part in (items[:cut], items[cut:]):
        if not part:
            continue
        value: dict[str, Any] = {kind: [{key: one[key] for key in one if key != "_name"} for one in part]}
        if kind == "messages":
            value["contacts"] = [
                {"wa_id": one["from"], "profile": {"name": one.get("_name", one["from"])}} for one in part
            ]
        changes.append({"field": "messages", "value": value})
    return changes
