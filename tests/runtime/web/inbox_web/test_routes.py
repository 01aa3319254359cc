"""Nobody sees or changes anything at the web inbox who may not, whatever they send."""

from __future__ import annotations

import asyncio
import re
from itertools import product
from urllib.parse import urlencode

import pytest

from custagent.core.conversation import Conversation
from custagent.core.message import DeliveryReceipt, DeliveryStatus, Sender
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.agents import apply_agents
from custagent.runtime.web.inbox_web.routes import HEADERS
from custagent.runtime.web.inbox_web.sign_in import csrf_of
from tests.runtime.web.inbox_web.conftest import ORIGIN, PASSWORD, Desk

#: Scripts in every way that somebody might try to have them shown; our own collection, from the facts of browsers.
SCRIPTS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '"><script>alert(1)</script>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "<a href=javascript:alert(1)>x</a>",
    "{{ 7 * 7 }} {% raw %} ${7*7}",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "\u202e<b onclick=alert(1)>\u0000",
]
ACTIONS = (
    "take",
    "reply",
    "note",
    "assign",
    "release",
    "snooze",
    "wake",
    "close",
    "draft",
    "suggest",
    "again",
    "give-up",
    "wrong",
    "not-wrong",
)
READS = (
    "/inbox",
    "/inbox?q=order",
    "/inbox/list",
    "/inbox/me",
    "/inbox/c/{id}",
    "/inbox/c/{id}/thread",
    "/inbox/c/{id}/why/1",
)


@pytest.fixture
def conversation(shop, hear) -> Conversation:
    return hear(shop, "k1", text="Where is my order?", contact_name="Ada")


def now(app: Application, conversation: Conversation) -> Conversation:
    stored = app.store.conversations.conversation(conversation.id)
    assert stored is not None
    return stored


class TestWithoutASession:
    def test_nothing_is_shown(self, asgi, conversation) -> None:
        for token, path in product(("", "made-up", "x" * 500), (*READS, "/inbox/events")):
            answer = Desk(asgi, token).get(path.format(id=conversation.id))
            assert answer.status_code in (303, 401)
            assert "Where is my order" not in answer.text

    def test_nothing_is_done(self, asgi, shop, conversation) -> None:
        for action in ACTIONS:
            answer = Desk(asgi).post(f"/inbox/c/{conversation.id}/{action}", {"text": "words", "to": "anna"})
            assert answer.status_code == 401
        assert now(shop, conversation) == conversation

    def test_who_wanted_to_read_one_comes_to_it_afterwards(self, asgi, conversation, signed_in) -> None:
        signed_in()
        there = Desk(asgi).get(f"/inbox/c/{conversation.id}")
        assert there.headers["location"] == f"/inbox/sign-in?to=%2Finbox%2Fc%2F{conversation.id}"
        form = {"email": "anna@northwind.example", "password": PASSWORD}
        answer = Desk(asgi).post(there.headers["location"], form)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/inbox/c/{conversation.id}")

    def test_and_nowhere_else(self, asgi, signed_in) -> None:
        signed_in()
        form = {"email": "anna@northwind.example", "password": PASSWORD}
        for to in ("https://evil.example", "//evil.example", "/inbox\\@evil.example", "/other", ""):
            answer = Desk(asgi).post(f"/inbox/sign-in?{urlencode({'to': to})}", form)
            assert answer.headers["location"] == "/inbox"


class TestWhoMayNotAnswer:
    def test_is_out_as_soon_as_the_permission_is_gone(self, shop, conversation, desk) -> None:
        assert "Where is my order" in desk.get(f"/inbox/c/{conversation.id}").text
        text = shop.home.workspace_file.read_text(encoding="utf-8").replace("[edit-agents, answer, admin]", "[admin]")
        shop.home.workspace_file.write_text(text, encoding="utf-8")
        apply_agents(shop)
        assert desk.get(f"/inbox/c/{conversation.id}").status_code == 303


