"""The tests' own ground: what keeps them on this machine, and what names missing components."""

import socket

import pytest

from custagent import __version__


def test_loopback_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("2001:db8::1", 443)])
def test_another_machine_is_refused(address: tuple[str, int], attempts: list[str]) -> None:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family) as client, pytest.raises(AssertionError, match="loopback only"):
        client.connect(address)
    assert attempts == [f"{address[0]} port {address[1]}"]
    attempts.clear()


def test_a_name_of_the_world_is_not_looked_up(attempts: list[str]) -> None:
    with pytest.raises(AssertionError, match="loopback only"):
        socket.getaddrinfo("www.example.com", 443)
    assert attempts == ["a name server about www.example.com"]
    attempts.clear()


def test_a_reserved_name_does_not_exist() -> None:
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("help.example", 443)


def test_a_missing_component_skips_by_name(require, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUSTAGENT_REQUIRE_ALL", raising=False)
    with pytest.raises(pytest.skip.Exception, match="needs a sextant: it is noon"):
        require("a sextant", available=False, why="it is noon")


def test_a_missing_component_fails_where_all_is_required(require, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTAGENT_REQUIRE_ALL", "1")
    with pytest.raises(pytest.fail.Exception, match="needs a sextant"):
        require("a sextant", available=False, why="it is noon")
    require("a version", available=__version__, why="it is there")
