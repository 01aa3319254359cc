"""Index generations: a folder each, built beside the live one and made live by one atomic rename.

    .custagent/index/<agent>/current          the number of the live generation and the checksum of its manifest
    .custagent/index/<agent>/000007/          manifest.json, chunks.npy, vectors.faiss, words.json, words.npz

An index is a cache of the database: it can always be rebuilt, and one that does not fit its checksums is refused with
the command that rebuilds it.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from custagent.core.document import Chunk
from custagent.core.errors import IndexDamaged
from custagent.knowledge.index.lexicon import Postings, build_postings, entry_of, load_postings, save_postings
from custagent.knowledge.index.nearest import EXACT_UP_TO, Kind, Nearest, library, make_nearest
from custagent.knowledge.index.scale import Scale

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from custagent.core.ports import Vectors

#: Changes with anything that makes an index of before unfit: its files, or how passages are turned into words.
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a generation is made of."""

    format: int
    agent: str
    generation: int
    #: The name of the engine whose vectors these are; only questions that can be compared with them are asked.
    embedder: str
    #: The length of each vector; 0 when there are none.
    dimension: int
    chunks: int
    #: Changes when any chunk does: tells whether the database has moved on.
    fingerprint: str
    #: SHA-256 by file name.
    files: dict[str, str]
    #: How the vectors are kept, and the share of the ten nearest that are found so, measured when it was built.
    kind: str = Kind.EXACT.value
    recall: float = 1.0
    #: How the cosines of the engine are read; None: as they are.
    scale: Scale | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What the file `current` says; two that are equal are the same generation, even after a removal."""

    generation: int
    #: SHA-256 of its manifest.json.
    checksum: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A generation in memory. Row i stands for the chunk `chunk_ids[i]`."""

    live: Live
    manifest: Manifest
    chunk_ids: NDArray[np.int64]
    #: A FAISS index of unit vectors by inner product, that is cosine; row i is row i. Of the kind that the manifest names.
    vectors: Any
    postings: list[Postings]


