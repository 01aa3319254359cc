"""Running test cases (TEST-1): the same answerer as on every channel, nothing charged, nothing sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from custagent.config.cases import PlacedCase, first_cases_text
from custagent.core.answer import Answer, DecisionKind, Question, Reason
from custagent.core.case import Expected
from custagent.core.credit import PRICES, CreditPolicy
from custagent.core.errors import CustagentError
from custagent.core.ports import Answerer
from custagent.knowledge.samples import sample_questions
from custagent.runtime.bootstrap import Application
from custagent.runtime.proving.preview import PreviewSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the agent did with one message of a case."""

    ask: str
    decision: str
    reason: str
    confidence: float
    language: str
    text: str
    #: The links of what it cites.
    cites: tuple[str, ...]
    #: What was expected and is not so, a sentence each.
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a case ended."""

    agent: str
    case: str
    #: The file, as people see it, and the line.
    path: str
    line: int
    replies: tuple[Reply, ...]
    #: What the conversation would have cost.
    credits: int
    faults: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether everything is as expected."""
        return not self.faults

    def as_json(self) -> dict[str, Any]:
        """As `custagent test --format json` prints it, and a baseline holds it."""
        return {"passed": self.passed, **asdict(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How a case differs from the baseline."""

    result: Result
    #: "broken", "mended", "new" or "changed".
    kind: str
    #: What is otherwise, a sentence each.
    told: tuple[str, ...]


def run_cases(
    app: Application,
    cases: Sequence[PlacedCase],
    *,
    jobs: int = 1,
    answerers: Mapping[str, Answerer] | None = None,
) -> list[Result]:
    """Each case's result, in their order; `jobs` at a time. Raises ConfigError, IndexDamaged, ModelError never.

    `answerers` by agent answer instead of those that the files describe.
    """
    if answerers is None:
        answerers = {name: app.answerer(app.agent(name)) for name in dict.fromkeys(one.agent for one in cases)}
    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        return list(pool.map(lambda one: _run(app, answerers[one.agent], one), cases))


def first_cases(app: Application, agent: str, *, count: int) -> str:
    """Test cases as YAML, from questions that the content itself asks: what the agent does today is expected.

    Raises UnknownName, ConfigError, CustagentError when there is no content to ask about.
    """
    definition = app.agent(agent)
    chunks = app.store.documents.chunks_of(agent)
    questions = sample_questions(chunks, language=definition.default_language, count=count)
    if chunks and not questions:
        # Nothing of it is in the agent's own language: then in the one that most of it is in.
        (language, _), *_ = Counter(chunk.language for chunk in chunks).most_common(1)
        questions = sample_questions(chunks, language=language, count=count)
    if not questions:
        raise CustagentError(f"{agent} has no content to ask about yet", hint=f"custagent sources sync {agent}")
    answerer = app.answerer(definition)
    return first_cases_text(agent, [(text, answerer.answer(Question(text=text))) for text in questions])


def compare(results: Iterable[Result], baseline: Iterable[Mapping[str, Any]]) -> list[Change]:
    """What is otherwise than in the baseline, which is an earlier `Result.as_json` of each case."""
    before = {(one["agent"], one["case"]): one for one in baseline}
    changes = []
    for result in results:
        old = before.get((result.agent, result.case))
        if old is None:
            changes.append(Change(result=result, kind="new", told=result.faults))
            continue
        told = tuple(_differences(result, old))
        if bool(old["passed"]) != result.passed:
            kind = "mended" if result.passed else "broken"
            changes.append(Change(result=result, kind=kind, told=result.faults or told))
        elif told:
            changes.append(Change(result=result, kind="changed", told=told))
    return changes


def _run(app: Application, answerer: Answerer, placed: PlacedCase) -> Result:
    case = placed.case
    session = PreviewSession(answerer, channel=case.channel or "", language=case.speaks or "", masked=app.masked)
    replies, charged = [], False
    for step in case.steps:
        answer = session.ask(step.ask)
        charged |= _charges(answer)
        replies.append(_reply(step.ask, answer, step))
    cost = _price(app) if charged else 0
    faults = [fault for reply in replies for fault in _placed(reply, several=len(replies) > 1)]
    if case.credits is not None and cost > case.credits:
        faults.append(f"it costs {cost} credits, at most {case.credits} were expected")
    return Result(
        agent=placed.agent,
        case=case.title,
        path=placed.path.relative_to(app.home.root).as_posix(),
        line=placed.line,
        replies=tuple(replies),
        credits=cost,
        faults=tuple(faults),
    )


def _placed(reply: Reply, *, several: bool) -> Iterable[str]:
    return (f"{reply.ask!r}: {fault}" for fault in reply.faults) if several else reply.faults


def _reply(ask: str, answer: Answer, expected: Expected) -> Reply:
    cites = tuple(dict.fromkeys(citation.link for citation in answer.citations))
    return Reply(
        ask=ask,
        decision=answer.decision.kind.value,
        reason=answer.decision.reason.value,
        confidence=round(answer.decision.confidence, 4),
        language=answer.language,
        text=answer.text,
        cites=cites,
        faults=tuple(_faults(answer, cites, expected)),
    )


def _faults(answer: Answer, cites: Sequence[str], expected: Expected) -> Iterable[str]:
    decision = answer.decision
    if expected.expect and decision.kind is not expected.expect:
        yield (
            f"it decided {decision.kind.value} ({decision.reason.value}, confidence {decision.confidence:.2f}),"
            f" {expected.expect.value} was expected"
        )
    if expected.reason and decision.reason is not expected.reason:
        yield f"its reason was {decision.reason.value}, {expected.reason.value} was expected"
    for wanted in expected.cites:
        if not any(_is_cited(wanted, link) for link in cites):
            yield f"it does not cite {wanted!r}, but {', '.join(cites) or 'nothing'}"
    said = _plain(answer.text)
    for phrase in expected.says:
        if _plain(phrase) not in said:
            yield f"it does not say {phrase!r}"
    for phrase in expected.says_not:
        if _plain(phrase) in said:
            yield f"it says {phrase!r}"
    if expected.language and answer.language != expected.language:
        yield f"it replies in {answer.language}, {expected.language} was expected"


def _is_cited(wanted: str, link: str) -> bool:
    return fnmatchcase(link, wanted) if "*" in wanted else wanted in link


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _charges(answer: Answer) -> bool:
    """Whether the reply would charge its conversation (CRED-1)."""
    return answer.decision.kind is not DecisionKind.HANDOFF and answer.decision.reason is not Reason.SMALL_TALK


def _price(app: Application) -> int:
    credits_ = app.workspace.credits
    return credits_.price_in_force if credits_ else PRICES[CreditPolicy.CONVERSATION]


def _differences(result: Result, old: Mapping[str, Any]) -> Iterable[str]:
    if len(old["replies"]) != len(result.replies):
        yield f"it has {len(result.replies)} messages, it had {len(old['replies'])}"
        return
    for now, before in zip(result.replies, old["replies"], strict=True):
        where = f"{now.ask!r}: " if len(result.replies) > 1 else ""
        if now.decision != before["decision"]:
            yield f"{where}it decided {before['decision']}, and {now.decision} now ({now.reason})"
        elif list(now.cites) != list(before["cites"]):
            yield f"{where}it cited {_listed(before['cites'])}, and {_listed(now.cites)} now"
        elif now.text != before["text"]:
            yield f"{where}it words its reply otherwise"
    if result.credits != old["credits"]:
        yield f"it cost {old['credits']} credits, and {result.credits} now"


def _listed(links: Sequence[str]) -> str:
    return ", ".join(links) or "nothing"
