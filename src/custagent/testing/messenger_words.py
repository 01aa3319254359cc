"""The JSON that Meta sends about a Facebook page, as its documentation shows it, and what it refuses to send."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, Final

from custagent.testing.meta_transport import Item

#: The page's own inbox is an app too.
PAGE_INBOX: Final = 263902037430900
_LONGEST: Final = {"text": 2000, "metadata": 1000, "title": 20, "payload": 1000}
_MOST_QUICK_REPLIES: Final = 13
_AT_TOP: Final = frozenset({
    "recipient", "messaging_type", "tag", "message", "sender_action", "notification_type", "persona_id", "reply_to",
    "thread_control",
})  # fmt: skip
_IN_MESSAGE: Final = frozenset({"text", "metadata", "quick_replies", "attachment", "attachments"})
_ACTIONS: Final = frozenset({"typing_on", "typing_off", "mark_seen", "react", "unreact"})
_TYPES: Final = frozenset({"RESPONSE", "UPDATE", "MESSAGE_TAG"})
#: The other tags were taken away on 2026-04-27.
_TAGS: Final = frozenset({"HUMAN_AGENT"})


def event(psid: str, page: str, at: int, *, by_page: bool = False, **what: Any) -> dict[str, Any]:
    """One event between a contact and the page, at a moment in milliseconds."""
    sender, recipient = (page, psid) if by_page else (psid, page)
    return {"sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": at, **what}


def envelope(page: str, at: int, items: Sequence[Item], chance: random.Random) -> dict[str, Any]:
    """One body for all of them, spread over one or two entries; an entry's `standby` is for what is another app's."""
    cut = chance.randint(0, len(items))
    entries = []
    for part in (items[:cut], items[cut:]):
        entry: dict[str, Any] = {"id": page, "time": at}
        for kind in ("messaging", "standby"):
            if events := [item.words for item in part if item.kind == kind]:
                entry[kind] = events
        if part:
            entries.append(entry)
    return {"object": "page", "entry": entries}


def refusal(code: int, message: str, subcode: int | None = None) -> dict[str, Any]:
    """Why the Graph API does not do it."""
    told: dict[str, Any] = {"message": f"(#{code}) {message}", "type": "OAuthException", "code": code}
    return {"error": told | ({"error_subcode": subcode} if subcode else {}) | {"fbtrace_id": "A0"}}


def wrong_body(body: object) -> str:
    """What Meta finds wrong with the form of a body for `messages`; "" for nothing."""
    if not isinstance(body, dict):
        return "The parameter recipient is required"
    recipient, message, action = body.get("recipient"), body.get("message"), body.get("sender_action")
    if unknown := sorted(set(body) - _AT_TOP):
        return f"Unknown parameter {unknown[0]}"
    if not isinstance(recipient, dict) or not isinstance(recipient.get("id"), str) or not recipient["id"]:
        return "param recipient must be non-empty."
    if (message is None) == (action is None):
        return "Exactly one of message and sender_action must be set"
    if action is not None:
        return _wrong_action(body, action)
    return _wrong_manner(body) or _wrong_message(message)


def _wrong_action(body: Mapping[str, Any], action: object) -> str:
    if action not in _ACTIONS:
        return "Param sender_action is not one of the known actions"
    return "" if set(body) <= {"recipient", "sender_action", "persona_id"} else "sender_action stands alone"


def _wrong_manner(body: Mapping[str, Any]) -> str:
    manner, tag = body.get("messaging_type"), body.get("tag")
    if manner not in _TYPES:
        return "Param messaging_type must be one of RESPONSE, UPDATE, MESSAGE_TAG"
    if (manner == "MESSAGE_TAG") != (tag is not None):
        return "A tag goes with messaging_type MESSAGE_TAG, and only with it"
    if tag is not None and tag not in _TAGS:
        return "The tag is not available any more"
    quoted = body.get("reply_to")
    if quoted is not None and not (isinstance(quoted, dict) and isinstance(quoted.get("mid"), str)):
        return "Param reply_to must have a mid"
    return ""


def _wrong_message(message: object) -> str:
    if not isinstance(message, dict):
        return "Param message must be an object"
    if unknown := sorted(set(message) - _IN_MESSAGE):
        return f"Unknown parameter message[{unknown[0]}]"
    text, files = message.get("text"), message.get("attachment") or message.get("attachments")
    if (text is None) == (files is None):
        return "The message must have text or an attachment"
    if text is not None and (wrong := _wrong_text("message[text]", text, _LONGEST["text"])):
        return wrong
    if "metadata" in message and (wrong := _wrong_text("metadata", message["metadata"], _LONGEST["metadata"])):
        return wrong
    return _wrong_buttons(message["quick_replies"]) if "quick_replies" in message else ""


def _wrong_buttons(buttons: object) -> str:
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= _MOST_QUICK_REPLIES:
        return f"Param message[quick_replies] has too many elements. It must have at most {_MOST_QUICK_REPLIES}"
    for button in buttons:
        if not isinstance(button, dict) or button.get("content_type") not in {
            "text",
            "user_phone_number",
            "user_email",
        }:
            return "Param content_type of a quick reply must be text, user_phone_number or user_email"
        if button["content_type"] != "text":
            continue
        for key in ("title", "payload"):
            if wrong := _wrong_text(f"quick_replies[{key}]", button.get(key), _LONGEST[key]):
                return wrong
    return ""


def _wrong_text(name: str, value: object, longest: int) -> str:
    if not isinstance(value, str) or not value.strip():
        return f"Param {name} must be a non-empty UTF-8 encoded string"
    if len(value.encode("utf-16-le")) // 2 > longest:
        return f"Length of param {name} must be less than or equal to {longest}"
    return ""
