"""How a chat looks: what can be read is taken, what cannot is refused where it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from custagent.channels.live_chat.look import attribute, stylesheet
from custagent.core.channel import LiveChatChannel
from custagent.core.look import READABLE, Look, contrast

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_is_that_of_the_standard() -> None:
    """Pairs worked out by hand from WCAG's formula."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#ffffff", "#777777") == pytest.approx(4.478, abs=0.001)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.542, abs=0.001)


def test_a_colour_that_cannot_be_read_is_refused_with_one_that_can() -> None:
    with pytest.raises(ValidationError, match=r"contrast is 1\.5.*text_colour: '#000000'"):
        Look(colour="#ffcc00")
    assert Look(colour="#ffcc00", text_colour="#000000").colour == "#ffcc00"


@given(COLOURS)
def test_every_colour_has_text_that_can_be_read_on_it(colour: str) -> None:
    look = next(
        look
        for text in ("#ffffff", "#000000")
        if contrast(colour, text) >= READABLE
        for look in (Look(colour=colour, text_colour=text),)
    )
    sheet = stylesheet(look)
    for start, surfaces in ((0, ("#ffffff", "#f3f4f9")), (1, ("#14161f", "#222531"))):
        soft, text = (part.split("light-dark(")[1].split(")")[0].split(", ")[start] for part in sheet.splitlines()[3:5])
        assert min(contrast(text, surface) for surface in (*surfaces, soft)) >= READABLE


def test_the_houses_own_look_needs_no_words() -> None:
    assert stylesheet(Look()) == attribute(Look()) == ""


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"identity": "required"}, "needs `identity_secret:`"),
        ({"ask": [{"name": "order-number"}]}, "Write its `label:`"),
        ({"ask": [{"name": "email"}, {"name": "email"}]}, "email is asked for twice"),
        ({"look": {"colour": "red"}}, "pattern"),
    ],
)
def test_settings_that_do_not_fit_say_so(settings: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        LiveChatChannel.model_validate({"name": "web", "kind": "live-chat", **settings})
