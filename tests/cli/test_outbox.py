"""outbox list, retry, drop: what they print, change, refuse and end with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from custagent.conversation.credits import charge_for
from custagent.conversation.lifecycle import threading_of
from custagent.core.channel import ChannelKind
from custagent.core.conversation import Status, Turn
from custagent.core.message import DeliveryReceipt, DeliveryStatus, InboundMessage, Message, MessageKind, Sender
from custagent.runtime.bootstrap import Application, open_application

Run = Callable[..., Any]
PEOPLE = """
users:
  - {name: anna, full_name: Anna Berg, email: anna@northwind.example, permissions: [answer]}
  - {name: bo, full_name: Bo Ek, email: bo@northwind.example, permissions: [edit-agents, admin]}
"""


@pytest.fixture
def app(run: Run, workspace: Path) -> Iterator[Application]:
    for name in ("web", "wiki"):
        done = run("channels", "add", "live-chat", name, "--origin", f"https://{name}.example")
        assert done.code == 0
    with open_application(None, None) as opened:
        yield opened


@pytest.fixture
def owed(app: Application) -> Callable[..., Message]:
    """An answer that waits for sending, or that has failed."""

    def owe(key: str, *, channel: str = "web", error: str = "", sender: Sender = Sender.AGENT) -> Message:
        now = app.clock.now()
        inbound = InboundMessage(channel=channel, external_id=key, contact_key=key, text="?", sent_at=now)
        begun = app.store.conversations.begin(inbound, threading_of(ChannelKind.LIVE_CHAT), agent="support", at=now)
        agent = sender is Sender.AGENT
        said = Message(
            conversation=begun.conversation.id, sender=sender, text="Two years.", at=now,
            kind=MessageKind.ANSWER if agent else MessageKind.PERSON,
        )  # fmt: skip
        status = Status.PENDING if agent else Status.OPEN
        turn = Turn(conversation=begun.conversation, status=status, messages=(said,), charge=charge_for([said]), at=now)
        (written,) = app.store.conversations.commit(turn)
        if error:
            app.store.outbox.record(written.id, DeliveryReceipt(status=DeliveryStatus.FAILED, error=error), now)
        return written

    return owe


def take(app: Application, message: Message) -> None:
    """A person takes the conversation."""
    stored = app.store.conversations.conversation(message.conversation)
    assert stored is not None
    app.store.conversations.commit(
        Turn(conversation=stored, status=Status.OPEN, assignee="user:anna", at=app.clock.now())
    )


def status(app: Application, message: Message) -> str:
    return app.store.outbox.statuses(message.conversation)[message.id].value


def rows(out: str) -> list[list[str]]:
    """The table's rows."""
    return [line.split("\t") for line in out.splitlines() if "\t" in line][1:]


def test_list_tells_what_waits_what_is_put_off_and_what_was_given_up(run: Run, app: Application, owed: Any) -> None:
    assert "Every reply has gone out." in run("outbox", "list").out
    one, two, three = owed("k1"), owed("k2", error="The number\nis gone."), owed("k3", channel="wiki")
    again = app.clock.now() + timedelta(hours=1)
    app.store.outbox.retry(three.id, "The provider is away.", again)
    done = run("outbox", "list")
    told = [(one, "web", "waiting", "0"), (two, "web", "failed", "0"), (three, "wiki", "put-off", "1")]
    assert rows(done.out) == [
        [str(one.id), channel, one.conversation, state, f"{one.at:%Y-%m-%d %H:%M}", tries]
        for one, channel, state, tries in told
    ]
    assert f"Reply {two.id}: The number\nis gone.\n" in done.out
    assert f"Reply {three.id}: tried again at {again:%Y-%m-%d %H:%M:%S}. The provider is away.\n" in done.out
    assert "custagent outbox retry --all-failed" in done.out
    listed = run("outbox", "list", "--json").json
    assert [(one["id"], one["state"], one["attempts"]) for one in listed] == [
        (one.id, "waiting", 0), (two.id, "failed", 0), (three.id, "put-off", 1)
    ]  # fmt: skip
    assert "Two years." not in run("outbox", "list", "--json").out


def test_list_by_channel_and_status(run: Run, owed: Any) -> None:
    one, two = owed("k1", error="gone"), owed("k2", channel="wiki")
    assert [row[0] for row in rows(run("outbox", "list", "--channel", "wiki").out)] == [str(two.id)]
    done = run("outbox", "list", "--status", "failed")
    assert [row[0] for row in rows(done.out)] == [str(one.id)]
    assert "custagent" not in run("outbox", "list", "--status", "waiting").out
    assert "There is no such reply." in run("outbox", "list", "--status", "put-off").out
    assert [row[0] for row in rows(run("outbox", "list", "--limit", "1").out)] == [str(two.id)]
    unknown = run("outbox", "list", "--channel", "fax")
    assert (unknown.code, "no channel 'fax'" in unknown.err, "channels list" in unknown.err) == (1, True, True)


