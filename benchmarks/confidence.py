"""Fits the confidence model of `custagent.answer.deciding.confidence` on labelled questions, and says how well it holds.

    python benchmarks/confidence.py FOLDER/dev --cache OTHER_FOLDER

FOLDER is the evaluation data (see `labelled.py`). Every question is answered, however sure; it counts as right when the
content answers it and a right page is among those cited. Some tasks are asked a second time of a content of 4 to 32
passages: confidence has to hold for a new agent too. Each task weighs the same; the figures of a task are those of
coefficients that were fitted without it and without all that is made of the same content. A signal that would speak
against what it means is left out of a fit. Vectors are kept in the cache folder.

Questions that lack what would make them answerable are left out of that, and a second model is fitted: which messages
do not say what they are about. Its figures are those of ten parts, each told by a fit on the other nine.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from labelled import FEW_TASKS, SURE, Bench, questions_of

TASKS = ("d1", "d2", "d2_asked", "d3", "d3_bare", "d4", "d6", "d7", "d8", "site", "d2>d6", "d2>d7", "d6>d2", "d3>d2")
VAGUE = ("UNDERSPECIFIED", "ambiguous")
SAME = ("cosine", "lexical", "apart", "coverage", "unknown", "other_question")
CROSS = ("cosine", "lead")
#: They speak against an answer, the others for it.
AGAINST = ("unknown", "other_question")
CAPS = {"lead": 0.1, "apart": 4.0}
RIDGE = 5.0
#: Each task counts like so many questions; the tasks without vague messages together count less in their model.
TASK_WEIGHT, CLEAR_TASK_WEIGHT = 100.0, 12.0
BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One question: its signals, and whether its answer is right."""

    task: str
    label: str
    signals: dict[str, float]
    answerable: bool
    right: bool

    @property
    def content(self) -> str:
        """What a fit must not have seen: all that is made of one content. (In another language only d3 is answered.)"""
        return self.task.partition("_")[0] if self.signals["same_language"] else self.task

    @property
    def value_of(self) -> dict[str, float]:
        return {name: min(value, CAPS.get(name, 1.0)) for name, value in self.signals.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A logistic model: log-odds = intercept + slopes times how far the values are from the usual ones."""

    intercept: float
    slopes: np.ndarray
    usual: np.ndarray

    def log_odds(self, x: np.ndarray) -> np.ndarray:
        return self.intercept + (x - self.usual) @ self.slopes

    def told(self, names: Sequence[str]) -> str:
        terms = (
            f"{name} {slope:.2f} (usual {usual:.3f})"
            for name, slope, usual in zip(names, self.slopes, self.usual, strict=True)
        )
        return f"intercept {self.intercept:.3f}, {', '.join(terms)}"


def rows(bench: Bench, data: Path) -> Iterator[Row]:
    """All questions of all tasks."""
    for task, few in [*((task, False) for task in TASKS), *((task, True) for task in FEW_TASKS)]:
        questions = questions_of(bench, data, task)
        for asked in bench.ask(questions, few=few, confidence=SURE, clarify_attempts=0):
            if asked.signals:
                yield Row(
                    task=f"{task}_few" if few else task,
                    label=asked.labelled.label,
                    signals=dict(asked.signals),
                    answerable=asked.labelled.answerable,
                    right=asked.labelled.answerable and asked.cites_right,
                )


def matrix(rows: Sequence[Row], names: Sequence[str]) -> np.ndarray:
    return np.array([[row.value_of[name] for name in names] for row in rows])


def task_weights(rows: Sequence[Row], each: float) -> np.ndarray:
    sizes = Counter(row.task for row in rows)
    return np.array([each / sizes[row.task] for row in rows])


def logistic(x: np.ndarray, y: np.ndarray, weight: np.ndarray, ridge: float) -> Fit:
    """Logistic regression by Newton's method, with some ridge on the scaled signals."""
    usual, scale = np.average(x, axis=0, weights=weight), x.std(axis=0) + 1e-9
    scaled = np.column_stack([np.ones(len(x)), (x - usual) / scale])
    pull = np.diag([0.0, *([ridge] * x.shape[1])])
    beta = np.zeros(scaled.shape[1])
    for _ in range(100):
        p = probability(scaled @ beta)
        step = np.linalg.solve(
            (scaled.T * (weight * p * (1 - p))) @ scaled + pull, scaled.T @ (weight * (p - y)) + pull @ beta
        )
        beta -= step
        if np.abs(step).max() < 1e-9:
            break
    return Fit(intercept=float(beta[0]), slopes=beta[1:] / scale, usual=usual)


def fit(rows: Sequence[Row], names: Sequence[str]) -> Fit:
    """The model of right answers; a signal that speaks against its meaning gets no weight."""
    x, y = matrix(rows, names), np.array([float(row.right) for row in rows])
    sign = np.array([-1.0 if name in AGAINST else 1.0 for name in names])
    kept = np.ones(len(names), dtype=bool)
    while True:
        found = logistic(np.where(kept, x, 0.0), y, task_weights(rows, TASK_WEIGHT), RIDGE)
        wrong = np.where(kept, found.slopes * sign, 0.0)
        if wrong.min() >= 0:
            return found
        kept[wrong.argmin()] = False


def probability(log_odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(log_odds, -60, 60)))


def unseen(rows: Sequence[Row], names: Sequence[str]) -> np.ndarray:
    """The confidence of each row by coefficients that were fitted without its content."""
    found = np.zeros(len(rows))
    for content in {row.content for row in rows}:
        here = np.array([row.content == content for row in rows])
        others = fit([row for row in rows if row.content != content], names)
        found[here] = probability(others.log_odds(matrix([row for row in rows if row.content == content], names)))
    return found


