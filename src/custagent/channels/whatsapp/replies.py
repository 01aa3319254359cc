"""A reply in WhatsApp's words (channels sheet, §1.5): text in pieces, buttons or a list for what is asked back. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from custagent.channels.pieces import length, pieces, shortened
from custagent.channels.sources import with_sources
from custagent.core.message import OutboundMessage
from custagent.locales import nearest

#: Meta's longest texts.
LONGEST_TEXT: Final = 4096
LONGEST_BUTTONS_BODY: Final = 1024
LONGEST_BUTTON: Final = 20
LONGEST_ROW: Final = 24
LONGEST_DESCRIPTION: Final = 72
#: Meta's most choices.
MOST_BUTTONS: Final = 3
MOST_ROWS: Final = 10
#: Meta's id of a person for one business, or for a group of them: two letters of the country come first.
_BSUID: Final = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")


def posts(outbound: OutboundMessage) -> tuple[dict[str, Any], ...]:
    """The body of each post that the reply takes, in order; always the same for the same reply. () for one without text."""
    options = _options(outbound.message.options)
    said = with_sources(outbound.message)
    asked = _without_options(said, options)
    parts = pieces(asked, LONGEST_TEXT)
    choice = _choice(parts[-1], options, outbound) if parts and options else None
    if options and choice is None:
        listed = "\n".join(f"{number}. {option}" for number, option in enumerate(options, 1))
        parts = pieces(f"{asked}\n{listed}", LONGEST_TEXT)
    contents = [_text(part) for part in parts]
    if choice is not None:
        contents[-1] = choice
    replied = outbound.replied_to
    if contents and replied is not None and replied.newer:
        # The contact has gone on meanwhile, and could take it for an answer to that.
        contents[0] |= {"context": {"message_id": replied.external_id}}
    last = len(contents) - 1
    return tuple(_post(outbound, number, content, last=number == last) for number, content in enumerate(contents))


def recipient(contact_key: str) -> dict[str, str]:
    """Who it is for: Meta takes a number and an id under different names."""
    return {"recipient": contact_key} if _BSUID.fullmatch(contact_key) else {"to": contact_key}


def _post(outbound: OutboundMessage, number: int, content: Mapping[str, Any], *, last: bool) -> dict[str, Any]:
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **recipient(outbound.contact_key),
        **content,
        # Comes back with everything that is told of the post; the plus says that more posts follow.
        "biz_opaque_callback_data": f"{outbound.id}:{number}" + ("" if last else "+"),
    }


def _text(said: str) -> dict[str, Any]:
    return {"type": "text", "text": {"body": said, "preview_url": False}}


def _options(options: Sequence[str]) -> tuple[str, ...]:
    """Each on one line, none twice: Meta refuses what cannot be told apart."""
    return tuple(dict.fromkeys(line for option in options if (line := " ".join(option.split()))))


def _without_options(said: str, options: Sequence[str]) -> str:
    """The text without the lines at its end that list the options: they are offered below it."""
    lines = said.rstrip().split("\n")
    while len(lines) > 1 and options and " ".join(lines[-1].removeprefix("- ").split()) in options:
        lines.pop()
    asked = "\n".join(lines).rstrip()
    return asked or said


def _choice(body: str, options: Sequence[str], outbound: OutboundMessage) -> dict[str, Any] | None:
    """The options as buttons, or as a list; None where they are too many or too long for both."""
    ids = [f"{outbound.id}:{number}" for number in range(1, len(options) + 1)]
    fit_buttons = all(length(option) <= LONGEST_BUTTON for option in options)
    if len(options) <= MOST_BUTTONS and fit_buttons and length(body) <= LONGEST_BUTTONS_BODY:
        buttons = [
            {"type": "reply", "reply": {"id": one, "title": option}} for one, option in zip(ids, options, strict=True)
        ]
        return _interactive("button", body, {"buttons": buttons})
    titles = [shortened(option, LONGEST_ROW) for option in options]
    fit_rows = all(length(option) <= LONGEST_DESCRIPTION for option in options) and len(set(titles)) == len(titles)
    if len(options) > MOST_ROWS or not fit_rows:
        return None
    rows = [
        {"id": one, "title": title} | ({"description": option} if title != option else {})
        for one, title, option in zip(ids, titles, options, strict=True)
    ]
    label = nearest(outbound.message.language).compose["choose"]
    return _interactive("list", body, {"button": label, "sections": [{"title": label, "rows": rows}]})


def _interactive(kind: str, body: str, action: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "interactive", "interactive": {"type": kind, "body": {"text": body}, "action": action}}
