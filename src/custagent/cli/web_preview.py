"""The command preview with --web: the chat on a page of this machine, for colleagues without a terminal (PRE-2)."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

from custagent.cli.render import counted, say, success, warn
from custagent.core.agent import AgentDefinition
from custagent.core.answer import DecisionKind
from custagent.runtime.bootstrap import Application
from custagent.runtime.log import LogLevel, telling
from custagent.runtime.web.web_preview import AskedThere, PreviewKind, WebPreview, web_preview

_WORDS = {
    DecisionKind.ANSWER: "answered",
    DecisionKind.CLARIFY: "asked back",
    DecisionKind.REPHRASE: "asked to rephrase",
    DecisionKind.HANDOFF: "handed over",
}


def show_in_browser(app: Application, agent: AgentDefinition, *, host: str, port: int, channel: str) -> None:
    """Serve the page until Ctrl-C, then say what was asked. Raises UsageError when the port is taken, UnknownName."""
    if not _is_this_machine(host):
        warn(
            f"The preview listens at {host}: whoever reaches this machine and knows the address can talk to {agent.name}.",
            hint="The key in the address is new each time. What is written goes over the network unencrypted.",
        )
    with (
        _ended_as_by_ctrl_c(),
        telling(sys.stderr, level=LogLevel.WARNING),
        web_preview(app, agent, channel=channel) as preview,
    ):
        asyncio.run(_serve(preview, host, port, agent.name))
        _tell_end(preview.asked())


@contextmanager
def _ended_as_by_ctrl_c() -> Iterator[None]:
    """SIGTERM, and a terminal that is closed, leave nothing of what was said behind, however early they come."""
    handlers: dict[signal.Signals, Any] = {
        signal.SIGTERM: signal.default_int_handler,
        # While requests are served, SIGTERM ends those first.
        signal.SIGHUP: lambda *_: signal.raise_signal(signal.SIGTERM),
    }
    kept = {sign: signal.signal(sign, handler) for sign, handler in handlers.items()}
    try:
        yield
    finally:
        for sign, handler in kept.items():
            signal.signal(sign, handler)


async def _serve(preview: WebPreview, host: str, port: int, agent: str) -> None:
    from custagent.runtime.web.server import serve

    started: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    started.add_done_callback(lambda address: _tell_start(f"{address.result()}{preview.path}", agent))
    await serve(
        preview,
        host=host,
        port=port,
        started=started,
        kinds={"live-chat": PreviewKind()},
        make=preview.make_asgi,
        command=f"custagent preview {agent} --web",
    )


def _tell_start(address: str, agent: str) -> None:
    success(f"Preview of {agent}, in a browser:")
    say(f"  {address}", style=f"cyan link {address}" if sys.stdout.isatty() else "")
    say("Nothing is charged, counted or kept. The address is good until Ctrl-C ends it.")
    sys.stdout.flush()


def _tell_end(asked: AskedThere) -> None:
    say()
    if not asked.questions:
        say("Nothing was asked. Nothing was kept.")
        return
    done = ", ".join(f"{asked.decisions[kind]} {word}" for kind, word in _WORDS.items() if asked.decisions.get(kind))
    where = counted(asked.conversations, "conversation")
    say(f"{counted(asked.questions, 'message')} in {where}: {done or 'nothing answered yet'}. Nothing was kept.")


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
