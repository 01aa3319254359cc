"""Mail through the real program, a real mailbox and a real submission server."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from contextlib import closing
from email.message import EmailMessage
from http.client import HTTPConnection
from itertools import count

import pytest

from tests.acceptance.exim import PROGRAM, Exim
from tests.acceptance.inbox_page import InboxPage
from tests.acceptance.letters import (  # noqa: F401 - a fixture
    ADDRESS,
    ANSWER,
    CHANNEL,
    QUESTION,
    Writer,
    channel,
    new_mail_house,
)
from tests.acceptance.mail_servers import servers  # noqa: F401 - a fixture

pytestmark = pytest.mark.usefixtures("servers")


@pytest.fixture(scope="module")
def house(new_mail_house, servers):  # noqa: F811 - the fixtures
    return new_mail_house(channel(*servers, more="signature: Northwind, Harbour Street 1"))


@pytest.fixture(scope="module")
def runner(start, house, wait_until):
    begun = start(house, log=house.folder.with_name("runner.log")).ready()
    wait_until(lambda: is_read(house))
    yield begun
    code, told = begun.stop()
    assert (code, "Traceback" in told) == (0, False), told


@pytest.fixture(scope="module", name="wait_until")
def _wait_until() -> Callable[..., None]:
    from tests.acceptance.conftest import wait_until

    return wait_until


@pytest.fixture
def writer(servers, numbers=count(1)) -> Writer:  # noqa: B008, F811 - one count for all tests; the fixture
    return Writer(*servers, f"kim{next(numbers)}@example.org")


def is_read(house, name: str = CHANNEL) -> bool:
    """Whether the mailbox was opened: what comes from now on is new."""
    with house.rows() as rows:
        return rows.execute("SELECT count(*) FROM channel_progress WHERE channel = ?", (name,)).fetchone()[0] > 0


def text_of(mail: EmailMessage) -> str:
    return mail.get_body(("plain",)).get_content()


def conversation_of(house, address: str) -> tuple[str, str]:
    """(id, status) of the contact's only conversation."""
    with house.rows() as rows:
        (found,) = rows.execute(
            "SELECT conversations.id, conversations.status FROM conversations JOIN contacts"
            " ON contacts.id = conversations.contact WHERE contacts.key = ?", (address,),
        ).fetchall()  # fmt: skip
    return found


def test_a_question_is_answered_in_its_thread(runner, writer, servers, wait_until):  # noqa: F811
    asked = writer.write(subject="Warranty", answers=None)
    (answer,) = [one.mail for one in writer.wait_for(1)]
    assert ANSWER in text_of(answer)
    assert (answer["In-Reply-To"], answer["References"]) == (asked["Message-ID"], asked["Message-ID"])
    assert (answer["Subject"], answer["From"], answer["Auto-Submitted"]) == (
        "Re: Warranty", f"Northwind <{ADDRESS}>", "auto-replied",
    )  # fmt: skip
    # One mail: what the agent says of itself stands above the answer, the signature below.
    assert text_of(answer).index("AI") < text_of(answer).index(ANSWER) < text_of(answer).index("Harbour Street")
    wait_until(lambda: answer["Message-ID"] in [one["Message-ID"] for one in servers[0].mails(ADDRESS, "Sent")])


def test_a_whole_conversation(runner, house, writer, wait_until):
    """The agent, a person, the agent again, closed, and opened again by a later mail on the thread (CONV-1)."""
    writer.write()
    (first,) = writer.wait_for(1)
    writer.write("I want to talk to a person, please.", answers=first.mail)
    (_, second) = writer.wait_for(2)
    number, status = conversation_of(house, writer.address)
    assert status == "open"
    assert second.mail["In-Reply-To"] != first.mail["In-Reply-To"]
    assert house.custagent("inbox", "reply", number, "Anna here: what can I do?").returncode == 0
    persons = writer.wait_for(3)[2].mail
    assert "Anna here" in text_of(persons)
    assert persons["Auto-Submitted"] is None
    assert "Anna Berg" in persons["From"]
    with InboxPage(house, runner.address) as anna:
        assert "Anna here" in anna.shows(number)
        anna.does(number, "reply", text="And from the inbox: shall I call you?")
    persons = writer.wait_for(4)[3].mail
    assert "And from the inbox: shall I call you?" in text_of(persons)
    assert "Anna Berg" in persons["From"]
    writer.write("Nothing, thank you.", answers=persons)
    wait_until(lambda: len(house.threads()[writer.address]) == 8)
    assert house.custagent("inbox", "release", number).returncode == 0
    writer.wait_for(5)
    writer.write(answers=persons)
    wait_until(lambda: ANSWER in text_of(writer.got[-1].mail))
    assert house.custagent("inbox", "take", number).returncode == 0
    assert house.custagent("inbox", "close", number).returncode == 0
    assert conversation_of(house, writer.address) == (number, "closed")
    writer.write("One more thing.", answers=persons)
    wait_until(lambda: conversation_of(house, writer.address)[1] == "open")
    assert [entry for entry in house.charges() if entry[0] == number] == [(number, -100)]


