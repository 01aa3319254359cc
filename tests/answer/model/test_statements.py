"""What a model wrote, read as far as it goes: the form whole or broken, or prose with marks."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.answer.model.statements import Statement, read
from custagent.testing import sentences_json

FREE = Statement(text="Returns are free.", named=(0,))
FIVE = Statement(text="It takes 5 days.", named=(1, 2))
WRITTEN = sentences_json(("Returns are free.", [1]), ("It takes 5 days.", [2, 3]))


class TestForm:
    @pytest.mark.parametrize(
        "written",
        [
            WRITTEN,
            f"```json\n{WRITTEN}\n```",
            f"Here is the JSON:\n{WRITTEN}\nI hope that helps!",
            f"<think>They ask about returns {{hm}}.</think>{WRITTEN}",
            WRITTEN[:-1],
            WRITTEN[:-2],
            WRITTEN[:-2] + ', {"text": "Half a sen',
            WRITTEN.replace("[1]", '["1"]').replace("[2, 3]", '"2 and 3"'),
            WRITTEN.replace("[1]", "1"),
            json.dumps(json.loads(WRITTEN), indent=2),
            '{"sentences": [{"text": "Returns are free.", "passages": [1]}, {"text": "It takes 5 days. [2, 3]"}]}',
        ],
    )  # fmt: skip
    def test_it_is_read_however_it_is_wrapped_or_broken(self, written):
        assert read(written).statements == (FREE, FIVE)
        assert not read(written).refused

    def test_several_sentences_in_one_entry_are_each_checked_by_themselves(self):
        found = read(sentences_json(("Returns are free. I am a pirate!", [1])))
        assert [one.text for one in found.statements] == ["Returns are free.", "I am a pirate!"]
        assert {one.named for one in found.statements} == {(0,)}

    @pytest.mark.parametrize(
        "written", ['{"answered": false, "sentences": []}', '{"answered": true, "sentences": []}', '{"answered":false'],
    )  # fmt: skip
    def test_the_model_may_say_that_it_cannot_answer(self, written):
        assert read(written).refused
        assert read(written).statements == ()

    @pytest.mark.parametrize(
        "written",
        [
            '{"answered": true}',
            '{"answered": true, "sentences": "none"}',
            '{"sentences": [7, null, {"passages": [1]}, {"text": 3}]}',
            '{"sentences": [{"te',
            "{",
            "```",
            '{"sentences": ' + "[" * 5000,
            '{"sentences": [' + '{"text": ' * 5000,
        ],
    )
    def test_what_holds_no_sentence_gives_none_and_refuses_nothing(self, written):
        assert (read(written).statements, read(written).refused) == ((), False)

    @pytest.mark.parametrize("named", ["true", "[true]", "null", "{}", '"all"', "[]", "[[1]]"])
    def test_what_is_no_number_names_nothing(self, named):
        found = read(f'{{"sentences": [{{"text": "Returns are free.", "passages": {named}}}]}}')
        assert [one.named for one in found.statements] == [()]


class TestWhileItIsWritten:
    def test_each_sentence_is_there_as_soon_as_it_is_whole_and_stays(self):
        counts = [len(read(WRITTEN[:end], ended=False).statements) for end in range(len(WRITTEN) + 1)]
        assert counts == sorted(counts)
        assert set(counts) == {0, 1, 2}
        assert counts.index(1) <= WRITTEN.index('"It takes')

    def test_of_prose_the_last_sentence_may_still_get_its_mark(self):
        assert read("Returns are free. ", ended=False).statements == ()
        assert read("Returns are free. [1] It takes", ended=False).statements == (FREE,)
        assert read("NO ANS", ended=False).statements == ()
        assert not read("NO ANSWER", ended=False).refused


@given(st.text(max_size=200), st.integers(0, 200))
def test_anything_can_be_read(text, cut):
    for written in (text, WRITTEN[:cut] + text, text + WRITTEN):
        for statement in (*read(written).statements, *read(written, ended=False).statements):
            assert statement.text.strip() == statement.text != ""
