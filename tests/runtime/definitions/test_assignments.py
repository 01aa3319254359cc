"""Putting agents on channels, taking them off, and what becomes of their conversations."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from custagent.config.agents import agent_path
from custagent.config.editor import NewAgent
from custagent.config.home import Home
from custagent.core.agent import PRESETS, Assignment, ConfidencePreset, Handoff
from custagent.core.conversation import Conversation, Event, Status, Turn, transition
from custagent.core.credit import CreditKind
from custagent.core.errors import ConfigError, CustagentError, PermissionDenied, UnknownName, UsageError
from custagent.core.message import DeliveryReceipt, DeliveryStatus, Message, MessageKind
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.agents import apply_agents, create_agent, delete_agent
from custagent.runtime.definitions.assignments import (
    Terms,
    assign,
    open_channels,
    possible_targets,
    read_terms,
    unassign,
)
from custagent.runtime.definitions.channels import add_live_chat
from custagent.runtime.definitions.handover import live_assignments
from custagent.runtime.definitions.pauses import pause_agents, resume_agents
from custagent.runtime.definitions.teams import edit_team

Hear = Callable[..., Conversation]
Reply = Callable[..., Message]
TEAM = read_terms(to=["team:support"])


def on(app: Application) -> dict[str, str]:
    """Which agent is live on which channel."""
    return {channel: live.agent.name for channel, live in live_assignments(app).items()}


def now(app: Application, conversation: Conversation) -> Conversation:
    stored = app.store.conversations.conversation(conversation.id)
    assert stored is not None
    return stored


def test_assigning_writes_the_file_applies_it_and_remembers_who(shop: Application) -> None:
    before = agent_path(shop.home, "support").read_text(encoding="utf-8")
    done = assign(shop, "support", ["web", "wiki"], Terms())
    assert (done.channels, done.version, done.unconnected) == (("web", "wiki"), 2, {})
    after = agent_path(shop.home, "support").read_text(encoding="utf-8")
    assert after == before + "\nassignments:\n  - channel: web\n  - channel: wiki\n"
    assert on(shop) == {"web": "support", "wiki": "support"}
    entry = shop.store.audit.entries(1)[0]
    assert (entry.action, entry.subject, entry.actor) == ("assign", "support", "anna")
    assert (entry.before, entry.after) == (before, after)


def test_all_terms_are_written_and_read_back(shop: Application) -> None:
    terms = read_terms(
        to=["team:support", "user:cleo"],
        update_avatar=False,
        reroute_after="15m",
        reroute_on=["hours-end"],
        hours="team-hours",
        share="20%",
        mode="suggest",
        confidence="careful",
    )
    with pytest.raises(ConfigError, match="`team-hours` goes by the hours of whom it hands over to"):
        assign(shop, "support", ["web"], terms)
    edit_team(shop, "support", {"hours": {"mon-fri": "09:00-17:00"}})
    assign(shop, "support", ["web"], terms)
    assert shop.agent("support").assignments == (
        Assignment(
            channel="web",
            handoff=Handoff(
                mode="transfer",
                to=("team:support", "user:cleo"),
                update_avatar=False,
                reroute_after="15m",
                reroute_on=("hours-end",),
            ),
            hours="team-hours",
            share=20,
            mode="suggest",
            confidence=PRESETS[ConfidencePreset.CAREFUL],
        ),
    )
    assert "confidence: careful" in agent_path(shop.home, "support").read_text(encoding="utf-8")


def test_assigning_again_takes_the_place_of_the_earlier_terms(shop: Application) -> None:
    assign(shop, "support", ["web", "wiki"], TEAM)
    assign(shop, "support", ["web"], read_terms(share="50"))
    web, wiki = shop.agent("support").assignments
    assert (web.channel, web.share, web.handoff) == ("web", 50, Handoff())
    assert (wiki.channel, wiki.handoff.to) == ("wiki", ("team:support",))


@pytest.mark.parametrize(
    ("channels", "terms", "kind", "said"),
    [
        (["web"], Terms(), ConfigError, "a channel has one agent, and web has sales"),
        (["wiki", "web"], Terms(), ConfigError, "a channel has one agent, and web has sales"),
        (["wiki"], read_terms(to=["user:bo"]), ConfigError, "bo holds no seat"),
        (["wiki"], read_terms(to=["team:night"]), ConfigError, "nobody in the team night holds a seat"),
        (["wiki"], read_terms(to=["team:day"]), ConfigError, "no team called 'day'"),
        (["wiky"], Terms(), UnknownName, "no channel called 'wiky'"),
    ],
)
def test_what_does_not_fit_changes_nothing(
    shop: Application, channels: list[str], terms: Terms, kind: type[CustagentError], said: str
) -> None:
    assign(shop, "sales", ["web"], Terms())
    before = agent_path(shop.home, "support").read_bytes()
    with pytest.raises(kind, match=said):
        assign(shop, "support", channels, terms)
    assert agent_path(shop.home, "support").read_bytes() == before
    assert on(shop) == {"web": "sales"}


def test_a_file_with_another_error_is_not_changed(shop: Application) -> None:
    path = agent_path(shop.home, "support")
    path.write_text(path.read_text(encoding="utf-8").replace("personality: friendly", "voice: gone"), encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="no voice called 'gone'"):
        assign(shop, "support", ["web"], Terms())
    assert path.read_bytes() == before


def test_without_a_connected_channel_it_says_what_to_run(app: Application) -> None:
    create_agent(app, NewAgent(name="support"))
    for attempt in (lambda: assign(app, "support", ["web"], Terms()), lambda: open_channels(app, "support")):
        with pytest.raises(CustagentError, match="no channel yet") as caught:
            attempt()
        assert "custagent channels add live-chat" in caught.value.hint
    path = app.home.workspace_file
    text = path.read_text(encoding="utf-8") + "channels:\n  - {name: web, kind: live-chat}\n"
    path.write_text(text, encoding="utf-8")
    app.__dict__.pop("workspace")
    for attempt in (lambda: assign(app, "support", ["web"], Terms()), lambda: open_channels(app, "support")):
        with pytest.raises(CustagentError, match="no site may show this chat yet") as caught:
            attempt()
        assert "custagent channels check web" in caught.value.hint
    assert on(app) == {}


def test_one_connected_channel_is_enough_and_the_others_are_told(shop: Application) -> None:
    path = shop.home.workspace_file
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("\nchannels:\n", "\nchannels:\n  - {name: bare, kind: live-chat}\n"), encoding="utf-8")
    shop.__dict__.pop("workspace")
    with pytest.raises(CustagentError, match="not in force yet") as caught:
        assign(shop, "support", ["web", "bare"], Terms())
    assert caught.value.hint == "Run: custagent apply"
    apply_agents(shop)
    done = assign(shop, "support", ["web", "bare"], Terms())
    assert list(done.unconnected) == ["bare"]
    assert on(shop) == {"web": "support", "bare": "support"}


@pytest.mark.parametrize("change", [
    lambda app: assign(app, "support", ["web"], Terms()),
    lambda app: unassign(app, "support"),
    lambda app: pause_agents(app, ["support"]),
    resume_agents,
])  # fmt: skip
def test_it_needs_the_permission_to_edit_agents(
    shop: Application, open_app: Callable[..., Application], change: Callable[[Application], object]
) -> None:
    with pytest.raises(PermissionDenied, match="edit-agents"):
        change(open_app("cleo"))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"handoff": "transfer"}, "who gets"),
        ({"handoff": "stay", "to": ["team:support"]}, "hands over to nobody"),
        ({"to": ["support"]}, "user:NAME or team:NAME"),
        *(({"share": share}, "no share") for share in ("0", "101%", "half", "-5%", "20.5%", "", "٥", "9" * 5000)),
    ],
)
def test_terms_that_do_not_fit(typed: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_terms(**typed)


def test_terms_by_default_stay_and_with_a_target_transfer() -> None:
    assert read_terms() == Terms()
    assert read_terms(to=["user:anna"]).handoff == Handoff(mode="transfer", to=("user:anna",))
    assert [read_terms(share=share).share for share in ("1%", " 20 % ", "100")] == [1, 20, 100]


def test_unassigning_takes_it_off_at_once(shop: Application) -> None:
    assign(shop, "support", ["web", "wiki"], Terms())
    done = unassign(shop, "support", ["web"])
    assert (done.channels, done.version, done.handed_over) == (("web",), 3, 0)
    assert on(shop) == {"wiki": "support"}
    assert shop.store.audit.entries(1)[0].action == "unassign"
    with pytest.raises(UnknownName, match="not on 'web'") as caught:
        unassign(shop, "support", ["web"])
    assert "wiki" in caught.value.hint
    unassign(shop, "support")
    assert on(shop) == {}
    with pytest.raises(CustagentError, match="on no channel"):
        unassign(shop, "support")
    delete_agent(shop, "support")


def test_its_conversations_go_to_the_team(shop: Application, hear: Hear, reply: Reply) -> None:
    assign(shop, "support", ["web", "wiki"], TEAM)
    swedish = hear(shop, "k1", language="sv")
    waiting = reply(shop, swedish)
    english = hear(shop, "k2", language="en")
    elsewhere = hear(shop, "k3", channel="wiki")
    peoples = hear(shop, "k4", agent="")
    assert unassign(shop, "support", ["web"]).handed_over == 2
    assert (now(shop, swedish).status, now(shop, swedish).assignee) == (Status.OPEN, "team:support")
    assert now(shop, elsewhere).status is Status.PENDING
    assert now(shop, peoples) == peoples
    # What had not been sent yet is withdrawn, with what it cost; the contact is told in their language.
    assert shop.store.outbox.statuses(swedish.id)[waiting.id] is DeliveryStatus.DROPPED
    assert [entry.kind for entry in shop.store.ledger.entries()] == [CreditKind.CHARGE, CreditKind.REVERSAL]
    said = {one.id: shop.store.conversations.messages(one.id)[-1] for one in (swedish, english)}
    assert [(message.kind, message.language) for message in said.values()] == [
        (MessageKind.HANDOFF, "sv"), (MessageKind.HANDOFF, "en"),
    ]  # fmt: skip
    assert shop.store.outbox.statuses(swedish.id)[said[swedish.id].id] is DeliveryStatus.QUEUED
    assert said[swedish.id].text != said[english.id].text


def test_what_was_sent_stays_charged(shop: Application, hear: Hear, reply: Reply) -> None:
    assign(shop, "support", ["web"], TEAM)
    conversation = hear(shop)
    sent = reply(shop, conversation)
    shop.store.outbox.record(sent.id, DeliveryReceipt(status=DeliveryStatus.SENT), shop.clock.now())
    unassign(shop, "support")
    assert shop.store.ledger.balance() == -100


@pytest.mark.parametrize(
    ("to", "language", "assignee"),
    [
        ([], "en", ""),
        (["user:anna", "user:cleo"], "sv", "user:cleo"),
        (["user:anna", "user:cleo"], "en", "user:anna"),
        (["user:anna", "team:support"], "en", "team:support"),
    ],
)
def test_who_gets_them(shop: Application, hear: Hear, to: list[str], language: str, assignee: str) -> None:
    assign(shop, "support", ["web"], read_terms(to=to))
    conversation = hear(shop, language=language)
    unassign(shop, "support")
    assert (now(shop, conversation).status, now(shop, conversation).assignee) == (Status.OPEN, assignee)
    kind = MessageKind.HANDOFF if to else MessageKind.HANDOFF_UNAVAILABLE
    assert shop.store.conversations.messages(conversation.id)[-1].kind is kind


def test_users_without_a_team_share_them(shop: Application, hear: Hear) -> None:
    assign(shop, "support", ["web"], read_terms(to=["user:anna", "user:cleo"]))
    conversations = [hear(shop, f"k{number}", language="en") for number in range(4)]
    unassign(shop, "support")
    assert sorted(now(shop, one).assignee for one in conversations) == ["user:anna"] * 2 + ["user:cleo"] * 2


def test_nobody_with_a_seat_any_more_is_told_as_such(shop: Application, hear: Hear) -> None:
    assign(shop, "support", ["web"], TEAM)
    conversation = hear(shop)
    path = shop.home.workspace_file
    path.write_text(path.read_text(encoding="utf-8").replace("seat: service,", ""), encoding="utf-8")
    agent = agent_path(shop.home, "support")
    text = agent.read_text(encoding="utf-8")
    agent.write_text(text[: text.index("assignments:")], encoding="utf-8")
    shop.__dict__.pop("workspace")
    apply_agents(shop, ["support"])
    assert shop.store.conversations.messages(conversation.id)[-1].kind is MessageKind.HANDOFF_UNAVAILABLE
    assert now(shop, conversation).assignee == "team:support"


def test_more_conversations_than_one_look_shows(shop: Application, hear: Hear) -> None:
    assign(shop, "support", ["web"], Terms())
    for number in range(130):
        hear(shop, f"k{number}")
    assert unassign(shop, "support").handed_over == 130
    assert shop.store.conversations.list(status=Status.PENDING) == ()


def test_the_contact_s_last_words_still_wait_when_the_agent_gets_it_back(shop: Application, hear: Hear) -> None:
    assign(shop, "support", ["web"], TEAM)
    conversation = hear(shop)
    unassign(shop, "support")
    assert shop.store.conversations.unhandled() == ()
    taken = now(shop, conversation)
    back = Turn(
        conversation=taken, status=transition(taken.status, Event.RELEASED), agent="support", at=shop.clock.now()
    )
    shop.store.conversations.commit(back)
    ((_, waiting),) = shop.store.conversations.unhandled()
    assert [message.text for message in waiting] == ["Hej?"]


def test_a_hand_edit_that_takes_it_off_hands_over_too(shop: Application, hear: Hear) -> None:
    assign(shop, "support", ["web"], TEAM)
    conversation = hear(shop)
    path = agent_path(shop.home, "support")
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("assignments:")], encoding="utf-8")
    assert now(shop, conversation).status is Status.PENDING
    applied = {one.agent: one for one in apply_agents(shop)}
    assert (applied["support"].handed_over, applied["sales"].handed_over) == (1, 0)
    assert now(shop, conversation).status is Status.OPEN


def test_an_agent_that_is_gone_hands_over_too(shop: Application, hear: Hear) -> None:
    assign(shop, "support", ["web"], TEAM)
    assign(shop, "sales", ["wiki"], TEAM)
    conversations = [hear(shop), hear(shop, channel="wiki", agent="sales")]
    agent_path(shop.home, "sales").unlink()
    assert [(one.agent, one.handed_over) for one in apply_agents(shop)][-1] == ("sales", 1)
    path = agent_path(shop.home, "support")
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("assignments:")], encoding="utf-8")
    delete_agent(shop, "support")
    assert [(now(shop, one).status, now(shop, one).assignee) for one in conversations] == [
        (Status.OPEN, "team:support")
    ] * 2


def test_unassign_finds_what_is_live_though_the_file_says_otherwise(shop: Application) -> None:
    assign(shop, "support", ["web"], Terms())
    path = agent_path(shop.home, "support")
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("assignments:")], encoding="utf-8")
    assert unassign(shop, "support").channels == ("web",)
    assert on(shop) == {}


def test_a_channel_that_changes_hands_keeps_its_conversations(shop: Application, hear: Hear) -> None:
    assign(shop, "support", ["web"], TEAM)
    conversation = hear(shop)
    texts = {name: agent_path(shop.home, name).read_text(encoding="utf-8") for name in ("support", "sales")}
    at = texts["support"].index("assignments:")
    agent_path(shop.home, "sales").write_text(texts["sales"] + texts["support"][at:], encoding="utf-8")
    agent_path(shop.home, "support").write_text(texts["support"][:at], encoding="utf-8")
    apply_agents(shop)
    assert on(shop) == {"web": "sales"}
    assert now(shop, conversation).status is Status.PENDING


def test_a_live_version_that_cannot_be_read_any_more_does_not_stand_in_the_way(shop: Application) -> None:
    entry = shop.audit_entry("apply", "support")
    shop.store.versions.apply("support", "no: agent\n", actor="", git_commit="", at=entry.at)
    assert on(shop) == {}
    assign(shop, "support", ["web"], Terms())
    assert on(shop) == {"web": "support"}


def test_the_form_offers_connected_channels_that_are_free(shop: Application) -> None:
    assign(shop, "sales", ["wiki"], Terms())
    assert [channel.name for channel in open_channels(shop, "support")] == ["web"]
    assert [channel.name for channel in open_channels(shop, "sales")] == ["web", "wiki"]
    assign(shop, "sales", ["web"], Terms())
    with pytest.raises(CustagentError, match="every channel has an agent") as caught:
        open_channels(shop, "support")
    assert "custagent unassign sales web" in caught.value.hint


def test_targets_are_those_with_a_seat(shop: Application) -> None:
    assert possible_targets(shop.workspace) == ["team:support", "user:anna", "user:cleo"]


def test_pausing_is_a_row_that_a_runner_sees(shop: Application, home: Home) -> None:
    assert pause_agents(shop, ["support", "support"]) == ["support"]
    assert shop.store.pauses.is_paused("support")
    assert pause_agents(shop) == ["sales"]
    assert [(entry.action, entry.subject, entry.actor) for entry in shop.store.audit.entries(2)] == [
        ("pause", "sales", "anna"), ("pause", "support", "anna"),
    ]  # fmt: skip
    assert resume_agents(shop, ["sales"]) == ["sales"]
    assert resume_agents(shop) == ["support"]
    assert resume_agents(shop) == []
    assert shop.store.pauses.paused() == {}
    with pytest.raises(UnknownName, match="suport"):
        pause_agents(shop, ["suport"])


def test_an_agent_is_paused_though_its_file_is_gone(shop: Application) -> None:
    agent_path(shop.home, "support").unlink()
    assert pause_agents(shop, ["support"]) == ["support"]


def test_the_first_channel_is_added_and_assigned_without_an_apply(app: Application) -> None:
    create_agent(app, NewAgent(name="support"))
    add_live_chat(app, "web", ["https://www.northwind.example"])
    assign(app, "support", ["web"], Terms())
    assert on(app) == {"web": "support"}
