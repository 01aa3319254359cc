"""Token buckets on a clock that the test moves."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.channels.limits import Buckets, Limiter, Limits, Rate, network


class Ticks:
    """Seconds since some moment."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


def limiter(ticks: Ticks, **limits: object) -> Limiter:
    return Limiter(Limits(**limits), monotonic=ticks)  # type: ignore[arg-type] # the test says which


def test_five_at_once_then_one_a_second(ticks: Ticks) -> None:
    limits = limiter(ticks)
    assert [limits.message("visitor", "192.0.2.1") for _ in range(6)] == [0, 0, 0, 0, 0, pytest.approx(1.0)]
    ticks.now += 0.4
    assert limits.message("visitor", "192.0.2.1") == pytest.approx(0.6)
    ticks.now += 0.6
    assert limits.message("visitor", "192.0.2.1") == 0


def test_twenty_a_minute(ticks: Ticks) -> None:
    limits = limiter(ticks)
    sent = 0
    for _ in range(60):
        sent += limits.message("visitor", "192.0.2.1") == 0
        ticks.now += 1
    # The full bucket, and what a minute fills again.
    assert sent == 20 + 20 - 1


def test_an_address_is_limited_over_all_its_visitors(ticks: Ticks) -> None:
    limits = limiter(ticks)
    assert [limits.message(f"visitor {n}", "192.0.2.1") for n in range(60)] == [0] * 60
    assert limits.message("visitor 61", "192.0.2.1") == pytest.approx(1.0)
    assert limits.message("visitor 61", "192.0.2.2") == 0


def test_who_is_refused_by_one_bucket_pays_in_none(ticks: Ticks) -> None:
    limits = limiter(ticks, address_messages=Rate(count=1, seconds=60, burst=1))
    assert limits.message("first", "192.0.2.1") == 0
    assert all(limits.message("second", "192.0.2.1") > 0 for _ in range(50))
    assert [limits.message("second", f"192.0.2.{n}") for n in range(2, 7)] == [0] * 5


def test_sessions_and_requests_have_buckets_of_their_own(ticks: Ticks) -> None:
    once = Rate(count=1, seconds=60, burst=1)
    limits = limiter(ticks, address_sessions=once, address_requests=once)
    for ask in (limits.session, limits.request):
        assert [ask("192.0.2.1"), ask("192.0.2.1")] == [0, pytest.approx(60.0)]


def test_a_bucket_never_holds_more_than_its_burst(ticks: Ticks) -> None:
    limits = limiter(ticks)
    limits.message("visitor", "192.0.2.1")
    ticks.now += 1e6
    assert sum(limits.message("visitor", "192.0.2.1") == 0 for _ in range(10)) == 5


def test_memory_is_bounded_and_the_longest_unused_goes_first(ticks: Ticks) -> None:
    buckets = Buckets(Rate(count=1, seconds=60, burst=1), monotonic=ticks, remembered=3)
    for key in ("a", "b", "c"):
        buckets.take(key)
    buckets.take("a")
    buckets.take("d")
    assert len(buckets) == 3
    assert buckets.wait("b") == 0
    assert buckets.wait("a") > 0


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(0, 2)), max_size=80))
def test_nobody_gets_more_than_burst_and_rate_allow(steps: list[tuple[float, int]]) -> None:
    ticks = Ticks()
    buckets = Buckets(Rate(count=2, seconds=1, burst=4), monotonic=ticks, remembered=10)
    taken = dict.fromkeys(range(3), 0)
    for pause, key in steps:
        ticks.now += pause
        if buckets.wait(str(key)) == 0:
            buckets.take(str(key))
            taken[key] += 1
    assert all(count <= 4 + 2 * (ticks.now - 1000.0) + 1e-6 for count in taken.values())


@pytest.mark.parametrize(
    ("address", "counts_for"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("a proxy", "a proxy"),
    ],
)
def test_an_ipv6_customer_is_one_network(address: str, counts_for: str) -> None:
    assert network(address) == counts_for


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_counts_for_itself(address: ipaddress.IPv4Address) -> None:
    assert network(str(address)) == str(address)


@given(st.from_regex(r"[0-9.]{1,16}|[0-9]{1,4}(\.[0-9]{1,4}){3}", fullmatch=True))
def test_what_looks_like_one_is_read_as_the_standard_library_reads_it(text: str) -> None:
    try:
        expected = str(ipaddress.ip_address(text))
    except ValueError:
        expected = text
    assert network(text) == expected


def test_of_what_a_proxy_hands_on_only_so_much_is_remembered() -> None:
    assert len(network("x" * 100_000)) == 64


def test_who_may_come_again_as_if_for_the_first_time_is_forgotten() -> None:
    ticks = Ticks()
    buckets = Buckets(Rate(count=1, seconds=1, burst=5), monotonic=ticks, remembered=20_000)
    for number in range(1_000):
        buckets.take(f"k{number}")
        ticks.now += 0.1
    # A token is back after a second.
    assert len(buckets) <= 12
    for _ in range(5):
        buckets.take("greedy")
    ticks.now += 1
    buckets.take("k1")
    assert buckets.wait("greedy") == 0.0
    buckets.take("greedy")
    assert buckets.wait("greedy") > 0.0
