"""All catalogues say the same things: a language with a key missing would fail when a contact first needs it."""

from __future__ import annotations

import re
import string
import tomllib
from importlib.resources import files

import pytest

from custagent.answer.spoken import plain
from custagent.core.agent import Messages, Role
from custagent.language import DETECTED, detect
from custagent.locales import FALLBACK, Catalogue, catalogue, languages, nearest

LANGUAGES = languages()
#: Tables whose keys are words of the language itself.
OWN_WORDS = {"numbers"}
#: Forms for numbers, which languages have in different number.
PLURALS = {f"widget.{key}_{form}" for key in ("left", "tooFast", "tooLong") for form in ("few", "many")}


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
    flat = {f"{part}.{key}": text for part in ("messages", "compose") for key, text in table[part].items()}
    flat |= told(tomllib.loads((files("custagent.locales.tones") / f"{language}.toml").read_text(encoding="utf-8")))
    return flat | {
        f"role_messages.{role}.{key}": text
        for role, said in table["role_messages"].items()
        for key, text in said.items()
    }


def told(table: dict, prefix: str = "tones.") -> dict[str, str]:
    """The ways to say things by personality: each by its tone, role, key and place."""
    flat = {}
    for key, value in table.items():
        if isinstance(value, dict):
            flat |= told(value, f"{prefix}{key}.")
        elif key != "agreeing":
            flat |= {f"{prefix}{key}.{place}": text for place, text in enumerate(value)}
    return flat


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_promised_language_is_there():
    # ANS-6
    assert {"en", "sv", "de", "fr", "es", "pt", "it", "nl", "da", "nb", "fi", "pl"} <= set(LANGUAGES)
    assert list(LANGUAGES) == sorted(LANGUAGES)
    assert set(LANGUAGES) <= DETECTED


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_how_it_runs(language):
    assert catalogue(language).direction in {"ltr", "rtl"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_catalogue_has_the_keys_of_the_english_one_and_no_others(language):
    assert keys(raw(language)) - PLURALS == keys(raw(FALLBACK)) - PLURALS


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_says_something_with_the_same_placeholders(language):
    english = texts(FALLBACK)
    for key, text in texts(language).items():
        assert text.strip() == text
        assert text
        assert placeholders(text) == placeholders(english[key]), key


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != FALLBACK])
def test_no_text_was_left_in_english_or_is_of_another_length(language):
    english = texts(FALLBACK)
    for key, text in texts(language).items():
        assert text != english[key], key
        # A few words may be twice as long in another language.
        assert 0.5 * len(english[key]) <= len(text) <= 1.8 * len(english[key]) + 10, key
        if len(text.split()) > 5:
            assert detect(text)[0] != FALLBACK, text
            assert detect(text, language)[0] == language, text


#: What stands before each sign, and what encloses a quotation, by the rules of the language.
QUOTES = {
    "en": "“”", "sv": "””", "de": "„“", "fr": "«»", "es": "«»", "pt": "“”", "it": "«»", "nl": "‘’", "da": "»«", "nb": "«»",
    "fi": "””", "pl": "„”",
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_languages_own_signs_are_used(language):
    opening, closing = QUOTES[language]
    assert re.search(rf"{opening}\W?\{{topic\}}\W?{closing}", texts(language)["compose.sample"])
    for key, text in texts(language).items():
        assert '"' not in text, key
        assert "..." not in text, key
        assert "'" not in text or language == FALLBACK, key
        # In French a narrow space that does not break stands before these signs and inside quotation marks.
        assert (re.search(r"(?<!\u202f)[?!:;»]|«(?!\u202f)", text) is None) or language != "fr", key
        assert "\u202f" not in text or language == "fr", key
        assert (text.count("?"), text.count("!")) == (text.count("¿"), text.count("¡")) or language != "es", key


@pytest.mark.parametrize(
    ("language", "formal", "familiar"),
    [
        ("de", r"\b(Sie|Ihnen|Ihr\w*)\b", r"\b(du|dir|dich|dein\w*|euch)\b"),
        ("fr", r"\bvous\b|\bvo(s|tre)\b", r"\b(tu|te|toi|ton|ta|tes)\b"),
        ("es", r"\b(le|usted|su)\b|arle\b", r"\b(tú|te|ti|tu|tus)\b"),
        ("it", r"\b(la|le|lei|sua?)\b|arla\b", r"\b(tu|ti|te|tuo|tua)\b"),
        ("nl", r"\b(u|uw)\b", r"\b(je|jij|jou|jouw|jullie)\b"),
        ("sv", r"\b(du|dig|din|ditt)\b", r"\b(ni|er|ert)\b"),
        ("da", r"\b(du|dig|din|dit)\b", r"\b(De|Dem|Deres)\b"),
        ("nb", r"\b(du|deg|din|ditt)\b", r"\b(De|Dem|Deres)\b"),
    ],
)
def test_contacts_are_addressed_in_one_way(language, formal, familiar):
    told = " ".join(texts(language).values())
    assert re.search(formal, told)
    assert re.search(familiar, told) is None


def test_there_is_a_text_for_whatever_agents_may_write():
    assert set(raw(FALLBACK)["messages"]) == set(Messages.model_fields)
    assert set(raw(FALLBACK)["role_messages"]) <= set(Role)
    assert set(raw(FALLBACK)["role_handoff"]) <= set(Role)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_a_name_in_every_language(language):
    assert set(LANGUAGES) <= set(catalogue(language).languages)


def phrases(texts: Catalogue) -> dict[str, tuple[str, ...]]:
    return {
        "greetings": texts.greetings, "thanks": texts.thanks, "goodbyes": texts.goodbyes,
        "acknowledgements": texts.acknowledgements, "fillers": texts.fillers,
        "follow_up_starts": texts.follow_up_starts, "empty_pronouns": texts.empty_pronouns,
        "agreement": texts.agreement, "refusal": texts.refusal, "curses": texts.curses, "complaints": texts.complaints,
        "urgent": texts.urgent,
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
    for word in (*texts.pronouns, *texts.negations):
        assert plain(word) == word
        assert " " not in word
    # Search reads hyphens and ß as they are.
    for word in (*texts.stop_words, *texts.numbers, *texts.cues):
        assert word == word.lower()
        assert re.fullmatch(r"[^\W\d_]+(['-][^\W\d_]+)*", word), word
    assert all(digits.isdigit() for digits in texts.numbers.values())
    assert len(texts.ordinals) == 3


def test_the_nearest_catalogue_is_the_first_that_there_is():
    assert nearest("eo", "sv", "en").language == "sv"
    assert nearest("eo", "").language == FALLBACK
    with pytest.raises(KeyError):
        catalogue("eo")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_choice_by_its_place_is_one_choice(language):
    places = [set(map(plain, words)) for words in catalogue(language).ordinals]
    assert sum(map(len, places)) == len(set.union(*places))


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_are_known_to_a_thousand(language):
    values = {int(digits) for digits in catalogue(language).numbers.values()}
    assert set(range(2, 17)) | {20, 30, 40, 50, 60, 100, 1000} <= values