def test_somebody_else_on_a_thread_gets_nothing_of_it(runner, house, writer, servers, wait_until):  # noqa: F811
    writer.write()
    answer = writer.wait_for(1)[0].mail
    other = Writer(*servers, f"other.{writer.address}")
    other.write("How long is the warranty?", answers=answer)
    wait_until(lambda: other.address in house.threads())
    assert conversation_of(house, other.address)[1] == "open"
    assert [kind for _, kind, _ in house.threads()[writer.address]].count("inbound") == 1
    assert other.got == []


def test_what_machines_write_is_not_answered_and_bothers_nobody(runner, house, writer, wait_until):
    writer.write(answers=None, Auto_Submitted="auto-replied")
    writer.write(answers=None, List_Id="<news.example.org>")
    writer.write(answers=None, Precedence="bulk")
    last = writer.write("Is there a warranty?")
    writer.wait_for(1)
    assert len([one for one in house.threads()[writer.address] if one[1] == "inbound"]) == 1
    assert [one.mail["In-Reply-To"] for one in writer.got] == [last["Message-ID"]]


def test_a_reply_that_comes_back_is_a_dead_letter(runner, house, writer, servers, wait_until):  # noqa: F811
    writer.write()
    answer = writer.wait_for(1)[0].mail
    bounce = f"""\
From: Mail Delivery System <Mailer-Daemon@mx.example.org>
To: {ADDRESS}
Subject: Mail delivery failed
Auto-Submitted: auto-replied
References: {answer["Message-ID"]}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

It could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822;{writer.address}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 No such user

--b--
"""
    servers[0].deliver(bounce.replace("\n", "\r\n").encode(), ADDRESS)
    wait_until(lambda: house.delivery(CHANNEL).get("failed"))
    letters = house.json("outbox", "list")
    assert "5.1.1" in str(letters)
    assert writer.address in str(letters)
    # The charge goes back: nothing arrived (CRED-2).
    number, _ = conversation_of(house, writer.address)
    assert sum(amount for conversation, amount in house.charges() if conversation == number) == 0


def test_a_genuine_bounce_is_understood(runner, house, servers, require, wait_until):  # noqa: F811
    """Of a real mail server, which finds after taking it that there is no such user."""
    require("exim", PROGRAM, "apt-get install exim4-daemon-light")
    dovecot, submission = servers
    writer = Writer(dovecot, submission, "nosuch@example.org")
    failed = house.delivery(CHANNEL).get("failed", 0)
    with Exim(dovecot.lmtp) as exim:
        submission.relays[writer.address] = exim.take
        writer.write()
        writer.wait_for(1)
        wait_until(lambda: house.delivery(CHANNEL).get("failed", 0) > failed)
        del submission.relays[writer.address]
    assert "it could not be delivered to nosuch@example.org (5.0.0" in str(house.json("outbox", "list"))
    # Nobody answered the bounce.
    assert [kind for _, kind, _ in house.threads()[writer.address]] == ["inbound", "disclosure", "answer"]


def test_an_attachment_is_kept(runner, house, writer, servers, wait_until):  # noqa: F811
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = writer.address, ADDRESS, "A picture"
    mail["Message-ID"] = f"<picture.{writer.address}>"
    mail.set_content("See the picture of my bike.")
    mail.add_attachment(b"%PDF-1.4\n%%EOF\n", maintype="application", subtype="pdf", filename="bike.pdf")
    servers[0].deliver(mail.as_bytes(), ADDRESS, writer.address)
    wait_until(lambda: writer.address in house.threads())
    number, _ = conversation_of(house, writer.address)
    assert "bike.pdf" in house.custagent("inbox", "show", number).stdout


def test_the_connection_can_be_checked(house, runner):
    assert house.custagent("channels", "check", CHANNEL).returncode == 0
    house.environment["MAIL_PASSWORD"] = "wrong"
    failed = house.custagent("channels", "check", CHANNEL)
    house.environment["MAIL_PASSWORD"] = "open-sesame"
    assert failed.returncode == 1
    assert "does not let" in failed.stdout + failed.stderr
    assert "username:" in failed.stdout + failed.stderr
    house.custagent("channels", "check", CHANNEL)


