"""Webhooks, told by a real server on loopback: signed, again until it works, and nothing of what contacts said."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from custagent.channels.signature import sign
from custagent.core.conversation import Status
from custagent.core.errors import LeaseHeld, PermissionDenied, UsageError
from custagent.core.handoff import HandoffSummary
from custagent.core.message import MessageKind
from custagent.core.workspace import WebhookSettings
from custagent.knowledge.web.post import post_json
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.agents import apply_agents
from custagent.runtime.health.status import workspace_status
from custagent.runtime.in_force import InForce
from custagent.runtime.runner.notifications import Notifications, retry_notifications, webhooks_of
from custagent.testing import FrozenClock, HashEmbedder

SECRET = "a-secret-of-the-receiver"
WORDS = "My name is Ada and my parcel is lost"


class Receiver:
    """Keeps what it is told, and answers with `statuses`, the last one for ever."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, str], bytes]] = []
        self.statuses = [204]
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.told.append((self.path, dict(self.headers), body))
                status = receiver.statuses.pop(0) if len(receiver.statuses) > 1 else receiver.statuses[0]
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self._worker = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._worker.start()

    @property
    def ids(self) -> list[str]:
        return [headers["X-Custagent-Event-Id"] for _, headers, _ in self.told]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._worker.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def hooked(live: Application, receiver: Receiver) -> Iterator[Application]:
    """The workspace with that webhook, and its secret in the environment."""
    file = live.home.workspace_file
    text = file.read_text(encoding="utf-8").replace("allow_hosts: []", f"allow_hosts: ['{receiver.host}']")
    webhook = f"{{url: 'http://{receiver.host}/hook?key=s3', secret: '${{HOOK_SECRET}}', events: [handoff, credits]}}"
    settings = f"public_url: https://chat.northwind.example/\nnotifications:\n  webhooks:\n    - {webhook}\n"
    file.write_text(text + settings, encoding="utf-8")
    environ = {"HOOK_SECRET": SECRET}
    with Application(live.home, user="anna", clock=FrozenClock(), environ=environ, embedder=HashEmbedder()) as app:
        apply_agents(app)
        yield app


@pytest.fixture
def hand_over(hooked, clients) -> Callable[..., str]:
    clients.store, clients.clock = hooked.store, hooked.clock

    def give(key: str = "k1") -> str:
        conversation = clients.write(WORDS, key=key).conversation.id
        summary = HandoffSummary(reason="asked-for-person")
        clients.commit(conversation, MessageKind.HANDOFF, status=Status.OPEN, assignee="user:anna", summary=summary)
        return conversation

    return give


@pytest.fixture
def notifications(hooked) -> Notifications:
    return Notifications(hooked, InForce(hooked), fence=0)


@pytest.fixture
def look(notifications) -> Callable[[], int]:
    return lambda: asyncio.run(notifications.look())


def test_what_is_told_is_signed_and_says_where_to_look(hooked, receiver, hand_over, look):
    conversation = hand_over()
    assert look() == 1
    ((path, headers, body),) = receiver.told
    assert path == "/hook?key=s3"
    moment = headers["X-Custagent-Timestamp"]
    assert moment == str(int(hooked.clock.now().timestamp()))
    assert headers["X-Custagent-Signature"] == sign(moment.encode() + b"." + body, SECRET)
    assert headers["Content-Type"] == "application/json"
    told = json.loads(body)
    assert (told.pop("id"), headers["X-Custagent-Event"]) == (headers["X-Custagent-Event-Id"], "handoff")
    assert told.pop("waiting_since")
    assert told == {
        "event": "handoff", "at": hooked.clock.now().isoformat(), "conversation": conversation, "channel": "website",
        "language": None, "reason": "asked-for-person", "assignee": "user:anna", "text": None,
        "link": f"https://chat.northwind.example/inbox/c/{conversation}",
    }  # fmt: skip


