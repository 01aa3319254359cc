"""The command that puts past questions to an agent: simulate."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated

import typer

from custagent.cli.opening import AgentName, Json, open_app
from custagent.cli.prediction_rows import Outcome, csv_rows, outcome_object, write_rows
from custagent.cli.prediction_view import show_outcome
from custagent.cli.reading import ReadingDisplay, pace
from custagent.cli.render import Progress, fail, print_json, progress, success
from custagent.evaluate.comparison import compare as compared
from custagent.evaluate.prediction import predict
from custagent.runtime.bootstrap import Application
from custagent.runtime.proving.past_questions import PastQuestions, read_questions
from custagent.runtime.proving.simulated_costs import costs_of
from custagent.runtime.proving.simulated_gaps import lacks_of
from custagent.runtime.proving.simulation import Candidate, Conversation, Simulation

#: What a shell reports for a program that Ctrl-C ended.
INTERRUPTED = 130


def simulate(
    ctx: typer.Context,
    agent: AgentName,
    source: Annotated[
        Path,
        typer.Option(
            "--from",
            metavar="FILE",
            help="Past questions: CSV with a header line, or JSON lines.",
            show_default=False,
            dir_okay=False,
        ),
    ],
    applied: Annotated[
        bool, typer.Option("--applied", help="Ask the version that is live, instead of the files as they are.")
    ] = False,
    compare: Annotated[
        str,
        typer.Option(
            metavar="REV",
            help="Ask the agent of this git revision as well, and show what differs.",
            show_default=False,
        ),
    ] = "",
    worst: Annotated[int, typer.Option(min=0, help="How many questions of each kind to list for reading.")] = 5,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a row a question into a new file.", show_default=False)
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Conversations at a time.")] = os.cpu_count() or 1,
    json: Json = False,
) -> None:
    """Predict what an agent would do, from what customers asked in the past.

    Every question goes the way that it would go on a channel, follow-ups with what was said before. Nothing is written,
    charged or sent. Columns are found by their names: question (or text, message), and where they are there
    conversation, sender, contact, language, channel and label. Ctrl-C prints what is done.

    Examples:
      custagent simulate support --from questions.csv
      custagent simulate support --from november.jsonl --compare HEAD~1
      custagent simulate support --from questions.csv --applied --csv predicted.csv
    """
    app = open_app(ctx)
    app.agent(agent)
    file = read_questions(source)
    with csv_rows(csv) as rows:
        outcome = _simulate(app, agent, file, applied=applied, compare=compare, worst=worst, jobs=jobs)
        if rows is not None:
            write_rows(rows, outcome.conversations)
    if outcome.stopped:
        fail(f"stopped after {outcome.prediction.questions} of {len(file.questions)} questions")
    if json:
        print_json(outcome_object(outcome))
    else:
        show_outcome(outcome)
        if csv:
            success(f"Wrote a row a question to {csv}.")
    if outcome.stopped:
        raise typer.Exit(INTERRUPTED)


def _simulate(
    app: Application, agent: str, file: PastQuestions, *, applied: bool, compare: str, worst: int, jobs: int
) -> Outcome:
    with progress("Reading") as bar, Simulation(app, agent, ReadingDisplay(bar)) as simulation:
        now = simulation.applied() if applied else simulation.draft()
        before = simulation.at_revision(compare) if compare else None
        conversations, stopped = ask_all(simulation, file, now, before, bar, jobs)
        said = [one.now for one in conversations]
        replayed = [one for conversation in said for one in conversation]
        return Outcome(
            agent=agent,
            file=file,
            now=now,
            before=before,
            conversations=conversations,
            prediction=predict(said, worst=worst),
            costs=costs_of(said, now.workspace, app.clock.now()),
            lacks=lacks_of(replayed, now.index, simulation.embedder),
            differences=compared((one.before, one.now) for one in conversations) if before else None,
            stopped=stopped,
        )


def ask_all(
    simulation: Simulation, file: PastQuestions, now: Candidate, before: Candidate | None, bar: Progress, jobs: int
) -> tuple[list[Conversation], bool]:
    """The conversations that were done, and whether Ctrl-C came first."""
    done: list[Conversation] = []
    asking = _Pace(bar, len(file.questions))
    try:
        for conversation in simulation.run(file.questions, now, before, jobs=jobs):
            done.append(conversation)
            asking.add(len(conversation.now))
    except KeyboardInterrupt:
        return done, True
    return done, False


class _Pace:
    """Shows how far asking is, how fast it goes, and how long it will take."""

    def __init__(self, bar: Progress, total: int) -> None:
        self._bar = bar
        self._total = total
        self._done = 0
        self._began = time.monotonic()

    def add(self, questions: int) -> None:
        self._done += questions
        speed = pace(self._done, self._total, time.monotonic() - self._began)
        self._bar.show(self._done, self._total, f"questions{speed}")
