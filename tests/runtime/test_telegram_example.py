"""The example of a channel kind of one's own: installed as a package is, it carries a conversation through a real runner."""

from __future__ import annotations

import asyncio
import io
import json
import sys
import tokenize
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.core.channel_event import Unread
from custagent.core.conversation import Status
from custagent.core.message import InboundMessage
from custagent.runtime.definitions.agents import apply_agents
from custagent.runtime.definitions.channels import channel_states, check_channel, unread_items
from custagent.runtime.definitions.pauses import pause_channel
from custagent.runtime.runner.runner import Runner
from tests.telegram import EXAMPLE, TOKEN, FakeTelegram, install_telegram

CHAT = 4711


@pytest.fixture
def telegram():
    with FakeTelegram() as double:
        yield double


@pytest.fixture
def club(live, put, tmp_path, monkeypatch, telegram):
    """A workspace whose agent answers on Telegram too."""
    install_telegram(tmp_path / "packages", monkeypatch)
    channel = f"  - {{name: club, kind: telegram, token: '${{CLUB_TOKEN}}', api_base_url: '{telegram.url}'}}\n"
    put(live.home.workspace_file, "channels:\n", f"channels:\n{channel}")
    put(live.home.agents_folder / "support.yaml", "assignments:\n", "assignments:\n  - channel: club\n")
    monkeypatch.setattr(live, "_environ", {"CLUB_TOKEN": TOKEN})
    live.__dict__.pop("workspace", None)
    apply_agents(live)
    return live


def run(app, scene) -> None:
    """Plays a scene while a runner works."""

    async def play() -> None:
        runner = Runner(app)
        task = asyncio.create_task(runner.run())
        try:
            await scene()
        finally:
            runner.stop()
            await asyncio.wait_for(task, 60)

    asyncio.run(play())


def test_a_conversation_from_the_question_to_a_person(club, telegram, until):
    assert check_channel(club, "club").passed

    async def scene() -> None:
        telegram.write(CHAT, "How long is the warranty?")
        await until(lambda: len(telegram.sent) == 2)
        telegram.tell(edited_message={"text": "My card is 4111 1111 1111 1111"})
        telegram.write(CHAT, "A person, please")
        await until(lambda: len(telegram.sent) == 3)

    run(club, scene)
    assert [chat for chat, _, _ in telegram.sent] == [str(CHAT)] * 3
    assert "Two years from the day you buy it." in telegram.sent[1][1]
    (conversation,) = club.store.conversations.list(channel="club")
    messages = club.store.conversations.messages(conversation.id)
    assert [one.kind.value for one in messages][:4] == ["inbound", "disclosure", "answer", "inbound"]
    assert conversation.contact.name == "Ada"
    # Telegram is asked from there on; what could not be read is kept, masked.
    (item,) = unread_items(club, "club")
    assert "edited_message" in item.content
    assert "4111" not in item.content


def test_what_was_read_is_not_read_again_by_the_next_runner(club, telegram, until):
    telegram.write(CHAT, "How long is the warranty?")

    async def scene() -> None:
        await until(lambda: len(telegram.sent) == 2 and club.store.channel_news.remembered("club") == "502")

    run(club, scene)
    assert telegram._getupdates(502, 0)[1]["result"] == []
    assert len(club.store.conversations.list(channel="club")) == 1


def test_a_paused_channel_hands_over(club, telegram, until):
    pause_channel(club, "club")
    telegram.write(CHAT, "How long is the warranty?")

    async def scene() -> None:
        await until(lambda: len(telegram.sent) == 2)

    run(club, scene)
    assert not any("Two years" in text for _, text, _ in telegram.sent)
    (conversation,) = club.store.conversations.list(channel="club")
    (decided,) = [one for one in club.store.conversations.messages(conversation.id) if one.decision]
    assert (decided.decision, decided.reason) == ("handoff", "paused")
    assert conversation.status is Status.PENDING  # "stay": there is nobody to hand over to


def test_a_token_that_is_refused_is_noticed(club, telegram, until, monkeypatch):
    monkeypatch.setattr(club, "_environ", {"CLUB_TOKEN": "another"})
    check = check_channel(club, "club")
    assert "Telegram refused: Unauthorized. Write /newbot" in check.steps[0][1]

    async def scene() -> None:
        await until(club.store.channel_states.troubles)

    run(club, scene)
    (state,) = [one for one in channel_states(club) if one.name == "club"]
    assert [(one.way.value, one.reason) for one in state.troubles] == [("receiving", "Telegram refused: Unauthorized")]


def test_it_is_as_short_as_it_says():
    """Lines of code: comments, blank lines and what documents it left aside."""
    text = (EXAMPLE / "custagent_telegram.py").read_text(encoding="utf-8")
    aside = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    code = {token.start[0] for token in tokens if token.type not in aside and not token.string.startswith('"""')}
    assert len(code) <= 100


@pytest.fixture(scope="module")
def parse():
    sys.path.append(str(EXAMPLE))
    try:
        from custagent_telegram import parse
    finally:
        sys.path.remove(str(EXAMPLE))
    return parse


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
message = st.fixed_dictionaries(
    {},
    optional={
        "text": anything, "date": anything, "message_id": anything,
        "chat": st.fixed_dictionaries({}, optional={"id": anything, "type": st.just("private") | anything}) | anything,
        "from": st.fixed_dictionaries({}, optional={"first_name": anything}) | anything,
    },
)  # fmt: skip


@given(update=st.fixed_dictionaries({"update_id": st.integers()}, optional={"message": message | anything}) | anything)
def test_whatever_comes_is_a_message_or_kept(parse, update):
    read = parse(update, "club")
    if isinstance(read, Unread):
        assert json.loads(read.content) == json.loads(json.dumps(update)) or "NaN" in read.content
    else:
        assert isinstance(read, InboundMessage)
        assert read.text


def test_a_message_as_telegram_writes_it(parse):
    with FakeTelegram() as telegram:
        telegram.write(CHAT, " Hej \x07")
        read = parse(telegram._updates[0], "club")
    assert read == InboundMessage(
        channel="club", external_id=f"{CHAT}:1", contact_key=str(CHAT), text="Hej", contact_name="Ada",
        sent_at=datetime.fromtimestamp(1_790_000_000, UTC),
    )  # fmt: skip
