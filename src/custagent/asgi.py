"""The runner as an ordinary ASGI application, for those who bring their own server: `uvicorn custagent.asgi:app`.

It works on the workspace that CUSTAGENT_WORKSPACE names, or that the current folder is in. One process only: the
second would be refused (RUN-1).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from custagent.runtime.bootstrap import open_application
from custagent.runtime.web.server import lifespan_of, make_asgi


@asynccontextmanager
async def _lifespan(outer: Starlette) -> AsyncIterator[None]:
    application = open_application(None, None)
    async with lifespan_of(application) as runner:
        outer.mount("/", make_asgi(application, runner))
        yield


app = Starlette(lifespan=_lifespan)
