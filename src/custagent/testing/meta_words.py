"""The JSON that Meta sends about a WhatsApp number, as its documentation shows it."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

#: Meta's id of a person for one business.
BSUID: Final = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")


class Numbered(Protocol):
    """What an envelope says of the account."""

    @property
    def phone_number_id(self) -> str: ...
    @property
    def display_phone_number(self) -> str: ...
    @property
    def business(self) -> str: ...


def bsuid_of(contact: str) -> str:
    """The id that Meta knows a contact by who is known by a number; of an id, the id."""
    return contact if BSUID.fullmatch(contact) else f"SE.{contact}"


def item_from(message: str, contact: str, words: Mapping[str, Any], name: str = "") -> dict[str, Any]:
    """A contact's message of any type: `words` say which. The name goes into the envelope beside it."""
    whose = {"from_user_id": bsuid_of(contact)}
    if contact != whose["from_user_id"]:
        whose = {"from": contact, **whose}
    item: dict[str, Any] = {**whose, "id": message, "timestamp": str(int(time.time())), **words}
    return item | ({"_name": name} if name else {})


def text_item(message: str, contact: str, text: str, name: str = "") -> dict[str, Any]:
    """A contact's text message."""
    return item_from(message, contact, {"type": "text", "text": {"body": text}}, name)


def echo_item(message: str, number: str, contact: str, text: str) -> dict[str, Any]:
    """What somebody of the company wrote to a contact in the WhatsApp Business app."""
    whom = {"to_user_id": bsuid_of(contact)}
    if contact != whom["to_user_id"]:
        whom = {"to": contact, **whom}
    when = {"id": message, "timestamp": str(int(time.time()))}
    return {"from": number, **whom, **when, "type": "text", "text": {"body": text}}


def status_item(reply: str, contact: str, status: str, reference: str) -> dict[str, Any]:
    """What became of a reply of ours: one that was sent to an id names no number."""
    words: dict[str, Any] = {"id": reply, "status": status, "timestamp": str(int(time.time()))}
    by_id = BSUID.fullmatch(contact) is not None
    if not by_id:
        words["recipient_id"] = contact
    if by_id or status != "failed":
        words["recipient_user_id"] = bsuid_of(contact)
    if reference:
        words["biz_opaque_callback_data"] = reference
    if status == "failed":
        words["errors"] = [{"code": 131026, "title": "Message undeliverable", "message": "Message undeliverable"}]
    return words


def envelope(
    account: Numbered,
    messages: Sequence[Mapping[str, Any]],
    statuses: Sequence[Mapping[str, Any]],
    chance: random.Random,
    echoes: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """One body for all of them: each kind in changes of its own, spread over several entries."""
    kinds = {"messages": messages, "statuses": statuses, "message_echoes": echoes}
    changes = [change for kind, items in kinds.items() for change in _spread(kind, items, chance)]
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


def refusal(code: int, message: str, *, subcode: int | None = None) -> dict[str, Any]:
    """Why the Graph API does not do it."""
    error = {"message": f"(#{code}) {message}", "type": "OAuthException", "code": code, "fbtrace_id": "A0"}
    return {"error": error | ({"error_subcode": subcode} if subcode is not None else {})}


def _spread(kind: str, items: Sequence[Mapping[str, Any]], chance: random.Random) -> list[dict[str, Any]]:
    """Changes that hold the items in their order, one or two."""
    cut = chance.randint(0, len(items))
    changes = []
    for part in (items[:cut], items[cut:]):
        if not part:
            continue
        value: dict[str, Any] = {kind: [{key: one[key] for key in one if key != "_name"} for one in part]}
        # News of what failed comes without the contact.
        if contacts := [_contact(one) for one in part if one.get("status") != "failed"]:
            value["contacts"] = contacts
        changes.append({"field": "smb_message_echoes" if kind == "message_echoes" else "messages", "value": value})
    return changes


def _contact(item: Mapping[str, Any]) -> dict[str, Any]:
    """The entry beside a message."""
    number = item.get("to") or item.get("recipient_id") or item.get("from")
    known: dict[str, Any] = {"profile": {"name": item.get("_name", number or "somebody")}}
    if number:
        known["wa_id"] = number
    return known | {
        "user_id": item.get("to_user_id")
        or item.get("recipient_user_id")
        or item.get("from_user_id")
        or bsuid_of(str(number))
    }
