"""Several questions in one message: "How do I return it? And when do I get my money?" is two, each answered by itself.

A sentence that only details another ("I ordered on Monday. Where is it?") belongs to it, greetings and thanks belong to
nothing, and a long message is a story with one question, however many question marks it has.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from custagent.answer.signals import QUESTION_MARKS, topic_words
from custagent.answer.spoken import plain, plain_phrase
from custagent.answer.understanding.triggers import is_small_talk
from custagent.locales import Catalogue, catalogue
from custagent.sentences import sentences

#: Questions beyond these are named, not answered.
MAX_PARTS = 3
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
#: A message of more words tells a story, and all its questions are about that.
MAX_WORDS = 40
#: A shorter half of a sentence is no question of its own: "how *and when* do I pay?".
_MIN_HALF = 3
#: Two questions that share so many words, and this much of the shorter one's topic, are one, asked twice: a title and
#: what stands below it.
_SHARED, _SAME = 2, 0.5
#: A question with fewer topic words is about the thing of the one before it.
OWN_TOPIC = 2
#: What is left of "And to Norway?" without its join has fewer words: it goes on from the question before.
_MIN_OWN = 3


def questions_in(text: str, language: str, texts: Catalogue) -> tuple[str, ...]:
    """The questions of a message that asks several things, each with what was said to it; empty where it asks one."""
    said = text.split()
    if len(said) > MAX_WORDS or not (any(mark in text for mark in QUESTION_MARKS) or _asks(said, texts)):
        return ()
    title, below = _parted(text)
    groups: list[list[str]] = [_sentences(title, texts)]
    asked: list[str] = []
    for sentence in _sentences(below, texts):
        for piece in _halves(sentence, language, texts):
            groups[-1].append(piece)
            if not piece.rstrip().endswith(QUESTION_MARKS) and not _opens(piece, texts, whole=sentence):
                continue
            told = " ".join(groups[-1])
            if not _is_empty(piece, texts) and topic_words(told, language) and not _repeats(piece, asked, language):
                asked.append(told)
                groups.append([])
            elif len(groups) > 1:
                # "Is that possible?" asks nothing by itself.
                detail = groups.pop()
                groups[-1] += detail
                groups.append([])
    rest = groups.pop()
    if len(groups) < 2:  # noqa: PLR2004 - one question is not several
        return ()
    groups[-1] += rest
    return tuple(without_join(" ".join(group), texts) if at else " ".join(group) for at, group in enumerate(groups))


def question_alone(text: str, texts: Catalogue) -> str:
    """The message without thanks and greetings around its question, and without the "and" that they leave behind."""
    if len(text.split()) > MAX_WORDS:
        return text
    kept = [sentence for sentence in sentences(text) if not is_small_talk(sentence, texts)]
    if not kept or len(kept) == len(sentences(text)):
        return text
    return without_join(" ".join(kept), texts)


def without_join(text: str, texts: Catalogue) -> str:
    """The question without the "and" before it, where it then stands for itself: not "And to Norway?"."""
    said = text.split()
    for size in range(min(4, len(said) - _MIN_OWN), 0, -1):
        if plain(" ".join(said[:size])) in _phrases(texts.language, "joins"):
            rest, opening = " ".join(said[size:]), "¿" if said[0].startswith("¿") else ""
            capital = said[0].lstrip("¿")[:1].isupper()
            return opening + (rest[:1].upper() + rest[1:] if capital else rest)
    return text


def _parted(text: str) -> tuple[str, str]:
    """A title, as forums and mails have one, and the text below it, which tells what it asks; "" for no title."""
    title, *rest = _BLANK_LINE.split(text.strip(), maxsplit=1)
    below = rest[0] if rest else ""
    return (title, below) if below and "\n" not in title else ("", text)


def _sentences(text: str, texts: Catalogue) -> list[str]:
    return [one for one in sentences(text) if not is_small_talk(one, texts)]


def _halves(sentence: str, language: str, texts: Catalogue) -> list[str]:
    """Two questions in one sentence: "How do I return a bike and when does the shop open on Sunday?".

    A second one that names little ("and what do you charge?") asks about the first one's thing.
    """
    said = sentence.split()
    if not _asks(said, texts):
        return [sentence]
    for at in range(_MIN_HALF, len(said) - _MIN_HALF):
        second = " ".join(said[at + 1 :])
        if (
            plain(said[at]) in _phrases(texts.language, "joins")
            and _asks(said[at + 1 :], texts)
            and len(topic_words(second, language)) >= OWN_TOPIC
        ):
            first = " ".join(said[:at]).rstrip(",")
            return [f"{first}?", *_halves(second, language, texts)]
    return [sentence]


def _opens(piece: str, texts: Catalogue, *, whole: str) -> bool:
    """Whether a half without a mark is a question all the same."""
    return piece != whole and _asks(piece.split(), texts)


def _asks(said: Sequence[str], texts: Catalogue) -> bool:
    """Whether these words begin as a question does."""
    opening = [plain(" ".join(said[:size])) for size in (1, 2)]
    return any(one in _phrases(texts.language, "asks") for one in opening)


def _repeats(piece: str, asked: Sequence[str], language: str) -> bool:
    """Whether it asks again what was asked before, in other words."""
    own = topic_words(piece, language)
    for before in (topic_words(one, language) for one in asked):
        shared = len(own & before)
        if own == before or shared >= max(_SHARED, _SAME * min(len(own), len(before))):
            return True
    return False


def _is_empty(piece: str, texts: Catalogue) -> bool:
    """Whether it asks nothing by itself: "Is that possible?"."""
    return plain(without_join(piece, texts)) in _phrases(texts.language, "empty")


@cache
def _phrases(language: str, part: str) -> frozenset[str]:
    return frozenset(map(plain_phrase, catalogue(language).questions[part]))
