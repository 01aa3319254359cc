"""The runner as a process: alone on its workspace, ended by signals, replaced, under another server."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from urllib.request import urlopen

import pytest

from tests.acceptance.two_runners import fell_asleep_between_writes

STREAMS = 100
ANSWER = "Two years from the day you buy it."


@pytest.fixture(scope="module")
def house(new_house):
    return new_house()


def answer_of(port: int, path: str) -> tuple[int, dict[str, str]]:
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, json.loads(response.read())


def test_a_second_runner_refuses_and_names_the_first(house, start):
    first = start(house).ready()
    for port in (0, first.port):
        code, told = start(house, port=port).ends()
        assert code == 1
        assert f"process {first.process.pid} on " in told
        assert "Traceback" not in told
    assert answer_of(first.port, "/readyz") == (200, {"status": "ready"})
    assert first.stop()[0] == 0
    # The next one begins at once.
    start(house).ready().stop()


def test_a_port_that_is_taken_is_told_with_the_next_step(house, new_house, start):
    first = start(house).ready()
    code, told = start(new_house(), port=first.port).ends()
    assert code == 2
    assert f"port {first.port} on 127.0.0.1 cannot be used" in told
    assert f"custagent run --port {first.port + 1}" in told
    assert first.stop()[0] == 0


def put_to_sleep(runner, house):
    """Stop it between two writes: in the middle of one, SQLite's lock sleeps with it, and nobody can write at all."""
    for _ in range(100):
        if fell_asleep_between_writes(house, runner.process.pid, signal.SIGSTOP):
            return
        runner.signal(signal.SIGCONT)
        time.sleep(0.01)
    pytest.fail("it never stopped writing")


def test_one_that_slept_beyond_its_lease_is_replaced_and_writes_nothing(house, start, contact, wait_until):
    first = start(house, lease=1).ready()
    visitor = contact(first.port)
    visitor.wait_for_reply(visitor.send())
    with visitor.stream() as stream:
        put_to_sleep(first, house)
        # Its kernel still takes what it will read when it wakes.
        late = HTTPConnection("127.0.0.1", first.port, timeout=30)
        body = json.dumps({"client_msg_id": "5f8f1c1e-62d5-4b9b-a3f3-0d7c1a3b2c1d", "text": "And shipping?"})
        late.request("POST", "/chat/website/messages", body, visitor.headers)
        second = start(house, lease=1).ready()
        assert answer_of(second.port, "/readyz")[0] == 200
        before = house.threads()
        first.signal(signal.SIGCONT)
        code, told = first.ends()
        stream.read()
    assert code == 1
    assert "This runner has no hold on the workspace any more" in told
    assert f"process {second.process.pid} on " in told
    assert "Traceback" not in told
    # What the sleeper was sent meanwhile it did not take; nobody was told that it had.
    assert house.threads() == before
    with pytest.raises(OSError), closing(late):  # noqa: PT012 - either of the two: refused in words, or cut off
        if late.getresponse().status == 503:
            raise OSError
    visitor.port = second.port
    assert visitor.wait_for_reply(visitor.send())["text"] == ANSWER
    assert second.stop()[0] == 0
    ids = [message["id"] for message in visitor.heard]
    assert ids == sorted(set(ids))


def test_a_crashed_ones_work_is_taken_over_at_once(house, start, contact):
    """Its lease would last for a quarter of a minute; that its process is no more is known by the lock that it left."""
    first = start(house).ready()
    visitor = contact(first.port)
    asked = visitor.send()
    first.kill()
    assert house.json("status")["runner"] is None
    # One that is refused does not wait: it ends.
    second = start(house).ready()
    visitor.port = second.port
    assert visitor.wait_for_reply(asked)["text"] == ANSWER
    second.stop()


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_stopping_with_many_open_streams_and_work_in_flight(*, new_house, start, contact, record, wait_until, sign):
    house = new_house()
    runner = start(house).ready()
    visitors = [contact(runner.port) for _ in range(STREAMS)]
    writers = visitors[:10]
    stop = threading.Event()
    threads = [threading.Thread(target=lambda one=one: [one.send(stop=stop) for _ in range(3)]) for one in writers]
    with ExitStack() as open_streams:
        streams = [open_streams.enter_context(visitor.stream()) for visitor in visitors]
        assert {stream.status for stream in streams} == {200}
        for thread in threads:
            thread.start()
        wait_until(lambda: all(one.acknowledged for one in writers))
        in_flight = house.waiting()
        began = time.monotonic()
        runner.signal(sign)
        code, told = runner.ends()
        took = time.monotonic() - began
        # Every stream is told why it ends, and ends.
        assert all(b'"reason": "stopping"' in stream.read() for stream in streams)
    stop.set()
    for thread in threads:
        thread.join(30)
    record(f"stopped with {STREAMS} open streams, {in_flight} unanswered and unsent, in {took:.2f} s")
    assert code == 0, told
    assert took < 10
    assert "Traceback" not in told
    written = house.inbound()
    for visitor in writers:
        assert visitor.acknowledged.items() <= written.items()
    # The next one answers what was left.
    again = start(house).ready()
    wait_until(lambda: house.waiting() == (0, 0))
    assert again.stop()[0] == 0
    for visitor in writers:
        kinds = [kind for _, kind, _ in house.threads()[visitor.key]]
        assert kinds.count("answer") >= 1
        assert kinds[-1] == "answer"
    assert len({conversation for conversation, _ in house.charges()}) == len(house.charges()) == len(writers)


@pytest.fixture
def plain_uvicorn(house):
    """`uvicorn custagent.asgi:app`, as somebody types it; its port and process."""
    command = ["-m", "uvicorn", "custagent.asgi:app", "--port", "0", "--log-level", "info"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CUSTAGENT_")}
    process = subprocess.Popen(
        [sys.executable, *command], env=environment | {"CUSTAGENT_WORKSPACE": str(house.folder)},
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    told = ""
    assert process.stderr is not None
    while not (at := re.search(r"http://127\.0\.0\.1:(\d+)", told)):
        line = process.stderr.readline()
        assert line, told
        told += line
    yield int(at.group(1)), process
    if process.poll() is None:
        process.kill()
    process.communicate()


def test_any_asgi_server_can_hold_it(house, plain_uvicorn, start, contact):
    port, process = plain_uvicorn
    assert answer_of(port, "/readyz") == (200, {"status": "ready"})
    assert f"process {process.pid} on " in start(house).ends()[1]
    visitor = contact(port)
    assert visitor.wait_for_reply(visitor.send())["text"] == ANSWER
    # An open stream does not hold up its end.
    with visitor.stream() as stream:
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert b'"reason": "stopping"' in stream.read()
        process.wait(30)
        assert time.monotonic() - began < 10
    # uvicorn ends by the signal itself, after everything was closed.
    assert process.returncode in (0, -signal.SIGTERM)
    # Its lease is given back: the next one begins at once.
    start(house).ready().stop()


def test_with_nothing_assigned_it_says_what_to_run(house, new_house, start):
    other = new_house()
    assert other.custagent("unassign", "support").returncode == 0
    code, told = start(other).ends()
    assert code == 1
    assert "custagent assign support website" in told


def test_its_pages_are_served(house, start):
    runner = start(house).ready()
    for path in ("/chat/widget.js", "/chat/website/frame"):
        with urlopen(f"{runner.address}{path}", timeout=30) as response:
            assert response.status == 200
    runner.stop()
