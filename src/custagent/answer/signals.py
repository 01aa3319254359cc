"""What the evidence says about one question, as numbers with names (ANS-3): `--explain` prints them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache

from custagent.core.document import Chunk, ScoredChunk
from custagent.language import words
from custagent.locales import languages, nearest

QUESTION_MARKS = ("?", "？", "؟", "\u037e")
#: How many pages after the best one tell whether it stands out.
NEXT_PAGES = 5
#: The margin and lead of a page that is alone.
NO_RIVAL = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """All of them are about the best passage, unless they say otherwise."""

    #: Cosine of question and passage, -1..1.
    cosine: float = 0.0
    #: Normalised BM25, 0..1.
    lexical: float = 0.0
    #: How far the fused score is above that of the best other page.
    margin: float = 0.0
    #: How far it is above the average of the next five pages: an answer stands out, noise does not.
    lead: float = 0.0
    #: The share of the question's topic words that the page's passages hold, rare words counting more, 0..1.
    coverage: float = 0.0
    #: How many words of the question carry a topic.
    topic_words: float = 0.0
    #: 1 when the passage stands under a question, else 0: two questions are alike whatever they ask.
    asks: float = 0.0
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
    page = [scored.chunk for scored in ranked if page_of(scored.chunk) == page_of(best.chunk)]
    return Signals(
        cosine=best.cosine,
        lexical=best.lexical,
        # A page that was put first for another reason than its score is not the less likely for it.
        margin=max(0.0, best.score - others[0]) if others else NO_RIVAL,
        lead=max(0.0, best.score - sum(others) / len(others)) if others else NO_RIVAL,
        coverage=_coverage(topic, page, rarity.get(language, {})),
        topic_words=float(len(topic)),
        asks=float(bool(best.chunk.question) or best.chunk.heading.rstrip().endswith(QUESTION_MARKS)),
        same_language=float(best.chunk.language == language),
    )


def _best_of_other_pages(ranked: Sequence[ScoredChunk]) -> list[float]:
    """The scores of the next five pages after the first, each by its best passage.

    Where all of it is one page, such as a long list of questions and answers, its sections are what stands out or not.
    """
    pages: dict[tuple[str, int | None], float] = {}
    sections: dict[str, float] = {}
    for scored in ranked:
        pages.setdefault(page_of(scored.chunk), scored.score)
        sections.setdefault(scored.chunk.heading, scored.score)
    scores = pages if len(pages) > 1 else sections
    return list(scores.values())[1 : NEXT_PAGES + 1]


def _coverage(topic: frozenset[str], page: Sequence[Chunk], rarity: Mapping[str, float]) -> float:
    held = {word for chunk in page for word in words(chunk.indexed_text, chunk.language)}
    total = sum(rarity.get(word, 1.0) for word in topic)
    return sum(rarity.get(word, 1.0) for word in topic & held) / total if topic else 0.0


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
