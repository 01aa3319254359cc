"""Asking HubSpot: all of a list, patiently, and in plain words when it refuses."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from custagent.core.errors import AddressRefused, FetchError, UsageError
from custagent.knowledge.hubspot import KINDS, HubSpotApi
from tests.hubspot import TOKEN, FakeHubSpot, missing_scope, too_many


@pytest.fixture
def account() -> Iterator[FakeHubSpot]:
    with FakeHubSpot() as double:
        for number in range(5):
            double.page(f"/page-{number}", f"Page {number}")
        yield double


class Asked:
    """What a list gave, and how long was waited for it."""

    def __init__(self) -> None:
        self.results: list[dict[str, Any]] = []
        self.slept: list[float] = []


def ask(account: FakeHubSpot, *, token: str = TOKEN, base: str = "", kind: str = "site-pages") -> Asked:
    asked = Asked()

    async def sleep(seconds: float) -> None:
        asked.slept.append(seconds)

    async def scene() -> None:
        api = HubSpotApi(token, base=base or account.url, allow_hosts=(account.host,), sleep=sleep)
        async with api:
            async for result in api.results(KINDS[kind]):
                asked.results.append(dict(result))

    asyncio.run(scene())
    return asked


def refusal(account: FakeHubSpot, **options: Any) -> FetchError:
    with pytest.raises(FetchError) as caught:
        ask(account, **options)
    assert TOKEN not in f"{caught.value.message} {caught.value.hint} {caught.value.__cause__}"
    return caught.value


def test_a_list_is_read_to_its_end(account: FakeHubSpot) -> None:
    account.page_size = 2
    assert [result["htmlTitle"] for result in ask(account).results] == [f"Page {number}" for number in range(5)]
    assert [target.partition("after=")[2] for target in account.asked] == ["", "2", "4"]


def test_an_empty_list_is_empty(account: FakeHubSpot) -> None:
    assert ask(account, kind="blog").results == []


def test_it_waits_as_long_as_hubspot_asks(account: FakeHubSpot) -> None:
    account.faults = [
        (429, {"Retry-After": "7"}, too_many("TEN_SECONDLY_ROLLING")),
        (429, {}, too_many("TEN_SECONDLY_ROLLING")),
        (429, {"Retry-After": "100000"}, too_many("SECONDLY")),
    ]
    asked = ask(account)
    assert len(asked.results) == 5
    assert asked.slept == [7.0, 10.0, 120.0]


def test_a_fault_of_the_server_is_tried_again_later_each_time(account: FakeHubSpot) -> None:
    account.faults = [(502, {}, b"<html>Bad gateway</html>"), (500, {}, {}), (503, {"Retry-After": "3"}, {})]
    asked = ask(account)
    assert len(asked.results) == 5
    assert asked.slept == [1.0, 2.0, 3.0]


def test_a_fault_that_stays_is_told(account: FakeHubSpot) -> None:
    account.faults = [(500, {}, {"message": "internal\nerror"})] * 5
    error = refusal(account)
    assert (error.status, "internal error" in error.message) == (500, True)
    assert len(account.asked) == 5


def test_the_days_last_request_is_not_waited_for(account: FakeHubSpot) -> None:
    account.faults = [(429, {"Retry-After": "7"}, too_many("DAILY"))]
    error = refusal(account)
    assert "today" in error.message
    assert "tomorrow" in error.hint
    assert len(account.asked) == 1


def test_a_wrong_token_is_told_once(account: FakeHubSpot) -> None:
    error = refusal(account, token="pat-eu1-another")
    assert (error.status, "token" in error.message) == (401, True)
    assert len(account.asked) == 1


@pytest.mark.parametrize(
    ("body", "scopes"),
    [
        (missing_scope("content"), "content"),
        (missing_scope("content", "cms.pages.read"), "content or cms.pages.read"),
        ({"message": "no", "category": "MISSING_SCOPES", "context": {"requiredScopes": ["hub-blog"]}}, "hub-blog"),
        ({"message": "no", "errors": "?", "context": []}, "content"),
        (b"no", "content"),
    ],
)
def test_a_missing_scope_is_named(account: FakeHubSpot, body: Any, scopes: str) -> None:
    account.faults = [(403, {}, body)]
    error = refusal(account)
    assert f"scope {scopes}." in error.message
    assert "Scopes" in error.hint


@pytest.mark.parametrize("body", [b"<html>", b"[]", {"results": {}}, {"status": "ok"}])
def test_what_is_no_list_is_told(account: FakeHubSpot, body: Any) -> None:
    account.faults = [(200, {}, body)]
    assert "answered something that is no" in refusal(account).message


def test_a_list_that_goes_round_ends(account: FakeHubSpot) -> None:
    account.faults = [(200, {}, {"results": [], "paging": {"next": {"after": "2"}}})] * 9
    assert "again and again" in refusal(account).message
    assert len(account.asked) < 5


def test_the_token_follows_no_redirect(account: FakeHubSpot) -> None:
    account.faults = [(302, {"Location": f"{account.url}/elsewhere"}, {})]
    assert refusal(account).status == 302
    assert (account.visited, account.leaked) == ([], [])


def test_an_account_that_is_not_there_is_told(account: FakeHubSpot) -> None:
    assert "--api-base" in refusal(account, base=f"{account.url}/wrong").hint


def test_a_server_that_is_off_is_told(account: FakeHubSpot) -> None:
    url, host = account.url, account.host
    account.__exit__()
    try:

        async def sleep(seconds: float) -> None: ...

        async def scene() -> None:
            async with HubSpotApi(TOKEN, base=url, allow_hosts=(host,), sleep=sleep) as api:
                async for _ in api.results(KINDS["blog"]):
                    pass

        with pytest.raises(FetchError, match="did not answer"):
            asyncio.run(scene())
    finally:
        account.__enter__()


def test_private_addresses_are_not_asked() -> None:
    for base in ("http://127.0.0.1:1", "https://10.0.0.1", "https://localhost"):
        with pytest.raises(AddressRefused):
            HubSpotApi(TOKEN, base=base)


def test_the_token_is_not_sent_unencrypted() -> None:
    with pytest.raises(UsageError, match="everybody on the way"):
        HubSpotApi(TOKEN, base="http://api.example.com")


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "é"])
def test_a_token_that_cannot_be_one_is_refused_unseen(token: str) -> None:
    with pytest.raises(UsageError) as caught:
        HubSpotApi(token)
    assert token not in caught.value.message


def test_a_bad_certificate_is_named_and_not_tried_again(tmp_path: Path) -> None:
    """As behind a proxy that opens what is encrypted: being online is not what is missing."""
    cert, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
            "-out", cert, "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]  # fmt: skip
    subprocess.run(made, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    slept: list[float] = []

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def scene() -> None:
        server = await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context)
        place = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server, HubSpotApi(TOKEN, base=f"https://{place}", allow_hosts=(place,), sleep=sleep) as api:
            async for _ in api.results(KINDS["blog"]):
                pass

    with pytest.raises(FetchError, match=r"certificate of 127\.0\.0\.1 is not valid \(self-signed certificate\)"):
        asyncio.run(scene())
    assert slept == []
