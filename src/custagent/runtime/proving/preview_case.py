"""What was tried in a preview becomes a test case: the agent goes on doing what it did, or `custagent test` says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from custagent.config.new_case import add_case
from custagent.core.answer import Answer, DecisionKind
from custagent.core.errors import UsageError
from custagent.core.people import Permission
from custagent.runtime.bootstrap import Application
from custagent.runtime.proving.preview import PreviewSession


def save_case(app: Application, agent: str, session: PreviewSession, *, name: str = "") -> bool:
    """Write the conversation so far into agents/<agent>.test.yaml; False where a case of that name is there already.

    Raises UsageError where there is nothing to save, or the conversation began before; PermissionDenied, ConfigError.
    """
    if not session.turns:
        raise UsageError("nothing was asked yet, so there is nothing to save")
    if session.goes_on:
        raise UsageError(
            "the conversation began before this preview, and a test case cannot hold what was said then",
            hint="Be nobody again with /as, ask anew, then /save",
        )
    app.actor.require(Permission.EDIT_AGENTS, app.workspace)
    return add_case(app.home, agent, _case(session, name))


def _case(session: PreviewSession, name: str) -> Mapping[str, Any]:
    """As it stands in YAML."""
    settings = {"channel": session.channel, "speaks": session.language}
    said = {key: value for key, value in settings.items() if value}
    named = {"name": name} if name else {}
    if len(session.turns) == 1:
        return {**named, **_step(*session.turns[0]), **said}
    steps: Sequence[Mapping[str, Any]] = [_step(question, answer) for question, answer in session.turns]
    # A dialogue is called by its first message, which another case may be, too.
    title = name or f"{session.turns[0][0]} (and {len(steps) - 1} more)"
    return {"name": " ".join(title.split()), "dialogue": steps, **said}


def _step(question: str, answer: Answer) -> dict[str, Any]:
    """One message, with what became of it: as `custagent test --init` writes it."""
    step: dict[str, Any] = {"ask": question, "expect": answer.decision.kind.value}
    pages = list(dict.fromkeys(citation.location for citation in answer.citations))[:1]
    if pages and answer.decision.kind is DecisionKind.ANSWER:
        step["cites"] = pages
    if answer.decision.kind is not DecisionKind.ANSWER:
        step["reason"] = answer.decision.reason.value
    return step
