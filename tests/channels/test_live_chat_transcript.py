"""The chat by mail, as visitors ask for it: to an address of theirs, and not often."""

from __future__ import annotations

from typing import Any

from custagent.channels.limits import Limits, Rate


def error(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


async def ask(client: Any, visitor: Any, email: str = "anna@shop.example", **rest: str) -> Any:
    return await client.post("/chat/website/transcript", json={"email": email, **rest}, headers=visitor.headers)


def test_it_goes_to_the_address_that_was_typed_in_the_visitors_language(on, thread, visiting) -> None:
    thread.settings["send_transcript"] = thread.send_transcript

    async def scene(client, _server) -> None:
        anna = visiting(client)
        assert error(await ask(client, anna)) == (404, "nothing-said")
        await anna.send("Hello")
        assert (await ask(client, anna, language="sv-SE")).status_code == 204
        assert error(await ask(client, anna, email="anna")) == (400, "not-an-email")
        assert error(await ask(client, anna, email="a@b.example\r\nBcc: c@d.example")) == (400, "not-an-email")
        assert thread.transcripts == [(anna.key, "anna@shop.example", "sv")]

    on(scene)


def test_nobody_can_have_mails_sent_all_day(on, thread, visiting) -> None:
    thread.settings["send_transcript"] = thread.send_transcript
    limits = Limits(visitor_transcripts=Rate(count=1, seconds=3600, burst=1))

    async def scene(client, _server) -> None:
        anna = visiting(client)
        await anna.send("Hello")
        assert (await ask(client, anna)).status_code == 204
        refused = await ask(client, anna)
        assert error(refused) == (429, "too-many")
        assert int(refused.headers["Retry-After"]) > 3000

    on(scene, limits=limits)
    assert len(thread.transcripts) == 1


def test_where_it_is_not_offered_nothing_is_sent(on, visiting) -> None:
    async def scene(client, _server) -> None:
        assert error(await ask(client, visiting(client))) == (404, "no-transcript")

    on(scene)
