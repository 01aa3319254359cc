"""A runner loads what the first question would wait for, before it is asked; and nothing that is not on this machine."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from custagent.answer.answerer import ContentAnswerer
from custagent.runtime.bootstrap import Application
from custagent.runtime.runner.runner import Runner
from custagent.testing import HashEmbedder, ScriptedModel

if TYPE_CHECKING:
    from custagent.core.ports import Vectors


class NotingEmbedder(HashEmbedder):
    """Notes what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def embed_query(self, text: str) -> Vectors:
        self.asked.append(text)
        return super().embed_query(text)


@pytest.fixture
def embedder() -> NotingEmbedder:
    return NotingEmbedder()


@pytest.fixture
def warm(live: Application, embedder: NotingEmbedder) -> Iterator[Application]:
    """The live workspace, opened anew with an engine that notes."""
    with Application(live.home, user="anna", clock=live.clock, environ={}, embedder=embedder) as app:
        yield app


def test_a_runner_makes_its_agents_ready_before_anybody_asks(
    warm: Application, embedder: NotingEmbedder, until
) -> None:
    runner = Runner(warm)

    async def scene() -> None:
        work = asyncio.create_task(runner.run())
        await until(lambda: embedder.asked)
        runner.stop()
        await work

    asyncio.run(scene())
    runner.release()
    assert len(embedder.asked) == 1
    assert warm.store.conversations.list() == ()
    assert warm.store.ledger.entries() == ()


def test_an_agent_that_cannot_answer_is_told_and_stops_nothing(
    warm: Application, until, caplog: pytest.LogCaptureFixture
) -> None:
    # The workspace names another engine than the one that the index was made with.
    warm.embedder.comparable = ("other",)
    runner = Runner(warm)

    async def scene() -> None:
        work = asyncio.create_task(runner.run())
        await until(lambda: "cannot answer as it is" in caplog.text)
        assert not work.done()
        runner.stop()
        await work

    with caplog.at_level(logging.WARNING):
        asyncio.run(scene())
    runner.release()
    assert "agent support cannot answer as it is" in caplog.text
    assert "custagent sources sync support" in caplog.text


def test_no_model_is_asked(warm: Application, embedder: NotingEmbedder) -> None:
    model = ScriptedModel([])
    answerer = warm.answerer(warm.agent("support"))
    assert isinstance(answerer, ContentAnswerer)
    warm.warm_up(replace(answerer, model=model))
    assert embedder.asked
    assert not model.prompts


def test_no_engine_elsewhere_is_asked(warm: Application, embedder: NotingEmbedder) -> None:
    text = warm.home.workspace_file.read_text(encoding="utf-8")
    warm.home.workspace_file.write_text(f"{text}embedder: {{engine: litellm, model: x/y}}\n", encoding="utf-8")
    assert warm.workspace.embedder.engine == "litellm"
    warm.warm_up(warm.answerer(warm.agent("support")))
    assert embedder.asked == []


def test_the_library_of_a_model_is_there_before_anybody_asks(warm: Application) -> None:
    """In a process of its own: here other tests have loaded it long ago."""
    program = (
        "import sys; from pathlib import Path\n"
        "from custagent.answer.model.model import LiteLLMChatModel\n"
        "from custagent.runtime.bootstrap import Application\n"
        "from custagent.config.home import Home\n"
        "from custagent.testing import HashEmbedder\n"
        "from dataclasses import replace\n"
        "with Application(Home(root=Path(sys.argv[1])), user='anna', environ={}, embedder=HashEmbedder()) as app:\n"
        "    answerer = app.answerer(app.agent('support'))\n"
        "    before = 'litellm' in sys.modules\n"
        "    app.warm_up(replace(answerer, model=LiteLLMChatModel('openai/gpt-4o-mini')))\n"
        "    print(before, 'litellm' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(warm.home.root)], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("False True\n", "")
