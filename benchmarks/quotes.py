"""How much of a good answer is in the quotes of the embedded default, and how long they are: a row of figures a task.

    python benchmarks/quotes.py FOLDER/dev --cache OTHER_FOLDER [--task d2]

FOLDER is the evaluation data (see `labelled.py`): the tasks whose questions come with an answer that a person wrote. Every
question is answered, however sure. "held": the share of that answer's topic words that the quotes hold; "right pages":
the same where a right page is cited.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from labelled import SURE, Asked, Bench, lines, questions_of

from custagent.answer.signals import topic_words

TASKS = ("d1", "d2", "d6", "d8")
#: Of d6's answers those count whose words stand in the articles, which are cut.
ANSWER_IN_PAGES = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One question."""

    held: float
    chars: int
    right: bool


def rows(bench: Bench, data: Path, task: str) -> Iterator[Row]:
    folder = next(folder for folder in sorted(data.iterdir()) if folder.name.startswith(f"{task}_"))
    written = lines(folder / "queries.jsonl")
    asked = bench.ask(questions_of(bench, data, task), confidence=SURE, clarify_attempts=0)
    for one, line in zip(asked, written, strict=True):
        if not line["gold_answer"] or not one.labelled.answerable or not one.answer.citations:
            continue
        if line.get("answer_token_coverage_in_docs", 1.0) >= ANSWER_IN_PAGES:
            yield measured(one, line["gold_answer"])


def measured(asked: Asked, answer: str) -> Row:
    language = asked.labelled.question.language
    wanted = topic_words(answer, language)
    said = "\n\n".join(citation.quote for citation in asked.answer.citations)
    return Row(
        held=len(wanted & topic_words(said, language)) / max(1, len(wanted)), chars=len(said), right=asked.cites_right
    )


def report(task: str, found: Sequence[Row]) -> None:
    chars = [row.chars for row in found]
    right = [row.held for row in found if row.right]
    print(
        f"{task}: {len(found)} questions, held {statistics.mean(row.held for row in found):.3f}"
        f" (right pages {statistics.mean(right):.3f}), characters: mean {statistics.mean(chars):.0f}"
        f" median {statistics.median(chars):.0f} longest {max(chars)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder with the tasks")
    parser.add_argument("--cache", type=Path, required=True, help="where the store and the indexes are kept")
    parser.add_argument("--task", action="append", choices=TASKS, help="only this one; may be given again")
    arguments = parser.parse_args()
    bench = Bench(arguments.cache)
    every: list[list[Row]] = []
    for task in arguments.task or TASKS:
        every.append(list(rows(bench, arguments.data, task)))
        report(task, every[-1])
    held = statistics.mean(statistics.mean(row.held for row in found) for found in every)
    chars = statistics.mean(statistics.mean(row.chars for row in found) for found in every)
    print(f"mean of the tasks: held {held:.4f}, characters {chars:.0f}")


if __name__ == "__main__":
    main()
