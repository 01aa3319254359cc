"""JSON that nobody understood is kept with every string masked."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from custagent.conversation.privacy import mask_json
from custagent.core.privacy import MaskKind

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def test_every_string_is_masked_and_every_key_kept() -> None:
    value = {
        "type": "sticker",
        "4111 1111 1111 1111": "4111 1111 1111 1111",
        "list": [{"text": "my password is hunter2"}, "811218-9876", None, True, 1.5],
        "pair": ("SE45 5000 0000 0583 9825 7466", 7),
    }
    before = json.dumps(value)
    assert mask_json(value) == {
        "type": "sticker",
        "4111 1111 1111 1111": "[card number]",
        "list": [{"text": "my password is [password]"}, "[identity number]", None, True, 1.5],
        "pair": ["[IBAN]", 7],
    }
    assert json.dumps(value) == before


def test_whole_numbers_that_are_sensitive_are_masked() -> None:
    assert mask_json({"a": 4111111111111111, "b": 4111111111111112, "c": 10**5000, "d": True}) == {
        "a": "[card number]",
        "b": 4111111111111112,
        "c": 10**5000,
        "d": True,
    }


def test_what_stands_under_a_secret_key_is_masked_whatever_it_is() -> None:
    value = {"Password": "sommar", "pin_code": 1234, "access-token": "x", "cvv": "", "secret": None, "ssn": {"a": "b"}}
    assert mask_json(value) == {
        "Password": "[password]",
        "pin_code": "[security code]",
        "access-token": "[API key]",
        "cvv": "",
        "secret": None,
        "ssn": {"a": "b"},
    }


def test_only_the_kinds_that_are_set_are_masked() -> None:
    value = {"password": "sommar", "text": "4111 1111 1111 1111", "number": 4111111111111111}
    assert mask_json(value, kinds={MaskKind.IBAN}) == value
    assert mask_json(value, kinds={MaskKind.PASSWORD}) == value | {"password": "[password]"}


def test_depth_is_no_error() -> None:
    value: list = ["811218-9876"]
    for _ in range(100_000):
        value = [value]
    masked = mask_json(value)
    while isinstance(masked[0], list):
        masked = masked[0]
    assert masked == ["[identity number]"]
    while isinstance(value[0], list):  # taken apart by hand: freeing it whole would be as deep
        value = value[0]


@given(JSON)
def test_masking_again_changes_nothing(value: object) -> None:
    once = mask_json(value)
    assert mask_json(once) == once
    assert json.loads(json.dumps(once)) == once
