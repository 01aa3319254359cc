"""The preview on a web page: the real chat, of which nothing is kept (PRE-2)."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest

from custagent.config.agents import agent_path
from custagent.core.answer import DecisionKind
from custagent.core.errors import UnknownName
from custagent.core.message import MessageKind
from custagent.runtime.bootstrap import Application
from custagent.runtime.proving.preview import PreviewSession
from custagent.runtime.runner.runner import Runner
from custagent.runtime.web.web_preview import NOTICE, PreviewKind, WebPreview, web_preview
from custagent.store.presence import Absence

QUESTION, ANSWER = "How long is the warranty?", "Two years from the day you buy it."
TRANSFER = "  - channel: website\n    handoff:\n      mode: transfer\n      to: [team:support]\n"


class Visitor:
    """Who writes in the preview's chat."""

    def __init__(self, preview: WebPreview, client: httpx.AsyncClient) -> None:
        self._preview = preview
        self._client = client
        self._token = secrets.token_urlsafe(32)

    async def asks(self, text: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._token}", "Origin": str(self._client.base_url).rstrip("/")}
        body = {"client_msg_id": str(uuid.uuid4()), "text": text}
        return await self._client.post(f"/chat{self._preview.path}/messages", json=body, headers=headers)

    def heard(self) -> list[tuple[MessageKind, str]]:
        """What the agent said."""
        key = hashlib.sha256(self._token.encode()).hexdigest()
        channel = self._preview.path.strip("/")
        messages = self._preview.store.conversations.messages_of_contact(channel, key)
        return [(one.kind, one.text) for one in messages if one.sender == "agent"]


@asynccontextmanager
async def served(preview: WebPreview) -> AsyncIterator[httpx.AsyncClient]:
    """The preview with its runner, without a socket."""
    runner = Runner(preview, kinds={"live-chat": PreviewKind()})
    work = asyncio.create_task(runner.run())
    transport = httpx.ASGITransport(preview.make_asgi(preview, runner))
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8710") as client:
            yield client
    finally:
        runner.stop()
        await work
        runner.release()


def rows(app: Application) -> dict[str, int]:
    """How much of each thing the workspace keeps."""
    return {
        "conversations": len(app.store.conversations.list()),
        "entries": len(app.store.ledger.entries()),
        "audit": len(app.store.audit.entries(limit=100)),
        "versions": len(app.store.versions.live()),
    }


def test_it_is_answered_as_live_and_the_workspace_keeps_nothing_of_it(live, until) -> None:
    before, changes = rows(live), live.store.changes()

    async def scene(preview: WebPreview) -> None:
        async with served(preview) as client:
            visitor = Visitor(preview, client)
            assert (await visitor.asks(QUESTION)).status_code == 202
            await until(lambda: len(visitor.heard()) > 1)
            (disclosure, _), (kind, text) = visitor.heard()
            assert (disclosure, kind) == (MessageKind.DISCLOSURE, MessageKind.ANSWER)
            assert ANSWER in text

    with web_preview(live, live.agent("support")) as preview:
        folder = preview.home.state_folder
        asyncio.run(scene(preview))
        asked = preview.asked()
        assert (asked.conversations, asked.questions, asked.decisions) == (1, 1, {DecisionKind.ANSWER: 1})
    assert not folder.exists()
    assert (rows(live), live.store.changes()) == (before, changes)
    assert live.store.ledger.entries() == ()


def test_it_answers_as_the_terminal_does_by_the_file_as_it_stands(live, put, until) -> None:
    put(agent_path(live.home, "support"), "default_language: en", "default_language: en\npersonality: friendly")
    agent = live.agent("support")
    expected = PreviewSession(live.answerer(agent)).ask(QUESTION).text

    async def scene(preview: WebPreview) -> None:
        async with served(preview) as client:
            visitor = Visitor(preview, client)
            await visitor.asks(QUESTION)
            await until(lambda: len(visitor.heard()) > 1)
            assert visitor.heard()[-1][1].splitlines()[-1] == expected.splitlines()[-1]

    with web_preview(live, agent) as preview:
        asyncio.run(scene(preview))


