"""A model's reply: checked, mended once, told sentence by sentence, and over in time (ANS-4)."""

from __future__ import annotations

import pytest

from custagent.answer.model.verify import Fault
from custagent.answer.model.writing import Writer
from custagent.core.agent import FileSource, ModelOptions
from custagent.core.answer import Question, Usage
from custagent.core.errors import ModelError
from custagent.core.ports import Completion
from custagent.core.workspace import Voice, Workspace
from custagent.testing import ScriptedModel, sentences_json

ASKED = Question(text="What does it cost?")
FREE = ("Returns are free.", [1])
NORWAY = ("A parcel to Norway costs 249 kr.", [2])
WRONG = ("A parcel to Norway costs 99 kr.", [2])


@pytest.fixture
def passages(chunk):
    return [
        chunk("Returns are free within 30 days.", title="Returns"),
        chunk("A parcel to Norway costs 249 kr.", title="Delivery"),
    ]


@pytest.fixture
def heard() -> list[str]:
    return []


@pytest.fixture
def writer(agent, heard):
    def make(model, *, listening: bool = True, workspace: Workspace | None = None, **rest) -> Writer:
        return Writer(
            model=model, agent=agent(**rest), workspace=workspace or Workspace(name="Spokes"), language="en",
            said=heard.append if listening else None,
        )  # fmt: skip

    return make


def test_what_is_borne_out_is_the_reply(writer, passages, heard):
    model = ScriptedModel([sentences_json(FREE, NORWAY)])
    written = writer(model).write(ASKED, passages)
    assert written.text == "Returns are free. A parcel to Norway costs 249 kr."
    assert dict(written.resting) == {0: FREE[0], 1: NORWAY[0]}
    assert heard == [FREE[0], NORWAY[0]]
    assert (written.usage.model, written.usage.calls, written.refused) == ("scripted", 1, False)
    assert model.forms[0] is not None


class TestMending:
    def test_what_fails_is_written_anew_once_and_takes_its_place(self, writer, passages, heard):
        model = ScriptedModel([sentences_json(WRONG, FREE), sentences_json(NORWAY)])
        written = writer(model).write(ASKED, passages)
        assert written.text == "A parcel to Norway costs 249 kr. Returns are free."
        assert heard == [NORWAY[0], FREE[0]], "in the order of the reply"
        assert written.usage.calls == 2
        told = model.prompts[1][-1]["content"]
        assert WRONG[0] in told
        assert Fault.NUMBER.value in told
        assert FREE[0] not in told
        assert model.prompts[1][-2] == {"role": "assistant", "content": sentences_json(WRONG, FREE)}

    def test_and_only_once(self, writer, passages, heard):
        model = ScriptedModel([sentences_json(FREE, WRONG), sentences_json(WRONG), sentences_json(NORWAY)])
        written = writer(model).write(ASKED, passages)
        assert written.text == FREE[0]
        assert heard == [FREE[0]]
        assert len(model.prompts) == 2

    def test_one_that_fails_may_become_two(self, writer, passages):
        both = (f"{FREE[0][:-1]} and {NORWAY[0]}", [1])
        model = ScriptedModel([sentences_json(both), sentences_json(FREE, NORWAY)])
        assert writer(model).write(ASKED, passages).text == f"{FREE[0]} {NORWAY[0]}"

    @pytest.mark.parametrize("second", [ModelError("away"), "NO ANSWER", "", "{", "I cannot help with that."])
    def test_where_mending_fails_what_is_borne_out_stays(self, writer, passages, second):
        written = writer(ScriptedModel([sentences_json(FREE, WRONG), second])).write(ASKED, passages)
        assert (written.text, written.refused) == (FREE[0], False)

    @pytest.mark.parametrize("first", ["I'm sorry, I can't help with that.", '{"answered": true, "sent', "Arr! [1]"])
    def test_nothing_of_use_is_asked_for_again(self, writer, passages, first):
        model = ScriptedModel([first, sentences_json(FREE)])
        assert writer(model).write(ASKED, passages).text == FREE[0]
        assert len(model.prompts) == 2

    def test_where_nothing_is_left_there_is_no_text(self, writer, passages, heard):
        written = writer(ScriptedModel([sentences_json(WRONG), sentences_json(WRONG)])).write(ASKED, passages)
        assert (written.text, dict(written.resting), heard) == ("", {}, [])

    def test_an_answer_that_is_right_is_not_mended(self, writer, passages):
        model = ScriptedModel([sentences_json(FREE), sentences_json(NORWAY)])
        assert writer(model).write(ASKED, passages).text == FREE[0]
        assert len(model.prompts) == 1


