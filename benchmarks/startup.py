"""How long `custagent --help` takes, as a multiple of a Typer hello-world's `--help`.

Both are started in turns, so that a busy machine slows both alike; medians of 20. Prints one JSON object and ends
with exit code 1 when the ratio is above the limit of 1.3 (docs/decisions/0005-lazy-start-up.md).

    python benchmarks/startup.py
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 20
LIMIT = 1.3

HELLO = '''
import typer

app = typer.Typer()


@app.command()
def hello(name: str) -> None:
    """Say hello."""
    print(f"Hello {name}")


if __name__ == "__main__":
    app()
'''


def seconds(command: list[str]) -> float:
    """Wall-clock time of one run, which must succeed."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "hello.py")
        script.write_text(HELLO, encoding="utf-8")
        hello = [sys.executable, str(script), "--help"]
        custagent = [sys.executable, "-m", "custagent", "--help"]
        times: dict[str, list[float]] = {"hello": [], "custagent": []}
        seconds(hello)
        seconds(custagent)
        for _ in range(RUNS):
            times["hello"].append(seconds(hello))
            times["custagent"].append(seconds(custagent))
    medians = {name: statistics.median(values) for name, values in times.items()}
    ratio = medians["custagent"] / medians["hello"]
    print(json.dumps({**{f"{name}_s": round(value, 4) for name, value in medians.items()}, "ratio": round(ratio, 3)}))
    return int(ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
