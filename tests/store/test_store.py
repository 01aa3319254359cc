"""The store as a whole: its parts are made when they are asked for, each once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from custagent.store.store import Store
from custagent.testing import FrozenClock


def parts(store: Store) -> set[str]:
    """What has been made so far."""
    return {name for name, value in vars(store).items() if type(value).__module__.startswith("custagent.store.")}


def test_a_part_is_made_when_it_is_first_asked_for(tmp_path: Path) -> None:
    with Store(tmp_path / "custagent.db", FrozenClock()) as store:
        before = parts(store)
        assert store.ledger.entries() == ()
        assert parts(store) - before == {"ledger"}


def test_load_makes_all_of_them(tmp_path: Path) -> None:
    with Store(tmp_path / "custagent.db", FrozenClock()) as store:
        store.load()
        missing = {name for name, made in vars(Store).items() if hasattr(made, "attrname")} - set(vars(store))
        assert missing == set()
        assert {"documents", "outbox", "lease", "sign_in"} <= parts(store)


def test_threads_that_ask_at_once_get_the_same_part(tmp_path: Path) -> None:
    with Store(tmp_path / "custagent.db", FrozenClock()) as store, ThreadPoolExecutor(8) as pool:
        assert len({id(part) for part in pool.map(lambda _: store.conversations, range(8))}) == 1


def test_a_store_that_never_ran_has_no_lease_to_close(tmp_path: Path) -> None:
    store = Store(tmp_path / "custagent.db", FrozenClock())
    store.close()
    assert "lease" not in vars(store)
