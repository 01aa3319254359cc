"""Telling another server something: one guarded POST, of which only the status comes back (SRC-7).

Redirects are not followed: a receiver that has moved is named anew in custagent.yaml.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import httpcore
import httpx

from custagent.core.errors import FetchError
from custagent.knowledge.web.addresses import AddressGuard, Resolver, resolve_by_system
from custagent.knowledge.web.fetch import USER_AGENT
from custagent.knowledge.web.transport import GuardedTransport

#: Seconds from the first lookup to the status.
PATIENCE = 10.0


async def post_json(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allow_hosts: Sequence[str] = (),
    patience: float = PATIENCE,
    resolver: Resolver = resolve_by_system,
) -> int:
    """Send the JSON; the status of the answer, whose body is left where it is.

    Raises AddressRefused for an address that is not on the public web and not in `allow_hosts`, FetchError.
    """
    guard = AddressGuard(allow_hosts, resolver=resolver)
    target = guard.check_url(url)
    all_headers = {"User-Agent": USER_AGENT, "Content-Type": "application/json", **headers}
    timeouts = httpx.Timeout(patience).as_dict()
    try:
        async with (
            asyncio.timeout(patience),
            GuardedTransport(guard, connections=1, network=httpcore.AnyIOBackend()) as transport,
        ):
            request = httpx.Request("POST", target, headers=all_headers, content=body, extensions={"timeout": timeouts})
            response = await transport.handle_async_request(request)
            await response.aclose()
            return response.status_code
    except (TimeoutError, httpcore.TimeoutException) as error:
        raise FetchError(f"{target.host} did not answer within {patience:g} s") from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise FetchError(f"{target.host} could not be reached: {str(error) or type(error).__name__}") from error
