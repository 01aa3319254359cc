"""The shapes of what WhatsApp sends, from tests/payloads/whatsapp, as bodies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "payloads" / "whatsapp"
NUMBER, ACCOUNT = "106540352242922", "102290129340398"
NUMBERS = {NUMBER: "phone"}
NOW = datetime(2026, 11, 22, tzinfo=UTC)
#: By their names: one change each.
SHAPES: Mapping[str, dict[str, Any]] = {
    name: change
    for path in sorted(FOLDER.glob("*.json"))
    for name, change in json.loads(path.read_text(encoding="utf-8")).items()
}


def change(name: str) -> dict[str, Any]:
    """The change, with the number that it came to."""
    found = json.loads(json.dumps(SHAPES[name]))
    found["value"] |= {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550783881", "phone_number_id": NUMBER},
    }
    return found


def batch(*changes: Any) -> dict[str, Any]:
    """A body that holds the changes, in entries of one each."""
    entries = [{"id": ACCOUNT, "changes": [one]} for one in changes]
    return {"object": "whatsapp_business_account", "entry": entries}


def body(*changes: Any) -> bytes:
    return json.dumps(batch(*changes)).encode()
