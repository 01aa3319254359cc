"""How much thousands of open chats slow the one that is talking down.

An echo is the time from sending a message until the visitor's own stream shows it. It is measured on a runner without
other visitors, and on the same one while 5,000 streams stand open, in turns; ends with exit code 1 where the median of
the rounds' ratios of p99 is above the limit.

    python benchmarks/streams.py [STREAMS] [ROUNDS] [PROBES]
"""

from __future__ import annotations

import sys
from pathlib import Path

from servers import median, servers, show

MOST = 3.0


def main(streams: str = "5000", rounds: str = "3", probes: str = "400") -> int:
    ratios, empty_p99, full_p99 = [], [], []
    # Of its 5,000 the runner keeps none back for those who come to measure.
    count = int(streams) - 10
    with servers(kinds=("runner",), answers=False) as started:
        runner = started["runner"]
        settings = {"probes": int(probes), "rate": 20}
        runner.load("echo", **(settings | {"probes": 20}), run=99)
        for number in range(int(rounds)):
            empty = runner.load("echo", **settings, run=2 * number + 1)
            full = runner.load("echo", **settings, streams=count, run=2 * number + 2)
            assert full["streams"] == count, full
            empty_p99.append(empty["echo"]["p99"])
            full_p99.append(full["echo"]["p99"])
            ratios.append(full_p99[-1] / empty_p99[-1])
            print(f"round {number + 1}: empty {empty['echo']}, with {count} streams {full['echo']}", flush=True)
        memory = Path(f"/proc/{runner.process.pid}/status").read_text(encoding="ascii")
        peak = int(memory.partition("VmHWM:")[2].split()[0]) / 1024
    print(f"at most {peak:.0f} MB of memory, all of it with the streams")
    ratio = median(ratios)
    print(f"p99 of the echo: {median(empty_p99):.1f} ms alone, {median(full_p99):.1f} ms with {count} streams")
    return show([(f"echo p99, {count} streams to none", f"{ratio:.2f}", f"{MOST}", ratio <= MOST)])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
