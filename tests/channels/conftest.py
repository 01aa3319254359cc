"""A live chat on a real server on 127.0.0.1, with a thread of messages in memory where the database would be."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import threading
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from custagent.channels.hub import Hub
from custagent.channels.limits import Limits, Rate
from custagent.channels.live_chat.assets import HostPage
from custagent.channels.live_chat.chat import Feedback, Files, Header, Hello, Holder, LiveChat
from custagent.channels.live_chat.identity import Customer, Identities
from custagent.channels.live_chat.web import create_routes
from custagent.core.conversation import Begun, Contact, Conversation, Status
from custagent.core.errors import StoreError, UnknownName
from custagent.core.message import Attachment, InboundMessage, Message, MessageKind, Sender, Verdict, may_be_judged
from custagent.testing import FrozenClock

ROOT = Path(__file__).resolve().parents[2]
AGENT = Header(holder=Holder.AGENT, name="Spoke")
DISCLOSURE = "You are chatting with an AI assistant. Its answers may contain errors."
GREETING = "Hello! How can I help you today?"
HELLO = Hello(agent="Spoke", company="Hjulvinda", greeting=GREETING, disclosure=DISCLOSURE, language="en")
PLENTY = Rate(count=10_000, seconds=1, burst=10_000)
NO_LIMITS = Limits(
    visitor_pace=PLENTY, visitor_messages=PLENTY, address_messages=PLENTY, address_sessions=PLENTY, address_requests=PLENTY
)  # fmt: skip


@dataclass
class FakeThread:
    """What the store would hold: every message with its contact, ids rising, the same external id once."""

    channel: str = "website"
    #: What is said to a contact's message: keyword arguments of `say`, one dict a reply.
    replies: Callable[[str], Sequence[Mapping[str, Any]]] = lambda _: ()
    written: list[tuple[str, Message]] = field(default_factory=list)
    begun: dict[str, Begun] = field(default_factory=dict)
    headers: dict[str, Header] = field(default_factory=dict)
    emails: list[tuple[str, str]] = field(default_factory=list)
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    inbound: list[InboundMessage] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=lambda: {"anna": "Anna Berg"})
    hello_words: Hello = HELLO
    photos: dict[str, bytes] = field(default_factory=dict)
    asked_languages: list[list[str]] = field(default_factory=list)
    #: Of the channel, beyond what every chat has.
    settings: dict[str, Any] = field(default_factory=dict)
    kept_files: dict[str, bytes] = field(default_factory=dict)
    #: What visitors answered before their first message, and who was said to be whom.
    introduced: list[Mapping[str, str]] = field(default_factory=list)
    identified: list[tuple[str, str, str]] = field(default_factory=list)
    transcripts: list[tuple[str, str, str]] = field(default_factory=list)
    #: Set to make every call fail as a full disk would.
    broken: bool = False
    hub: Hub = field(default_factory=Hub)
    #: Called after a message is written down and before the sender hears of it.
    before_reply: Callable[[], Awaitable[None]] | None = None

    def chat(self, *origins: str, email: bool = True, feedback: bool = True) -> LiveChat:
        """The channel over this thread, with what `settings` say."""
        return replace(self._chat(*origins, email=email, feedback=feedback), **self.settings)

    def _chat(self, *origins: str, email: bool, feedback: bool) -> LiveChat:
        return LiveChat(
            name=self.channel,
            origins=origins,
            receive=self.receive,
            messages_after=self.messages_after,
            header=self.header,
            hello=self.hello,
            person_name=lambda user: self.names.get(user, user),
            leave_email=self.leave_email if email else None,
            feedback=Feedback(give=self.judge, given=self.judged) if feedback else None,
            photo=self.photo,
        )

    async def photo(self, name: str) -> bytes | None:
        self._check()
        return self.photos.get(name)

    async def receive(self, inbound: InboundMessage) -> Begun:
        self._check()
        known = self.begun.get(inbound.external_id)
        if known is not None:
            return Begun(conversation=known.conversation, message=known.message, duplicate=True, new=False)
        self.inbound.append(inbound)
        message = self.say(
            inbound.text, to=inbound.contact_key, sender=Sender.CONTACT, kind=MessageKind.INBOUND,
            attachments=inbound.attachments,
        )  # fmt: skip
        contact = Contact(id=1, channel=self.channel, key=inbound.contact_key)
        conversation = Conversation(
            id="c1", channel=self.channel, contact=contact, status=Status.PENDING,
            opened_at=message.at, last_message_at=message.at,
        )  # fmt: skip
        begun = Begun(conversation=conversation, message=message, duplicate=False, new=True)
        self.begun[inbound.external_id] = begun
        if self.before_reply is not None:
            await self.before_reply()
        for reply in self.replies(inbound.text):
            self.say(**{"to": inbound.contact_key, **reply})
        return begun

    def say(
        self,
        text: str,
        *,
        to: str,
        sender: Sender = Sender.AGENT,
        kind: MessageKind = MessageKind.ANSWER,
        **rest: Any,
    ) -> Message:
        """Write a message down; the test says when streams are woken."""
        message = Message(
            id=len(self.written) + 1, conversation="c1", sender=sender, kind=kind, text=text,
            at=datetime.now(UTC), **rest,
        )  # fmt: skip
        self.written.append((to, message))
        return message

    async def messages_after(self, contact_key: str, after: int) -> Sequence[Message]:
        self._check()
        return [message for key, message in self.written if key == contact_key and message.id > after]

    async def header(self, contact_key: str) -> Header:
        self._check()
        return self.headers.get(contact_key, AGENT)

    async def hello(self, languages: Sequence[str]) -> Hello:
        self._check()
        self.asked_languages.append(list(languages))
        return self.hello_words

    async def leave_email(self, contact_key: str, email: str) -> None:
        self._check()
        self.emails.append((contact_key, email))

    async def judge(self, contact_key: str, message: int, verdict: Verdict | None) -> None:
        self._check()
        if not any(
            key == contact_key and one.id == message and may_be_judged(one.sender, one.kind)
            for key, one in self.written
        ):
            raise UnknownName(f"There is no reply {message}.")
        self.verdicts.pop(message, None)
        if verdict is not None:
            self.verdicts[message] = verdict

    async def judged(self, contact_key: str) -> Mapping[int, Verdict]:
        self._check()
        return {
            one.id: self.verdicts[one.id] for key, one in self.written if key == contact_key and one.id in self.verdicts
        }

    def take_files(self) -> None:
        self.settings["files"] = Files(keep=self.keep_file, content=self.file_content)

    async def keep_file(self, content: bytes, name: str, media_type: str) -> Attachment:
        self._check()
        if b"not taken" in content:
            return Attachment(name=name, media_type=media_type, error="Files of this kind are not kept.")
        hash_ = hashlib.sha256(content).hexdigest()
        self.kept_files[hash_] = content
        return Attachment(name=name, media_type=media_type, size=len(content), hash=hash_)

    async def file_content(self, attachment: Attachment) -> bytes | None:
        return self.kept_files.get(attachment.hash)

    async def introduce(self, begun: Begun, answers: Mapping[str, str]) -> None:
        assert begun.message.id
        self.introduced.append(answers)

    def sign_in(self, secret: str, *, required: bool = False) -> Identities:
        """Let the site sign visitors in."""
        identities = Identities(self.channel, lambda: (secret,))
        self.settings |= {"identities": identities, "identity_required": required, "identified": self.identify}
        return identities

    async def identify(self, before: str, key: str, customer: Customer) -> None:
        """As the store does: what was the visitor's is the customer's."""
        self.identified.append((before, key, customer.id))
        self.written = [(key if one == before else one, message) for one, message in self.written]
        for external_id, begun in self.begun.items():
            if begun.conversation.contact.key == before:
                contact = replace(begun.conversation.contact, key=key)
                self.begun[external_id] = replace(begun, conversation=replace(begun.conversation, contact=contact))

    async def send_transcript(self, key: str, email: str, language: str) -> None:
        self._check()
        if key not in [one for one, _ in self.written]:
            raise UnknownName("There is no conversation.")
        self.transcripts.append((key, email, language))

    def texts(self) -> list[str]:
        return [message.text for _, message in self.written]

    def keys(self) -> list[str]:
        """The contacts that have written, in the order of their first message."""
        return list(dict.fromkeys(inbound.contact_key for inbound in self.inbound))

    def _check(self) -> None:
        if self.broken:
            raise StoreError("the disk is full")


class ChatServer:
    """uvicorn in a thread. It can be killed and come back on the same port, with what the thread of messages holds."""

    def __init__(self, thread: FakeThread, *origins: str, port: int = 0, **options: Any) -> None:
        self.thread = thread
        self.origins = origins
        self.port = port
        self.options = options

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def hub(self) -> Hub:
        return self.thread.hub

    def start(self) -> None:
        self.thread.hub = Hub()
        chats = {self.thread.channel: self.thread.chat(*self.origins)}
        options = {
            "limits": NO_LIMITS,
            "clock": FrozenClock(),
            "demo": HostPage(channel="website", company="Hjulvinda"),
        }
        routes = create_routes(chats, hub=self.hub, **{**options, **self.options})
        config = uvicorn.Config(Starlette(routes=routes), port=self.port, log_config=None, lifespan="off")
        self._server = uvicorn.Server(config)
        self._ready = threading.Event()
        self._worker = threading.Thread(target=lambda: asyncio.run(self._serve(config)), daemon=True)
        self._worker.start()
        assert self._ready.wait(60)

    async def _serve(self, config: uvicorn.Config) -> None:
        self.loop = asyncio.get_running_loop()
        self._main = asyncio.current_task()
        listening = config.bind_socket()
        self.port = listening.getsockname()[1]
        self.loop.call_soon(self._ready.set)
        try:
            # `_serve`, for `serve` would catch the signals of the test run.
            await self._server._serve(sockets=[listening])
        except asyncio.CancelledError:
            for server in self._server.servers:
                server.close()
            for connection in list(self._server.server_state.connections):
                connection.transport.abort()
        finally:
            listening.close()

    def stop(self) -> float:
        """Close every stream and stop, as the runner does. Seconds that it took."""
        started = time.monotonic()
        self.call(self.hub.close)
        self._server.should_exit = True
        self._worker.join(60)
        assert not self._worker.is_alive()
        return time.monotonic() - started

    def kill(self) -> None:
        """Break every connection off in the middle."""
        self.loop.call_soon_threadsafe(self._main.cancel)
        self._worker.join(60)
        assert not self._worker.is_alive()

    def call(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Run a function in the server's loop."""

        async def run() -> Any:
            return function(*arguments, **options)

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(60)

    def say(self, text: str, *, to: str, **rest: Any) -> Message:
        """Write a message to a contact and wake its streams, as delivery does."""
        message: Message = self.call(self.thread.say, text, to=to, **rest)
        self.call(self.hub.notify, to)
        return message

    def wait_for_streams(self, enough: Callable[[int], bool]) -> None:
        """Come back when as many streams are open as are enough."""
        deadline = time.monotonic() + 30
        while not enough(len(self.hub)):
            assert time.monotonic() < deadline
            time.sleep(0.001)

    @property
    def running(self) -> bool:
        return self._worker.is_alive()


