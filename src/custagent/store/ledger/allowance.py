"""The month's credits: granted and ended in time, looked at before each charge, and told of when they run low (CRED-3).

All of it happens inside the transaction of a charge, or by the runner's clock; whichever comes first.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime

from custagent.core.credit import CreditKind, CreditTerms, month_of, next_month
from custagent.core.errors import OutOfCredits
from custagent.core.notice import Notice
from custagent.store.ledger.chain import append_once
from custagent.store.ledger.tally import ALLOWANCE, EXPIRY, Tally, tally
from custagent.store.notices import tell_once

#: What notices about credits are called.
NOTICE = "credits"
#: The permission of those who are told; its word alone, because reading people takes pydantic.
_ADMIN = "admin"
#: The level at which no new conversation fits any more; told whatever the settings say.
_NOTHING_LEFT = 100


def settle(connection: sqlite3.Connection, terms: CreditTerms, at: datetime) -> Tally:
    """Write what the calendar asks for, in order: allowances that ended, and the one of this month; what is there then.

    Doing it again changes nothing, nor does a clock that was set back into a month before.
    """
    now, found = month_of(at, terms.timezone), tally(connection, terms.timezone)
    while found.allowance_month and found.allowance_month < now and found.ended_month < found.allowance_month:
        _end_allowance(connection, terms, found, at)
        if not terms.allowance:
            break
        _allow(connection, terms, next_month(found.allowance_month), at)
        found = tally(connection, terms.timezone)
    _set_right(connection, terms, at)
    if found.allowance_month <= now:
        _allow(connection, terms, now, at)
    tell(connection, terms, at)
    return tally(connection, terms.timezone)


def is_settled(found: Tally, terms: CreditTerms, at: datetime) -> bool:
    """Whether `settle` would write nothing."""
    now = month_of(at, terms.timezone)
    if found.allowance_month < now and found.left_of_allowance:
        return False
    if found.owed and _balance_limits(found, terms):
        return False
    return found.allowance_month > now or _still_to_allow(found, terms, now) <= 0


def room(found: Tally, terms: CreditTerms, at: datetime) -> int | None:
    """How many credits new charges may take now; None when nothing limits them."""
    limits = [found.available] if _balance_limits(found, terms) else []
    if terms.cap is not None:
        limits.append(max(0, terms.cap - max(0, found.used.get(month_of(at, terms.timezone), 0))))
    return min(limits, default=None)


def require_room(connection: sqlite3.Connection, terms: CreditTerms, price: int, at: datetime) -> None:
    """Raises OutOfCredits when a new charge of `price` does not fit, the month's credits being granted first."""
    left = room(settle(connection, terms, at), terms, at)
    if left is not None and left < price:
        raise OutOfCredits(
            f"A new conversation costs {price} credits, and {left} are left.",
            hint="`custagent credits balance` shows why. An admin can add some: custagent credits grant 1000 --reason TEXT",
        )


def percent_used(found: Tally, terms: CreditTerms, at: datetime) -> int:
    """How much of what the month may use is used: 100 when no new conversation fits, 0 when nothing limits it."""
    left = room(found, terms, at)
    if left is None:
        return 0
    if left < terms.price:
        return _NOTHING_LEFT
    used = max(0, found.used.get(month_of(at, terms.timezone), 0))
    return used * _NOTHING_LEFT // (used + left)


def tell(connection: sqlite3.Connection, terms: CreditTerms, at: datetime) -> None:
    """Tell admins, once a month and level, how much is used."""
    found = tally(connection, terms.timezone)
    percent = percent_used(found, terms, at)
    level = max((each for each in (*terms.alerts, _NOTHING_LEFT) if each <= percent), default=0)
    if not level:
        return
    month = month_of(at, terms.timezone)
    used, left = max(0, found.used.get(month, 0)), room(found, terms, at)
    text = f"{percent} % of the credits of {month} are used: {used} of {used + (left or 0)}."
    if level == _NOTHING_LEFT:
        text = (
            f"The credits of {month} are used up: {left} are left, and a new conversation costs {terms.price}."
            " Agents answer in conversations that are paid for; new ones go to people."
        )
    notice = Notice(key=f"{NOTICE}:{month}:{level}", kind=NOTICE, permission=_ADMIN, text=text, at=at)
    tell_once(connection, notice)


def _balance_limits(found: Tally, terms: CreditTerms) -> bool:
    """Whether what is there is all that may be spent: an allowance is set, or somebody granted credits."""
    return terms.allowance is not None or found.granted


def _still_to_allow(found: Tally, terms: CreditTerms, month: str) -> int:
    """What of the month's allowance is not granted yet. One that was made smaller stays for this month."""
    return (terms.allowance or 0) - (found.allowance if found.allowance_month == month else 0)


def _allow(connection: sqlite3.Connection, terms: CreditTerms, month: str, at: datetime) -> None:
    found = tally(connection, terms.timezone)
    amount = _still_to_allow(found, terms, month)
    if amount > 0:
        # An allowance that was raised within the month is granted again, by the difference.
        raised = f":{terms.allowance}" if found.allowance_month == month else ""
        append_once(connection, CreditKind.GRANT, amount, key=f"{ALLOWANCE}{month}{raised}", policy=terms.policy, at=at)


def _end_allowance(connection: sqlite3.Connection, terms: CreditTerms, found: Tally, at: datetime) -> None:
    if found.left_of_allowance:
        key = f"{EXPIRY}{found.allowance_month}"
        append_once(connection, CreditKind.EXPIRY, -found.left_of_allowance, key=key, policy=terms.policy, at=at)


def _set_right(connection: sqlite3.Connection, terms: CreditTerms, at: datetime) -> None:
    """What was used while nothing limited it is not taken out of what limits it from now on."""
    found = tally(connection, terms.timezone)
    if found.owed and _balance_limits(found, terms):
        append_once(
            connection,
            CreditKind.ADJUSTMENT,
            found.owed,
            key=f"adjustment:{found.last_id + 1}",
            policy=terms.policy,
            at=at,
        )
