"""What the evidence says about one question, as numbers with names (ANS-3): `--explain` prints them."""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache

from custagent.core.document import Chunk, ScoredChunk
from custagent.language import word_set, words
from custagent.locales import languages, nearest
from custagent.sentences import sentences

QUESTION_MARKS = ("?", "？", "؟", "\u037e")
#: How many pages after the best one tell how far it leads.
NEXT_PAGES = 5
#: The lead of a page that is alone.
NO_RIVAL = 0.1
#: How far a passage that is alone stands apart: as far as usual (`confidence`).
ALONE = 2.0
#: How the scores of passages that have nothing to do with a question usually spread, and how many passages that is worth:
#: a few passages alone do not tell.
_USUAL_SPREAD, _USUAL_PASSAGES = 0.015, 5
#: So few letters stand within many words that have nothing to do with them.
_SHORT_WORD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """All of them are about the best passage, unless they say otherwise."""

    #: Cosine of question and passage, -1..1.
    cosine: float = 0.0
    #: Normalised BM25, 0..1.
    lexical: float = 0.0
    #: How far the fused score is above the average of the next five pages.
    lead: float = 0.0
    #: How far it stands out from the passages of all other pages: in standard deviations of their scores, less what the
    #: best of so many would have by chance. An answer stands out, the best of the noise does not.
    apart: float = 0.0
    #: The share of the question's topic words that the passage and its headings hold, rare words counting more, 0..1.
    coverage: float = 0.0
    #: How many words of the question carry a topic.
    topic_words: float = 0.0
    #: The share of the question's topic words that none of the passages found holds, not even as a part of a word, 0..1.
    unknown: float = 0.0
    #: Where the passage stands under a question: the share of the topic that it does not hold, 0..1; else 0. Two questions
    #: are alike whatever they ask.
    other_question: float = 0.0
    #: How much the message, amid a conversation, speaks of a thing as known that nobody has named ("the actor", "this
    #: burger"), 0..1.
    unsettled: float = 0.0
    #: 1 when question and passage are in the same language, else 0.
    same_language: float = 0.0

    def by_name(self) -> dict[str, float]:
        return asdict(self)


def read_signals(
    question: str, language: str, ranked: Sequence[ScoredChunk], rarity: Mapping[str, Mapping[str, float]]
) -> Signals:
    """The signals of a question in `language`; all zero when nothing was found. `rarity` as in `Retrieval`."""
    if not ranked:
        return Signals()
    best = ranked[0]
    others = _best_of_other_pages(ranked)
    topic = topic_words(question, language)
    rare = rarity.get(language, {})
    asks = bool(best.chunk.question) or best.chunk.heading.rstrip().endswith(QUESTION_MARKS)
    return Signals(
        cosine=best.cosine,
        lexical=best.lexical,
        # A page that was put first for another reason than its score is not the less likely for it.
        lead=max(0.0, best.score - sum(others) / len(others)) if others else NO_RIVAL,
        apart=_apart(ranked),
        coverage=_coverage(topic, best.chunk, rare),
        topic_words=float(len(topic)),
        unknown=_unknown(topic, ranked),
        other_question=1.0 - _coverage(_asked(question, language), best.chunk, rare) if asks else 0.0,
        same_language=float(best.chunk.language == language),
    )


def _best_of_other_pages(ranked: Sequence[ScoredChunk]) -> list[float]:
    """The scores of the next five pages after the first, each by its best passage."""
    scores: dict[Hashable, float] = {}
    for scored, place in zip(ranked, _places(ranked), strict=True):
        scores.setdefault(place, scored.score)
    return list(scores.values())[1 : NEXT_PAGES + 1]


def _apart(ranked: Sequence[ScoredChunk]) -> float:
    """See `Signals.apart`; where there is nothing to stand out from, it is neither for nor against an answer."""
    places = _places(ranked)
    others = [scored.score for scored, place in zip(ranked, places, strict=True) if place != places[0]]
    if not others:
        return ALONE
    count = len(others)
    mean = math.fsum(others) / count
    squares = math.fsum((score - mean) ** 2 for score in others) + _USUAL_PASSAGES * _USUAL_SPREAD**2
    spread = math.sqrt(squares / (count + _USUAL_PASSAGES))
    # The best of n draws from a normal distribution is about sqrt(2 ln n) standard deviations above its mean.
    return (max(ranked[0].score, *others) - mean) / spread - math.sqrt(2 * math.log(count + 1))


def _places(ranked: Sequence[ScoredChunk]) -> list[Hashable]:
    """Where each passage stands: its page, or its section where all of it is one page, such as a long list of questions."""
    pages: list[Hashable] = [page_of(scored.chunk) for scored in ranked]
    return pages if len(set(pages)) > 1 else [scored.chunk.heading for scored in ranked]


def _coverage(topic: frozenset[str], chunk: Chunk, rarity: Mapping[str, float]) -> float:
    return share_held(topic, word_set(chunk.indexed_text, chunk.language), rarity)


def share_held(topic: frozenset[str], held: frozenset[str], rarity: Mapping[str, float]) -> float:
    """The share of a question's topic words that are among those `held`, rare words counting more, 0..1."""
    total = sum(rarity.get(word, 1.0) for word in sorted(topic))
    return sum(rarity.get(word, 1.0) for word in sorted(topic & held)) / total if topic else 0.0


def _unknown(topic: frozenset[str], ranked: Sequence[ScoredChunk]) -> float:
    missing = topic
    for scored in ranked:
        if not missing:
            break
        text = scored.chunk.indexed_text.lower()
        missing = frozenset(word for word in missing if not stands_in(word, text))
    return len(missing) / len(topic) if topic else 0.0


def _asked(question: str, language: str) -> frozenset[str]:
    """The topic of the sentences that ask: "I am Ada, order 4711. How long is the warranty?" is about the warranty."""
    asking = [one for one in sentences(question) if one.rstrip().endswith(QUESTION_MARKS)]
    return topic_words(" ".join(asking), language) or topic_words(question, language)


def stands_in(word: str, text: str) -> bool:
    """Whether a word of the text holds this one: a short one only at its beginning, "pin" is not in "shopping"."""
    if len(word) > _SHORT_WORD and word.endswith("i"):
        word = word[:-1]  # the stem of "warranty" is "warranti"
    if word not in text or len(word) > _SHORT_WORD:
        return word in text
    return re.search(rf"\b{re.escape(word)}", text) is not None


def page_of(chunk: Chunk) -> tuple[str, int | None]:
    """What counts as one page: the location, and the page number within a paged file."""
    return chunk.location, chunk.page


def topic_words(text: str, language: str) -> frozenset[str]:
    """The stems of the words that carry a topic."""
    return frozenset(words(text, language)) - _stop_stems(language)


@cache
def _stop_stems(language: str) -> frozenset[str]:
    if language not in languages():
        return frozenset()
    return frozenset(words("\n".join(nearest(language).stop_words), language))
