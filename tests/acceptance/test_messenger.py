"""The real `custagent run` with a page on Messenger, at a double of Meta: a whole conversation, and everything odd."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from custagent.channels.signature import sign
from custagent.testing.messenger import FakeMessenger
from custagent.testing.messenger_words import PAGE_INBOX
from custagent.testing.meta_transport import Fault, Item
from tests.acceptance.inbox_page import InboxPage
from tests.acceptance.page import CHANNEL, new_page, new_page_house  # noqa: F401 - fixtures

QUESTION, ANSWER = "How long is the warranty?", "Two years from the day you buy it."
PAYLOADS = Path(__file__).parent.parent / "payloads" / "messenger"


@pytest.fixture(scope="module")
def meta(new_page) -> FakeMessenger:  # noqa: F811 - see above
    return new_page(again=0.3)


@pytest.fixture(scope="module")
def house(meta, new_page_house) -> Any:  # noqa: F811 - see above
    return new_page_house(meta, answer=0.9)


@pytest.fixture(scope="module")
def runner(house, meta, start) -> Any:
    runner = start(house, log=house.folder.with_name("runner.log")).ready()
    meta.reach(runner.address)
    return runner


def hears(meta: FakeMessenger, psid: str, count: int) -> list[Any]:
    """The first `count` messages that the contact gets, each once."""

    def got() -> list[Any]:
        return list({reply.reference: reply for reply in meta.replies_to(psid)}.values())

    assert meta.wait_for(lambda: len(got()) >= count), [reply.text for reply in meta.replies_to(psid)]
    return got()


def kinds(house: Any, psid: str) -> list[str]:
    return [kind for _, kind, _ in house.threads().get(psid, [])]


def conversation(house: Any, psid: str) -> Any:
    (found,) = [one for one in house.json("conversations", "list") if one["contact"]["key"] == psid]
    return found


def command(house: Any, *words: str) -> None:
    done = house.custagent(*words)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def nobody_free(house) -> Iterator[None]:
    """Whoever is there would be given what waits for people, and the contact told so, at some moment."""
    command(house, "users", "away", "anna")
    yield
    command(house, "users", "back", "anna")


def test_a_whole_conversation(runner, meta, house, wait_until):
    psid = "7301945526610482"
    meta.write(psid, QUESTION)
    disclosure, answer = hears(meta, psid, 2)
    assert "AI" in disclosure.text
    assert answer.text == ANSWER
    # The contact sees that it is read and that an answer is written.
    assert meta.wait_for(lambda: (psid, "typing_on") in meta.actions)
    # It asks back with buttons, and what is pressed is the whole option.
    meta.write(psid, "How much does storage cost?")
    asked = hears(meta, psid, 3)[2]
    title = "Winter storage of b…"
    payload = asked.buttons[title]
    meta.press(psid, title)
    assert "59 kr a week" in hears(meta, psid, 4)[3].text
    assert house.threads()[psid][5][2] == payload.removeprefix("custagent:option:")
    # A person is wanted, comes, and answers from a terminal.
    meta.write(psid, "I want to talk to a human, please")
    hears(meta, psid, 5)
    found = conversation(house, psid)
    assert found["status"] == "open"
    command(house, "inbox", "reply", found["id"], "Anna here, I will look into it.")
    assert hears(meta, psid, 6)[5].text == "Anna here, I will look into it."
    with InboxPage(house, runner.address) as anna:
        anna.does(found["id"], "reply", text="And from the inbox: it is on its way.")
    assert hears(meta, psid, 7)[6].text == "And from the inbox: it is on its way."
    meta.write(psid, QUESTION)
    wait_until(lambda: kinds(house, psid)[-1] == "inbound")
    # Given back, the agent says again that it is one, and answers what waits.
    command(house, "inbox", "release", found["id"])
    again, answer = hears(meta, psid, 9)[7:]
    assert (again.text, answer.text) == (disclosure.text, ANSWER)
    wait_until(lambda: meta.idle)
    assert len({reply.reference for reply in meta.replies_to(psid)}) == len(meta.replies_to(psid)), "none went twice"
    command(house, "inbox", "close", found["id"])
    assert conversation(house, psid)["status"] == "closed"
    assert [entry["amount"] for entry in house.json("credits", "entries") if entry["conversation"] == found["id"]] == [
        -100
    ]
    command(house, "credits", "verify")
    assert house.delivery(CHANNEL).keys() == {"read"}


@pytest.mark.usefixtures("nobody_free")
def test_who_answers_past_custagent_silences_the_agent(runner, meta, house, wait_until):
    psid = "81"
    meta.write(psid, QUESTION)
    hears(meta, psid, 2)
    meta.answer_elsewhere(psid, "Anna in the page's inbox")
    wait_until(lambda: "person" in kinds(house, psid))
    assert conversation(house, psid)["status"] == "open"
    asked = meta.write(psid, QUESTION)
    assert meta.wait_for(lambda: asked in meta.acknowledged)
    wait_until(lambda: house.waiting()[1] == 0)
    assert kinds(house, psid) == ["inbound", "disclosure", "answer", "person", "inbound"]
    assert len(meta.replies_to(psid)) == 2
    found = conversation(house, psid)
    command(house, "inbox", "release", found["id"])
    assert hears(meta, psid, 4)[3].text == ANSWER


@pytest.mark.usefixtures("nobody_free")
def test_what_another_app_has_is_not_answered(runner, meta, house, wait_until):
    psid = "82"
    meta.write(psid, "hello", heard=False)
    meta.give_to(psid, PAGE_INBOX)
    asked = meta.write(psid, QUESTION)
    assert meta.wait_for(lambda: asked in meta.acknowledged)
    wait_until(lambda: kinds(house, psid) == ["inbound"])
    found = conversation(house, psid)
    assert found["status"] == "open"
    assert meta.replies_to(psid) == []
    # Nor can a person answer from here, and is told where to.
    command(house, "inbox", "reply", found["id"], "Anna here.")
    wait_until(lambda: house.json("conversations", "show", found["id"])["messages"][-1]["delivery"] == "failed")
    assert "its reply has to be written there" in json.dumps(house.json("status")["last_dead_letters"])
    command(house, "inbox", "close", found["id"])


@pytest.mark.parametrize("fault", [Fault.FAIL, Fault.SLOW_DOWN, Fault.DROP])
def test_a_fault_that_passes_costs_no_reply(runner, meta, house, fault):
    psid = f"83{list(Fault).index(fault)}"
    meta.disturb(fault)
    meta.write(psid, QUESTION)
    assert [reply.text for reply in hears(meta, psid, 2)][1] == ANSWER
    assert len(meta.replies_to(psid)) == 2, "even what was taken without a word is not sent again: its echo came first"


def test_a_reply_that_nobody_gets_is_given_up_and_people_see_to_it(runner, meta, house, wait_until):
    psid = "84"
    meta.disturb(Fault.REFUSE)
    meta.write(psid, QUESTION)
    # The disclosure was refused: people see to it, and the contact hears so, instead of an answer with a hole before it.
    hears(meta, psid, 1)
    wait_until(lambda: conversation(house, psid)["status"] == "open")
    wait_until(lambda: house.delivery(CHANNEL).get("failed"))
    letters = [one for one in house.json("status")["last_dead_letters"] if one["channel"] == CHANNEL]
    assert any("cannot be reached" in one["error"] for one in letters)


def test_the_handshake(runner, meta):
    assert meta.verify() == (200, b"1158201444")
    assert meta.verify("something else")[0] == 403
    assert meta.verify("")[0] == 403


def test_what_is_not_signed_as_it_stands_is_not_read(runner, meta, house):
    body = (PAYLOADS / "text.json").read_bytes().replace(b"7301945526610482", b"90")
    signature, secret = sign(body, meta.account.app_secret), meta.account.app_secret
    chance = random.Random(1)
    assert meta.deliver(body, signature="") == 401
    assert meta.deliver(json.dumps(json.loads(body)).encode(), signature=signature) == 403
    assert meta.deliver(body + b" ", signature=signature) == 403
    assert meta.deliver(body, signature=sign(body, "another secret")) == 403
    for _ in range(50):
        place = chance.randrange(len(body))
        flipped = body[:place] + bytes([body[place] ^ 1 << chance.randrange(8)]) + body[place + 1 :]
        assert meta.deliver(flipped, signature=signature) == 403
    assert meta.deliver(b"not JSON", signature=sign(b"not JSON", secret)) == 500
    assert "90" not in house.threads()


def test_every_shape_batched_shuffled_and_again_through_the_server(runner, meta, house, wait_until):
    """No crash, each message once, and a reply to nothing that must not be answered."""
    # What is in a batch is partly another app's, and which of it comes first is a matter of chance.
    silent, either = {"standby_text", "standby_postback"}, {"batch"}
    chance, asked = random.Random(7), dict[str, str]()
    for number, path in enumerate(sorted(PAYLOADS.glob("*.json"))):
        text = path.read_text(encoding="utf-8")
        # A contact, and ids, of its own for each shape.
        psid = f"7000{number:03}"
        meta.write(psid, "known to Meta", heard=False)
        text = text.replace("7301945526610482", psid).replace('"m_', f'"m_{number}_')
        # Of today: what is older than a day is not answered.
        text = text.replace("179000000", f"{int(time.time()) // 10}")
        for entry in json.loads(text)["entry"]:
            if path.stem in ("instagram", "whatsapp", "feed_change", "another_page"):
                assert meta.deliver(text.encode()) == 200
                continue
            for place in ("messaging", "standby"):
                for event in entry.get(place, []):
                    meta.bring(*[Item(kind=place, words=event)] * chance.randint(1, 3))
        asked[path.stem] = psid
    assert meta.wait_for(lambda: meta.idle, seconds=60)
    assert {status for status, _ in meta.answers} == {200}
    threads = house.threads()
    came = {name for name, psid in asked.items() if any(kind == "inbound" for _, kind, _ in threads.get(psid, []))}
    assert silent < came

    def answered() -> set[str]:
        return {name for name, psid in asked.items() if meta.replies_to(psid)}

    meta.wait_for(lambda: answered() >= came - silent - either)
    wait_until(lambda: house.waiting()[1] == 0)
    assert answered() - either == came - silent - either
    for name in came - {"batch"}:
        assert [kind for _, kind, _ in threads[asked[name]]].count("inbound") == 1, name
    assert "echo_inbox" not in came
    assert not {"reaction", "read", "delivery", "echo_ours", "optin", "user_ref", "unknown_event"} & came
    assert "WhatsApp messages here" in house.folder.with_name("runner.log").read_text(encoding="utf-8")
    # What nobody could read is kept, without the card's number in it.
    files = [file.read_bytes() for file in house.home.state_folder.rglob("*") if file.is_file()]
    assert any(b"telepathy" in content for content in files)
    assert not any(b"4111 1111" in content for content in files)


def test_the_connection_can_be_checked(runner, meta, house):
    done = house.custagent("channels", "check", CHANNEL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert meta.subscriptions >= 1
    del house.environment["MESSENGER_SECRET"]
    failed = house.custagent("channels", "check", CHANNEL)
    house.environment["MESSENGER_SECRET"] = meta.account.app_secret
    assert failed.returncode == 1
    assert "MESSENGER_SECRET" in failed.stdout + failed.stderr


def test_what_came_while_nobody_ran_is_taken_in_and_answered(new_page, new_page_house, start, wait_until):  # noqa: F811 - fixtures
    meta = new_page()
    house = new_page_house(meta)
    runner = start(house).ready()
    assert meta.wait_for(lambda: meta.subscriptions == 1)
    wait_until(lambda: _remembered(house))
    assert runner.stop()[0] == 0
    meta.write("85", QUESTION, heard=False)
    meta.write("86", "Is anybody there?", heard=False)
    meta.answer_elsewhere("86", "Yes, Anna", heard=False)
    meta.subscribed.clear()
    # Else the second contact would be told of being passed on, sooner or later.
    command(house, "users", "away", "anna")
    start(house).ready()
    assert [reply.text for reply in hears(meta, "85", 2)][1] == ANSWER
    wait_until(lambda: kinds(house, "86") == ["inbound", "person"])
    assert meta.replies_to("86") == []
    assert meta.subscriptions == 2


def _remembered(house: Any) -> bool:
    with house.rows() as connection:
        return bool(connection.execute("SELECT count(*) FROM channel_progress").fetchone()[0])
