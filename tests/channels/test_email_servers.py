"""What is said to mail servers, and what is made of their words: against Dovecot and a real submission server."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from custagent.channels.email import imap
from custagent.channels.email.imap import open_folder
from custagent.channels.email.login import MailLogin, MailServer, Secret
from custagent.channels.email.smtp import Envelope, open_submission
from custagent.core.errors import ChannelError, SendFault
from tests.acceptance.mail_servers import PASSWORD, Dovecot, Submission, servers  # noqa: F401 - a fixture
from tests.ports import free_port

USER = "support@northwind.example"


def mail(text: str = "Hello", subject: str = "Hi") -> bytes:
    return f"From: kim@example.org\r\nTo: {USER}\r\nSubject: {subject}\r\n\r\n{text}\r\n".encode()


@pytest.fixture
def dovecot(servers) -> Dovecot:  # noqa: F811 - the fixture
    return servers[0]


@pytest.fixture
def submission(servers) -> Submission:  # noqa: F811 - the fixture
    found = servers[1]
    found.habits.__init__()
    found.taken.clear()
    return found


@pytest.fixture
def login(dovecot, submission) -> MailLogin:
    return MailLogin(
        username=USER,
        imap=MailServer(host="localhost", port=dovecot.imaps, tls=True),
        smtp=MailServer(host="localhost", port=submission.port, tls=False),
        ca_file=dovecot.cert,
        secret=lambda: Secret(token=False, value=PASSWORD),
    )


@pytest.fixture
def box(login, request) -> MailLogin:
    """The login of a mailbox of the test's own."""
    return replace(login, username=f"{request.node.name.partition('[')[0][-40:]}@northwind.example".replace("_", "-"))


def send(login: MailLogin, *recipients: str, attempts: int = 0) -> tuple[str, ...]:
    with open_submission(login, ehlo="northwind.example") as open_one:
        return open_one.send(
            Envelope(sender=USER, recipients=recipients or ("kim@example.org",), content=mail()), attempts=attempts
        )


