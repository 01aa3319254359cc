"""An independent reading of Meta's pages agrees with ours: pywa drives our double, and reads what our parser reads."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from typing import Any

import pytest

from custagent.channels.whatsapp.words import parse
from custagent.core.channel_event import IdentitiesChanged, MessageChanged, PersonWrote
from custagent.testing.meta import FakeMeta, Fault, Habits
from tests.channels.whatsapp.conftest import ACCOUNT, CONTACT
from tests.channels.whatsapp.shapes import NOW, NUMBERS, SHAPES, body, change

BSUID = "SE.13491208655302741918"


@pytest.fixture(scope="module")
def pywa(require) -> Any:
    require("pywa", find_spec("pywa"), "it comes with the dependency group `tests`")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pywa
    return pywa


@pytest.fixture
def client(pywa, meta: FakeMeta) -> Iterator[Any]:
    wa = pywa.WhatsApp(phone_id=ACCOUNT.phone_number_id, token=ACCOUNT.access_token, waba_id=ACCOUNT.business)
    wa.api._session.base_url = f"{meta.address}/v25.0"
    wa.api._session._trust_env = False
    yield wa
    wa.api._session.close()


class Heard:
    """What pywa read, with the name of the handler that it chose."""

    def __init__(self, pywa: Any) -> None:
        self.wa = pywa.WhatsApp(
            phone_id=ACCOUNT.phone_number_id, token="x", app_secret=ACCOUNT.app_secret, skip_duplicate_updates=False
        )
        self.found: list[tuple[str, Any]] = []
        for name in (
            "message", "edited_message", "deleted_message", "outgoing_message", "callback_button", "callback_selection",
            "flow_completion", "message_status", "phone_number_change", "identity_change", "user_marketing_preferences",
            "call_connect", "call_terminate", "call_status", "call_permission_update",
        ):  # fmt: skip
            decorate = getattr(self.wa, f"on_{name}", None)
            if decorate is not None:
                self._listen(name, decorate)

    def _listen(self, name: str, decorate: Any) -> None:
        @decorate
        def hear(_: Any, update: Any) -> None:
            self.found.append((name, update))

    def read(self, sent: bytes) -> list[tuple[str, Any]]:
        self.found = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert self.wa.webhook_update_handler(sent)[1] == 200
        return self.found


@pytest.fixture(scope="module")
def heard(pywa) -> Heard:
    return Heard(pywa)


def agree(sent: bytes, heard: Heard, *, now: datetime = NOW) -> str:
    """That both read the same in a body of one item; what pywa took it for."""
    ours = parse(sent, NUMBERS, now=now)
    found = heard.read(sent)
    if not found:
        return ""
    ((name, theirs),) = found
    if ours.messages:
        (message,) = ours.messages
        assert theirs.id == message.external_id
        assert theirs.from_user.wa_id in {None, *(one.value for one in message.identities)}
        assert theirs.from_user.bsuid in {None, *(one.value for one in message.identities)}
        assert int(theirs.timestamp.timestamp()) == int(message.sent_at.timestamp())
        _same_content(name, theirs, message)
    for update in ours.updates:
        assert (name, theirs.id) == ("message_status", update.receipt.external_id)
        assert theirs.status.value in {update.receipt.status.value, "played"}
        assert (theirs.tracker or "") == (f"{update.outbound}:{update.part}" if update.outbound else "")
    for event in ours.events:
        expected = {
            MessageChanged: {"edited_message", "deleted_message"},
            PersonWrote: {"outgoing_message"},
            IdentitiesChanged: {"phone_number_change"},
        }
        assert name in expected[type(event)]
        assert theirs.id == event.external_id
    return name


def _same_content(name: str, theirs: Any, message: Any) -> None:
    match name:
        case "callback_button" | "callback_selection":
            assert message.text in {theirs.title, getattr(theirs, "description", None)}
        case "message":
            caption = theirs.caption if theirs.media else theirs.text
            if caption and theirs.type.value in {"text", "image", "video", "document"}:
                assert message.text == caption
            if theirs.media:
                (attachment,) = message.attachments
                assert attachment.reference == theirs.media.id
                assert theirs.media.mime_type.split(";")[0] == attachment.media_type


#: What pywa has no word for, and a reply that failed, which it looks for the contact in; Meta's pages decide there.
UNHEARD = {
    "failed",
    "of a group", "deleted", "warning", "echo taken back", "echo edited", "a thread is passed", "call rings", "quality",
    "account deleted", "account restricted", "account violation", "account disabled", "advertising linked",
    "partner removed", "template category", "template components", "template quality", "template status",
    "in a group",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_both_read_the_same_in_every_shape(heard, name):
    took_it_for = agree(body(change(name)), heard)
    assert took_it_for or name in UNHEARD, "pywa heard nothing of it"


@pytest.fixture
def bodies() -> Iterator[tuple[str, list[bytes]]]:
    """Where a provider may post, and what it posted."""
    posted: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", posted
    server.shutdown()
    server.server_close()


def test_both_read_the_same_in_what_the_double_brings(pywa, heard, bodies):
    address, posted = bodies
    with FakeMeta(habits=Habits(batch=1)) as meta:
        meta.reach(address)
        wa = pywa.WhatsApp(phone_id=ACCOUNT.phone_number_id, token=ACCOUNT.access_token)
        wa.api._session.base_url = f"{meta.address}/v25.0"
        wa.api._session._trust_env = False
        said = [meta.write(CONTACT, "hej", name="Åsa"), meta.write(BSUID, "no number")]
        wa.send_message(CONTACT, "Two years", tracker="7:0")
        meta.disturb(Fault.LOSE)
        wa.send_message(BSUID, "Two years", tracker="8:0")
        sent = wa.send_message(CONTACT, "Which?", buttons=[pywa.types.Button("Yes", "1"), pywa.types.Button("No", "2")])
        said.append(meta.press(meta.replies[-1], "Yes"))
        said.append(meta.say(CONTACT, {"type": "image", "image": {"id": "1", "mime_type": "image/png", "sha256": "x"}}))
        assert sent.id == meta.replies[-1].id
        assert meta.wait_for(lambda: meta.idle and len(posted) >= len(said) + 7)
        wa.api._session.close()
    names = [agree(one, heard, now=datetime.now(UTC)) for one in posted]
    assert names.count("message") == 3
    assert names.count("callback_button") == 1
    assert (names.count("message_status"), names.count("")) == (6, 1), "what failed is not heard, see UNHEARD"


# pywa as a client of the double.


def test_a_text_a_reply_and_who_has_no_number(client, meta):
    meta.open_window(BSUID)
    message = meta.write(CONTACT, "hej")
    sent = client.send_message(CONTACT, "Two years", tracker="7:0")
    assert sent.id == meta.replies[0].id
    client.send_message(CONTACT, "As I said", reply_to_message_id=message)
    assert meta.replies[1].body["context"] == {"message_id": message}
    by_id = client.send_message(BSUID, "Hello")
    assert by_id.id == meta.replies[2].id
    assert (meta.replies[2].to, meta.replies[2].body["recipient"]) == (BSUID, BSUID)


def test_buttons_and_a_list(client, meta, pywa):
    types = pywa.types
    client.send_message(CONTACT, "Which one?", buttons=[types.Button("Returns", "1"), types.Button("Delivery", "2")])
    rows = [types.SectionRow("Returns", "1", "How to return a lamp"), types.SectionRow("Delivery", "2")]
    client.send_message(CONTACT, "Which one?", buttons=types.SectionList("Choose", [types.Section("Topics", rows)]))
    assert [one.body["interactive"]["type"] for one in meta.replies] == ["button", "list"]
    pressed = meta.press(meta.replies[0], "Returns")
    assert pressed.startswith("wamid.")


def test_reading_and_typing(client, meta):
    message = meta.write(CONTACT, "hej")
    assert client.mark_message_as_read(message).success
    assert client.indicate_typing(message).success
    assert (meta.read, meta.typing) == ([message, message], [message])


def test_files(client, meta):
    known = meta.keep_file(b"a picture", "image/png")
    found = client.get_media_url(known)
    assert (found.id, found.mime_type, int(found.file_size)) == (known, "image/png", 9)
    assert client.get_media_bytes(url=found.url) == b"a picture"


def test_a_window_that_is_closed(client, meta, pywa):
    meta.close_window(CONTACT)
    with pytest.raises(pywa.errors.ReEngagementMessage):
        client.send_message(CONTACT, "x")


@pytest.mark.parametrize(
    ("fault", "error"), [(Fault.REFUSE, "MessageUndeliverable"), (Fault.SLOW_DOWN, "RateLimitHit")]
)
def test_what_meta_may_say_for_the_moment_or_for_good(*, client, meta, pywa, fault, error):
    meta.disturb(fault)
    with pytest.raises(getattr(pywa.errors, error)):
        client.send_message(CONTACT, "x")
    assert meta.replies == []


@pytest.mark.parametrize(
    ("text", "titles"),
    [("x" * 4097, []), ("x", ["1", "2", "3", "4"]), ("x", ["x" * 21]), ("x" * 1025, ["Yes"]), ("x", ["Yes", "Yes"])],
)
def test_what_is_too_long_or_too_many_is_refused(*, client, meta, pywa, text, titles):
    buttons = [pywa.types.Button(title, str(number)) for number, title in enumerate(titles)]
    with pytest.raises(pywa.errors.WhatsAppError) as caught:
        client.send_message(CONTACT, text, buttons=buttons or None)
    assert caught.value.code == 100
    assert meta.replies == []


def test_whom_nobody_knows_and_what_never_came(client, pywa):
    for refused in (lambda: client.send_message("not-a-number", "x"), lambda: client.mark_message_as_read("wamid.no")):
        with pytest.raises(pywa.errors.WhatsAppError) as caught:
            refused()
        assert caught.value.code in {100, 131009}


def test_a_token_that_died(client, meta, pywa):
    client.api._session.headers["Authorization"] = "Bearer another"
    with pytest.raises(pywa.errors.WhatsAppError) as caught:
        client.send_message(CONTACT, "x")
    assert (caught.value.code, caught.value.subcode) == (190, 463)