def test_list_tells_a_reason_once_for_all_that_it_holds_up(run: Run, app: Application, owed: Any) -> None:
    replies = [owed(f"k{number}", channel="wiki") for number in range(7)]
    others = [owed(f"w{number}", error="gone") for number in range(2)]
    until = app.clock.now() + timedelta(hours=1)
    app.store.outbox.hold("wiki", "wiki is away", until)
    done = run("outbox", "list")
    assert f"Reply {replies[0].id} and 6 more: tried again at {until:%Y-%m-%d %H:%M:%S}. wiki is away\n" in done.out
    assert f"Replies {others[0].id}, {others[1].id}: gone\n" in done.out
    assert len(rows(done.out)) == 9


def test_retry_puts_back_and_charges_again(run: Run, app: Application, owed: Any) -> None:
    one, two = owed("k1", error="gone"), owed("k2", error="gone", channel="wiki")
    assert app.store.ledger.balance() == 0
    done = run("outbox", "retry", str(one.id))
    assert (done.code, done.out.strip()) == (0, "1 reply put back, to go out at once")
    assert (status(app, one), status(app, two), app.store.ledger.balance()) == ("queued", "failed", -100)
    (entry,) = app.store.audit.entries(1)
    assert (entry.action, entry.subject) == ("outbox retry", f"reply {one.id}")


def test_retry_all_failed_of_a_channel_and_of_all(run: Run, app: Application, owed: Any) -> None:
    one, two, three = owed("k1", error="x"), owed("k2", error="x", channel="wiki"), owed("k3", error="x")
    assert "1 reply put back" in run("outbox", "retry", "--all-failed", "--channel", "wiki").out
    assert [status(app, each) for each in (one, two, three)] == ["failed", "queued", "failed"]
    assert run("outbox", "retry", "--all-failed", "--json").json == {"done": [one.id, three.id], "refused": []}
    done = run("outbox", "retry", "--all-failed")
    assert (done.code, "nothing to try again" in done.out) == (0, True)


def test_what_people_took_is_refused_and_the_rest_is_done(run: Run, app: Application, owed: Any) -> None:
    one, two = owed("k1", error="x"), owed("k2", error="x")
    take(app, one)
    done = run("outbox", "retry", str(one.id), "99", str(two.id))
    assert (done.code, done.out.strip()) == (1, "1 reply put back, to go out at once")
    assert f"people have the conversation {one.conversation}" in done.err
    assert f"custagent outbox drop {one.id}" in done.err
    assert "no reply 99" in done.err
    told = run("outbox", "retry", "--all-failed", "--json")
    assert (told.code, told.json["done"], [each["id"] for each in told.json["refused"]]) == (1, [], [one.id])
    assert [status(app, each) for each in (one, two)] == ["failed", "queued"]


def test_drop_gives_up_and_gives_the_charge_back(run: Run, app: Application, owed: Any) -> None:
    one, two = owed("k1"), owed("k2", error="x")
    assert app.store.ledger.balance() == -100
    refused = run("outbox", "drop", str(one.id), str(two.id))
    assert (refused.code, "Give 2 replies up for good?" in refused.err, "--yes" in refused.err) == (2, True, True)
    assert [status(app, each) for each in (one, two)] == ["queued", "failed"]
    done = run("outbox", "drop", str(one.id), str(two.id), "--yes")
    assert (done.code, done.out.strip()) == (0, "2 replies given up")
    assert ([status(app, each) for each in (one, two)], app.store.ledger.balance()) == (["dropped", "dropped"], 0)
    assert "Every reply has gone out." in run("outbox", "list").out
    again = run("outbox", "drop", str(one.id), "--yes")
    assert (again.code, "was given up before" in again.err) == (1, True)
    assert {entry.subject for entry in app.store.audit.entries(2)} == {f"reply {one.id}", f"reply {two.id}"}


@pytest.mark.parametrize(
    "words", [("retry",), ("retry", "7", "--all-failed"), ("retry", "7", "--channel", "web"), ("drop",), ("retry", "x")]
)
def test_what_does_not_fit_together(run: Run, app: Application, words: tuple[str, ...]) -> None:
    assert run("outbox", *words).code == 2


def test_it_takes_who_may_answer(run: Run, app: Application, owed: Any, workspace: Path) -> None:
    one = owed("k1", error="x")
    path = workspace / "custagent.yaml"
    path.write_text(path.read_text(encoding="utf-8") + PEOPLE, encoding="utf-8")
    for words in (("retry", str(one.id)), ("drop", str(one.id), "--yes"), ("retry", "--all-failed")):
        done = run("outbox", *words, "--as", "bo")
        assert (done.code, "permission answer" in done.err) == (1, True)
    assert status(app, one) == "failed"
    assert run("outbox", "list", "--as", "bo").code == 0
    assert run("outbox", "retry", str(one.id), "--as", "anna").code == 0


def test_out_of_credits_nothing_is_put_back(run: Run, app: Application, owed: Any, workspace: Path) -> None:
    one = owed("k1", error="x")
    path = workspace / "custagent.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "credits:\n  allowance: 50\n", encoding="utf-8")
    assert run("apply").code == 0
    done = run("outbox", "retry", str(one.id))
    assert (done.code, "credits" in done.err) == (1, True)
    assert status(app, one) == "failed"
