"""Which web addresses need to be allowed first."""

from __future__ import annotations

import pytest

from custagent.config.reach import host_to_allow


@pytest.mark.parametrize(
    "url",
    ["https://example.com", "http://example.com:80/x", "http://example.com:443/", "https://8.8.8.8/", "https://[2600::1]/",
     "https://localhost.example.com/", "https://example.com.:443/"],
)  # fmt: skip
def test_the_public_web_needs_nothing(url: str) -> None:
    assert host_to_allow(url, ()) is None


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://localhost/", "localhost:80"),
        ("http://LOCALHOST./", "localhost.:80"),
        ("https://shop.localhost/", "shop.localhost:443"),
        ("http://127.0.0.1:8000/help", "127.0.0.1:8000"),
        ("http://10.1.2.3/", "10.1.2.3:80"),
        ("http://192.168.1.1/", "192.168.1.1:80"),
        ("http://169.254.169.254/latest", "169.254.169.254:80"),
        ("http://0.0.0.0/", "0.0.0.0:80"),
        ("http://100.64.0.1/", "100.64.0.1:80"),
        ("http://192.0.0.8/", "192.0.0.8:80"),
        ("http://224.0.0.1/", "224.0.0.1:80"),
        ("http://[::1]:8000/", "[::1]:8000"),
        ("http://[::ffff:127.0.0.1]/", "[::ffff:127.0.0.1]:80"),
        ("http://[64:ff9b::7f00:1]/", "[64:ff9b::7f00:1]:80"),
        ("http://[2002:7f00:1::]/", "[2002:7f00:1::]:80"),
        ("http://[fec0::1]/", "[fec0::1]:80"),
        ("http://[fe80::1]/", "[fe80::1]:80"),
        ("http://2130706433/", "2130706433:80"),
        ("http://0x7f.1/", "0x7f.1:80"),
        ("http://127.1/", "127.1:80"),
        ("http://example.com:8080/", "example.com:8080"),
    ],
)
def test_what_is_no_public_web_must_be_allowed_by_name(url: str, host: str) -> None:
    needed = host_to_allow(url, ("example.com", "other:8000"))
    assert needed is not None
    assert needed[0] == host
    assert needed[1]
    assert host_to_allow(url, (host,)) is None
    assert host_to_allow(url, (host.upper(),)) is None


def test_pages_behind_a_sign_in() -> None:
    with pytest.raises(ValueError, match="without the part before the @"):
        host_to_allow("https://anna@example.com/", ())


def test_a_host_without_port_opens_the_web_ports_only() -> None:
    assert host_to_allow("http://127.0.0.1/", ("127.0.0.1",)) is None
    assert host_to_allow("https://127.0.0.1/", ("127.0.0.1",)) is None
    assert host_to_allow("http://127.0.0.1:8000/", ("127.0.0.1",)) == (
        "127.0.0.1:8000", "127.0.0.1 is not an address of the public web",
    )  # fmt: skip


@pytest.mark.parametrize("url", ["http://[::1", "http://example.com:99999/", "http://example.com:x/", "http://:80/"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ValueError, match="is not a web address"):
        host_to_allow(url, ())
