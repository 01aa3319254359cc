"""Preview: a conversation in memory, question files, and the JSON that scripts rely on (PRE-2, PRE-4)."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.core.answer import (
    Answer,
    Candidate,
    Decision,
    DecisionKind,
    Evidence,
    Part,
    Question,
    Reason,
    Usage,
    Utterance,
)
from custagent.core.document import Citation
from custagent.core.errors import ModelError, UsageError
from custagent.runtime.proving.preview import PreviewSession, answer_object, ask_lines

ANSWER = Decision(kind=DecisionKind.ANSWER, reason=Reason.GROUNDED, confidence=0.912345)


class Echo:
    """An Answerer that repeats the question, and keeps what it was asked."""

    def __init__(self, **parts) -> None:
        self.asked: list[Question] = []
        self._parts = parts

    def answer(self, question: Question) -> Answer:
        self.asked.append(question)
        return Answer(**{"decision": ANSWER, "language": "en", **self._parts}, text=f"You said {question.text}")


class Broken:
    def answer(self, _: Question) -> Answer:
        raise ModelError("no")


class TestSession:
    def test_turns_become_the_conversation(self):
        clarify = Decision(kind=DecisionKind.CLARIFY, reason=Reason.UNSURE, confidence=0.4)
        echo = Echo(decision=clarify, options=("One", "Two"))
        session = PreviewSession(echo, channel="website", language="sv")
        session.ask("Hej")
        session.ask("Two")
        assert echo.asked[0] == Question(text="Hej", channel="website", language="sv")
        said = [(one.role, one.text, one.decision, one.options) for one in echo.asked[1].history]
        assert said == [
            ("contact", "Hej", None, ()),
            ("agent", "You said Hej", DecisionKind.CLARIFY, ("One", "Two")),
        ]

    def test_settings_change_from_the_next_turn_on(self):
        session = PreviewSession(echo := Echo())
        session.ask("a")
        session.channel, session.language = "email", "de"
        session.ask("b")
        assert [(one.channel, one.language) for one in echo.asked] == [("", ""), ("email", "de")]

    def test_the_last_question_can_be_taken_back_and_asked_of_another(self):
        session = PreviewSession(Echo())
        session.ask("a")
        session.ask("b")
        session.answer_with(wiser := Echo())
        session.forget_last()
        session.ask("b")
        assert [one.text for one in wiser.asked[0].history] == ["a", "You said a"]

    def test_a_new_conversation_knows_nothing(self):
        session = PreviewSession(echo := Echo())
        session.ask("a")
        session.reset()
        session.ask("b")
        assert echo.asked[1].history == ()

    def test_it_may_go_on_with_what_was_said_before(self):
        session = PreviewSession(echo := Echo())
        session.reset((Utterance(role="contact", text="Hej"), Utterance(role="agent", text="Hej!")))
        assert (session.goes_on, session.last_question) == (True, "")
        session.ask("a")
        assert [one.text for one in echo.asked[0].history] == ["Hej", "Hej!"]
        assert [question for question, _ in session.turns] == ["a"]
        session.forget_last()
        assert (session.goes_on, session.turns, len(session.history)) == (True, (), 2)
        session.reset()
        session.ask("b")
        assert (session.goes_on, session.last_question) == (False, "b")

    def test_a_question_that_fails_leaves_no_trace(self):
        session = PreviewSession(Broken())
        with pytest.raises(ModelError):
            session.ask("a")
        assert session.history == ()


def ask(*lines: object, **options) -> list:
    written = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    return list(ask_lines(Echo(), written, **options))


class TestLines:
    def test_each_line_is_asked_by_itself_in_order(self):
        echo = Echo()
        done = list(ask_lines(echo, ['{"id": "b", "question": "One?"}\n', '{"id": "a", "question": "Two?"}\n']))
        assert [(one.id, one.question, one.answer.text) for one in done] == [
            ("b", "One?", "You said One?"),
            ("a", "Two?", "You said Two?"),
        ]
        assert all(one.history == () for one in echo.asked)

    def test_answers_come_as_they_are_ready(self):
        echo = Echo()
        answers = ask_lines(echo, ['{"question": "One?"}', "broken"])
        assert next(answers).question == "One?"
        with pytest.raises(UsageError, match="line 2"):
            next(answers)

    def test_a_line_may_say_its_language_channel_and_conversation(self):
        echo = Echo()
        history = [
            {"role": "contact", "text": "Hej"},
            {"role": "agent", "text": "Vad?", "decision": "clarify", "options": ["A"], "mood": "fine"},
        ]
        line = {"id": "1", "question": "A", "language": "sv", "channel": "email", "history": history, "kind": "x"}
        list(ask_lines(echo, [json.dumps(line), '{"question": "B"}'], channel="website", language="en"))
        first, second = echo.asked
        assert (first.language, first.channel) == ("sv", "email")
        assert [(one.role, one.text, one.decision, one.options) for one in first.history] == [
            ("contact", "Hej", None, ()),
            ("agent", "Vad?", DecisionKind.CLARIFY, ("A",)),
        ]
        assert (second.language, second.channel, second.history) == ("en", "website", ())

    def test_blank_lines_and_a_byte_order_mark_are_left_out(self):
        file = io.TextIOWrapper(
            io.BytesIO(b'\xef\xbb\xbf{"question": "One?"}\r\n\r\n  \n{"question": "Two?"}'), "utf-8"
        )
        assert [(one.id, one.question) for one in ask_lines(Echo(), file)] == [(1, "One?"), (4, "Two?")]

    def test_nulls_are_as_if_not_there(self):
        line = {"question": "One?", "language": None, "channel": None, "history": None}
        assert ask(line, language="sv")[0].question == "One?"

    @pytest.mark.parametrize("identifier", ["q-1", "", 7, 0, -3])
    def test_an_id_comes_back_as_it_was(self, identifier):
        assert ask({"id": identifier, "question": "One?"})[0].id == identifier

    @pytest.mark.parametrize(
        ("line", "told"),
        [
            ("{", "is not JSON"),
            ("question: One?", "is not JSON"),
            ('{"question": "One?"} x', "is not JSON: Extra data at character 22"),
            ("[" * 100_000, "is no JSON that can be read"),
            ('{"question": "One?", "id": ' + "9" * 5000 + "}", "is no JSON that can be read"),
            ('"One?"', 'needs "question"'),
            ("[]", 'needs "question"'),
            ("null", 'needs "question"'),
            ({"id": "1"}, 'needs "question"'),
            ({"question": 5}, 'needs "question"'),
            ({"question": None}, 'needs "question"'),
            ({"question": "x", "id": 1.5}, '"id"'),
            ({"question": "x", "id": True}, '"id"'),
            ({"question": "x", "id": None}, '"id"'),
            ({"question": "x", "language": 5}, '"language"'),
            ({"question": "x", "channel": ["a"]}, '"channel"'),
            ({"question": "x", "history": {"role": "agent"}}, '"history" that is not a list'),
            ({"question": "x", "history": ["hello"]}, '"role"'),
            ({"question": "x", "history": [{"role": "assistant", "text": "x"}]}, '"role"'),
            ({"question": "x", "history": [{"role": ["agent"], "text": "x"}]}, '"role"'),
            ({"question": "x", "history": [{"role": "agent"}]}, '"text"'),
            ({"question": "x", "history": [{"role": "agent", "text": 5}]}, '"text"'),
            (
                {"question": "x", "history": [{"role": "agent", "text": "x", "decision": "maybe"}]},
                "none of answer, clarify",
            ),
            ({"question": "x", "history": [{"role": "agent", "text": "x", "decision": []}]}, '"decision"'),
            ({"question": "x", "history": [{"role": "agent", "text": "x", "options": "A"}]}, '"options"'),
            ({"question": "x", "history": [{"role": "agent", "text": "x", "options": [1]}]}, '"options"'),
        ],
        ids=lambda value: str(value)[:50],
    )
    def test_a_line_that_cannot_be_asked_is_named(self, line, told):
        with pytest.raises(UsageError) as caught:
            ask({"question": "One?"}, "", line)
        assert caught.value.message.startswith("line 3 of the question file ")
        assert told in caught.value.message
        assert '"question": ' in caught.value.hint

    def test_a_file_in_another_encoding_is_named(self):
        file = io.TextIOWrapper(io.BytesIO(b'{"question": "One?"}\n{"question": "\xe5"}\n'), "utf-8")
        with pytest.raises(UsageError, match="UTF-8"):
            list(ask_lines(Echo(), file))

    def test_characters_that_nothing_can_print_are_replaced(self):
        done = ask('{"id": "\\ud800", "question": "Hi \\udfff", "history": [{"role": "contact", "text": "\\ud800"}]}')[
            0
        ]
        assert (done.id, done.question, done.answer.text) == ("?", "Hi ?", "You said Hi ?")

    @given(st.one_of(st.text(max_size=80), st.dictionaries(
        st.sampled_from(["id", "question", "language", "channel", "history"]),
        st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
            st.sampled_from(["role", "text", "decision", "options"]), inner, max_size=3), max_leaves=8),
    ).map(json.dumps)))  # fmt: skip
    def test_any_line_is_asked_or_named(self, line):
        try:
            done = ask(line)
        except UsageError as error:
            told = error.message
        else:
            told = "line 1 of"
            assert len(done) == bool(line.strip("\ufeff").strip())
            json.dumps([answer_object(one.answer, one.question, one.id) for one in done]).encode()
        assert told.startswith("line 1 of")


FULL = Answer(
    decision=ANSWER,
    text="Five days.",
    language="en",
    citations=(
        Citation(title="Refunds", source="https://h.example/", location="https://h.example/r", quote="Five days."),
        Citation(
            title="Manual", source="manual.pdf", location="manual.pdf", quote="Q", heading="A > B", anchor="b", page=4,
            private=True,
        ),
    ),
    options=("One",),
    candidates=(
        Candidate(location="https://h.example/r", title="Refunds", score=0.91),
        Candidate(location="manual.pdf", title="Manual", score=0.0, page=4),
    ),
    evidence=Evidence(signals={"cosine": 0.123456}),
    usage=Usage(model="m", input_tokens=5, output_tokens=2),
    timings_ms={"total": 12.5},
)  # fmt: skip


class TestObject:
    def test_it_has_the_keys_that_scripts_rely_on(self):
        told = answer_object(FULL, "How long?", "7")
        fixed = ["id", "question", "decision", "reason", "confidence", "language", "text", "citations", "candidates",
                 "usage", "timings_ms"]  # fmt: skip
        assert [key for key in told if key in fixed] == fixed
        assert set(told) - set(fixed) == {"options", "parts", "signals"}
        assert (told["id"], told["question"], told["decision"], told["reason"]) == (
            "7",
            "How long?",
            "answer",
            "grounded",
        )
        assert (told["confidence"], told["language"], told["text"]) == (0.9123, "en", "Five days.")
        assert told["usage"] == {"model": "m", "input_tokens": 5, "output_tokens": 2, "calls": 0, "cost": None}
        assert (told["timings_ms"], told["signals"], told["options"]) == ({"total": 12.5}, {"cosine": 0.1235}, ["One"])

    def test_each_of_several_questions_is_told_with_its_decision(self):
        decided = Decision(kind=DecisionKind.REPHRASE, reason=Reason.NOTHING_FITS, confidence=0.12345)
        told = answer_object(replace(FULL, parts=(Part(question="And gloves?", decision=decided),)), "q", "1")
        assert told["parts"] == [
            {"question": "And gloves?", "decision": "rephrase", "reason": "nothing-fits", "confidence": 0.1235}
        ]
        assert answer_object(FULL, "q", "1")["parts"] == []

    def test_what_a_citation_lacks_is_left_out(self):
        plain, full = answer_object(FULL, "q", "1")["citations"]
        assert plain == {
            "title": "Refunds", "source": "https://h.example/", "location": "https://h.example/r", "quote": "Five days.",
        }  # fmt: skip
        assert full == {
            "title": "Manual", "source": "manual.pdf", "location": "manual.pdf", "quote": "Q", "heading": "A > B",
            "anchor": "b", "page": 4, "private": True,
        }  # fmt: skip

    def test_candidates_have_a_place_and_a_score(self):
        first, second = answer_object(FULL, "q", "1")["candidates"]
        assert first == {"location": "https://h.example/r", "title": "Refunds", "score": 0.91}
        assert second == {"location": "manual.pdf", "title": "Manual", "score": 0.0, "page": 4}

    def test_it_is_json_whatever_was_typed(self):
        told = answer_object(FULL, "caf\udce9", "1")
        assert json.loads(json.dumps(told, ensure_ascii=False).encode()) == told
