"""Telegram's Bot API as far as `examples/telegram-channel` uses it, strict, on this machine; and that package, installed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import pytest

from tests.packages import install, install_example

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "telegram-channel"
TOKEN = "123456:made-up"
#: What a method takes at most.
TAKES = {
    "getMe": set(),
    "getUpdates": {"offset", "timeout"},
    "sendMessage": {"chat_id", "text", "reply_markup"},
    "sendChatAction": {"chat_id", "action"},
}


def install_kinds(folder: Path, monkeypatch: pytest.MonkeyPatch, *lines: str, name: str = "more") -> None:
    """A package beside custagent that brings kinds: lines as `telegram = custagent_telegram:TelegramKind`."""
    kinds = dict(line.split(" = ") for line in lines)
    install(folder, monkeypatch, {"custagent.channels": kinds}, name=name)


def install_telegram(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example, as `pip install` would."""
    install_example(folder, monkeypatch, "telegram-channel")


class FakeTelegram:
    """A context manager: it listens as long as the block lasts."""

    def __init__(self) -> None:
        #: Chats that may be written to.
        self.chats: set[str] = set()
        #: (chat, text, its buttons) of each message that was taken, and whom it showed that somebody writes.
        self.sent: list[tuple[str, str, list[str]]] = []
        self.typing: list[str] = []
        #: How the next messages fail: (code, description), and seconds to wait.
        self.faults: list[tuple[int, str, int]] = []
        self._updates: list[dict[str, Any]] = []
        self._numbers = 0

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host}:{port}"

    def __enter__(self) -> Self:
        double = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                code, told = double._answer(self.path, self.headers, body)
                answer = json.dumps(told).encode()
                self.send_response(code)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def write(self, chat: int, text: str, **other: Any) -> None:
        """A contact writes."""
        self.chats.add(str(chat))
        self._numbers += 1
        message = {
            "message_id": self._numbers,
            "date": 1_790_000_000,
            "chat": {"id": chat, "type": "private"},
            "from": {"id": chat, "is_bot": False, "first_name": "Ada"},
            "text": text,
        }
        self._updates.append({"update_id": 500 + self._numbers, "message": message | other})

    def tell(self, **update: Any) -> None:
        """Something else happens."""
        self._numbers += 1
        self._updates.append({"update_id": 500 + self._numbers, **update})

    def _answer(self, path: str, headers: Any, body: bytes) -> tuple[int, dict[str, Any]]:
        token, _, method = path.removeprefix("/bot").partition("/")
        if token != TOKEN:
            return _no(401, "Unauthorized")
        if method not in TAKES or headers["Content-Type"] != "application/json":
            return _no(404, "Not Found")
        given = json.loads(body)
        if set(given) - TAKES[method]:
            return _no(400, f"Bad Request: {sorted(set(given) - TAKES[method])} is not known")
        take: Callable[..., tuple[int, dict[str, Any]]] = getattr(self, f"_{method.lower()}")
        return take(**given)

    def _getme(self) -> tuple[int, dict[str, Any]]:
        return _yes({"id": 1, "is_bot": True, "username": "northwind"})

    def _getupdates(self, offset: int, timeout: int) -> tuple[int, dict[str, Any]]:
        assert 0 <= timeout <= 50
        self._updates = [update for update in self._updates if update["update_id"] >= offset]
        return _yes(self._updates[:100])

    def _sendchataction(self, chat_id: str, action: str) -> tuple[int, dict[str, Any]]:
        if str(chat_id) not in self.chats or action != "typing":
            return _no(400, "Bad Request: chat not found")
        self.typing.append(str(chat_id))
        return _yes(True)

    def _sendmessage(self, chat_id: str, text: str, reply_markup: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.faults:
            code, description, wait = self.faults.pop(0)
            return _no(code, description, wait)
        if str(chat_id) not in self.chats:
            return _no(400, "Bad Request: chat not found")
        if not text.strip() or len(text) > 4096:
            return _no(400, "Bad Request: message text is empty or too long")
        buttons = [key["text"] for row in reply_markup.get("keyboard", []) for key in row]
        if not buttons and reply_markup != {"remove_keyboard": True}:
            return _no(400, "Bad Request: object expected as reply markup")
        self.sent.append((str(chat_id), text, buttons))
        self._numbers += 1
        return _yes({"message_id": self._numbers, "chat": {"id": int(chat_id)}, "text": text})


def _yes(result: Any) -> tuple[int, dict[str, Any]]:
    return 200, {"ok": True, "result": result}


def _no(code: int, description: str, wait: int = 0) -> tuple[int, dict[str, Any]]:
    told: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    return code, told | ({"parameters": {"retry_after": wait}} if wait else {})
