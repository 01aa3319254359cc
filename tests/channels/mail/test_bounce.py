"""Reports about mails of ours, in the forms that servers and programs send them."""

from __future__ import annotations

from pathlib import Path

import pytest

from custagent.channels.mail.model import Report, ReportKind
from custagent.channels.mail.parse import read
from custagent.channels.mail.threads import Threads

PAYLOADS = Path(__file__).resolve().parents[2] / "payloads" / "mail"
OURS = "zdpsa5ts742q4fghlhk3mtqraaa.5.6er525vb5f43h@northwind.example"
#: The key that the ids in the payloads were made with.
THREADS = Threads(key=b"k" * 32, address="support@northwind.example")
ANNA = "anna@berg.example"


@pytest.mark.parametrize(
    ("name", "kind", "recipient", "status", "diagnostic"),
    [
        ("bounce_exim", ReportKind.FAILED, ANNA, "5.1.1", "550 5.1.1 no such mailbox here"),
        ("bounce_postfix_delayed", ReportKind.DELAYED, ANNA, "4.4.1", "connect to mx.berg.example[192.0.2.7]:25: Connection timed out"),
        ("bounce_exchange", ReportKind.FAILED, ANNA, "5.2.2", "550 5.2.2 RESOLVER.QUOTA; mailbox is full"),
        ("bounce_gmail", ReportKind.FAILED, ANNA, "5.1.1", "550-5.1.1 The email account that you tried to reach does not exist."),
        ("bounce_base64_status", ReportKind.FAILED, ANNA, "5.7.1", ""),
        ("bounce_qmail", ReportKind.FAILED, ANNA, "5.7.1", "Remote host said: 554 5.7.1 Service unavailable"),
        ("bounce_sendmail_warning", ReportKind.DELAYED, ANNA, "", ""),
        ("receipt_displayed", ReportKind.READ, ANNA, "", ""),
        ("complaint_arf", ReportKind.COMPLAINT, ANNA, "", "abuse"),
    ],
)  # fmt: skip
def test_reports_are_read(name: str, kind: ReportKind, recipient: str, status: str, diagnostic: str) -> None:
    mail = read((PAYLOADS / f"{name}.eml").read_bytes())
    assert mail.report == Report(kind=kind, about=(OURS,), recipient=recipient, status=status, diagnostic=diagnostic)
    assert THREADS.bounced(mail) == 5


def report(status: str, *, more: str = "") -> Report | None:
    return read(
        b"From: mailer-daemon@mx.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=r\n\n"
        b"--r\n\nSorry.\n--r\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n"
        + f"{status}\n{more}\n--r--\n".encode()
    ).report


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("Action: failed\nStatus: 4.4.7", ReportKind.FAILED),
        ("Action: delayed\nStatus: 4.2.2", ReportKind.DELAYED),
        ("Action: relayed\nStatus: 2.0.0", ReportKind.DELIVERED),
        ("Status: 4.0.0", ReportKind.DELAYED),
        ("Status: 5.0.0", ReportKind.FAILED),
        ("Action: FAILED (no such user)\nStatus: 5.1.1", ReportKind.FAILED),
        ("nothing: here", ReportKind.FAILED),
    ],
)
def test_the_action_decides_and_else_the_status(status: str, kind: ReportKind) -> None:
    found = report(status)
    assert found is not None
    assert found.kind is kind


def test_the_worst_of_several_recipients_is_told() -> None:
    found = report(
        "Final-Recipient: rfc822; a@x.example\nAction: delivered\nStatus: 2.0.0",
        more="\nFinal-Recipient: rfc822; b@x.example\nAction: failed\nStatus: 5.1.1",
    )
    assert found is not None
    assert (found.kind, found.recipient) == (ReportKind.FAILED, "b@x.example")


def test_a_bounce_leads_back_by_the_address_it_came_to() -> None:
    came_to = b"support+b5.56vq6ttzis2ap@northwind.example"
    raw = (PAYLOADS / "bounce_exim.eml").read_bytes().replace(OURS.encode(), b"torn@mx.example")
    assert THREADS.bounced(read(raw)) == 5
    assert THREADS.bounced(read(raw.replace(came_to, THREADS.bounce_address(17).encode()))) == 17
    assert THREADS.bounced(read(raw.replace(came_to, came_to.replace(b"b5", b"b6")))) is None


def test_a_report_about_somebody_elses_mail_is_about_none_of_ours() -> None:
    raw = (PAYLOADS / "receipt_displayed.eml").read_bytes().replace(OURS.encode(), OURS.replace(".5.", ".6.").encode())
    mail = read(raw)
    assert mail.report is not None
    assert THREADS.bounced(mail) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"From: anna@berg.example\nSubject: Delivery failed\n\nMy delivery failed: 550 5.1.1 is on the parcel. Undeliverable?",
        b"From: mailer-daemon@mx.example\nSubject: Hello\n\nThe weather is fine.",
        (
            b"From: fbl@x.example\nContent-Type: multipart/report; boundary=r\n\n--r\nContent-Type: message/feedback-report\n\n"
            b"Feedback-Type: not-spam\n--r--"
        ),
    ],
)
def test_what_people_write_about_deliveries_is_no_report(raw: bytes) -> None:
    assert read(raw).report is None


def test_a_bounce_that_somebody_passes_on_is_their_mail() -> None:
    bounce = (PAYLOADS / "bounce_exim.eml").read_bytes().replace(b"\r\n", b"\n")
    forwarded = b"--f\n\nMy mail to you came back, why?\n--f\nContent-Type: message/rfc822\n\n" + bounce + b"\n--f--\n"
    fields = b"From: anna@berg.example\nTo: support@northwind.example\nContent-Type: multipart/mixed; boundary=f\n\n"
    mail = read(fields + forwarded)
    assert mail.report is None
    assert mail.text == "My mail to you came back, why?"


def test_an_old_servers_report_without_its_form_is_read_from_a_machine_only() -> None:
    status = b"--m\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nAction: failed\nStatus: 5.1.1\n--m--\n"
    fields = b"Content-Type: multipart/mixed; boundary=m\nSubject: Failed\n\n"
    assert read(b"From: mailer-daemon@mx.example\n" + fields + status).report is not None
    assert read(b"From: anna@berg.example\n" + fields + status).report is None
