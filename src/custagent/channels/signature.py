"""Signed webhooks: who sent a body, told before anybody reads it.

Meta's form: `X-Hub-Signature-256: sha256=` and the lower-case hex of HMAC-SHA256 over the bytes as they came, keyed with
the app's secret. Parsing and writing JSON again changes the bytes, so the body is checked as it arrived.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Sequence

#: The header that the signature stands in.
SIGNATURE_HEADER = "X-Hub-Signature-256"

_SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})")


def sign(body: bytes, secret: str) -> str:
    """The header's value for a body."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def is_signature(values: Sequence[str]) -> bool:
    """Whether the request's values of the header are one signature: none, two, or another form is not."""
    return len(values) == 1 and _SIGNATURE.fullmatch(values[0]) is not None


def signer(body: bytes, signature: str, secrets: Collection[str]) -> str | None:
    """The one of `secrets` that the body is signed with, None for none of them.

    Several are tried, because a secret is changed while webhooks come in. All of them are, in the same time whichever
    fits. An empty secret signs nothing.
    """
    found = None
    for secret in secrets:
        if secret and hmac.compare_digest(sign(body, secret).encode(), signature.encode("utf-8", "replace")):
            found = secret
    return found


def same_secret(given: str, secrets: Collection[str]) -> bool:
    """Whether `given` is one of `secrets`, compared in the same time whatever it is; "" never is."""
    fits = [hmac.compare_digest(secret.encode(), given.encode("utf-8", "replace")) for secret in secrets if secret]
    return any(fits)
