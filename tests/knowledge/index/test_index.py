"""Index generations: swapped at once, killed without harm, refused when anything about them was changed."""

import json
import shutil
import signal
import subprocess
import sys
import textwrap
from hashlib import sha256
from pathlib import Path
from threading import Barrier, Thread

import numpy as np
import pytest

from custagent.core.document import Chunk
from custagent.core.errors import IndexDamaged
from custagent.knowledge.index.index import IndexFolder, Live
from custagent.testing import HashEmbedder

EMBEDDER = HashEmbedder(dimension=8)
FILES = ["chunks.npy", "manifest.json", "vectors.faiss", "words.json", "words.npz"]


def chunks(*texts: str, first: int = 1) -> list[Chunk]:
    return [
        Chunk(id=number, location=f"{number}.md", title="Page", text=text, language="en")
        for number, text in enumerate(texts, first)
    ]


def build(folder: IndexFolder, *texts: str, fingerprint: str = "f"):
    made = chunks(*texts)
    vectors = EMBEDDER.embed_passages([chunk.indexed_text for chunk in made])
    return folder.build(made, vectors, embedder="hash", fingerprint=fingerprint)


@pytest.fixture
def folder(tmp_path) -> IndexFolder:
    return IndexFolder(tmp_path, "ada")


def live_files(folder: IndexFolder) -> Path:
    return folder.folder / f"{folder.generation():06d}"


def generations(folder: IndexFolder) -> list[str]:
    return sorted(path.name for path in folder.folder.iterdir() if path.is_dir())


def assert_damaged(folder: IndexFolder) -> IndexDamaged:
    with pytest.raises(IndexDamaged) as caught:
        folder.load()
    assert "ada" in caught.value.message
    assert "custagent sources sync ada" in caught.value.hint
    return caught.value


def test_before_the_first_build_there_is_nothing(folder):
    assert folder.generation() == 0
    assert folder.live() is folder.load() is folder.manifest() is None


def test_what_was_built_is_live_and_whole(folder):
    manifest = build(folder, "one bike", "two lamps", fingerprint="f1")
    index = folder.load()
    assert index is not None
    assert index.manifest == manifest == folder.manifest()
    assert (manifest.agent, manifest.generation, manifest.chunks, manifest.dimension) == ("ada", 1, 2, 8)
    assert (manifest.embedder, manifest.fingerprint) == ("hash", "f1")
    assert index.chunk_ids.tolist() == [1, 2]
    assert index.live == folder.live() == Live(generation=1, checksum=index.live.checksum)
    assert [one.language for one in index.postings] == ["en"]
    expected = EMBEDDER.embed_passages([chunk.indexed_text for chunk in chunks("one bike", "two lamps")])
    assert np.array_equal(index.vectors.reconstruct_n(0, 2), expected)


def test_an_index_of_nothing(folder):
    folder.build([], np.empty((0, 0), dtype=np.float32), embedder="hash", fingerprint="f")
    index = folder.load()
    assert index is not None
    assert (index.manifest.chunks, len(index.chunk_ids), index.vectors.ntotal, index.postings) == (0, 0, 0, [])


def lexical(folder: IndexFolder, query: str) -> list[float]:
    index = folder.load()
    scores = np.zeros(index.manifest.chunks, dtype=np.float32)
    for postings in index.postings:
        postings.add_scores(query, scores)
    return scores.tolist()


def test_the_words_of_a_pages_title_count_less_than_those_of_its_headings(folder):
    usual = {"location": "a.md", "text": "it opens at nine", "language": "en"}
    made = [
        Chunk(id=1, title="lamp", heading="shop", **usual),
        Chunk(id=2, title="shop", heading="lamp", **usual),
        Chunk(id=3, title="lamp", heading="lamp", **usual),
        Chunk(id=4, title="lamp", question="lamp", **usual),
    ]
    folder.build(made, EMBEDDER.embed_passages(["x"] * 4), embedder="hash", fingerprint="f")
    title, heading, both, question = lexical(folder, "lamp")
    assert 0 < title < heading
    assert both > heading, "said once where title and heading are the same, in a shorter text"
    assert question == both, "a short answer's question is its title, and what is asked for"


def test_agents_do_not_see_each_other(tmp_path):
    build(IndexFolder(tmp_path, "ada"), "one")
    assert IndexFolder(tmp_path, "bob").load() is None


def test_the_generation_before_is_kept_for_readers_that_are_loading_it(folder):
    for _ in range(4):
        build(folder, "one")
    assert generations(folder) == ["000003", "000004"]


def test_a_generation_that_never_went_live_does_not_take_the_place_of_the_one_before(folder):
    build(folder, "one")
    shutil.copytree(live_files(folder), folder.folder / "000002")
    build(folder, "two")
    assert generations(folder) == ["000001", "000003"]


