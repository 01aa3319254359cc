"""Texts as engines can take them."""

from __future__ import annotations


def clean(text: str) -> str:
    """`text` without what engines written in other languages stumble over.

    A NUL would end it, and a lone surrogate cannot be encoded: they become a space and a question mark.
    """
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
