"""Past questions are found in files of help desks by the names of their columns."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from custagent.core.answer import Utterance
from custagent.core.errors import UsageError
from custagent.runtime.proving.past_questions import Column, PastQuestions, by_conversation, read_questions


def read(folder: Path, text: str, name: str = "asked.csv") -> PastQuestions:
    path = folder / name
    path.write_bytes(text.encode("utf-8"))
    return read_questions(path)


def test_columns_are_found_whatever_their_case_and_signs(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "\ufeffTicket_ID;Customer-Message;Locale;channelType;Category;Customer ID\n"
        "t1;Where is my order?;sv-SE;whatsapp;orders;c9\n",
    )
    (one,) = found.questions
    assert (one.text, one.language, one.channel, one.label) == ("Where is my order?", "sv-SE", "whatsapp", "orders")
    assert (one.conversation, one.contact, one.line) == ("t1", "c9", 2)
    assert found.columns[Column.CONVERSATION] == "Ticket_ID"
    assert found.missing == ()


def test_what_was_not_found_is_told(tmp_path: Path) -> None:
    found = read(tmp_path, "text\nHello?\n")
    assert found.missing == (
        Column.CONVERSATION, Column.CONTACT, Column.LANGUAGE, Column.CHANNEL, Column.LABEL,
    )  # fmt: skip


def test_the_surest_name_wins_and_an_empty_cell_falls_back(tmp_path: Path) -> None:
    found = read(tmp_path, "subject,body\nOrder,Where is it?\nReturn,\n")
    assert [one.text for one in found.questions] == ["Where is it?", "Return"]


def test_replies_and_rows_without_words_are_left_out_and_counted(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "conversation,sender,text\n1,Customer,Where is it?\n1,Agent,On its way.\n1,customer,When?\n2,customer,  \n",
    )
    assert [one.text for one in found.questions] == ["Where is it?", "When?"]
    assert (found.replies, found.empty) == (1, 1)


def test_cells_hold_line_ends_and_keep_their_line(tmp_path: Path) -> None:
    found = read(tmp_path, 'question,lang\n"Where\nis it?",en\nWhen?,en\n')
    assert [(one.text, one.line) for one in found.questions] == [("Where\nis it?", 2), ("When?", 4)]


def test_json_lines_with_what_was_said_before(tmp_path: Path) -> None:
    line = {
        "id": 7,
        "question": "And in Norway?",
        "history": [{"role": "user", "text": "Do you ship?"}, {"role": "assistant", "text": "Yes."}],
    }
    (one,) = read(tmp_path, json.dumps(line) + "\n\n", "asked.jsonl").questions
    assert one.history == (Utterance(role="contact", text="Do you ship?"), Utterance(role="agent", text="Yes."))
    assert (one.id, one.conversation) == ("7", "line 1")


def test_whole_conversations_as_they_are_exported(tmp_path: Path) -> None:
    line = {
        "id": "k2Hq9vXwB4nT7mRz1LcYdA",
        "channel": "web",
        "language": "sv",
        "contact": {"key": "k1", "name": "Ada"},
        "messages": [
            {"id": 1, "sender": "contact", "text": "Hej?"},
            {"id": 2, "sender": "agent", "text": "Svar."},
            {"id": 3, "sender": "contact", "text": "Tack"},
        ],
    }
    found = read(tmp_path, json.dumps(line), "november.jsonl")
    assert [(one.text, one.channel, one.contact, one.language) for one in found.questions] == [
        ("Hej?", "web", "k1", "sv"),
        ("Tack", "web", "k1", "sv"),
    ]
    assert {one.conversation for one in found.questions} == {"k2Hq9vXwB4nT7mRz1LcYdA"}
    assert found.replies == 1


def test_conversations_are_put_together_wherever_their_rows_stand(tmp_path: Path) -> None:
    found = read(tmp_path, "thread,text\nb,one\na,two\nb,three\n")
    assert [[one.text for one in some] for some in by_conversation(found.questions)] == [["one", "three"], ["two"]]


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("a.csv", "name,age\nAda,7\n", "no column of questions"),
        ("a.csv", "question\n", "holds no question"),
        ("a.csv", "", "holds no question"),
        ("a.jsonl", '{"question": "a?"}\n{nothing\n', "line 2 is not JSON"),
        ("a.jsonl", "[1]\n", "line 1 is no JSON object"),
        ("a.jsonl", '{"question": "a?", "history": "b"}\n', 'line 1 has a "history"'),
        ("a.jsonl", '{"id": 1, "messages": ["b"]}\n', 'line 1 has "messages"'),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(tmp_path: Path, name: str, text: str, fault: str) -> None:
    with pytest.raises(UsageError) as raised:
        read(tmp_path, text, name)
    assert fault in raised.value.message
    assert "question" in raised.value.hint


def test_other_encodings_and_missing_files_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("question\nFår jag?\n".encode("latin-1"))
    with pytest.raises(UsageError, match="is not UTF-8"):
        read_questions(path)
    with pytest.raises(UsageError, match="cannot be read"):
        read_questions(tmp_path / "none.csv")


def test_what_else_reads_csv_keeps_its_limit(tmp_path: Path) -> None:
    usual = csv.field_size_limit()
    assert len(read(tmp_path, f"question\n{'long ' * 40_000}\n").questions) == 1
    assert csv.field_size_limit() == usual
