"""The graph that onnxruntime runs."""

import numpy as np
import pytest

from custagent.knowledge.embed.bundled.graph import build
from custagent.knowledge.embed.bundled.weights import Weights, model_file


@pytest.fixture(scope="module")
def constants(fast) -> dict[str, np.ndarray]:
    import onnx

    model = onnx.load_model_from_string(build(Weights(model_file())))
    return {one.name: onnx.numpy_helper.to_array(one) for one in model.graph.initializer}


def test_no_processor_can_overflow(constants):
    """Without VNNI two products are added in 16 bits: 255 * (a + b) must stay within 32767."""
    matrices = [values for values in constants.values() if values.dtype == np.int8 and values.ndim == 2]
    assert len(matrices) == 12 * 6
    for matrix in matrices:
        pairs = np.abs(matrix.astype(np.int32)).reshape(-1, 2, matrix.shape[1]).sum(axis=1)
        assert 100 < pairs.max() <= 128


def test_every_column_uses_the_numbers_it_has(constants):
    """Else small weights would be rounded away."""
    for values in constants.values():
        if values.dtype == np.int8 and values.ndim == 2:
            assert np.abs(values).max(axis=0).min() >= 60