@pytest.fixture
def thread() -> FakeThread:
    return FakeThread()


@pytest.fixture
def serve() -> Iterator[Callable[..., ChatServer]]:
    """Starts servers, and stops what is left of them."""
    started: list[ChatServer] = []

    def start(thread: FakeThread, *origins: str, **options: Any) -> ChatServer:
        server = ChatServer(thread, *origins, **options)
        server.start()
        started.append(server)
        return server

    yield start
    for server in started:
        if server.running:
            server.kill()


class Visitor:
    """A browser without a face: one visitor's calls, over any httpx client."""

    def __init__(self, client: httpx.AsyncClient, channel: str = "website", token: str = "") -> None:
        self.client = client
        self.base = f"/chat/{channel}"
        self.token = token or secrets.token_urlsafe(32)

    @property
    def key(self) -> str:
        return hashlib.sha256(self.token.encode()).hexdigest()

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Origin": str(self.client.base_url).rstrip("/")}

    async def send(self, text: str, client_id: str = "", **headers: str) -> httpx.Response:
        body = {"client_msg_id": client_id or str(uuid.uuid4()), "text": text}
        return await self.client.post(f"{self.base}/messages", json=body, headers={**self.headers, **headers})

    async def listen(
        self, after: int | None = None, *, until: Callable[[list[dict[str, Any]]], bool]
    ) -> list[dict[str, Any]]:
        """The stream's events as {name, id, value}, until there are enough of them; then the connection is cut."""
        headers = self.headers | ({} if after is None else {"Last-Event-ID": str(after)})
        heard: list[dict[str, Any]] = []
        async with asyncio.timeout(60), self.client.stream("GET", f"{self.base}/events", headers=headers) as response:
            assert response.status_code == 200, await response.aread()
            block: list[str] = []
            async for line in response.aiter_lines():
                if line:
                    block.append(line)
                    continue
                heard.append(read_event(block))
                block = []
                if until(heard):
                    return heard
        return heard


def read_event(lines: Sequence[str]) -> dict[str, Any]:
    fields = dict(line.partition(": ")[::2] for line in lines if not line.startswith(":"))
    value = json.loads(fields["data"]) if "data" in fields else None
    return {"name": fields.get("event", ""), "id": fields.get("id"), "value": value}


@pytest.fixture
def on(serve: Any, thread: FakeThread) -> Callable[..., Any]:
    """Runs a scene, `scene(client, server)`, against a server with these origins and options."""

    def run(scene: Callable[..., Awaitable[Any]], *origins: str, **options: Any) -> Any:
        server = serve(thread, *origins, **options)

        async def play() -> Any:
            # Loopback has no certificates, and loading those of the world takes longer than the scene.
            async with httpx.AsyncClient(base_url=server.origin, timeout=30, verify=False) as client:
                return await scene(client, server)

        return asyncio.run(play())

    return run


@pytest.fixture
def visiting() -> type[Visitor]:
    return Visitor
