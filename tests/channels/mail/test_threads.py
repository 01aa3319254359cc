"""Mails find their conversation by ids and addresses that only we can make."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.channels.mail.model import Address, Mail
from custagent.channels.mail.threads import Threads, is_another_sender

THREADS = Threads(key=b"a secret of the workspace's", address="support@northwind.example")
ID = "aZ09bcdefghijklmnopqrX"
CONVERSATIONS = st.text(string.ascii_letters + string.digits, min_size=22, max_size=22) | st.text(
    string.ascii_letters + string.digits + "-_", min_size=1, max_size=30
)


@given(conversation=CONVERSATIONS, outbound=st.integers(1, 2**63 - 1))
def test_what_was_made_is_known_again_in_any_case(conversation: str, outbound: int) -> None:
    message_id = THREADS.message_id(conversation, outbound)
    sent = THREADS.sent(message_id.upper())
    assert sent is not None
    assert (sent.conversation, sent.outbound) == (conversation, outbound)
    assert len(message_id) < 200
    assert THREADS.message_id(conversation, outbound) == message_id
    to = Address(address=THREADS.reply_address(conversation).upper())
    # Where it would be too long for a local part, the plain address leads nowhere.
    assert THREADS.conversation_of(Mail(to=(to,))) in {conversation, None}


def test_usual_ids_fit_into_an_address() -> None:
    for local in ("support", "kundenservice", "customer-service-team"):
        threads = Threads(key=b"k", address=f"{local}@northwind.example")
        address = threads.reply_address(ID)
        assert len(address.partition("@")[0]) <= 64
        assert threads.conversation_of(Mail(delivered_to=(address,))) == ID
    long = Threads(key=b"k", address=f"{'x' * 40}@northwind.example")
    assert long.reply_address(ID) == long.address


@pytest.mark.parametrize("where", ["in_reply_to", "references"])
def test_a_reply_goes_on_with_what_it_answers(where: str) -> None:
    ids = ("contact@berg.example", THREADS.message_id(ID, 7))
    assert THREADS.conversation_of(Mail(**{where: ids})) == ID


def test_the_latest_id_of_ours_counts_and_ids_count_before_addresses() -> None:
    old, new = THREADS.message_id("old", 1), THREADS.message_id("new", 2)
    to = (Address(address=THREADS.reply_address("other")),)
    assert THREADS.conversation_of(Mail(references=(old, new, "x@y.example"), to=to)) == "new"
    assert THREADS.conversation_of(Mail(references=("x@y.example",), to=to)) == "other"


@pytest.mark.parametrize("where", ["to", "cc"])
def test_the_token_counts_wherever_the_mail_was_delivered(where: str) -> None:
    address = THREADS.reply_address(ID)
    assert THREADS.conversation_of(Mail(**{where: (Address(address=address),)})) == ID
    assert THREADS.conversation_of(Mail(delivered_to=("x@y.example", address))) == ID


@given(at=st.integers(0, 200), letter=st.sampled_from(string.ascii_lowercase + string.digits + ".@ſK"))
def test_a_changed_id_is_nobodys(at: int, letter: str) -> None:
    made = THREADS.message_id(ID, 7)
    local = made.partition("@")[0]
    at %= len(local)
    changed = made[:at] + letter + made[at + 1 :]
    if changed != made:
        assert THREADS.sent(changed) is None


def test_another_workspaces_id_is_nobodys() -> None:
    other = Threads(key=b"another secret", address="support@northwind.example")
    mail = Mail(references=(other.message_id(ID, 7),), delivered_to=(other.reply_address(ID), other.bounce_address(7)))
    assert THREADS.conversation_of(mail) is None
    assert THREADS.bounced(mail) is None
    assert not THREADS.is_ours(other.message_id(ID, 7))


def test_a_mac_for_one_purpose_is_none_for_another() -> None:
    mac = THREADS.reply_address(ID).partition("+c")[2].partition("@")[0]
    assert THREADS.sent(f"{mac[:-13]}.7.{mac[-13:]}@northwind.example") is None
    assert THREADS.bounced(Mail(delivered_to=(THREADS.bounce_address(7).replace("+b7", "+b8"),))) is None


def test_the_domain_may_change_and_threads_go_on() -> None:
    moved = Threads(key=THREADS.key, address="help@northwind.test")
    assert moved.conversation_of(Mail(references=(THREADS.message_id(ID, 7),))) == ID


def test_notices_are_known_as_ours() -> None:
    assert THREADS.is_ours(f"<{THREADS.notice_id('handoff 7')}>")
    assert THREADS.notice_id("handoff 7") == THREADS.notice_id("handoff 7") != THREADS.notice_id("handoff 8")
    assert not THREADS.is_ours("n.aaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaa@northwind.example")
    assert THREADS.conversation_of(Mail(references=(THREADS.notice_id("handoff 7"),))) is None


@pytest.mark.parametrize(("conversation", "outbound"), [("", 1), ("x" * 60, 1), (ID, 0), (ID, -1), (ID, 2**63)])
def test_what_cannot_stand_in_an_id_is_refused(conversation: str, outbound: int) -> None:
    with pytest.raises(ValueError):
        THREADS.message_id(conversation, outbound)


def test_somebody_else_on_a_thread_is_seen() -> None:
    known = ["Anna@Berg.example"]
    assert not is_another_sender(Mail(sender=Address(address="anna@berg.EXAMPLE")), known)
    assert is_another_sender(Mail(sender=Address(address="eve@berg.example")), known)
    assert is_another_sender(Mail(), known)


def test_the_key_is_not_shown() -> None:
    assert "secret" not in repr(THREADS)
