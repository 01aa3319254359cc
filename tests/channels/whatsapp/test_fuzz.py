"""No body makes the parser raise anything but ValueError, or brings what cannot be kept."""

from __future__ import annotations

import json
import random

from hypothesis import given
from hypothesis import strategies as st

from tests.channels.whatsapp.fuzz import bodies, survives
from tests.channels.whatsapp.shapes import SHAPES, body, change

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["entry", "changes", "value", "field", "messages", "statuses", "contacts", "metadata", "phone_number_id", "id",
         "from", "type", "text", "body", "status", "profile", "timestamp", "errors", "system", "edit", "message"]
    ), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(st.binary(max_size=200))
def test_any_bytes(sent):
    survives(sent)


@given(anything, st.sampled_from(["messages", "smb_message_echoes", "account_update", "other"]))
def test_anything_anywhere(value, field):
    for entry in (value, [value], [{"changes": value}], [{"changes": [{"field": field, "value": value}]}]):
        survives(json.dumps({"object": "whatsapp_business_account", "entry": entry}).encode())


@given(st.data())
def test_anything_inside_a_message(data):
    sent = change(data.draw(st.sampled_from(sorted(SHAPES))))
    for items in (sent["value"].get(key) for key in ("messages", "statuses", "message_echoes")):
        if items:
            items[0][data.draw(st.sampled_from(sorted(items[0])))] = data.draw(anything)
    assert survives(body(sent))


def test_bent_and_damaged_shapes():
    read = sum(survives(sent) for sent in bodies(random.Random(8), 2_000))
    assert read > 1_200
