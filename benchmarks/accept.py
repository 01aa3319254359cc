"""How fast the runner takes messages: durably, compared with a server that keeps nothing and with one commit a message.

256 connections send live-chat messages to a chat of people. Three servers take turns: the real `custagent run`, the
same with one commit a message, and a bare Starlette endpoint under the same uvicorn settings that reads the body.
Medians of the rounds; ends with exit code 1 where a ratio is missed.

    python benchmarks/accept.py [ROUNDS] [SECONDS]
"""

from __future__ import annotations

import sys

from servers import in_rounds, median, servers, show

CONNECTIONS = 256
#: Of the bare server's requests a second.
LEAST_OF_BARE = 0.3
#: As many times what one commit a message takes.
LEAST_OF_SINGLE = 4.0


def main(rounds: str = "5", seconds: str = "4") -> int:
    with servers(kinds=("bare", "runner", "single"), answers=False) as started:
        in_rounds(started, 1, "posts", connections=CONNECTIONS, seconds=1)
        found = in_rounds(started, int(rounds), "posts", connections=CONNECTIONS, seconds=float(seconds))
    pace = {}
    for kind, measured in found.items():
        assert all(each["statuses"].keys() == {"202"} for each in measured), measured
        pace[kind] = median([each["per_second"] for each in measured])
        cpu = median([each["cpu"] / each["requests"] for each in measured]) * 1e6
        p99 = median([each["latency"]["p99"] for each in measured])
        print(f"{kind:8}{pace[kind]:9,.0f} messages/s  {cpu:7.0f} us of processor each   p99 {p99:7.1f} ms")
    # The ratio of a round, whose parts had the same machine.
    of_bare = median([
        runner["per_second"] / bare["per_second"] for runner, bare in zip(found["runner"], found["bare"], strict=True)
    ])  # fmt: skip
    of_single = median([
        runner["per_second"] / single["per_second"]
        for runner, single in zip(found["runner"], found["single"], strict=True)
    ])  # fmt: skip
    return show([
        ("durable accept, times bare Starlette", f"{of_bare:.2f}", f"{LEAST_OF_BARE}", of_bare >= LEAST_OF_BARE),
        ("times one commit a message", f"{of_single:.1f}", f"{LEAST_OF_SINGLE}", of_single >= LEAST_OF_SINGLE),
    ])  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
