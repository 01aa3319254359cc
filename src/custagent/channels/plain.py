"""Text as people write it, from bytes that anybody may send."""

from __future__ import annotations

import re

#: Control characters carry nothing a person wrote; line feed and tab stay.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LONE_SURROGATES = re.compile(r"[\ud800-\udfff]")


def plain_text(text: str) -> str:
    """`text` without control characters, halves of characters and blanks at its ends; lines end in line feeds."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _LONE_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", _CONTROLS.sub("", lines)).strip()
