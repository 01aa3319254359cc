"""How much thousands of open chats slow the one that is talking down.

An echo is the time from sending a message until the visitor's own stream shows it. It is measured on two runners, one
of them with 5,000 open streams, which take turns, a few visitors each, so that a machine that is busy with other things
slows both alike. Ends with exit code 1 where the 99th percentile beside the streams is above the limit times that without.

    python benchmarks/streams.py [STREAMS] [ECHOES] [SLICES]
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

from servers import servers, show

MOST = 3.0
#: Of its 5,000 places a runner keeps none back for those who come to measure.
SPARE = 10


def main(streams: str = "5000", echoes: str = "1000", slices: str = "20") -> int:
    count, each = int(streams) - SPARE, int(echoes) // int(slices)
    times: dict[str, list[float]] = {"empty": [], "full": []}
    with servers(kinds=tuple(times), answers=False) as started, started["full"].held(count):
        for runner in started.values():
            runner.load("echo", probes=20, run=1_000)
        for number in range(int(slices)):
            for kind, runner in started.items():
                times[kind] += runner.load("echo", probes=each, rate=20, run=number + 1)["times"]
        status = Path(f"/proc/{started['full'].process.pid}/status").read_text(encoding="ascii")
    memory = int(status.partition("VmRSS:")[2].split()[0]) / 1024
    p99 = {kind: statistics.quantiles(values, n=100)[-1] * 1000 for kind, values in times.items()}
    for kind, values in times.items():
        print(f"{kind:8}{len(values)} echoes, median {statistics.median(values) * 1000:.1f} ms, p99 {p99[kind]:.1f} ms")
    print(f"{memory:.0f} MB of memory with {count} streams")
    ratio = p99["full"] / p99["empty"]
    return show([(f"echo p99, {count} streams to none", f"{ratio:.2f}", f"{MOST}", ratio <= MOST)])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
