"""A Facebook page at Meta: the calls of the Graph API that a Messenger channel makes, each with what comes back."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from custagent.channels.http import ask
from custagent.channels.messenger.content import id_in
from custagent.channels.messenger.replies import FAULTS, SUBCODES
from custagent.channels.meta import Graph, first, mapping, mappings, text
from custagent.channels.reception import Surroundings
from custagent.core.channel import MessengerChannel
from custagent.core.errors import ChannelError, SendFault
from custagent.core.ports import MAX_FILE

#: What the page tells the app of.
FIELDS: Final = (
    "messages", "messaging_postbacks", "message_echoes", "message_deliveries", "message_reads", "message_reactions",
    "message_edits", "messaging_handovers", "standby", "messaging_referrals",
)  # fmt: skip
#: Threads of one answer, and the newest messages of each: more than 20 Meta does not show.
_THREADS: Final = 25
_MESSAGES: Final = 20
_THREAD_FIELDS: Final = (
    f"id,updated_time,is_owner,messages.limit({_MESSAGES})"
    "{id,created_time,from,to,message,sticker,shares{link,name},attachments{name,mime_type,size,file_url,image_data,video_data}}"
)
#: Where Meta keeps the files of messages.
_FILES = re.compile(r"(?:[a-z0-9-]+\.)+(?:fbcdn\.net|fbsbx\.com)")
#: Seconds for what only shows something.
_SHORT: Final = 5.0
_GONE: Final = (401, 403, 404, 410)
_TOO_MANY: Final = 429
_SERVER: Final = 500


class MessengerPage:
    """One page, as its channel may use it. Every method raises ChannelError."""

    def __init__(self, channel: MessengerChannel, around: Surroundings) -> None:
        self.channel = channel
        self._secrets = around.secrets
        self._graph = self._speaker(self._token, around)
        #: As the app itself, by its id and secret.
        self._app = self._speaker(lambda: f"{channel.app_id}|{around.secrets(channel.app_secret)[0]}", around)

    def _token(self) -> str:
        return self._secrets(self.channel.access_token)[0]

    def _speaker(self, token: Callable[[], str], around: Surroundings) -> Graph:
        channel = self.channel
        return Graph(
            channel.name,
            base=channel.graph_base_url,
            version=channel.graph_version,
            token=token,
            app_secrets=lambda: around.secrets(channel.app_secret),
            faults=FAULTS,
            subcodes=SUBCODES,
        )

    async def send(self, body: Mapping[str, Any]) -> str:
        """Send one message; its id."""
        told = await self._graph.call("POST", [self.channel.page_id, "messages"], body=body)
        return text(told, "message_id")

    async def show(self, body: Mapping[str, Any]) -> None:
        """Show the contact that the page reads or writes."""
        await self._graph.call("POST", [self.channel.page_id, "messages"], body=body, seconds=_SHORT, unsure=0.0)

    async def about_token(self) -> Mapping[str, Any]:
        """What Meta knows of the access token: `is_valid`, `app_id`, `profile_id`, `scopes`, `expires_at`."""
        told = await self._app.call("GET", ["debug_token"], query={"input_token": self._token()})
        return mapping(told.get("data"))

    async def webhook(self) -> Mapping[str, Any]:
        """How the app's webhook for pages is set up: `callback_url`, `active`; {} where it is not."""
        told = await self._app.call("GET", [self.channel.app_id, "subscriptions"])
        return next((one for one in mappings(told.get("data")) if one.get("object") == "page"), {})

    async def subscriptions(self) -> Mapping[str, Collection[str]]:
        """The apps that hear of what happens on the page, by id, each with the fields that it is told."""
        told = await self._graph.call("GET", [self.channel.page_id, "subscribed_apps"])
        found = {}
        for app in mappings(told.get("data")):
            fields = app.get("subscribed_fields")
            found[id_in(app, "id")] = frozenset(map(str, fields)) if isinstance(fields, list) else frozenset()
        return found

    async def subscribe(self) -> None:
        """Let the app hear of what happens on the page; again is no harm."""
        path, fields = [self.channel.page_id, "subscribed_apps"], {"subscribed_fields": ",".join(FIELDS)}
        await self._graph.call("POST", path, query=fields, unsure=0.0)

    async def threads(self, after: str = "") -> tuple[Sequence[Mapping[str, Any]], str]:
        """Threads with their newest messages, the one with the latest first; and what to ask for more after, "" at the end."""
        query = {"platform": "messenger", "fields": _THREAD_FIELDS, "limit": str(_THREADS)}
        told = await self._graph.call(
            "GET", [self.channel.page_id, "conversations"], query=query | ({"after": after} if after else {})
        )
        paging = mapping(told.get("paging"))
        more = text(paging.get("cursors"), "after") if text(paging, "next") else ""
        return mappings(told.get("data")), more

    async def file(self, address: str) -> bytes:
        """A file of a message, by its address, from where Meta keeps files and from nowhere else."""
        name = self.channel.name
        if not self._is_metas(address):
            raise ChannelError(f"{name}: the file is not where Meta keeps files", fault=SendFault.PERMANENT)
        answer = await ask("GET", address, headers={}, most=MAX_FILE)
        if answer.ok:
            return answer.body
        told = f"{name}: the file cannot be fetched (HTTP {answer.status})"
        if answer.status in _GONE:
            raise ChannelError(f"{told}: Meta keeps it for a while only", fault=SendFault.PERMANENT)
        passes = answer.status == _TOO_MANY or answer.status >= _SERVER
        raise ChannelError(
            told, fault=SendFault.RETRY if passes else SendFault.PERMANENT, retry_after=answer.retry_after
        )

    def _is_metas(self, address: str) -> bool:
        try:
            parts, base = urlsplit(address), urlsplit(self.channel.graph_base_url)
            if parts.username is not None or parts.password is not None:
                return False
            if (parts.scheme, parts.hostname, parts.port) == (base.scheme, base.hostname, base.port):
                return True
            return (
                parts.scheme == "https" and parts.port in (None, 443) and bool(_FILES.fullmatch(parts.hostname or ""))
            )
        except ValueError:
            return False


def file_of(attachment: Mapping[str, Any]) -> tuple[str, str, str]:
    """Name, media type and address of a file as the Conversations API tells it; "" for each that it does not."""
    image, video = mapping(attachment.get("image_data")), mapping(attachment.get("video_data"))
    address = text(attachment, "file_url") or text(image, "url") or text(video, "url")
    return text(attachment, "name"), text(attachment, "mime_type"), address


def link_of(message: Mapping[str, Any]) -> str:
    """The page that a message of the Conversations API shares."""
    shared = first(mapping(message.get("shares")).get("data"))
    return text(shared, "link")
