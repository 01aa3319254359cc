"""Which mails may be answered without a person: each condition alone turns an answerable mail into one that is not."""

from __future__ import annotations

import pytest

from custagent.channels.mail.gate import judge, writer
from custagent.channels.mail.model import Handling, Mailbox, Reason, Traffic, Verdict
from custagent.channels.mail.parse import read
from custagent.channels.mail.threads import Threads
from tests.channels.mail.mixed import OUR_ADDRESS, mixed

THREADS = Threads(key=b"k" * 32, address=OUR_ADDRESS)
BOX = Mailbox(
    addresses=(OUR_ADDRESS, "help@northwind.example"), ignored=("spam.example", "@ads.example", "eve@x.example")
)
QUESTION = {
    "return-path": "<anna@berg.example>",
    "from": "Anna <anna@berg.example>",
    "to": OUR_ADDRESS,
    "subject": "Lamp",
    "message-id": "<1@berg.example>",
}


def verdict(
    fields: dict[str, str] | None = None, *, body: str = "Where is it?", traffic: Traffic | None = None
) -> Verdict:
    head = "".join(f"{name}: {value}\n" for name, value in (QUESTION | (fields or {})).items() if value)
    return judge(read(f"{head}\n{body}".encode()), BOX, THREADS, traffic or Traffic())


def test_a_question_may_be_answered() -> None:
    assert verdict() == Verdict(handling=Handling.ANSWER)


@pytest.mark.parametrize(
    "fields",
    [
        {"auto-submitted": "no"}, {"auto-submitted": "No (a person)"}, {"precedence": "first-class"}, {"return-path": ""},
        {"to": "Help <HELP@Northwind.example>"}, {"to": "x@y.example", "cc": "support+c123@northwind.example"},
        {"x-spam-flag": "NO"}, {"x-spam-status": "No, score=1"}, {"feedback-id": "1:2:3:shop"}, {"from": "bouncer@club.example"},
        {"from": "noreen@berg.example"}, {"from": "a@notspam.example"}, {"x-auto-response-suppress": "DR, RN"}, {"list-price": "20 euros"},
        {"from": "reply@berg.example"}, {"sender": "noreply@berg.example"},
    ],
)  # fmt: skip
def test_what_only_looks_like_a_machines_may_be_answered(fields: dict[str, str]) -> None:
    assert verdict(fields).handling is Handling.ANSWER


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"auto-submitted": "auto-replied"}, Reason.AUTOMATIC),
        ({"auto-submitted": "auto-generated; owner-email=x@y.example"}, Reason.AUTOMATIC),
        ({"auto-submitted": "AUTO-NOTIFIED"}, Reason.AUTOMATIC),
        ({"x-autoreply": "yes"}, Reason.AUTOMATIC),
        ({"x-autorespond": "1"}, Reason.AUTOMATIC),
        ({"x-autoresponse": ""} | {"x-autoresponder": "x"}, Reason.AUTOMATIC),
        ({"precedence": "auto_reply"}, Reason.AUTOMATIC),
        ({"content-type": "multipart/report; report-type=something; boundary=b"}, Reason.AUTOMATIC),
        ({"precedence": "bulk"}, Reason.BULK),
        ({"precedence": " Junk"}, Reason.BULK),
        ({"feedback-id": "1:2:3", "precedence": "bulk"}, Reason.BULK),
        ({"precedence": "list"}, Reason.MAILING_LIST),
        ({"list-id": "<news.example>"}, Reason.MAILING_LIST),
        ({"list-unsubscribe": "<https://x.example>"}, Reason.MAILING_LIST),
        ({"mailing-list": "list x@y.example"}, Reason.MAILING_LIST),
        ({"x-spam-flag": "YES"}, Reason.SPAM),
        ({"x-spam-status": "Yes, score=9"}, Reason.SPAM),
        ({"return-path": "<>"}, Reason.NULL_SENDER),
        ({"from": "MAILER-DAEMON@berg.example"}, Reason.MACHINE),
        ({"from": "Postmaster <postmaster@berg.example>"}, Reason.MACHINE),
        ({"from": "no-reply@berg.example"}, Reason.MACHINE),
        ({"from": "do_not_reply+77@berg.example"}, Reason.MACHINE),
        ({"from": "donotreply@berg.example"}, Reason.MACHINE),
        ({"from": "bounce@berg.example"}, Reason.MACHINE),
        ({"from": f"Northwind <{OUR_ADDRESS}>"}, Reason.OWN),
        ({"from": "Help+x@Northwind.example"}, Reason.OWN),
        ({"message-id": f"<{THREADS.message_id('abcdefghijklmnopqrstuv', 3)}>"}, Reason.OWN),
        ({"message-id": f"<{THREADS.notice_id('handoff 7')}>"}, Reason.OWN),
        ({"from": "a@spam.example"}, Reason.IGNORED),
        ({"from": "a@mail.ads.example"}, Reason.IGNORED),
        ({"from": "Eve@X.example"}, Reason.IGNORED),
        ({"reply-to": "eve@x.example"}, Reason.IGNORED),
    ],
)
def test_a_machines_mail_is_left_in_the_mailbox(fields: dict[str, str], reason: Reason) -> None:
    found = verdict(fields)
    assert (found.handling, found.reason, found.for_people) == (Handling.ASIDE, reason, "")
    assert found.told_by


