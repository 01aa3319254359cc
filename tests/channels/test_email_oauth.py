"""Access tokens for mail servers, from a token server as RFC 6749 describes it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from pydantic import ValidationError

from custagent.channels.email.login import MailLogin, login_of
from custagent.channels.email.oauth import AccessTokens, Grant
from custagent.channels.email.smtp import open_submission
from custagent.core.channel import EmailChannel
from custagent.core.errors import ChannelError, ConfigError, SendFault
from tests.acceptance.mail_servers import servers  # noqa: F401 - a fixture
from tests.ports import free_port

USER = "support@northwind.example"


class TokenServer:
    """Gives token-1, token-2 and so on; `answers` come first."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.answers: list[tuple[int, object]] = []
        self.lifetime: object = 3600
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                server.asked.append(dict(parse_qsl(body)))
                usual = {"access_token": f"token-{len(server.asked)}", "token_type": "Bearer"}
                usual |= {"expires_in": server.lifetime} if server.lifetime else {}
                status, answer = server.answers.pop(0) if server.answers else (200, usual)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/token"
        self._worker = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._worker.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._worker.join()


@pytest.fixture
def giver() -> Iterator[TokenServer]:
    made = TokenServer()
    yield made
    made.close()


def grant(giver: TokenServer, **more: str) -> Grant:
    return Grant(**{"url": giver.url, "client_id": "us", "refresh_token": "again", **more})


SETTINGS = {
    "kind": "email",
    "name": "mail",
    "address": USER,
    "imap_host": "imap.example",
    "smtp_host": "smtp.example",
    "username": USER,
    "auth": "xoauth2",
}


def test_a_refresh_token_is_shown_and_the_token_kept(giver):
    tokens = AccessTokens()
    assert [tokens.of(grant(giver)) for _ in range(3)] == ["token-1"] * 3
    assert giver.asked == [{"grant_type": "refresh_token", "client_id": "us", "refresh_token": "again"}]


def test_without_one_the_program_signs_in_by_its_own_secret(giver):
    asked = grant(giver, refresh_token="", client_secret="hidden", scope="https://outlook.office365.com/.default")
    AccessTokens().of(asked)
    (told,) = giver.asked
    assert told["grant_type"] == "client_credentials"
    assert (told["client_secret"], told["scope"]) == ("hidden", "https://outlook.office365.com/.default")
    assert "hidden" not in repr(asked)


def test_a_token_about_to_run_out_is_not_used_again(giver):
    tokens = AccessTokens()
    giver.lifetime = 59
    assert tokens.of(grant(giver)) == "token-1"
    giver.lifetime = None
    assert [tokens.of(grant(giver)) for _ in range(2)] == ["token-2", "token-2"], "a usual life where none is told"


def test_threads_that_ask_at_once_get_the_same(giver):
    tokens, got = AccessTokens(), []
    threads = [threading.Thread(target=lambda: got.append(tokens.of(grant(giver)))) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert got == ["token-1"] * 8


@pytest.mark.parametrize(
    ("status", "answer", "said", "hint"),
    [
        (400, {"error": "invalid_grant", "error_description": "Token has been revoked."}, "revoked", "refresh_token:"),
        (401, {"error": "invalid_client"}, "invalid_client", "client_secret:"),
        (503, b"<html>", "status 503", "Try again later"),
        (200, {"token_type": "Bearer"}, "holds none", "Try again later"),
        (200, {"access_token": "a\nb"}, "holds none", "Try again later"),
        (200, ["token"], "holds none", "Try again later"),
    ],
)
def test_what_gives_none_says_why(giver, status, answer, said, hint):
    tokens = AccessTokens()
    giver.answers = [(status, answer)]
    with pytest.raises(ChannelError, match=said) as told:
        tokens.of(grant(giver))
    assert hint in told.value.hint
    assert told.value.fault is SendFault.CHANNEL_OUT
    assert tokens.of(grant(giver)) == "token-2", "and is asked again"


def test_a_server_that_is_away_is_said(giver):
    away = Grant(url=f"http://127.0.0.1:{free_port()}/token", client_id="us", refresh_token="again")
    with pytest.raises(ChannelError, match="cannot be reached") as told:
        AccessTokens().of(away)
    assert told.value.fault is SendFault.CHANNEL_OUT


def login(giver: TokenServer, mail_servers: Any, given: dict[str, str]) -> MailLogin:
    dovecot, submission = mail_servers
    channel = EmailChannel.model_validate(
        SETTINGS
        | {
            "smtp_host": f"localhost:{submission.port}",
            "token_url": giver.url,
            "client_id": "us",
            "refresh_token": "${AGAIN}",
            "ca_file": str(dovecot.cert),
        }
    )

    def secrets(reference: str) -> tuple[str, ...]:
        if reference not in given:
            raise ConfigError(f"{reference} is not set", hint="Set it.")
        return (given[reference],)

    return login_of(channel, secrets, Path("/"))


def test_a_mailbox_signs_in_by_it_and_with_a_new_one_after_a_refusal(giver, servers):  # noqa: F811 - the fixture
    submission = servers[1]
    submission.habits.__init__()
    submission.habits.tokens[USER] = "token-2"
    ours = login(giver, servers, {"${AGAIN}": "again"})
    with pytest.raises(ChannelError, match="does not let") as told, open_submission(ours, ehlo="northwind.example"):
        pass
    assert "A new token is fetched" in told.value.hint
    for _ in range(2):
        with open_submission(ours, ehlo="northwind.example"):
            pass
    assert len(giver.asked) == 2


def test_a_secret_that_is_not_set_is_said(giver, servers):  # noqa: F811 - the fixture
    with pytest.raises(ChannelError, match=r"AGAIN.* is not set"):
        login(giver, servers, {}).secret()


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"token": "${T}", "token_url": "https://a.example/token", "client_id": "us", "refresh_token": "${R}"},
        {"token_url": "https://a.example/token", "refresh_token": "${R}"},
        {"token_url": "https://a.example/token", "client_id": "us"},
    ],
)
def test_half_of_what_is_needed_is_a_mistake(given):
    with pytest.raises(ValidationError, match="needs"):
        EmailChannel.model_validate(SETTINGS | given)


def test_setting_it_up_asks_for_what_is_needed():
    asks = EmailChannel.asks_for
    url = {"auth": "xoauth2", "token_url": "https://a.example/token"}
    assert [asks({"auth": "xoauth2"}), asks(url), asks(url | {"client_secret": "${S}"})] == [
        ("token",),
        ("client_id", "refresh_token"),
        ("client_id",),
    ]
