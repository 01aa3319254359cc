"""Conversations go out with everything and come in as the past: checked as a whole, never twice, never half."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from custagent.cli.render import json_text
from custagent.core.conversation import Conversation, Outcome, Status
from custagent.core.document import Citation
from custagent.core.errors import PermissionDenied, UnknownName, UsageError
from custagent.core.message import DeliveryStatus, Message, MessageKind, Sender
from custagent.runtime.bootstrap import Application
from custagent.runtime.inbox.archive import Fault, export_records, import_file
from custagent.runtime.inbox.conversations import find_conversation, list_conversations, read_filter

Hear = Callable[..., Conversation]
Reply = Callable[..., Message]
SAID = {"sender": "contact", "at": "2026-11-18T12:30:00Z", "text": "Where is my order?"}
LEAST: dict[str, Any] = {"id": "4711", "messages": [SAID]}


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    """A file of these lines; what is no text is written as JSON."""

    def write(*lines: object) -> Path:
        path = tmp_path / "past.jsonl"
        text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        return path

    return write


@pytest.fixture
def bring(app: Application, file: Callable[..., Path]) -> Callable[..., Any]:
    return lambda *lines, **options: import_file(app, file(*lines), **options)


class TestExport:
    def test_all_that_is_kept_of_those_that_are_meant(self, shop: Application, hear: Hear, reply: Reply) -> None:
        first, second = hear(shop, "k1"), hear(shop, "k2", channel="wiki")
        reply(shop, first)
        records = list(export_records(shop))
        assert [one.conversation.id for one in records] == [first.id, second.id]
        assert records[0] == find_conversation(shop, first.id)
        wanted = read_filter(shop, channel="wiki")
        assert [one.conversation.id for one in export_records(shop, (), wanted)] == [second.id]
        assert [one.conversation.id for one in export_records(shop, [first.id])] == [first.id]
        with pytest.raises(UnknownName, match="no conversation 'x'"):
            list(export_records(shop, ["x"]))

    def test_how_many_were_taken_is_written_down(self, shop: Application, hear: Hear) -> None:
        for number in range(3):
            hear(shop, f"k{number}")
        list(export_records(shop))
        some = export_records(shop)
        next(some)
        some.close()
        entries = shop.store.audit.entries(2)
        assert [(one.action, one.actor, one.after) for one in entries] == [
            ("conversations export", "anna", "1 conversation"),
            ("conversations export", "anna", "3 conversations"),
        ]

    def test_one_in_which_somebody_writes_meanwhile_is_not_missed(self, shop: Application, hear: Hear) -> None:
        heard = [hear(shop, f"k{number}").id for number in range(5)]
        records = export_records(shop)
        found = [next(records).conversation.id]
        shop.clock.advance(seconds=1)  # type: ignore[attr-defined] # a FrozenClock
        hear(shop, "k1")
        assert found + [one.conversation.id for one in records] == heard[::-1]


class TestThereAndBack:
    def test_another_workspace_holds_the_same_words_and_evidence(
        self, shop: Application, hear: Hear, reply: Reply, file: Callable[..., Path], tmp_path: Path
    ) -> None:
        from custagent.config.home import init_home
        from custagent.testing import FrozenClock

        conversation = hear(shop, language="sv")
        citation = Citation(title="Retur", source="s", location="https://a.example/r", quote="30 dagar", page=3)
        reply(
            shop, conversation, citations=(citation,), decision="answer", reason="grounded", confidence=0.9,
            agent_version=2, index_generation=3, evidence=json.dumps({"signals": {"cosine": 0.5}}), language="sv",
        )  # fmt: skip
        path = file(*(json_text(record.as_json()) for record in export_records(shop)))
        home = init_home(tmp_path / "other", name="Other")
        with Application(home, clock=FrozenClock(), environ={}) as other:
            report = import_file(other, path)
            assert (report.added, report.known, report.faults) == (1, 0, ())
            kept, before = find_conversation(other, conversation.id), find_conversation(shop, conversation.id)
            assert [(one.sender, one.kind, one.text, one.at, one.citations, one.evidence) for one in kept.messages] == [
                (one.sender, one.kind, one.text, one.at, one.citations, one.evidence) for one in before.messages
            ]
            assert (kept.conversation.channel, kept.conversation.language) == ("import:web", "sv")
            assert (kept.conversation.status, kept.conversation.outcome) == (Status.CLOSED, Outcome.ANSWERED)
            assert (kept.deliveries, kept.credit_entries) == ({}, ())

    def test_ones_own_are_known_and_untouched(
        self, shop: Application, hear: Hear, reply: Reply, file: Callable[..., Path]
    ) -> None:
        conversation = hear(shop)
        reply(shop, conversation)
        before = find_conversation(shop, conversation.id)
        report = import_file(shop, file(*(json_text(one.as_json()) for one in export_records(shop))))
        assert (report.added, report.known) == (0, 1)
        assert find_conversation(shop, conversation.id) == before
        assert set(before.deliveries.values()) == {DeliveryStatus.QUEUED}


class TestImport:
    def test_the_least_that_another_tool_gives(self, app: Application, bring) -> None:
        at = datetime(2026, 11, 18, 12, 30, tzinfo=UTC)
        assert bring(LEAST).added == 1
        (kept,) = list_conversations(app, limit=9)
        assert (kept.channel, kept.opened_at, kept.closed_at, kept.outcome) == ("import:other", at, at, None)
        assert len(kept.id) == 22
        (said,) = app.store.conversations.messages(kept.id)
        assert (said.sender, said.kind, said.text) == (Sender.CONTACT, MessageKind.INBOUND, "Where is my order?")

    def test_who_said_it_tells_the_kind_where_none_is_given(self, app: Application, bring) -> None:
        said = [SAID | {"sender": sender} for sender in ("agent", "person")] + [
            SAID | {"sender": "agent", "kind": "clarify"}
        ]
        bring(LEAST | {"messages": said})
        (kept,) = list_conversations(app, limit=9)
        kinds = [one.kind.value for one in app.store.conversations.messages(kept.id)]
        assert kinds == ["answer", "person", "clarify"]
        assert kept.outcome is Outcome.PERSON

    def test_again_changes_nothing(self, app: Application, bring) -> None:
        assert bring(LEAST, LEAST | {"id": "4712"}).added == 2
        again = bring(LEAST, LEAST | {"id": "4712"}, LEAST | {"id": "4713"})
        assert (again.added, again.known) == (1, 2)
        assert len(list_conversations(app, limit=9)) == 3

    def test_the_same_number_on_two_channels_is_two(self, app: Application, bring) -> None:
        assert bring(LEAST | {"channel": "a"}, LEAST | {"channel": "b"}).added == 2
        assert {one.channel for one in list_conversations(app, limit=9)} == {"import:a", "import:b"}

    def test_card_numbers_are_masked_before_anything_is_written(self, app: Application, bring) -> None:
        card = "My card is 4111 1111 1111 1111"
        bring(LEAST | {"messages": [SAID | {"text": card}, SAID | {"text": card, "sender": "person"}]})
        (kept,) = list_conversations(app, limit=9)
        contacts, persons = (one.text for one in app.store.conversations.messages(kept.id))
        assert "4111" not in contacts
        assert persons == card

    @pytest.mark.usefixtures("staffed")
    def test_it_is_an_audit_row_and_needs_admin(self, open_app, file: Callable[..., Path]) -> None:
        with pytest.raises(PermissionDenied, match="admin"):
            import_file(open_app("bo"), file(LEAST))
        anna = open_app("anna")
        import_file(anna, file(LEAST))
        entry = anna.store.audit.entries(1)[0]
        assert (entry.action, entry.subject, entry.actor, entry.after) == (
            "conversations import", "past.jsonl", "anna", "1 conversations",
        )  # fmt: skip

    def test_progress_and_empty_lines(self, bring) -> None:
        told: list[int] = []
        assert bring(LEAST, "", "  ", LEAST | {"id": "x"}, progress=told.append).added == 2
        assert told == [1, 4]

    def test_many_are_written_portion_by_portion(
        self, app: Application, bring, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("custagent.runtime.inbox.archive._AT_ONCE", 3)
        lines = [LEAST | {"id": f"n{number}"} for number in range(7)]
        assert bring(*lines).added == 7
        assert (bring(*lines).added, bring(*lines).known) == (0, 7)
        assert len(app.store.audit.entries(9)) == 1

    def test_a_file_that_is_not_there(self, app: Application, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="cannot be read"):
            import_file(app, tmp_path / "nothing.jsonl")


class TestBadLines:
    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ("{", "it is no JSON"),
            ("[" * 100_000, "it is no JSON"),
            ("\udcff\udcfe", "not written in UTF-8"),
            ("[]", "Input should be"),
            ({"messages": [SAID]}, "id: Field required"),
            (LEAST | {"id": ""}, "id: String should have at least 1 character"),
            (LEAST | {"messages": []}, "messages: Tuple should have at least 1 item"),
            (LEAST | {"messages": [SAID | {"sender": "bot"}]}, "messages.0.sender: Input should be 'contact', 'agent' or"),
            (LEAST | {"messages": [SAID | {"at": "2026-11-18T12:30:00"}]}, "messages.0.at: Input should have timezone"),
            (LEAST | {"messages": [SAID | {"at": "yesterday, by Ada"}]}, "messages.0.at: Input should be a valid datetime"),
            (LEAST | {"messages": [SAID | {"kind": "answer"}]}, "a message of the contact cannot be of the kind answer"),
            (LEAST | {"messages": [SAID | {"sender": "agent", "kind": "person"}]}, "of the agent cannot be of the kind person"),
            ('{"id": "x", "messages": [{"sender": "contact", "at": "2026-11-18T12:30:00Z", "text": "\\ud800"}]}',
             "half a character"),
            (LEAST | {"messages": [SAID | {"confidence": 2}]}, "messages.0.confidence"),
            (LEAST | {"outcome": "great"}, "outcome: Input should be"),
        ],
    )  # fmt: skip
    def test_each_is_named_and_nothing_is_written(self, app: Application, bring, line: object, reason: str) -> None:
        report = bring(LEAST, line, LEAST | {"id": "4712"})
        assert (report.added, [fault.line for fault in report.faults]) == (0, [2])
        assert reason in report.faults[0].reason
        assert "Ada" not in report.faults[0].reason, "a reason never repeats what stands there"
        assert list_conversations(app, limit=9) == ()
        assert app.store.audit.entries(9) == ()

    def test_left_out_on_request(self, app: Application, bring) -> None:
        report = bring(LEAST, "{", LEAST | {"id": "4712"}, skip_bad=True)
        assert (report.added, len(report.faults)) == (2, 1)
        assert len(list_conversations(app, limit=9)) == 2

    def test_the_same_id_twice(self, bring) -> None:
        assert bring(LEAST, LEAST).faults == (Fault(line=2, reason="it has the same id as line 1"),)
        assert bring(LEAST, LEAST, skip_bad=True).added == 1

    @pytest.mark.usefixtures("app")
    def test_a_line_without_an_end(self, bring, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("custagent.runtime.inbox.archive._LONGEST_LINE", 1024)
        report = bring(LEAST, LEAST | {"id": "x" * 3000}, LEAST | {"id": "4712"}, skip_bad=True)
        assert (report.added, [fault.line for fault in report.faults]) == (2, [2])
        assert "longer than" in report.faults[0].reason
