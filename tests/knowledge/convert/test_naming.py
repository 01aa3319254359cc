"""Titles from file names, languages from declarations and texts."""

from __future__ import annotations

import pytest

from custagent.knowledge.convert.naming import code_of, language_of, readable

SWEDISH = "Paketet lämnar lagret nästa arbetsdag och kommer fram till dig inom tre dagar. " * 4


@pytest.mark.parametrize(
    ("location", "title"),
    [
        ("content/return-policy_2024.md", "Return policy 2024"),
        ("https://x.example/help/how%20to-pay.html?a=1", "How to pay"),
        ("https://x.example/help/returns/index.html", "Returns"),
        ("https://x.example/", "x.example"),
        ("README", "README"),
        ("---.txt", "---.txt"),
    ],
)
def test_readable(location, title):
    assert readable(location) == title


@pytest.mark.parametrize(
    ("declared", "code"),
    [("sv", "sv"), ("pt-BR", "pt"), ("EN_us", "en"), ("nn-NO", "nb"), ("", ""), ("english", ""), ("de, en", "de")],
)
def test_code_of(declared, code):
    assert code_of(declared) == code


@pytest.mark.parametrize(
    ("text", "declared", "hint", "language"),
    [
        (SWEDISH, "", "", "sv"),
        (SWEDISH, "sv", "en", "sv"),
        (SWEDISH, "en", "", "sv"),
        (SWEDISH, "da", "", "da"),
        (SWEDISH, "is", "", "is"),
        ("Kort text", "en", "sv", "en"),
        ("OK", "", "fi", "fi"),
        ("123", "", "", "en"),
    ],
)
def test_language_of(text, declared, hint, language):
    assert language_of(text, declared=declared, hint=hint) == language