def area(scores: np.ndarray, right: np.ndarray) -> float:
    """The chance that a right one scores above a wrong one (AUROC)."""
    if right.all() or not right.any():
        return float("nan")
    above = (scores[right][:, None] > scores[~right][None, :]).mean()
    return float(above + 0.5 * (scores[right][:, None] == scores[~right][None, :]).mean())


def calibration_error(p: np.ndarray, right: np.ndarray) -> float:
    """How far the confidence is from the share that is right, on average over ten bins of confidence (ECE)."""
    which = np.minimum((p * BINS).astype(int), BINS - 1)
    held = [which == one for one in range(BINS) if (which == one).any()]
    return float(sum(here.mean() * abs(p[here].mean() - right[here].mean()) for here in held))


def curve(p: np.ndarray, right: np.ndarray) -> str:
    """The reliability curve: for each tenth of confidence its mean, the share that is right, and how many there are."""
    which = np.minimum((p * BINS).astype(int), BINS - 1)
    held = [which == one for one in range(BINS) if (which == one).any()]
    return "  ".join(f"{p[here].mean():.2f}:{right[here].mean():.2f} ({here.sum()})" for here in held)


def report(title: str, rows: Sequence[Row], names: Sequence[str]) -> tuple[Fit, np.ndarray]:
    """Print the coefficients and each task's figures; the coefficients, and the confidences told without them."""
    whole = fit(rows, names)
    print(f"\n{title}: {whole.told(names)}")
    print("  fitted on the other contents; in brackets by the coefficients above, which have seen the task")
    held = unseen(rows, names)
    for task in sorted({row.task for row in rows}):
        here = np.array([row.task == task for row in rows])
        group = [row for row in rows if row.task == task]
        print(f"  {task:12} n {len(group):4}  {_figures(group, held[here], whole, names)}")
    right = np.array([row.right for row in rows])
    print(f"  calibration error {calibration_error(held, right):.3f}  {curve(held, right)}")
    return whole, held


def _figures(group: Sequence[Row], p: np.ndarray, whole: Fit, names: Sequence[str]) -> str:
    right, answerable = np.array([row.right for row in group]), np.array([row.answerable for row in group])
    fused = np.array([row.signals["cosine"] + 0.2 * row.signals["lexical"] for row in group])
    seen = probability(whole.log_odds(matrix(group, names))) >= 0.5
    sure = p >= 0.5
    return (
        f"AUROC answerable {area(p, answerable):.3f} (fused score alone {area(fused, answerable):.3f}),"
        f" right {area(p, right):.3f}  Brier {((p - right) ** 2).mean():.3f}  answered right {(sure & right).sum()}"
        f" ({(seen & right).sum()}) of {answerable.sum()}  unanswerable answered {(sure & ~answerable).sum()}"
        f" ({(seen & ~answerable).sum()}) of {(~answerable).sum()}"
    )


def report_vague(rows: Sequence[Row], model: Fit) -> None:
    """Print the model of messages that do not say what they are about, and what it tells at each threshold."""
    names = ("unsettled",)
    used = [row for row in rows if row.task in {"d1", "d2", "d3", "d4", "d6", "d7", "d8", "site"}]
    used = [row for row in used if row.label == "UNDERSPECIFIED" or row.answerable or row.task == "d8"]
    x = np.column_stack([matrix(used, names), model.log_odds(matrix(used, SAME))])
    vague = np.array([row.label == "UNDERSPECIFIED" for row in used])
    tasks = np.array([row.task for row in used])
    weight = np.where(tasks == "d8", 1.0, task_weights(used, CLEAR_TASK_WEIGHT))
    whole = logistic(x, vague, weight, 2.0)
    print(f"\nvague: intercept {whole.intercept - whole.slopes @ whole.usual:.3f}, {whole.told((*names, 'log-odds'))}")
    part = np.random.default_rng(0).permutation(len(used)) % 10
    held = np.zeros(len(used))
    for one in range(10):
        others = logistic(x[part != one], vague[part != one], weight[part != one], 2.0)
        held[part == one] = probability(others.log_odds(x[part == one]))
    held[x[:, 0] == 0] = 0.0
    labels = np.array([row.label for row in used])
    answerable = labels == "ANSWERABLE"
    print(f"  AUROC on d8 {area(held[tasks == 'd8'], vague[tasks == 'd8']):.3f}")
    for threshold in (0.2, 0.25, 0.3, 0.35, 0.4):
        over = held >= threshold
        shares = " ".join(f"{task} {over[(tasks == task) & ~vague].mean():.2f}" for task in sorted(set(tasks)))
        print(
            f"  from {threshold}: {(over & vague).sum()} of {vague.sum()} underspecified,"
            f" {(over & answerable & (tasks == 'd8')).sum()} of {(answerable & (tasks == 'd8')).sum()} answerable of d8;"
            f" of all that say what they mean: {shares}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder with the tasks")
    parser.add_argument("--cache", type=Path, required=True, help="where the store and the indexes are kept")
    arguments = parser.parse_args()
    found = list(rows(Bench(arguments.cache), arguments.data))
    clear = [row for row in found if row.label not in VAGUE]
    same = [row for row in clear if row.signals["same_language"]]
    # Of few passages the nearest may be in no language of the question: that is no question across languages.
    cross = [row for row in clear if not row.signals["same_language"] and not row.task.endswith("_few")]
    model, held = report("same language", same, SAME)
    _, held_across = report("other language", cross, CROSS)
    right = np.array([row.right for row in [*same, *cross]])
    print(f"\ncalibration error, all pooled: {calibration_error(np.concatenate([held, held_across]), right):.3f}")
    report_vague([row for row in found if row.signals["same_language"]], model)


if __name__ == "__main__":
    main()
