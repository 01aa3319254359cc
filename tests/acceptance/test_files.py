"""Files and what happens elsewhere, from end to end: the real runner, the real WhatsApp adapter, a strict provider."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

from custagent.testing.meta import FakeMeta
from tests.pictures import png

KEY = "46709000001"


@pytest.fixture(scope="module")
def meta(new_meta) -> FakeMeta:
    return new_meta(again=0.2)


@pytest.fixture(scope="module")
def house(meta, new_phone_house) -> Any:
    return new_phone_house(meta)


@pytest.fixture(scope="module")
def runner(house, meta, start) -> Iterator[Any]:
    started = start(house).ready()
    meta.reach(started.address)
    return started


@pytest.fixture(scope="module")
def came(runner, meta, house) -> str:
    """A contact sends a picture without a word: the conversation that it is in."""
    assert runner
    known = meta.keep_file(png(20, 20), "image/png")
    meta.say(KEY, {"type": "image", "image": {"id": known, "mime_type": "image/png", "sha256": ""}}, name="Ada")
    assert meta.wait_for(lambda: len(meta.replies_to(KEY)) >= 2)
    with house.rows() as rows:
        return str(rows.execute("SELECT id FROM conversations").fetchone()[0])


def test_a_picture_without_words_goes_to_people_and_is_kept_for_them(meta, house, came, wait_until):
    picture = png(20, 20)
    digest = sha256(picture).hexdigest()
    path = house.home.files_folder / digest[:2] / digest
    wait_until(path.is_file)
    assert path.read_bytes() == picture
    with house.rows() as rows:
        reasons = [row[0] for row in rows.execute("SELECT reason FROM messages WHERE sender = 'agent' ORDER BY id")]
    assert reasons[-1] == "attachment"
    assert len(meta.replies_to(KEY)) == 2, "that an AI answers, and that a person will look at it"
    shown = house.custagent("conversations", "show", came).stdout
    assert "attached: " in shown
    assert "1 KB" in shown


def test_it_goes_with_the_contact(house, came, wait_until):
    assert came
    folder = house.home.files_folder
    wait_until(lambda: any(path.is_file() for path in folder.rglob("*")))
    erased = house.custagent("privacy", "erase", f"+{KEY}", "--yes")
    assert erased.returncode == 0, erased.stderr
    assert not any(path.is_file() for path in folder.rglob("*"))
