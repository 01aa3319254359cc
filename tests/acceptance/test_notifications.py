"""A webhook and a runner that is killed: between the receiver's answer and the runner's note of it, the worst moment."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.agents import apply_agents

SECRET = "a-secret-of-the-receiver"
WORDS = "I want to talk to a person about Zanzibar"


class Receiver(ThreadingHTTPServer):
    """Calls `before_answer` when it is told something, then answers 204."""

    def __init__(self) -> None:
        self.told: list[tuple[str, bytes]] = []
        self.before_answer = lambda: None
        self.heard = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.told.append((self.headers["X-Custagent-Event-Id"], body))
                receiver.before_answer()
                receiver.heard.set()
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        super().__init__(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        worker = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        worker.start()
        yield made
        made.shutdown()
        worker.join()


def test_killed_before_the_note_it_tells_the_same_again(new_house, start, contact, receiver, wait_until) -> None:
    house = new_house()
    file = house.home.workspace_file
    settings = (
        f"fetch: {{allow_hosts: ['{receiver.host}']}}\n"
        f"notifications: {{webhooks: [{{url: 'http://{receiver.host}/', secret: '${{HOOK_SECRET}}'}}]}}\n"
        "users:\n  - {name: anna, full_name: Anna Berg, email: anna@northwind.example, seat: service,\n"
        "     permissions: [edit-agents, answer, admin]}\n"
    )
    file.write_text(file.read_text(encoding="utf-8") + settings, encoding="utf-8")
    agent = house.home.agents_folder / "support.yaml"
    handoff = "\n    handoff: {mode: transfer, to: [user:anna]}\n"
    agent.write_text(agent.read_text(encoding="utf-8").rstrip() + handoff, encoding="utf-8")
    house.environment |= {"HOOK_SECRET": SECRET, "CUSTAGENT_USER": "anna"}
    with Application(house.home, user="anna") as app:
        apply_agents(app)
    runner = start(house).ready()
    receiver.before_answer = runner.process.kill
    contact(runner.port).send(WORDS)
    assert receiver.heard.wait(60)
    runner.process.communicate(timeout=30)
    receiver.before_answer = lambda: None
    start(house).ready()
    wait_until(lambda: len(receiver.told) > 1)
    (first, body), (again, same) = receiver.told
    assert (first, body) == (again, same)
    told = json.loads(body)
    assert (told["event"], told["reason"], told["channel"]) == ("handoff", "asked-for-person", "website")
    assert "Zanzibar" not in body.decode()
    wait_until(lambda: house.json("notifications", "list")[0]["state"]["sent"] == 1)
    assert house.custagent("notifications", "retry").returncode == 0
