"""What the agent does with each task of the evaluation data, as it is shipped: a row of figures a task.

    python benchmarks/answers.py FOLDER/dev --cache OTHER_FOLDER [--task d2 --task d8]

FOLDER is the evaluation data (see `labelled.py`). "right" is an answer that cites a right page among at most two. What
is quoted is compared with the passages letter by letter; addresses and numbers of the whole text are looked up there.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from confidence import area
from labelled import Asked, Bench, questions_of

from custagent.answer.facts import addresses, known_numbers, numbers
from custagent.core.answer import DecisionKind
from custagent.language import detect

TASKS = ("d1", "d2", "d3", "d3_bare", "d4", "d5", "d6", "d7", "d8", "site")
ANSWER, CLARIFY = DecisionKind.ANSWER, DecisionKind.CLARIFY


def unsupported(asked: Asked) -> bool:
    """Whether the answer says something that its passages do not."""
    answer = asked.answer
    if answer.decision.kind is not ANSWER or not answer.citations:
        return False
    passages = {scored.chunk.text for scored in answer.evidence.chunks}
    quotes = [one.quote for one in answer.citations]
    if not all(any(quote in passage for passage in passages) for quote in quotes):
        return True
    held = "\n".join(passages)
    if not all(address in held for address in addresses(answer.text)):
        return True
    known = known_numbers(held, {})
    return not all(readings & known for readings in numbers(answer.text, {}))


def share(part: int, whole: int) -> str:
    return f"{part}/{whole} {part / whole:.3f}" if whole else "-"


def report(task: str, found: Sequence[Asked]) -> None:
    kinds = {id(one): one.answer.decision.kind for one in found}
    answerable = [one for one in found if one.labelled.answerable]
    vague = [one for one in found if one.labelled.label in ("UNDERSPECIFIED", "ambiguous")]
    unknown = [one for one in found if not one.labelled.answerable and one not in vague]
    answered = [one for one in answerable if kinds[id(one)] is ANSWER]
    confidence = np.array([one.answer.decision.confidence for one in [*answerable, *unknown]])
    labels = np.array([True] * len(answerable) + [False] * len(unknown))
    print(f"\n{task}: {len(found)} questions")
    ranks = [one.rank for one in answerable]
    print(
        f"  recall@1 {share(sum(rank == 0 for rank in ranks), len(ranks))}"
        f"  @5 {share(sum(rank is not None and rank < 5 for rank in ranks), len(ranks))}"
    )
    print(
        f"  answerable: answered right {share(sum(one.cites_right for one in answered), len(answerable))},"
        f" answered otherwise {sum(not one.cites_right for one in answered)},"
        f" clarified {share(sum(kinds[id(one)] is CLARIFY for one in answerable), len(answerable))}"
    )
    for name, group in (("unanswerable", unknown), ("underspecified", vague)):
        if group:
            print(
                f"  {name}: answered {share(sum(kinds[id(one)] is ANSWER for one in group), len(group))},"
                f" clarified {share(sum(kinds[id(one)] is CLARIFY for one in group), len(group))}"
            )
    if unknown:
        fused = np.array(
            [one.signals.get("cosine", 0) + 0.2 * one.signals.get("lexical", 0) for one in [*answerable, *unknown]]
        )
        print(f"  AUROC answerable or not {area(confidence, labels):.3f}, fused score alone {area(fused, labels):.3f}")
    print(f"  unsupported answers {sum(map(unsupported, found))}")
    introduced = [one for one in answered if one.answer.citations and not one.signals.get("same_language", 1)]
    if introduced:
        own = sum(one.answer.language == one.labelled.question.language for one in introduced)
        body = Counter(detect(one.answer.citations[0].quote)[0] for one in introduced)
        print(
            f"  foreign extracts {len(introduced)}: lead-in in the contact's language {own}, extracts in {dict(body)}"
        )


def latency(bench: Bench, found: Sequence[Asked]) -> None:
    """The whole answer as a multiple of embedding its question, in turns."""
    agent, texts = found[0].labelled.agent, [one.labelled.question for one in found[:60]]
    answerer = bench.answerer(agent)
    whole: list[float] = []
    embedding: list[float] = []
    for _ in range(3):
        for question in texts:
            started = time.perf_counter()
            bench.embedder.embed_query(question.text)
            middle = time.perf_counter()
            answerer.answer(question)
            embedding.append(middle - started)
            whole.append(time.perf_counter() - middle)
    middle_whole, middle_embedding = statistics.median(whole) * 1000, statistics.median(embedding) * 1000
    print(
        f"\nlatency: median answer {middle_whole:.1f} ms, embedding the question {middle_embedding:.1f} ms:"
        f" {middle_whole / middle_embedding:.2f} times"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder with the tasks")
    parser.add_argument("--cache", type=Path, required=True, help="where the store and the indexes are kept")
    parser.add_argument("--task", action="append", choices=TASKS, help="only this one; may be given again")
    arguments = parser.parse_args()
    bench = Bench(arguments.cache)
    found: list[Asked] = []
    for task in arguments.task or TASKS:
        found = list(bench.ask(questions_of(bench, arguments.data, task)))
        report(task, found)
    latency(bench, found)


if __name__ == "__main__":
    main()
