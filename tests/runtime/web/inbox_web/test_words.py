"""Who works at the inbox reads it in a language of theirs: pages, what was not done, and dates (HND-5)."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest

from custagent.core.conversation import Conversation
from custagent.locales import languages
from custagent.locales.staff import staff_words
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.agents import apply_agents
from tests.runtime.web.inbox_web.conftest import PASSWORD, Desk

GERMAN = {"accept-language": "de-AT, de;q=0.9, en;q=0.5"}


@pytest.fixture
def conversation(shop, hear) -> Conversation:
    return hear(shop, "k1", text="Where is my order?", contact_name="Ada")


def speak(app: Application, user: str, spoken: str) -> None:
    """Write the languages of a user in custagent.yaml, and put them into force."""
    file = app.home.workspace_file
    text = file.read_text(encoding="utf-8")
    changed = re.sub(rf"(name: {user},)", rf"\1 languages: [{spoken}],", text, count=1)
    assert changed != text
    file.write_text(changed, encoding="utf-8")
    apply_agents(app)


def test_a_user_is_spoken_to_in_their_language(shop, desk, conversation) -> None:
    speak(shop, "anna", "sv")
    page = desk.get(f"/inbox/c/{conversation.id}?view=open", headers=GERMAN).text
    assert '<html lang="sv" dir="ltr">' in page
    for words in ("Alla öppna", "Tilldela…", "Skriv till kontakten.", "Vad som har sagts"):
        assert words in page
    scripts = re.search(r"data-words='([^']*)'", page)
    assert scripts is not None
    assert json.loads(unescape(scripts[1])) == dict(staff_words("sv").script)


def test_without_one_the_browser_tells_it(desk, asgi) -> None:
    assert "Niemand wartet auf Sie." in desk.get("/inbox", headers=GERMAN).text
    assert "Nobody waits for you." in desk.get("/inbox").text
    door = Desk(asgi).get("/inbox/sign-in", headers=GERMAN).text
    assert 'lang="de"' in door
    assert "<code>custagent users invite NAME</code>" in door
    assert ">Anmelden<" in door


def test_what_is_typed_is_shown_as_keys(desk) -> None:
    assert "Mit <kbd>j</kbd> und <kbd>k</kbd> bewegen" in desk.get("/inbox", headers=GERMAN).text


def test_what_was_not_done_is_said_in_it(desk, asgi, conversation) -> None:
    base = f"/inbox/c/{conversation.id}"
    sent = {"text": "Hello", "seen": "0"}
    assert "Inzwischen hat jemand geschrieben." in desk.post(f"{base}/reply", sent, **GERMAN).json()["error"]
    assert desk.post(f"{base}/jump", **GERMAN).json()["error"] == "Eine solche Aktion gibt es nicht."
    assert "Diese Seite ist zu alt." in desk.post(f"{base}/take", **GERMAN, **{"x-csrf": "old"}).json()["error"]
    form = {"email": "anna@northwind.example", "password": "wrong"}
    assert "Die E-Mail-Adresse oder das Passwort ist falsch." in Desk(asgi).post("/inbox/sign-in", form, **GERMAN).text
    used = Desk(asgi).get("/inbox/invitation/used", headers=GERMAN)
    assert (used.status_code, "Dieser Link ist verbraucht" in used.text) == (410, True)


def test_a_password_is_refused_in_it(desk, door, shop, asgi) -> None:
    form = {"old": PASSWORD, "new": "short", "again": "short", "csrf": ""}
    assert (
        "Das Passwort hat 5 Zeichen; es braucht mindestens 12." in desk.post("/inbox/me/password", form, **GERMAN).text
    )
    form = {"old": PASSWORD, "new": "four other words now", "again": "something else"}
    assert "Die beiden neuen Passwörter sind verschieden." in desk.post("/inbox/me/password", form, **GERMAN).text
    token = door.invite("anna", shop.workspace)
    invited = Desk(asgi)
    assert "Wählen Sie ein Passwort" in invited.get(f"/inbox/invitation/{token}", headers=GERMAN).text
    refused = invited.post(f"/inbox/invitation/{token}", {"password": "a" * 20}, **GERMAN)
    assert (refused.status_code, "leicht zu erraten" in refused.text) == (400, True)


@pytest.mark.parametrize("language", languages())
def test_every_page_is_there_in_every_language(desk, conversation, reply, shop, language) -> None:
    said = reply(shop, conversation, decision="answer", reason="short-answer", confidence=0.876)
    words = staff_words(language)
    asked = {"accept-language": language}
    pages = {
        "/inbox": words.page["nothing_mine"],
        "/inbox?q=order": words.page["found"],
        "/inbox/me": words.weekdays[0],
        f"/inbox/c/{conversation.id}": words.reasons_in_short["short-answer"],
        f"/inbox/c/{conversation.id}/why/{said.id}": words.reasons["short-answer"],
    }
    for path, shown in pages.items():
        page = desk.get(path, headers=asked)
        assert page.status_code == 200, path
        assert f'<html lang="{language}" dir="ltr">' in page.text, path
        assert shown in unescape(page.text), path
