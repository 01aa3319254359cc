"""The fast engine against the package's own."""

import os
import subprocess
import sys

import numpy as np
import pytest

from custagent.core.errors import EmbedderError
from custagent.knowledge.embed.bundled.engine import FastEngine, _batches, _session, _Window
from custagent.knowledge.embed.texts import clean

TEXTS = [
    "Returns are free within 30 days.",
    "",
    "Versandkosten erstatten wir, sobald die Ware geprüft in unserem Lager angekommen ist. " * 3,
    "退货包裹的运费由我们承担,请保留好收据。" * 40,
    "🚲",
    "Гарантия на раму составляет пять лет, на аккумулятор — два года. " * 12,
    clean("nul \0 and lone \ud800 surrogate"),
    "def f(x):\n    return {k: v for k, v in x.items()}",
]


def test_its_vectors_are_those_of_the_package_in_order(fast, nano):
    """Texts of one to a thousand tokens: the long ones are read in windows, as the package reads them."""
    assert fast.token_count(TEXTS[3]) > 512
    ours, theirs = fast.embed(TEXTS), nano.embed(TEXTS)
    assert ours.shape == theirs.shape
    assert ours.dtype == np.float32
    cosines = ours @ theirs.T
    assert np.diag(cosines).min() > 0.998
    assert (cosines.argmax(axis=1) == np.arange(len(TEXTS))).all()


def test_a_text_beyond_the_model_is_read_to_its_end(fast):
    begin = "Bicycles have two wheels and a bell. " * 60
    other = begin + "The refund arrives after five working days. " * 60
    first, second = fast.embed([begin, other])
    assert float(first @ second) < 0.98


def test_vectors_are_the_same_to_the_last_bit_whatever_stands_beside(fast):
    together = fast.embed([*TEXTS, *TEXTS[::-1], *[TEXTS[0]] * 30])
    alone = np.concatenate([fast.embed([text]) for text in TEXTS])
    assert (together[: len(TEXTS)] == alone).all()
    assert (together[len(TEXTS) : 2 * len(TEXTS)] == alone[::-1]).all()
    assert (together[2 * len(TEXTS) :] == alone[0]).all()


def test_rows_are_unit_vectors(fast):
    assert np.linalg.norm(fast.embed(TEXTS), axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)


def test_no_texts_give_no_rows(fast):
    assert fast.embed([]).shape == (0, 384)


def test_batches_hold_windows_of_one_length_only_and_the_longest_come_first():
    lengths = [3, 500, 3, 100, 100, 100, 100, 100, 100, 3]
    windows = [_Window(text=number, ids=[0] * length) for number, length in enumerate(lengths)]
    batches = [[len(window.ids) for window in batch] for batch in _batches(windows)]
    assert batches == [[500], [100] * 5, [100], [3] * 3]


@pytest.mark.parametrize("library", ["onnxruntime", "onnx"])
def test_a_missing_library_is_named(nano, monkeypatch, library):
    # Python's own way to say that a module cannot be imported.
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(EmbedderError, match=rf"a library cannot be used: .*\b{library}\b"):
        FastEngine()


def test_what_onnxruntime_does_not_take_is_an_error_of_ours(fast):
    with pytest.raises(EmbedderError, match="onnxruntime cannot load the model"):
        _session(b"no graph")


def test_what_onnxruntime_cannot_run_is_an_error_of_ours(nano):
    engine = FastEngine()
    engine._session, _ = _session(_another_graph())
    with pytest.raises(EmbedderError, match="onnxruntime cannot run the model"):
        engine.embed(["Returns are free."])


def _another_graph() -> bytes:
    """It wants another input than the model does."""
    from onnx import TensorProto, helper

    values = [helper.make_tensor_value_info(name, TensorProto.INT64, [1]) for name in ("embeddings", "states")]
    graph = helper.make_graph([helper.make_node("Identity", ["embeddings"], ["states"])], "g", values[:1], values[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10).SerializeToString()


def test_onnxruntime_tells_nobody_about_its_use(fast, tmp_path):
    """Its telemetry keeps an id in the home folder and a session file among the temporary ones, then calls its maker."""
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    home.mkdir()
    temporary.mkdir()
    program = "from custagent.knowledge.embed.bundled.engine import FastEngine; FastEngine().embed(['a bell'])"
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    environment |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "TMPDIR": str(temporary)}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    assert [path for folder in (home, temporary) for path in folder.rglob("*")] == []