@pytest.mark.parametrize(
    ("fields", "reason", "why"),
    [
        ({"from": "somebody"}, Reason.NO_SENDER, "no sender"),
        ({"to": "undisclosed-recipients:;"}, Reason.NOT_ADDRESSED, "not addressed to us"),
        ({"to": "sales@northwind.example"}, Reason.NOT_ADDRESSED, "not addressed to us"),
        ({"x-auto-response-suppress": "All"}, Reason.AUTOMATIC, "asks not to be answered automatically"),
        ({"x-auto-response-suppress": "DR, OOF, AutoReply"}, Reason.AUTOMATIC, "asks not to be answered automatically"),
        ({"content-type": "application/pkcs7-mime"}, Reason.UNREADABLE, "encrypted"),
        # The mailbox is a group's: everybody's mail comes through its list.
        ({"list-id": "<support.northwind.example>", "precedence": "list"}, Reason.MAILING_LIST, "mailing list"),
        ({"list-post": f"<mailto:{OUR_ADDRESS}>"}, Reason.MAILING_LIST, "mailing list"),
        # A form on a web page: somebody else is to be answered.
        ({"from": "noreply@forms.example", "reply-to": "anna@berg.example"}, Reason.MACHINE, "a machine's address"),
        ({"auto-submitted": "auto-generated", "reply-to": "bo@x.example"}, Reason.AUTOMATIC, "automatic reply"),
    ],
)
def test_what_may_be_a_contacts_is_for_people(fields: dict[str, str], reason: Reason, why: str) -> None:
    assert (found := verdict(fields)).handling is Handling.PEOPLE
    assert (found.reason, found.for_people) == (reason, why)


def test_a_mail_that_says_nothing_is_for_people() -> None:
    assert verdict({"subject": ""}, body="").reason is Reason.EMPTY
    attached = {"content-type": "image/png", "content-disposition": "attachment; filename=a.png", "subject": ""}
    assert verdict(attached, body="x").handling is Handling.ANSWER


def test_an_answered_invitation_is_a_programs() -> None:
    found = verdict({"content-type": "text/calendar"}, body="BEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR\n")
    assert (found.handling, found.told_by) == (Handling.ASIDE, "text/calendar")
    asked = verdict({"content-type": "text/calendar"}, body="BEGIN:VCALENDAR\nMETHOD:REQUEST\nSUMMARY:Repair\n")
    assert asked.handling is Handling.ANSWER


@pytest.mark.parametrize(("replies", "mails"), [(4, 0), (5, 0), (0, 10), (9, 99)])
def test_two_that_answer_each_other_stop(replies: int, mails: int) -> None:
    found = verdict(traffic=Traffic(replies_in_day=replies, mails_in_hour=mails))
    assert found.handling is Handling.PEOPLE
    assert found.reason is (Reason.TOO_MANY if replies else Reason.BUSY_THREAD)


def test_below_the_caps_there_are_answers() -> None:
    assert verdict(traffic=Traffic(replies_in_day=3, mails_in_hour=9)).handling is Handling.ANSWER


def test_a_machines_mail_is_aside_however_much_there_was() -> None:
    assert verdict({"precedence": "bulk"}, traffic=Traffic(replies_in_day=99)).handling is Handling.ASIDE


def test_mixed_mail_is_sorted_as_it_should_be() -> None:
    for number, one in enumerate(
        mixed(600, seed=7, own_id=lambda at: THREADS.message_id("abcdefghijklmnopqrstuv", at + 1))
    ):
        mail = read(one.raw)
        assert judge(mail, BOX, THREADS, Traffic()).handling is one.handling, one.kind
        assert one.says in mail.text, one.kind
        assert THREADS.bounced(mail) == (number + 1 if one.handling is Handling.REPORT else None), one.kind


def test_mixed_mail_is_the_same_for_the_same_seed_and_holds_every_kind() -> None:
    first, again, other = (list(mixed(60, seed=seed)) for seed in (1, 1, 2))
    assert first == again
    assert [one.raw for one in first] != [one.raw for one in other]
    assert {one.handling for one in first} == set(Handling)
    assert len({one.kind for one in mixed(400, seed=1)}) >= 24


def test_a_forwarded_answer_to_an_invitation_is_no_answer() -> None:
    body = (
        "--f\n\nDid you get this?\n--f\nContent-Type: message/rfc822\n\nSubject: Accepted\n"
        "Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nMETHOD:REPLY\n--f--\n"
    )
    assert verdict({"content-type": "multipart/mixed; boundary=f"}, body=body).handling is Handling.ANSWER


@pytest.mark.parametrize(
    ("sender", "reply_to", "found"),
    [
        ("anna@x.example", "", "anna@x.example"),
        ("anna@x.example", "office@y.example", "anna@x.example"),
        ("no-reply@forms.example", "anna@x.example", "anna@x.example"),
        ("no-reply@forms.example", "noreply@x.example", "no-reply@forms.example"),
    ],
)
def test_who_wrote_a_form_is_who_filled_it_in(sender: str, reply_to: str, found: str) -> None:
    wrote = writer(read(f"From: {sender}\nReply-To: {reply_to}\n\nHi".encode()))
    assert wrote is not None
    assert wrote.address == found
