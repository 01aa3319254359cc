"""The month's credits: granted once, ended once, looked at before each charge, told of once (CRED-3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custagent.core.conversation import Charge
from custagent.core.credit import CreditKind, CreditTerms, month_begins
from custagent.core.errors import LeaseHeld, OutOfCredits
from custagent.core.people import Permission
from custagent.store import LeaseHolder, Store
from custagent.store.ledger.allowance import NOTICE, percent_used, room
from custagent.store.ledger.tally import Tally
from custagent.testing import FrozenClock

TERMS = CreditTerms(policy="conversation", price=100, timezone="Europe/Stockholm", allowance=1000, alerts=(50, 80, 100))
NOVEMBER = month_begins("2026-11", "Europe/Stockholm")
A_MOMENT = timedelta(microseconds=1)


def charge(terms: CreditTerms | None = TERMS, amount: int = 100) -> Charge:
    return Charge(amount=amount, policy="conversation", terms=terms)


@pytest.fixture
def ledger(store):
    return store.ledger


def written(ledger) -> list[tuple[str, int]]:
    """(key, amount) of each entry that belongs to no conversation."""
    return [(entry.key, entry.amount) for entry in ledger.entries() if not entry.conversation]


class TestTheMonth:
    def test_begins_with_its_allowance(self, ledger):
        found = ledger.settle(TERMS, NOVEMBER)
        assert written(ledger) == [("allowance:2026-11", 1000)]
        (entry,) = ledger.entries()
        assert (entry.kind, entry.policy, entry.at) == (CreditKind.GRANT, "conversation", NOVEMBER)
        assert (found.available, ledger.balance()) == (1000, 1000)

    def test_settling_again_writes_nothing(self, ledger):
        for _ in range(3):
            ledger.settle(TERMS, NOVEMBER + timedelta(days=5))
        assert written(ledger) == [("allowance:2026-11", 1000)]
        assert ledger.is_settled(TERMS, NOVEMBER)

    def test_ends_with_what_is_left(self, ledger):
        ledger.settle(TERMS, NOVEMBER - A_MOMENT)
        ledger.charge("c1", charge(), NOVEMBER - A_MOMENT)
        assert not ledger.is_settled(TERMS, NOVEMBER)
        ledger.settle(TERMS, NOVEMBER)
        assert written(ledger) == [("allowance:2026-10", 1000), ("expiry:2026-10", -900), ("allowance:2026-11", 1000)]
        assert ledger.balance() == 1000

    def test_a_month_that_used_all_has_nothing_to_end(self, ledger):
        for number in range(10):
            ledger.charge(f"c{number}", charge(), NOVEMBER - A_MOMENT)
        ledger.settle(TERMS, NOVEMBER)
        assert written(ledger) == [("allowance:2026-10", 1000), ("allowance:2026-11", 1000)]

    def test_top_ups_stay_and_are_used_last(self, ledger):
        ledger.append(CreditKind.GRANT, 500, key="topup:1", policy="conversation", at=NOVEMBER - A_MOMENT)
        for number in range(3):
            ledger.charge(f"c{number}", charge(), NOVEMBER - A_MOMENT)
        ledger.settle(TERMS, NOVEMBER)
        assert ("expiry:2026-10", -700) in written(ledger)
        assert ledger.balance() == 1500

    def test_missed_months_are_caught_up_with_in_order(self, ledger):
        ledger.settle(TERMS, NOVEMBER - A_MOMENT)
        ledger.settle(TERMS, datetime(2027, 2, 14, tzinfo=UTC))
        keys = [key for key, _ in written(ledger)]
        assert keys == [
            "allowance:2026-10", "expiry:2026-10", "allowance:2026-11", "expiry:2026-11", "allowance:2026-12",
            "expiry:2026-12", "allowance:2027-01", "expiry:2027-01", "allowance:2027-02",
        ]  # fmt: skip
        assert ledger.balance() == 1000

    def test_a_clock_that_is_set_back_writes_nothing_twice(self, ledger):
        ledger.settle(TERMS, NOVEMBER)
        before = ledger.entries()
        ledger.settle(TERMS, NOVEMBER - A_MOMENT)
        assert ledger.is_settled(TERMS, NOVEMBER - A_MOMENT)
        ledger.settle(TERMS, NOVEMBER - timedelta(days=40))
        ledger.settle(TERMS, NOVEMBER + timedelta(days=1))
        assert ledger.entries() == before

    def test_a_stale_runner_writes_nothing(self, store, ledger):
        fence = store.lease.acquire(LeaseHolder(host="h", pid=1, since=NOVEMBER), timedelta(seconds=15), NOVEMBER)
        store.lease.acquire(
            LeaseHolder(host="h", pid=2, since=NOVEMBER), timedelta(seconds=15), NOVEMBER + timedelta(hours=1)
        )
        with pytest.raises(LeaseHeld):
            ledger.settle(TERMS, NOVEMBER, fence=fence)
        assert ledger.entries() == ()


class TestChangesOfTheSettings:
    def test_a_raise_counts_at_once(self, ledger):
        ledger.settle(TERMS, NOVEMBER)
        for _ in range(2):
            ledger.settle(replace(TERMS, allowance=1500), NOVEMBER)
        assert written(ledger) == [("allowance:2026-11", 1000), ("allowance:2026-11:1500", 500)]

    def test_a_smaller_one_counts_from_the_next_month(self, ledger):
        ledger.settle(TERMS, NOVEMBER)
        smaller = replace(TERMS, allowance=300)
        ledger.settle(smaller, NOVEMBER)
        assert ledger.balance() == 1000
        ledger.settle(TERMS, NOVEMBER)
        assert ledger.balance() == 1000
        ledger.settle(smaller, datetime(2026, 12, 5, tzinfo=UTC))
        assert ledger.balance() == 300

    def test_without_an_allowance_the_last_one_still_ends_once(self, ledger):
        ledger.settle(TERMS, NOVEMBER)
        ledger.append(CreditKind.GRANT, 500, key="topup:1", policy="conversation", at=NOVEMBER)
        without = replace(TERMS, allowance=None)
        for month in (12, 12):
            ledger.settle(without, datetime(2026, month, 5, tzinfo=UTC))
        assert written(ledger)[-1] == ("expiry:2026-11", -1000)
        assert ledger.balance() == 500
        assert ledger.is_settled(without, datetime(2027, 1, 5, tzinfo=UTC))

    def test_what_was_used_without_limits_is_not_taken_out_of_them(self, ledger):
        for number in range(43):
            ledger.charge(f"c{number}", charge(None), NOVEMBER)
        assert ledger.balance() == -4300
        ledger.settle(TERMS, NOVEMBER)
        assert written(ledger) == [("adjustment:44", 4300), ("allowance:2026-11", 1000)]
        assert ledger.balance() == 1000

    def test_a_pack_bought_after_usage_without_limits_is_all_there(self, ledger):
        for number in range(3):
            ledger.charge(f"c{number}", charge(None), NOVEMBER)
        ledger.append(CreditKind.GRANT, 1000, key="topup:1", policy="conversation", at=NOVEMBER)
        ledger.settle(replace(TERMS, allowance=None), NOVEMBER)
        assert ledger.balance() == 1000


class TestRoom:
    def test_a_charge_needs_the_full_price(self, ledger):
        terms = replace(TERMS, allowance=150)
        ledger.charge("c1", charge(terms), NOVEMBER)
        with pytest.raises(OutOfCredits, match="A new conversation costs 100 credits, and 50 are left") as refused:
            ledger.charge("c2", charge(terms), NOVEMBER)
        assert "custagent credits grant" in refused.value.hint
        assert [entry.amount for entry in ledger.entries()] == [150, -100]

    def test_a_conversation_that_is_charged_goes_on(self, ledger):
        terms = replace(TERMS, allowance=100)
        first = ledger.charge("c1", charge(terms), NOVEMBER)
        assert ledger.charge("c1", charge(terms), NOVEMBER) == first
        assert ledger.has_room("c1", charge(terms), NOVEMBER)
        assert not ledger.has_room("c2", charge(terms), NOVEMBER)

    def test_the_month_s_allowance_comes_with_its_first_charge(self, ledger):
        terms = replace(TERMS, allowance=100)
        ledger.charge("c1", charge(terms), NOVEMBER - A_MOMENT)
        with pytest.raises(OutOfCredits):
            ledger.charge("c2", charge(terms), NOVEMBER - A_MOMENT)
        assert ledger.has_room("c2", charge(terms), NOVEMBER)
        ledger.charge("c2", charge(terms), NOVEMBER)
        assert [entry.key for entry in ledger.entries()] == [
            "allowance:2026-10", "charge:c1:1", "allowance:2026-11", "charge:c2:1",
        ]  # fmt: skip

    def test_a_charge_that_was_given_back_makes_room(self, ledger):
        terms = replace(TERMS, allowance=100)
        ledger.charge("c1", charge(terms), NOVEMBER)
        ledger.reverse("c1", NOVEMBER)
        ledger.charge("c2", charge(terms), NOVEMBER)
        assert ledger.balance() == 0

    def test_the_cap_holds_whatever_the_balance(self, ledger):
        terms = replace(TERMS, cap=250)
        for number in range(2):
            ledger.charge(f"c{number}", charge(terms), NOVEMBER)
        with pytest.raises(OutOfCredits, match="50 are left"):
            ledger.charge("c2", charge(terms), NOVEMBER + timedelta(days=29))
        ledger.charge("c2", charge(terms), datetime(2026, 12, 1, tzinfo=UTC))

    def test_a_cap_alone_limits_nothing_else(self, ledger):
        terms = replace(TERMS, allowance=None, cap=300)
        for number in range(3):
            ledger.charge(f"c{number}", charge(terms), NOVEMBER)
        assert ledger.balance() == -300
        with pytest.raises(OutOfCredits):
            ledger.charge("c3", charge(terms), NOVEMBER)

    def test_a_block_without_allowance_limits_nothing_until_something_is_granted(self, ledger):
        terms = replace(TERMS, allowance=None)
        ledger.charge("c1", charge(terms), NOVEMBER)
        ledger.append(CreditKind.GRANT, 100, key="topup:1", policy="conversation", at=NOVEMBER)
        ledger.charge("c2", charge(terms), NOVEMBER)
        with pytest.raises(OutOfCredits):
            ledger.charge("c3", charge(terms), NOVEMBER)

    def test_an_allowance_of_nothing_stops_all(self, ledger):
        with pytest.raises(OutOfCredits):
            ledger.charge("c1", charge(replace(TERMS, allowance=0)), NOVEMBER)

    def test_without_terms_nothing_is_limited(self, ledger):
        assert ledger.has_room("c1", charge(None), NOVEMBER)
        ledger.charge("c1", charge(None), NOVEMBER)
        assert ledger.balance() == -100


class TestTelling:
    def told(self, store) -> list[str]:
        return [notice.key for notice in reversed(store.notices.latest(100))]

    def test_admins_are_told_once_a_month_and_level(self, store, ledger):
        for number in range(10):
            ledger.charge(f"c{number}", charge(), NOVEMBER)
            ledger.settle(TERMS, NOVEMBER)
        assert self.told(store) == ["credits:2026-11:50", "credits:2026-11:80", "credits:2026-11:100"]
        notice = store.notices.latest(1)[0]
        assert (notice.kind, notice.permission, notice.at) == (NOTICE, Permission.ADMIN, NOVEMBER)
        assert "used up: 0 are left, and a new conversation costs 100" in notice.text

    def test_the_text_says_how_much(self, store, ledger):
        for number in range(5):
            ledger.charge(f"c{number}", charge(), NOVEMBER)
        (notice,) = store.notices.latest(10)
        assert notice.text == "50 % of the credits of 2026-11 are used: 500 of 1000."

    def test_a_new_month_tells_anew(self, store, ledger):
        for at, name in ((NOVEMBER - A_MOMENT, "a"), (NOVEMBER, "b")):
            for number in range(5):
                ledger.charge(f"{name}{number}", charge(), at)
        assert self.told(store) == ["credits:2026-10:50", "credits:2026-11:50"]

    def test_that_nothing_is_left_is_told_whatever_the_levels(self, store, ledger):
        terms = replace(TERMS, allowance=100, alerts=())
        ledger.charge("c1", charge(terms), NOVEMBER)
        assert self.told(store) == ["credits:2026-11:100"]

    def test_who_asks_in_vain_leaves_a_notice(self, store, ledger):
        """Nothing was ever charged: nobody else would tell."""
        assert not ledger.has_room("c1", charge(replace(TERMS, allowance=0)), NOVEMBER)
        assert self.told(store) == ["credits:2026-11:100"]

    def test_without_limits_nobody_is_told(self, store, ledger):
        terms = replace(TERMS, allowance=None)
        for number in range(20):
            ledger.charge(f"c{number}", charge(terms), NOVEMBER)
        assert self.told(store) == []


@given(
    used=st.integers(-500, 5000),
    available=st.integers(0, 5000),
    cap=st.none() | st.integers(1, 6000),
    allowance=st.none() | st.integers(0, 5000),
)
def test_how_much_is_used(used, available, cap, allowance):
    terms = replace(TERMS, cap=cap, allowance=allowance)
    found = Tally(timezone=TERMS.timezone, available=available, used={"2026-11": used})
    left, percent = room(found, terms, NOVEMBER), percent_used(found, terms, NOVEMBER)
    assert 0 <= percent <= 100
    if left is None:
        assert (cap, allowance, percent) == (None, None, 0)
        return
    assert (percent == 100) is (left < 100)
    assert cap is None or max(used, 0) + left <= max(cap, used)


steps = st.lists(
    st.tuples(st.sampled_from(["charge", "settle", "reverse", "grant"]), st.integers(0, 9), st.integers(-20, 50)),
    max_size=40,
)


@settings(max_examples=40, deadline=None)
@given(steps=steps, allowance=st.sampled_from([None, 0, 250, 1000]), cap=st.sampled_from([None, 350]))
def test_whatever_the_clock_does(blank, tmp_path_factory, steps, allowance, cap):
    """Under limits nothing is ever owed, no month is granted or ended twice, and the cap holds."""
    path = tmp_path_factory.mktemp("months") / "custagent.db"
    path.write_bytes(blank)
    terms, clock = replace(TERMS, allowance=allowance, cap=cap), FrozenClock()
    with Store(path, clock) as store:
        ledger = store.ledger
        ledger.append(CreditKind.GRANT, 100, key="topup:first", policy="conversation", at=clock.now())
        for step, number, days in steps:
            clock.advance(days=days)
            try:
                if step == "charge":
                    ledger.charge(f"c{number}", charge(terms), clock.now())
                elif step == "settle":
                    ledger.settle(terms, clock.now())
                elif step == "reverse":
                    ledger.reverse(f"c{number}", clock.now())
                else:
                    key = f"topup:{number}"
                    ledger.append(CreditKind.GRANT, 100, key=key, policy="conversation", at=clock.now())
            except OutOfCredits:
                pass
            found = ledger.tally(terms.timezone)
            assert found.owed == 0
            assert cap is None or max(found.used.values(), default=0) <= cap
        months = [entry.key for entry in ledger.entries() if entry.key.startswith(("allowance:", "expiry:"))]
        assert len(months) == len(set(months))
        granted = [key for key in months if key.startswith("allowance:")]
        assert granted == sorted(granted)
        assert ledger.verify() is None