def test_a_reader_whose_generation_is_swept_goes_on_with_the_newer_one(folder):
    class Overtaken(IndexFolder):
        """A reader that has just read `current` when two newer generations are built."""

        def live(self):
            was = super().live()
            if self.generations_to_come:
                self.generations_to_come -= 1
                build(folder, "newer", "newest")
                build(folder, "newer", "newest")
            return was

    build(folder, "old")
    reader = Overtaken(folder.folder.parent, "ada")
    reader.generations_to_come = 1
    index = reader.load()
    assert index is not None
    assert (index.manifest.generation, index.manifest.chunks) == (3, 2)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_told(folder, name):
    build(folder, "one")
    (live_files(folder) / name).unlink()
    assert_damaged(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_was_cut_short_is_told(folder, name):
    build(folder, "one")
    file = live_files(folder) / name
    file.write_bytes(file.read_bytes()[:-1])
    assert_damaged(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_anywhere_is_told(folder, name):
    build(folder, "one", "two")
    file = live_files(folder) / name
    whole = file.read_bytes()
    for at in range(0, len(whole), max(1, len(whole) // 25)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        assert_damaged(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"dimension": 9},
        {"chunks": 3},
        {"embedder": "other"},
        {"agent": "bob"},
        {"files": {}},
        {"files": []},
        {"more": 1},
    ],
)
def test_a_manifest_that_was_edited_is_told(folder, change):
    build(folder, "one", "two")
    file = live_files(folder) / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    assert_damaged(folder)


@pytest.mark.parametrize("text", ["", "7", "seven x", "1", "-1 x", "1 x y", "\u0661 x", "99999 x", f"{'9' * 5000} x"])
def test_garbage_in_current_is_told(folder, text):
    build(folder, "one")
    (folder.folder / "current").write_text(text)
    assert_damaged(folder)


def test_a_lost_current_is_told(folder):
    build(folder, "one")
    (folder.folder / "current").unlink()
    assert_damaged(folder)


def test_the_files_of_another_agent_are_refused(tmp_path, folder):
    build(folder, "one")
    other = IndexFolder(tmp_path, "bob")
    build(other, "his")
    shutil.rmtree(live_files(folder))
    shutil.copytree(live_files(other), folder.folder / "000001")
    assert_damaged(folder)


def test_an_index_of_another_format_says_so(folder):
    build(folder, "one")
    file = live_files(folder) / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"format": 99}))
    (folder.folder / "current").write_text(f"1 {sha256(file.read_bytes()).hexdigest()}")
    assert "format 99" in assert_damaged(folder).message


@pytest.mark.parametrize("damage", ["current", "manifest.json", "vectors.faiss"])
def test_a_damaged_index_can_be_built_anew(folder, damage):
    build(folder, "one")
    (folder.folder / damage if damage == "current" else live_files(folder) / damage).write_text("garbage")
    build(folder, "one", "two")
    index = folder.load()
    assert index is not None
    assert index.manifest.chunks == 2


def test_removed_and_built_again_is_another_index(folder):
    build(folder, "one")
    before = folder.live()
    folder.remove()
    assert folder.load() is None
    build(folder, "two")
    assert folder.live() != before
    folder.remove()
    folder.remove()


def test_a_folder_that_takes_no_files_is_told_in_words(tmp_path):
    (tmp_path / "ada").write_text("a file where the folder should be")
    with pytest.raises(IndexDamaged, match="cannot be written") as caught:
        build(IndexFolder(tmp_path, "ada"), "one")
    assert "custagent sources sync ada" in caught.value.hint


def test_two_builders_at_once_take_turns(tmp_path):
    folders = [IndexFolder(tmp_path, "ada") for _ in range(4)]
    start = Barrier(len(folders))

    def work(folder: IndexFolder) -> None:
        start.wait()
        build(folder, "one", "two")

    threads = [Thread(target=work, args=[folder]) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert folders[0].generation() == 4
    assert folders[0].load() is not None
    assert generations(folders[0]) == ["000003", "000004"]


#: Builds the second generation and is killed at one of its steps.
KILLED = """
    import os, signal, sys
    from pathlib import Path
    import numpy as np
    from custagent.core.document import Chunk
    from custagent.knowledge.index.index import IndexFolder

    def killed(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)

    step = sys.argv[2]
    if step == "files":
        np.savez = killed
    elif step == "rename":
        Path.rename = killed
    else:
        replace = Path.replace
        went_live = lambda new: new.name.startswith("current") and not new.read_text().startswith("0 ")
        Path.replace = lambda new, to: killed() if went_live(new) else replace(new, to)
    chunk = Chunk(id=9, location="9.md", title="Page", text="new", language="en")
    vectors = np.ones((1, 8), dtype=np.float32)
    IndexFolder(Path(sys.argv[1]), "ada").build([chunk], vectors, embedder="hash", fingerprint="new")
"""


@pytest.mark.parametrize("step", ["files", "rename", "current"])
def test_killed_in_the_middle_the_old_one_stays_live(tmp_path, folder, step):
    build(folder, "old")
    before = folder.live()
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(KILLED), tmp_path, step], check=False)
    assert done.returncode == -signal.SIGKILL
    assert folder.live() == before
    index = folder.load()
    assert index is not None
    assert index.chunk_ids.tolist() == [1]
    build(folder, "new")
    left = sorted(path.name for path in folder.folder.iterdir())
    assert left == ["000001", f"{folder.generation():06d}", "current", "lock"], "nothing half-finished is left"


@pytest.mark.parametrize("step", ["rename", "current"])
def test_killed_at_the_very_first_build_nothing_is_live(tmp_path, folder, step):
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(KILLED), tmp_path, step], check=False)
    assert done.returncode == -signal.SIGKILL
    assert folder.load() is None
    build(folder, "new")
    assert folder.load() is not None
