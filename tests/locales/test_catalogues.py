"""All catalogues say the same things: a language with a key missing would fail when a contact first needs it."""

from __future__ import annotations

import string
import tomllib
from importlib.resources import files

import pytest

from custagent.answer.triggers import plain
from custagent.core.agent import Messages, Personality, Role
from custagent.locales import FALLBACK, Catalogue, catalogue, languages, nearest

LANGUAGES = languages()
#: Tables whose keys are words of the language itself.
OWN_WORDS = {"numbers"}


def raw(language: str) -> dict:
    return tomllib.loads((files("custagent.locales") / f"{language}.toml").read_text(encoding="utf-8"))


def keys(table: dict, prefix: str = "") -> set[str]:
    found = set()
    for key, value in table.items():
        found.add(f"{prefix}{key}")
        if isinstance(value, dict) and key not in OWN_WORDS:
            found |= keys(value, f"{prefix}{key}.")
    return found


def texts(language: str) -> dict[str, str]:
    """Every text that contacts read, by its key."""
    table = raw(language)
    flat = {f"{part}.{key}": text for part in ("messages", "compose", "lead_in") for key, text in table[part].items()}
    return flat | {f"{role}.{key}": text for role, told in table["role_messages"].items() for key, text in told.items()}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_english_and_swedish_are_there():
    assert {"en", "sv"} <= set(LANGUAGES)
    assert list(LANGUAGES) == sorted(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_catalogue_has_the_keys_of_the_english_one_and_no_others(language):
    assert keys(raw(language)) == keys(raw(FALLBACK))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_says_something_with_the_same_placeholders(language):
    english = texts(FALLBACK)
    for key, text in texts(language).items():
        assert text.strip() == text
        assert text
        assert placeholders(text) == placeholders(english[key]), key
    assert language == FALLBACK or texts(language) != english


def test_there_is_a_text_for_whatever_agents_may_write_and_for_every_tone():
    assert set(raw(FALLBACK)["messages"]) == set(Messages.model_fields)
    assert set(raw(FALLBACK)["lead_in"]) == {"plain", *Personality}
    assert set(raw(FALLBACK)["role_messages"]) <= set(Role)
    assert set(raw(FALLBACK)["role_handoff"]) <= set(Role)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_a_name_in_every_language(language):
    assert set(LANGUAGES) <= set(catalogue(language).languages)


def phrases(texts: Catalogue) -> dict[str, tuple[str, ...]]:
    return {
        "greetings": texts.greetings, "thanks": texts.thanks, "goodbyes": texts.goodbyes,
        "acknowledgements": texts.acknowledgements, "fillers": texts.fillers, "person": texts.person,
        "person_alone": texts.person_alone, "follow_up_starts": texts.follow_up_starts,
        "empty_pronouns": texts.empty_pronouns, "agreement": texts.agreement,
        "ordinals": tuple(word for place in texts.ordinals for word in place),
        "role_handoff": tuple(phrase for told in texts.role_handoff.values() for phrase in told),
    }  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_phrases_are_there_once_and_in_words(language):
    for kind, told in phrases(catalogue(language)).items():
        assert told, kind
        read = [plain(phrase) for phrase in told]
        assert all(read), kind
        assert len(set(read)) == len(read), kind


@pytest.mark.parametrize("language", LANGUAGES)
def test_small_talk_of_one_kind_is_not_of_another(language):
    told = phrases(catalogue(language))
    kinds = [set(map(plain, told[kind])) for kind in ("greetings", "thanks", "goodbyes", "acknowledgements", "fillers")]
    assert sum(map(len, kinds)) == len(set.union(*kinds))


@pytest.mark.parametrize("language", LANGUAGES)
def test_single_words_are_single_words_and_numbers_have_digits(language):
    texts = catalogue(language)
    for word in (*texts.pronouns, *texts.negations, *texts.stop_words, *texts.numbers):
        assert plain(word) == word
        assert " " not in word
    assert all(digits.isdigit() for digits in texts.numbers.values())
    assert len(texts.ordinals) == 3


def test_the_nearest_catalogue_is_the_first_that_there_is():
    assert nearest("eo", "sv", "en").language == "sv"
    assert nearest("eo", "").language == FALLBACK
    with pytest.raises(KeyError):
        catalogue("eo")
