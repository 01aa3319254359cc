"""The statistics of letters: the same as the package's own model, kept smaller."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custagent.letters import cache_folder, load_letters

LANGUAGES = ["en", "sv", "da", "no", "de", "fr", "pl", "ja", "ru"]

TEXTS = [
    "Where is my order? I paid for it on Monday.",
    "Var är min beställning? Jag betalade i måndags.",
    "Hvor er min ordre? Jeg har betalt.",
    "Wo bleibt meine Bestellung, und wann kommt das Geld zurück?",
    "Où est ma commande ?",
    "Gdzie jest moje zamówienie?",
    "注文した商品はいつ届きますか",
    "Где мой заказ?",
    "WHERE IS IT",
    "a\u030a",
    "12345",
    "",
    "\ud800",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def model():
    from py3langid import langid

    identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    identifier.set_languages(LANGUAGES)
    return identifier


@pytest.mark.parametrize("text", TEXTS)
def test_says_what_the_package_says(folder: Path, model, text: str) -> None:
    clean = text.encode("utf-8", "replace").decode("utf-8")
    assert load_letters(LANGUAGES, folder).probabilities(text) == pytest.approx(dict(model.rank(clean)), abs=1e-5)


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=300))
def test_says_it_of_any_text(folder: Path, model, text: str) -> None:
    assert load_letters(LANGUAGES, folder).probabilities(text) == pytest.approx(dict(model.rank(text)), abs=1e-5)


def test_what_was_read_before_changes_nothing(folder: Path, model) -> None:
    letters = load_letters(LANGUAGES, folder)
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    for text in [*TEXTS, *lines, *TEXTS]:
        clean = text.encode("utf-8", "replace").decode("utf-8")
        assert letters.probabilities(text) == pytest.approx(dict(model.rank(clean)), abs=1e-5)


def test_what_is_remembered_of_texts_has_an_end(folder: Path) -> None:
    letters = load_letters(LANGUAGES, folder)
    once = letters.probabilities(TEXTS[0])
    many = dict.fromkeys(range(-100_000, 0), 0)
    letters.ways.update(many)
    assert letters.probabilities("På äpplen, öl och pärlor") != once
    assert len(letters.ways) < len(many)
    assert letters.probabilities(TEXTS[0]) == once


def test_the_next_process_reads_what_was_written(folder: Path) -> None:
    first = load_letters(LANGUAGES, folder)
    (kept,) = folder.iterdir()
    written = kept.stat().st_mtime_ns
    again = load_letters(list(reversed(LANGUAGES)), folder)
    assert kept.stat().st_mtime_ns == written
    assert again.probabilities(TEXTS[0]) == first.probabilities(TEXTS[0])
    assert (bytes(again.first), bytes(again.endings), again.steps) == (
        bytes(first.first), bytes(first.endings), first.steps,
    )  # fmt: skip


@pytest.mark.parametrize(
    "damage",
    [lambda held: held[:-100], lambda held: held[:100_000] + b"\1" + held[100_001:], lambda _: b"", lambda _: b"{}\n"],
    ids=["cut", "changed", "empty", "another"],
)
def test_a_damaged_cache_is_made_again(folder: Path, tmp_path: Path, damage) -> None:
    load_letters(LANGUAGES, folder)
    (kept,) = folder.iterdir()
    damaged = tmp_path / kept.name
    damaged.write_bytes(damage(kept.read_bytes()))
    assert load_letters(LANGUAGES, tmp_path).probabilities(TEXTS[1])["sv"] > 0.5
    assert damaged.read_bytes() == kept.read_bytes()
    assert list(tmp_path.iterdir()) == [damaged]


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert load_letters(LANGUAGES, tmp_path / "file" / "below").probabilities(TEXTS[0])["en"] > 0.5


def test_the_cache_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "custagent"
    monkeypatch.setenv("HOME", str(tmp_path))
    found = cache_folder({})
    assert found is not None
    assert found.parent.parent == tmp_path or "Library" in found.parts
