"""Files in the live chat: sent by visitors, and brought back to them; nobody else gets them, and no browser opens one."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from custagent.channels.live_chat.calls import receive
from custagent.channels.live_chat.chat import Files, LiveChat, Refusal, parse_file
from custagent.channels.live_chat.files import MAX_FILE, MAX_HEAD, MEDIA_TYPE
from custagent.channels.live_chat.replies import (
    Around,
    address_of,
    body_of,
    number,
    too_many,
    visitor_of,
    writer_of,
)
from custagent.core.message import InboundMessage

#: Seconds that a file may take to arrive.
_TIMEOUT = 120.0


async def upload(request: Request, chat: LiveChat, around: Around) -> Response | Refusal:
    """Take a message with a file, as `messages` takes a text."""
    visitor = writer_of(request, chat, around)
    if isinstance(visitor, Refusal):
        return visitor
    if chat.files is None:
        return Refusal(status=404, code="no-files", message="This chat takes no files.")
    if wait := around.limiter.file(visitor.key, address_of(request)):
        return too_many(wait)
    body = await body_of(request, _TIMEOUT, media_type=MEDIA_TYPE, at_most=MAX_FILE + MAX_HEAD)
    if isinstance(body, Refusal):
        return body
    parsed = parse_file(body, channel=chat.name, contact_key=visitor.key, now=around.clock.now())
    inbound = parsed if isinstance(parsed, Refusal) else await _kept(*parsed, chat.files)
    return inbound if isinstance(inbound, Refusal) else await receive(inbound, body[:MAX_HEAD], visitor, chat, around)


async def _kept(inbound: InboundMessage, content: bytes, files: Files) -> InboundMessage | Refusal:
    """The message with its file as it is kept."""
    [described] = inbound.attachments
    kept = await files.keep(content, described.name, described.media_type)
    if kept.error:
        return Refusal(status=415, code="file-kind", message=kept.error)
    return replace(inbound, attachments=(kept,))


async def download(request: Request, chat: LiveChat, around: Around) -> Response | Refusal:
    """A file of one of the visitor's messages, for saving: no page of ours, whatever is in it."""
    visitor = visitor_of(request, chat, around)
    if isinstance(visitor, Refusal):
        return visitor
    if wait := around.limiter.request(address_of(request)):
        return too_many(wait)
    message, place = number(request.path_params["message"]), number(request.path_params["number"])
    gone = Refusal(status=404, code="no-file", message="There is no such file in your conversation.")
    if chat.files is None or message == 0:
        return gone
    found = next((one for one in await chat.messages_after(visitor.key, message - 1) if one.id == message), None)
    if found is None or place >= len(found.attachments):
        return gone
    attachment = found.attachments[place]
    content = await chat.files.content(attachment) if attachment.hash else None
    if content is None:
        return gone
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(attachment.name, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return Response(content, media_type="application/octet-stream", headers=headers)
