"""What a WhatsApp message of any type says, as text and files (channels sheet, §1.3)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from custagent.channels.meta import mapping, mappings, text
from custagent.channels.plain import plain_text
from custagent.core.message import Attachment

#: Types that nobody expects an answer to.
_NOT_ANSWERED: Final = frozenset({"reaction", "request_welcome", "ephemeral_setting", "pin_message"})
_MEDIA: Final = frozenset({"image", "video", "audio", "document", "sticker"})
_MEDIA_ID: Final = re.compile(r"[A-Za-z0-9_.=-]{1,200}")
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}")
_ELLIPSIS: Final = "…"
_LONGEST_NAME: Final = 200
#: Why a message that its own provider cannot read is not here.
_NOT_HANDED_OVER: Final = "WhatsApp does not hand over messages of this kind."


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a message says."""

    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    #: Why people must read it, see `InboundMessage.for_people`.
    for_people: str = ""


def content_of(item: Mapping[str, Any]) -> Content | str | None:
    """What it says; the name of its type where that is left aside on purpose; None where it cannot be read."""
    kind = text(item, "type")
    if kind in _NOT_ANSWERED:
        return kind
    if kind in _MEDIA:
        return _media(kind, item)
    if kind == "unsupported":
        return _unsupported(text(item.get("unsupported"), "type") or kind)
    read = _TYPES.get(kind)
    return read(item) if read else None


def _text(item: Mapping[str, Any]) -> Content | None:
    said = plain_text(text(item.get("text"), "body"))
    return Content(text=said) if said else None


def _media(kind: str, item: Mapping[str, Any]) -> Content | None:
    media = item.get(kind)
    if not isinstance(media, dict):
        return None
    reference = text(media, "id")
    media_type = text(media, "mime_type").split(";")[0].strip().lower()
    name = plain_text(text(media, "filename"))[:_LONGEST_NAME]
    known = _MEDIA_ID.fullmatch(reference) is not None
    attachment = Attachment(
        name=name or ("voice" if media.get("voice") is True else kind),
        media_type=media_type if _MEDIA_TYPE.fullmatch(media_type) else "",
        reference=reference if known else "",
        error="" if known else "WhatsApp did not say where it is.",
    )
    return Content(text=plain_text(text(media, "caption")), attachments=(attachment,))


def _unsupported(kind: str) -> Content:
    return Content(attachments=(Attachment(name=plain_text(kind)[:_LONGEST_NAME], error=_NOT_HANDED_OVER),))


def _location(item: Mapping[str, Any]) -> Content | None:
    told = mapping(item.get("location"))
    place = [told.get("latitude"), told.get("longitude")]
    numbers = [f"{one}" for one in place if isinstance(one, int | float) and not isinstance(one, bool)]
    where = ", ".join(numbers) if len(numbers) == len(place) else ""
    lines = [plain_text(text(told, key)) for key in ("name", "address")]
    return _lines([*lines, where, plain_text(text(told, "url"))])


def _contacts(item: Mapping[str, Any]) -> Content | None:
    lines = []
    for card in mappings(item.get("contacts")):
        numbers = [text(one, "phone") or text(one, "wa_id") for one in mappings(card.get("phones"))]
        addresses = [text(one, "email") for one in mappings(card.get("emails"))]
        parts = [text(card.get("name"), "formatted_name"), *numbers, *addresses]
        lines.append(", ".join(plain for one in parts if (plain := plain_text(one))))
    return _lines(lines)


def _button(item: Mapping[str, Any]) -> Content | None:
    pressed = item.get("button")
    return _lines([plain_text(text(pressed, "text") or text(pressed, "payload"))])


def _interactive(item: Mapping[str, Any]) -> Content | str | None:
    told = item.get("interactive")
    if not isinstance(told, dict):
        # Meta tells so in `errors` beside it.
        return _unsupported("interactive")
    match text(told, "type"):
        case "button_reply":
            return _lines([plain_text(text(told.get("button_reply"), "title"))])
        case "list_reply":
            return _lines([_chosen(mapping(told.get("list_reply")))])
        case "nfm_reply":
            return _form(mapping(told.get("nfm_reply")))
        case "call_permission_reply":
            return "call_permission_reply"
    return None


def _chosen(row: Mapping[str, Any]) -> str:
    """What was chosen from a list: where the title is only its beginning, the description has the whole."""
    title, description = plain_text(text(row, "title")), plain_text(text(row, "description"))
    beginning = title.removesuffix(_ELLIPSIS)
    return description if beginning != title and description.startswith(beginning) else title


def _form(told: Mapping[str, Any]) -> Content:
    """A form that was filled in: each field with its value."""
    try:
        fields = mapping(json.loads(text(told, "response_json")))
    except (ValueError, RecursionError):
        fields = {}
    lines = [
        f"{plain_text(str(key))}: {plain_text(value if isinstance(value, str) else json.dumps(value))}"
        for key, value in fields.items()
        if key != "flow_token"
    ]
    said = "\n".join(lines) or plain_text(text(told, "body"))
    return Content(text=said, for_people="a form was filled in") if said else _unsupported("form")


def _order(item: Mapping[str, Any]) -> Content | None:
    told = mapping(item.get("order"))
    lines = []
    for product in mappings(told.get("product_items")):
        name, count = plain_text(text(product, "product_retailer_id")), product.get("quantity")
        lines.append(f"{count} x {name}" if isinstance(count, int | float) and name else name)
    found = _lines([*lines, plain_text(text(told, "text"))])
    return Content(text=found.text, for_people="an order") if found else None


def _lines(lines: list[str]) -> Content | None:
    """Those of them that say something; None when none does."""
    said = "\n".join(line for line in lines if line)
    return Content(text=said) if said else None


_TYPES: Final[Mapping[str, Callable[[Mapping[str, Any]], Content | str | None]]] = {
    "text": _text,
    "location": _location,
    "contacts": _contacts,
    "button": _button,
    "interactive": _interactive,
    "order": _order,
}
