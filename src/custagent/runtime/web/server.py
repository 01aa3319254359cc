"""The runner's web server: an ordinary ASGI application, and the process that serves it beside the background work."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import timedelta
from functools import partial
from types import FrameType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from custagent.core.errors import CustagentError, StoreError, UsageError
from custagent.runtime.bootstrap import Application
from custagent.runtime.kinds.served import ServedKind
from custagent.runtime.runner.garbage import unhurried
from custagent.runtime.runner.runner import LEASE, Runner
from custagent.runtime.upkeep.backup import check_database
from custagent.runtime.web.connection import Connection
from custagent.runtime.web.inbox_web.routes import inbox_routes
from custagent.runtime.web.metrics import metrics_route

_log = logging.getLogger(__name__)

#: Seconds that requests may take to end after the stop signal; streams end at once.
GRACE = 8
#: Connections that wait while the process is busy.
BACKLOG = 2048
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
#: Seconds that a browser is asked to wait when the database does not answer.
_BUSY = 5
#: uvicorn's, in a second.
_TICKS = 10
_HOST_HINT = "Listen on this machine alone with --host 127.0.0.1, or on all its addresses with --host 0.0.0.0"
#: What to do about a port that the system does not give.
_PORT_HINTS = {
    errno.EADDRINUSE: "Choose another: {command} --port {next}",
    errno.EACCES: (
        "Ports below 1024 belong to the system: take a higher one, and let nginx or Caddy pass on to it: "
        "{command} --port 8700"
    ),
}


def make_asgi(app: Application, runner: Runner) -> Starlette:
    """The application over a runner: what its kinds of channel bring, `/metrics`, `/healthz` and `/readyz`."""

    async def alive(_: Request) -> JSONResponse:
        """That the process answers; for what starts it again when it does not."""
        return JSONResponse({"status": "alive"})

    async def ready(_: Request) -> JSONResponse:
        """Whether it can take messages now: 503 with the reason when the lease or the database is gone, or it stops."""
        reason = "it is stopping" if runner.stopping.is_set() else ""
        try:
            await asyncio.to_thread(runner.check)
        except StoreError as error:
            reason = error.message
        if reason:
            return JSONResponse({"status": "not ready", "reason": reason}, status_code=503)
        return JSONResponse({"status": "ready"})

    async def busy(_: Request, error: Exception) -> JSONResponse:
        told = error.message if isinstance(error, CustagentError) else ""
        _log.warning("a request could not be served: %s", told)
        message = "The chat cannot be reached for the moment. Try again shortly."
        body = {"error": {"code": "busy", "message": message}}
        return JSONResponse(body, status_code=503, headers={"Retry-After": str(_BUSY), "Cache-Control": "no-store"})

    # What channels bring comes first: a request is compared with one route after the other.
    routes: list[BaseRoute] = [route for kind in runner.kinds.values() for route in kind.routes(runner)]
    routes += inbox_routes(runner)
    routes += [Route("/healthz", alive), Route("/readyz", ready), metrics_route(app, runner)]
    return Starlette(routes=routes, exception_handlers={CustagentError: busy})


class Server(uvicorn.Server):
    """uvicorn, ended by us: on a signal the streams end first, then the requests, then the background work."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        #: Set once requests are answered.
        self.answering = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell when it is done."""
        await super().startup(sockets)
        self.answering.set()

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second; once a second those who have connected and say nothing are let go."""
        if counter % _TICKS == 0:
            self.end_late(asyncio.get_running_loop().time())
        return await super().on_tick(counter)

    def end_late(self, now: float) -> None:
        """Hang up on connections whose request does not come; `now` is the loop's clock."""
        for connection in list(self.server_state.connections):
            if isinstance(connection, Connection):
                connection.end_if_late(now)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn would raise the signal again after serving, which kills the background work in the middle."""
        yield


async def serve(
    app: Application,
    *,
    host: str,
    port: int,
    started: asyncio.Future[str] | None = None,
    lease: timedelta = LEASE,
    kinds: Mapping[str, ServedKind] | None = None,
    make: Callable[[Application, Runner], ASGIApp] = make_asgi,
    command: str = "custagent run",
) -> None:
    """Run the workspace until SIGTERM or SIGINT: a clean end within ten seconds, whatever is open.

    `started` is given the address once it answers; `kinds` are the kinds of channel that are served, all that there are
    unless told; `make` makes what is served; `command` is what was typed, for hints. Raises LeaseHeld, UsageError when the
    port is taken.
    """
    # The lease comes first: a second runner is told of the first, not of the port that the first one has.
    app.store.load()
    runner = Runner(app, lease=lease, kinds=kinds)
    try:
        with closing(_listen(host, port, command)) as listener, unhurried():
            await _serve(runner, Server(make_config(make(app, runner))), listener, started)
    finally:
        runner.release()


def make_config(application: ASGIApp) -> uvicorn.Config:
    """How uvicorn serves an application here; the benchmarks serve theirs the same way."""
    return uvicorn.Config(
        application,
        http=Connection,
        # Nothing here speaks it, and to ask for it is no reason to tell of packages.
        ws="none",
        # Its lines go where all others go.
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=GRACE,
        proxy_headers=True,
        lifespan="off",
    )


async def _serve(runner: Runner, server: Server, listener: socket.socket, started: asyncio.Future[str] | None) -> None:
    def stop(_: object = None) -> None:
        runner.stop()
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for sign in _SIGNALS:
        loop.add_signal_handler(sign, stop)
    loop.add_signal_handler(signal.SIGTSTP, runner.sleep)
    work = asyncio.create_task(runner.run())
    web = asyncio.create_task(server.serve(sockets=[listener]))
    # Neither goes on without the other.
    work.add_done_callback(stop)
    web.add_done_callback(stop)
    answering = asyncio.create_task(server.answering.wait())
    try:
        await asyncio.wait([answering, work, web], return_when=asyncio.FIRST_COMPLETED)
        if started is not None and answering.done():
            started.set_result(_address(listener))
        # Both are let end before an error of one is raised.
        await asyncio.wait([work, web])
        await work
        await web
    finally:
        for sign in (*_SIGNALS, signal.SIGTSTP):
            loop.remove_signal_handler(sign)
        answering.cancel()


def _listen(host: str, port: int, command: str = "custagent run") -> socket.socket:
    """Raises UsageError when the address is taken, or is none of this machine's."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise UsageError(f"{host} is no address to listen at: {error.strerror}", hint=_HOST_HINT) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        # At once, for two that have bound an address do not notice each other before they listen.
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise refused_port(error, host, port, command) from error
    return listener


