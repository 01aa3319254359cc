"""Looking at the ledger and adding to it: what is left, why a conversation cost what it cost, whether all is in order."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from custagent.conversation.credit_replay import Replay, replay
from custagent.conversation.credit_story import Sentence, tell_story
from custagent.conversation.credits import Pricing
from custagent.core.credit import PRICES, CreditEntry, CreditKind, CreditPolicy, month_of
from custagent.core.credit_history import CreditHistory
from custagent.core.errors import UnknownName, UsageError
from custagent.core.notice import Notice
from custagent.core.people import Permission
from custagent.runtime.bootstrap import Application
from custagent.runtime.figures.credit_rules import CreditRules
from custagent.store.ledger.allowance import NOTICE, percent_used, room
from custagent.store.ledger.ledger_check import LedgerCheck, check_ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditState:
    """How the workspace stands with its credits now."""

    #: The sum of all entries.
    balance: int
    #: The policy and price in force (CRED-4).
    policy: CreditPolicy
    price: int
    #: Whether custagent.yaml has a `credits:` block.
    limited: bool
    #: The month in the workspace's time zone, such as "2026-11", and what was charged in it, less what was given back.
    month: str
    used: int
    #: The month's allowance and what of it is not used; None and 0 without one.
    allowance: int | None
    left_of_allowance: int
    #: The most that may be charged in a month; None for no limit.
    cap: int | None
    #: What new conversations may still cost this month; None when nothing limits it.
    available: int | None
    #: How much of what the month may use is used, in percent; 100 when no new conversation fits.
    percent: int
    #: What admins were told about credits this month, newest first.
    notices: tuple[Notice, ...]

    @property
    def is_out(self) -> bool:
        """Whether no new conversation fits: agents hand over, or say that they cannot answer (CRED-3)."""
        return self.available is not None and self.available < self.price


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a conversation cost what it cost."""

    conversation: str
    policy: CreditPolicy
    price: int
    #: What it costs now, in credits.
    cost: int
    sentences: tuple[Sentence, ...]
    entries: tuple[CreditEntry, ...]


def credit_state(app: Application) -> CreditState:
    """How it stands; the month's allowance is written down first where nobody has done that yet.

    Raises ConfigError, StoreError.
    """
    rules, now, ledger = CreditRules(app), app.clock.now(), app.store.ledger
    terms, timezone = rules.terms(), rules.workspace().timezone
    if terms is not None and not ledger.is_settled(terms, now):
        ledger.settle(terms, now)
    found, pricing, month = ledger.tally(timezone), rules.pricing_now(), month_of(now, timezone)
    told = app.store.notices.latest(20, kind=NOTICE)
    return CreditState(
        balance=found.balance,
        policy=pricing.policy,
        price=pricing.price,
        limited=terms is not None,
        month=month,
        used=found.used.get(month, 0),
        allowance=terms.allowance if terms else None,
        left_of_allowance=found.left_of_allowance if found.allowance_month == month else 0,
        cap=terms.cap if terms else None,
        available=room(found, terms, now) if terms else None,
        percent=percent_used(found, terms, now) if terms else 0,
        notices=tuple(notice for notice in told if notice.key.startswith(f"{NOTICE}:{month}:")),
    )


def grant_credits(app: Application, amount: int, *, reason: str, key: str = "") -> tuple[CreditEntry, bool]:
    """Add credits: the entry, and whether it is new. The same `key` adds them once. Raises PermissionDenied, StoreError."""
    app.actor.require(Permission.ADMIN, app.workspace)
    if not reason.strip():
        raise UsageError(
            "a reason is needed", hint='Say what the credits are for: --reason "Pack of 1,000, invoice 4711"'
        )
    now, rules, ledger = app.clock.now(), CreditRules(app), app.store.ledger
    name = f"topup:{key or f'{now:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}'}"
    audit = app.audit_entry("credits grant", name, after=f"{amount} credits: {reason.strip()}")
    before = ledger.entry(name)
    entry = ledger.append(
        CreditKind.GRANT, amount, key=name, policy=rules.pricing_now().policy.value, at=now, audit=audit
    )
    terms = rules.terms()
    if terms is not None:
        ledger.settle(terms, now)
    return entry, before is None


def explain_credits(app: Application, conversation: str) -> Explanation:
    """Why the conversation cost what it cost. Raises UnknownName."""
    history = app.store.credit_histories.of(conversation)
    if history is None:
        raise UnknownName(
            f"there is no conversation {conversation!r}", hint="See the latest with: custagent conversations list"
        )
    pricing = CreditRules(app).pricing_at(history.opened_at)
    has_paid = app.store.credit_histories.has_paid_elsewhere(conversation)
    return Explanation(
        conversation=conversation,
        policy=pricing.policy,
        price=pricing.price,
        cost=-sum(entry.amount for entry in history.entries),
        sentences=tell_story(history, pricing, app.clock.now(), has_paid=has_paid),
        entries=history.entries,
    )


def replay_credits(
    app: Application,
    *,
    policy: CreditPolicy | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Replay:
    """Recompute what the conversations that began in the period cost, by one policy or all three; compare the ledger.

    With `policy`, what is compared are the conversations that were paid by it. Raises ConfigError, StoreError.
    """
    rules = CreditRules(app)
    changes = rules.changes()

    def pricing_of(history: CreditHistory) -> Pricing:
        return rules.pricing_at(history.opened_at)

    # The price in force for its policy, and for the others what they cost unless told otherwise.
    prices = {each: PRICES[each] for each in ([policy] if policy else CreditPolicy)}
    prices |= {one.pricing.policy: one.pricing.price for one in changes if one.pricing.policy in prices}
    # What was brought in from elsewhere was never charged here.
    ours = (one for one in app.store.credit_histories.began(until=until) if not one.channel.startswith("import:"))
    found = replay(
        ours,
        pricing_of=pricing_of,
        prices=prices,
        at=app.clock.now(),
        since=since,
        compared=policy,
    )
    if not (policy or since or until):
        found.differences += [
            f"Entry {entry.id} belongs to conversation {entry.conversation}, which is not there."
            for entry in app.store.ledger.strays()
        ]
    return found


def verify_credits(app: Application, *, head: str = "") -> LedgerCheck:
    """Whether every entry is as it was written, and `head` is the hash of one of them. Raises StoreError, UnknownName.

    The file is read as it is: damage that keeps the rest of the program from opening it is named by its entry.
    """
    if not app.home.database.exists():
        raise UnknownName("there is no ledger yet", hint="It begins with the first conversation: custagent run")
    return check_ledger(app.home.database, head.strip().lower())
