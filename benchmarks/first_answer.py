"""How long the first answer takes: of a command that starts from nothing, and of a runner that has just begun.

    python benchmarks/first_answer.py [--peer PYTHON] [--runs 9]

The command is `custagent preview support --ask … --json` on the demo's workspace. PYTHON is that of an environment of
its own with the peer in it (`python -m venv peer && peer/bin/pip install llm`; some need other versions of what
custagent needs): `llm` is imported, its plugins are loaded, a collection of the same passages is opened, and searched once
with a vector that costs nothing. Both are started in turns, so that a busy machine slows both alike. Medians; processor
time counts, for the time on the clock is the machine's as well. Ends with exit code 1 when the command takes more
processor time than the peer.

The runner is asked at the moment at which it says that it runs, and again later; and what it holds in memory is told
when nobody has asked it anything for five seconds.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import secrets
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from custagent.runtime.proving.demo import AGENT, CHANNEL, Demo

QUESTION = "How long do refunds take?"
ORIGIN = "https://www.example.com"
IDLE = 5.0
_ANSWERS = 60.0
PEER = """
import sys
import llm
import sqlite_utils


class Free(llm.EmbeddingModel):
    model_id = "free"

    def embed_batch(self, items):
        return ([(hash((item, at)) % 997) / 997 for at in range(384)] for item in items)


file, texts = sys.argv[1], int(sys.argv[2])
llm.get_models(), llm.get_embedding_models()
collection = llm.Collection("passages", sqlite_utils.Database(file), model=Free())
if not collection.count():
    collection.embed_multi([(str(at), f"passage {at}") for at in range(texts)])
found = collection.similar("How long do refunds take?", number=8)
assert len(found) == 8
"""


def timed(command: Sequence[str], folder: Path) -> tuple[float, float]:
    """(seconds of processor time, seconds on the clock) of one run, which must succeed.

    Modules are compiled once, as in an installation; those of a checkout that was just edited would be anew each time.
    """
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command} ended with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - started


def compare(folder: Path, peer: str | None, runs: int, passages: int) -> float | None:
    """Print both medians; the ratio of processor time, None without a peer."""
    commands = {"custagent": [sys.executable, "-m", "custagent", "preview", AGENT, "--ask", QUESTION, "--json"]}
    if peer:
        script = folder / "peer.py"
        script.write_text(PEER, encoding="utf-8")
        commands["peer"] = [peer, str(script), str(folder / "peer.db"), str(passages)]
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for command in commands.values():
        timed(command, folder)
    for _ in range(runs):
        for name, command in commands.items():
            found[name].append(timed(command, folder))
    for name, times in found.items():
        processor, clock = (statistics.median(column) for column in zip(*times, strict=True))
        print(f"{name:<10} {processor:6.3f} s of processor time, {clock:6.3f} s on the clock")
    if not peer:
        return None
    pairs = zip(found["custagent"], found["peer"], strict=True)
    ratios = [(ours[0] / theirs[0], ours[1] / theirs[1]) for ours, theirs in pairs]
    processor, clock = (statistics.median(column) for column in zip(*ratios, strict=True))
    print(f"ratio      {processor:6.2f}                     {clock:6.2f}")
    return processor


@contextmanager
def running(folder: Path) -> Iterator[tuple[int, int]]:
    """(port, process id) of a runner, from the moment at which it says that it runs."""
    with subprocess.Popen(
        [sys.executable, "-m", "custagent", "run", "--port", "0"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        assert process.stdout
        line = next((line for line in process.stdout if line.startswith("Running at")), "")
        match = re.search(r":(\d+)$", line.strip())
        if match is None:
            raise SystemExit("the runner did not start")
        try:
            yield int(match[1]), process.pid
        finally:
            process.send_signal(signal.SIGTERM)


def answered_after(port: int, database: Path) -> float:
    """Seconds from sending a question until its answer is written down."""
    started = time.perf_counter()
    with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        body = json.dumps({"client_msg_id": str(uuid.uuid4()), "text": QUESTION})
        headers = {"Authorization": f"Bearer {secrets.token_urlsafe(32)}", "Origin": ORIGIN}
        connection.request("POST", f"/chat/{CHANNEL}/messages", body, {**headers, "Content-Type": "application/json"})
        response = connection.getresponse()
        told = json.loads(response.read())
        if response.status != http.HTTPStatus.ACCEPTED:
            raise SystemExit(f"the question was not taken: {told}")
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as looking:
        while time.perf_counter() - started < _ANSWERS:
            row = looking.execute("SELECT max(id) FROM messages WHERE decision <> ''").fetchone()
            if row[0] and row[0] > told["id"]:
                return time.perf_counter() - started
            time.sleep(0.005)
    raise SystemExit("no answer came")


def megabytes(process: int) -> float:
    """What the process holds in memory."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    match = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(match[1]) / 1024 if match else 0.0


def runner(folder: Path, runs: int) -> None:
    """Print how long the first and later answers of a runner take, and its memory while it is idle."""
    database = folder / ".custagent" / "custagent.db"
    with running(folder) as (_, process):
        time.sleep(IDLE)
        print(f"runner     {megabytes(process):6.0f} MB when nobody has asked anything for {IDLE:.0f} s")
    first, later = [], []
    for _ in range(runs):
        with running(folder) as (port, _):
            first.append(answered_after(port, database))
            later.append(answered_after(port, database))
    print(
        f"runner     {statistics.median(first):6.3f} s to the first answer, {statistics.median(later):.3f} s to the next"
    )


def make_workspace(folder: Path) -> None:
    """The demo's, with its agent on a live chat."""
    folder.mkdir()
    with Demo(folder, announce=lambda _: None, visible=False) as demo:
        demo.run()
    for words in (["channels", "add", "live-chat", CHANNEL, "--origin", ORIGIN], ["assign", AGENT, CHANNEL]):
        subprocess.run([sys.executable, "-m", "custagent", *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", help="the Python of an environment with llm in it")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--workspace", type=Path, help="a kept demo workspace, instead of a new one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = (arguments.workspace or Path(made) / "workspace").resolve()
        if not arguments.workspace:
            make_workspace(folder)
        database = folder / ".custagent" / "custagent.db"
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as looking:
            (passages,) = looking.execute("SELECT count(*) FROM chunks").fetchone()
        ratio = compare(folder, arguments.peer, arguments.runs, passages)
        runner(folder, max(1, arguments.runs // 3))
    return int(ratio is not None and ratio > 1)


if __name__ == "__main__":
    sys.exit(main())
