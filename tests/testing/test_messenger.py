"""The double of Messenger: strict as Meta is, and proven by a client that nobody here wrote."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from custagent.channels.messenger.words import Page, parse
from custagent.channels.signature import signer
from custagent.testing.messenger import WEBHOOK_PATH, FakeMessenger, PageAccount
from custagent.testing.messenger_words import PAGE_INBOX, wrong_body
from custagent.testing.meta_transport import Fault, Habits
from custagent.testing.wire import call

ROOT = Path(__file__).resolve().parents[2]
PSID = "7301945526610482"
ACCOUNT = PageAccount()
PAGES = {ACCOUNT.page_id: Page(channel="page", page_id=ACCOUNT.page_id, app_id=ACCOUNT.app_id)}


class Webhook:
    """Takes what is posted to it."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.wrong = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.bodies.append(body)
                signed = signer(body, self.headers["X-Hub-Signature-256"], [ACCOUNT.app_secret])
                outer.wrong += signed is None or self.path != WEBHOOK_PATH
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def read(self) -> list[Any]:
        found: list[Any] = []
        for body in self.bodies:
            batch = parse(body, PAGES, now=datetime.now(UTC))
            found += [*batch.messages, *batch.updates, *batch.events, *batch.ignored]
        return found

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    opened = Webhook()
    yield opened
    opened.close()


@pytest.fixture
def meta(webhook: Webhook) -> Iterator[FakeMessenger]:
    with FakeMessenger(habits=Habits(pause=0.01, again=0.5), seed=3) as provider:
        provider.reach(webhook.address)
        yield provider


