"""Citations: what they quote, and by which number a text names them."""

from __future__ import annotations

import pytest

from custagent.core.document import ELLIPSIS, Citation, numbered


@pytest.fixture
def citation():
    def make(name: str, **rest) -> Citation:
        return Citation(**{"title": name, "source": name, "location": name, "quote": "Yes.", **rest})

    return make


def test_the_stretches_of_a_quote(citation):
    assert citation("a", quote=f"One. {ELLIPSIS} Two.\n\n{ELLIPSIS}\nThree.").stretches == ("One.", "Two.", "Three.")
    assert citation("a").stretches == ("Yes.",)


def test_pages_are_numbered_in_their_order_those_that_contacts_see_first(citation):
    secret, first, second = citation("s", private=True), citation("a"), citation("b")
    assert numbered([secret, first, second]) == ((1, first), (2, second), (3, secret))


def test_several_passages_of_a_page_have_one_number(citation):
    pages = [citation("a", quote="1"), citation("b"), citation("a", quote="2"), citation("a", anchor="x")]
    assert [number for number, _ in numbered(pages)] == [1, 2, 1, 3]
    assert numbered([]) == ()
