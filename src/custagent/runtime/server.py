"""The runner's web server: an ordinary ASGI application, and the process that serves it beside the background work."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from custagent.channels.live_chat_assets import HostPage
from custagent.channels.live_chat_web import create_routes
from custagent.core.errors import LeaseHeld, StoreError, UsageError
from custagent.runtime.bootstrap import Application
from custagent.runtime.chat import LiveChats
from custagent.runtime.runner import Runner

_log = logging.getLogger(__name__)

#: Seconds that requests may take to end after the stop signal; streams end at once.
GRACE = 8


def make_asgi(app: Application, runner: Runner, *, demo: HostPage | None = None) -> Starlette:
    """The application over a runner: live chat, `/healthz` and `/readyz`."""

    async def alive(_: Request) -> JSONResponse:
        return JSONResponse({"status": "alive"})

    async def ready(_: Request) -> JSONResponse:
        try:
            await asyncio.to_thread(runner.check)
        except StoreError as error:
            return JSONResponse({"status": "not ready", "reason": error.message}, status_code=503)
        return JSONResponse({"status": "ready"})

    chats = LiveChats(app, runner)
    routes = [Route("/healthz", alive), Route("/readyz", ready)]
    return Starlette(routes=[*routes, *create_routes(chats, hub=runner.hub, clock=app.clock, demo=demo)])


class Server(uvicorn.Server):
    """uvicorn, ended by us: on a signal the streams end first, then the requests, then the background work."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn would raise the signal again after serving, which kills the background work in the middle."""
        yield


async def serve(
    app: Application, *, host: str, port: int, demo: HostPage | None = None, started: asyncio.Future[str] | None = None
) -> None:
    """Run the workspace until SIGTERM or SIGINT: a clean end within ten seconds, whatever is open.

    `started` is given the address once it answers. Raises LeaseHeld, UsageError when the port is taken.
    """
    listener = _listen(host, port)
    runner = Runner(app)
    config = uvicorn.Config(
        make_asgi(app, runner, demo=demo),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=GRACE,
        proxy_headers=True,
        lifespan="off",
    )
    server = Server(config)

    def stop() -> None:
        runner.stop()
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop)
    try:
        async with asyncio.TaskGroup() as tasks:
            web = tasks.create_task(server.serve(sockets=[listener]))
            tasks.create_task(_work(runner, stop))
            await _until_answering(server, web)
            if started is not None and not started.done():
                started.set_result(f"http://{host}:{listener.getsockname()[1]}")
    except* LeaseHeld as lost:
        raise lost.exceptions[0] from None
    finally:
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(sign)
        listener.close()


async def _work(runner: Runner, stop: object) -> None:
    """The background work; when it ends by itself, the web server must not go on without it."""
    try:
        await runner.run()
    finally:
        if callable(stop):
            stop()


async def _until_answering(server: uvicorn.Server, web: asyncio.Task[None]) -> None:
    # uvicorn tells that it has started by an attribute only.
    while not server.started and not web.done():
        await asyncio.sleep(0.02)


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise UsageError(
            f"port {port} on {host} cannot be used: {error.strerror}",
            hint=f"Choose another: custagent run --port {port + 1}",
        ) from error
    return listener


@contextlib.asynccontextmanager
async def lifespan_of(app: Application) -> AsyncIterator[Runner]:
    """A runner for as long as somebody else's ASGI server serves the application."""
    runner = Runner(app)
    work = asyncio.create_task(runner.run())
    try:
        yield runner
    finally:
        runner.stop()
        await work
        app.close()
