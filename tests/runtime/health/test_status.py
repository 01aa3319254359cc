"""How the workspace is doing, and what its conversations hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from custagent.config.agents import agent_path
from custagent.config.editor import NewAgent
from custagent.core.conversation import Conversation, Status
from custagent.core.document import NOINDEX, ROBOTS, Citation, SourceState, SourceStatus
from custagent.core.errors import CustagentError, UnknownName
from custagent.core.message import DeliveryReceipt, DeliveryStatus, Message
from custagent.core.notice import Notice
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.agents import apply_agents, create_agent
from custagent.runtime.definitions.assignments import Terms, assign
from custagent.runtime.definitions.channels import add_live_chat
from custagent.runtime.health.status import differences, served_channels, workspace_status
from custagent.runtime.inbox.conversations import find_conversation, list_conversations, read_filter
from custagent.runtime.upkeep.backup import take_backup
from custagent.store.database.lease import LeaseHolder
from tests.telegram import install_telegram

Hear = Callable[..., Conversation]
Reply = Callable[..., Message]


def test_an_empty_workspace_has_a_status(app: Application) -> None:
    report = workspace_status(app)
    assert (report.runner, report.channels, report.paused) == (None, (), ())
    assert set(report.conversations.values()) == {0}
    assert (report.waiting_replies, report.dead_letters, report.differences, report.sync_problems) == (0, 0, (), ())
    assert (report.waiting_messages, report.oldest_message_at, report.oldest_reply_at) == (0, None, None)
    assert (report.indexes, report.notices, report.backups.newest, report.credits.balance) == ((), (), None, 0)


def test_the_runner_is_the_one_that_holds_the_lease(app: Application) -> None:
    holder = LeaseHolder(host="shop-1", pid=7, since=app.clock.now())
    fence = app.store.lease.acquire(holder, timedelta(seconds=15), app.clock.now())
    assert workspace_status(app).runner == holder
    app.store.lease.release(fence)
    assert workspace_status(app).runner is None


def test_what_waits_and_what_was_given_up(shop: Application, hear: Hear, reply: Reply) -> None:
    assign(shop, "support", ["web"], Terms())
    first, second = hear(shop, "k1"), hear(shop, "k2")
    lost = reply(shop, first)
    reply(shop, second)
    receipt = DeliveryReceipt(status=DeliveryStatus.FAILED, error="the address is gone")
    shop.store.outbox.record(lost.id, receipt, shop.clock.now())
    shop.store.pauses.pause("support", "anna", shop.clock.now())
    report = workspace_status(shop)
    assert (report.conversations[Status.PENDING], report.waiting_replies, report.dead_letters) == (2, 1, 1)
    assert (report.waiting_messages, report.oldest_reply_at) == (0, shop.clock.now())
    (letter,) = report.last_dead_letters
    assert (letter.conversation, letter.message, letter.channel) == (first.id, lost.id, "web")
    assert (letter.error, letter.at) == ("the address is gone", shop.clock.now())
    assert [(pause.agent, pause.by, pause.since) for pause in report.paused] == [("support", "anna", shop.clock.now())]
    assert [(state.name, state.agent, state.paused) for state in report.channels] == [
        ("web", "support", True), ("wiki", "", False),
    ]  # fmt: skip


def test_files_that_say_something_else_than_what_is_live(shop: Application) -> None:
    assert differences(shop) == []
    for path in (shop.home.workspace_file, agent_path(shop.home, "support")):
        path.write_text(path.read_text(encoding="utf-8") + "# later\n", encoding="utf-8")
    agent_path(shop.home, "new").write_text("name: new\n", encoding="utf-8")
    agent_path(shop.home, "sales").unlink()
    assert [(one.name, one.kind) for one in workspace_status(shop).differences] == [
        ("custagent.yaml", "changed"), ("new", "never applied"), ("sales", "gone"), ("support", "changed"),
    ]  # fmt: skip


def test_a_workspace_file_that_was_never_applied_is_in_force(app: Application) -> None:
    assert differences(app) == []


def test_channels_are_told_as_they_are_in_force(shop: Application) -> None:
    path = shop.home.workspace_file
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("channels:\n  - name: web")], encoding="utf-8")
    shop.__dict__.pop("workspace")
    assert [state.name for state in workspace_status(shop).channels] == ["web", "wiki"]


def test_sources_that_were_not_read_well_are_told(shop: Application) -> None:
    url = "https://help.northwind.example"
    states = [
        SourceState(key="a", kind="url", location=url, status=SourceStatus.STALE, error="the server said 503"),
        SourceState(key="b", kind="collection", location="content/faq", status=SourceStatus.READY,
                    problems=(("a.pdf", "damaged"), ("b.pdf", "damaged"))),
        SourceState(key="c", kind="file", location="content/c.md", status=SourceStatus.READY),
        SourceState(key="d", kind="url", location="https://a.example", status=SourceStatus.READY,
                    problems=(("https://a.example/x", ROBOTS), ("https://a.example/y", NOINDEX))),
        SourceState(key="e", kind="url", location="https://b.example", status=SourceStatus.READY,
                    problems=(("https://b.example/x", ROBOTS), ("https://b.example/y", "gone"),
                              ("https://b.example", "left out by max_pages: 7"))),
    ]  # fmt: skip
    for state in states:
        shop.store.sources.save_source_state("support", state)
    assert [
        (one.agent, one.location, one.state.value, one.error, one.pages_not_read)
        for one in workspace_status(shop).sync_problems
    ] == [
        ("support", "content/faq", "ready", "", 2),
        ("support", "https://b.example", "ready", "left out by max_pages: 7", 1),
        ("support", url, "stale", "the server said 503", 0),
    ]


def test_pages_whose_site_asks_not_to_read_them_are_told_apart() -> None:
    kept_out = (("/a", ROBOTS), ("/b", "damaged"), ("/c", NOINDEX), ("/d", ROBOTS))
    state = SourceState(key="a", kind="url", location="https://a.example", problems=kept_out)
    assert state.not_read == (("/b", "damaged"),)
    assert state.left_out_told == "3 pages left out, as their site asks: robots.txt 2, noindex 1"
    assert SourceState(key="a", kind="url", location="https://a.example", problems=kept_out[1:2]).left_out_told == ""


def test_with_nothing_assigned_each_step_names_the_next_one(app: Application) -> None:
    def next_step() -> str:
        with pytest.raises(CustagentError, match="nothing to run") as caught:
            served_channels(app)
        assert caught.value.exit_code == 1
        return caught.value.hint

    assert "custagent create" in next_step()
    create_agent(app, NewAgent(name="help"))
    assert "custagent channels add live-chat" in next_step()
    assert "custagent assign help web" in next_step()
    add_live_chat(app, "site", ["https://www.northwind.example"])
    assert next_step() == "Run: custagent assign help site"
    path = agent_path(app.home, "help")
    text = path.read_text(encoding="utf-8")
    path.write_text(text + "assignments:\n  - channel: site\n", encoding="utf-8")
    assert "custagent apply" in next_step()
    path.write_text(text, encoding="utf-8")
    assign(app, "help", ["site"], Terms())
    assert [state.name for state in served_channels(app)] == ["site"]


def test_a_channel_whose_package_is_gone_is_nothing_to_run(
    shop: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as installed:
        install_telegram(tmp_path / "packages", installed)
        path = shop.home.workspace_file
        club = "  - {name: club, kind: telegram, token: '${T}'}\n"
        path.write_text(path.read_text(encoding="utf-8") + club, encoding="utf-8")
        agent = agent_path(shop.home, "support")
        agent.write_text(agent.read_text(encoding="utf-8") + "assignments:\n  - channel: club\n", encoding="utf-8")
        shop.__dict__.pop("workspace")
        apply_agents(shop)
        assert [one.name for one in served_channels(shop)] == ["club"]
    with pytest.raises(CustagentError, match="nothing that is installed here serves telegram channels") as caught:
        served_channels(shop)
    assert "Install the package" in caught.value.hint


def test_a_record_holds_everything_of_a_conversation(shop: Application, hear: Hear, reply: Reply) -> None:
    conversation = hear(shop, language="sv")
    citation = Citation(title="Retur", source="s", location="https://a.example/retur", quote="30 dagar", anchor="x")
    said = reply(
        shop, conversation, citations=(citation,), decision="answer", reason="grounded", confidence=0.9,
        agent_version=2, index_generation=3, evidence=json.dumps({"signals": {"cosine": 0.5}, "passages": []}),
    )  # fmt: skip
    other = hear(shop, "k2")
    reply(shop, other)
    record = find_conversation(shop, conversation.id)
    assert record.conversation.id == conversation.id
    assert [message.id for message in record.messages] == [said.id - 1, said.id]
    assert record.deliveries == {said.id: DeliveryStatus.QUEUED}
    assert [entry.conversation for entry in record.credit_entries] == [conversation.id]
    written = record.as_json()
    assert set(Conversation.__slots__) | {"messages", "credit_entries", "snoozed_until", "handoffs"} == set(written)
    inbound, answer = written["messages"]
    assert set(Message.__slots__) | {"delivery", "feedback"} == set(inbound) == set(answer)
    assert (inbound["evidence"], inbound["delivery"]) == (None, None)
    assert answer["evidence"] == {"signals": {"cosine": 0.5}, "passages": []}
    assert answer["delivery"] == "queued"
    assert [one.id for one in list_conversations(shop, limit=1)] == [other.id]
    assert list_conversations(shop, read_filter(shop, status=Status.CLOSED, channel="web"), limit=9) == ()
    with pytest.raises(UnknownName, match="no conversation 'x'"):
        find_conversation(shop, "x")


def test_what_agents_answer_from_and_since_when(live: Application) -> None:
    live.clock.advance(hours=3)  # type: ignore[attr-defined] # a FrozenClock
    (index,) = workspace_status(live).indexes
    assert (index.agent, index.generation, index.passages, index.engine) == ("support", 1, 1, "hash")
    assert (index.synced_at, index.error) == (live.clock.now() - timedelta(hours=3), "")
    (live.home.index_folder / "support" / "current").write_text("nonsense")
    (index,) = workspace_status(live).indexes
    assert (index.generation, index.passages) == (0, 0)
    assert "unreadable" in index.error


def test_the_newest_backup(shop: Application) -> None:
    taken = take_backup(shop, progress=lambda _done, _of: None)
    kept = workspace_status(shop).backups
    assert (kept.count, kept.newest, kept.taken_at) == (1, taken.path.name, shop.clock.now())


def test_notices_are_told_while_they_hold(shop: Application, hear: Hear) -> None:
    waits, answered = hear(shop, "k1", agent=""), hear(shop, "k2")
    for number, conversation in enumerate([waits.id, answered.id, ""]):
        shop.store.notices.tell(
            Notice(
                key=f"n{number}",
                kind="overdue",
                permission="answer",
                text="x",
                conversation=conversation,
                at=shop.clock.now(),
            )
        )
    assert [notice.key for notice in workspace_status(shop).notices] == ["n2", "n0"]
    shop.clock.advance(days=8)  # type: ignore[attr-defined] # a FrozenClock
    assert [notice.key for notice in workspace_status(shop).notices] == ["n0"]
