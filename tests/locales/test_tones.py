"""How each agent sounds: fifteen agents in every language, none like another, and none stating a fact (CRE-4)."""

from __future__ import annotations

import copy
import re
import tomllib
from importlib.resources import files

import pytest

from custagent.core.agent import Personality, Role
from custagent.locales import FALLBACK, catalogue, languages
from custagent.locales import tones as tones_module
from custagent.locales.tones import (
    KEYS,
    MANNERS,
    OPTIONAL,
    PLAIN,
    PLAIN_KEYS,
    ROLE_KEYS,
    TONES,
    Manner,
    faults,
    tones,
    ways,
)

LANGUAGES = languages()
ROLES = [role.value for role in Role]


def raw(language: str) -> dict:
    return tomllib.loads((files("custagent.locales.tones") / f"{language}.toml").read_text(encoding="utf-8"))


def test_there_is_a_tone_for_every_personality_and_a_plain_one():
    assert set(TONES) == {PLAIN, *Personality}
    assert set(ROLE_KEYS) == set(Role) - {Role.CUSTOMER_SERVICE}


def test_a_voice_finds_another_way_to_say_whatever_the_catalogue_says():
    texts = catalogue(FALLBACK)
    # `sample` is a contact's question; a button's label and a mail's subject have no voice.
    unvoiced = {"sample", "choose", "mail_subject"}
    assert set(KEYS) | set(PLAIN_KEYS) == {*texts.messages, *texts.compose, *OPTIONAL} - unvoiced


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_is_whole(language):
    assert tones(language).language == language


