"""SRC-7: only the public web is reached, however an address is spelled and whatever a name resolves to."""

from __future__ import annotations

import asyncio
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.core.errors import AddressRefused, FetchError, UsageError
from custagent.knowledge.web.addresses import AddressGuard, why_closed

PUBLIC = "93.184.215.14"

# Every one of these is refused by its spelling alone: no lookup, no socket.
REFUSED = """
http://127.0.0.1/
http://127.0.0.1:80/
http://127.0.0.1:8000/
http://127.0.0.2/
http://127.255.255.254/
http://127.0.0.1./
http://127.1/
http://127.0.1/
http://127.1./
http://2130706433/
http://2130706433./
http://0x7f000001/
http://0x7f.1/
http://0x7F.0x0.0x0.0x1/
http://0x7f.0.0.0x1/
http://0x/
http://017700000001/
http://0177.1/
http://0177.0.0.1/
http://00000177.0.0.1/
http://0177.0.0.01/
http://1.0x7f/
http://0/
http://0.0.0.0/
http://0.1.2.3/
http://00/
http://256.256.256.256/
http://1.2.3.4.5/
http://127.0.0.1.5/
http://%31%32%37.0.0.1/
http://127%2e0%2e0%2e1/
http://%6c%6f%63%61%6chost/
http://localhost/
http://LOCALHOST/
http://localhost:80/
http://localhost./
http://metadata.localhost/
http://１２７.0.0.1/
http://127。0。0。1/
http://127．0．0．1/
http://127｡0｡0｡1/
http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/
http://[::1]/
http://[::]/
http://[0:0:0:0:0:0:0:1]/
http://[0000:0000:0000:0000:0000:0000:0000:0001]/
http://[::127.0.0.1]/
http://[::7f00:1]/
http://[::ffff:127.0.0.1]/
http://[::ffff:7f00:1]/
http://[::FFFF:10.0.0.1]/
http://[64:ff9b::7f00:1]/
http://[64:ff9b::127.0.0.1]/
http://[64:ff9b:1::a00:1]/
http://[2002:7f00:1::]/
http://[2002:a00:1::1]/
http://[2001:0:7f00:1::]/
http://[2001:db8::1]/
http://[3fff::1]/
http://[fe80::1]/
http://[fe80::1%25eth0]/
http://[fe80::1%eth0]/
http://[fec0::1]/
http://[fc00::1]/
http://[fd00:ec2::254]/
http://[ff02::1]/
http://[100::1]/
http://[4000::1]/
http://10.0.0.1/
http://10.255.255.255/
http://172.16.0.1/
http://172.31.255.255/
http://192.168.1.1/
http://169.254.169.254/latest/meta-data/
http://100.64.0.1/
http://100.127.255.254/
http://100.100.100.200/
http://192.0.0.8/
http://192.0.0.170/
http://192.0.0.192/
http://168.63.129.16/
http://[fd20:ce::254]/
http://127.000.000.001/
http://127.0.0.1.:80/
http://127.127.127.127/
http://0o177.0.0.1/
http://0x7f.0x00.0x00.0x01/
http://0x7f000001./
http://017700000001.0/
http://7147006462/
http://425.510.425.510/
http://0000.0000.0000.0000/
http://0x0/
http://①②⑦.⓪.⓪.①/
http://①②⑦。⓪。⓪。①/
http://١٢٧.٠.٠.١/
http://127.0.0.1%00.shop.example/
http://127.0.0.1%20/
http://%5B::1%5D/
http://[::1%25]/
http://[::ffff:127.1]/
http://[::ffff:0x7f.1]/
http://[0:0:0:0:0:ffff:127.0.0.1]/
http://[0:0:0:0:0:FFFF:a9fe:a9fe]/
http://[::ffff:0:127.0.0.1]/
http://[::a9fe:a9fe]/
http://[v1.127]/
http://[127.0.0.1]/
http://[localhost]/
http://::1/
http://0000::1:80/
http://localhost%2e/
http://lo%63alhost/
http://LocalHost.:80/
http://a.b.localhost./
http:127.0.0.1/
http:/127.0.0.1/
http:\\\\127.0.0.1/
http://127.0.0.1\\@shop.example/
http://shop.example@127.0.0.1@shop.example/
http://shop.example:80@127.0.0.1/
http://127.0.0.1:80:80/
http://127.0.0.1#@shop.example/
http://127.0.0.1?@shop.example/
http://127.0.0.1;shop.example/
http://shop.example &@127.0.0.1#@shop.example/
http://shop.example:11211/
http://shop.example:6379/
http://shop.example:25/
dict://shop.example:11211/
ldap://shop.example/
sftp://shop.example/
tftp://shop.example/
jar:http://127.0.0.1!/
data:text/html,hello
url:http://127.0.0.1/
blob:http://127.0.0.1/
view-source:http://127.0.0.1/
http://192.0.2.1/
http://192.88.99.1/
http://198.18.0.1/
http://198.51.100.7/
http://203.0.113.9/
http://224.0.0.1/
http://239.255.255.250/
http://240.0.0.1/
http://255.255.255.255/
http://user:secret@shop.example/
http://user@shop.example/
http://shop.example@127.0.0.1/
http://shop.example\\@127.0.0.1/
http://shop.example%00.evil.example/
http://shop.example:8080/
http://shop.example:22/
http://shop.example:0/
http://shop.example:65536/
https://shop.example:8443/
ftp://shop.example/
file:///etc/passwd
gopher://shop.example/
javascript:alert(1)
//shop.example/
shop.example
http:///nothing
http://
http://.../
http://shop..example/
http://[::1
http://sh op.example/
http://shop.example:http/
""".split("\n")[1:-1]

