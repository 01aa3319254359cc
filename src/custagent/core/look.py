"""How a live chat looks on its owner's pages: colours that can be read, a side, a picture, its own words (ASG-3)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from custagent.core.written import Colour, LanguageCode, Text, Written, fault

#: The least contrast of text, by WCAG 2.2 §1.4.3.
READABLE = 4.5
#: The colour of the chat where none is set, and that of what stands on it.
COLOUR = "#3b48c8"
ON_COLOUR = "#ffffff"


class LookWords(Written):
    """The chat's own words in one language, in place of ours."""

    title: Text | None = Field(
        default=None, max_length=60, description="What the chat is called, such as Ask Northwind."
    )
    placeholder: Text | None = Field(
        default=None, max_length=60, description="What stands in the empty field that visitors write in."
    )


class Look(Written):
    """How a live chat looks. All of it has a default."""

    colour: Colour = Field(default=COLOUR, description="The colour of the button and of the visitor's messages.")
    text_colour: Colour = Field(default=ON_COLOUR, description="The colour of what is written on `colour`.")
    scheme: Literal["auto", "light", "dark"] = Field(
        default="auto", description="light, dark, or auto: as the visitor's device is set."
    )
    side: Literal["right", "left"] = Field(
        default="right", description="The corner of the page. On pages that are written from the right it is the other."
    )
    avatar: Text | None = Field(
        default=None, description="The agent's picture: a file of the workspace, such as content/agent.png."
    )
    words: dict[LanguageCode, LookWords] = Field(
        default_factory=dict, description="The chat's own words, by language: `words: {en: {title: Ask us}}`."
    )

    @model_validator(mode="after")
    def _readable(self) -> Look:
        found = contrast(self.colour, self.text_colour)
        if found < READABLE:
            better = max(("#ffffff", "#000000"), key=lambda text: contrast(self.colour, text))
            message = (
                f"{self.text_colour} on {self.colour} cannot be read well: their contrast is {found:.1f}, and 4.5 is the "
                f"least. Write `text_colour: {better!r}`, or another colour"
            )
            raise fault(message, "colour" if self.text_colour == ON_COLOUR else "text_colour")
        return self


def contrast(one: str, other: str) -> float:
    """How well two colours (#rrggbb) part from each other, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def channels_of(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of #rrggbb, 0 to 255."""
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(value / 255) for value in channels_of(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 # sRGB's own numbers