def test_nothing_of_the_contact_is_told(receiver, hand_over, look):
    hand_over(key="ada@example.com")
    look()
    sent = receiver.told[0][2].decode() + str(receiver.told[0][1])
    for word in (*WORDS.split(), "ada@example.com"):
        assert not re.search(rf"\b{re.escape(word)}\b", sent.replace("is_", "")), word


def test_what_arrived_is_not_told_again(receiver, hand_over, look):
    hand_over()
    assert [look(), look()] == [1, 0]
    assert len(receiver.told) == 1


def test_what_failed_is_told_again_later_by_the_same_id(hooked, receiver, hand_over, look):
    receiver.statuses = [500, 302, 204]
    hand_over()
    assert look() == 0
    assert look() == 0
    assert len(receiver.told) == 1, "not before its time"
    for _ in range(2):
        hooked.clock.advance(minutes=1)
        look()
    assert len(receiver.told) == 3
    assert len(set(receiver.ids)) == 1
    assert len({body for *_, body in receiver.told}) == 1
    # A later try is signed anew: a receiver refuses what is old.
    assert len({headers["X-Custagent-Timestamp"] for _, headers, _ in receiver.told}) == 3
    assert [path for path, *_ in receiver.told] == ["/hook?key=s3"] * 3, "no redirect was followed"


def test_the_first_failure_lets_the_others_wait(hooked, receiver, hand_over, look):
    for number in range(3):
        hand_over(f"k{number}")
    receiver.statuses = [503, 204]
    look()
    assert len(receiver.told) == 1
    hooked.clock.advance(minutes=1)
    assert look() == 3


def test_after_a_day_it_is_given_up_and_said(hooked, receiver, hand_over, look):
    receiver.statuses = [500]
    hand_over()
    look()
    assert "cannot be told of 1 event" in workspace_status(hooked).webhooks[0].fault
    hooked.clock.advance(days=1)
    look()
    (notice,) = hooked.store.notices.latest(9)
    assert "could not be told of an event for a day: it answered 500" in notice.text
    assert "key=s3" not in notice.text, "an address may hold a secret"
    assert "was never told of 1 event" in workspace_status(hooked).webhooks[0].fault
    hooked.clock.advance(days=1)
    look()
    assert len(receiver.told) == 2
    receiver.statuses = [204]
    assert retry_notifications(hooked, receiver.host) == 1
    assert look() == 1
    assert workspace_status(hooked).webhooks[0].fault == ""
    assert hooked.store.audit.entries(1)[0].action == "notifications retry"


def test_a_receiver_that_is_gone_is_left_alone(hooked, receiver, hand_over, look):
    receiver.statuses = [410]
    hand_over()
    hand_over("k2")
    look()
    hooked.clock.advance(hours=1)
    hand_over("k3")
    look()
    assert len(receiver.told) == 1
    (webhook,) = webhooks_of(hooked)
    assert "answered 410 (gone)" in webhook.fault
    assert "410" in hooked.store.notices.latest(1)[0].text
    receiver.statuses = [204]
    retry_notifications(hooked)
    assert look() == 3


def test_who_was_killed_before_the_note_tells_it_again(hooked, receiver, hand_over, look):
    """The answer came, and nobody wrote it down."""
    hand_over()

    async def die(webhook: WebhookSettings, body: bytes, headers: Mapping[str, str]) -> int:
        await post_json(webhook.url, body, headers, allow_hosts=[receiver.host])
        raise KeyboardInterrupt

    killed = Notifications(hooked, InForce(hooked), fence=0, post=die)
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(killed.look())
    assert look() == 1
    assert len(receiver.told) == 2
    assert len(set(receiver.ids)) == 1


def test_an_oddity_of_one_receiver_stops_nothing(hooked, hand_over, caplog):
    hand_over()

    async def odd(*_: object) -> int:
        raise RuntimeError("odd")

    assert asyncio.run(Notifications(hooked, InForce(hooked), fence=0, post=odd).look()) == 0
    assert "a fault of this program: RuntimeError" in webhooks_of(hooked)[0].fault
    assert "could not be told of evt_" in caplog.text