class TestForgery:
    def test_changes_come_from_our_own_pages(self, shop, conversation, desk) -> None:
        forged = [
            {"x-csrf": ""},
            {"x-csrf": "0" * 64},
            {"x-csrf": csrf_of("another")},
            {"origin": "https://evil.example"},
            {"origin": ""},
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
        ]
        for action, headers in product(ACTIONS, forged):
            answer = desk.post(f"/inbox/c/{conversation.id}/{action}", {"text": "words", "to": "anna"}, **headers)
            assert answer.status_code == 403, (action, headers)
        assert now(shop, conversation) == conversation

    def test_signing_in_for_somebody_is_refused(self, asgi, signed_in) -> None:
        signed_in()
        form = {"email": "anna@northwind.example", "password": PASSWORD}
        answer = Desk(asgi).post("/inbox/sign-in", form, origin="https://evil.example")
        assert (answer.status_code, answer.headers.get("set-cookie")) == (403, None)

    def test_nothing_is_changed_by_reading(self, shop, conversation, desk) -> None:
        for action in ACTIONS:
            assert desk.get(f"/inbox/c/{conversation.id}/{action}").status_code in (404, 405)
        assert now(shop, conversation) == conversation


class TestTheCookie:
    def test_is_for_the_inbox_alone_and_no_script_reads_it(self, asgi, signed_in) -> None:
        signed_in()
        form = {"email": "anna@northwind.example", "password": PASSWORD}
        cookie = Desk(asgi).post("/inbox/sign-in", form).headers["set-cookie"].lower()
        assert {"httponly", "path=/inbox", "samesite=lax"} <= {part.strip() for part in cookie.split(";")}

    def test_what_somebody_planted_is_not_taken_over(self, asgi, signed_in) -> None:
        signed_in()
        planted = "p" * 43
        form = {"email": "anna@northwind.example", "password": PASSWORD}
        answer = Desk(asgi, planted).post("/inbox/sign-in", form)
        assert planted not in answer.headers["set-cookie"]
        assert Desk(asgi, planted).get("/inbox").status_code == 303

    def test_signing_out_ends_it(self, desk) -> None:
        assert desk.get("/inbox").status_code == 200
        assert desk.post("/inbox/sign-out").status_code == 303
        assert desk.get("/inbox").status_code == 303


class TestForeignNumbers:
    def test_lead_nowhere(self, shop, conversation, desk) -> None:
        numbers = ("nowhere", "' OR 1=1 --", "..%2f..%2fetc", "%00", "x" * 300)
        for number, part in product(numbers, ("", "/thread")):
            answer = desk.get(f"/inbox/c/{number}{part}")
            assert answer.status_code in (404, 409)
            assert "Where is my order" not in answer.text
        for number, action in product(numbers, ACTIONS):
            assert desk.post(f"/inbox/c/{number}/{action}", {"text": "w", "to": "anna"}).status_code in (200, 404, 409)
        assert now(shop, conversation) == conversation

    def test_an_action_that_is_none(self, conversation, desk) -> None:
        assert desk.post(f"/inbox/c/{conversation.id}/delete").status_code == 404


class TestWhatIsShown:
    def test_words_stay_words(self, shop, desk, hear) -> None:
        for number, script in enumerate(SCRIPTS):
            self.look(shop, desk, hear(shop, f"k{number}", text=script, contact_name=script[:60]), script)

    def look(self, shop, desk, conversation, script) -> None:
        shop.store.notes.keep_draft(conversation.id, "anna", f"draft {script}", shop.clock.now())
        desk.post(f"/inbox/c/{conversation.id}/note", {"text": script})
        desk.post(f"/inbox/c/{conversation.id}/take")
        for path in (f"/inbox/c/{conversation.id}?view=mine", "/inbox?view=mine"):
            page = desk.get(path).text
            tags = {tag.lower() for tag in re.findall(r"<\s*([a-zA-Z]+)", page)}
            assert tags.isdisjoint({"img", "svg", "iframe", "math", "style", "mglyph"}), tags
            assert page.count("<script") == 1, "our own"
            assert not re.search(r"<[^>]*\son[a-z]+\s*=", page)
            assert "javascript:" not in re.findall(r'href="([^"]*)"', page)
        sign_in = desk.post("/inbox/sign-in", {"email": script, "password": "x"}).text
        assert sign_in.count("<script") == 0

    def test_every_answer_forbids_what_is_not_ours(self, conversation, desk) -> None:
        for path in (*READS, "/inbox/sign-in", "/inbox/static/inbox.js", "/inbox/invitation/x"):
            answer = desk.get(path.format(id=conversation.id))
            for name in HEADERS.keys() - {"Cache-Control"}:
                assert answer.headers[name] == HEADERS[name]
            assert "'unsafe" not in answer.headers["content-security-policy"]
            assert "no-store" in answer.headers["cache-control"] or "/static/" in path

    def test_no_other_file_can_be_had(self, desk) -> None:
        for name in ("../routes.py", "..%2froutes.py", "base.html", "inbox.js.map", ""):
            assert desk.get(f"/inbox/static/{name}").status_code == 404


