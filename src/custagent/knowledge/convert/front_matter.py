"""Front matter: what a Markdown file says of itself between two lines of dashes, as site generators write it.

    ---
    title: "Returns"
    url: https://www.example.com/returns
    language: en
    updated: 2026-03-01T08:30:00Z
    ---

Read are lines of a name, a colon and a value; whatever else YAML could say there is left alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime

from custagent.core.document import RawContent
from custagent.knowledge.web.url import normal_url

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"^([a-z][a-z_-]*)[ \t]*:[ \t]*(\S.*)$", re.MULTILINE | re.IGNORECASE)
#: Bytes at the beginning of a file within which its front matter ends.
_MOST = 64 * 1024
#: What needs no quotes in YAML, whoever reads it.
_PLAIN = re.compile(r"https?://[^\s#'\"]+|[A-Za-z][A-Za-z-]*|\d{4}-\d\d-\d\dT[\d:.]+Z")
#: Read by YAML as something else than letters.
_WORDS_OF_YAML = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})


def read_front_matter(text: str) -> tuple[dict[str, str], str]:
    """The fields by their names in lower case, and the text below; no fields where there is no front matter."""
    front = _FRONT_MATTER.match(text)
    if front is None:
        return {}, text
    fields = {name.lower(): _value(written.strip()) for name, written in _FIELD.findall(front.group(1))}
    return fields, text[front.end() :]


def write_front_matter(fields: Mapping[str, str]) -> str:
    """The fields as front matter, those without a value left out; it ends with the line below it, or is empty."""
    lines = [f"{name}: {_written(value)}" for name, value in fields.items() if value]
    return "\n".join(["---", *lines, "---", ""]) if lines else ""


def public_address(fields: Mapping[str, str]) -> str:
    """The web address at which everybody can read what the file holds; "" when it names none."""
    return normal_url(fields.get("url", ""))


def address_of(raw: RawContent) -> str:
    """The public address that a Markdown file names, read without converting it; "" for none, and for other files."""
    if not raw.location.lower().endswith((".md", ".markdown")):
        return ""
    head = raw.body[:_MOST].decode("utf-8-sig", "replace").replace("\r\n", "\n")
    return public_address(read_front_matter(head)[0])


def last_changed(fields: Mapping[str, str]) -> str:
    """What `updated` says, as HTTP writes dates (RFC 9110 §5.6.7); "" for none, and for what is no date."""
    try:
        moment = datetime.fromisoformat(fields.get("updated", ""))
    except ValueError:
        return ""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return format_datetime(aware, usegmt=True)


def _value(written: str) -> str:
    if written.startswith('"'):
        try:
            return str(json.loads(written))
        except ValueError:
            return written.strip('"')
    return written.strip("'")


def _written(value: str) -> str:
    """A JSON string is a YAML string, whatever it holds."""
    line = " ".join(value.split())
    plain = _PLAIN.fullmatch(line) and line.lower() not in _WORDS_OF_YAML
    return line if plain else json.dumps(line, ensure_ascii=False)
