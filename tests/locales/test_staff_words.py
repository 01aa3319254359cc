"""What people who work here are told, in every language: all there, nothing left over, and no word outside these files."""

from __future__ import annotations

import ast
import dataclasses
import re
import string
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from html import unescape
from importlib.resources import files
from itertools import product

import pytest

from custagent.answer.understanding.triggers import Triggers
from custagent.core.answer import DecisionKind, Reason
from custagent.core.conversation import Outcome, Status
from custagent.core.message import DeliveryStatus
from custagent.locales import FALLBACK, languages
from custagent.locales.staff import StaffWords, language_of, staff_languages, staff_words
from custagent.store.conversations.queue import View

INBOX = files("custagent.runtime.web.inbox_web")
REMARKS = re.compile(r"\{#.*?#\}", re.DOTALL)
TEMPLATES = {one.name: REMARKS.sub("", one.read_text(encoding="utf-8")) for one in (INBOX / "templates").iterdir()}
SCRIPTS = {
    one.name: one.read_text(encoding="utf-8") for one in (INBOX / "static").iterdir() if one.name.endswith(".js")
}
TABLES = [one.name for one in dataclasses.fields(StaffWords) if str(one.type).startswith("Mapping")]
#: What stands on pages in all languages alike: names of keys, and signs.
ALIKE = re.compile(r"<kbd>[^<]*</kbd>")
EXPRESSIONS = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
TAGS = re.compile(r"<(?:\"[^\"]*\"|'[^']*'|[^<>])*>", re.DOTALL)
#: What is read aloud or shown of a tag.
SHOWN = re.compile(r"(?:title|aria-label|placeholder|alt)=\"([^\"]*)\"")
WORD = re.compile(r"[^\W\d_]{2,}")
FRENCH_SIGN_WITHOUT_ITS_SPACE = re.compile(r"(?<![\u202f\d\w])[?!;:](?!//)|(?<=[^\W\d])[?!;:](?!//)")


def tables(language: str) -> Mapping[str, Mapping[str, str]]:
    words = staff_words(language)
    return {name: getattr(words, name) for name in TABLES}


def texts(language: str) -> Iterator[tuple[str, str]]:
    for name, table in tables(language).items():
        yield from ((f"[{name}] {key}", text) for key, text in table.items())


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_language_of_the_product_has_its_words() -> None:
    assert staff_languages() == languages()
    with pytest.raises(KeyError):
        staff_words("xx")


@pytest.mark.parametrize("language", languages())
def test_no_word_is_missing_empty_or_left_in_english(language) -> None:
    english, told = dict(texts(FALLBACK)), dict(texts(language))
    assert told.keys() == english.keys()
    for key, text in told.items():
        assert text == text.strip() != "", key
        assert placeholders(text) == placeholders(english[key]), key
        assert re.findall(r"\[(\w|\?|Enter)\]", text) == re.findall(r"\[(\w|\?|Enter)\]", english[key]), key
        assert text.count("[") == english[key].count("["), key
        # "Team {name}" may be the same words; a sentence is not.
        assert language == FALLBACK or len(WORD.findall(text)) < 4 or text != english[key], key


@pytest.mark.parametrize("language", languages())
def test_moments_have_their_words(language) -> None:
    words = staff_words(language)
    assert (len(words.months), len(words.weekdays), len(words.weekdays_in_short)) == (12, 7, 7)
    assert all(len(set(named)) == len(named) for named in (words.months, words.weekdays, words.weekdays_in_short))
    at = datetime(2026, 11, 3, 9, 5, tzinfo=UTC)
    assert "2026" in words.day(at)
    for moment in (words.moment(at), words.moment_of_year(at), words.moment_of_week(at)):
        assert "03" in moment
        assert words.months[10] in moment
        assert "09:05" in moment
    assert words.moment_of_week(at).startswith(words.weekdays_in_short[1])


def test_moments_are_written_as_the_language_does() -> None:
    at = datetime(2026, 11, 3, 9, 5, tzinfo=UTC)
    assert [staff_words(one).moment_of_year(at) for one in ("en", "sv", "de", "fi")] == [
        "03 Nov 2026 09:05", "03 nov. 2026 09:05", "03. Nov. 2026 09:05", "03.11.2026 09:05",
    ]  # fmt: skip


def test_lengths_are_short() -> None:
    words = staff_words("de")
    lengths = [timedelta(seconds=-5), timedelta(minutes=59), timedelta(hours=47, minutes=59), timedelta(days=2)]
    assert [words.length(one) for one in lengths] == ["0 Min.", "59 Min.", "47 Std.", "2 T."]


@pytest.mark.parametrize("language", languages())
def test_everything_that_can_be_told_has_words(language) -> None:
    words = staff_words(language)
    assert set(words.views) == {one.value for one in View}
    assert set(words.status) == {one.value for one in Status}
    assert set(words.outcome) == {one.value for one in Outcome}
    assert set(words.delivery) == {one.value for one in DeliveryStatus}
    assert set(words.decisions) == {one.value for one in DecisionKind}
    assert {one.value for one in Reason} <= set(words.reasons)
    assert set(words.reasons) == set(words.reasons_in_short)
    assert {field.name.replace("_", "-") for field in dataclasses.fields(Triggers)} <= set(words.triggers)


