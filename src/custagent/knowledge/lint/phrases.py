"""What customers ask with words that no page says: the cheapest gap to close is a synonym in a heading.

A word that nothing in the content says lowers every question it stands in: search finds less, and the agent is less
sure. So those words are worth most that many customers use.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from custagent.knowledge.lint.finding import Finding, Rule
from custagent.language import words

#: Questions that are shown of those that have a word.
_SHOWN: Final = 3
#: A word needs letters enough to mean something by itself.
_SHORTEST: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Something that customers ask."""

    text: str
    #: ISO 639-1 code.
    language: str
    #: How often it was asked.
    count: int = 1


def unsaid(
    asked: Iterable[Asked], said: Mapping[str, Collection[str]], common: Mapping[str, Collection[str]]
) -> Iterator[Finding]:
    """Words of what was `asked` that nothing of the content in its language says, the most asked first.

    `said` are the stemmed words of the content by language, `common` those that say nothing in any question. What was
    asked in a language that the content does not have is left out: there is another finding to make than a word.
    """
    questions: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    written: dict[tuple[str, str], str] = {}
    for one in asked:
        if one.language not in said:
            continue
        for word in dict.fromkeys(words(one.text, one.language)):
            if not _means_something(word) or word in said[one.language] or word in common.get(one.language, ()):
                continue
            questions[one.language, word][" ".join(one.text.split())] += one.count
            written.setdefault((one.language, word), _as_written(one, word))
    for key, texts in sorted(questions.items(), key=lambda item: (-item[1].total(), item[0])):
        count = texts.total()
        examples = "; ".join(f"“{text}”" for text, _ in texts.most_common(_SHOWN))
        yield Finding(
            rule=Rule.UNSAID,
            location="",
            message=f"{count} {'question says' if count == 1 else 'questions say'} {written[key]!r}, and no page does: {examples}",
            hint="Write the word where the answer stands, best in a heading; or write the answer, if there is none.",
            quote=written[key],
        )


def _means_something(word: str) -> bool:
    return len(word) >= _SHORTEST and any(letter.isalpha() for letter in word) and not any(map(str.isdigit, word))


def _as_written(asked: Asked, stem: str) -> str:
    """The word as the customer wrote it."""
    return next((token for token in asked.text.split() if stem in words(token, asked.language)), stem).strip(
        ".,;:!?\"'()"
    )
