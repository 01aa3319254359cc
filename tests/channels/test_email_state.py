"""How far a mailbox was read, kept as text."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.channels.email.state import ReadUpTo

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


@given(folder=st.text(), validity=st.integers(0, 2**32), uid=st.integers(0, 2**32))
def test_what_was_written_is_read_again(folder, validity, uid):
    reached = ReadUpTo(folder=folder, uid_validity=validity, uid=uid, at=AT)
    assert ReadUpTo.of(str(reached), folder) == reached


@given(text=st.text())
def test_anything_else_is_nothing(text):
    assert ReadUpTo.of(text, "INBOX") is None


@pytest.mark.parametrize("text", ["", "[]", "null", "7", '["INBOX"]', '["INBOX", 1, "x", "y"]', '["INBOX", 1, 2, "y"]'])
def test_so_is_what_is_broken(text):
    assert ReadUpTo.of(text, "INBOX") is None


def test_of_another_folder_nothing_is_known():
    assert ReadUpTo.of(str(ReadUpTo(folder="INBOX", uid_validity=1, uid=2, at=AT)), "Support") is None
