"""Puts the passages of one question in the order in which they serve the contact, and groups them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from custagent.answer.deciding.signposts import told_apart
from custagent.answer.signals import page_of, share_held, stands_in, topic_words
from custagent.answer.understanding.sought import Sought, cue_words, sought_by, states
from custagent.answer.wording import MAX_OPTIONS
from custagent.core.answer import Candidate
from custagent.core.document import Chunk, ScoredChunk
from custagent.language import word_set
from custagent.sentences import sentences

#: A passage in the contact's language goes before one that scores this much more in another (ANS-6).
LANGUAGE_BONUS = 0.03
#: A passage whose title and headings hold all of the topic goes before one that scores this much more under others.
#: Of the 1,719 answerable questions of ten tasks the right page is first for 1,405, without it for 1,393. More finds more
#: in manuals (d4), but from .025 on short questions amid a conversation (d8) follow a word of a title too far.
HEADING_BONUS = 0.02
#: A passage with a statement of the kind that is asked for, a price or a length of time, which with its headings holds all
#: of the topic, goes before one that scores this much more.
STATED_BONUS = 0.05
#: What is asked of fewer things beside is stated on many pages: "What does it cost?"
MANY_STATED = 2
#: A statement that holds less of them is one about something else.
STATED_COVERAGE = 0.6
#: Of a question with fewer topic words headings tell less: "What does it cost?" stands on many pages.
TELLING_WORDS = 3
#: A short answer that scores at most this much less than the best page, and holds most of the question's topic, wins.
SHORT_ANSWER_LEAD = 0.03
SHORT_ANSWER_COVERAGE = 0.6
#: Topics whose scores are this close to the best are equally likely meant.
AMBIGUOUS_MARGIN = 0.02
#: A question with more topic words than this says what it means.
AMBIGUOUS_TOPIC_WORDS = 2
#: So much less may pages score that stand, as the best one does, under a heading which asks the same of one thing: of
#: "When are you open?" the library and the school are meant alike, whichever of them has the shorter text.
NARROWER_MARGIN = 0.08
#: What scores this much less than the best is not offered to an unsure contact.
OFFER_MARGIN = 0.04
#: A passage that scores at most this much less than the best one is quoted too, where it holds more of the question or
#: stands on another page: either page may be the one that is meant. The share of answerable questions with the right
#: page among those quoted, with one page and with two: d2 .685 .761, d6 .831 .881, d7 .898 .937, d8 .865 .936.
SECOND_MARGIN = 0.02
MAX_CANDIDATES = 10
#: How deep a better kind of answer is looked for.
DEPTH = 10
#: A longer label is no choice that somebody would read.
MAX_LABEL_CHARS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The passages of one question, best first."""

    #: What was searched for: the question, completed from the conversation.
    query: str = ""
    chunks: tuple[ScoredChunk, ...] = ()
    #: What a word-for-word answer is quoted from: the best passage, or it and a second one, of its page or of another.
    quoted: tuple[Chunk, ...] = ()
    #: The best distinct pages.
    candidates: tuple[Candidate, ...] = ()
    #: What the contact could be asked to choose from: a label for each different thing near the top. Empty when
    #: nothing was found.
    topics: tuple[str, ...] = ()
    #: Whether the question fits several of the topics equally well.
    ambiguous: bool = False


