"""What the agent does with each task of the evaluation data, as it is shipped: a row of figures a task.

    python benchmarks/answers.py FOLDER/dev --cache OTHER_FOLDER [--task d2 --task d8]
    python benchmarks/answers.py FOLDER/dev --cache THIRD_FOLDER --task d7 --engine sentence-transformers --model MODEL

The second asks with another embedding engine, as a workspace with that `embedder:` would. FOLDER is the evaluation data (see
`labelled.py`). "right" is an answer that cites a right page among at most two. What is quoted is compared with the passages
letter by letter; addresses and numbers of the whole text are looked up there.
"""

from __future__ import annotations

import argparse
import re
import statistics
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
from confidence import area
from labelled import Asked, Bench, questions_of

from custagent.answer.model.facts import addresses, known_numbers, numbers
from custagent.core.answer import DecisionKind
from custagent.core.workspace import EmbedderSettings
from custagent.language import detect

TASKS = ("d1", "d2", "d3", "d3_bare", "d4", "d5", "d6", "d7", "d8", "site")
ANSWER, CLARIFY = DecisionKind.ANSWER, DecisionKind.CLARIFY
#: The shares of the unanswerable at which the curve is shown.
FALSE_SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5)
#: The number of a source after what rests on it.
FOOTNOTE = re.compile(r" \[\d{1,2}\]")


def unsupported(asked: Asked, passages: Mapping[str, Sequence[str]]) -> bool:
    """Whether the answer says something that its passages do not; `passages` are all of the agent's, by location."""
    answer = asked.answer
    if answer.decision.kind is not ANSWER or not answer.citations:
        return False
    for citation in answer.citations:
        if not any(stands_in(passage, citation.stretches) for passage in passages[citation.location]):
            return True
    held = "\n".join(passage for citation in answer.citations for passage in passages[citation.location])
    # A list that is too long is linked; the numbers of the sources are no statements.
    held += "\n".join(citation.link for citation in answer.citations)
    said = FOOTNOTE.sub("", answer.text)
    if not all(address in held for address in addresses(said)):
        return True
    known = known_numbers(held, {})
    return not all(readings & known for readings in numbers(said, {}))


def stands_in(passage: str, stretches: Sequence[str]) -> bool:
    """Whether the passage holds the stretches to the letter and in this order."""
    end = 0
    for stretch in stretches:
        start = passage.find(stretch, end)
        if start < 0:
            return False
        end = start + len(stretch)
    return True


def passages_of(bench: Bench, agents: Collection[str]) -> dict[str, list[str]]:
    """The texts of all passages of the agents, by location."""
    found: dict[str, list[str]] = {}
    for agent in agents:
        for chunk in bench.store.documents.chunks_of(agent):
            found.setdefault(chunk.location, []).append(chunk.text)
    return found


def share(part: int, whole: int) -> str:
    return f"{part}/{whole} {part / whole:.3f}" if whole else "-"


def curve(scores: np.ndarray, labels: np.ndarray) -> str:
    """The ROC curve: which share of the answerable score above all but so many of the unanswerable."""
    worst_first = np.sort(scores[~labels])[::-1]
    points = ((false, worst_first[min(int(false * len(worst_first)), len(worst_first) - 1)]) for false in FALSE_SHARES)
    return "  ".join(f"{false:.2f}:{(scores[labels] > least).mean():.2f}" for false, least in points)


def report(task: str, found: Sequence[Asked], passages: Mapping[str, Sequence[str]]) -> None:
    kinds = {id(one): one.answer.decision.kind for one in found}
    answerable = [one for one in found if one.labelled.answerable]
    vague = [one for one in found if one.labelled.label in ("UNDERSPECIFIED", "ambiguous")]
    unknown = [one for one in found if not one.labelled.answerable and one not in vague]
    answered = [one for one in answerable if kinds[id(one)] is ANSWER]
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
    wholly = [one for one in answerable if one.labelled.label == "ANSWERABLE"]
    if vague and wholly:
        print(
            f"  of those labelled ANSWERABLE clarified {share(sum(kinds[id(one)] is CLARIFY for one in wholly), len(wholly))}"
        )
    for name, group in (("unanswerable", unknown), ("underspecified", vague)):
        if group:
            print(
                f"  {name}: answered {share(sum(kinds[id(one)] is ANSWER for one in group), len(group))},"
                f" clarified {share(sum(kinds[id(one)] is CLARIFY for one in group), len(group))}"
            )
    if unknown:
        report_curves(answerable, unknown)
    print(f"  unsupported answers {sum(unsupported(one, passages) for one in found)}")
    introduced = [one for one in answered if one.answer.citations and not one.signals.get("same_language", 1)]
    if introduced:
        own = sum(one.answer.language == one.labelled.question.language for one in introduced)
        body = Counter(detect(one.answer.citations[0].quote)[0] for one in introduced)
        print(
            f"  foreign extracts {len(introduced)}: lead-in in the contact's language {own}, extracts in {dict(body)}"
        )


def report_curves(answerable: Sequence[Asked], unknown: Sequence[Asked]) -> None:
    """How well the confidence tells the two apart, beside the score that the ranking goes by."""
    both = [*answerable, *unknown]
    labels = np.array([True] * len(answerable) + [False] * len(unknown))
    confidence = np.array([one.answer.decision.confidence for one in both])
    fused = np.array([one.signals.get("cosine", 0) + 0.2 * one.signals.get("lexical", 0) for one in both])
    for name, scores in (("confidence", confidence), ("fused score alone", fused)):
        print(f"  answerable or not, by {name}: AUROC {area(scores, labels):.3f}  {curve(scores, labels)}")


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
    parser.add_argument("--engine", default="bundled", help="the embedding engine, as in custagent.yaml")
    parser.add_argument("--model", help="its model")
    arguments = parser.parse_args()
    bench = Bench(arguments.cache, EmbedderSettings(engine=arguments.engine, model=arguments.model))
    found: list[Asked] = []
    for task in arguments.task or TASKS:
        found = list(bench.ask(questions_of(bench, arguments.data, task)))
        report(task, found, passages_of(bench, {one.labelled.agent for one in found}))
    latency(bench, found)


if __name__ == "__main__":
    main()