def test_numbering_anew_answers_nothing_twice(new_mail_house, servers, start, wait_until):  # noqa: F811
    address = "anew@northwind.example"
    house = new_mail_house(channel(*servers, address=address))
    first = start(house).ready()
    wait_until(lambda: is_read(house))
    writer = Writer(*servers, "renate@example.org", to=address)
    writer.write()
    writer.wait_for(1)
    assert first.stop()[0] == 0
    writer.write("Is there a warranty?")
    servers[0].number_anew(address, 4242)
    second = start(house).ready()
    writer.wait_for(2)
    wait_until(lambda: "4242" in progress(house))
    writer.write("How long is the warranty, again?")
    writer.wait_for(3)
    assert second.stop()[0] == 0
    assert len(writer.got) == 3
    assert len(house.threads()[writer.address]) == 9


def progress(house) -> str:
    with house.rows() as rows:
        return str(rows.execute("SELECT value FROM channel_progress").fetchone()[0])


def test_what_was_there_before_the_channel_is_left_alone(new_mail_house, servers, start, wait_until):  # noqa: F811
    address = "before@northwind.example"
    writer = Writer(*servers, "bea@example.org", to=address)
    writer.write()
    house = new_mail_house(channel(*servers, address=address))
    runner = start(house).ready()
    wait_until(lambda: is_read(house))
    writer.write("Is there a warranty?")
    writer.wait_for(1)
    assert runner.stop()[0] == 0
    assert len([one for one in house.threads()[writer.address] if one[1] == "inbound"]) == 1


def test_a_mailbox_that_fails_stops_no_other_and_comes_back(new_mail_house, servers, start, wait_until):  # noqa: F811
    address = "first@northwind.example"
    broken = channel(*servers, name="broken", address="second@northwind.example")
    broken = broken.replace("${MAIL_PASSWORD}", "${OTHER_PASSWORD}")
    house = new_mail_house(channel(*servers, address=address), broken)
    house.environment["OTHER_PASSWORD"] = "wrong"
    runner = start(house).ready()
    wait_until(lambda: is_read(house))
    writer = Writer(*servers, "fay@example.org", to=address)
    writer.write()
    writer.wait_for(1)
    servers[0].stop()
    servers[0].start()
    writer.write("Is there a warranty?")
    writer.wait_for(2)
    began = time.monotonic()
    runner.signal(signal.SIGTERM)
    code, told = runner.ends()
    assert (code, "Traceback" in told) == (0, False), told
    assert time.monotonic() - began < 10
    assert "broken: mail cannot be read now" in told


def test_a_machine_that_answers_everything_is_answered_four_times(new_mail_house, servers, start, wait_until):  # noqa: F811
    """It hides that it is one, so that only counting stops it."""
    address = "loop@northwind.example"
    house = new_mail_house(channel(*servers, address=address, more="replies_a_day: 4"))
    runner = start(house).ready()
    wait_until(lambda: is_read(house))
    machine = Writer(*servers, "machine@example.org", to=address)
    machine.write()
    for number in range(1, 5):
        machine.write(answers=machine.wait_for(number)[-1].mail)
    wait_until(lambda: conversation_of(house, machine.address)[1] == "open")
    assert runner.stop()[0] == 0
    assert len(machine.got) == 4
    assert len([one for one in house.threads()[machine.address] if one[1] == "inbound"]) == 5


def test_two_agents_who_write_to_each_other_stop_at_once(new_mail_house, servers, start, wait_until):  # noqa: F811
    """Each says in its mails that a program wrote them, and knows it of the other's."""
    addresses = ("one@northwind.example", "two@northwind.example")
    houses = [new_mail_house(channel(*servers, address=address)) for address in addresses]
    runners = [start(house).ready() for house in houses]
    for house in houses:
        wait_until(lambda house=house: is_read(house))
    Writer(*servers, addresses[1], to=addresses[0]).write()
    servers[1].wait_for(lambda: servers[1].to(addresses[1]))
    wait_until(lambda: '"INBOX"' in progress(houses[1]) and ", 1, " in progress(houses[1]))
    assert [runner.stop()[0] for runner in runners] == [0, 0]
    assert len(servers[1].to(addresses[1])) == 1
    assert servers[1].to(addresses[0]) == []
    assert houses[1].threads() == {}


