"""The way out to the network: connections go to addresses that the guard has checked, and to no other (SRC-7).

httpx asks the transport, the transport httpcore's pool, the pool this backend. Because every connection passes the
backend, redirects and names that change their meaning cannot get around the guard. The pool still speaks to the
server by its name (TLS certificate, SNI, Host header): the backend alone knows the IP address.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from types import TracebackType
from typing import Self

import httpcore
import httpx

from custagent.knowledge.web.addresses import AddressGuard

#: With more addresses to try, an unreachable one gets this long, in seconds (a broken IPv6 route is common).
_PATIENCE = 3.0
#: How many addresses of one name are tried.
_MOST_ADDRESSES = 4


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Resolves and checks once, then connects to what was checked."""

    def __init__(self, guard: AddressGuard, network: httpcore.AsyncNetworkBackend) -> None:
        self._guard = guard
        self._network = network

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (the signature is httpcore's)
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to one of the checked addresses. Raises AddressRefused, FetchError, httpcore's errors."""
        addresses = (await self._guard.addresses(host, port))[:_MOST_ADDRESSES]
        for address in addresses[:-1]:
            patience = _PATIENCE if timeout is None else min(timeout, _PATIENCE)
            try:
                return await self._network.connect_tcp(address, port, patience, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._network.connect_tcp(addresses[-1], port, timeout, local_address, socket_options)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 (the signature is httpcore's)
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002 (the signature is httpcore's)
    ) -> httpcore.AsyncNetworkStream:
        """Never: no web page lies behind a local socket."""
        raise httpcore.ConnectError(f"{path} is a local socket (timeout {timeout})")

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


class _Body(httpx.AsyncByteStream):
    """Lends httpcore's stream to httpx."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._response.aiter_stream():
            yield part

    async def aclose(self) -> None:
        await self._response.aclose()


class GuardedTransport(httpx.AsyncBaseTransport):
    """An httpx transport without proxies, HTTP/1.1 and HTTP/2. Errors are httpcore's own, and the guard's."""

    def __init__(self, guard: AddressGuard, *, connections: int, network: httpcore.AsyncNetworkBackend) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=True),
            max_connections=connections,
            http2=True,
            network_backend=GuardedBackend(guard, network),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        response = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    async def __aenter__(self) -> Self:
        await self._pool.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self._pool.__aexit__(exc_type, exc_value, traceback)

    async def aclose(self) -> None:
        await self._pool.aclose()
