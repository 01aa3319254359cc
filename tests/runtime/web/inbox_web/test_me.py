"""Somebody's own page: they change when they work, whether they are away, their password, and nobody else."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable

import pytest

from custagent.core.errors import PermissionDenied, UsageError
from custagent.core.people import Availability
from custagent.runtime.definitions.agents import apply_agents
from custagent.runtime.definitions.people import find_user, set_own_hours
from custagent.runtime.web.inbox_web.routes import COOKIE
from custagent.runtime.web.inbox_web.sign_in import FREE_TRIES, SignInRefused
from tests.runtime.web.inbox_web.conftest import PASSWORD, Desk

OTHER = "amber kettle nineteen owls"


@pytest.fixture
def may_answer(shop) -> Callable[[str], None]:
    """Let cleo, who is no admin, sign in."""
    text = shop.home.workspace_file.read_text(encoding="utf-8")
    text = text.replace("seat: sales, languages: [sv]", "seat: sales, languages: [sv], permissions: [answer]")
    shop.home.workspace_file.write_text(text, encoding="utf-8")
    shop.__dict__.pop("workspace", None)
    apply_agents(shop)


def picture() -> bytes:
    """The smallest png: one grey point."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\x80")) + chunk(b"IEND", b"")


class TestHours:
    def test_go_into_the_file_and_into_force_and_are_written_down(self, shop, desk) -> None:
        form = {"mon": "09:00-12:00,13:00-17:00", "tue": "09:00-12:00, 13:00-17:00", "timezone": "Europe/Stockholm"}
        answer = desk.post("/inbox/me/hours", form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/inbox/me?done=hours")
        text = shop.home.workspace_file.read_text(encoding="utf-8")
        assert re.search(r"""mon-tue['"]?: ['"]?09:00-12:00, 13:00-17:00""", text)
        page = desk.get(answer.headers["location"]).text
        assert page.count('value="09:00-12:00, 13:00-17:00"') == 2
        assert 'value="Europe/Stockholm" list="zones"' in page
        (noted, *_) = [one for one in shop.store.audit.entries(20) if one.action == "users edit"]
        assert (noted.actor, noted.subject) == ("anna", "anna")
        assert text == noted.after

    def test_comments_in_the_file_stay(self, shop, desk) -> None:
        file = shop.home.workspace_file
        file.write_text(file.read_text(encoding="utf-8").replace("users:", "users:  # who is here"), encoding="utf-8")
        apply_agents(shop)
        assert desk.post("/inbox/me/hours", {"mon": "09:00-17:00"}).status_code == 303
        assert "users:  # who is here" in file.read_text(encoding="utf-8")

    @pytest.mark.parametrize(
        ("form", "told"),
        [
            ({"mon": "nine to five"}, "times of the day, such as 09:00-17:00"),
            ({"mon": "09:00-09:00"}, "no time at all"),
            ({"mon": "09:00-17:00", "timezone": "Mars/Olympus"}, "no time zone is called"),
        ],
    )
    def test_that_are_none_are_refused_in_the_words_of_validate(self, shop, desk, form, told) -> None:
        before = shop.home.workspace_file.read_text(encoding="utf-8")
        answer = desk.post("/inbox/me/hours", form)
        assert answer.status_code == 400
        assert told in answer.text
        assert f'value="{form["mon"]}"' in answer.text, "what was typed stays"
        assert shop.home.workspace_file.read_text(encoding="utf-8") == before

    def test_lines_that_mean_the_same_stay_as_somebody_wrote_them(self, shop, desk) -> None:
        desk.post("/inbox/me/hours", {})
        file = shop.home.workspace_file
        text = file.read_text(encoding="utf-8")
        text = text.replace("seat: service,", "seat: service, hours: {mon: 09:00-17:00, tue: 09:00-17:00},", 1)
        file.write_text(text, encoding="utf-8")
        apply_agents(shop)
        assert desk.post("/inbox/me/hours", {"mon": "09:00-17:00", "tue": "09:00-17:00"}).status_code == 303
        assert file.read_text(encoding="utf-8") == text

    def test_are_nobody_elses_whatever_the_form_says(self, shop, desk) -> None:
        desk.post("/inbox/me/hours", {"mon": "09:00-17:00", "user": "cleo", "name": "cleo"})
        app = shop.acting(shop.workspace.users[0])
        assert find_user(app, "anna").user.hours == {"mon": "09:00-17:00"}
        assert find_user(app, "cleo").user.hours == {}

    @pytest.mark.usefixtures("may_answer")
    def test_need_no_admin_but_put_nothing_else_into_force(self, shop, asgi, signed_in) -> None:
        cleo = Desk(asgi, signed_in("cleo"))
        assert cleo.post("/inbox/me/hours", {"mon": "09:00-17:00"}).status_code == 303
        file = shop.home.workspace_file
        half = file.read_text(encoding="utf-8").replace("permissions: [edit-agents]", "permissions: [admin]")
        file.write_text(half, encoding="utf-8")
        refused = cleo.post("/inbox/me/hours", {"mon": "10:00-17:00"})
        assert (refused.status_code, "nobody has put into force" in refused.text) == (400, True)
        assert file.read_text(encoding="utf-8") == half

    def test_of_a_command_line_too(self, shop, open_app) -> None:
        assert set_own_hours(open_app("cleo"), {"sat": "10:00-14:00"}, "").changed
        file = shop.home.workspace_file
        file.write_text(file.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
        with pytest.raises(PermissionDenied, match="nobody has put into force"):
            set_own_hours(open_app("cleo"), {}, "")


class TestAway:
    def test_and_back(self, shop, desk) -> None:
        assert desk.post("/inbox/me/away", {"length": "2h"}).headers["location"] == "/inbox/me?done=away"
        assert find_user(shop, "anna").availability is Availability.AWAY
        page = desk.get("/inbox/me").text
        assert "You are away until " in page
        assert "I am back" in page
        assert desk.post("/inbox/me/back").headers["location"] == "/inbox/me?done=back"
        assert find_user(shop, "anna").availability is Availability.AVAILABLE
        noted = [(one.actor, one.action) for one in shop.store.audit.entries(9) if one.action.startswith("users ")]
        assert noted[:2] == [("anna", "users back"), ("anna", "users away")]

    def test_until_a_time_that_is_over(self, shop, desk) -> None:
        refused = desk.post("/inbox/me/away", {"until": "2020-01-01T09:00"})
        assert (refused.status_code, "is over already" in refused.text) == (400, True)
        assert find_user(shop, "anna").availability is Availability.AVAILABLE


class TestPassword:
    def change(self, desk: Desk, old: str = PASSWORD, new: str = OTHER, again: str = OTHER) -> int:
        return desk.post("/inbox/me/password", {"old": old, "new": new, "again": again}).status_code

    def test_ends_every_other_session(self, shop, door, desk) -> None:
        other = door.sign_in("anna@northwind.example", PASSWORD, "192.0.2.1", shop.workspace)
        assert self.change(desk) == 303
        assert door.who(other, shop.workspace) is None
        assert desk.get("/inbox/me").status_code == 200
        with pytest.raises(SignInRefused):
            door.sign_in("anna@northwind.example", PASSWORD, "192.0.2.1", shop.workspace)
        assert door.sign_in("anna@northwind.example", OTHER, "192.0.2.1", shop.workspace)

    def test_only_by_who_knows_the_one_there_is(self, shop, door, desk) -> None:
        assert self.change(desk, old="wrong") == 400
        assert self.change(desk, again="another one entirely") == 400
        assert self.change(desk, new="short", again="short") == 400
        assert door.sign_in("anna@northwind.example", PASSWORD, "192.0.2.1", shop.workspace)

    def test_whoever_guesses_it_waits(self, shop, door, signed_in) -> None:
        user, token = shop.workspace.users[0], signed_in()
        for _ in range(FREE_TRIES):
            with pytest.raises(SignInRefused, match="another one"):
                door.change_password(user, token, "guess", OTHER, "192.0.2.1")
        with pytest.raises(SignInRefused, match="Too many tries"):
            door.change_password(user, token, PASSWORD, OTHER, "192.0.2.1")
        shop.clock.advance(seconds=1)
        with pytest.raises(UsageError):
            door.change_password(user, token, PASSWORD, "x" * 30, "192.0.2.1")

    def test_is_on_no_page(self, desk) -> None:
        form = {"old": "my old secret", "new": "my new secret!", "again": "another"}
        assert "secret" not in desk.post("/inbox/me/password", form).text


def test_signing_out_everywhere(shop, door, desk, asgi) -> None:
    other = door.sign_in("anna@northwind.example", PASSWORD, "192.0.2.1", shop.workspace)
    answer = desk.post("/inbox/me/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/inbox/sign-in")
    assert f'{COOKIE}=""' in answer.headers["set-cookie"]
    assert [Desk(asgi, token).get("/inbox/me").status_code for token in (desk.token, other)] == [303, 303]


@pytest.mark.parametrize("change", ["hours", "away", "back", "password", "sign-out"])
def test_nothing_is_changed_from_elsewhere(shop, desk, asgi, change) -> None:
    form = {"mon": "09:00-17:00", "old": PASSWORD, "new": OTHER, "again": OTHER}
    before = shop.home.workspace_file.read_text(encoding="utf-8")
    forged: list[dict[str, str]] = [{"x-csrf": ""}, {"x-csrf": "0" * 64}, {"origin": "https://evil.example"}]
    for headers in forged:
        assert desk.post(f"/inbox/me/{change}", form, **headers).status_code == 403
    assert Desk(asgi).post(f"/inbox/me/{change}", form).status_code == 401
    assert desk.get(f"/inbox/me/{change}").status_code == 405
    assert desk.get("/inbox/me").status_code == 200
    assert find_user(shop, "anna").availability is Availability.AVAILABLE
    assert shop.home.workspace_file.read_text(encoding="utf-8") == before


def test_a_change_that_is_none(desk) -> None:
    assert desk.post("/inbox/me/permissions", {"permissions": "admin"}).status_code == 404


class TestPhotos:
    @pytest.fixture
    def pictured(self, shop) -> bytes:
        content = picture()
        (shop.home.root / "photos").mkdir(exist_ok=True)
        (shop.home.root / "photos" / "anna.png").write_bytes(content)
        file = shop.home.workspace_file
        text = file.read_text(encoding="utf-8").replace("{name: anna,", "{name: anna, photo: photos/anna.png,")
        file.write_text(text, encoding="utf-8")
        apply_agents(shop)
        return content

    def test_are_shown_to_colleagues(self, desk, pictured) -> None:
        assert 'src="/inbox/photo/anna"' in desk.get("/inbox/me").text
        answer = desk.get("/inbox/photo/anna")
        assert (answer.content, answer.headers["content-type"]) == (pictured, "image/png")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]

    def test_are_shown_to_nobody_else(self, asgi, pictured) -> None:
        answer = Desk(asgi).get("/inbox/photo/anna")
        assert answer.status_code == 303
        assert pictured not in answer.content

    @pytest.mark.usefixtures("pictured")
    def test_of_nobody_or_without_one(self, desk) -> None:
        for name in ("bo", "nobody", "%2e%2e", "..%2f..%2fcustagent.yaml", "photos%2fanna.png", "x" * 300):
            assert desk.get(f"/inbox/photo/{name}").status_code == 404
