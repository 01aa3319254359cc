"""The words of a brand voice: what finds them, and where the preferred ones can take their place."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.core.agent import AgentDefinition
from custagent.core.workspace import Voice, VoiceWordList, VoiceWords, Workspace
from custagent.voice import avoided_words, in_words_of, voice_of, words_of

SEEN = st.characters(categories=("L", "N", "P", "S"))
BASKET = {"basket": ("cart", "trolley")}


def voice(*avoid: str, use: dict[str, tuple[str, ...]] | None = None, language: str = "en", **by_language) -> Voice:
    words = VoiceWords(avoid=avoid, use=use or {}, by_language=by_language)
    return Voice(name="northwind", description="Plain.", words=words, language=language)


class TestFinding:
    @pytest.mark.parametrize(
        ("entry", "text"),
        [
            ("cheap", "A CHEAP bike"),
            ("cart", "Your carts"),
            ("cart", "The cart’s wheel"),
            ("cancel", "It was cancelled."),
            ("cheap*", "the cheapest, cheaper than cheap"),
            ("*bike", "an e-bike or a minibike"),
            ("*sale*", "wholesalers"),
            ("state of the art", "A state-of-the-art\nframe"),
            ("state of the art", "State of the\nart!"),
            ("e-mail", "Send an e mail"),
            ("!", "Great!"),
            ("🙂", "Fine 🙂"),
            ("naïve", "nai\u0308ve"),
            ("cheap", "ch\u00adeap"),
            ("cheap", "che\u200bap"),
            ("ch\u00adeap", "cheap"),
            ("cheap", "ｃｈｅａｐ"),
            ("安い", "とても安いです"),
            ("24/7", "We are there 24/7."),
        ],
    )
    def test_it_is_found(self, entry: str, text: str) -> None:
        assert avoided_words(text, voice(entry), "en") == (entry,)

    @pytest.mark.parametrize(
        ("entry", "text"),
        [
            ("cheap", "It is cheaper."),
            ("cheap", "Cheaply made"),
            ("art", "A new part"),
            ("state of the art", "the art of the state"),
            ("bike*", "minibike"),
            ("!", "Great."),
            ("cart", ""),
        ],
    )
    def test_it_is_not_found(self, entry: str, text: str) -> None:
        assert avoided_words(text, voice(entry), "en") == ()

    def test_without_a_voice_nothing_is_avoided(self) -> None:
        assert avoided_words("Cheap!", None, "en") == ()

    def test_each_is_told_once_as_the_team_wrote_it(self) -> None:
        assert avoided_words("cheap, Cheapest and CHEAP!", voice("Cheap*", "!", "rare"), "en") == ("Cheap*", "!")

    def test_a_replaced_word_is_avoided(self) -> None:
        assert avoided_words("Put it into the trolley.", voice(use=BASKET), "en") == ("trolley",)

    def test_it_may_stand_in_the_preferred_word(self) -> None:
        one = voice(use={"shopping cart": ("cart",)})
        assert avoided_words("Your shopping cart is empty.", one, "en") == ()
        assert avoided_words("Your shopping cart is a cart.", one, "en") == ("cart",)
        assert in_words_of("Your shopping cart is a cart.", one, "en") == "Your shopping cart is a shopping cart."

    def test_forms_are_found_in_the_voices_own_language_alone(self) -> None:
        # The French stem of "cartes" is "cart".
        assert avoided_words("des cartes", voice("cart"), "fr") == ()
        assert avoided_words("un cart", voice("cart"), "fr") == ("cart",)
        assert avoided_words("des cartes", voice("carte", language="fr"), "fr") == ("carte",)

    def test_words_of_one_language_count_there_alone(self) -> None:
        one = voice("hype", de=VoiceWordList(avoid=("die",), use={"Rad": ("Velo",)}))
        assert avoided_words("Die Hype ums Velo", one, "de") == ("hype", "die", "Velo")
        assert avoided_words("Never say die to hype.", one, "en") == ("hype",)

    def test_words_for_everywhere_and_for_one_language_are_put_together(self) -> None:
        one = voice("a", use=BASKET, de=VoiceWordList(avoid=("b",), use={"basket": ("Korb",), "Rad": ("Velo",)}))
        assert words_of(one, "de").use == {"basket": ("cart", "trolley", "Korb"), "Rad": ("Velo",)}
        assert (words_of(one, "de").avoid, words_of(one, "en").avoid) == (("a", "b"), ("a",))

    @given(st.text(max_size=80), st.text(SEEN, min_size=1, max_size=12))
    def test_whatever_people_write_is_found_again(self, text: str, entry: str) -> None:
        one = voice(entry)
        written = one.words.avoid
        assert avoided_words(text, one, "en") in {(), written}
        assert "*" in entry or avoided_words(f"{text} {entry}", one, "en") == written


class TestSaying:
    @pytest.fixture
    def said(self) -> Callable[..., str | None]:
        def say(text: str, language: str = "en", **use: str) -> str | None:
            replaced = {wanted: (instead,) for wanted, instead in use.items()}
            return in_words_of(text, voice(use=replaced, language=language), language)

        return say

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("Look into the cart.", "Look into the basket."),
            ("Cart or trolley", "Basket or basket"),
            ("YOUR CART", "YOUR BASKET"),
            ("a cart", "a basket"),
            ("Nothing to do.", "Nothing to do."),
        ],
    )
    def test_the_preferred_word_takes_the_place(self, text: str, expected: str) -> None:
        assert in_words_of(text, voice(use=BASKET), "en") == expected

    def test_another_form_cannot_be_replaced(self, said) -> None:
        assert said("two carts", basket="cart") is None

    @pytest.mark.parametrize(
        ("text", "wanted", "instead", "expected"),
        [
            ("a colleague", "expert", "colleague", None),
            ("a colleague", "teammate", "colleague", "a teammate"),
            ("an expert", "agent", "expert", "an agent"),
            ("an expert", "host", "expert", None),
            ("a teammate", "user", "teammate", None),
            ("a teammate", "SEO team", "teammate", None),
            ("A, colleague", "expert", "colleague", "A, expert"),
            ("no colleague", "expert", "colleague", "no expert"),
        ],
    )
    def test_an_english_article_has_to_fit(self, said, text: str, wanted: str, instead: str, expected: str) -> None:
        assert said(text, **{wanted: instead}) == expected

    @pytest.mark.parametrize(
        ("language", "text", "wanted", "instead", "expected"),
        [
            ("de", "die Karte", "Korb", "Karte", None),
            ("de", "Karte suchen", "Korb", "Karte", "Korb suchen"),
            ("de", "die Karte", "der Korb", "die Karte", "der Korb"),
            ("fr", "l’équipe", "groupe", "équipe", None),
            ("sv", "till en kollega", "medarbetare", "kollega", None),
            ("sv", "till en kollega", "en medarbetare", "en kollega", "till en medarbetare"),
            ("ja", "担当者", "スタッフ", "担当者", "スタッフ"),
        ],
    )
    def test_elsewhere_nothing_goes_by_the_word(
        self, said, *, language: str, text: str, wanted: str, instead: str, expected: str
    ) -> None:
        assert said(text, language, **{wanted: instead}) == expected

    def test_what_is_avoided_without_another_word_cannot_be_said(self) -> None:
        assert in_words_of("A cheap cart", voice("cheap", use=BASKET), "en") is None

    def test_a_preferred_word_that_is_avoided_helps_nobody(self) -> None:
        assert in_words_of("the cart", voice("basket", use=BASKET), "en") is None

    def test_without_a_voice_it_is_said_as_it_is(self) -> None:
        assert in_words_of("the cart", None, "en") == "the cart"


class TestWhoseVoice:
    WORKSPACE = Workspace(
        name="N",
        default_language="sv",
        voices=(Voice(name="a", description="A."), Voice(name="b", description="B.", language="de")),
    )

    @pytest.mark.parametrize(("name", "language"), [("a", "sv"), ("b", "de")])
    def test_its_words_are_in_the_workspaces_language_unless_it_says_otherwise(self, name: str, language: str) -> None:
        found = voice_of(AgentDefinition(name="x", voice=name), self.WORKSPACE)
        assert found is not None
        assert (found.name, found.language) == (name, language)

    @pytest.mark.parametrize("tone", [{}, {"personality": "witty"}, {"voice": "c"}])
    def test_an_agent_without_one_has_none(self, tone: dict[str, str]) -> None:
        assert voice_of(AgentDefinition(name="x", **tone), self.WORKSPACE) is None
