"""What went wrong with a page is told as whole sentences."""

from __future__ import annotations

import pytest

from custagent.core.errors import SourceError
from custagent.knowledge.reading import sentence


@pytest.mark.parametrize(
    ("message", "hint", "told"),
    [
        ("a.pdf is damaged", "Save it anew.", "a.pdf is damaged. Save it anew."),
        ("The page is gone.", "Remove it.", "The page is gone. Remove it."),
        ("a.pdf is damaged", "", "a.pdf is damaged"),
    ],
)
def test_the_hint_is_a_sentence_of_its_own(message, hint, told):
    assert sentence(SourceError(message, hint=hint)) == told
