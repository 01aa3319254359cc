"""The words about replies, several questions and pasted mails say something, once, in each language."""

from __future__ import annotations

import pytest

from custagent.answer.spoken import plain
from custagent.locales import catalogue, languages


@pytest.mark.parametrize("language", languages())
def test_each_phrase_is_there_once_and_in_words(language):
    texts = catalogue(language)
    for table in (texts.replies, texts.questions, texts.mail):
        for part, phrases in table.items():
            read = [plain(phrase) for phrase in phrases]
            assert read, part
            assert all(read), part
            assert len(set(read)) == len(read), (part, sorted(one for one in read if read.count(one) > 1))


@pytest.mark.parametrize("language", languages())
def test_who_says_that_it_did_not_help_neither_thanks_nor_agrees(language):
    texts = catalogue(language)
    complaints = set(map(plain, texts.replies["not_helped"]))
    kind = (*texts.thanks, *texts.agreement, *texts.greetings, *texts.goodbyes, *texts.acknowledgements, *texts.fillers)
    assert complaints.isdisjoint(map(plain, kind))
    assert complaints.isdisjoint(map(plain, texts.replies["around"]))


@pytest.mark.parametrize("language", languages())
def test_wanting_all_is_no_place_and_no_agreement(language):
    texts = catalogue(language)
    both = set(map(plain, texts.replies["both"]))
    assert both.isdisjoint(plain(word) for place in texts.ordinals for word in place)
    assert both.isdisjoint(map(plain, (*texts.agreement, *texts.refusal)))
