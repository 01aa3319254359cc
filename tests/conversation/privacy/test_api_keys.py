"""Keys and tokens of programs. They are put together here, so that no scanner takes this file for a leak."""

from __future__ import annotations

import random
import string

import pytest

from custagent.conversation.privacy import mask

LETTERS = "".join(random.Random(3).choices(string.ascii_letters + string.digits, k=200))
HEX = "0123456789abcdef" * 8
UPPER = (string.digits + string.ascii_uppercase) * 3

PRIVATE = "PRIVATE KEY"

KEYS = [
    "sk-" + LETTERS[:48],
    "sk-proj-" + LETTERS[:60],
    "sk-ant-api03-" + LETTERS[:90],
    "sk_live_" + LETTERS[:24],
    "rk_test_" + LETTERS[:24],
    "whsec_" + LETTERS[:32],
    "AKIA" + UPPER[:16],
    "ASIA" + UPPER[:16],
    "ghp_" + LETTERS[:36],
    "gho_" + LETTERS[:36],
    "github_pat_" + LETTERS[:22] + "_" + LETTERS[:59],
    "glpat-" + LETTERS[:20],
    "xoxb-" + "123456789012-" + LETTERS[:24],
    "hooks.slack.com/services/" + "T12345678/B12345678/" + LETTERS[:24],
    "AIza" + LETTERS[:35],
    "ya29." + LETTERS[:60],
    "GOCSPX-" + LETTERS[:28],
    "EAA" + LETTERS[:100],
    "SG." + LETTERS[:22] + "." + LETTERS[:43],
    "key-" + HEX[:32],
    "SK" + HEX[:32],
    "shpat_" + HEX[:32],
    "hf_" + LETTERS[:34],
    "gsk_" + LETTERS[:52],
    "npm_" + LETTERS[:36],
    "dop_v1_" + HEX[:64],
    "dapi" + HEX[:32],
    "hvs." + LETTERS[:40],
    "pat-na1-" + "0123abcd-0123-4567-89ab-0123456789ab",
    "ATATT3" + LETTERS[:60],
    "123456789:AA" + LETTERS[:33],
    "eyJ" + LETTERS[:20] + ".eyJ" + LETTERS[:40] + "." + LETTERS[:43],
    f"-----BEGIN RSA {PRIVATE}-----\n{LETTERS[:64]}\n{LETTERS[:9]}==\n-----END RSA {PRIVATE}-----",
    f"-----BEGIN RSA {PRIVATE}-----\nProc-Type: 4,ENCRYPTED\n\n{LETTERS[:64]}\n-----END RSA {PRIVATE}-----",
    f"-----BEGIN {PRIVATE}-----\n{LETTERS[:64]}",
]

HARMLESS = """
scikit-learn and sk-learn-contrib-imbalanced-ensemble are libraries
sk-abc
ask-me-anything-about-2026-and-the-orders
AKIA is a company
ghp_short
my key-ring 0123456789
the SKU is SK0123
dapi is a name
eyJust kidding.eyJ.x
token of appreciation from 2026
the token is invalid
access token expired
How do I get an API key?
api key: where do I find it
API-Schlüssel ist abgelaufen
token https://example.com/auth/v1/token2026
access token docs.example.com/v1/auth/token-2026
session token: unauthorized-request-error
-----BEGIN CERTIFICATE-----
bearer of bad news
bearer instruments-and-other-securities
order 123456789:AB
123e4567-e89b-12d3-a456-426614174000
d41d8cd98f00b204e9800998ecf8427e
https://example.com:8080/a@b
mailto:anna@example.com
https://$USER:$PASSWORD@example.com
https://anna:<password>@example.com
pat-na1-short
"""


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("around", ["{}", "use {} please", '"{}"', "key={}\n", "({})"])
def test_known_shapes_are_masked(key: str, around: str) -> None:
    assert mask(around.format(key)).text == around.format("[API key]")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("API key: abcdef0123456789", "API key: [API key]"),
        ("my api-key is abcdef0123456789 ok", "my api-key is [API key] ok"),
        ('"access_token": "abcdef0123456789"', '"access_token": "[API key]"'),
        ("API-nyckeln är abcdef0123456789", "API-nyckeln är [API key]"),
        ("API-Schlüssel lautet abcdef0123456789", "API-Schlüssel lautet [API key]"),
        ("clé API : abcdef0123456789", "clé API : [API key]"),
        ("client_secret=abcdef0123456789", "client_secret=[API key]"),
        ("Authorization: Bearer abcdef0123456789abcdef", "Authorization: Bearer [API key]"),
        ("ftp://anna:hemligt@files.example.com/a", "ftp://anna:[password]@files.example.com/a"),
    ],
)
def test_announced_keys_are_masked(text: str, masked: str) -> None:
    assert mask(text).text == masked


@pytest.mark.parametrize("text", HARMLESS.strip().split("\n"))
def test_what_is_no_key_stays(text: str) -> None:
    assert mask(text).text == text
