"""What all tests share: no network but loopback, missing components named, the summary kept for `.ci/run`."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

STARTED = time.monotonic()
ROOT = Path(__file__).resolve().parent.parent

#: With this set, as in CI, a test that would be skipped for want of a component fails.
REQUIRE_ALL = "CUSTAGENT_REQUIRE_ALL"
#: The file that gets pytest's last line, for `.ci/run` to print after nox's own words.
SUMMARY = "CUSTAGENT_TEST_SUMMARY"

#: Names that no server may ever have (RFC 2606, RFC 6761): they are answered here, without asking anybody.
NEVER_RESOLVED = ("test", "example", "invalid", "localhost")

# The same examples every time and for everybody, however busy the machine is; the long tests throw the dice anew.
settings.register_profile(
    "tests", derandomize=not os.environ.get("CUSTAGENT_STRESS"), database=None, deadline=None, print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
settings.load_profile("tests")

# What a shell runs in the background ignores Ctrl-C, and so would all programs that tests start and then interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def require(component: str, available: object, why: str) -> None:
    """Go on only where `component` is there; else skip by its name, or fail with CUSTAGENT_REQUIRE_ALL=1."""
    if available:
        return
    message = f"needs {component}: {why}"
    if os.environ.get(REQUIRE_ALL) == "1":
        pytest.fail(f"{message} ({REQUIRE_ALL}=1 allows no skip)", pytrace=False)
    pytest.skip(message)


@pytest.fixture(scope="session", name="require")
def _require() -> Callable[[str, object, str], None]:
    return require


@pytest.fixture(scope="session")
def eval_data() -> Path:
    """The folder of the evaluation data, which is never part of the repository."""
    folder = Path(os.environ.get("CUSTAGENT_EVAL") or ROOT.parent / "shared" / "eval")
    require("../shared/eval", folder.is_dir(), "evaluation data stands beside the repository, or at CUSTAGENT_EVAL")
    return folder


class NetworkReached(AssertionError):
    """A test tried to talk to something that is not on this machine."""


def _is_local(host: str | bytes | None) -> bool:
    if not host:
        return True
    name = host.decode() if isinstance(host, bytes) else host
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return name == "localhost"


def _is_address(host: str | bytes) -> bool:
    try:
        ipaddress.ip_address((host.decode() if isinstance(host, bytes) else host).partition("%")[0])
    except ValueError:
        return False
    return True


@pytest.fixture(scope="session", autouse=True)
def attempts() -> Iterator[list[str]]:
    """Every attempt to leave this machine; sockets and look-ups refuse it while the tests run."""
    made: list[str] = []

    def refuse(what: str) -> NetworkReached:
        made.append(what)
        return NetworkReached(f"tests talk to loopback only, not to {what}")

    def guarded(method: Callable[..., object], *, address_at: int) -> Callable[..., object]:
        def call(self: socket.socket, *args: object) -> object:
            address = args[address_at]
            if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address[0]):
                raise refuse(f"{address[0]} port {address[1]}")
            return method(self, *args)

        return call

    look_up = socket.getaddrinfo

    def getaddrinfo(host: str | bytes | None, *args: object, **options: object) -> object:
        if _is_local(host) or _is_address(host):
            return look_up(host, *args, **options)
        name = host.decode() if isinstance(host, bytes) else host
        if name.rstrip(".").rpartition(".")[2].lower() in NEVER_RESOLVED:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        raise refuse(f"a name server about {name}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded(socket.socket.connect, address_at=0))
        patch.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex, address_at=0))
        patch.setattr(socket.socket, "sendto", guarded(socket.socket.sendto, address_at=-1))
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield made


@pytest.fixture(scope="session", autouse=True)
def _no_event_loop_is_left_open() -> None:
    """LiteLLM asks for the thread's event loop; where none was ever set, Python makes one that nobody closes."""
    asyncio.set_event_loop(None)


@pytest.fixture(autouse=True)
def _stays_on_this_machine(attempts: list[str]) -> Iterator[None]:
    """Fails the test that tried to leave, even where the code under test swallowed the refusal."""
    attempts.clear()
    yield
    tried, attempts[:] = list(attempts), []
    assert not tried, f"the test talked to {', '.join(tried)}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Keep the last line, in the form in which pytest prints it."""
    path = os.environ.get(SUMMARY)
    if path:
        parts, _ = terminalreporter.build_summary_stats_line()
        text = ", ".join(text for text, _ in parts)
        seconds = time.monotonic() - STARTED
        Path(path).write_text(f"===== {text} in {seconds:.2f}s =====\n", encoding="utf-8")