def test_french_and_spanish_signs_stand_as_they_should() -> None:
    assert [text for _, text in texts("fr") if FRENCH_SIGN_WITHOUT_ITS_SPACE.search(text.replace("[?]", ""))] == []
    for key, text in texts("es"):
        assert text.replace("[?]", "").count("?") == text.count("¿"), key
        assert text.count("!") == text.count("¡"), key


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_word_of_a_page_stands_outside_the_catalogue(name) -> None:
    page = unescape(ALIKE.sub("", EXPRESSIONS.sub("", TEMPLATES[name])))
    assert WORD.findall(TAGS.sub("", page)) == []
    assert [word for shown in SHOWN.findall(page) for word in WORD.findall(shown)] == []
    # What an expression says itself is a value of ours: a name, never a sentence.
    said = [text for one in EXPRESSIONS.findall(TEMPLATES[name]) for text in re.findall(r"\"([^\"]*)\"", one)]
    assert [text for text in said if " " in text.strip(";, ") or text[:1].isupper()] == []


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_word_of_a_script_stands_outside_the_catalogue(name) -> None:
    script = re.sub(r"//.*|/\*.*?\*/", "", SCRIPTS[name])
    # Selectors have blanks, too, but no sentence ends in them, and none begins with a capital letter.
    quoted = [text for found in re.findall(r"\"([^\"]*)\"|`([^`]*)`", script) for text in found if text]
    keys = {"ArrowDown", "ArrowUp", "Enter", "Escape", "Notification", "POST", "Tab"}
    assert [text for text in quoted if text[:1].isupper() and text not in keys] == []
    assert [text for text in quoted if text.endswith((".", "…", "!", "?")) and WORD.search(text)] == []


@pytest.mark.parametrize("name", ["pages", "me", "why"])
def test_no_words_for_people_stand_in_the_code_of_the_pages(name) -> None:
    tree = ast.parse((INBOX / f"{name}.py").read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    told = {id(one.body[0].value) for one in ast.walk(tree) if isinstance(one, documented) and _documents(one.body[0])}
    constants = [one for one in ast.walk(tree) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    sentences = {one.value for one in constants if id(one) not in told and re.search(r"[a-zA-Z,.] [a-zA-Z]", one.value)}
    # What headers hold is for browsers.
    assert sentences <= {"private, max-age=300", "default-src 'none'; sandbox"}


def _documents(first: ast.stmt) -> bool:
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)


def test_every_word_is_said_somewhere() -> None:
    pages, scripts = "".join(TEMPLATES.values()), "".join(SCRIPTS.values())
    code = "".join(one.read_text(encoding="utf-8") for one in INBOX.iterdir() if one.name.endswith(".py"))
    around = files("custagent.runtime")
    code += "".join(
        (around / name).read_text(encoding="utf-8") for name in ("inbox/attachments.py", "runner/channel_states.py")
    )
    english = tables(FALLBACK)
    code += (files("custagent.locales.staff") / "__init__.py").read_text(encoding="utf-8")
    unsaid = [key for key in english["page"] if f"say.{key}" not in pages and not key.endswith("_since")]
    unsaid += [key for key in english["script"] if f'"{key}"' not in scripts]
    done = ("done_", "away_until", "off_hours_until")
    unsaid += [
        key for name, key in product(("told", "refused"), english["told"] | english["refused"])
        if key in english[name] and f'"{key}"' not in code and not key.startswith(done)
    ]  # fmt: skip
    assert unsaid == []


def test_whoever_speaks_a_language_is_spoken_to_in_it() -> None:
    assert language_of(["sv", "en"], "", "de") == "sv"
    # The browser chooses among the languages that somebody speaks.
    assert language_of(["sv", "en"], "en-GB,en;q=0.9", "de") == "en"
    assert language_of(["sv"], "en-GB,en;q=0.9", "de") == "sv"
    assert language_of(["sv", "fr"], "fr;q=0.5, sv;q=0.8", "de") == "sv"


def test_without_a_language_the_browser_tells_it_or_the_workspace() -> None:
    assert language_of([], "fr-CH, fr;q=0.9, de;q=0.7", "sv") == "fr"
    assert language_of([], "ja, ko;q=0.4", "sv") == "sv"
    assert language_of(["ja"], "", "sv") == "sv"
    assert language_of([], "", "ja") == "en"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("no", "nb"), ("nn-NO, en;q=0.1", "nb"), ("de;q=0, fr;q=0.1", "fr"), ("de;q=high", "de"), (";;;,,,=", "it"),
        ("*", "it"), ("DE-at", "de"), ("de;q=-1", "it"), ("x" * 10_000, "it"), ("de;q=nan", "it"),
    ],
)  # fmt: skip
def test_any_header_is_read(header, language) -> None:
    assert language_of([], header, "it") == language
