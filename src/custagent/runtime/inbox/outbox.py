"""Looking after replies that have not arrived: seeing them, trying them again, giving them up.

It works beside a running runner, from another process: the runner sees what was put back within a second.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from custagent.core.errors import CustagentError, UnknownName
from custagent.core.people import Permission
from custagent.runtime.bootstrap import Application
from custagent.runtime.figures.credit_rules import CreditRules
from custagent.runtime.in_force import InForce
from custagent.store.conversations.undelivered import ReplyState, UndeliveredReply


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A reply that stays as it is."""

    id: int
    #: Why, in one sentence, and what to do about it.
    error: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxChange:
    """What a command did to replies, each by itself: one that is refused stops no other."""

    done: tuple[int, ...]
    refused: tuple[Refused, ...]


def undelivered(
    app: Application, *, channel: str = "", state: ReplyState | None = None, limit: int | None = None
) -> Sequence[UndeliveredReply]:
    """The replies that have not arrived, in the order of writing. Raises UnknownName for a channel that never was."""
    if channel:
        _require_channel(app, channel)
    return app.store.undelivered.list(app.clock.now(), channel=channel or None, state=state, limit=limit)


def retry_replies(app: Application, replies: Sequence[int]) -> OutboxChange:
    """Put dead letters back; what is put off is tried at once. Raises PermissionDenied."""
    app.actor.require(Permission.ANSWER, app.workspace)
    rules, audit = CreditRules(app), app.audit_entry("outbox retry", "")

    def retry(reply: int) -> None:
        charge = rules.charge_of_reply(reply)
        app.store.undelivered.retry(
            reply, app.clock.now(), charge=charge, audit=replace(audit, subject=f"reply {reply}")
        )

    return _each(replies, retry)


def retry_all_failed(app: Application, *, channel: str = "") -> OutboxChange:
    """Put every dead letter back, or those of one channel. Raises PermissionDenied, UnknownName."""
    return retry_replies(app, [one.id for one in undelivered(app, channel=channel, state=ReplyState.FAILED)])


def drop_replies(app: Application, replies: Sequence[int]) -> OutboxChange:
    """Give replies up: they are not tried any more and not listed. Raises PermissionDenied."""
    app.actor.require(Permission.ANSWER, app.workspace)
    audit = app.audit_entry("outbox drop", "")

    def drop(reply: int) -> None:
        app.store.undelivered.drop(reply, app.clock.now(), audit=replace(audit, subject=f"reply {reply}"))

    return _each(replies, drop)


def _each(replies: Sequence[int], change: Callable[[int], None]) -> OutboxChange:
    done, refused = [], []
    for reply in dict.fromkeys(replies):
        try:
            change(reply)
        except CustagentError as error:
            refused.append(Refused(id=reply, error=error.message, hint=error.hint))
        else:
            done.append(reply)
    return OutboxChange(done=tuple(done), refused=tuple(refused))


def _require_channel(app: Application, channel: str) -> None:
    """A channel that is gone may still have replies; one that has neither is a slip of the keyboard."""
    if channel in InForce(app).channels() or app.store.undelivered.list(app.clock.now(), channel=channel, limit=1):
        return
    raise UnknownName(f"there is no channel {channel!r}", hint="See them with: custagent channels list")
