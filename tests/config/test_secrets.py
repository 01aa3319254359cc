"""Secrets are resolved by name, recognised when written down, and never repeated."""

from __future__ import annotations

import pytest

from custagent.config.secrets import (
    in_clear_text,
    is_random,
    is_secret_key,
    looks_like_variable,
    looks_secret,
    resolve,
    resolve_all,
    scrub,
)
from custagent.core.errors import ConfigError

#: Put together here, so that no tool takes this file for a leak.
TOKENS = [
    "sk-" + "proj-abcDEF0123456789abcDEF",
    "sk-" + "abcdefghijklmnop1234",
    "sk_" + "live_abcdef0123456789",
    "EAA" + "GabcDEF0123456789abcDEF0123",
    "xoxb-" + "123456789012-abcdefABCDEF",
    "AKIA" + "ABCDEFGHIJKLMNOP",
    "ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789",
    "github_pat_" + "11ABCDEFG0abcdefghijkl_x",
    "glpat-" + "abcdefghij0123456789",
    "AIza" + "SyA0123456789abcdefghijklmnopqrstuv",
    "SG." + "abcdefghijklmnopqr.abcdefghijklmnopqr",
    "eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxMjM0.abc_DEF",
    "-----BEGIN " + "RSA PRIVATE KEY-----",
]


@pytest.mark.parametrize("token", TOKENS)
def test_known_shapes_are_found_where_they_stand(token: str) -> None:
    (found,) = in_clear_text(f"# old: {token} #")
    assert (found.start, found.end) == (7, 7 + len(token))
    assert token not in repr(found)


@pytest.mark.parametrize("address", ["https://anna:hunter2@example.com/x", "imap://me%40x:p@h"])
def test_a_password_in_an_address(address: str) -> None:
    assert [found.kind for found in in_clear_text(address)] == ["password in a web address"]


@pytest.mark.parametrize(
    "text",
    [
        "", "${OPENAI_API_KEY}", "risk-management-for-everybody", "https://example.sk/sk-kontakt-a-informacie-2026",
        "ask-anything-you-like-0123456789", "https://example.com:8080/a@b", "https://${USER}:${PASSWORD}@example.com/",
        "EAA is short", "AKIAN words", "anna@example.com", "sk-short", "2026-12-01",
    ],
)  # fmt: skip
def test_ordinary_text_is_no_secret(text: str) -> None:
    assert not list(in_clear_text(text))


def test_resolving_gives_the_value() -> None:
    assert resolve("${KEY}", {"KEY": "v"}) == "v"


@pytest.mark.parametrize("environment", [{}, {"KEY": ""}])
def test_resolving_names_the_variable_that_is_missing(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="environment variable KEY is not set") as caught:
        resolve("${KEY}", environment | {"OTHER": "s3cret"})
    assert "export KEY=" in caught.value.hint
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("text", ["hunter2", "$KEY", "${KEY", "x${KEY}", "${1KEY}"])
def test_resolving_never_repeats_what_is_no_reference(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(text, {"KEY": "v"})
    assert text not in str(caught.value) + caught.value.hint


def test_scrubbing_takes_every_spelling_longest_first() -> None:
    text = "key abc/123 and abc%2F123 and abc/123456, not abc"
    assert scrub(text, ["abc/123", "abc/123456"]) == "key *** and *** and ***, not abc"


def test_scrubbing_leaves_words_too_short_to_hide() -> None:
    assert scrub("a cat sat", ["a", "", "cat"]) == "a cat sat"


@pytest.mark.parametrize(
    "key", ["api_key", "apiKey", "API-KEY", "access_token", "client_secret", "password", "passwd", "credentials"]
)
def test_telling_keys(key: str) -> None:
    assert is_secret_key(key)


@pytest.mark.parametrize("key", ["name", "keyword", "monkey", "answer", 3, None])
def test_other_keys(key: object) -> None:
    assert not is_secret_key(key)


def test_what_must_not_be_repeated() -> None:
    assert looks_secret("password", "x")
    assert looks_secret("note", TOKENS[0])
    assert not looks_secret("password", "${X}")
    assert not looks_secret("note", "hello")
    assert not looks_secret("max_tokens", 5)


def test_randomness() -> None:
    assert is_random("f3a9c1e77b2d4086")
    assert not is_random("f3a9c1e77b2d408")
    assert not is_random("aaaaaaaaaaaaaaaaaaaaaaaa")
    assert not is_random("a sentence with several words in it")


def test_forgotten_brackets() -> None:
    assert looks_like_variable("WHATSAPP_ACCESS_TOKEN")
    assert not looks_like_variable("f3a9c1e77b2d4086")
    assert not looks_like_variable("AKIA" + "ABCDEFGHIJKLMNOP")


def test_while_a_secret_is_changed_the_one_before_is_known_too():
    assert resolve_all("${APP_SECRET}", {"APP_SECRET": "new"}) == ("new",)
    assert resolve_all("${APP_SECRET}", {"APP_SECRET": "new", "APP_SECRET_PREVIOUS": "old"}) == ("new", "old")
    assert resolve_all("${APP_SECRET}", {"APP_SECRET": "new", "APP_SECRET_PREVIOUS": "new"}) == ("new",)
    assert resolve_all("${APP_SECRET}", {"APP_SECRET": "new", "APP_SECRET_PREVIOUS": ""}) == ("new",)
    with pytest.raises(ConfigError, match="APP_SECRET is not set"):
        resolve_all("${APP_SECRET}", {"APP_SECRET_PREVIOUS": "old"})
