"""Calls to a service end in time, whatever it does, and leave nothing behind (R12)."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from custagent.answer.model.model import RETRY_AFTER, LiteLLMChatModel
from custagent.core.agent import ModelOptions
from custagent.core.errors import ModelError
from custagent.deadline import run_within, stream_within
from tests.acceptance.fault_proxy import Fault, FaultProxy, Weather, completion

ASKED = [{"role": "user", "content": "What does it cost?"}]


@pytest.fixture
def line():
    with FaultProxy(completion("49 kr."), Weather()) as proxy:
        yield proxy


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def model(line, pauses):
    """A model that may take so many seconds."""

    def make(seconds: int = 1) -> LiteLLMChatModel:
        options = ModelOptions(api_base=f"{line.address}/v1", timeout=f"{seconds}s")
        return LiteLLMChatModel("openai/small", options, api_key="sk-for-tests-only", pause=pauses.append)

    patient = LiteLLMChatModel(
        "openai/small", ModelOptions(api_base=f"{line.address}/v1", timeout="60s"), api_key="sk-for-tests-only"
    )
    assert patient.complete(ASKED).text == "49 kr.", "what the library loads with its first call is loaded"
    return make


def open_at_the_end(line) -> int:
    """Connections that are still open when the other side had time to notice."""
    until = time.monotonic() + 90
    while line.open and time.monotonic() < until:
        time.sleep(0.01)
    return line.open


@pytest.mark.parametrize("fault", [Fault.SLOW_BODY, Fault.TIME_OUT])
def test_a_service_that_never_ends_is_left_in_time(line, model, fault):
    asking = model()
    line.weather.turns(fault)
    began = time.monotonic()
    with pytest.raises(ModelError, match="in time"):
        asking.complete(ASKED)
    assert 0.9 < time.monotonic() - began < 30
    assert open_at_the_end(line) == 0
    assert model(60).complete(ASKED).text == "49 kr."


def test_calls_that_hang_do_not_pile_up(line, model):
    asking = model()
    threads = threading.active_count()
    line.weather.turns(*[Fault.SLOW_BODY, Fault.TIME_OUT] * 20)
    with ThreadPoolExecutor(40) as pool:
        began = time.monotonic()
        ended = [pool.submit(asking.complete, ASKED) for _ in range(40)]
        assert all(isinstance(one.exception(60), ModelError) for one in ended)
        assert time.monotonic() - began < 30, "beside each other, not one after the other"
    assert open_at_the_end(line) == 0
    # The loop's own, at most four and one a core.
    assert threading.active_count() <= threads + 4 + (os.cpu_count() or 1)
    assert model(60).complete(ASKED).text == "49 kr."


def test_every_fault_is_a_model_error_or_passes(line, model):
    asking = model()
    for fault in Fault:
        line.weather.turns(fault, fault)
        with pytest.raises(ModelError):
            asking.complete(ASKED)
    assert open_at_the_end(line) == 0


class TestRetryAfter:
    def test_the_service_says_how_long_to_wait(self, line, model, pauses):
        asking = model(30)
        line.wait = 7
        line.weather.turns(Fault.TOO_MANY)
        assert asking.complete(ASKED).text == "49 kr."
        assert pauses == [7.0]

    def test_where_there_is_no_time_to_wait_it_is_not_asked_again(self, line, model, pauses):
        asking = model(5)
        line.wait = 60
        line.weather.turns(Fault.TOO_MANY)
        with pytest.raises(ModelError):
            asking.complete(ASKED)
        assert pauses == []

    def test_a_date_or_nothing_is_the_usual_pause(self, line, model, pauses):
        asking = model(30)
        for wait in ("Fri, 31 Dec 2027 23:59:59 GMT", ""):
            line.wait = wait
            line.weather.turns(Fault.TOO_MANY)
            asking.complete(ASKED)
        assert pauses == [RETRY_AFTER, RETRY_AFTER]


def test_what_a_call_raises_is_raised():
    async def fails() -> None:
        raise LookupError("nobody there")

    with pytest.raises(LookupError, match="nobody there"):
        run_within(5, fails)


def test_a_call_that_blocks_everything_is_left_too():
    released = threading.Event()

    async def blocks() -> None:
        released.wait(60)

    began = time.monotonic()
    with pytest.raises(TimeoutError):
        run_within(0.1, blocks)
    assert time.monotonic() - began < 30
    released.set()


class TestPieces:
    def test_they_come_one_by_one_as_they_are_made(self):
        gate = threading.Event()

        async def two() -> AsyncIterator[int]:
            yield 1
            await asyncio.to_thread(gate.wait, 60)
            yield 2

        pieces = stream_within(60, two)
        assert next(pieces) == 1, "the second is not waited for"
        gate.set()
        assert list(pieces) == [2]

    def test_what_it_raises_is_raised_after_what_came(self):
        async def breaks() -> AsyncIterator[int]:
            yield 1
            raise LookupError("nobody there")

        pieces = stream_within(10, breaks)
        assert next(pieces) == 1
        with pytest.raises(LookupError, match="nobody there"):
            next(pieces)

    def test_the_time_is_for_all_of_it(self):
        async def endless() -> AsyncIterator[int]:
            while True:
                yield 1
                await asyncio.sleep(0.01)

        began = time.monotonic()
        with pytest.raises(TimeoutError):
            for _ in stream_within(0.3, endless):
                pass
        assert time.monotonic() - began < 30

    def test_who_stops_listening_ends_it(self):
        closed = threading.Event()

        async def endless() -> AsyncIterator[int]:
            try:
                while True:
                    yield 1
                    await asyncio.sleep(0.01)
            finally:
                closed.set()

        with closing(stream_within(60, endless)) as pieces:
            next(pieces)
        assert closed.wait(60)


@pytest.mark.parametrize("rest", [[], ["stream"]])
def test_a_process_that_asked_ends_without_complaint(line, rest):
    """Nothing is left open that Python or the library would complain about ("Unclosed connector")."""
    options = f"ModelOptions(api_base={line.address + '/v1'!r})"
    heard = "heard=[].append" if rest else ""
    code = (
        "from custagent.answer.model.model import LiteLLMChatModel\n"
        "from custagent.core.agent import ModelOptions\n"
        f"model = LiteLLMChatModel('openai/small', {options}, api_key='sk-for-tests-only')\n"
        f"print(model.complete([{{'role': 'user', 'content': 'x'}}], {heard}).text)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("49 kr.\n", "", 0)