@pytest.fixture
def client(require) -> Callable[..., list[dict[str, Any]]]:
    """The npm package `messaging-api-messenger`, at node_modules or CUSTAGENT_MESSAGING_API."""
    given = os.environ.get("CUSTAGENT_MESSAGING_API")
    folder = Path(given or ROOT / "node_modules" / "messaging-api-messenger")
    require("node", shutil.which("node"), "it runs the client that the double is proven by")
    require("messaging-api-messenger", folder.is_dir(), "npm install --no-save messaging-api-messenger@1.1.0")

    def run(meta: FakeMessenger, *calls: list[Any], **config: Any) -> list[dict[str, Any]]:
        account = meta.account
        settings = {
            "accessToken": account.access_token,
            "appId": account.app_id,
            "origin": meta.address,
            "version": "25.0",
        }
        told = json.dumps({"config": settings | config, "calls": calls})
        script = Path(__file__).with_name("messenger_client.cjs")
        done = subprocess.run(
            ["node", str(script), str(folder), told], capture_output=True, text=True, timeout=30, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_an_independent_client_speaks_to_it(meta, client):
    meta.write(PSID, "hello", heard=False)
    buttons = [{"contentType": "text", "title": "Returns", "payload": "R"}]
    answer = {"messagingType": "RESPONSE"}
    text, quick, seen, typing, off, page, passed = client(
        meta,
        ["sendText", PSID, "Two years", answer],
        ["sendText", PSID, "Which?", answer | {"quickReplies": buttons}],
        ["markSeen", PSID],
        ["typingOn", PSID],
        ["typingOff", PSID],
        ["getPageInfo"],
        ["passThreadControlToPageInbox", PSID, "please"],
        appSecret=meta.account.app_secret,
    )
    first, second = meta.replies
    assert text["ok"] == {"recipientId": PSID, "messageId": first.id}
    assert (first.text, second.text, second.buttons) == ("Two years", "Which?", {"Returns": "R"})
    assert quick["ok"]["messageId"] == second.id
    assert [one["ok"]["recipientId"] for one in (seen, typing, off)] == [PSID] * 3
    assert meta.actions == [(PSID, "mark_seen"), (PSID, "typing_on"), (PSID, "typing_off")]
    assert page["ok"] == {"id": meta.account.page_id, "name": "Northwind"}
    # It proves another token than the one that it asks with there.
    (about,) = client(meta, ["debugToken"], appSecret=meta.account.app_secret, skipAppSecretProof=True)
    assert about["ok"]["isValid"] is True
    assert about["ok"]["profileId"] == meta.account.page_id
    assert passed["ok"] == {"success": True}
    (after,) = client(meta, ["sendText", PSID, "Too late", answer])
    assert after["error"].startswith("Messenger API - 10 OAuthException")


def test_an_independent_client_reads_its_refusals(meta, client):
    meta.write(PSID, "hello", heard=False)
    answer = {"messagingType": "RESPONSE"}
    long, many, nobody, tag = client(
        meta,
        ["sendText", PSID, "x" * 2001, answer],
        [
            "sendText",
            PSID,
            "?",
            answer | {"quickReplies": [{"contentType": "text", "title": "a", "payload": "b"}] * 14},
        ],
        ["sendText", "1", "hello", answer],
        ["sendText", PSID, "late", {"tag": "ACCOUNT_UPDATE"}],
    )
    for refused in (long, many, nobody, tag):
        assert refused["status"] == 400
        assert refused["error"].startswith("Messenger API - 100 OAuthException (#100)")
    (wrong,) = client(meta, ["sendText", PSID, "hello", answer], accessToken="old")
    assert wrong["error"].startswith("Messenger API - 190 OAuthException")


def test_an_independent_client_proves_that_it_knows_the_apps_secret(client):
    account = PageAccount(require_proof=True)
    with FakeMessenger(account=account, habits=Habits(statuses=())) as meta:
        meta.write(PSID, "hello", heard=False)
        sent = ["sendText", PSID, "hello", {"messagingType": "RESPONSE"}]
        assert "ok" in client(meta, sent, appSecret=account.app_secret)[0]
        assert "appsecret_proof" in client(meta, sent, appSecret="another")[0]["error"]
        assert "appsecret_proof" in client(meta, sent, skipAppSecretProof=True)[0]["error"]
        assert len(meta.replies) == 1


def post(meta: FakeMessenger, path: str, body: Any, method: str = "POST") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {meta.account.access_token}"}
    asked = call(method, f"{meta.address}/v25.0/{path}", headers, json.dumps(body).encode(), seconds=10)
    answer = asyncio.run(asked)
    return answer.status, json.loads(answer.body)


def test_it_tells_what_became_of_a_reply_by_echo_delivery_and_reading(meta, webhook):
    asked = meta.write(PSID, "hello")
    assert meta.wait_for(lambda: asked in meta.acknowledged)
    message = {"text": "Hi", "metadata": "custagent:5:0"}
    body = {"recipient": {"id": PSID}, "messaging_type": "RESPONSE", "message": message}
    status, told = post(meta, f"{meta.account.page_id}/messages", body)
    assert (status, told["recipient_id"]) == (200, PSID)
    assert meta.wait_for(lambda: meta.idle)
    assert webhook.wrong == 0
    read = webhook.read()
    assert {one.external_id for one in read if hasattr(one, "external_id")} == {asked}
    sent = {(one.outbound, one.receipt.status.value) for one in read if hasattr(one, "receipt")}
    assert sent == {(5, "sent"), (0, "delivered"), (0, "read")}
    assert {one.receipt.external_id for one in read if getattr(one, "until", 0) is None} == {told["message_id"]}
    assert {one.contact_key for one in read if getattr(one, "until", None)} == {PSID}


def test_what_a_contact_presses_and_what_others_write_comes_too(meta, webhook):
    meta.write(PSID, "hello", heard=False)
    button = {"content_type": "text", "title": "Returns", "payload": "custagent:option:Returns of lamps"}
    body = {
        "recipient": {"id": PSID}, "messaging_type": "RESPONSE", "message": {"text": "Which?", "quick_replies": [button]},
    }  # fmt: skip
    assert post(meta, "me/messages", body)[0] == 200
    meta.press(PSID, "Returns")
    meta.answer_elsewhere(PSID, "Anna here")
    meta.give_to(PSID, PAGE_INBOX)
    meta.write(PSID, "are you there?")
    meta.tell({"sender": {"id": PSID}, "recipient": {"id": meta.account.page_id}, "timestamp": 1, "optin": {}})
    assert meta.wait_for(lambda: meta.idle)
    read = webhook.read()
    texts = {(type(one).__name__, one.text) for one in read if hasattr(one, "text")}
    assert texts == {
        ("InboundMessage", "Returns of lamps"), ("PersonWrote", "Anna here"), ("InboundMessage", "are you there?"),
    }  # fmt: skip
    assert {one.for_people != "" for one in read if getattr(one, "text", "") == "are you there?"} == {True}
    assert "optin" in read


def good(**message: Any) -> dict[str, Any]:
    return {"recipient": {"id": PSID}, "messaging_type": "RESPONSE", "message": {"text": "hi", **message}}


BUTTON = {"content_type": "text", "title": "a", "payload": "b"}


@pytest.mark.parametrize(
    "body",
    [
        good(),
        good(quick_replies=[BUTTON] * 13),
        good(metadata="x" * 1000),
        {**good(), "reply_to": {"mid": "m"}},
        {**good(), "messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"},
        {"recipient": {"id": PSID}, "sender_action": "typing_on"},
        {"recipient": {"id": PSID}, "messaging_type": "UPDATE", "message": {"attachment": {"type": "image"}}},
        good(quick_replies=[{"content_type": "user_email"}]),
    ],
)
def test_what_meta_takes_is_taken(body):
    assert wrong_body(body) == ""


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {**good(), "recipient": {"id": 7}},
        {**good(), "recipients": []},
        {**good(), "messaging_type": "ANSWER"},
        {**good(), "tag": "HUMAN_AGENT"},
        {**good(), "messaging_type": "MESSAGE_TAG"},
        {**good(), "messaging_type": "MESSAGE_TAG", "tag": "POST_PURCHASE_UPDATE"},
        {**good(), "sender_action": "typing_on"},
        {**good(), "reply_to": "m"},
        {"recipient": {"id": PSID}},
        {"recipient": {"id": PSID}, "sender_action": "wave"},
        {"recipient": {"id": PSID}, "sender_action": "typing_on", "messaging_type": "RESPONSE"},
        {**good(), "message": "hi"},
        good(text=" "),
        good(text="😀" * 1001),
        good(attachment={"type": "image"}),
        good(parse_mode="Markdown"),
        good(metadata="x" * 1001),
        good(quick_replies=[]),
        good(quick_replies=[BUTTON] * 14),
        good(quick_replies=[BUTTON | {"title": "x" * 21}]),
        good(quick_replies=[BUTTON | {"payload": "x" * 1001}]),
        good(quick_replies=[{"content_type": "text", "title": "a"}]),
        good(quick_replies=[BUTTON | {"content_type": "video"}]),
    ],
)
def test_what_meta_refuses_is_refused(body):
    assert wrong_body(body)


def test_calls_that_nobody_knows_are_refused(meta):
    assert post(meta, "me/insights", {})[0] == 400
    assert post(meta, "me/subscribed_apps", {})[1]["error"]["code"] == 100
    assert post(meta, f"{meta.account.page_id}/conversations", {}, "GET")[1]["error"]["code"] == 100
    assert (
        post(meta, "me/pass_thread_control", {"recipient": {"id": "1"}, "target_app_id": 1})[1]["error"]["code"] == 100
    )
    asked = call("POST", f"{meta.address}/me/messages", {}, b"", seconds=10)
    assert asyncio.run(asked).status == 404


def test_what_is_lost_is_taken_and_never_told_of(meta, webhook):
    meta.write(PSID, "hello", heard=False)
    meta.disturb(Fault.LOSE)
    assert post(meta, "me/messages", good())[0] == 200
    assert meta.idle
    assert webhook.bodies == []