def refused_port(error: OSError, host: str, port: int, command: str) -> UsageError:
    """What the system said about a port, and what to do."""
    hint = _PORT_HINTS.get(error.errno or 0, _HOST_HINT).format(command=command, next=port + 1)
    return UsageError(f"port {port} on {host} cannot be used: {error.strerror}", hint=hint)


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@asynccontextmanager
async def lifespan_of(app: Application) -> AsyncIterator[Runner]:
    """A runner for as long as somebody else's ASGI server serves the application."""
    with app:
        await asyncio.to_thread(check_database, app)
        app.store.load()
        runner = Runner(app)
        work = asyncio.create_task(runner.run())
        try:
            with _told_of_signals(runner.stop):
                yield runner
        finally:
            runner.stop()
            try:
                await work
            finally:
                runner.release()


@contextmanager
def _told_of_signals(stop: Callable[[], None]) -> Iterator[None]:
    """uvicorn ends the lifespan when every connection is closed, which open streams never are: hear its signals too.

    Other servers' signals are left alone.
    """
    loop = asyncio.get_running_loop()

    def both(handler: Callable[[int, FrameType | None], object], number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop)
        handler(number, frame)

    kept: dict[signal.Signals, Any] = {}
    for sign in _SIGNALS:
        handler = signal.getsignal(sign)
        if callable(handler) and isinstance(getattr(handler, "__self__", None), uvicorn.Server):
            kept[sign] = signal.signal(sign, partial(both, handler))
    try:
        yield
    finally:
        for sign, handler in kept.items():
            signal.signal(sign, handler)