def test_the_answer_to_an_address_left_on_the_chat_goes_out_by_mail(
    new_mail_house, servers, start, wait_until, contact  # noqa: F811
):  # fmt: skip
    """HND-2: and what the contact answers to it leads back into the same conversation."""
    address = "chats@northwind.example"
    house = new_mail_house(channel(*servers, address=address))
    agent = house.home.root / "agents" / "support.yaml"
    handoff = "  - channel: website\n    handoff: {mode: transfer, to: [team:team]}\n"
    agent.write_text(agent.read_text().replace("  - channel: website\n", handoff))
    assert house.custagent("apply").returncode == 0
    assert house.custagent("users", "away", "anna").returncode == 0
    runner = start(house).ready()
    wait_until(lambda: is_read(house))
    visitor = contact(runner.port)
    visitor.send("I want to talk to a person, please.")
    wait_until(lambda: [one for one in house.threads().get(visitor.key, ()) if one[1] == "handoff-unavailable"])
    with closing(HTTPConnection("127.0.0.1", runner.port, timeout=30)) as connection:
        connection.request("POST", "/chat/website/email", json.dumps({"email": "vera@example.org"}), visitor.headers)
        assert connection.getresponse().status in (200, 202, 204)
    number, _ = conversation_of(house, visitor.key)
    assert house.custagent("inbox", "reply", number, "Anna here, by mail.").returncode == 0
    vera = Writer(*servers, "vera@example.org", to=address)
    reply = vera.wait_for(1)[0].mail
    assert "Anna here, by mail." in text_of(reply)
    assert reply["Subject"] == "Your question to Northwind"
    vera.write("Thank you, Anna.", answers=reply)
    wait_until(lambda: "Thank you, Anna." in [text for _, _, text in house.threads()[visitor.key]])
    assert house.custagent("inbox", "reply", number, "You are welcome.").returncode == 0
    again = vera.wait_for(2)[1].mail
    assert again["Subject"] == "Re: Your question to Northwind"
    assert runner.stop()[0] == 0


def test_a_chat_is_sent_to_the_visitor_s_own_address(
    new_mail_house, servers, start, wait_until, contact  # noqa: F811
):  # fmt: skip
    house = new_mail_house(channel(*servers, address="scripts@northwind.example"))
    file = house.home.workspace_file
    chat = "    kind: live-chat\n"
    file.write_text(file.read_text(encoding="utf-8").replace(chat, f"{chat}    transcript: true\n"), encoding="utf-8")
    assert house.custagent("apply").returncode == 0
    runner = start(house).ready()
    visitor = contact(runner.port)
    visitor.wait_for_reply(visitor.send(QUESTION))
    asked = json.dumps({"email": "vera@example.net", "language": "en"})
    with closing(HTTPConnection("127.0.0.1", runner.port, timeout=30)) as connection:
        connection.request("POST", "/chat/website/transcript", asked, visitor.headers)
        assert connection.getresponse().status == 204
    assert servers[1].wait_for(lambda: servers[1].to("vera@example.net"))
    mail = servers[1].to("vera@example.net")[0].mail
    assert text_of(mail).index(QUESTION) < text_of(mail).index(ANSWER)
    assert mail["Auto-Submitted"] == "auto-generated"
    wait_until(lambda: len(servers[1].to("vera@example.net")) == 1)
    assert runner.stop()[0] == 0


def test_people_are_told_by_mail(new_mail_house, servers, start, wait_until):  # noqa: F811
    address = "told@northwind.example"
    settings = "notifications: {email: true}\npublic_url: https://help.northwind.example\n"
    house = new_mail_house(channel(*servers, address=address), settings=settings)
    runner = start(house).ready()
    wait_until(lambda: is_read(house))
    before = len(servers[1].to("anna@northwind.example"))
    writer = Writer(*servers, "ned@example.org", to=address)
    writer.write("I want to talk to a person, please. My name is Ned.")
    assert servers[1].wait_for(lambda: len(servers[1].to("anna@northwind.example")) > before)
    told = servers[1].to("anna@northwind.example")[-1].mail
    number, _ = conversation_of(house, writer.address)
    assert told["Subject"] == "[Northwind] A conversation waits for you"
    assert told["Auto-Submitted"] == "auto-generated"
    assert f"https://help.northwind.example/inbox/c/{number}" in text_of(told)
    assert "Ned" not in text_of(told)
    assert runner.stop()[0] == 0
    assert house.json("notifications", "list")[0]["host"] == "email"
