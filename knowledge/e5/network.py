"""The network itself: twelve layers of BERT as a graph for ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from knowledge.e5.weights import BLOCK, Floats, Weights, four_bits

_OPSET, _IR = 17, 8
_MICROSOFT = "com.microsoft"  # whose operators take four bits and whole attention heads
_IN_EIGHT_BITS = 4  # how exactly a product is computed: what is multiplied has eight bits


class Network:
    """Turns pieces into one vector.  Serves several threads at once, each on one core."""

    def __init__(self, weights: Weights) -> None:
        self._words = weights.blocks("emb.word", weights.shape.width)
        places = weights.vector("emb.pos").reshape(-1, weights.shape.width)
        self._places: Floats = places + weights.vector("emb.type")[: weights.shape.width]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        graph = _Graph(weights).whole()
        self._session = onnxruntime.InferenceSession(graph, options, ["CPUExecutionProvider"])

    def mean(self, pieces: list[int]) -> Floats:
        """What the pieces mean on average, of shape (width,); no more of them than it reads."""
        read = four_bits(self._words[pieces]).floats() + self._places[: len(pieces)]
        [mean] = self._session.run(None, {"read": read[np.newaxis]})
        result: Floats = mean[0]
        return result


class _Graph:
    """Writes the graph down, operator by operator."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []

    def whole(self) -> bytes:
        """The graph as ONNX: (1, pieces, width) in, (1, width) out."""
        shape = self._weights.shape
        read = ["read", *self._norm("emb.ln")]
        [x] = self._add("LayerNormalization", read, ["emb.ln"], epsilon=shape.epsilon)
        for layer in range(shape.layers):
            x = self._layer(f"l{layer}.", x)
        [mean] = self._add("ReduceMean", [x], ["mean"], axes=[1], keepdims=0)
        floats = TensorProto.FLOAT
        graph = helper.make_graph(
            self._nodes,
            "e5",
            [helper.make_tensor_value_info("read", floats, [1, "pieces", shape.width])],
            [helper.make_tensor_value_info(mean, floats, [1, shape.width])],
            self._constants,
        )
        sets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_MICROSOFT, 1)]
        model = helper.make_model(graph, opset_imports=sets, ir_version=_IR)
        whole: bytes = model.SerializeToString()
        return whole

    def _layer(self, layer: str, x: str) -> str:
        shape = self._weights.shape
        thirds = self._constant(layer + "thirds", np.full(3, shape.width))
        asked, keys, values = (layer + part for part in ("asked", "keys", "values"))
        together = self._dense(layer + "qkv", [layer + part for part in "qkv"], x, shape.width)
        self._add("Split", [together, thirds], [asked, keys, values], axis=2)
        [seen] = self._add(
            "MultiHeadAttention",
            [asked, keys, values],
            [layer + "seen"],
            _MICROSOFT,
            num_heads=shape.heads,
        )
        out = self._dense(layer + "ao", [layer + "ao"], seen, shape.width)
        x = self._add_and_norm(layer + "aln", x, out)
        inner = self._dense(layer + "fi", [layer + "fi"], x, shape.width)
        [bent] = self._add("Gelu", [inner], [layer + "gelu"], _MICROSOFT)
        out = self._dense(layer + "fo", [layer + "fo"], bent, shape.inner)
        return self._add_and_norm(layer + "oln", x, out)

    def _dense(self, name: str, parts: list[str], x: str, width: int) -> str:
        """x times matrices of four bits beside each other, rows of `width`, and their biases."""
        weights = self._weights
        blocks = four_bits(np.concatenate([weights.blocks(f"{p}.w", width) for p in parts]))
        bias = np.concatenate([weights.vector(f"{part}.b") for part in parts])
        # ONNX Runtime keeps neighbours in one byte, the file numbers that are 16 apart.
        low, high = blocks.numbers[..., 0::2], blocks.numbers[..., 1::2]
        inputs = [
            x,
            self._constant(f"{name}.w", low | high << 4),
            self._constant(f"{name}.scale", blocks.scales.reshape(-1)),
            *("", ""),  # other middles than 8, another order of the blocks
            self._constant(f"{name}.b", bias),
        ]
        [product] = self._add(
            "MatMulNBits",
            inputs,
            [name],
            _MICROSOFT,
            K=width,
            N=len(bias),
            bits=4,
            block_size=BLOCK,
            accuracy_level=_IN_EIGHT_BITS,
        )
        return product

    def _add_and_norm(self, name: str, x: str, y: str) -> str:
        epsilon = self._weights.shape.epsilon
        inputs = [x, y, *self._norm(name)]
        [sum_] = self._add("SkipLayerNormalization", inputs, [name], _MICROSOFT, epsilon=epsilon)
        return sum_

    def _norm(self, name: str) -> list[str]:
        names = (f"{name}.w", f"{name}.b")
        return [self._constant(one, self._weights.vector(one)) for one in names]

    def _constant(self, name: str, numbers: NDArray[Any]) -> str:
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(numbers), name))
        return name

    def _add(
        self, operator: str, inputs: list[str], outputs: list[str], domain: str = "", **how: Any
    ) -> list[str]:
        self._nodes.append(helper.make_node(operator, inputs, outputs, domain=domain, **how))
        return outputs
