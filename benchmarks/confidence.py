"""Fits the confidence model of `custagent.answer.confidence` on labelled questions, and says how well it holds.

    python benchmarks/confidence.py FOLDER/dev --cache OTHER_FOLDER

FOLDER is the evaluation data (see `labelled.py`). Every question is answered, however sure; it counts as right when the
content answers it and a right page is among those cited. Questions that lack what would make them answerable are left
out: they are asked back about, not answered. Each task weighs the same; the figures of a task are those of coefficients
that were fitted on the others. Vectors are kept in the cache folder.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from labelled import SURE, Bench, questions_of

TASKS = ("d1", "d2", "d3", "d3_bare", "d6", "d7", "d8", "foreign", "site")
#: Left out of the fit: see above.
NOT_ANSWERED = ("UNDERSPECIFIED", "ambiguous")
SAME = ("cosine", "margin", "lead", "coverage", "asks")
CROSS = ("cosine", "lead")
CAPS = {"margin": 0.1, "lead": 0.1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One question: its signals, and whether its answer is right."""

    task: str
    signals: dict[str, float]
    answerable: bool
    right: bool


def rows(bench: Bench, data: Path) -> Iterator[Row]:
    """All questions of all tasks."""
    for task in TASKS:
        questions = [one for one in questions_of(bench, data, task) if one.label not in NOT_ANSWERED]
        for asked in bench.ask(questions, confidence=SURE, clarify_attempts=0):
            if asked.signals:
                answerable = asked.labelled.answerable
                right = answerable and asked.cites_right
                yield Row(task=task, signals=dict(asked.signals), answerable=answerable, right=right)


def matrix(rows: Sequence[Row], names: Sequence[str]) -> np.ndarray:
    values = [[min(row.signals[name], CAPS.get(name, 1.0)) for name in names] for row in rows]
    return np.column_stack([np.ones(len(rows)), np.array(values)])


def fit(rows: Sequence[Row], names: Sequence[str]) -> np.ndarray:
    """Logistic regression by Newton's method, each task weighing the same, with a trace of ridge on scaled signals."""
    x, y = matrix(rows, names), np.array([float(row.right) for row in rows])
    mean, scale = x[:, 1:].mean(axis=0), x[:, 1:].std(axis=0) + 1e-9
    x[:, 1:] = (x[:, 1:] - mean) / scale
    sizes = Counter(row.task for row in rows)
    weight = np.array([100 / sizes[row.task] for row in rows])
    ridge = np.diag([0.0, *([1.0] * len(names))])
    beta = np.zeros(x.shape[1])
    for _ in range(100):
        p = 1 / (1 + np.exp(-x @ beta))
        step = np.linalg.solve((x.T * (weight * p * (1 - p))) @ x + ridge, x.T @ (weight * (p - y)) + ridge @ beta)
        beta -= step
        if np.abs(step).max() < 1e-9:
            break
    slopes = beta[1:] / scale
    return np.array([beta[0] - slopes @ mean, *slopes])


def probability(rows: Sequence[Row], names: Sequence[str], beta: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-matrix(rows, names) @ beta))


def area(scores: np.ndarray, right: np.ndarray) -> float:
    """The chance that a right one scores above a wrong one (AUROC)."""
    if right.all() or not right.any():
        return float("nan")
    above = (scores[right][:, None] > scores[~right][None, :]).mean()
    return float(above + 0.5 * (scores[right][:, None] == scores[~right][None, :]).mean())


def calibration_error(p: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """How far the confidence is from the share that is right, on average over ten bins of confidence."""
    which = np.minimum((p * bins).astype(int), bins - 1)
    held = [which == one for one in range(bins) if (which == one).any()]
    return float(sum(here.mean() * abs(p[here].mean() - right[here].mean()) for here in held))


def report(title: str, rows: Sequence[Row], names: Sequence[str]) -> None:
    beta = fit(rows, names)
    terms = ", ".join(f"{name} {weight:.2f}" for name, weight in zip(names, beta[1:], strict=True))
    print(f"\n{title}: intercept {beta[0]:.2f}, {terms}")
    pooled_p, pooled_right = [], []
    for task in sorted({row.task for row in rows}):
        group = [row for row in rows if row.task == task]
        others = [row for row in rows if row.task != task]
        p = probability(group, names, fit(others, names) if len({row.right for row in others}) > 1 else beta)
        right, answerable = np.array([row.right for row in group]), np.array([row.answerable for row in group])
        fused = np.array([row.signals["cosine"] + 0.2 * row.signals["lexical"] for row in group])
        pooled_p.append(p)
        pooled_right.append(right)
        sure = p >= 0.5
        print(
            f"  {task:8} n {len(group):4}  AUROC answerable {area(p, answerable):.3f} (fused score alone"
            f" {area(fused, answerable):.3f}), right {area(p, right):.3f}  Brier {((p - right) ** 2).mean():.3f}"
            f"  answered right {(sure & right).sum()}/{answerable.sum()}"
            f"  unanswerable answered {(sure & ~answerable).sum()}/{(~answerable).sum()}"
        )
    print(
        f"  calibration error, pooled: {calibration_error(np.concatenate(pooled_p), np.concatenate(pooled_right)):.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder with the tasks")
    parser.add_argument("--cache", type=Path, required=True, help="where the store and the indexes are kept")
    arguments = parser.parse_args()
    found = list(rows(Bench(arguments.cache), arguments.data))
    report("same language", [row for row in found if row.signals["same_language"]], SAME)
    report("other language", [row for row in found if not row.signals["same_language"]], CROSS)


if __name__ == "__main__":
    main()
