"""Meta's answers, whichever of its products gave them: what they mean, and that nothing in them is trusted."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.channels.http import Response
from custagent.channels.meta import canonical, first, mapping, mappings, proof, reason, refused, text
from custagent.core.errors import ChannelError, SendFault

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["error", "code", "message", "error_subcode", "error_data", "details", "title", "is_transient"]
    ), inner, max_size=4),
    max_leaves=10,
)  # fmt: skip


def answer(status: int, body: bytes, **headers: str) -> Response:
    return Response(status=status, headers=headers, body=body)


def meant(status: int, body: bytes, *, unsure: float = 60.0, **headers: str) -> ChannelError:
    return refused("phone", answer(status, body, **headers), {}, unsure)


@pytest.mark.parametrize("body", [b"<html>502</html>", b"", b'{"half', b"[]", b'{"error": 7}'])
@pytest.mark.parametrize("status", [200, 502, 504])
def test_after_a_gateway_s_page_the_reply_may_have_been_taken(status, body):
    error = meant(status, body)
    assert (error.fault, error.retry_after) == (SendFault.RETRY, 60.0)


def test_a_refusal_without_a_reason_was_none_of_meta_s_taking():
    assert (meant(404, b"").fault, meant(404, b"").retry_after) == (SendFault.PERMANENT, 0.0)
    assert meant(403, b"<html>").fault is SendFault.CHANNEL_OUT
    slow = meant(429, b"", **{"retry-after": "7"})
    assert (slow.fault, slow.retry_after) == (SendFault.SLOW_CHANNEL, 7.0)


def test_a_refusal_with_a_reason_took_nothing_for_sure():
    error = meant(500, json.dumps({"error": {"code": 2, "message": "Service temporarily unavailable"}}).encode())
    assert (error.fault, error.retry_after) == (SendFault.RETRY, 0.0)
    assert error.message == "phone: Meta refused: (#2) Service temporarily unavailable (HTTP 500)"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ({"code": 1, "message": "(#1) No"}, "(#1) No"), ({"code": 1, "message": "No"}, "(#1) No"),
        ({"code": 1, "message": "No", "error_data": {"details": "because"}}, "(#1) No: because"),
        ({"code": 1, "message": "No", "error_data": "because"}, "(#1) No: because"),
        ({"code": 1, "message": "No", "error_data": "half \ud83d"}, "(#1) No: half ?"), ({"title": "No"}, "No"), ({}, "no reason given"), ({"message": ["x"], "code": "1"}, "no reason given"),
    ],
)  # fmt: skip
def test_why_meta_did_not_do_it(error, told):
    assert reason(error) == told


@given(status=st.sampled_from([200, 400, 401, 429, 500, 503]), body=anything)
def test_whatever_is_answered_means_something(status, body):
    error = meant(status, json.dumps({"error": body}).encode())
    assert error.fault in SendFault
    error.message.encode("utf-8")


@given(anything)
def test_reading_raises_nothing(value):
    assert isinstance(mapping(value), dict)
    assert all(isinstance(one, dict) for one in mappings(value))
    assert isinstance(first(value), dict)
    text(value, "message").encode("utf-8")
    assert json.loads(canonical(value)) == value


def test_the_proof_of_the_app_s_secret():
    # By `printf token | openssl dgst -sha256 -hmac secret`.
    assert proof("token", "secret") == "e941110e3d2bfe82621f0e3e1434730d7305d106c5f68c87165d0b27a4611a4a"
