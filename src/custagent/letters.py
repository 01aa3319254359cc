"""What the letters of a text tell of its language: the statistics of py3langid's model, kept small and quick to load.

The package unpacks 68 MB for some 140 languages, which takes longer than everything else that a first answer needs. What
is asked here concerns a few of them, and its table of groups of letters (an automaton with a row of 256 entries a state)
is at bottom a tree. Kept are the tree, each state's link to its longest ending that is a state too (Aho and Corasick, 1975),
and the weights of the languages asked: a tenth of the size, which says the same of every text. It is written to the user's
cache folder for the next process.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
import tempfile
import unicodedata
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Changes with the layout of the file.
_LAYOUT = 1
#: Bytes that each part of the file begins at a multiple of.
_ALIGNED = 8
_BYTE_VALUES = 256
#: Steps of the tree that are remembered: those of a language are some ten thousand.
_MOST_WAYS = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """The statistics of some languages. State 0 is the beginning; the others are in the order of their depth."""

    #: The codes, as the model calls them.
    languages: tuple[str, ...]
    #: The byte that leads to state i + 1, from the one state that it follows. Shape (states - 1,).
    steps: bytes
    #: Where in `steps` those of each state begin; they end where the next state's begin. Shape (states + 1,).
    first: Sequence[int]
    #: The state of the longest ending of what a state has read, other than itself. Shape (states,).
    endings: Sequence[int]
    #: The row of `weights` that a state counts for; -1 for none. Shape (states,).
    counts_for: Sequence[int]
    #: Log-probabilities of each group of letters in each language, shape (groups, languages).
    weights: NDArray[np.float16]
    #: Log-probabilities of the languages themselves, shape (languages,).
    priors: NDArray[np.float32]
    #: (state, byte) as one number -> the state that it leads to, for steps taken before: text is made of the same ones.
    ways: dict[int, int] = field(default_factory=dict, compare=False, repr=False)

    def probabilities(self, text: str) -> dict[str, float]:
        """Each language with its probability in `text`; they add up to 1."""
        import numpy as np

        read = unicodedata.normalize("NFC", text.lower() if text.isupper() else text).encode("utf-8", "replace")
        found = Counter(self._groups(read))
        if not found:
            return dict.fromkeys(self.languages, 1 / len(self.languages))
        rows = np.fromiter(found.keys(), dtype=np.intp, count=len(found))
        counts = np.fromiter(found.values(), dtype=np.float32, count=len(found))
        # As the model was trained: what comes often says little more than what comes twice, and a long text is not surer
        # in proportion to its length.
        scores = (np.log1p(counts) @ self.weights[rows].astype(np.float32) + self.priors) / math.sqrt(len(read))
        shares = np.exp(scores - scores.max())
        return dict(zip(self.languages, (shares / shares.sum()).tolist(), strict=True))

    def _groups(self, read: bytes) -> list[int]:
        """The rows of the groups of letters, as they come up."""
        ways, counts_for = self.ways, self.counts_for
        found = []
        state = 0
        for byte in read:
            try:
                state = ways[state << 8 | byte]
            except KeyError:
                state = self._step(state, byte)
            if (row := counts_for[state]) >= 0:
                found.append(row)
        return found

    def _step(self, state: int, byte: int) -> int:
        """Where `byte` leads to from `state`."""
        steps, first = self.steps, self.first
        way = state << 8 | byte
        at = steps.find(byte, first[state], first[state + 1])
        while at < 0 and state:
            state = self.endings[state]
            at = steps.find(byte, first[state], first[state + 1])
        if len(self.ways) >= _MOST_WAYS:
            self.ways.clear()
        self.ways[way] = at + 1
        return at + 1


def load_letters(languages: Sequence[str], folder: Path | None = None) -> Letters:
    """The statistics of `languages`, ISO 639-1 as the model calls them.

    From `folder`, the user's cache folder unless told, where an earlier process wrote them; else from the package, and
    written there. A cache that is missing, damaged or not writable costs time only. Raises OSError when the package's
    model cannot be unpacked: it goes through a temporary file.
    """
    folder = cache_folder(os.environ) if folder is None else folder
    wanted = sorted(languages)
    name = f"letters-{_LAYOUT}-{version('py3langid')}-{zlib.crc32(' '.join(wanted).encode()):08x}"
    if folder is not None:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            return _read(folder / name)
    letters = _from_package(wanted)
    if folder is not None:
        with contextlib.suppress(OSError):
            _write(letters, folder / name)
    return letters


def cache_folder(environment: Mapping[str, str]) -> Path | None:
    """Where this user's programs keep what they can make again; None where there is no such place."""
    if given := environment.get("XDG_CACHE_HOME"):
        return Path(given) / "custagent"
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "custagent"


