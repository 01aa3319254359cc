"""WhatsApp for tests, as Meta serves it: strict with what it is given, and forgetful of nothing.

It brings contacts' messages to the webhook (`MetaTransport` says how), takes replies as the Graph API does, remembers each in
the order in which it took it, and tells what became of them by webhooks of their own. What it remembers is the oracle of
a test: whatever happened to the runner, it knows which messages were acknowledged and which replies came.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from custagent.testing.meta_transport import PATIENCE, Fault, Habits, Item, MetaTransport, said
from custagent.testing.meta_words import bsuid_of, echo_item, envelope, item_from, refusal, status_item, text_item
from custagent.testing.whatsapp import Refused, check_mark, check_message, choices_of, text_of
from custagent.testing.wire import Exchange, written

__all__ = ["PATIENCE", "Account", "FakeMeta", "Fault", "Habits", "Reply"]

WEBHOOK_PATH: Final = "/webhooks/whatsapp"
_VERSION: Final = re.compile(r"v[0-9]{1,3}\.[0-9]{1,2}")
_FILES: Final = "files"
_UNKNOWN: Final = refusal(33, "Unsupported request. Object does not exist or cannot be loaded")
#: What is answered where nothing is taken: HTTP status, code, why.
_REFUSALS: Final[Mapping[Fault | None, tuple[int, int, str]]] = {
    Fault.FAIL: (500, 131000, "Something went wrong"),
    Fault.SLOW_DOWN: (429, 130429, "Rate limit hit"),
    Fault.REFUSE: (400, 131026, "Message undeliverable"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What the provider and the workspace agree on. The names are those of the variables in `environment`."""

    phone_number_id: str = "106540352242922"
    display_phone_number: str = "15550783881"
    business: str = "102290129340398"
    access_token: str = "EAA-for-tests-only"  # noqa: S105 - it opens nothing
    app_secret: str = "app-secret-for-tests-only"  # noqa: S105 - it signs nothing but tests
    verify_token: str = "verify-token-for-tests-only"  # noqa: S105 - see above

    def channel(self, name: str, base: str = "http://127.0.0.1:9") -> str:
        """The channel as an item of `channels:` in custagent.yaml; `FakeMeta.environment` has its variables.

        `base` is the provider's address, unless told otherwise one where nobody is.
        """
        return (
            f"  - name: {name}\n    kind: whatsapp\n    phone_number_id: '{self.phone_number_id}'\n"
            f"    business_account_id: '{self.business}'\n"
            "    access_token: ${WHATSAPP_TOKEN}\n    app_secret: ${WHATSAPP_SECRET}\n"
            f"    verify_token: ${{WHATSAPP_VERIFY}}\n    graph_base_url: {base}\n"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A reply, or a piece of one, that the provider took."""

    #: Whom it was for.
    to: str
    text: str
    #: The provider's id of it.
    id: str
    #: The id in our outbox that was sent along: the same for a reply that is sent again.
    reference: str
    #: Which piece of the reply, as it was sent along.
    part: str
    #: Who sent it: the User-Agent header.
    sender: str
    #: All that was sent.
    body: Mapping[str, Any]


@dataclass(slots=True)
class _Memory:
    """What the provider remembers of the number."""

    replies: list[Reply] = field(default_factory=list)
    by_contact: dict[str, list[Reply]] = field(default_factory=dict)
    #: Ids of the messages that contacts wrote, those that were marked as read, and those where somebody was seen typing.
    inbound: set[str] = field(default_factory=set)
    read: list[str] = field(default_factory=list)
    typing: list[str] = field(default_factory=list)
    #: Contacts who wrote within a day.
    open: set[str] = field(default_factory=set)
    #: By id: (content, type) of the files that came with messages; and how often each was asked for.
    files: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    #: By id: what is told of a file that is not so.
    wrong: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    #: How many addresses of files have died already when they are used.
    dead: int = 0
    #: How often the app was subscribed.
    subscribed: int = 0
    #: Answers to the next messages.
    refusals: deque[bytes] = field(default_factory=deque)


class FakeMeta(MetaTransport):
    """The provider. Use it as `with FakeMeta() as meta`, start the runner with `meta.environment`, tell it `reach`."""

    def __init__(self, *, account: Account | None = None, habits: Habits | None = None, seed: int = 0) -> None:
        self.account = account or Account()
        super().__init__(app_secret=self.account.app_secret, habits=habits, seed=seed)
        self._numbers = count(1)
        self._memory = _Memory()

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that the runner is started with."""
        return {
            "WHATSAPP_TOKEN": self.account.access_token,
            "WHATSAPP_SECRET": self.account.app_secret,
            "WHATSAPP_VERIFY": self.account.verify_token,
        }

    def channel(self, name: str) -> str:
        """`Account.channel`, at this provider."""
        return self.account.channel(name, self.address)

    # What the test does.

    def reach(self, runner: str) -> None:
        """Post to the runner at this address from now on."""
        self.come_to(f"{runner}{WEBHOOK_PATH}")

    def verify(self, token: str | None = None) -> tuple[int, bytes]:
        """Ask whether the webhook is the account's, as when its address is saved: the status and what was said."""
        return self.ask_to_come(self.account.verify_token if token is None else token)

    def refuse(self, status: int, code: int, why: str, *, transient: bool = False, retry_after: int = 0) -> None:
        """The next message that it is given is refused so."""
        words = refusal(code, why)
        words["error"] |= {"is_transient": True} if transient else {}
        self._memory.refusals.append(said(status, words, {"Retry-After": str(retry_after)} if retry_after else None))

    def write(self, contact: str, text: str, *, name: str = "") -> str:
        """A contact writes, known by a number or by an id; the message's id. It is delivered until it is acknowledged."""
        return self._written(contact, lambda message: text_item(message, contact, text, name))

    def say(self, contact: str, words: Mapping[str, Any], *, name: str = "") -> str:
        """A contact sends something of another type: `words` are the type and what belongs to it."""
        return self._written(contact, lambda message: item_from(message, contact, words, name))

    def echo(self, contact: str, text: str) -> str:
        """Somebody of the company answers the contact in the WhatsApp Business app; the message's id."""
        message = f"wamid.E{next(self._numbers):08}"
        words = echo_item(message, self.account.display_phone_number, contact, text)
        self.bring(Item(kind="echoes", words=words, id=message))
        return message

    def press(self, reply: Reply, title: str) -> str:
        """The contact presses the button, or chooses the row, that has this title."""
        for choice in choices_of(reply.body):
            if choice[choice["type"]]["title"] == title:
                words = {"type": "interactive", "interactive": choice, "context": {"id": reply.id}}
                return self.say(reply.to, words)
        raise LookupError(f"the reply has no {title!r}")

    def keep_file(self, content: bytes, media_type: str) -> str:
        """A file that a contact is about to send; its id."""
        known = f"{next(self._numbers):012}"
        self._memory.files[known] = (content, media_type)
        return known

    def describe_file(self, known: str, **wrong: Any) -> None:
        """Tell this of the file, whether it is so or not: `url`, `sha256`, `file_size`."""
        self._memory.wrong[known] = wrong

    def let_addresses_die(self, times: int) -> None:
        """The next addresses of files have died when they are used."""
        self._memory.dead = times

    def open_window(self, contact: str) -> None:
        """As if the contact had written within a day."""
        self._memory.open.update({contact, bsuid_of(contact)})

    def close_window(self, contact: str) -> None:
        """As if the contact had written more than a day ago."""
        self._memory.open -= {contact, bsuid_of(contact)}

    def unsubscribe(self) -> None:
        """Forget that the app wants the account's webhooks, as Meta does now and then."""
        self._memory.subscribed = 0

    def deliver(self, body: bytes, *, signature: str | None = None) -> int:
        """See MetaTransport. Who wrote what is in it may be answered."""
        for contact in re.findall(rb'"from": ?"([0-9]+)"', body):
            self.open_window(contact.decode())
        return super().deliver(body, signature=signature)

    # What it remembers.

    @property
    def replies(self) -> list[Reply]:
        """Every reply that it took, in order; one that was sent again is there again."""
        with self.changed:
            return list(self._memory.replies)

    def replies_to(self, contact: str) -> list[Reply]:
        """Those for one contact."""
        with self.changed:
            return list(self._memory.by_contact.get(contact, ()))

    @property
    def read(self) -> list[str]:
        """The ids of the messages that were marked as read, in order."""
        with self.changed:
            return list(self._memory.read)

    @property
    def typing(self) -> list[str]:
        """Those on which the contact saw somebody typing."""
        with self.changed:
            return list(self._memory.typing)

    @property
    def fetched(self) -> list[str]:
        """The ids of the files that were asked for, in order."""
        with self.changed:
            return list(self._memory.fetched)

    @property
    def subscribed(self) -> int:
        """How often the app was subscribed to the account's webhooks."""
        with self.changed:
            return self._memory.subscribed

    # Its own thread.

    def _written(self, contact: str, item: Callable[[str], Mapping[str, Any]]) -> str:
        message = f"wamid.{next(self._numbers):08}"
        self._memory.inbound.add(message)
        self.open_window(contact)
        self.bring(Item(kind="messages", words=item(message), id=message))
        return message

    def envelope(self, items: Sequence[Item]) -> Mapping[str, Any]:
        messages = [item.words for item in items if item.kind == "messages"]
        statuses = [item.words for item in items if item.kind == "statuses"]
        echoes = [item.words for item in items if item.kind == "echoes"]
        return envelope(self.account, messages, statuses, self.chance, echoes)

    async def answer(self, request: Exchange) -> bytes | None:
        """See MetaTransport."""
        parts = urlsplit(request.target)
        query = dict(parse_qsl(parts.query))
        refused = self._not_admitted(request, query)
        version, *path = parts.path.strip("/").split("/")
        if refused is None and version == _FILES and len(path) == 1 and request.method == "GET":
            return self._file(path[0])
        if refused is None and _VERSION.fullmatch(version):
            return await self._routed(request, path, query)
        return refused or said(404, _UNKNOWN)

    def _not_admitted(self, request: Exchange, query: Mapping[str, str]) -> bytes | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token != self.account.access_token:
            return said(401, refusal(190, "Error validating access token: Session has expired", subcode=463))
        proof = hmac.new(self.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        if query.get("appsecret_proof", proof) != proof:
            return said(400, refusal(100, "Invalid appsecret_proof provided in the API argument"))
        return None

    async def _routed(self, request: Exchange, path: list[str], query: Mapping[str, str]) -> bytes | None:
        match request.method, path:
            case "GET", [self.account.phone_number_id]:
                number = {"display_phone_number": self.account.display_phone_number, "verified_name": "Northwind"}
                return said(200, {"id": self.account.phone_number_id, **number})
            case "POST", [self.account.phone_number_id, "messages"]:
                return await self._given(request)
            case ("GET" | "POST") as method, [self.account.business, "subscribed_apps"]:
                return self._subscription(method)
            case "GET", [known] if known in self._memory.files:
                return self._media(known, query)
        return said(404, _UNKNOWN)

    def _subscription(self, method: str) -> bytes:
        if method == "POST":
            with self.changed:
                self._memory.subscribed += 1
                self.changed.notify_all()
            return said(200, {"success": True})
        app = {
            "whatsapp_business_api_data": {"id": "67084835", "name": "Northwind", "link": "https://northwind.example"}
        }
        return said(200, {"data": [app] if self._memory.subscribed else []})

    def _media(self, known: str, query: Mapping[str, str]) -> bytes:
        if query.get("phone_number_id", self.account.phone_number_id) != self.account.phone_number_id:
            return said(400, refusal(100, "Invalid parameter: phone_number_id"))
        content, media_type = self._memory.files[known]
        with self.changed:
            self._memory.fetched.append(known)
        return said(200, {
            "url": f"{self.address}/{_FILES}/{known}", "mime_type": media_type, "id": known,
            "sha256": hashlib.sha256(content).hexdigest(), "file_size": str(len(content)),
            "messaging_product": "whatsapp", **self._memory.wrong.get(known, {}),
        })  # fmt: skip

    def _file(self, known: str) -> bytes:
        if self._memory.dead or known not in self._memory.files:
            self._memory.dead = max(self._memory.dead - 1, 0)
            return written("HTTP/1.1 404 Not Found", {}, b"")
        content, media_type = self._memory.files[known]
        return written("HTTP/1.1 200 OK", {"Content-Type": media_type}, content)

    async def _given(self, request: Exchange) -> bytes | None:
        """A message, or a mark of reading."""
        try:
            sent = dict(json.loads(request.body))
            if "status" in sent:
                check_mark(sent, self._memory.inbound)
                return self._marked(sent)
            contact = check_message(sent)
        except Refused as refused:
            return said(400, refused.words)
        except (TypeError, ValueError):
            return said(400, refusal(100, "The body is no JSON object"))
        fault = self.faults.popleft() if self.faults else None
        if fault is Fault.HANG:
            await asyncio.sleep(PATIENCE * 2)
        refused_with = self._refused(fault, contact)
        if refused_with is not None or fault is Fault.CUT:
            return refused_with
        return self._take(sent, contact, fault, request.headers.get("user-agent", ""))

    def _refused(self, fault: Fault | None, contact: str) -> bytes | None:
        """Why a message that is right is not taken; None for one that is."""
        if self._memory.refusals:
            return self._memory.refusals.popleft()
        if fault in _REFUSALS:
            status, code, why = _REFUSALS[fault]
            return said(status, refusal(code, why), {"Retry-After": "1"} if fault is Fault.SLOW_DOWN else None)
        if contact not in self._memory.open:
            return said(400, refusal(131047, "Re-engagement message"))
        return None

    def _marked(self, sent: Mapping[str, Any]) -> bytes:
        with self.changed:
            self._memory.read.append(sent["message_id"])
            if "typing_indicator" in sent:
                self._memory.typing.append(sent["message_id"])
            self.changed.notify_all()
        return said(200, {"success": True})

    def _take(self, sent: Mapping[str, Any], contact: str, fault: Fault | None, sender: str) -> bytes | None:
        along = str(sent.get("biz_opaque_callback_data", ""))
        reference, _, part = along.partition(":")
        known = f"wamid.R{next(self._numbers):08}"
        reply = Reply(
            to=contact, text=text_of(sent), id=known, reference=reference, part=part, sender=sender, body=sent
        )
        with self.changed:
            self._memory.replies.append(reply)
            self._memory.by_contact.setdefault(contact, []).append(reply)
            # Whoever sees the reply sees that there is something to tell of it.
            self._tell(reply, along, ("failed",) if fault is Fault.LOSE else self.habits.statuses)
            self.changed.notify_all()
        if fault is Fault.DROP:
            return None
        by_id = "recipient" in sent and "to" not in sent
        whose = {"input": contact, "user_id" if by_id else "wa_id": contact}
        return said(200, {"messaging_product": "whatsapp", "contacts": [whose], "messages": [{"id": known}]})

    def _tell(self, reply: Reply, along: str, statuses: tuple[str, ...]) -> None:
        """What became of a reply, in any order, some of it twice."""
        every = [*statuses, *(one for one in statuses if self.chance.random() < self.habits.again)]
        if self.habits.shuffle:
            self.chance.shuffle(every)
        self.add(*(Item(kind="statuses", words=status_item(reply.id, reply.to, one, along)) for one in every))
