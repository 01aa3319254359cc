"""How long commands take to start, as multiples of a Typer hello-world, and what `validate` costs for 1,000 agents.

`--help` is held against a hello-world's `--help`; `list` and `validate` against a hello-world that also parses the two
YAML files of the workspace with PyYAML's C loader. Each must be within 1.3 times (docs/decisions/0005-lazy-start-up.md).
`validate` of 1,000 agents must cost under 2 ms an agent beyond `validate` of one.

What is measured is processor time of the whole process, which a busy machine changes least: they are started in turns,
and the median of the pairs' ratios counts. Modules are compiled before, into a folder that is thrown away.
Prints one JSON object and ends with exit code 1 when a limit is passed.

    python benchmarks/startup.py
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = 20
LIMIT = 1.3
AGENTS = 1000
LIMIT_MS_AN_AGENT = 2.0

HELLO = '''
import typer

app = typer.Typer()


@app.command()
def hello(files: list[str]) -> None:
    """Say hello."""
    import yaml

    for file in files:
        with open(file, "rb") as stream:
            yaml.load(stream, Loader=yaml.CSafeLoader)
    print("Hello")


if __name__ == "__main__":
    app()
'''


def seconds(command: list[str], folder: Path, environment: dict[str, str]) -> float:
    """Processor time of one run, which must succeed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def make_workspace(folder: Path, environment: dict[str, str]) -> None:
    """A workspace with the agent `support`, and each command run once."""
    custagent = [sys.executable, "-m", "custagent"]
    for words in (["init", "--name", "Northwind"], ["create", "support", "--yes"], ["list"], ["validate"]):
        seconds([*custagent, *words], folder, environment)


def ratios(folder: Path, environment: dict[str, str]) -> dict[str, float]:
    """By command: the median ratio to its hello-world."""
    script = folder / "hello.py"
    script.write_text(HELLO, encoding="utf-8")
    hello, custagent = [sys.executable, str(script)], [sys.executable, "-m", "custagent"]
    parsing = [*hello, "custagent.yaml", "agents/support.yaml"]
    pairs = {
        "--help": ([*hello, "--help"], [*custagent, "--help"]),
        "list": (parsing, [*custagent, "list"]),
        "validate": (parsing, [*custagent, "validate"]),
    }
    found: dict[str, list[float]] = {name: [] for name in pairs}
    for _ in range(RUNS):
        for name, (reference, command) in pairs.items():
            base = seconds(reference, folder, environment)
            found[name].append(seconds(command, folder, environment) / base)
    return {name: round(statistics.median(values), 3) for name, values in found.items()}


def ms_an_agent(folder: Path, environment: dict[str, str]) -> float:
    """What each agent more costs `validate`."""
    validate = [sys.executable, "-m", "custagent", "validate"]
    one = min(seconds(validate, folder, environment) for _ in range(3))
    agent = folder / "agents" / "support.yaml"
    text = agent.read_text(encoding="utf-8")
    for number in range(1, AGENTS):
        other = text.replace("name: support", f"name: support-{number}")
        (folder / "agents" / f"support-{number}.yaml").write_text(other, encoding="utf-8")
    all_of_them = min(seconds(validate, folder, environment) for _ in range(3))
    return round((all_of_them - one) * 1000 / (AGENTS - 1), 3)


def main() -> int:
    with tempfile.TemporaryDirectory() as root:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": f"{root}/compiled"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        folder = Path(root, "workspace")
        folder.mkdir()
        make_workspace(folder, environment)
        measured = ratios(folder, environment)
        each = ms_an_agent(folder, environment)
    print(json.dumps({"times_a_hello_world": measured, "validate_ms_an_agent": each}))
    return int(max(measured.values()) > LIMIT or each > LIMIT_MS_AN_AGENT)


if __name__ == "__main__":
    sys.exit(main())
