"""The widget's own words in every language: all there, with their plural forms, punctuated as the language does."""

from __future__ import annotations

import re
import string
from importlib.resources import files

import pytest

from custagent.channels.live_chat.bundle import module
from custagent.channels.live_chat.loader import loader
from custagent.locales import FALLBACK, catalogue, languages

STATIC = files("custagent.channels.live_chat") / "static"
#: What is told to the page around the frame by a `say` of another kind.
TO_THE_PAGE = {"close", "event", "forget", "keep", "look", "named", "ready", "unread"}
#: What scripts and pages ask for: say("key"), data-label="key", data-text="key".
ASKED = re.compile(
    r"""(?:say\(|data-(?:label|text|say|say-label)[=":\s]+)["'](\w+)["']|say\(\w+ \? "(\w+)" : "(\w+)"\)"""
)
#: CLDR's names of the forms that a whole number may need.
FORMS = {"pl": {"one", "few", "many"}}
COUNTED = ("left", "tooLong", "tooFast")
FRENCH_SIGN_WITHOUT_ITS_SPACE = re.compile(r"(?<!\u202f)[?!;:](?!//)")


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def words(language: str) -> dict[str, str]:
    return dict(catalogue(language).widget)


def test_there_are_words_for_all_that_scripts_and_pages_ask_for() -> None:
    sources = [one.read_text(encoding="utf-8") for one in STATIC.iterdir() if one.name.endswith((".js", ".html"))]
    asked = {key for source in sources for found in ASKED.findall(source) for key in found if key}
    assert len(asked) > 20
    assert asked - TO_THE_PAGE <= words(FALLBACK).keys()


@pytest.mark.parametrize("language", languages())
def test_no_word_is_missing_empty_or_left_in_english(language) -> None:
    told, english = words(language), words(FALLBACK)
    plurals = {f"{key}_{form}" for key in COUNTED for form in ("few", "many")}
    assert told.keys() - plurals == english.keys() - plurals
    for key, text in told.items():
        base = key.removesuffix("_few").removesuffix("_many")
        assert placeholders(text) == placeholders(english[base]), key
        assert text == text.strip() != "", key
        # "AI" and "Messages" may be the same words.
        sentence = len(english[base].split()) > 2
        assert language == FALLBACK or not sentence or text != english[base], key


@pytest.mark.parametrize("language", languages())
def test_every_number_has_its_form(language) -> None:
    for key in COUNTED:
        forms = {name.removeprefix(f"{key}_") for name in words(language) if name.startswith(f"{key}_")}
        assert forms == FORMS.get(language, {"one"}), key


def test_french_and_spanish_signs_stand_as_they_should() -> None:
    assert [text for text in words("fr").values() if FRENCH_SIGN_WITHOUT_ITS_SPACE.search(text)] == []
    for text in words("es").values():
        assert text.count("?") == text.count("¿"), text
        assert text.count("!") == text.count("¡"), text


@pytest.mark.parametrize("language", languages())
def test_what_is_served_has_the_words(language) -> None:
    assert words(language)["placeholder"] in module("texts.js")
    assert words(language)["launcherOpen"] in loader().decode()
    assert "{{" not in module("texts.js") + loader().decode()
