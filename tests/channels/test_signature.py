"""Signed bodies: Meta's own example, one bit, another form, two secrets (channels sheet §0)."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.channels.signature import is_signature, same_secret, sign, signer

BODY = json.dumps({"text": "Grüße, 😀 / done"}).encode()


def test_it_is_the_hmac_of_the_bytes():
    assert sign(BODY, "secret") == "sha256=" + hmac.new(b"secret", BODY, hashlib.sha256).hexdigest()
    # A value from outside, so that the form itself is fixed (RFC 4231, test case 2).
    assert sign(b"what do ya want for nothing?", "Jefe").endswith("64ec3843")


@given(body=st.binary(min_size=1, max_size=200), bit=st.integers(min_value=0))
def test_one_bit_of_the_body_or_of_the_signature_is_enough_to_refuse_it(body, bit):
    signature = sign(body, "secret")
    assert signer(body, signature, ["secret"]) == "secret"
    flipped = bytearray(body)
    flipped[bit // 8 % len(body)] ^= 1 << bit % 8
    assert signer(bytes(flipped), signature, ["secret"]) is None
    at = len("sha256=") + bit % 64
    other = "1" if signature[at] == "0" else "0"
    assert signer(body, signature[:at] + other + signature[at + 1 :], ["secret"]) is None


def test_the_same_json_in_other_bytes_is_another_body():
    signature = sign(BODY, "secret")
    for written in (json.dumps(json.loads(BODY), ensure_ascii=False).encode(), BODY + b" ", BODY.replace(b"/", b"\\/")):
        assert json.loads(written) == json.loads(BODY)
        assert signer(written, signature, ["secret"]) is None


def test_two_secrets_at_a_time_tell_which_one_it_was():
    assert signer(BODY, sign(BODY, "old"), ["new", "old"]) == "old"
    assert signer(BODY, sign(BODY, "new"), ["new", "old"]) == "new"
    assert signer(BODY, sign(BODY, "older"), ["new", "old"]) is None


def test_an_empty_secret_signs_nothing():
    assert signer(BODY, sign(BODY, ""), ["", "secret"]) is None
    assert not same_secret("", ["", "secret"])


@pytest.mark.parametrize("given", ["secret", "sécret", "secret\ud800"])
def test_any_text_can_be_compared_with_a_secret(given):
    assert same_secret(given, ["other", "secret"]) is (given == "secret")
    assert signer(BODY, given, ["secret"]) is None


@pytest.mark.parametrize(
    "values", [[], [""], ["0" * 64], ["sha1=" + "0" * 64], ["sha256=" + "0" * 63], ["sha256=" + "A" * 64], ["x", "y"]]
)
def test_what_is_no_signature(values):
    assert not is_signature(values)
    assert is_signature([sign(BODY, "secret")])
    assert not is_signature([sign(BODY, "secret")] * 2)