ALLOWED = """
http://shop.example/
https://shop.example/
HTTPS://SHOP.EXAMPLE/Help
http://shop.example:80/
https://shop.example:443/
http://shop.example:443/
http://www.shop.example/a?b=c#d
http://shop.example./
http://my_shop.example/
http://bücher.example/
http://xn--bcher-kva.example/
http://help-center.shop.co.example/
http://127.0.0.1.shop.example/
http://localhost.shop.example/
http://shop.example/http://127.0.0.1/
http://shop.example/?next=http://10.0.0.1/
http://1password.example/
http://0x7f.example/
http://93.184.215.14/
http://8.8.8.8/
http://172.15.255.255/
http://172.32.0.1/
http://100.63.255.255/
http://100.128.0.1/
http://11.0.0.1/
http://223.255.255.255/
http://[2606:4700:4700::1111]/
http://[2a00:1450:4001:80b::200e]/
http://[2001:200::1]/
http://intranet/
http://a.b.c.d.e.f.shop.example/
http://shop.example./help/
http://1.1.1.1.shop.example/
http://2130706433.shop.example/
http://127-0-0-1.shop.example/
http://shop.example/127.0.0.1
http://shop.example/#@127.0.0.1
http://shop.example/a@127.0.0.1/b
http://shop.example/%2e%2e/localhost
http://3com.example/
http://0x.example/
http://_dmarc.shop.example/
http://пример.example/
http://日本語.example/
http://faß.example/
http://169.253.255.255/
http://169.255.0.1/
http://168.63.129.17/
http://192.0.1.1/
http://198.17.255.255/
http://198.20.0.1/
http://[2400:cb00:2048:1::c629:d7a2]/
""".split()


class Names:
    """A resolver out of a table; it counts what it was asked."""

    def __init__(self, **answers: list[str]) -> None:
        self.answers = {name.replace("_", "."): found for name, found in answers.items()}
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append((host, port))
        return self.answers.get(host, [])


async def refuse_to_look_up(host: str, port: int) -> list[str]:
    raise AssertionError(f"{host}:{port} was looked up")


def test_the_tables_are_as_long_as_they_should_be() -> None:
    assert len(REFUSED) >= 160
    assert len(ALLOWED) >= 40
    assert len(set(REFUSED)) == len(REFUSED)


@pytest.mark.parametrize("url", REFUSED)
def test_a_closed_address_is_refused_by_its_spelling(url: str) -> None:
    with pytest.raises(AddressRefused):
        AddressGuard(resolver=refuse_to_look_up).check_url(url)


@pytest.mark.parametrize("url", ALLOWED)
def test_a_public_address_passes(url: str) -> None:
    names = Names()
    guard = AddressGuard(resolver=names)
    parsed = guard.check_url(url)
    host, port = parsed.raw_host.decode(), parsed.port or 80
    names.answers[host] = [PUBLIC]
    assert asyncio.run(guard.addresses(host, port)) == [PUBLIC]


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fe80::1%2", "64:ff9b::a00:1", "224.0.0.1"],
)
def test_one_closed_address_among_many_closes_the_name(address: str) -> None:
    guard = AddressGuard(resolver=Names(shop_example=[PUBLIC, "2606:4700::1", address]))
    with pytest.raises(AddressRefused) as caught:
        asyncio.run(guard.addresses("shop.example", 443))
    assert address in caught.value.message
    assert caught.value.hint.endswith("--allow-host shop.example:443")