def test_the_model_may_find_that_the_passages_do_not_answer(writer, passages):
    written = writer(ScriptedModel(['{"answered": false, "sentences": []}'])).write(ASKED, passages)
    assert (written.refused, written.text, written.usage.calls) == (True, "", 1)


def test_a_sentence_that_is_said_again_is_sent_once(writer, passages, heard):
    written = writer(ScriptedModel([sentences_json(FREE, FREE, NORWAY, FREE)])).write(ASKED, passages)
    assert written.text == f"{FREE[0]} {NORWAY[0]}"
    assert heard == [FREE[0], NORWAY[0]]


class TestFailing:
    def test_a_model_that_fails_at_once_is_told_of(self, writer, passages):
        with pytest.raises(ModelError, match="away"):
            writer(ScriptedModel([ModelError("away")])).write(ASKED, passages)

    def test_one_that_breaks_off_leaves_what_was_said(self, writer, passages, heard):
        class BreaksOff(ScriptedModel):
            def complete(self, _, *, heard=None, **__) -> Completion:
                heard(sentences_json(FREE, NORWAY)[:90])
                raise ModelError("the line is dead")

        written = writer(BreaksOff([])).write(ASKED, passages)
        assert (written.text, heard) == (FREE[0], [FREE[0]])

    def test_both_calls_share_the_time(self, writer, passages):
        given: list[float] = []

        class Timed(ScriptedModel):
            def complete(self, messages, *, within=None, **rest) -> Completion:
                given.append(within)
                return super().complete(messages, within=within, **rest)

        model = Timed([sentences_json(WRONG), sentences_json(NORWAY)])
        writer(model, model_options=ModelOptions(timeout="20s")).write(ASKED, passages)
        assert given[0] <= 20
        assert given[1] < given[0]

    def test_with_no_time_left_nothing_is_mended(self, writer, passages):
        model = ScriptedModel([sentences_json(FREE, WRONG), sentences_json(NORWAY)])
        written = writer(model, model_options=ModelOptions(timeout="1s")).write(ASKED, passages)
        assert (written.text, len(model.prompts)) == (FREE[0], 1)


class TestUsage:
    def test_tokens_and_costs_of_both_calls_are_added(self, writer, passages):
        class Priced(ScriptedModel):
            def complete(self, messages, **rest) -> Completion:
                said = super().complete(messages, **rest)
                return Completion(text=said.text, model="dear/one", input_tokens=100, output_tokens=10, cost=0.25)

        written = writer(Priced([sentences_json(WRONG), sentences_json(NORWAY)])).write(ASKED, passages)
        assert written.usage == Usage(model="dear/one", input_tokens=200, output_tokens=20, calls=2, cost=0.5)

    def test_an_unknown_price_is_no_price(self, writer, passages):
        assert writer(ScriptedModel([sentences_json(FREE)])).write(ASKED, passages).usage.cost is None


class TestPrivate:
    def test_no_address_of_a_private_page_is_given_and_its_title_says_nothing(self, writer, chunk):
        private = chunk(
            "Dealers pay 30 % less. See https://intranet.example/dealers or write to dealers@shop.example.",
            title="Confidential Price List", sources=("dealers.md",),
        )  # fmt: skip
        source = FileSource(file="dealers.md", private=True)
        for said, passes in (
            ("Dealers pay 30 % less.", True),
            ("Write to dealers@shop.example.", True),
            ("See https://intranet.example/dealers.", False),
            ("The Confidential Price List says: dealers pay 30 % less.", False),
        ):
            model = ScriptedModel([sentences_json((said, [1]))])
            written = writer(model, sources=(source,)).write(ASKED, [private])
            assert bool(written.text) is passes, said
            assert "Confidential" not in model.prompts[0][0]["content"]

    def test_a_page_that_a_public_source_holds_too_is_public(self, writer, chunk):
        page = chunk("See https://shop.example/dealers.", sources=("dealers.md", "https://shop.example"))
        source = FileSource(file="dealers.md", private=True)
        model = ScriptedModel([sentences_json(("See https://shop.example/dealers.", [1]))])
        assert writer(model, sources=(source,)).write(ASKED, [page]).text


def test_words_that_the_brand_voice_avoids_are_mended(writer, chunk):
    voice = Voice.model_validate({"name": "warm", "description": "Warm.", "words": {"avoid": ["cheap"]}}, strict=False)
    workspace = Workspace(name="Spokes", voices=(voice,))
    page = [chunk("Returns are cheap. Returns are free.")]
    model = ScriptedModel([sentences_json(("Returns are cheap.", [1])), sentences_json(FREE)])
    written = writer(model, workspace=workspace, voice="warm").write(ASKED, page)
    assert written.text == FREE[0]
    assert Fault.AVOIDED.value in model.prompts[1][-1]["content"]
    assert "“cheap”" in model.prompts[0][0]["content"]
