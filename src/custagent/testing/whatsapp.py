"""What Meta takes on WhatsApp and what it refuses, with its codes: the strict half of `FakeMeta` (channels sheet, §1.5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from custagent.testing.meta_words import BSUID, refusal

#: Bad parameters: one that is missing, one whose value does not fit, any other.
_MISSING: Final = 131008
_VALUE: Final = 131009
_INVALID: Final = 100
_PHONE: Final = re.compile(r"\+?[0-9]{2,20}")
#: What a post may have; Meta refuses what it does not know.
_KEYS: Final = frozenset({
    "messaging_product", "recipient_type", "to", "recipient", "type", "text", "interactive", "reaction", "context",
    "biz_opaque_callback_data", "status", "message_id", "typing_indicator", "image", "document", "audio", "video",
})  # fmt: skip


class Refused(ValueError):
    """Meta does not take it: its code, and why."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code

    @property
    def words(self) -> dict[str, Any]:
        """The body of the answer."""
        return refusal(self.code, str(self))


def check_mark(sent: Mapping[str, Any], inbound: set[str]) -> None:
    """Raises Refused for a mark of reading that Meta does not take: only messages that came can be read."""
    if sent.get("messaging_product") != "whatsapp":
        raise Refused(_INVALID, "The parameter messaging_product is required.")
    if sent.get("status") != "read":
        raise Refused(_INVALID, "Param status must be one of {READ}")
    if sent.get("message_id") not in inbound:
        raise Refused(_INVALID, "Invalid parameter: message_id")
    if "typing_indicator" in sent and sent["typing_indicator"] != {"type": "text"}:
        raise Refused(_INVALID, "Invalid parameter: typing_indicator")


def check_message(sent: Mapping[str, Any]) -> str:
    """Whom the message is for. Raises Refused for one that Meta does not take."""
    if sent.get("messaging_product") != "whatsapp":
        raise Refused(_INVALID, "The parameter messaging_product is required.")
    if unknown := sorted(set(sent) - _KEYS):
        raise Refused(_INVALID, f"Unexpected key {unknown[0]!r} on param")
    if sent.get("recipient_type", "individual") != "individual":
        raise Refused(_INVALID, "Invalid parameter: recipient_type")
    contact = _recipient(sent)
    _text_of(sent, "biz_opaque_callback_data", 512, needed=False)
    if "context" in sent:
        _text_of(_mapping(sent, "context"), "message_id", 512)
    match sent.get("type", "text"):
        case "text":
            _text_of(_mapping(sent, "text"), "body", 4096)
        case "interactive":
            _check_interactive(_mapping(sent, "interactive"))
        case "reaction":
            _text_of(_mapping(sent, "reaction"), "message_id", 512)
        case "image" | "document" | "audio" | "video" as kind:
            media = _mapping(sent, kind)
            if not (media.get("id") or media.get("link")):
                raise Refused(_MISSING, f"({kind}) id or link is required")
            _text_of(media, "caption", 1024, needed=False)
        case other:
            raise Refused(_INVALID, f"Param type must be one of the known, not {other!r}")
    return contact


def text_of(sent: Mapping[str, Any]) -> str:
    """What the contact reads of a message that was taken."""
    if sent.get("type") == "interactive":
        return str(sent["interactive"]["body"]["text"])
    return str(sent["text"]["body"]) if "text" in sent else ""


def choices_of(sent: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What the contact may press below a message: what comes back of each, as `interactive`."""
    action = sent.get("interactive", {}).get("action", {})
    for button in action.get("buttons", ()):
        yield {"type": "button_reply", "button_reply": button["reply"]}
    for section in action.get("sections", ()):
        for row in section["rows"]:
            yield {"type": "list_reply", "list_reply": row}


def _recipient(sent: Mapping[str, Any]) -> str:
    to, recipient = sent.get("to"), sent.get("recipient")
    if to is not None:
        if not isinstance(to, str) or not _PHONE.fullmatch(to):
            raise Refused(_VALUE, "Parameter value is not valid: to")
        return to.removeprefix("+")
    if recipient is None:
        raise Refused(_MISSING, "Required parameter is missing: to")
    if not isinstance(recipient, str) or not BSUID.fullmatch(recipient):
        raise Refused(_VALUE, "Parameter value is not valid: recipient")
    return recipient


def _check_interactive(told: Mapping[str, Any]) -> None:
    kind, action = told.get("type"), _mapping(told, "action")
    if "header" in told:
        _text_of(_mapping(told, "header"), "text", 60, needed=False)
    if "footer" in told:
        _text_of(_mapping(told, "footer"), "text", 60)
    if kind == "button":
        _text_of(_mapping(told, "body"), "text", 1024)
        buttons = _list(action, "buttons", 3)
        replies = [_mapping(button, "reply") for button in buttons]
        if any(button.get("type") != "reply" for button in buttons):
            raise Refused(_INVALID, "Invalid button type")
        _check_choices(replies, title=20, longest_id=256)
    elif kind == "list":
        _text_of(_mapping(told, "body"), "text", 4096)
        _text_of(action, "button", 20)
        sections = _list(action, "sections", 10)
        for section in sections:
            _text_of(section, "title", 24, needed=len(sections) > 1)
        rows = [row for section in sections for row in _list(section, "rows", 10)]
        if len(rows) > 10:  # noqa: PLR2004 - over all sections
            raise Refused(_INVALID, "Total row count exceed max allowed count: 10")
        _check_choices(rows, title=24, longest_id=200)
        for row in rows:
            _text_of(row, "description", 72, needed=False)
    else:
        raise Refused(_INVALID, f"Invalid interactive type {kind!r}")


def _check_choices(choices: Sequence[Mapping[str, Any]], *, title: int, longest_id: int) -> None:
    for choice in choices:
        _text_of(choice, "title", title)
        _text_of(choice, "id", longest_id)
    for key in ("title", "id"):
        if len({choice[key] for choice in choices}) < len(choices):
            raise Refused(_INVALID, f"Duplicated {key} is not allowed")


def _mapping(holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = holder.get(key)
    if not isinstance(value, dict):
        raise Refused(_MISSING, f"Required parameter is missing: {key}")
    return value


def _list(holder: Mapping[str, Any], key: str, most: int) -> list[Mapping[str, Any]]:
    value = holder.get(key)
    if not isinstance(value, list) or not value or not all(isinstance(one, dict) for one in value):
        raise Refused(_MISSING, f"Required parameter is missing: {key}")
    if len(value) > most:
        raise Refused(_INVALID, f"Invalid {key} count. Min allowed: 1, max allowed: {most}")
    return value


def _text_of(holder: Mapping[str, Any], key: str, longest: int, *, needed: bool = True) -> None:
    value = holder.get(key)
    if value is None and not needed:
        return
    if not isinstance(value, str) or not value.strip():
        raise Refused(_MISSING if value is None else _INVALID, f"The parameter {key} is required.")
    # Meta does not say how it counts; counted so, nothing that it may refuse passes.
    if len(value) + sum(ord(one) > 0xFFFF for one in value) > longest:  # noqa: PLR2004 - the last that is one in UTF-16
        raise Refused(_INVALID, f"Param {key} must be at most {longest} characters long.")