def test_a_name_is_looked_up_once() -> None:
    names = Names(shop_example=[PUBLIC, "8.8.8.8"])
    assert asyncio.run(AddressGuard(resolver=names).addresses("shop.example", 80)) == [PUBLIC, "8.8.8.8"]
    assert names.asked == [("shop.example", 80)]


def test_a_name_without_address_is_an_ordinary_failure() -> None:
    with pytest.raises(FetchError) as caught:
        asyncio.run(AddressGuard(resolver=Names()).addresses("shop.example", 80))
    assert not isinstance(caught.value, AddressRefused)
    assert "shop.example" in caught.value.message


def test_the_machines_own_resolver_is_asked_without_argument() -> None:
    with pytest.raises(FetchError, match=r"nobody\.invalid"):
        asyncio.run(AddressGuard().addresses("nobody.invalid", 80))
    assert "127.0.0.1" in asyncio.run(AddressGuard(["127.0.0.1:8000"]).addresses("127.0.0.1", 8000))


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("127.0.0.1:8000", "http://127.0.0.1:8000/"),
        ("127.0.0.1", "http://127.0.0.1/"),
        ("127.0.0.1", "https://127.0.0.1/"),
        ("Localhost:8000", "http://LOCALHOST:8000/"),
        ("[::1]:8000", "http://[::1]:8000/"),
        ("[::1]", "http://[::1]/"),
        ("Intranet.Example:8443", "https://intranet.example:8443/"),
        ("intranet.example", "https://intranet.example/"),
    ],
)
def test_an_allowed_host_is_open_whatever_it_resolves_to(entry: str, url: str) -> None:
    names = Names()
    guard = AddressGuard([entry], resolver=names)
    parsed = guard.check_url(url)
    host, port = parsed.raw_host.decode(), parsed.port or {"http": 80, "https": 443}[parsed.scheme]
    names.answers[host] = ["10.0.0.7"]
    assert asyncio.run(guard.addresses(host, port)) == ["10.0.0.7"]


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("127.0.0.1:8000", "http://127.0.0.1:8001/"),
        ("127.0.0.1:8000", "http://127.0.0.1/"),
        ("127.0.0.1", "http://127.0.0.1:8000/"),
        ("127.0.0.1:8000", "http://127.0.0.2:8000/"),
        ("127.0.0.1:8000", "http://localhost:8000/"),
        ("127.0.0.1:8000", "http://127.1:8000/"),
        ("127.0.0.1:8000", "http://user@127.0.0.1:8000/"),
        ("shop.example:8000", "http://a.shop.example:8000/"),
        ("shop.example:8000", "ftp://shop.example:8000/"),
    ],
)
def test_an_allowed_host_opens_nothing_else(entry: str, url: str) -> None:
    with pytest.raises(AddressRefused):
        AddressGuard([entry], resolver=refuse_to_look_up).check_url(url)


@pytest.mark.parametrize("entry", ["", "http://a.example", "a.example:http", "a.example:1:2", "a b", "::1", "a@b"])
def test_a_broken_entry_says_how_to_write_it(entry: str) -> None:
    with pytest.raises(UsageError) as caught:
        AddressGuard([entry])
    assert "HOST:PORT" in caught.value.hint


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("http://127.0.0.1/", "--allow-host 127.0.0.1:80"),
        ("http://localhost:8000/", "--allow-host localhost:8000"),
        ("https://[::1]/", "--allow-host [::1]:443"),
        ("http://shop.example:8080/", "--allow-host shop.example:8080"),
    ],
)
def test_the_hint_can_be_followed_to_the_letter(url: str, hint: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        AddressGuard().check_url(url)
    assert caught.value.hint.endswith(hint)
    AddressGuard([hint.removeprefix("--allow-host ")]).check_url(url)


@given(st.ip_addresses(v=4))
def test_what_the_standard_library_closes_we_close_too(address: ipaddress.IPv4Address) -> None:
    if not address.is_global:
        assert why_closed(address)


@given(st.ip_addresses(v=4))
def test_no_ipv6_cloak_opens_an_ipv4_address(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    for network, shift in (("::", 0), ("::ffff:0:0", 0), ("64:ff9b::", 0), ("2002::", 80), ("2001::", 64)):
        assert why_closed(ipaddress.IPv6Address(int(ipaddress.IPv6Address(network)) | number << shift))
