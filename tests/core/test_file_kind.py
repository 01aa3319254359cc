"""The kinds of file, one list for who checks the YAML and who reads the files."""

from __future__ import annotations

from custagent.core.file_kind import BY_MEDIA_TYPE, BY_SUFFIX, Kind
from custagent.knowledge.convert.kind import READ, is_known


def test_every_kind_has_a_suffix_and_what_is_told_of_it_is_read() -> None:
    assert set(BY_SUFFIX.values()) == set(Kind)
    assert set(BY_MEDIA_TYPE.values()) <= set(Kind)
    told = READ.replace(" and ", ", ").split(", ")
    assert {f".{suffix}" for suffix in told} <= set(BY_SUFFIX)
    assert all(is_known(f"Manual{suffix.upper()}") for suffix in BY_SUFFIX)
