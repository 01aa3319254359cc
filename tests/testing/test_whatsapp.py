"""The double's strictness: what Meta refuses is refused, with Meta's codes (channels sheet §1.5)."""

from __future__ import annotations

from typing import Any

import pytest

from custagent.testing.whatsapp import Refused, check_mark, check_message

BASE = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": "46701"}
TEXT = BASE | {"type": "text", "text": {"body": "hej"}}


def buttons(*titles: str, body: str = "Which?") -> dict[str, Any]:
    replies = [{"type": "reply", "reply": {"id": str(number), "title": one}} for number, one in enumerate(titles)]
    told = {"type": "button", "body": {"text": body}, "action": {"buttons": replies}}
    return BASE | {"type": "interactive", "interactive": told}


def rows(*titles: str, body: str = "Which?", label: str = "Choose", **more: str) -> dict[str, Any]:
    made = [{"id": str(number), "title": one, **more} for number, one in enumerate(titles)]
    action = {"button": label, "sections": [{"title": "Topics", "rows": made}]}
    return BASE | {"type": "interactive", "interactive": {"type": "list", "body": {"text": body}, "action": action}}


@pytest.mark.parametrize(
    ("sent", "whom"),
    [
        (TEXT, "46701"), (TEXT | {"to": "+46701"}, "46701"), (TEXT | {"recipient": "SE.134"}, "46701"),
        ({**{k: v for k, v in TEXT.items() if k != "to"}, "recipient": "SE.134"}, "SE.134"),
        (TEXT | {"text": {"body": "x" * 4096}}, "46701"), (buttons("a", "b", "c" * 20), "46701"),
        (buttons("a", body="x" * 1024), "46701"), (rows(*map(str, range(10)), body="x" * 4096), "46701"),
        (rows("x" * 24, description="y" * 72, label="z" * 20), "46701"),
        (TEXT | {"context": {"message_id": "wamid.1"}, "biz_opaque_callback_data": "x" * 512}, "46701"),
    ],
)  # fmt: skip
def test_what_meta_takes(sent, whom):
    assert check_message(sent) == whom


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({**TEXT, "messaging_product": "telegram"}, 100), ({k: TEXT[k] for k in TEXT if k != "messaging_product"}, 100),
        ({k: TEXT[k] for k in TEXT if k != "to"}, 131008), (TEXT | {"to": "SE.134"}, 131009), (TEXT | {"to": 46701}, 131009),
        ({**{k: v for k, v in TEXT.items() if k != "to"}, "recipient": "46701"}, 131009), (TEXT | {"type": "fax"}, 100),
        (TEXT | {"recipient_type": "group"}, 100), (TEXT | {"text": {"body": ""}}, 100), (TEXT | {"text": "hej"}, 131008),
        (TEXT | {"text": {"body": "x" * 4097}}, 100), (TEXT | {"text": {"body": "😀" * 2049}}, 100),
        (TEXT | {"idempotency_key": "7"}, 100), (TEXT | {"biz_opaque_callback_data": "x" * 513}, 100),
        (TEXT | {"context": {}}, 131008), (buttons("a", "b", "c", "d"), 100), (buttons(), 131008), (buttons("x" * 21), 100),
        (buttons("a", "a"), 100), (buttons("a", body="x" * 1025), 100), (rows(*map(str, range(11))), 100),
        (rows("x" * 25), 100), (rows("a", description="x" * 73), 100), (rows("a", label="x" * 21), 100),
        (rows("a", "a"), 100), (rows("a", body="x" * 4097), 100), (BASE | {"type": "image", "image": {}}, 131008),
    ],
)  # fmt: skip
def test_what_meta_refuses(sent, code):
    with pytest.raises(Refused) as caught:
        check_message(sent)
    assert caught.value.code == code
    assert caught.value.words["error"]["code"] == code


@pytest.mark.parametrize(
    "wrong", [{"status": "delivered"}, {"message_id": "wamid.2"}, {"typing_indicator": {"type": "voice"}},
              {"messaging_product": "x"}],
)  # fmt: skip
def test_only_what_came_can_be_read(wrong):
    mark = {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": "wamid.1",
        "typing_indicator": {"type": "text"},
    }
    check_mark(mark, {"wamid.1"})
    with pytest.raises(Refused):
        check_mark(mark | wrong, {"wamid.1"})
