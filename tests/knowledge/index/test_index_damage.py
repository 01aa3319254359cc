"""200 random corruptions of an index: each is told, or harmless; none gives another passage, and all can be mended (R9)."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from custagent.core.document import Chunk
from custagent.core.errors import IndexDamaged
from custagent.knowledge.index.index import IndexFolder
from custagent.testing import HashEmbedder
from tests.knowledge.index_damage import damage_often

CORRUPTIONS = 200
EMBEDDER = HashEmbedder(dimension=16)
WORDS = ("refund", "parcel", "warranty", "lamp", "return", "card", "invoice", "delay")
CHUNKS = [
    Chunk(id=number, location=f"{number}.md", title="Page", text=f"About the {word} number {number}.", language="en")
    for number, word in enumerate(WORDS * 5, 1)
]


def build(folder: IndexFolder) -> None:
    vectors = EMBEDDER.embed_passages([chunk.indexed_text for chunk in CHUNKS])
    folder.build(CHUNKS, vectors, embedder=EMBEDDER.name, fingerprint="f")


def answers(folder: IndexFolder) -> list[list[int]]:
    """The passages that come up for each word."""
    index = folder.load()
    assert index is not None
    return [index.vectors.search(EMBEDDER.embed_query(word), 5)[1].tolist() for word in WORDS]


def corrupt(files: list[Path], chance: random.Random) -> None:
    """Something happens to one of the files, as disks and people do it."""
    file = chance.choice(files)
    whole = file.read_bytes()
    at = chance.randrange(len(whole))
    match chance.choice(["missing", "cut", "bit", "zeros", "another's"]):
        case "missing":
            file.unlink()
        case "cut":
            file.write_bytes(whole[:at])
        case "bit":
            file.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :])
        case "zeros":
            file.write_bytes(whole[:at] + bytes(len(whole[at : at + 64])) + whole[at + 64 :])
        case "another's":
            file.write_bytes(chance.choice(files).read_bytes())


def test_no_corruption_gives_another_passage(tmp_path):
    folder, chance, told = IndexFolder(tmp_path, "ada"), random.Random(9), []
    build(folder)
    expected = answers(folder)
    kept = shutil.copytree(folder.folder, tmp_path / "kept")
    for number in range(CORRUPTIONS):
        shutil.rmtree(folder.folder)
        shutil.copytree(kept, folder.folder)
        files = [path for path in folder.folder.rglob("*") if path.is_file() and path.stat().st_size]
        before = [path.read_bytes() for path in files]
        corrupt(files, chance)
        changed = before != [path.read_bytes() if path.exists() else b"" for path in files]
        try:
            assert answers(IndexFolder(tmp_path, "ada")) == expected
        except IndexDamaged as error:
            told.append(error.hint)
        else:
            assert not changed, f"corruption {number} went unnoticed"
        if number % 20 == 0:
            build(folder)
            assert answers(folder) == expected
    assert len(told) > CORRUPTIONS * 0.9
    assert all("custagent sources sync ada" in hint for hint in told)


def test_a_damaged_index_never_answers_wrongly_and_is_made_anew(tmp_path):
    """The long form is `tests/stress/test_index_damage.py`."""
    told = damage_often(tmp_path, 40)
    assert told.wrong == []
    assert told.mended == 40
    assert told.noticed > 30, str(told)
