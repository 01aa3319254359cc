"""A chat service that misbehaves in the ways that models and their servers do, over real HTTP on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

#: What answers one request: it writes to the handler whatever it likes.
Way = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    service: BadModel
    #: What was asked.
    asked: dict[str, Any]

    def do_POST(self) -> None:
        self.asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.service.asked.append(self.asked)
        self.close_connection = True
        ways = self.service.ways
        with suppress(OSError):
            (ways.pop(0) if len(ways) > 1 else ways[0])(self)

    def answer(self, body: bytes, *, status: int = 200, kind: str = "application/json", **headers: str) -> None:
        """A whole answer."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def pour(self, pieces: Iterator[bytes], *, kind: str, pause: float) -> None:
        """An answer without a length, a piece now and then, until the other side has gone or the test is over."""
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        for piece in pieces:
            self.wfile.write(piece)
            if self.service.over.wait(pause):
                return

    def log_message(self, *args: object) -> None:
        """Tests are quiet."""


class BadModel:
    """Use it as `with BadModel() as service`; `ways` are taken in turn, the last one again and again."""

    def __init__(self) -> None:
        self.ways: list[Way] = []
        self.asked: list[dict[str, Any]] = []
        self.over = threading.Event()
        handler = type("BoundHandler", (Handler,), {"service": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self._server.server_port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def says(text: str | None, *, finish: str = "stop") -> Way:
    """An answer as OpenAI gives it, streamed where that is asked for."""

    def way(handler: Handler) -> None:
        if handler.asked.get("stream"):
            handler.answer(b"".join(events(text or "", finish)) + b"data: [DONE]\n\n", kind="text/event-stream")
            return
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "finish_reason": finish, "message": message}
        usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
        whole = {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [choice],
            "usage": usage,
        }
        handler.answer(json.dumps(whole).encode())

    return way


def events(text: str, finish: str | None) -> Iterator[bytes]:
    """The text as the events of a stream, ten characters each."""
    for start in range(0, len(text), 10):
        yield event({"content": text[start : start + 10]}, None)
    if finish:
        yield event({}, finish)


def event(delta: dict[str, str], finish: str | None) -> bytes:
    """One event of a stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return f"data: {json.dumps(chunk)}\n\n".encode()


def fails(status: int, **headers: str) -> Way:
    """An error in JSON."""
    body = json.dumps({"error": {"message": "no", "type": "x", "code": status}}).encode()
    return lambda handler: handler.answer(body, status=status, **headers)


def never_answers(handler: Handler) -> None:
    """It takes the question, and that is all."""
    handler.service.over.wait(60)


def drips(handler: Handler) -> None:
    """A byte now and then, for ever: no socket's time-out ever comes."""
    handler.pour(iter(lambda: b" ", b""), kind="application/json", pause=0.05)


def streams_for_ever(handler: Handler) -> None:
    """Words that never come to an end."""
    handler.pour(iter(lambda: event({"content": "well "}, None), b""), kind="text/event-stream", pause=0.01)


def breaks_off(text: str) -> Way:
    """A stream, or an answer, that ends in the middle."""

    def way(handler: Handler) -> None:
        if handler.asked.get("stream"):
            handler.pour(events(text, None), kind="text/event-stream", pause=0.0)
        else:
            handler.answer(b'{"id": "1", "choices": [{"ind')

    return way


def shows_a_page(handler: Handler) -> None:
    """A proxy's page, with a friendly status."""
    handler.answer(b"<html><body>Sign in to continue</body></html>", kind="text/html")
