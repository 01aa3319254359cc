"""What every VectorCache promises. An implementation joins by a line in IMPLEMENTATIONS."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from custagent.core.ports import VectorCache
from custagent.store import Store
from custagent.testing import FrozenClock


@contextmanager
def sqlite(folder: Path) -> Iterator[VectorCache]:
    with Store(folder / "custagent.db", FrozenClock()) as store:
        yield store.vectors


IMPLEMENTATIONS: dict[str, Callable[[Path], AbstractContextManager[VectorCache]]] = {"sqlite": sqlite}


@pytest.fixture(params=IMPLEMENTATIONS)
def cache(request, tmp_path) -> Iterator[VectorCache]:
    with IMPLEMENTATIONS[request.param](tmp_path) as made:
        yield made


def test_what_was_saved_is_known(cache):
    cache.save_vectors("engine", {"a": b"\x00\x01" * 700, "b": b""})
    assert cache.vectors("engine", iter(["a", "b", "c"])) == {"a": b"\x00\x01" * 700, "b": b""}
    assert cache.vectors("engine", ["b"]) == {"b": b""}
    assert cache.vectors("engine", []) == {}


def test_engines_are_never_mixed(cache):
    cache.save_vectors("one", {"a": b"1"})
    cache.save_vectors("two", {"a": b"2"})
    assert cache.vectors("one", ["a"]) == {"a": b"1"}
    assert cache.vectors("two", ["a"]) == {"a": b"2"}
    assert cache.vectors("three", ["a"]) == {}


def test_the_last_one_counts(cache):
    cache.save_vectors("engine", {"a": b"1", "b": b"1"})
    cache.save_vectors("engine", {"a": b"2"})
    cache.save_vectors("engine", {})
    assert cache.vectors("engine", ["a", "b"]) == {"a": b"2", "b": b"1"}


def test_many_at_once(cache):
    many = {f"{number:064}": number.to_bytes(4, "little") for number in range(5000)}
    cache.save_vectors("engine", many)
    assert cache.vectors("engine", many) == many
