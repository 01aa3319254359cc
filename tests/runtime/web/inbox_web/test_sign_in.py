"""People prove who they are, once invited; who guesses waits, and nothing that is kept lets anybody in."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest

from custagent.core.errors import PermissionDenied, UnknownName, UsageError
from custagent.runtime.definitions.people import remove_user
from custagent.runtime.web.inbox_web.sign_in import (
    FREE_TRIES,
    IDLE,
    INVITED_FOR,
    LONGEST,
    LONGEST_WAIT,
    Doorkeeper,
    SignInRefused,
    check_password,
    csrf_of,
    is_same,
)
from tests.runtime.web.inbox_web.conftest import PASSWORD

EMAIL = "anna@northwind.example"


class TestInvitations:
    def test_are_good_once(self, shop, door):
        token = door.invite("anna", shop.workspace)
        assert door.invited(token, shop.workspace).name == "anna"
        session = door.accept(token, PASSWORD, shop.workspace)
        assert door.who(session, shop.workspace).user.name == "anna"
        assert door.invited(token, shop.workspace) is None
        with pytest.raises(SignInRefused, match="used up or too old"):
            door.accept(token, PASSWORD, shop.workspace)

    def test_of_a_clock_that_was_ahead_do_not_hold_for_years(self, shop, door):
        token = door.invite("anna", shop.workspace)
        shop.clock.advance(minutes=-10)
        assert door.invited(token, shop.workspace)
        shop.clock.advance(days=-365)
        assert door.invited(token, shop.workspace) is None

    def test_end_with_time_and_with_a_newer_one(self, shop, door):
        first = door.invite("anna", shop.workspace)
        second = door.invite("anna", shop.workspace)
        assert door.invited(first, shop.workspace) is None
        shop.clock.advance(seconds=INVITED_FOR.total_seconds() - 1)
        assert door.invited(second, shop.workspace)
        shop.clock.advance(seconds=1)
        assert door.invited(second, shop.workspace) is None

    def test_only_by_admins_and_only_for_who_may_answer(self, shop, door, open_app):
        with pytest.raises(PermissionDenied):
            Doorkeeper(open_app("bo")).invite("anna", shop.workspace)
        with pytest.raises(UnknownName):
            door.invite("dora", shop.workspace)
        with pytest.raises(UsageError, match="bo may not answer"):
            door.invite("bo", shop.workspace)

    def test_setting_a_password_ends_what_was_open_before(self, shop, door, signed_in):
        old = signed_in()
        new = signed_in()
        assert door.who(old, shop.workspace) is None
        assert door.who(new, shop.workspace)

    def test_are_noted_without_the_token(self, shop, door):
        token = door.invite("anna", shop.workspace)
        (noted, *_) = shop.store.audit.entries(1)
        assert (noted.action, noted.subject) == ("users invite", "anna")
        assert token not in str(noted)


class TestPasswords:
    @pytest.mark.parametrize(
        "password", ["", "short", "x" * 11, "x" * 30, "abababababab", EMAIL, EMAIL.upper(), "y" * 1001]
    )
    def test_that_are_easy_to_guess(self, shop, password):
        with pytest.raises(UsageError):
            check_password(password, shop.workspace.users[0])

    def test_are_kept_as_argon2id(self, shop, signed_in):
        signed_in()
        assert shop.store.sign_in.password_hash("anna").startswith("$argon2id$")

    def test_nothing_that_lets_anybody_in_is_in_the_file(self, shop, door, signed_in):
        tokens = [signed_in(), door.invite("anna", shop.workspace), PASSWORD]
        shop.store.check()
        content = b"".join(path.read_bytes() for path in shop.home.state_folder.glob("custagent.db*"))
        assert b"anna" in content
        assert [token for token in tokens if token.encode() in content] == []


class TestSigningIn:
    def test_with_the_right_password_whatever_the_case_of_the_address(self, shop, door, signed_in):
        signed_in()
        token = door.sign_in(f" {EMAIL.upper()} ", PASSWORD, "192.0.2.1", shop.workspace)
        assert door.who(token, shop.workspace).user.name == "anna"
        assert [entry.action for entry in shop.store.audit.entries(1)] == ["sign in"]

    @pytest.mark.parametrize(
        ("email", "password"),
        [(EMAIL, "wrong"), (EMAIL, ""), ("nobody@example.com", PASSWORD), ("", ""), ("bo@northwind.example", PASSWORD)],
    )
    def test_otherwise_nothing_is_told_but_that(self, shop, door, signed_in, email, password):
        signed_in()
        with pytest.raises(SignInRefused, match=r"^The email address or the password is wrong\.$"):
            door.sign_in(email, password, "192.0.2.1", shop.workspace)

    def test_not_before_a_password_was_set(self, shop, door):
        with pytest.raises(SignInRefused, match="is wrong"):
            door.sign_in(EMAIL, "", "192.0.2.1", shop.workspace)

    def test_every_session_is_a_new_one(self, shop, door, signed_in):
        first = signed_in()
        second = door.sign_in(EMAIL, PASSWORD, "192.0.2.1", shop.workspace)
        assert first != second
        door.sign_out(second)
        assert door.who(second, shop.workspace) is None
        assert door.who(first, shop.workspace)


class TestGuessing:
    def fail(self, shop, door, times, *, email=EMAIL, address="192.0.2.1"):
        for _ in range(times):
            with pytest.raises(SignInRefused, match="is wrong"):
                door.sign_in(email, "a wrong password", address, shop.workspace)

    def test_each_try_doubles_the_wait(self, shop, door, signed_in):
        signed_in()
        self.fail(shop, door, FREE_TRIES)
        with pytest.raises(SignInRefused, match="Wait 1 seconds"):
            door.sign_in(EMAIL, PASSWORD, "192.0.2.1", shop.workspace)
        shop.clock.advance(seconds=1)
        self.fail(shop, door, 1)
        with pytest.raises(SignInRefused, match="Wait 2 seconds"):
            door.sign_in(EMAIL, PASSWORD, "192.0.2.1", shop.workspace)
        shop.clock.advance(seconds=2)
        assert door.sign_in(EMAIL, PASSWORD, "192.0.2.1", shop.workspace)
        self.fail(shop, door, FREE_TRIES)

    def test_from_many_machines_and_at_many_addresses(self, shop, door):
        for number in range(FREE_TRIES):
            self.fail(shop, door, 1, address=f"192.0.2.{number}")
        with pytest.raises(SignInRefused, match="Wait"):
            door.sign_in(EMAIL, PASSWORD, "192.0.2.99", shop.workspace)
        for number in range(FREE_TRIES):
            self.fail(shop, door, 1, email=f"{number}@example.com", address="198.51.100.7")
        with pytest.raises(SignInRefused, match="Wait"):
            door.sign_in("other@example.com", PASSWORD, "198.51.100.7", shop.workspace)

    def test_a_thousand_guesses_take_ten_days(self, shop, door):
        waited = timedelta()
        for _ in range(1000):
            with suppress(SignInRefused):
                door.sign_in(EMAIL, "guess", "192.0.2.1", shop.workspace)
            pause = door.wait(_keys())
            waited += pause
            shop.clock.advance(seconds=pause.total_seconds())
        assert waited > timedelta(days=10)
        assert pause == LONGEST_WAIT

    def test_the_wait_outlives_the_process_and_a_clock_that_was_set_back(self, shop, door):
        self.fail(shop, door, FREE_TRIES)
        shop.clock.advance(days=-300)
        with pytest.raises(SignInRefused, match="Wait 1 seconds"):
            Doorkeeper(shop).sign_in(EMAIL, PASSWORD, "192.0.2.1", shop.workspace)


def _keys() -> tuple[str, ...]:
    from custagent.runtime.web.inbox_web.sign_in import _hash

    return (_hash(f"email {EMAIL}"),)


class TestSessions:
    def test_end_when_they_are_not_used(self, shop, door, signed_in):
        token = signed_in()
        for _ in range(3):
            shop.clock.advance(seconds=IDLE.total_seconds() - 1)
            assert door.who(token, shop.workspace)
        shop.clock.advance(seconds=IDLE.total_seconds())
        assert door.who(token, shop.workspace) is None
        shop.clock.advance(days=-1)
        assert door.who(token, shop.workspace) is None, "it is gone, whatever the clock says"

    def test_end_after_two_weeks_whatever_happens(self, shop, door, signed_in):
        token = signed_in()
        for _ in range(int(LONGEST / timedelta(hours=8)) - 1):
            shop.clock.advance(hours=8)
            assert door.who(token, shop.workspace)
        shop.clock.advance(hours=8)
        assert door.who(token, shop.workspace) is None

    def test_end_when_the_user_may_not_answer_any_more(self, shop, door, signed_in):
        token = signed_in()
        others = shop.workspace.model_copy(update={"users": shop.workspace.users[1:]})
        assert door.who(token, others) is None
        assert door.who(token, shop.workspace) is None, "and do not come back with them"

    def test_of_a_clock_that_was_ahead_end_when_it_is_right(self, shop, door, signed_in):
        token = signed_in()
        shop.clock.advance(minutes=-10)
        assert door.who(token, shop.workspace)
        shop.clock.advance(days=-365)
        assert door.who(token, shop.workspace) is None

    @pytest.mark.parametrize("token", ["", "x", "' OR 1=1 --", "\x00", "é" * 50])
    def test_nobodys(self, shop, door, token):
        assert door.who(token, shop.workspace) is None

    def test_what_goes_with_changes_is_the_sessions_own(self, shop, door, signed_in):
        token = signed_in()
        csrf = door.who(token, shop.workspace).csrf
        assert csrf == csrf_of(token)
        assert token not in csrf
        assert csrf != csrf_of("another")
        assert is_same(csrf, csrf_of(token))
        assert not is_same("", csrf)


def test_a_namesake_of_somebody_who_was_removed_begins_anew(shop):
    kept, now = shop.store.sign_in, shop.clock.now()
    kept.invite("cleo", "first", now + INVITED_FOR)
    assert kept.accept("first", "hash", now) == "cleo"
    kept.open_session("session", "cleo", now)
    kept.invite("cleo", "second", now + INVITED_FOR)
    remove_user(shop, "cleo")
    assert (
        kept.password_hash("cleo"),
        kept.session("session"),
        kept.invited("second", now, latest=now + INVITED_FOR),
    ) == ("", None, "")
