"""Random damage to the files of an index, as disks and people do it, and what is answered from it then (R9)."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from custagent.core.document import Chunk, Document, Section
from custagent.core.ports import Search
from custagent.knowledge.index.index import IndexFolder
from custagent.knowledge.index.indexer import Indexer
from custagent.knowledge.index.retrieve import HybridRetriever
from custagent.store import Store
from custagent.testing import FrozenClock, HashEmbedder

AGENT, OTHER = "ada", "bob"
WORDS = ("refund", "parcel", "warranty", "lamp", "return", "card", "invoice", "delay")


@dataclass
class Told:
    """What became of the damages."""

    #: How many of each kind there were.
    kinds: Counter[str] = field(default_factory=Counter)
    #: How many were noticed: the others changed nothing that is read.
    noticed: int = 0
    #: What was found in the wrong place.
    wrong: list[str] = field(default_factory=list)
    #: How many indexes were whole again after they had been made anew.
    mended: int = 0

    def __str__(self) -> str:
        return (
            f"{self.kinds.total()} damages {dict(self.kinds)}: {self.noticed} noticed, {len(self.wrong)} wrong sources,"
            f" {self.mended} made anew"
        )


class House:
    """Two agents with an index each, of one page a word; the other's pages are about the same words."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.store, self.embedder, self.indexes = store, HashEmbedder(dimension=16), folder / "index"
        for agent in (AGENT, OTHER):
            for word in WORDS:
                self._save(agent, word)
            self.index(agent)
        self._whole = Path(shutil.copytree(self.indexes, folder / "whole"))

    def index(self, agent: str = AGENT) -> None:
        Indexer(self.store.documents, self.store.vectors, self.embedder).update(self.folder(agent), lambda *_: None)

    def folder(self, agent: str = AGENT) -> IndexFolder:
        return IndexFolder(self.indexes, agent)

    def restore(self) -> None:
        shutil.rmtree(self.indexes)
        shutil.copytree(self._whole, self.indexes)

    def retriever(self) -> HybridRetriever:
        return HybridRetriever(self.folder(), self.store.documents, self.embedder, now=lambda: 0.0)

    def _save(self, agent: str, word: str) -> None:
        text = f"About the {word} of {agent}."
        location = f"{agent}/{word}.md"
        document = Document(location=location, title="Page", language="en", sections=(Section(text=text),))
        chunk = Chunk(location=location, title="Page", text=text, language="en")
        self.store.documents.save_document(document, [chunk], agent=agent, source="s")


def damage_often(folder: Path, count: int, *, seed: int = 0) -> Told:
    """Damage an index `count` times, ask for each word, then have it made anew and ask again."""
    chance, told = random.Random(seed), Told()
    with Store(folder / "custagent.db", FrozenClock()) as store:
        house = House(folder, store)
        for number in range(count):
            house.restore()
            retriever = house.retriever()
            # Every other time it was loaded before, and goes on from memory.
            loaded = number % 2 == 1 and bool(retriever.retrieve(Search(text="lamp"), limit=1).chunks)
            kind, damage = chance.choice(_damages(house, chance))
            damage()
            told.kinds[kind] += 1
            told.noticed += _ask(retriever, told, f"{number} {kind}") or loaded
            house.index()
            fresh = house.retriever()
            told.mended += not _ask(fresh, told, f"{number} {kind}, made anew")
    return told


def _ask(retriever: HybridRetriever, told: Told, what: str) -> bool:
    """Ask for each word; whether anything was found by its words alone."""
    by_words = False
    for word in WORDS:
        best, *others = retriever.retrieve(Search(text=f"the {word} of {AGENT}"), limit=4).chunks
        by_words |= best.estimated
        strange = [one.chunk.location for one in others if not one.chunk.location.startswith(f"{AGENT}/")]
        if best.chunk.location != f"{AGENT}/{word}.md" or strange:
            told.wrong.append(f"{what}: {word} is in {best.chunk.location} {strange}")
    return by_words


def _damages(house: House, chance: random.Random) -> list[tuple[str, Callable[[], object]]]:
    files = sorted(path for path in house.folder().folder.rglob("*") if path.is_file() and path.stat().st_size)
    file, other = chance.sample(files, 2)
    whole = file.read_bytes()
    at = chance.randrange(len(whole))
    theirs = house.folder(OTHER).folder / file.relative_to(house.folder().folder)
    return [
        ("missing", file.unlink),
        ("empty", partial(file.write_bytes, b"")),
        ("cut", partial(file.write_bytes, whole[:at])),
        (
            "bit",
            partial(file.write_bytes, whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :]),
        ),
        ("zeros", partial(file.write_bytes, whole[:at] + bytes(len(whole[at : at + 64])) + whole[at + 64 :])),
        ("noise", partial(file.write_bytes, chance.randbytes(len(whole)))),
        ("swapped", partial(_swap, file, other)),
        ("of another agent", partial(shutil.copyfile, theirs, file)),
        ("all of another agent's", partial(_take_over, house)),
        ("of another length", partial(_other_length, house)),
        ("a folder", partial(_folder_instead, file)),
        ("not to be read", partial(file.chmod, 0)),
    ]


def _swap(one: Path, other: Path) -> None:
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)


def _take_over(house: House) -> None:
    """The other's generation, whole in itself, in this one's place."""
    generation = house.folder().folder / "000001"
    shutil.rmtree(generation)
    shutil.copytree(house.folder(OTHER).folder / "000001", generation)


def _other_length(house: House) -> None:
    """Vectors of another engine in the file."""
    import faiss
    import numpy as np

    flat = faiss.IndexFlatIP(house.embedder.dimension // 2)
    flat.add(np.eye(len(WORDS), house.embedder.dimension // 2, dtype=np.float32))
    faiss.write_index(flat, str(house.folder().folder / "000001" / "vectors.faiss"))


def _folder_instead(file: Path) -> None:
    file.unlink()
    file.mkdir()