class TestWorking:
    def test_a_reply_a_note_and_the_end(self, shop, conversation, desk) -> None:
        base = f"/inbox/c/{conversation.id}"
        assert desk.post(f"{base}/take").json() == {"done": True}
        assert desk.post(f"{base}/reply", {"text": "On its way", "seen": "999"}).json() == {"done": True}
        assert desk.post(f"{base}/note", {"text": "Called"}).json() == {"done": True}
        said = shop.store.conversations.messages(conversation.id)
        assert [(one.sender, one.author, one.text) for one in said[1:]] == [(Sender.PERSON, "anna", "On its way")]
        assert desk.post(f"{base}/snooze", {"until": "4h"}).status_code == 200
        assert desk.post(f"{base}/wake").status_code == 200
        assert desk.post(f"{base}/close").status_code == 200
        refused = desk.post(f"{base}/close")
        assert (refused.status_code, "it is closed" in refused.json()["error"]) == (409, True)

    def test_without_scripts_too(self, conversation, desk) -> None:
        form = {"text": "By hand", "csrf": csrf_of(desk.token)}
        answer = desk.post(f"/inbox/c/{conversation.id}/reply?view=open", form, **{"accept": "text/html", "x-csrf": ""})
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/inbox/c/{conversation.id}?view=open"
        page = desk.get(answer.headers["location"]).text
        assert "By hand" in page

    def test_somebody_wrote_meanwhile(self, shop, conversation, desk, hear) -> None:
        seen = str(shop.store.conversations.messages(conversation.id)[-1].id)
        shop.clock.advance(seconds=1)
        hear(shop, "k1", text="It has come!")
        refused = desk.post(f"/inbox/c/{conversation.id}/reply", {"text": "Where?", "seen": seen})
        assert (refused.status_code, "wrote meanwhile" in refused.json()["error"]) == (409, True)

    def test_too_long_a_form(self, shop, conversation, desk) -> None:
        answer = desk.post(f"/inbox/c/{conversation.id}/reply", {"text": "x" * 200_000})
        assert answer.status_code == 409
        assert len(shop.store.conversations.messages(conversation.id)) == 1

    def test_a_form_of_too_many_fields_changes_nothing(self, shop, conversation, desk) -> None:
        form = {"text": "Hi"} | {f"f{number}": "" for number in range(50)}
        assert desk.post(f"/inbox/c/{conversation.id}/reply", form).status_code == 409
        assert len(shop.store.conversations.messages(conversation.id)) == 1
        assert Desk(desk.asgi).post("/inbox/sign-in", form).status_code == 401

    def test_who_goes_away_within_a_form_is_no_fault_of_ours(self, desk) -> None:
        async def gone() -> dict[str, object]:
            return {"type": "http.disconnect"}

        told = []

        async def tell(message) -> None:
            told.append(message)

        headers = [(b"host", b"inbox.test"), (b"origin", ORIGIN.encode()), (b"content-length", b"9")]
        scope = {"type": "http", "method": "POST", "path": "/inbox/sign-in", "raw_path": b"", "query_string": b"",
                 "root_path": "", "scheme": "http", "headers": headers, "client": ("192.0.2.7", 1)}  # fmt: skip
        asyncio.run(desk.asgi(scope, gone, tell))
        assert told[0]["status"] == 401

    def test_odd_numbers(self, conversation, desk) -> None:
        for seen in ("", "x", "-1", "9" * 400, "\uff11\uff12"):
            answer = desk.post(f"/inbox/c/{conversation.id}/reply", {"text": "w", "seen": seen})
            assert answer.status_code in (200, 409)

    def test_the_look_is_noted_once(self, shop, conversation, desk) -> None:
        desk.get(f"/inbox/c/{conversation.id}")
        desk.get(f"/inbox/c/{conversation.id}/thread")
        noted = [one for one in shop.store.audit.entries(50) if one.action == "inbox read"]
        assert [(one.actor, one.subject) for one in noted] == [("anna", conversation.id)]

    def test_one_address_is_enough_to_be_written_down(self, shop, conversation, desk) -> None:
        """Whoever asks for a part alone has looked as well."""
        desk.get(f"/inbox/c/{conversation.id}/thread")
        assert [one.subject for one in shop.store.audit.entries(50) if one.action == "inbox read"] == [conversation.id]

    def test_the_next_page_has_the_same_filter(self, shop, desk, hear) -> None:
        for number in range(52):
            waiting = hear(shop, f"p{number}", agent="", language="sv")
        page = desk.get("/inbox?view=open&channel=web&language=sv").text
        assert 'href="/inbox?view=open&amp;channel=web&amp;language=sv&amp;offset=50"' in page
        last = desk.get("/inbox?view=open&channel=web&language=sv&offset=50").text
        assert last.count('<a class="row') == 2
        assert 'href="/inbox?view=open&amp;channel=web&amp;language=sv">Before' in last
        assert f'href="/inbox/c/{waiting.id}?view=open&amp;channel=web&amp;language=sv"' in last