def _from_package(languages: Sequence[str]) -> Letters:
    import numpy as np
    from py3langid import langid

    model = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    model.set_languages(languages)
    table = np.frombuffer(model.tk_nextmove, dtype=model.tk_nextmove.typecode).reshape(-1, _BYTE_VALUES)
    rows = np.frombuffer(model.tk_row, dtype=model.tk_row.typecode)
    states, first, steps, endings = _tree(table, rows)
    return Letters(
        languages=tuple(model.nb_classes),
        steps=steps.astype(np.uint8).tobytes(),
        first=_numbers(first.astype(np.uint32).tobytes(), "I"),
        endings=_numbers(endings.astype(np.uint32).tobytes(), "I"),
        counts_for=_numbers(np.asarray(model.tk_output, dtype=np.int32)[states].tobytes(), "i"),
        weights=np.ascontiguousarray(model.nb_ptc, dtype=np.float16),
        priors=np.ascontiguousarray(model.nb_pc, dtype=np.float32),
    )


def _tree(table: NDArray[Any], rows: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """The automaton whose state s goes with byte b to `table[rows[s], b]`, as a tree.

    (the automaton's states in the tree's order, first, steps, endings): see Letters. A state is one step deeper than the
    state it follows; every other way leads where the longest ending goes.
    """
    import numpy as np

    number = np.full(len(rows), -1, dtype=np.int64)
    number[0] = 0
    ending_of = np.zeros(len(rows), dtype=np.int64)
    states, steps, many = [np.zeros(1, dtype=np.int64)], [], []
    while len(states[-1]):
        above = states[-1]
        ways = table[rows[above]].astype(np.int64)
        parent, byte = np.nonzero(number[ways] < 0)
        below = ways[parent, byte]
        number[below] = np.arange(len(below)) + int(number[above[-1]]) + 1
        if len(states) > 1:
            ending_of[below] = table[rows[ending_of[above[parent]]], byte]
        many.append(np.bincount(parent, minlength=len(above)))
        steps.append(byte)
        states.append(below)
    order = np.concatenate(states)
    first = np.concatenate([[0], np.cumsum(np.concatenate(many))])
    return order, first, np.concatenate(steps), number[ending_of[order]]


def _numbers(held: bytes | memoryview, kind: str) -> Sequence[int]:
    return memoryview(held).cast("B").cast(kind)  # type: ignore[call-overload,no-any-return] # the kinds are "I" and "i"


def _write(letters: Letters, path: Path) -> None:
    """Whole or not at all."""
    parts = [
        letters.steps,
        bytes(letters.first),
        bytes(letters.endings),
        bytes(letters.counts_for),
        letters.weights.tobytes(),
        letters.priors.tobytes(),
    ]
    body = b"".join(part + b"\0" * (-len(part) % _ALIGNED) for part in parts)
    head = {"languages": letters.languages, "sizes": [len(part) for part in parts], "crc": zlib.crc32(body)}
    line = json.dumps(head).encode() + b"\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with open(number, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(line.rjust(len(line) + -len(line) % _ALIGNED) + body)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink()
        raise


def _read(path: Path) -> Letters:
    """Raises OSError, ValueError, KeyError or TypeError for what was not written whole by this version."""
    import numpy as np

    held = path.read_bytes()
    end = held.index(b"\n") + 1
    head = json.loads(held[:end])
    body = memoryview(held)[end:]
    if zlib.crc32(body) != head["crc"]:
        message = "the file is damaged"
        raise ValueError(message)
    parts, at = [], 0
    for size in head["sizes"]:
        parts.append(body[at : at + size])
        at += size + -size % _ALIGNED
    steps, first, endings, counts_for, weights, priors = parts
    languages = tuple(head["languages"])
    return Letters(
        languages=languages,
        steps=bytes(steps),
        first=_numbers(first, "I"),
        endings=_numbers(endings, "I"),
        counts_for=_numbers(counts_for, "i"),
        weights=np.frombuffer(weights, dtype=np.float16).reshape(-1, len(languages)),
        priors=np.frombuffer(priors, dtype=np.float32),
    )