def test_a_personality_may_have_a_file_of_its_own(tmp_path, monkeypatch):
    for file in files("custagent.locales.tones").iterdir():
        if file.name.endswith(".toml"):
            (tmp_path / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    casual = (tmp_path / "en.toml").read_text(encoding="utf-8").partition("[casual]")[2].partition("[empathetic]")[0]
    own = f"[en]{casual}".replace("[casual.", "[en.").replace("lead_in = [", 'lead_in = ["In short:", ')
    (tmp_path / "brisk.toml").write_text(own, encoding="utf-8")
    monkeypatch.setattr(tones_module, "files", lambda _package: tmp_path)
    monkeypatch.setattr(tones_module, "MANNERS", {**MANNERS, "brisk": Manner(told="Quick.", asked="quick")})
    monkeypatch.setattr(tones_module, "TONES", (*TONES, "brisk"))
    english, swedish = tones.__wrapped__("en"), tones.__wrapped__("sv")
    assert english.said["brisk"]["lead_in"][0] == "In short:"
    assert english.by_role["brisk"]["sales-representative"]["lead_in"][0] == "In short:"
    # Nobody wrote it in Swedish.
    assert swedish.said["brisk"]["lead_in"] == swedish.said[PLAIN]["lead_in"]


@pytest.mark.parametrize(
    ("where", "key", "fault"),
    [
        ((), "agreeing", "`agreeing` is missing"),
        ((), "witty", "[witty] needs `greeting`, a list of at least 1 text"),
        (("casual",), "closing", "[casual] needs `closing`, a list of at least 2 texts"),
        (("plain",), "disclosure", "[plain] needs `disclosure`, a list of at least 1 text"),
        (("witty", "sales-representative"), "handoff", "[witty.sales-representative] needs `handoff`"),
    ],
)
def test_what_is_missing_is_named(where, key, fault):
    told = raw("de")
    table = told
    for step in where:
        table = table[step]
    del table[key]
    assert any(found.startswith(fault) for found in faults(told)), list(faults(told))


@pytest.mark.parametrize(
    ("tone", "key", "value", "fault"),
    [
        ("friendly", "lead_in", ["One:", "Two:"], "[friendly] needs `lead_in`, a list of at least 3 texts"),
        ("friendly", "handoff", ["Here.", ""], "[friendly] needs `handoff`"),
        ("friendly", "greeting", "Hello!", "[friendly] needs `greeting`"),
        ("friendly", "farewell", ["Bye."], "[friendly] has `farewell`, which nobody reads"),
    ],
)
def test_what_is_too_little_or_too_much_is_named(tone, key, value, fault):
    told = copy.deepcopy(raw(FALLBACK))
    told[tone][key] = value
    assert [found[: len(fault)] for found in faults(told)] == [fault]


def test_a_table_that_nobody_reads_is_named():
    assert list(faults({**raw(FALLBACK), "grumpy": {}})) == ["nobody reads `grumpy`"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_of_the_fifteen_agents_opens_and_closes_its_own_way(language):
    for key in OPTIONAL:
        said = [way for tone in TONES for role in ROLES for way in ways(language, tone, role, key)]
        # Some ways to open are so plain that a casual and a plain agent share them.
        firsts = [ways(language, tone, role, key)[0] for tone in Personality for role in ROLES]
        assert len(set(firsts)) == len(firsts), key
        assert len(set(said)) >= len(said) - 4, key
    assert all(way.endswith(":") for tone in TONES for role in ROLES for way in ways(language, tone, role, "lead_in"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_personality_has_its_own_words_for_everything(language):
    for key in KEYS:
        firsts = [ways(language, tone, Role.CUSTOMER_SERVICE, key)[0] for tone in Personality]
        assert len(set(firsts)) == len(firsts), key
        assert all(len(set(told)) == len(told) for tone in TONES for told in [ways(language, tone, ROLES[0], key)])


@pytest.mark.parametrize("language", LANGUAGES)
def test_roles_greet_and_hand_over_in_their_own_way(language):
    for tone in TONES:
        greetings = {ways(language, tone, role, "greeting")[0] for role in ROLES}
        assert len(greetings) == len(ROLES), tone
        service, sales = (ways(language, tone, role, "handoff")[0] for role in (ROLES[0], ROLES[2]))
        assert service != sales


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_way_states_a_fact(language):
    told = tones(language)
    said = [way for keys in told.said.values() for each in keys.values() for way in each]
    said += [
        way for roles in told.by_role.values() for keys in roles.values() for each in keys.values() for way in each
    ]
    for way in said:
        assert re.search(r"\d|https?:|@|€|\$", way) is None, way
        assert way == way.strip()
        assert set(re.findall(r"{(\w*)}", way)) <= {"language", "part", "link"}, way


@pytest.mark.parametrize("language", LANGUAGES)
def test_professionals_and_those_who_hand_over_do_not_shout(language):
    told = tones(language)
    quiet = [way for key, each in told.said["professional"].items() for way in each]
    quiet += [way for keys in told.by_role["professional"].values() for each in keys.values() for way in each]
    # Who is angry is handed over too.
    quiet += [way for tone in TONES for role in ROLES for way in ways(language, tone, role, "handoff")]
    quiet += [way for tone in TONES for way in ways(language, tone, ROLES[0], "rephrase")]
    assert [way for way in quiet if "!" in way] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_gushes(language):
    told = tones(language)
    each = [way for keys in told.said.values() for key in keys.values() for way in key]
    each += [way for roles in told.by_role.values() for keys in roles.values() for key in keys.values() for way in key]
    assert max(way.count("!") for way in each) <= 1
    assert max(len(way) for way in each if "AI" not in way and "IA" not in way) <= 210


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_disclosure_says_that_it_is_an_ai(language):
    # ASG-4
    ai = re.compile(r"\b(AI|KI|IA|tekoäly)\w*", re.IGNORECASE)
    assert all(ai.search(way) for way in ways(language, PLAIN, ROLES[0], "disclosure"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_plain_tone_can_do_without_exclamation_marks(language):
    for role in ROLES:
        for key in (*KEYS, *PLAIN_KEYS):
            assert any("!" not in way for way in ways(language, PLAIN, role, key)), (role, key)


def test_in_the_plain_tone_the_catalogue_comes_first_and_else_last():
    base = catalogue("sv").messages["rephrase"]
    assert ways("sv", PLAIN, ROLES[0], "rephrase")[0] == base
    assert ways("sv", "witty", ROLES[0], "rephrase")[-1] == base
    assert ways("sv", PLAIN, ROLES[2], "greeting")[0] == catalogue("sv").role_messages[ROLES[2]]["greeting"]
    assert ways("sv", "witty", ROLES[0], "closed") == (catalogue("sv").messages["closed"],)
