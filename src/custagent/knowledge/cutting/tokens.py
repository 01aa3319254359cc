"""How many tokens of the bundled model a text has: it reads 512 of them, and passages are cut to that."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from custagent.core.errors import EmbedderError

if TYPE_CHECKING:
    from custagent.knowledge.embed.bundled.tokenizer import Tokenizer

#: What the model takes, those of beginning, end and what it was trained with before each passage included.
MODEL_TOKENS = 512
_BEFORE, _AROUND = "passage: ", 2
#: A sign may be written out as several, and a word begins with one that nobody sees.
_MARGIN = 24
#: Other signs than lower-case letters are one by one in tokens at worst, the white space before them in one more.
_SIGNS = re.compile(r"\s?[^a-zß-öø-ÿа-яёα-ωά-ώ\s]+")
#: No word is that long, so what is may be cut into single letters.
_NO_WORD = re.compile(r"[^\W\d_]{30}")
#: So many at least in running text: measured, 3.3 in German, 3.8 in English.
_LETTERS_A_TOKEN = 3.0


def fits(text: str) -> bool:
    """Whether the model takes all of `text` at once.

    The tokenizer, which takes .4 s and 50 MB to load, is only asked where the text could be too long: in figures,
    code, and scripts of many signs.
    """
    if len(text) + _MARGIN <= MODEL_TOKENS:
        return True
    found = _SIGNS.findall(text)
    signs = sum(map(len, found))
    spaces = text.count(" ") + text.count("\n")
    letters = len(text) - signs - spaces + sum(one[0].isspace() for one in found)
    # A sign or a space ends a run of letters, and each run is a token at least.
    most = signs + max(spaces + len(found), letters / _LETTERS_A_TOKEN)
    is_sure = most + _MARGIN <= MODEL_TOKENS and not _NO_WORD.search(text)
    return is_sure or token_count(text) <= MODEL_TOKENS


def token_count(text: str) -> int:
    """How many tokens the bundled model cuts a passage into; 0 where it is not installed."""
    tokenizer = _tokenizer()
    return len(tokenizer.ids(_BEFORE + text)) + _AROUND if tokenizer else 0


def release() -> None:
    """Give the tokenizer's memory back; whoever asks again loads it again."""
    _tokenizer.cache_clear()


@cache
def _tokenizer() -> Tokenizer | None:
    from custagent.knowledge.embed.bundled.tokenizer import Tokenizer
    from custagent.knowledge.embed.bundled.weights import Weights, model_file

    try:
        return Tokenizer(Weights(model_file()).vocabulary)
    except EmbedderError:
        return None
