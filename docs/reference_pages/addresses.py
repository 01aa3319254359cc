"""docs/http.md: every address that the runner answers, and every figure that it counts, from a runner itself."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from starlette.routing import BaseRoute, Route

from custagent.config.home import init_home
from custagent.core.channel import ChannelKind
from custagent.runtime.bootstrap import Application
from custagent.runtime.kinds.served import served_kinds
from custagent.runtime.runner.runner import Runner
from custagent.runtime.web.metrics import Metrics
from custagent.runtime.web.server import make_asgi
from reference_pages.markdown import cell, first_sentence, table

INTRODUCTION = """\
# The addresses

This page is written by `nox -s docs -- --write` from the runner's own routes: change those, not the page.

`custagent run` answers them all on one port, in plain HTTP: TLS belongs to the proxy in front of it
([in production](production.md)). Words in braces stand for a name or a number.
"""

#: What each part is for, by what its addresses begin with; the longest that fits counts.
GROUPS = {
    "/chat/": """\
## The live chat

What the widget on your site calls. A visitor is named by a token in `Authorization: Bearer`; browsers are let in from the
channel's `origins` only. A refusal is `{"error": {"code", "message"}}`; with status 429 or 503 the header `Retry-After` says
after how many seconds to try again. `events` is a stream of server-sent events: each has the message's number as its id, and
`Last-Event-ID` goes on from there. A silent stream gives a sign of life every 20 seconds.""",
    "/webhooks/": """\
## Webhooks

What Meta calls. A body counts only with its signature in `X-Hub-Signature-256`; it is answered 200 once everything in it is
on the disk, and whatever goes wrong before is answered so that Meta sends it again ([webhook channels](webhooks.md)).""",
    "/inbox": """\
## The inbox

Pages for people, not for programs: they need a session, and every change its CSRF word. For scripts there is
`custagent inbox`.""",
    "/": """\
## Looking after it

For what watches over the runner. `/metrics` is for this machine, or for who shows the token of `metrics:`.""",
}

FIGURES = """\
## The figures at /metrics

In Prometheus' text format. No label holds anything of a contact."""


def page() -> str:
    """The whole page."""
    with tempfile.TemporaryDirectory() as folder:
        home = init_home(Path(folder) / "workspace", name="Northwind")
        with Application(home, user=None, environ={}) as app:
            built_in = {name: kind for name, kind in served_kinds().items() if name in set(ChannelKind)}
            runner = Runner(app, kinds=built_in)
            try:
                routes = make_asgi(app, runner).routes
                figures = Metrics(app, runner).text()
            finally:
                runner.release()
    sections = [part for prefix, told in GROUPS.items() for part in (told, _table(_of(routes, prefix)))]
    return "\n\n".join([INTRODUCTION.rstrip(), *sections, FIGURES, _figures(figures)]) + "\n"


def _of(routes: Sequence[BaseRoute], prefix: str) -> Iterator[Route]:
    """The addresses of a group; those that only lead to another one are left out."""
    for route in routes:
        if not isinstance(route, Route) or route.endpoint.__name__ == "<lambda>":
            continue
        if max((one for one in GROUPS if route.path.startswith(one)), key=len) == prefix:
            yield route


def _table(routes: Iterator[Route]) -> str:
    rows = [(_methods(route), f"`{route.path}`", cell(first_sentence(route.endpoint.__doc__))) for route in routes]
    return table(["call", "address", "what it does"], rows)


def _methods(route: Route) -> str:
    """How it is called; HEAD and OPTIONS come by themselves."""
    return ", ".join(sorted((route.methods or set()) - {"HEAD", "OPTIONS"}))


def _figures(text: str) -> str:
    """The figures by what Prometheus is told of them."""
    helps = dict(_after(text, "# HELP "))
    kinds = dict(_after(text, "# TYPE "))
    rows = [(f"`{name}`", kinds.get(name, ""), cell(told)) for name, told in helps.items()]
    return table(["figure", "kind", "what it counts"], rows)


def _after(text: str, mark: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if line.startswith(mark):
            name, _, told = line.removeprefix(mark).partition(" ")
            yield name, told
