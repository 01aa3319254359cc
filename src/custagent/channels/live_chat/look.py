"""The colours of one live chat as a style sheet for its frame, and for the tag that begins it."""

from __future__ import annotations

from functools import lru_cache

from custagent.core.look import COLOUR, ON_COLOUR, READABLE, Look, channels_of, contrast

#: What text of the chat's colour stands on: the lightest and darkest surfaces of `chat.css`, by scheme.
_SURFACES = {"light": ("#ffffff", "#f3f4f9"), "dark": ("#14161f", "#222531")}
#: What `colour` is mixed with for text of its own on those, and how much of it is left in a soft background.
_TOWARDS = {"light": "#000000", "dark": "#ffffff"}
_SOFT = 0.12
_STEPS = 40


def stylesheet(look: Look) -> str:
    """The custom properties of `chat.css` that the look sets; "" for a look that is the house's own."""
    if (look.colour, look.text_colour) == (COLOUR, ON_COLOUR):
        return ""
    light, dark = (_tones(look.colour, scheme) for scheme in ("light", "dark"))
    return (
        f":root {{\n  --accent: {look.colour};\n  --on-accent: {look.text_colour};\n"
        f"  --accent-soft: light-dark({light[0]}, {dark[0]});\n"
        f"  --accent-text: light-dark({light[1]}, {dark[1]});\n}}\n"
    )


def told(look: Look) -> list[str]:
    """The look as the loader is told it: colour, colour of what is on it, side, scheme."""
    return [
        look.colour,
        look.text_colour,
        "left" if look.side == "left" else "",
        "" if look.scheme == "auto" else look.scheme,
    ]


def attribute(look: Look) -> str:
    """The same as the `data-look` of a script tag; "" when it would say nothing."""
    return "" if told(look) == told(Look()) else " ".join(told(look)).rstrip()


@lru_cache(maxsize=64)
def _tones(colour: str, scheme: str) -> tuple[str, str]:
    """A soft background of the colour, and the colour for text that can be read on it and on the surfaces."""
    soft = _mixed(_SURFACES[scheme][0], colour, _SOFT)
    for step in range(_STEPS + 1):
        text = _mixed(colour, _TOWARDS[scheme], step / _STEPS)
        if all(contrast(text, surface) >= READABLE for surface in (*_SURFACES[scheme], soft)):
            break
    return soft, text


def _mixed(colour: str, other: str, share: float) -> str:
    pairs = zip(channels_of(colour), channels_of(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)
