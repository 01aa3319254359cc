"""The model as a graph for onnxruntime: 12 layers of BERT whose matrix products are done on whole numbers of 8 bits.

A product of float32 matrices is replaced by one of unsigned 8-bit activations and signed 8-bit weights, four of which
a processor multiplies in one step. What is lost is kept small, and each text apart from its neighbours in the batch:

- Weights are rounded column by column. Two neighbouring weights are never more than 128 together, for processors
  without VNNI add two products in 16 bits, and 255 * 129 would overflow there: so all processors give the same numbers.
- What comes from a layer normalisation has a few channels that are far larger than the others, so each channel is
  divided by a number of its own, and the weights are multiplied with it (SmoothQuant, Xiao et al. 2023). The numbers
  follow from the weights and the list of large channels below. Then all texts can be rounded on one scale, known
  beforehand, where attention reads; where the inner layer reads, a scale for each token is worth its time.
- What comes from attention, and from the inner layer, differs much from token to token: each token has a scale.

Measured against the same weights in float32: mean cosine .9997 (docs/decisions, the bundled model).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from custagent.knowledge.embed.bundled.weights import Weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: What goes in and out, shape (texts, tokens, width): embeddings of pieces and positions, and the tokens' last states.
INPUT = "embeddings"
OUTPUT = "states"

#: How far a channel of a layer normalisation goes, before its gain and bias, in standard deviations; what lies beyond
#: is cut off.
_REACH = 3.0
#: The channels in which this model keeps what it does not attend to, measured over all layers in five languages.
_LARGE_CHANNELS = {
    15: 19.5, 35: 19.5, 60: 12.0, 87: 9.0, 101: 8.0, 104: 8.0, 146: 10.0, 321: 14.0, 345: 8.0, 351: 10.0,
}  # fmt: skip
#: How much of a channel's size goes over to the weights: with one scale for all tokens, and with one for each.
#: Measured; .1 more or less makes little difference.
_SMOOTHING = 0.7
_SMOOTHING_BY_TOKEN = 0.35

#: Rounded activations lie in 0..255; what was 0 becomes this, where both signs are alike.
_MIDDLE = 128
#: After the activation GELU little is below 0, and never under -0.17: most of the numbers are for what is above.
_GELU_MIDDLE = 48
_GELU_LOWEST = 0.17
_TINY = 1e-6

_OPSET = 21
_IR_VERSION = 10


def build(weights: Weights) -> bytes:
    """The graph, serialised; 22 MB. onnxruntime 1.18 or later runs it."""
    layers = weights.shape.layers
    graph = _Graph()
    graph.constant("flat", _int64(-1, weights.shape.width))
    graph.node("Shape", [INPUT], "shape")
    graph.node("Reshape", [INPUT, "flat"], "tokens")
    state = _normalise(graph, weights, "tokens", "emb.ln")
    before = "emb.ln"
    for number in range(layers):
        layer = f"l{number}"
        attended = _attention(graph, weights, state, layer=layer, before=before)
        state = _normalise(graph, weights, graph.node("Add", [attended, state]), f"{layer}.aln")
        inner = _inner(graph, weights, state, layer=layer)
        state = _normalise(graph, weights, graph.node("Add", [inner, state]), f"{layer}.oln")
        before = f"{layer}.oln"
    graph.node("Reshape", [state, "shape"], OUTPUT)
    return graph.serialised(width=weights.shape.width)


def _attention(graph: _Graph, weights: Weights, state: str, *, layer: str, before: str) -> str:
    """Each token looks at all of its text. `before` is the layer normalisation that made `state`."""
    import numpy as np

    names = [f"{layer}.{part}" for part in "qkv"]
    matrices = [weights.matrix(f"{name}.w", columns=weights.shape.width) for name in names]
    divisors = _divisors(weights, before, np.concatenate(matrices), smoothing=_SMOOTHING)
    rounded = _round_all(graph, _divide(graph, state, divisors))
    parts = [
        graph.node("Reshape", [_product(graph, rounded, matrix * divisors, weights.vector(f"{name}.b")), "shape"])
        for name, matrix in zip(names, matrices, strict=True)
    ]
    attended = graph.fused("MultiHeadAttention", parts, num_heads=weights.shape.heads)
    tokens = graph.node("Reshape", [attended, "flat"])
    out = weights.matrix(f"{layer}.ao.w", columns=weights.shape.width)
    largest = graph.largest(graph.node("Abs", [tokens]), at_least=_TINY)
    return _product_by_token(graph, tokens, largest, out, weights.vector(f"{layer}.ao.b"), middle=_MIDDLE)


def _inner(graph: _Graph, weights: Weights, state: str, *, layer: str) -> str:
    """The wide layer, with GELU, and back."""
    matrix = weights.matrix(f"{layer}.fi.w", columns=weights.shape.width)
    divisors = _divisors(weights, f"{layer}.aln", matrix, smoothing=_SMOOTHING_BY_TOKEN)
    divided = _divide(graph, state, divisors)
    largest = graph.largest(graph.node("Abs", [divided]), at_least=_TINY)
    bias = weights.vector(f"{layer}.fi.b")
    wide = graph.fused("Gelu", [_product_by_token(graph, divided, largest, matrix * divisors, bias, middle=_MIDDLE)])
    # So that -0.17 is still within the numbers below the middle.
    largest = graph.largest(wide, at_least=_GELU_LOWEST * (255 - _GELU_MIDDLE) / _GELU_MIDDLE)
    out = weights.matrix(f"{layer}.fo.w", columns=len(matrix))
    return _product_by_token(graph, wide, largest, out, weights.vector(f"{layer}.fo.b"), middle=_GELU_MIDDLE)


def _normalise(graph: _Graph, weights: Weights, tokens: str, name: str) -> str:
    gain = graph.constant(f"{name}.w", weights.vector(f"{name}.w"))
    bias = graph.constant(f"{name}.b", weights.vector(f"{name}.b"))
    return graph.node("LayerNormalization", [tokens, gain, bias], epsilon=weights.shape.epsilon)


def _divisors(
    weights: Weights, normalisation: str, matrix: NDArray[np.float32], *, smoothing: float
) -> NDArray[np.float32]:
    """What each channel of a layer normalisation is divided by, so that all lie within -1..1, shape (width,).

    `matrix` (rows, width) is what they are multiplied with next: a channel with large weights is divided by less.
    """
    import numpy as np

    reach = np.full(weights.shape.width, _REACH, dtype=np.float32)
    reach[list(_LARGE_CHANNELS)] = list(_LARGE_CHANNELS.values())
    size = reach * np.abs(weights.vector(f"{normalisation}.w")) + np.abs(weights.vector(f"{normalisation}.b"))
    divisors = size**smoothing / np.sqrt(np.square(matrix).mean(axis=0)) ** (1 - smoothing)
    return (divisors * (size / divisors).max()).astype(np.float32)  # type: ignore[no-any-return] # numpy's Any


def _divide(graph: _Graph, tokens: str, divisors: NDArray[np.float32]) -> str:
    import numpy as np

    return graph.node("Mul", [tokens, graph.constant("", (1 / divisors).astype(np.float32))])


def _round_all(graph: _Graph, tokens: str) -> _Rounded:
    """All tokens on one scale, -1..1; what lies beyond is cut off."""
    scale, middle = graph.scale(255 - _MIDDLE), graph.middle(_MIDDLE)
    return _Rounded(tokens=graph.node("QuantizeLinear", [tokens, scale, middle]), scale=scale, middle=middle)


def _product_by_token(
    graph: _Graph, tokens: str, largest: str, matrix: NDArray[np.float32], bias: NDArray[np.float32], *, middle: int
) -> str:
    """matrix @ token + bias, with each token (a row) on the scale of its `largest` number, shape (tokens, 1)."""
    scale, zero = graph.scale(255 - middle), graph.middle(middle)
    graph.constant("all", _int64(-1))
    scales = graph.node("Reshape", [graph.node("Mul", [largest, scale]), "all"])
    zeros = graph.node("Expand", [zero, graph.node("Shape", [scales])])
    rounded = _Rounded(tokens=graph.node("QuantizeLinear", [tokens, scales, zeros], axis=0), scale=scale, middle=zero)
    product = graph.node("Mul", [_product(graph, rounded, matrix), largest])
    return graph.node("Add", [product, graph.constant("", bias)])


def _product(
    graph: _Graph, rounded: _Rounded, matrix: NDArray[np.float32], bias: NDArray[np.float32] | None = None
) -> str:
    """matrix (out, in) @ token + bias for each token, in float32 again."""
    import numpy as np

    size = np.abs(matrix)
    scales = np.maximum(np.maximum(size.max(axis=1), (size[:, ::2] + size[:, 1::2]).max(axis=1)) / 127, _TINY)
    numbers = np.rint(matrix / scales[:, None]).astype(np.int8)
    inputs = [
        rounded.tokens,
        graph.constant("", np.ascontiguousarray(numbers.T)),
        rounded.scale,
        graph.constant("", scales.astype(np.float32)),
        rounded.middle,
        graph.constant("", np.zeros(len(scales), dtype=np.int8)),
    ]
    return graph.fused("MatMulIntegerToFloat", inputs if bias is None else [*inputs, graph.constant("", bias)])


def _int64(*numbers: int) -> NDArray[np.int64]:
    import numpy as np

    return np.array(numbers, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rounded:
    """Names of values in the graph: the tokens in 8 bits; value = (number - middle) * scale."""

    tokens: str
    scale: str
    middle: str


@dataclass(slots=True)
class _Graph:
    """Collects nodes and constants; values are called by names."""

    nodes: list[Any] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)

    def node(self, kind: str, inputs: list[str], output: str = "", *, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output; returns the output's name."""
        from onnx import helper

        output = output or f"{kind} {len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def fused(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        """Add one of onnxruntime's own nodes."""
        return self.node(kind, inputs, domain="com.microsoft", **attributes)

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """Add a constant, once for each name; returns the name, a new one for ""."""
        from onnx import numpy_helper

        name = name or f"constant {len(self.constants)}"
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(values, name)
        return name

    def scale(self, steps: int) -> str:
        """1 / steps, for whole numbers from 0 to `steps`."""
        import numpy as np

        return self.constant(f"scale {steps}", np.array(1 / steps, dtype=np.float32))

    def middle(self, number: int) -> str:
        """What 0 is rounded to."""
        import numpy as np

        return self.constant(f"middle {number}", np.array(number, dtype=np.uint8))

    def largest(self, tokens: str, *, at_least: float) -> str:
        """Each token's largest number, shape (tokens, 1)."""
        import numpy as np

        self.constant("axis of channels", _int64(-1))
        floor = self.constant(f"at least {at_least}", np.array(at_least, dtype=np.float32))
        return self.node("Max", [self.node("ReduceMax", [tokens, "axis of channels"], keepdims=1), floor])

    def serialised(self, *, width: int) -> bytes:
        from onnx import TensorProto, helper

        graph = helper.make_graph(
            self.nodes,
            "multilingual-e5-small",
            [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["texts", "tokens", width])],
            [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["texts", "tokens", width])],
            list(self.constants.values()),
        )
        operators = [helper.make_opsetid("", _OPSET), helper.make_opsetid("com.microsoft", 1)]
        model = helper.make_model(graph, opset_imports=operators, ir_version=_IR_VERSION)
        return model.SerializeToString()  # type: ignore[no-any-return] # protobuf has no types