class IndexFolder:
    """The generations of one agent."""

    def __init__(self, folder: Path, agent: str, *, exact_up_to: int = EXACT_UP_TO) -> None:
        """`folder` holds those of all agents. Of more than `exact_up_to` chunks, vectors are compressed."""
        self.agent = agent
        self._exact_up_to = exact_up_to
        self.folder = folder / agent
        self._current = self.folder / "current"

    def live(self) -> Live | None:
        """Which generation is live; None when nothing was built. Raises IndexDamaged."""
        try:
            number, checksum = self._current.read_text(encoding="ascii").split()
            live = Live(generation=int(number), checksum=checksum)
        except FileNotFoundError as error:
            if self._numbers():
                raise self._damaged("the file `current` is missing") from error
            return None
        except (ValueError, OSError) as error:
            raise self._damaged("the file `current` is unreadable") from error
        return live if live.generation else None

    def generation(self) -> int:
        """The number of the live generation, 0 when there is none. Raises IndexDamaged."""
        live = self.live()
        return live.generation if live else 0

    def build(
        self,
        chunks: Sequence[Chunk],
        vectors: Vectors,
        *,
        embedder: str,
        fingerprint: str,
        scale: Scale | None = None,
    ) -> Manifest:
        """Write the next generation and make it live. `vectors` has the shape (len(chunks), dimension).

        Another process that builds meanwhile is waited for. What was there before may be damaged. Raises IndexDamaged
        when the disk does not take it.
        """
        try:
            with self._alone():
                return self._build(chunks, vectors, embedder, fingerprint, scale)
        except OSError as error:
            raise IndexDamaged(
                f"the index of agent {self.agent!r} cannot be written: {error.strerror}",
                hint=f"Make room, or the folder writable, then: custagent sources sync {self.agent}",
            ) from error

    def manifest(self) -> Manifest | None:
        """What is live, all its files checked but none loaded; None when nothing was built. Raises IndexDamaged."""
        live = self.live()
        return None if live is None else self._checked(live)

    def about(self) -> Manifest | None:
        """What is live, by its manifest alone: its files are not looked at. None when nothing was built.

        Raises IndexDamaged.
        """
        live = self.live()
        return None if live is None else self._read_manifest(self._path(live.generation), live)

    def load(self) -> Index | None:
        """The live generation, checked; None when nothing was built. Raises IndexDamaged."""
        while True:
            live = self.live()
            try:
                return None if live is None else self._load(live)
            except IndexDamaged:
                # Deleted under our eyes, because newer ones went live?
                if self.live() == live:
                    raise

    def remove(self) -> None:
        """Delete all generations of the agent."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _build(
        self, chunks: Sequence[Chunk], vectors: Vectors, embedder: str, fingerprint: str, scale: Scale | None
    ) -> Manifest:
        before = self._number_before()
        work = self.folder / "building"
        work.mkdir()
        nearest = make_nearest(vectors, exact_up_to=self._exact_up_to)
        _write(work, chunks, nearest)
        manifest = Manifest(
            format=FORMAT,
            agent=self.agent,
            generation=max([before, *self._numbers()]) + 1,
            embedder=embedder,
            dimension=int(vectors.shape[1]),
            chunks=len(chunks),
            fingerprint=fingerprint,
            files={file.name: _sha256(file) for file in sorted(work.iterdir())},
            kind=nearest.kind.value,
            recall=round(nearest.recall, 4),
            scale=scale,
        )
        _write_durably(work / "manifest.json", json.dumps(asdict(manifest), indent=1))
        checksum = _sha256(work / "manifest.json")
        work.rename(self._path(manifest.generation))
        _write_durably(self._current, f"{manifest.generation} {checksum}\n")
        self._sweep(keep=(before, manifest.generation))
        return manifest

    def _load(self, live: Live) -> Index:
        import numpy as np

        faiss = library()
        folder, manifest = self._path(live.generation), self._checked(live)
        try:
            index = Index(
                live=live,
                manifest=manifest,
                chunk_ids=np.load(folder / "chunks.npy", allow_pickle=False),
                vectors=faiss.read_index(str(folder / "vectors.faiss")),
                postings=load_postings(folder),
            )
        except (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile) as error:
            raise self._damaged("its files cannot be read") from error
        if not len(index.chunk_ids) == index.vectors.ntotal == manifest.chunks or index.vectors.d != manifest.dimension:
            raise self._damaged("its files do not fit together")
        return index

    def _checked(self, live: Live) -> Manifest:
        folder = self._path(live.generation)
        manifest = self._read_manifest(folder, live)
        for name, expected in manifest.files.items():
            try:
                intact = _sha256(folder / name) == expected
            except OSError:
                intact = False
            if not intact:
                raise self._damaged(f"its file {name} is missing or was changed")
        return manifest

    def _read_manifest(self, folder: Path, live: Live) -> Manifest:
        try:
            text = (folder / "manifest.json").read_bytes()
            if hashlib.sha256(text).hexdigest() != live.checksum:
                raise self._damaged("its manifest was changed")
            fields = json.loads(text)
            if fields["format"] != FORMAT:
                raise self._damaged(f"it has format {fields['format']}, and this version of custagent reads {FORMAT}")
            scale = fields.pop("scale", None)
            return Manifest(**fields, scale=Scale(**scale) if scale else None)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise self._damaged("its manifest is missing or unreadable") from error

    def _damaged(self, what: str) -> IndexDamaged:
        return IndexDamaged(
            f"the index of agent {self.agent!r} cannot be used: {what}",
            hint=f"Rebuild it from the database with: custagent sources sync {self.agent}",
        )

    def _path(self, generation: int) -> Path:
        return self.folder / f"{generation:06d}"

    def _numbers(self) -> list[int]:
        if not self.folder.is_dir():
            return []
        return [int(one.name) for one in self.folder.iterdir() if one.name.isascii() and one.name.isdigit()]

    def _number_before(self) -> int:
        """The number of the live generation; 0 when there is none, and when none can be made out."""
        try:
            return self.generation()
        except IndexDamaged:
            return 0

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Only one builder works in the folder, so what an earlier one that was killed left behind can go."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            shutil.rmtree(self.folder / "building", ignore_errors=True)
            if not self._numbers() and not self._current.exists():
                # From here on a missing `current` means that it was lost.
                _write_durably(self._current, "0 -\n")
            try:
                yield
            finally:
                shutil.rmtree(self.folder / "building", ignore_errors=True)

    def _sweep(self, *, keep: tuple[int, int]) -> None:
        """Delete what no reader can need: all but the live generation and the one before, which may still be loading."""
        for number in self._numbers():
            if number not in keep:
                shutil.rmtree(self._path(number), ignore_errors=True)


def _write(folder: Path, chunks: Sequence[Chunk], nearest: Nearest) -> None:
    import numpy as np

    np.save(folder / "chunks.npy", np.array([chunk.id for chunk in chunks], dtype=np.int64))
    try:
        library().write_index(nearest.index, str(folder / "vectors.faiss"))
    except RuntimeError as error:
        # Its way to say that the disk is full.
        raise OSError(errno.EIO, "the vectors could not be written whole") from error
    save_postings(build_postings(entry_of(row, chunk) for row, chunk in enumerate(chunks)), folder)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write_durably(file: Path, text: str) -> None:
    """Replace the file's content in one step that survives a power cut."""
    if file.is_dir():
        # Whoever put a folder there: no file can take its place.
        shutil.rmtree(file)
    fresh = file.with_name(f"{file.name}.new")
    with fresh.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(file)