class TestSearching:
    def test_marks_the_words_and_nothing_else(self, shop, desk, hear) -> None:
        hear(shop, "k7", text="<b>Kettle</b> leaks")
        page = desk.get("/inbox?q=kettle").text
        assert "&lt;b&gt;<mark>Kettle</mark>&lt;/b&gt; leaks" in page
        assert 'value="kettle"' in page
        assert "Nobody said these words." in desk.get("/inbox?q=teapot").text

    @pytest.mark.usefixtures("conversation")
    def test_odd_words(self, desk) -> None:
        for words in ('"', "*", "a OR b", "NEAR(", "x" * 5000, "\x00", "**", "order*", "\u202e"):
            assert desk.get("/inbox", params={"q": words}).status_code == 200
        assert desk.get("/inbox?q=order&after=nowhere").status_code == 200

    def test_a_page_that_looks_again_does_not_search_again(self, shop, conversation, desk) -> None:
        desk.get("/inbox?q=order")
        desk.get("/inbox/list?q=order")
        desk.get(f"/inbox/c/{conversation.id}?q=order", headers={"x-part": "1"})
        assert [one.action for one in shop.store.audit.entries(50)].count("inbox search") == 1


class TestWhatDidNotArrive:
    def test_can_be_tried_again_or_given_up(self, shop, conversation, desk) -> None:
        base = f"/inbox/c/{conversation.id}"
        desk.post(f"{base}/reply", {"text": "On its way"})
        said = shop.store.conversations.messages(conversation.id)[-1]
        failed = DeliveryReceipt(status=DeliveryStatus.FAILED, external_id="p", error="Gone.")
        assert "Try again" not in desk.get(base).text
        shop.store.outbox.record(said.id, failed, shop.clock.now())
        assert {"Try again", "Give up"} <= set(re.findall(r">([A-Z][a-z ]+)</button>", desk.get(base).text))
        assert "1 not delivered" in desk.get("/inbox?view=open").text
        assert desk.post(f"{base}/again", {"message": str(said.id)}).json() == {"done": True}
        assert shop.store.outbox.statuses(conversation.id)[said.id] is DeliveryStatus.QUEUED
        assert desk.post(f"{base}/give-up", {"message": str(said.id)}).json() == {"done": True}
        for number in ("", "x", "0", "999", "9" * 400, str(said.id)):
            assert desk.post(f"{base}/again", {"message": number}).status_code == 409


class TestWrongAnswers:
    def test_are_told_and_taken_back_by_a_button_at_the_agents_replies(self, conversation, desk, reply, shop) -> None:
        said = reply(shop, conversation, decision="answer", reason="grounded", confidence=0.8)
        base = f"/inbox/c/{conversation.id}"
        assert desk.get(base).text.count("Wrong answer</button>") == 1
        assert desk.post(f"{base}/wrong", {"message": str(said.id)}).json() == {"done": True}
        page = desk.get(base).text
        assert '<span class="bad">wrong answer</span> · Anna Berg' in page
        assert "Wrong answer</button>" not in page
        assert desk.post(f"{base}/not-wrong", {"message": str(said.id)}).json() == {"done": True}
        assert "wrong answer" not in desk.get(base).text
        for number in ("", "x", "0", str(said.id + 1), "9" * 400):
            assert desk.post(f"{base}/wrong", {"message": number}).status_code == 409


class TestWhy:
    def test_is_told_in_words(self, shop, conversation, desk, reply) -> None:
        said = reply(shop, conversation, decision="answer", reason="short-answer", confidence=0.876)
        base = f"/inbox/c/{conversation.id}"
        assert f'href="{base}/why/{said.id}?view=open"' in desk.get(f"{base}?view=open").text
        page = desk.get(f"{base}/why/{said.id}").text
        assert "It <b>answered</b>, because one of your short answers matches the question" in page
        assert "It was 88 % sure." in page
        for number in ("0", "x", str(said.id + 1), "9" * 300):
            assert desk.get(f"{base}/why/{number}").status_code == 409