def rank(
    query: str,
    language: str,
    found: Sequence[ScoredChunk],
    *,
    rarity: Mapping[str, Mapping[str, float]] | None = None,
    context: str = "",
    chosen: str = "",
) -> Ranking:
    """Order what was found for `query`, which is in `language`; `rarity` as in `Retrieval`, `context` as in `Search`.

    `chosen` is a topic that the contact has picked.
    """
    topic = topic_words(query, language)
    about = topic_words(context, language) or topic
    sought = sought_by(query, language)
    asked = _Asked(topic=topic, about=about, language=language, sought=sought, rarity=(rarity or {}).get(language, {}))
    says, leads = told_apart(sorted(found, key=lambda one: -asked.preference(one)))
    # A start page answers nothing, unless there is nothing else.
    ordered, leads = (_led_by_the_topic(says, asked), leads) if says else (leads, [])
    winner = _winning_short_answer(ordered, topic)
    if chosen:
        ordered.sort(key=lambda one: chosen not in _names(one.chunk))
    elif winner:
        ordered.sort(key=lambda one: one is not winner)
    equal = [] if winner else _as_good_as_the_best(ordered, asked)
    near = asked.near(ordered[0], ordered, OFFER_MARGIN) if ordered else []
    # Where all the content is one page, its sections are what can be meant.
    equal_topics = _topics(equal, sections_too=len({one.chunk.location for one in ordered}) == 1)
    ambiguous = len(topic) <= AMBIGUOUS_TOPIC_WORDS and len(equal_topics) > 1
    return Ranking(
        query=query,
        chunks=(*ordered, *leads),
        quoted=_quoted(ordered[:DEPTH], asked),
        candidates=_candidates([*ordered, *leads]),
        topics=equal_topics if ambiguous else _topics(near, sections_too=True),
        ambiguous=ambiguous,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What passages are compared with."""

    #: The question's topic words.
    topic: frozenset[str]
    #: The same with those of what was said before: of "Which is more important?" alone any heading holds as much.
    about: frozenset[str]
    language: str
    #: What kind of thing is asked for, None for any other than a price or a length of time.
    sought: Sought | None
    #: How rare each word is in the content of the language.
    rarity: Mapping[str, float] = field(default_factory=dict)

    def preference(self, scored: ScoredChunk) -> float:
        """The score, with what speaks for the passage beside it."""
        chunk = scored.chunk
        if chunk.language != self.language:
            return scored.score
        names = word_set(f"{chunk.title}\n{chunk.heading}\n{chunk.question}", self.language)
        tells = min(1.0, len(self.about) / TELLING_WORDS)
        bonus = HEADING_BONUS * tells * share_held(self.about, names, self.rarity)
        return scored.score + LANGUAGE_BONUS + bonus + STATED_BONUS * self._stated(chunk)

    def _stated(self, chunk: Chunk) -> float:
        """How much of the topic the best statement of what is asked for holds, with the headings above it, 0..1."""
        kind = self.sought
        if kind is None:
            return 0.0
        about = self.about - cue_words(kind, self.language)
        if len(about) < MANY_STATED:
            return 0.0
        under = f"{chunk.title}\n{chunk.heading}"
        told = (
            f"{under}\n{one}".lower() for one in sentences(chunk.text) if states(one, kind, self.language, under=under)
        )
        held = (frozenset(word for word in about if stands_in(word, one)) for one in told)
        best = max((share_held(about, some, self.rarity) for some in held), default=0.0)
        return best if best >= STATED_COVERAGE else 0.0

    def near(self, best: ScoredChunk, found: Iterable[ScoredChunk], margin: float) -> list[ScoredChunk]:
        """Those that fit nearly as well as the best."""
        least = self.preference(best) - margin
        return [one for one in found if self.preference(one) >= least]

    def held(self, chunk: Chunk) -> frozenset[str]:
        """The topic words that the passage or its headings hold."""
        return self.topic & word_set(chunk.indexed_text, chunk.language)

    def is_narrower(self, chunk: Chunk) -> bool:
        """Whether its heading asks for what the question asks for, of a thing that the question does not name."""
        heading = topic_words(chunk.question or _last_heading(chunk), chunk.language)
        return chunk.language == self.language and bool(self.topic) and self.topic < heading


def _led_by_the_topic(ordered: list[ScoredChunk], asked: _Asked) -> list[ScoredChunk]:
    """With a passage first that holds a word of the question's topic, where one scores about as well as the best.

    "How long do refunds take?" is not answered by "How long do we keep things?".
    """
    if not ordered or not asked.topic:
        return ordered
    best = ordered[0]
    if best.chunk.language != asked.language or asked.held(best.chunk):
        return ordered
    near = asked.near(best, ordered[1:DEPTH], SECOND_MARGIN)
    first = next((one for one in near if one.chunk.language == asked.language and asked.held(one.chunk)), None)
    return [first, *(one for one in ordered if one is not first)] if first else ordered


def _winning_short_answer(ordered: Sequence[ScoredChunk], topic: frozenset[str]) -> ScoredChunk | None:
    """The short answer that matches, which wins over pages (SRC-1)."""
    for scored in ordered[:DEPTH]:
        chunk = scored.chunk
        if not chunk.question or scored.score < ordered[0].score - SHORT_ANSWER_LEAD:
            continue
        held = topic & word_set(f"{chunk.question}\n{chunk.text}", chunk.language)
        if topic and len(held) / len(topic) >= SHORT_ANSWER_COVERAGE:
            return scored
    return None


def _as_good_as_the_best(ordered: Sequence[ScoredChunk], asked: _Asked) -> list[ScoredChunk]:
    """The passages that score as well as the best one and hold no less of the question's topic.

    Where the best one is narrower than the question, so are the others, and they may score less.
    """
    if not ordered:
        return []
    if asked.is_narrower(ordered[0].chunk):
        near = asked.near(ordered[0], ordered[:DEPTH], NARROWER_MARGIN)
        if len(narrower := [one for one in near if asked.is_narrower(one.chunk)]) > 1:
            return narrower
    held = len(asked.held(ordered[0].chunk))
    near = asked.near(ordered[0], ordered[:DEPTH], AMBIGUOUS_MARGIN)
    return [scored for scored in near if len(asked.held(scored.chunk)) >= held]


def _quoted(ordered: Sequence[ScoredChunk], asked: _Asked) -> tuple[Chunk, ...]:
    if not ordered:
        return ()
    best = ordered[0].chunk
    if best.question:
        return (best,)
    near = [one.chunk for one in asked.near(ordered[0], ordered[1:], SECOND_MARGIN)]
    more_of_the_page = (
        chunk for chunk in near if page_of(chunk) == page_of(best) and not asked.held(chunk) <= asked.held(best)
    )
    another_page = (
        chunk
        for chunk in near
        if page_of(chunk) != page_of(best)
        and chunk.language == best.language
        and chunk.text != best.text
        # Another page without a word of what was asked is beside the point; words of another language tell nothing.
        and (best.language != asked.language or not asked.held(best) or asked.held(chunk))
    )
    second = next(more_of_the_page, None) or next(another_page, None)
    return (best, second) if second else (best,)


def _topics(ordered: Sequence[ScoredChunk], *, sections_too: bool) -> tuple[str, ...]:
    """Labels of up to three different things, one a page; with `sections_too` those of the page where it is one."""
    chunks = [scored.chunk for scored in ordered]
    pages = Counter(page_of(chunk) for chunk in chunks)
    by_page = _distinct(chunks, page_of, lambda one: _page_label(one) if pages[page_of(one)] > 1 else _label(one))
    if len(by_page) > 1 or not sections_too:
        return by_page
    by_section = _distinct(chunks, lambda one: (page_of(one), one.heading), _label)
    return by_section if len(by_section) > 1 else by_page


def _distinct(
    chunks: Sequence[Chunk], thing_of: Callable[[Chunk], Hashable], label_of: Callable[[Chunk], str]
) -> tuple[str, ...]:
    """The labels of the first chunk of each thing; two things of the same label are one."""
    first: dict[Hashable, Chunk] = {}
    for chunk in chunks:
        first.setdefault(thing_of(chunk), chunk)
    return tuple(dict.fromkeys(map(label_of, first.values())))[:MAX_OPTIONS]


def _label(chunk: Chunk) -> str:
    """What a passage is about, in few words that tell it from others."""
    return _names(chunk)[0]


def _page_label(chunk: Chunk) -> str:
    """What a page is about, where several of its passages fit."""
    return next(name for name in (chunk.question, *reversed(_names(chunk))) if name)


def _names(chunk: Chunk) -> list[str]:
    """Every way to name what the passage is about, from the most particular to its page's title."""
    heading = _last_heading(chunk)
    both = f"{chunk.title}: {heading}" if heading and heading != chunk.title else ""
    names = [name for name in (chunk.question, both, heading, chunk.title or chunk.location) if name]
    return [name for name in names if len(name) <= MAX_LABEL_CHARS] or [names[-1][:MAX_LABEL_CHARS].rstrip()]


def _last_heading(chunk: Chunk) -> str:
    return chunk.heading.rsplit(" > ", 1)[-1]


def _candidates(ordered: Sequence[ScoredChunk]) -> tuple[Candidate, ...]:
    best: dict[tuple[str, int | None], Candidate] = {}
    for scored in ordered:
        chunk = scored.chunk
        if len(best) == MAX_CANDIDATES:
            break
        best.setdefault(
            page_of(chunk),
            Candidate(location=chunk.location, title=chunk.title, score=round(scored.score, 4), page=chunk.page),
        )
    return tuple(best.values())