def test_a_secret_that_is_not_set_is_told_and_nothing_goes_out_unsigned(hooked, receiver, hand_over, put):
    put(hooked.home.workspace_file, "HOOK_SECRET", "NOT_SET")
    with Application(hooked.home, user="anna", clock=FrozenClock(), environ={}, embedder=HashEmbedder()) as app:
        apply_agents(app)
        hand_over()
        asyncio.run(Notifications(app, InForce(app), fence=0).look())
        assert "NOT_SET" in webhooks_of(app)[0].fault
    assert receiver.told == []


def test_a_private_host_is_told_only_when_it_is_allowed(hooked, receiver, hand_over, put):
    file: Path = hooked.home.workspace_file
    put(file, f"allow_hosts: ['{receiver.host}']", "allow_hosts: []")
    put(file, f"http://{receiver.host}", f"https://{receiver.host}")
    apply_agents(hooked)
    hand_over()
    asyncio.run(Notifications(hooked, InForce(hooked), fence=0).look())
    assert "is not fetched" in webhooks_of(hooked)[0].fault
    assert receiver.told == []


def test_an_event_that_it_does_not_want_it_is_not_told(hooked, receiver, hand_over, put):
    put(hooked.home.workspace_file, "[handoff, credits]", "[overdue]")
    apply_agents(hooked)
    hand_over()
    assert asyncio.run(Notifications(hooked, InForce(hooked), fence=0).look()) == 0
    assert receiver.told == []


def test_another_runner_has_taken_over(hooked, receiver, hand_over):
    hand_over()
    with pytest.raises(LeaseHeld):
        asyncio.run(Notifications(hooked, InForce(hooked), fence=4711).look())
    assert receiver.told == []


def test_it_ends_at_once_while_a_receiver_is_silent(hooked, hand_over):
    hand_over()

    async def play() -> bool:
        asked, stop = asyncio.Event(), asyncio.Event()

        async def silent(*_: Any) -> int:
            asked.set()
            await asyncio.Event().wait()
            raise AssertionError

        running = asyncio.create_task(Notifications(hooked, InForce(hooked), fence=0, post=silent).run(stop))
        async with asyncio.timeout(30):
            await asked.wait()
            stop.set()
            await running
        return True

    assert asyncio.run(play())
    assert hooked.store.notifications.states()[webhooks_of(hooked)[0].key].waiting == 1


def test_only_admins_try_again(hooked, put):
    with pytest.raises(UsageError, match="there is no webhook 'elsewhere'"):
        retry_notifications(hooked, "elsewhere")
    put(hooked.home.workspace_file, "[answer, edit-agents, admin]", "[answer]")
    with (
        Application(hooked.home, user="anna", clock=FrozenClock(), embedder=HashEmbedder()) as app,
        pytest.raises(PermissionDenied),
    ):
        retry_notifications(app)


def test_the_receiver_of_the_docs_knows_us(hooked, receiver, hand_over, look):
    hand_over()
    look()
    ((_, headers, body),) = receiver.told
    page = (Path(__file__).parents[3] / "docs" / "notifications.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"(?ms)^```python\n(.*?)^```$", page)
    names: dict[str, Any] = {}
    exec(example, names)
    genuine, now = names["is_genuine"], hooked.clock.now()
    assert genuine(headers, body, SECRET, now=now.timestamp())
    assert not genuine(headers, body, "another", now=now.timestamp())
    assert not genuine(headers, body + b" ", SECRET, now=now.timestamp())
    assert not genuine({**headers, "X-Custagent-Timestamp": "1"}, body, SECRET, now=1.0)
    assert not genuine({}, body, SECRET, now=now.timestamp())
    assert not genuine(headers, body, SECRET, now=(now + timedelta(minutes=6)).timestamp())
    assert json.loads(page.partition("```json\n")[2].partition("```")[0]).keys() == json.loads(body).keys()