class TestReading:
    @pytest.mark.parametrize("tls", [True, False])
    def test_mail_is_read_over_either_kind_of_encryption(self, box, dovecot, tls):
        dovecot.deliver(mail("one"), box.username)
        server = MailServer(host="localhost", port=dovecot.imaps if tls else dovecot.imap, tls=tls)
        folder = open_folder(replace(box, imap=server), "INBOX")
        uids = folder.after(0)
        (read,) = folder.read(folder.look(uids)[-1:])
        folder.close()
        assert b"one" in read.raw
        assert not read.cut
        assert dovecot.log().splitlines()[-1].find("secured") == -1

    def test_only_what_is_newer_is_told(self, box, dovecot):
        for text in ("one", "two"):
            dovecot.deliver(mail(text), box.username)
        folder = open_folder(box, "INBOX")
        assert (folder.uid_next, folder.after(0), folder.after(1), folder.after(2)) == (3, [1, 2], [2], [])
        folder.close()

    def test_reading_leaves_mails_as_unseen_as_they_were(self, box, dovecot):
        dovecot.deliver(mail(), box.username)
        folder = open_folder(box, "INBOX")
        assert len(list(folder.read(folder.look([1])))) == 1
        folder.mark([1])
        folder.close()
        client = dovecot.client(box.username)
        client.select("INBOX", readonly=True)
        flags = client.fetch("1", "(FLAGS)")[1][0]
        client.logout()
        assert b"\\Seen" not in flags
        assert imap.DONE in flags

    def test_of_a_huge_mail_the_beginning_is_read(self, box, dovecot, monkeypatch):
        monkeypatch.setattr(imap, "WHOLE", 10_000)
        monkeypatch.setattr(imap, "BEGINNING", 1_000)
        dovecot.deliver(mail("small"), box.username)
        dovecot.deliver(mail("x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * 400), box.username)
        dovecot.deliver(mail("last"), box.username)
        folder = open_folder(box, "INBOX")
        read = list(folder.read(folder.look([1, 2, 3])))
        folder.close()
        assert [one.cut for one in read] == [False, True, False]
        assert [one.waiting.uid for one in read] == [1, 2, 3]
        assert len(read[1].raw) == 1_000

    def test_waiting_ends_when_mail_comes(self, box, dovecot):
        folder = open_folder(box, "INBOX")
        came = threading.Timer(0.2, dovecot.deliver, (mail(), box.username))
        came.start()
        began = time.monotonic()
        folder.wait(120.0, lambda: False)
        assert time.monotonic() - began < 60
        came.join()
        assert folder.after(0) == [1]
        folder.close()

    def test_what_came_just_before_waiting_is_not_waited_out(self, box, dovecot):
        """The server tells of it in one breath with its leave to wait."""
        folder = open_folder(box, "INBOX")
        dovecot.deliver(mail(), box.username)
        began = time.monotonic()
        folder.wait(120.0, lambda: False)
        assert time.monotonic() - began < 60
        assert folder.after(0) == [1]
        folder.close()

    def test_waiting_ends_when_it_is_told_to_stop(self, box):
        folder = open_folder(box, "INBOX")
        began = time.monotonic()
        folder.wait(120.0, lambda: True)
        assert time.monotonic() - began < 60
        folder.close()

    def test_an_abandoned_connection_fails_at_once(self, box):
        folder = open_folder(box, "INBOX")
        waiting = threading.Timer(0.2, folder.abandon)
        waiting.start()
        with pytest.raises(ChannelError):
            folder.wait(60.0, lambda: False)
        waiting.join()
        with pytest.raises(ChannelError):
            folder.after(0)

    def test_what_arrived_since_a_day_is_found(self, box, dovecot):
        dovecot.deliver(mail(), box.username)
        folder = open_folder(box, "INBOX")
        today = datetime.now(UTC).date()
        assert folder.since(today - timedelta(days=1)) == [1]
        assert folder.since(today + timedelta(days=2)) == []
        folder.close()

    def test_a_copy_is_put_where_the_server_keeps_sent_mail(self, box, dovecot):
        folder = open_folder(box, "INBOX")
        assert folder.sent_folder() == "Sent"
        assert folder.has("Sent")
        assert not folder.has("Nowhere")
        folder.keep("Sent", mail("copy"), datetime(2026, 11, 1, tzinfo=UTC))
        folder.close()
        (kept,) = dovecot.mails(box.username, "Sent")
        assert kept.get_content().strip() == "copy"

    def test_a_wrong_password_is_told_with_what_to_do(self, login):
        with pytest.raises(ChannelError, match=r"does not let support@northwind\.example in") as caught:
            open_folder(replace(login, secret=lambda: Secret(token=False, value="wrong")), "INBOX")
        assert caught.value.fault is SendFault.CHANNEL_OUT
        assert "username:" in caught.value.hint
        with pytest.raises(ChannelError) as caught:
            open_folder(replace(login, secret=lambda: Secret(token=True, value="old")), "INBOX")
        assert "token:" in caught.value.hint

    def test_a_folder_that_is_not_there_is_named(self, login):
        with pytest.raises(ChannelError, match="the folder Nowhere cannot be opened") as caught:
            open_folder(login, "Nowhere")
        assert "`folder:`" in caught.value.hint


class TestTrust:
    """Nothing is said to a server that cannot show who it is, or does not encrypt."""

    def test_an_unknown_certificate_is_refused(self, login):
        for open_one in (lambda: open_folder(replace(login, ca_file=None), "INBOX"),
                         lambda: send(replace(login, ca_file=None))):  # fmt: skip
            with pytest.raises(ChannelError, match="cannot be trusted") as caught:
                open_one()
            assert "ca_file" in caught.value.hint

    def test_so_is_one_of_another_name(self, login, dovecot, submission):
        other = replace(
            login,
            imap=MailServer(host="127.0.0.2", port=dovecot.imaps, tls=True),
            smtp=MailServer(host="127.0.0.2", port=submission.port, tls=False),
        )
        with pytest.raises(ChannelError):
            open_folder(other, "INBOX")
        with pytest.raises(ChannelError):
            send(other)

    def test_certificates_that_are_none_are_told(self, login, tmp_path):
        (tmp_path / "none.pem").write_text("nothing")
        for path in (tmp_path / "none.pem", tmp_path / "missing.pem"):
            with pytest.raises(ChannelError, match="cannot be read"):
                open_folder(replace(login, ca_file=path), "INBOX")

    @pytest.mark.parametrize(
        ("greeting", "reached"),
        [(b"* OK IMAP4rev1 ready\r\n", lambda login: open_folder(login, "INBOX")), (b"220 here\r\n", send)],
    )
    def test_without_encryption_no_password_is_sent(self, login, greeting, reached):
        heard: list[bytes] = []

        def serve(listener: socket.socket) -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rwb") as file:
                file.write(greeting)
                file.flush()
                for line in file:
                    heard.append(line)
                    tag = line.split()[0]
                    if greeting.startswith(b"220"):
                        file.write(b"250 here\r\n" if line.upper().startswith(b"EHLO") else b"502 no\r\n")
                    elif b"CAPABILITY" in line.upper():
                        file.write(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n" + tag + b" OK\r\n")
                    else:
                        file.write(tag + b" BAD no\r\n")
                    file.flush()

        with socket.create_server(("127.0.0.1", 0)) as listener:
            served = threading.Thread(target=serve, args=(listener,))
            served.start()
            server = MailServer(host="127.0.0.1", port=listener.getsockname()[1], tls=False)
            with pytest.raises(ChannelError):
                reached(replace(login, imap=server, smtp=server))
            served.join(60)
        assert heard
        assert not [line for line in heard if b"LOGIN" in line.upper() or b"AUTH" in line.upper().partition(b"=")[0]]


class TestSending:
    def test_a_mail_is_handed_over(self, login, submission):
        assert send(login, "kim@example.org", "anna@northwind.example") == ()
        (taken,) = submission.taken
        assert (taken.sender, taken.recipients) == (USER, ("kim@example.org", "anna@northwind.example"))
        assert taken.content == mail()

    def test_also_encrypted_from_the_first_byte(self, login, dovecot):
        with Submission(dovecot, tls=True) as other:
            send(replace(login, smtp=MailServer(host="localhost", port=other.port, tls=True)))
            assert len(other.taken) == 1

    def test_a_token_is_shown_instead_of_a_password(self, login, submission):
        submission.habits.tokens[USER] = "t0ken"
        send(replace(login, secret=lambda: Secret(token=True, value="t0ken")))
        assert len(submission.taken) == 1
        with pytest.raises(ChannelError, match="does not let") as caught:
            send(replace(login, secret=lambda: Secret(token=True, value="old")))
        assert (caught.value.fault, "token:" in caught.value.hint) == (SendFault.CHANNEL_OUT, True)

    def test_a_wrong_password_stops_the_channel(self, login, submission):
        with pytest.raises(ChannelError, match="does not let") as caught:
            send(replace(login, secret=lambda: Secret(token=False, value="wrong")))
        assert caught.value.fault is SendFault.CHANNEL_OUT
        assert not submission.taken

    def test_a_password_may_have_any_letters(self, login):
        with pytest.raises(ChannelError) as caught:
            send(replace(login, secret=lambda: Secret(token=False, value="lösenord")))
        assert caught.value.fault is SendFault.CHANNEL_OUT

    @pytest.mark.parametrize(
        ("answer", "fault", "after"),
        [
            ("550 5.1.1 No such user", SendFault.PERMANENT, 0),
            ("551 5.7.1 Not here", SendFault.PERMANENT, 0),
            ("451 4.7.1 Greylisted, come back", SendFault.RETRY, 60),
            ("450 4.2.1 The user is receiving mail too quickly", SendFault.SLOW_CONTACT, 60),
            ("450 4.7.28 Too many messages", SendFault.SLOW_CHANNEL, 60),
            ("550 5.4.5 Daily sending limit exceeded", SendFault.SLOW_CHANNEL, 60),
            ("421 4.3.2 Closing", SendFault.SLOW_CHANNEL, 60),
        ],
    )
    def test_refusals_of_a_recipient_are_sorted(self, login, submission, answer, fault, after):
        submission.habits.refuses["kim@example.org"] = answer
        with pytest.raises(ChannelError, match=answer[:3]) as caught:
            send(login)
        assert (caught.value.fault, caught.value.retry_after) == (fault, after)

    def test_what_is_put_off_waits_longer_each_time(self, login, submission):
        submission.habits.refuses["kim@example.org"] = "451 4.7.1 Later"
        waits = []
        for attempts in (0, 1, 2, 3, 4, 5, 15):
            with pytest.raises(ChannelError) as caught:
                send(login, attempts=attempts)
            waits.append(caught.value.retry_after / 60)
        assert waits == [1, 5, 15, 60, 120, 240, 240]

    def test_who_was_not_refused_gets_it(self, login, submission):
        submission.habits.refuses["gone@example.org"] = "550 5.1.1 No such user"
        (refused,) = send(login, "kim@example.org", "gone@example.org")
        assert refused.startswith("gone@example.org: 5.1.1")
        assert submission.taken[0].recipients == ("kim@example.org",)

    def test_of_refusals_the_milder_one_counts(self, login, submission):
        submission.habits.refuses |= {"a@example.org": "550 5.1.1 No", "b@example.org": "451 4.7.1 Later"}
        with pytest.raises(ChannelError) as caught:
            send(login, "a@example.org", "b@example.org")
        assert caught.value.fault is SendFault.RETRY

    def test_a_sender_that_is_not_allowed_stops_the_channel(self, login, submission):
        submission.habits.refuses_sender = "553 5.7.1 Not your address"
        with pytest.raises(ChannelError, match="Not your address") as caught:
            send(login)
        assert caught.value.fault is SendFault.CHANNEL_OUT
        with open_submission(login, ehlo="northwind.example") as open_one:
            assert "Not your address" in open_one.may_send_as(USER)

    def test_a_mail_that_is_refused_for_what_it_says_is_given_up(self, login, submission):
        submission.habits.refuses_content = "554 5.7.1 Spam"
        with pytest.raises(ChannelError, match="Spam") as caught:
            send(login)
        assert caught.value.fault is SendFault.PERMANENT

    def test_a_connection_that_breaks_after_the_last_dot_is_tried_again(self, login, submission):
        submission.habits.breaks_off = 1
        with pytest.raises(ChannelError, match="hung up") as caught:
            send(login)
        assert caught.value.fault is SendFault.RETRY
        send(login)
        assert len(submission.taken) == 2

    def test_a_server_that_is_away_stops_the_channel(self, login):
        away = MailServer(host="127.0.0.1", port=free_port(), tls=False)
        for open_one in (lambda: send(replace(login, smtp=away)), lambda: open_folder(replace(login, imap=away), "I")):
            with pytest.raises(ChannelError, match="cannot be reached") as caught:
                open_one()
            assert caught.value.fault is SendFault.CHANNEL_OUT

    def test_an_address_of_other_letters_needs_a_server_that_knows_them(self, login, submission):
        envelope = Envelope(sender=USER, recipients=("zoë@example.org",), content="Från: ö\r\n".encode(), utf8=True)
        with open_submission(login, ehlo="northwind.example") as open_one:
            open_one.send(envelope)
        assert submission.taken[0].recipients == ("zoë@example.org",)


def test_secrets_stay_out_of_what_is_printed(login):
    assert PASSWORD not in repr(login.secret())
    assert Path(str(login.ca_file)).name == "cert.pem"
