"""Whether a conversation whose model hangs slows the others down.

500 visitors ask an agent with a model that takes its time, and 500 ask another runner, on which one more visitor came
first, whose question the model never answers. The two take turns, a few visitors each, so that a machine that is busy
with other things slows both alike. Ends with exit code 1 where the 95th percentile of the time to the reply beside the
stuck one is above the limit times that without it.

    python benchmarks/stuck.py [VISITORS] [VISITORS_A_SECOND] [SLICES]
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from servers import servers, show

MOST = 1.2
#: Seconds that the model takes.
THINKS = 0.3
QUESTION = "How long do refunds take?"
#: What no turn comes to an end with.
HANGS = "How long do refunds take for an unending order?"
AGENT = """\
name: support
model: openai/small
model_options:
  api_base: {base}/v1
  api_key: ${{MODEL_KEY}}
  timeout: 10m
confidence: {{answer: 0.0, clarify: 0.0}}
sources:
  - file: content/refunds.md
assignments:
  - channel: website
"""
WRITTEN = "Refunds reach your card within 5 working days [1]."


async def serve_model(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection to a server of OpenAI's shape."""
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": WRITTEN}}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    told = {"id": "c", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], "usage": usage}
    reply = json.dumps(told).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(reply)}\r\n\r\n".encode()
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            asked = await reader.readuntil(b"\r\n\r\n")
            length = int(asked.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(length)
            await asyncio.sleep(3600 if b"unending" in body else THINKS)
            writer.write(head + reply)
            await writer.drain()
    writer.close()


@contextmanager
def model() -> Iterator[str]:
    """Its address."""
    started: list[str] = []
    ready, loop = threading.Event(), asyncio.new_event_loop()

    async def serve() -> None:
        server = await asyncio.start_server(serve_model, "127.0.0.1", 0)
        started.append(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        ready.set()
        await asyncio.sleep(86_400)

    def run() -> None:
        with suppress(RuntimeError):
            loop.run_until_complete(serve())

    threading.Thread(target=run, daemon=True).start()
    ready.wait()
    try:
        yield started[0]
    finally:
        loop.call_soon_threadsafe(loop.stop)


def main(visitors: str = "500", rate: str = "10", slices: str = "20") -> int:
    os.environ["MODEL_KEY"] = "sk-for-benchmarks-only"
    each = int(visitors) // int(slices)
    settings = {"visitors": each, "rate": float(rate), "channel": "website", "text": QUESTION}
    times: dict[str, list[float]] = {"alone": [], "beside": []}
    with model() as base, servers(AGENT.format(base=base), kinds=tuple(times)) as started:
        for kind, runner in started.items():
            # The library of the model's is loaded, and the engine; and one of the two gets its stuck conversation.
            stuck = {"stuck": HANGS} if kind == "beside" else {}
            warmed = runner.load("ask", **(settings | {"visitors": 10, "rate": 1}), **stuck, run=1_000)
            assert warmed["hanging"] == len(stuck), warmed
        for number in range(int(slices)):
            for kind, runner in started.items():
                measured = runner.load("ask", **settings, run=number + 1)
                assert measured["count"] == each, measured
                times[kind] += measured["times"]
    p95 = {kind: statistics.quantiles(values, n=20)[-1] for kind, values in times.items()}
    for kind, values in times.items():
        print(f"{kind:8}{len(values)} visitors, median {statistics.median(values):.3f} s, p95 {p95[kind]:.3f} s")
    ratio = p95["beside"] / p95["alone"]
    return show([(f"p95 of {visitors} beside a stuck one to without", f"{ratio:.2f}", f"{MOST}", ratio <= MOST)])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
