"""STOP and START are whole messages, in every language, where providers ask for it."""

from __future__ import annotations

import pytest

from custagent.conversation.opting import confirmation, opts_for
from custagent.core.conversation import OptsFor
from custagent.locales import catalogue, languages


@pytest.mark.parametrize("language", languages())
def test_each_language_has_its_words_and_says_so(language):
    texts = catalogue(language)
    for kind in ("whatsapp", "messenger"):
        assert {opts_for(kind, word) for word in texts.silence} == {OptsFor.SILENCE}
        assert {opts_for(kind, word) for word in texts.replies_again} == {OptsFor.REPLIES}
    assert "START" in texts.silenced
    assert confirmation(OptsFor.SILENCE, "Stop", language, "en") == texts.silenced
    assert confirmation(OptsFor.REPLIES, "START", language, "en") == texts.back


@pytest.mark.parametrize("text", ["STOP", " stop. ", "Stop!!", "*STOP*", "stopp", "Avregistrera", "Abmelden!"])
def test_however_it_is_written(text):
    assert opts_for("whatsapp", text) is OptsFor.SILENCE


@pytest.mark.parametrize(
    "text", ["", "stop it, where is my parcel?", "How do I stop my order?", "bus stop", "start-up kit", "no", "s t o p"]
)
def test_what_is_no_such_word(text):
    assert opts_for("whatsapp", text) is None


@pytest.mark.parametrize("kind", ["live-chat", "email", "telegram"])
def test_elsewhere_it_is_a_message_like_any_other(kind):
    assert opts_for(kind, "STOP") is None


def test_it_is_confirmed_in_the_language_of_the_word():
    assert confirmation(OptsFor.SILENCE, "Avregistrera", "", "de") == catalogue("sv").silenced
    assert confirmation(OptsFor.SILENCE, "Stop", "", "de") == catalogue("de").silenced