@pytest.mark.parametrize(("away", "kind"), [(False, MessageKind.HANDOFF), (True, MessageKind.HANDOFF_UNAVAILABLE)])
def test_a_handoff_goes_as_on_the_live_chat(live, put, until, away: bool, kind: MessageKind) -> None:
    put(agent_path(live.home, "support"), "  - channel: website\n", TRANSFER)
    if away:
        now = live.clock.now()
        live.store.presence.set_away("anna", Absence(actor="anna", since=now, until=now + timedelta(hours=1)))

    async def scene(preview: WebPreview) -> None:
        async with served(preview) as client:
            visitor = Visitor(preview, client)
            await visitor.asks("I want to talk to a person")
            await until(lambda: len(visitor.heard()) > 1)
            assert visitor.heard()[-1][0] is kind

    with web_preview(live, live.agent("support")) as preview:
        asyncio.run(scene(preview))


def get(app: Application, path: Callable[[WebPreview], str]) -> httpx.Response:
    async def scene(preview: WebPreview) -> httpx.Response:
        async with served(preview) as client:
            return await client.get(path(preview))

    with web_preview(app, app.agent("support")) as preview:
        return asyncio.run(scene(preview))


def test_its_page_says_that_it_is_a_preview_and_offers_questions(live) -> None:
    page = get(live, lambda preview: preview.path)
    assert page.status_code == 200
    assert "<strong>Preview</strong>" in page.text
    assert f'data-custagent-open="{QUESTION}"' in page.text
    assert "{{" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_the_mark_stands_within_the_chat_too(live) -> None:
    assert NOTICE in get(live, lambda preview: f"/chat{preview.path}/frame?locale=en&new").text


def test_who_does_not_know_the_key_sees_nothing(live) -> None:
    async def scene(preview: WebPreview) -> list[int]:
        paths = ("/", "/preview", f"{preview.path}0", "/chat/website/frame", "/inbox", "/metrics")
        async with served(preview) as client:
            return [(await client.get(path)).status_code for path in paths]

    with web_preview(live, live.agent("support")) as preview:
        assert asyncio.run(scene(preview)) == [404] * 6


def test_the_key_is_another_each_time(live) -> None:
    paths = set()
    for _ in range(2):
        with web_preview(live, live.agent("support")) as preview:
            paths.add(preview.path)
    assert len(paths) == 2
    assert all(len(path) > 32 for path in paths)


def test_nobody_is_told_and_nothing_is_sent(live, home) -> None:
    with home.workspace_file.open("a", encoding="utf-8") as file:
        file.write(
            'notifications:\n  webhooks:\n    - {url: "https://x.example/", secret: "${S}"}\ncredits: {cap: 1}\n'
        )
    live.__dict__.pop("workspace")
    with web_preview(live, live.agent("support")) as preview:
        workspace = preview.workspace
        assert (workspace.notifications.webhooks, workspace.credits) == ((), None)
        (channel,) = workspace.channels
        assert channel.origins == ()
        assert preview.chat_model(live.agent("support")) is None
        # No source: its runner has nothing to read again.
        assert '"sources"' not in preview.store.versions.live()["support"].text


def test_it_shows_a_live_chat_by_name_and_no_other_channel(live) -> None:
    agent = live.agent("support")
    with web_preview(live, agent, channel="website") as preview:
        assert preview.path.startswith("/preview-")
    with (
        pytest.raises(UnknownName, match="'whatsapp' is no live chat") as caught,
        web_preview(live, agent, channel="whatsapp"),
    ):
        pass
    assert "custagent preview support --channel whatsapp" in caught.value.hint


def test_a_workspace_without_a_live_chat_has_a_preview_as_well(live, put) -> None:
    put(agent_path(live.home, "support"), "assignments:\n  - channel: website\n", "")
    text = live.home.workspace_file.read_text(encoding="utf-8")
    live.home.workspace_file.write_text(text.split("channels:")[0], encoding="utf-8")
    live.__dict__.pop("workspace")
    assert get(live, lambda preview: preview.path).status_code == 200
