"""A provider for tests that behaves as Meta does with the Messenger of a page, on this machine (`meta_transport`).

It refuses what Meta refuses, by Meta's codes: wrong forms, unknown contacts, closed windows, threads in another app's
hands, missing proofs. It shows the page's threads as the Conversations API does, and can be told that nobody listened.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from custagent.testing.messenger_words import PAGE_INBOX, envelope, event, refusal, wrong_body
from custagent.testing.meta_transport import PATIENCE, Fault, Habits, Item, MetaTransport, said
from custagent.testing.wire import Exchange, written

WEBHOOK_PATH: Final = "/webhooks/messenger"
_DAY: Final = 86_400.0
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAccount:
    """What Meta and the workspace agree on."""

    page_id: str = "104862911483190"
    page_name: str = "Northwind"
    app_id: str = "1746292889016245"
    access_token: str = "EAAG-for-tests-only"  # noqa: S105 - it opens nothing
    app_secret: str = "page-secret-for-tests-only"  # noqa: S105 - it signs nothing but tests
    verify_token: str = "page-verify-token-for-tests-only"  # noqa: S105 - see above
    scopes: tuple[str, ...] = ("pages_messaging", "pages_manage_metadata", "pages_show_list")
    #: Whether calls without a proof of the app's secret are refused.
    require_proof: bool = False

    def channel(self, name: str, base: str) -> str:
        """The channel as an item of `channels:` in custagent.yaml; `FakeMessenger.environment` has its variables."""
        return (
            f"  - name: {name}\n    kind: messenger\n    page_id: '{self.page_id}'\n    app_id: '{self.app_id}'\n"
            "    access_token: ${MESSENGER_TOKEN}\n    app_secret: ${MESSENGER_SECRET}\n"
            f"    verify_token: ${{MESSENGER_VERIFY}}\n    graph_base_url: {base}\n"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PageReply:
    """A message that the provider took."""

    #: Whom it was for.
    to: str
    text: str
    #: The provider's id of it.
    id: str
    #: What was sent along, without the piece: the same for all of a reply, and for one that is sent again.
    reference: str
    #: Which piece of it, as it was sent along.
    part: str
    #: The body as it came.
    body: Mapping[str, Any]

    @property
    def buttons(self) -> Mapping[str, str]:
        """The payloads of its quick replies, by title."""
        found = self.body["message"].get("quick_replies", ())
        return {one["title"]: one["payload"] for one in found if one["content_type"] == "text"}


@dataclass(slots=True)
class _Thread:
    """What a contact and the page have said."""

    #: As the Conversations API shows them, the oldest first.
    messages: list[dict[str, Any]] = field(default_factory=list)
    #: Seconds since 1970.
    last_inbound: float = 0.0
    updated: float = 0.0
    #: The app that may write, a number as Meta tells it.
    owner: int = 0


class FakeMessenger(MetaTransport):
    """The page's side of Meta. Use it as `with`, start the runner with `environment`, tell it where with `reach`."""

    def __init__(self, *, account: PageAccount | None = None, habits: Habits | None = None, seed: int = 0) -> None:
        self.account = account or PageAccount()
        super().__init__(app_secret=self.account.app_secret, habits=habits, seed=seed)
        self._numbers = count(1)
        self._threads: dict[str, _Thread] = {}
        self._replies: list[PageReply] = []
        #: (contact, action) of everything that was only shown.
        self.actions: list[tuple[str, str]] = []
        #: The fields that the page tells our app, and other apps.
        self.subscribed: dict[str, list[str]] = {}
        #: How often our app was subscribed.
        self.subscriptions = 0
        #: Where the app's webhook is said to be; "" for nowhere.
        self.callback_url = f"https://chat.northwind.example{WEBHOOK_PATH}"
        #: Files by their path.
        self.files: dict[str, bytes] = {}

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that the runner is started with."""
        return {
            "MESSENGER_TOKEN": self.account.access_token,
            "MESSENGER_SECRET": self.account.app_secret,
            "MESSENGER_VERIFY": self.account.verify_token,
        }

    def reach(self, runner: str) -> None:
        """Post to the runner at this address from now on."""
        self.come_to(f"{runner}{WEBHOOK_PATH}")

    # What the test does.

    def write(self, psid: str, text: str, *, ago: float = 0.0, heard: bool = True, **more: Any) -> str:
        """A contact writes, so many seconds ago; the message's id. Where nobody is told, only the thread shows it."""
        mid = f"m_{next(self._numbers):08}"
        at = time.time() - ago
        with self.changed:
            thread = self._thread_of(psid)
            thread.last_inbound = max(thread.last_inbound, at)
            self._say(thread, mid, psid, text, at=at)
            owner = thread.owner
        if heard:
            words = event(psid, self.account.page_id, int(at * 1000), message={"mid": mid, "text": text, **more})
            self.bring(Item(kind=self._place(owner), words=words, id=mid))
        return mid

    def press(self, psid: str, title: str) -> str:
        """A contact presses a quick reply of the last message that has it; the id of what is written by that."""
        payload = next(one.buttons[title] for one in reversed(self.replies_to(psid)) if title in one.buttons)
        return self.write(psid, title, quick_reply={"payload": payload})

    def answer_elsewhere(self, psid: str, text: str, *, app_id: int = PAGE_INBOX, heard: bool = True) -> str:
        """Somebody answers in the page's own inbox, or another app does; the message's id."""
        mid = f"m_{next(self._numbers):08}"
        at = time.time()
        with self.changed:
            self._say(self._thread_of(psid), mid, psid, text, at=at, by_page=True)
        if heard:
            message = {"mid": mid, "text": text, "is_echo": True, "app_id": app_id}
            words = event(psid, self.account.page_id, int(at * 1000), by_page=True, message=message)
            self.bring(Item(kind="messaging", words=words, id=mid))
        return mid

    def give_to(self, psid: str, app_id: int) -> None:
        """Another app gets the thread, or ours gets it back."""
        with self.changed:
            self._thread_of(psid).owner = app_id

    def age(self, psid: str, seconds: float) -> None:
        """Let all that the contact wrote be so much older for Meta's windows."""
        with self.changed:
            self._threads[psid].last_inbound -= seconds

    def tell(self, words: Mapping[str, Any], *, place: str = "messaging") -> None:
        """Bring any event."""
        self.bring(Item(kind=place, words=words))

    def verify(self, token: str | None = None) -> tuple[int, bytes]:
        """Ask whether the webhook is the account's: the status and what was said."""
        return self.ask_to_come(self.account.verify_token if token is None else token)

    # What it remembers.

    @property
    def replies(self) -> list[PageReply]:
        """Every message that it took, in order; one that was sent again is there again."""
        with self.changed:
            return list(self._replies)

    def replies_to(self, psid: str) -> list[PageReply]:
        """Those for one contact."""
        return [reply for reply in self.replies if reply.to == psid]

    # Its own thread.

    def envelope(self, items: Sequence[Item]) -> Mapping[str, Any]:
        """See MetaTransport."""
        return envelope(self.account.page_id, int(time.time() * 1000), items, self.chance)

    async def answer(self, request: Exchange) -> bytes | None:
        """See MetaTransport."""
        parts = urlsplit(request.target)
        query = dict(parse_qsl(parts.query))
        if parts.path in self.files:
            return written("HTTP/1.1 200 OK", {"Content-Type": "image/png"}, self.files[parts.path])
        steps = [unquote(step) for step in parts.path.strip("/").split("/")]
        if not steps[0].startswith("v"):
            return said(404, refusal(2500, "Unknown path components"))
        refused = self._unauthorised(request, query, steps[1:])
        if refused:
            return said(400, refused)
        try:
            body = json.loads(request.body) if request.body else {}
        except ValueError:
            body = None
        page = {"me": self.account.page_id}.get(steps[1], steps[1])
        if request.method == "POST" and [page, *steps[2:]] == [self.account.page_id, "messages"]:
            return await self._take(body)
        told = self._told(request.method, [page, *steps[2:]], query, body)
        return said(400 if "error" in told else 200, told)

    def _unauthorised(self, request: Exchange, query: Mapping[str, str], path: Sequence[str]) -> dict[str, Any] | None:
        account = self.account
        token = request.headers.get("authorization", "").removeprefix("Bearer ") or query.get("access_token", "")
        of_app = path[0] == "debug_token" or path[-1] == "subscriptions"
        if token != (f"{account.app_id}|{account.app_secret}" if of_app else account.access_token):
            return refusal(190, "Invalid OAuth access token.")
        proof = query.get("appsecret_proof")
        if proof is None:
            needs = account.require_proof and not of_app
            return refusal(100, "API calls from the server require an appsecret_proof argument") if needs else None
        right = hmac.new(account.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        return None if proof == right else refusal(100, "Invalid appsecret_proof provided in the API argument")

    async def _take(self, body: Any) -> bytes | None:
        """A message, or what is only shown."""
        if wrong := wrong_body(body):
            return said(400, refusal(100, wrong))
        psid = body["recipient"]["id"]
        thread = self._threads.get(psid)
        if thread is None:
            return said(400, refusal(100, "No matching user found", 2018001))
        if "sender_action" in body:
            with self.changed:
                self.actions.append((psid, body["sender_action"]))
                self.changed.notify_all()
            return said(200, {"recipient_id": psid})
        since = time.time() - thread.last_inbound
        if since > (7 * _DAY if body.get("tag") else _DAY):
            return said(400, refusal(10, "This message is sent outside of allowed window.", 2018278))
        if thread.owner != int(self.account.app_id):
            told = "Message failed to send because another app is controlling this thread now."
            return said(400, refusal(10, told, 2018300))
        return await self._accept(psid, thread, body)

    async def _accept(self, psid: str, thread: _Thread, body: Mapping[str, Any]) -> bytes | None:
        fault = self.faults.popleft() if self.faults else None
        if fault is Fault.HANG:
            await asyncio.sleep(PATIENCE * 2)
        if fault is Fault.FAIL:
            return said(500, refusal(2, "Service temporarily unavailable"))
        if fault is Fault.SLOW_DOWN:
            return said(400, refusal(613, "Calls to this api have exceeded the rate limit."), {"Retry-After": "1"})
        if fault is Fault.REFUSE:
            return said(400, refusal(551, "This person isn't available right now.", 1545041))
        message = body["message"]
        reference, _, part = str(message.get("metadata", "")).rpartition(":")
        reply = PageReply(
            to=psid,
            text=str(message.get("text", "")),
            id=f"m_R{next(self._numbers):08}",
            reference=reference.removeprefix("custagent:"),
            part=part.removesuffix("+"),
            body=body,
        )
        with self.changed:
            self._replies.append(reply)
            self._say(thread, reply.id, psid, reply.text, at=time.time(), by_page=True)
            # Whoever sees the reply sees that there is something to tell of it.
            self._tell(reply, () if fault is Fault.LOSE else self.habits.statuses)
            self.changed.notify_all()
        return None if fault is Fault.DROP else said(200, {"recipient_id": psid, "message_id": reply.id})

    def _tell(self, reply: PageReply, statuses: Sequence[str]) -> None:
        """What became of a reply: its echo, that it was delivered, and until when all was read; some of it twice."""
        now = int(time.time() * 1000)
        echo = {"mid": reply.id, "text": reply.text, "is_echo": True, "app_id": int(self.account.app_id)}
        page, to = self.account.page_id, reply.to
        words = {
            "sent": event(to, page, now, by_page=True, message=echo | _metadata(reply)),
            "delivered": event(to, page, now, delivery={"mids": [reply.id], "watermark": now}),
            "read": event(to, page, now, read={"watermark": now}),
        }
        told = [*statuses, *(one for one in statuses if self.chance.random() < self.habits.again)]
        self.add(*(Item(kind="messaging", words=words[one]) for one in told))

    def _told(self, method: str, path: Sequence[str], query: Mapping[str, str], body: Any) -> Mapping[str, Any]:
        """What every other call is answered with."""
        account = self.account
        answers: Mapping[tuple[str, ...], Callable[[], Mapping[str, Any]]] = {
            ("GET", "debug_token"): lambda: {"data": self._about(query.get("input_token", ""))},
            ("GET", account.app_id, "subscriptions"): self._webhooks,
            ("GET", account.page_id): lambda: {"id": account.page_id, "name": account.page_name},
            ("GET", account.page_id, "subscribed_apps"): self._subscribed,
            ("POST", account.page_id, "subscribed_apps"): lambda: self._subscribe(query),
            ("GET", account.page_id, "conversations"): lambda: self._conversations(query),
            ("POST", account.page_id, "pass_thread_control"): lambda: self._pass(body),
        }
        answer = answers.get((method, *path))
        return answer() if answer else refusal(100, "Unsupported request")

    def _webhooks(self) -> Mapping[str, Any]:
        one = {"object": "page", "callback_url": self.callback_url, "active": True}
        return {"data": [one] if self.callback_url else []}

    def _subscribed(self) -> Mapping[str, Any]:
        return {"data": [{"id": app, "subscribed_fields": fields} for app, fields in self.subscribed.items()]}

    def _about(self, token: str) -> Mapping[str, Any]:
        account = self.account
        if token != account.access_token:
            return {"is_valid": False, "scopes": [], "error": {"code": 190, "message": "Invalid OAuth access token."}}
        return {
            "is_valid": True, "app_id": account.app_id, "type": "PAGE", "profile_id": account.page_id,
            "expires_at": 0, "scopes": list(account.scopes),
        }  # fmt: skip

    def _subscribe(self, query: Mapping[str, str]) -> Mapping[str, Any]:
        if not query.get("subscribed_fields"):
            return refusal(100, "The parameter subscribed_fields is required")
        with self.changed:
            self.subscribed[self.account.app_id] = query["subscribed_fields"].split(",")
            self.subscriptions += 1
            self.changed.notify_all()
        return {"success": True}

    def _pass(self, body: Any) -> Mapping[str, Any]:
        psid = str(body["recipient"]["id"])
        if psid not in self._threads:
            return refusal(100, "No matching user found", 2018001)
        self.give_to(psid, int(body["target_app_id"]))
        return {"success": True}

    def _conversations(self, query: Mapping[str, str]) -> Mapping[str, Any]:
        if query.get("platform") != "messenger":
            return refusal(100, "Param platform must be messenger or instagram")
        size, begin = int(query.get("limit", "25")), int(query.get("after") or "0")
        with self.changed:
            found = sorted(self._threads.items(), key=lambda pair: pair[1].updated, reverse=True)
            told = [self._shown(psid, thread) for psid, thread in found[begin : begin + size]]
        paging: dict[str, Any] = {"cursors": {"before": str(begin), "after": str(begin + size)}}
        if begin + size < len(found):
            paging["next"] = f"{self.address}/more"
        return {"data": told, "paging": paging}

    def _shown(self, psid: str, thread: _Thread) -> Mapping[str, Any]:
        return {
            "id": f"t_{psid}",
            "updated_time": _written(thread.updated),
            "is_owner": thread.owner == int(self.account.app_id),
            "messages": {"data": thread.messages[: -_SHOWN - 1 : -1]},
        }

    def _thread_of(self, psid: str) -> _Thread:
        return self._threads.setdefault(psid, _Thread(owner=int(self.account.app_id)))

    def _say(self, thread: _Thread, mid: str, psid: str, text: str, *, at: float, by_page: bool = False) -> None:
        contact = {"id": psid, "name": "Kim Contact"}
        page = {"id": self.account.page_id, "name": self.account.page_name}
        sender, recipient = (page, contact) if by_page else (contact, page)
        thread.messages.append({
            "id": mid, "created_time": _written(at), "from": sender, "to": {"data": [recipient]}, "message": text,
        })  # fmt: skip
        thread.updated = max(thread.updated, at)

    def _place(self, owner: int) -> str:
        return "messaging" if owner == int(self.account.app_id) else "standby"


def _written(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def _metadata(reply: PageReply) -> dict[str, Any]:
    """What was sent along comes back with the echo, and nothing where nothing was."""
    sent = reply.body["message"].get("metadata")
    return {} if sent is None else {"metadata": sent}
