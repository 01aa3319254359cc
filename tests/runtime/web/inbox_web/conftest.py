"""The inbox as a browser reaches it, and a doorkeeper whose hashes cost little: what they cost in earnest is argon2's own affair."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from starlette.applications import Starlette

from custagent.runtime.bootstrap import Application
from custagent.runtime.runner.runner import Runner
from custagent.runtime.web.inbox_web.responses import COOKIE
from custagent.runtime.web.inbox_web.sign_in import Doorkeeper, csrf_of
from custagent.runtime.web.server import make_asgi

PASSWORD = "violet harbour seven combs"
ORIGIN = "http://inbox.test"


class Desk:
    """A browser at the inbox of a workspace, signed in or not."""

    def __init__(self, asgi: Starlette, token: str = "") -> None:
        self.asgi = asgi
        self.token = token

    def on(self, scene: Callable[[httpx.AsyncClient], Awaitable[Any]]) -> Any:
        async def play() -> Any:
            cookies = {COOKIE: self.token} if self.token else {}
            transport = httpx.ASGITransport(app=self.asgi)
            async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, cookies=cookies) as client:
                return await scene(client)

        return asyncio.run(play())

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.on(lambda client: client.get(path, **more))

    def post(self, path: str, form: dict[str, str] | None = None, **headers: str) -> httpx.Response:
        usual = {"origin": ORIGIN, "accept": "application/json", "x-csrf": csrf_of(self.token)} | headers
        sent = {name: value for name, value in usual.items() if value}
        return self.on(lambda client: client.post(path, data=form or {}, headers=sent))


@pytest.fixture
def door(shop: Application) -> Doorkeeper:
    return Doorkeeper(shop, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def signed_in(shop: Application, door: Doorkeeper) -> Callable[..., str]:
    """A session of anna's: its token."""

    def make(user: str = "anna") -> str:
        return door.accept(door.invite(user, shop.workspace), PASSWORD, shop.workspace)

    return make


@pytest.fixture
def asgi(shop) -> Iterator[Starlette]:
    runner = Runner(shop)
    yield make_asgi(shop, runner)
    runner.release()


@pytest.fixture
def desk(asgi, signed_in) -> Desk:
    return Desk(asgi, signed_in())
