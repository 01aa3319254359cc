"""Who a visitor is: what a site may sign, what it may not, and what becomes of what was written before."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.channels.live_chat.identity import LONGEST_LIFE, SESSION, Customer, Identities, Unproved
from custagent.core.message import IdentityKind
from custagent.testing import FrozenClock

SECRET = "s" * 32
OLD = "o" * 40
NOW = FrozenClock().now()
SECONDS = int(NOW.timestamp())


def identities(*secrets: str, channel: str = "website") -> Identities:
    return Identities(channel, lambda: secrets or (SECRET,))


def signed(key: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    whole = {"sub": "c-7", "aud": "website", "exp": SECONDS + 600, **claims}
    return jwt.encode({name: value for name, value in whole.items() if value is not None}, key, algorithm=algorithm)


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_the_site_says_who_it_is() -> None:
    customer = identities().proved(signed(name=" Anna \n Berg", email="Anna@Shop.example"), NOW)
    assert customer == Customer(id="c-7", name="Anna Berg", email="anna@shop.example")
    kinds = [(one.kind, one.value) for one in customer.identities]
    assert kinds == [(IdentityKind.CUSTOMER, "c-7"), (IdentityKind.EMAIL, "anna@shop.example")]


@pytest.mark.parametrize(
    ("token", "why"),
    [
        (signed(key="x" * 32), "does not hold"),
        (signed(aud="other"), "does not hold"),
        (signed(aud=None), "does not hold"),
        (signed(exp=None), "does not hold"),
        (signed(sub=None), "does not hold"),
        (signed(exp=SECONDS), "has run out"),
        (signed(exp=SECONDS + LONGEST_LIFE + 61), "lasts too long"),
        (signed(iat=SECONDS + 61), "of the future"),
        (signed(nbf=SECONDS + 61), "of the future"),
        (signed(sub="  "), "sub is not"),
        (signed(sub="x" * 201), "sub is not"),
        (signed(algorithm="HS512", key="s" * 64), "does not hold"),
        (
            f"{part({'alg': 'none', 'typ': 'JWT'})}.{part({'sub': 'c-7', 'aud': 'website', 'exp': SECONDS + 60})}.",
            "no JWT",
        ),
        ("", "no JWT"),
        ("a.b", "no JWT"),
    ],
)
def test_what_does_not_prove_it_is_refused(token: str, why: str) -> None:
    with pytest.raises(Unproved, match=why):
        identities().proved(token, NOW)


def test_a_bit_that_changes_on_the_way_is_noticed() -> None:
    token = signed()
    for at in range(0, len(token), 7):
        other = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        if other[:-1] != token[:-1]:
            with pytest.raises(Unproved):
                identities().proved(other, NOW)


def test_while_the_secret_is_changed_both_hold() -> None:
    assert identities(SECRET, OLD).proved(signed(key=OLD), NOW).id == "c-7"
    session = identities(OLD).session(Customer(id="c-7"), NOW)
    assert identities(SECRET, OLD).of_session(session, NOW) == Customer(id="c-7")
    assert identities(SECRET).of_session(session, NOW) is None


def test_a_session_is_no_token_of_the_site_and_the_other_way_round() -> None:
    session = identities().session(Customer(id="c-7"), NOW)
    with pytest.raises(Unproved):
        identities().proved(session, NOW)
    assert identities().of_session(signed(), NOW) is None
    assert identities(channel="other").of_session(session, NOW) is None


def test_a_session_ends() -> None:
    session = identities().session(Customer(id="c-7", name="Anna"), NOW)
    assert identities().of_session(session, NOW + timedelta(seconds=SESSION - 1)) == Customer(id="c-7", name="Anna")
    assert identities().of_session(session, NOW + timedelta(seconds=SESSION)) is None


def test_a_customer_has_one_key_on_every_device_and_another_on_every_channel() -> None:
    anna = Customer(id="c-7")
    assert identities().key_of(anna) == identities(OLD).key_of(Customer(id="c-7", name="Anna"))
    assert (
        len({identities().key_of(anna), identities(channel="b").key_of(anna), identities().key_of(Customer(id="c-8"))})
        == 3
    )


def test_a_secret_that_can_be_guessed_is_said_and_not_used() -> None:
    assert "fewer than 32" in identities("short").fault()
    assert identities().fault() == ""
    with pytest.raises(Unproved, match="fewer than 32"):
        identities("short").proved(signed(), NOW)


@given(st.one_of(st.text(max_size=300), st.binary(max_size=300).map(lambda raw: raw.decode("latin-1"))))
def test_no_text_proves_anything_or_breaks_anything(text: str) -> None:
    with pytest.raises(Unproved):
        identities().proved(text, NOW)
    assert identities().of_session(text, NOW) is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["sub", "aud", "exp", "nbf", "iat", "name", "email"]), _JSON))
def test_whatever_the_site_signs_is_taken_or_refused(claims: dict[str, Any]) -> None:
    """Structure-aware: rightly signed, with claims of any shape."""
    payload = json.dumps({"sub": "c-7", "aud": "website", "exp": SECONDS + 60, **claims}).encode()
    token = jwt.PyJWS().encode(payload, SECRET, algorithm="HS256")
    try:
        customer = identities().proved(token, NOW)
    except Unproved:
        return
    assert customer.id.strip() == customer.id != ""
    assert "\n" not in customer.name + customer.email


def error(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def test_what_was_written_before_goes_on_under_the_customers_name(on, thread, visiting) -> None:
    book = thread.sign_in(SECRET)

    async def scene(client, _server) -> None:
        visitor = visiting(client)
        assert (await visitor.send("Before")).status_code == 202
        named = await client.post("/chat/website/identify", json={"jwt": signed(name="Anna")}, headers=visitor.headers)
        assert named.status_code == 200
        assert named.json()["same"] is False
        session = visiting(client, token=named.json()["token"])
        assert (await session.send("After")).status_code == 202
        heard = await session.listen(until=lambda all_: len([one for one in all_ if one["name"] == "message"]) == 2)
        assert [one["value"]["text"] for one in heard if one["name"] == "message"] == ["Before", "After"]
        # On another device, with no thread of its own.
        again = await client.post(
            "/chat/website/identify", json={"jwt": signed()}, headers={"Origin": session.headers["Origin"]}
        )
        other = visiting(client, token=again.json()["token"])
        heard = await other.listen(until=lambda all_: len([one for one in all_ if one["name"] == "message"]) == 2)
        assert len(heard) >= 2
        # The token of before opens nothing any more.
        assert (await visitor.listen(until=lambda all_: any(one["name"] == "live" for one in all_)))[-1][
            "name"
        ] == "live"

    on(scene)
    key = book.key_of(Customer(id="c-7"))
    assert [(one[1], one[2]) for one in thread.identified] == [(key, "c-7")]
    assert thread.inbound[0].identities == ()
    assert thread.inbound[1].contact_key == key
    assert thread.inbound[1].contact_name == "Anna"
    assert thread.inbound[1].identities == Customer(id="c-7").identities
    assert [one for one, _ in thread.written] == [key, key]


def test_one_customer_never_takes_over_what_another_wrote(on, thread, visiting) -> None:
    thread.sign_in(SECRET)

    async def scene(client, server) -> None:
        origin = {"Origin": server.origin}
        anna = (await client.post("/chat/website/identify", json={"jwt": signed()}, headers=origin)).json()["token"]
        await visiting(client, token=anna).send("Anna's")
        headers = {**origin, "Authorization": f"Bearer {anna}"}
        bo = await client.post("/chat/website/identify", json={"jwt": signed(sub="c-8")}, headers=headers)
        assert bo.json()["same"] is False
        heard = await visiting(client, token=bo.json()["token"]).listen(until=lambda all_: all_[-1]["name"] == "live")
        assert [one for one in heard if one["name"] == "message"] == []

    on(scene)
    assert thread.identified == []


def test_only_signed_in_visitors_write_where_that_is_required(on, thread, visiting) -> None:
    thread.sign_in(SECRET, required=True)

    async def scene(client, server) -> None:
        assert error(await visiting(client).send("Hello")) == (403, "not-identified")
        origin = {"Origin": server.origin}
        token = (await client.post("/chat/website/identify", json={"jwt": signed()}, headers=origin)).json()["token"]
        assert (await visiting(client, token=token).send("Hello")).status_code == 202

    on(scene)
    assert thread.texts() == ["Hello"]


def test_a_chat_without_a_secret_takes_nobodys_word(on, visiting) -> None:
    async def scene(client, _server) -> None:
        headers = visiting(client).headers
        assert error(await client.post("/chat/website/identify", json={"jwt": signed()}, headers=headers)) == (
            404,
            "no-identity",
        )

    on(scene)


def test_a_refused_token_says_why_to_the_site(on, thread, visiting, caplog) -> None:
    thread.sign_in(SECRET)

    async def scene(client, _server) -> None:
        headers = visiting(client).headers
        response = await client.post("/chat/website/identify", json={"jwt": signed(exp=SECONDS - 1)}, headers=headers)
        assert error(response) == (403, "unproved")
        assert "exp is in the past" in response.json()["error"]["message"]
        assert error(await client.post("/chat/website/identify", json={}, headers=headers)) == (400, "no-jwt")

    on(scene)
    assert "exp is in the past" in caplog.text
    assert thread.identified == []
