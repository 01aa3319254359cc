"""Catalogues are parsed once and kept beside their file, as compiled modules are."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

import pytest

from custagent.locales.catalogue_file import read


@pytest.fixture
def file(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    place = tmp_path / "xx.toml"
    place.write_text('[a]\nwords = ["é", "b"]\n', encoding="utf-8")
    return place


def kept(file: Path) -> list[Path]:
    return sorted(file.parent.glob("__pycache__/*"))


def test_what_is_kept_is_what_was_parsed(file):
    first, second = read(file), read(file)
    assert first == second == tomllib.loads(file.read_text(encoding="utf-8"))
    assert [one.suffix for one in kept(file)] == [".marshal"]


def test_the_second_time_nothing_is_parsed(file, monkeypatch):
    before = read(file)
    state = file.stat()
    file.write_text("#" * state.st_size, encoding="utf-8")
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert read(file) == before


def test_a_file_that_was_changed_is_parsed_anew(file):
    read(file)
    file.write_text('[a]\nwords = ["c"]\n# longer than before', encoding="utf-8")
    assert read(file) == {"a": {"words": ["c"]}}
    assert read(file) == {"a": {"words": ["c"]}}


@pytest.mark.parametrize("damage", [b"", b"\x00garbage", b"i\x01\x00\x00\x00", b"N"])
def test_a_damaged_copy_is_replaced(file, damage):
    before = read(file)
    kept(file)[0].write_bytes(damage)
    assert read(file) == before
    assert kept(file)[0].read_bytes() != damage


def test_nothing_is_written_where_python_is_told_to_keep_nothing(file, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert read(file)["a"]
    assert kept(file) == []


def test_a_place_that_cannot_be_written_to_is_no_fault(file):
    (file.parent / "__pycache__").write_text("in the way", encoding="utf-8")
    assert read(file)["a"]


def test_each_caller_has_tables_of_its_own(file):
    read(file)["a"]["words"].clear()
    assert read(file)["a"]["words"]
