"""Granting credits, and how the workspace stands with them (CRED-3)."""

from __future__ import annotations

import pytest

from custagent.core.credit import CreditKind
from custagent.core.errors import OutOfCredits, PermissionDenied, StoreError, UnknownName, UsageError
from custagent.runtime.bootstrap import Application
from custagent.runtime.figures.credits import credit_state, grant_credits, verify_credits
from custagent.testing import FrozenClock


class TestGranting:
    def test_adds_once_by_its_key_and_leaves_a_trace(self, live):
        entry, is_new = grant_credits(live, 1000, reason="Invoice 4711", key="invoice-4711")
        assert (entry.kind, entry.amount, entry.key, is_new) == (CreditKind.GRANT, 1000, "topup:invoice-4711", True)
        assert grant_credits(live, 1000, reason="Invoice 4711", key="invoice-4711") == (entry, False)
        (audit,) = live.store.audit.entries(5, subject="topup:invoice-4711")
        assert (audit.action, audit.actor, audit.after) == ("credits grant", "anna", "1000 credits: Invoice 4711")

    def test_the_same_key_with_another_amount_is_refused(self, live):
        grant_credits(live, 1000, reason="a", key="k")
        with pytest.raises(StoreError, match="says something else"):
            grant_credits(live, 999, reason="a", key="k")

    def test_without_a_key_each_is_its_own(self, live):
        for _ in range(2):
            grant_credits(live, 10, reason="pack")
        assert live.store.ledger.balance() == 20

    def test_needs_admin(self, home, live, put, open_app):
        put(home.workspace_file, "[answer, edit-agents, admin]", "[answer, edit-agents]")
        with pytest.raises(PermissionDenied, match="anna may not do this: it needs the permission admin"):
            grant_credits(open_app(), 10, reason="pack")
        assert live.store.ledger.entries() == ()

    def test_needs_a_reason(self, live):
        with pytest.raises(UsageError, match="a reason is needed"):
            grant_credits(live, 10, reason="  ")


class TestTheState:
    def test_without_a_block(self, live, talk):
        talk()
        state = credit_state(live)
        assert (state.balance, state.used, state.available, state.is_out, state.limited) == (
            -100,
            100,
            None,
            False,
            False,
        )

    def test_of_a_month_under_limits(self, live, settle_on, talk):
        settle_on(live, "{allowance: 1000, cap: 700}")
        for number in range(6):
            talk(f"k{number}")
        state = credit_state(live)
        assert (state.balance, state.left_of_allowance, state.available, state.percent) == (400, 400, 100, 85)
        assert [notice.key for notice in state.notices] == ["credits:2026-01:80", "credits:2026-01:50"]
        talk("k7")
        assert credit_state(live).is_out
        with pytest.raises(OutOfCredits):
            talk("k8")

    def test_the_new_month_is_there_although_nobody_runs(self, live, settle_on, talk):
        settle_on(live, "{allowance: 100}")
        talk()
        live.clock.advance(days=31)
        state = credit_state(live)
        assert (state.month, state.balance, state.used, state.is_out, state.notices) == ("2026-02", 100, 0, False, ())


def test_verify_needs_a_ledger(home, live):
    assert verify_credits(live).damaged is None
    with Application(home, clock=FrozenClock()) as fresh:
        home.database.rename(home.database.with_name("elsewhere.db"))
        with pytest.raises(UnknownName, match="no ledger yet"):
            verify_credits(fresh)
