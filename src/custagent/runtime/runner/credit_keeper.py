"""What the runner does for the ledger by the clock: months begin and end, resolutions are charged, people are told."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial

from custagent.conversation.credits import RESOLVED_AFTER, is_disputed, is_to_be_charged_as_resolved, resolved_at
from custagent.core.conversation import Charge, Conversation
from custagent.core.credit import CreditPolicy
from custagent.core.errors import OutOfCredits
from custagent.runtime.bootstrap import Application
from custagent.runtime.figures.credit_rules import CreditRules
from custagent.store.ledger.allowance import NOTICE
from custagent.store.ledger.credit_histories import Silent

_log = logging.getLogger(__name__)

#: Conversations that are read at a time, when resolutions are looked for.
PAGE = 200
#: So many times at a look: the runner must be able to end meanwhile. The next look goes on.
_PAGES = 5


class CreditKeeper:
    """The credits of a runner. What it knows is only where it looks next: the rest stands in the database."""

    def __init__(self, app: Application, rules: CreditRules, *, fence: int, page: int = PAGE) -> None:
        """`page`: how many conversations are read at a time, when resolutions are looked for."""
        self._app = app
        self._rules = rules
        self._fence = fence
        self._page = page
        #: All conversations whose last message is not above this one were judged.
        self._judged = 0
        #: Resolved but for a verdict that the contact may still change.
        self._disputed: dict[str, Silent] = {}
        #: The last notice that was logged; those from before are not repeated.
        self._logged: int | None = None

    def charge_of(self, conversation: Conversation) -> Charge:
        """What a charged reply in the conversation costs. Raises ConfigError, StoreError."""
        return self._rules.charge_of(conversation)

    def has_room(self, conversation: Conversation, charge: Charge) -> bool:
        """Whether a charged reply in the conversation could be committed now (CRED-3). Raises LeaseHeld, StoreError."""
        return self._app.store.ledger.has_room(conversation.id, charge, self._app.clock.now(), fence=self._fence)

    def look(self) -> None:
        """Do all that is due now. Raises LeaseHeld, ConfigError, StoreError."""
        now, terms = self._app.clock.now(), self._rules.terms()
        if terms is not None and not self._app.store.ledger.is_settled(terms, now):
            self._app.store.ledger.settle(terms, now, fence=self._fence)
        if any(change.pricing.policy.waits_for_resolution for change in self._rules.changes()):
            self._judge(now)
        self._log_notices()

    def _judge(self, now: datetime) -> None:
        """Charge the resolutions that silence has made since the last look (CRED-4).

        After a start all conversations are judged that have no entry: nobody knows for how long none was.
        """
        for one in tuple(self._disputed.values()):
            self._charge(one, now)
        for _ in range(_PAGES):
            for one in self._app.store.credit_histories.uncharged(after=self._judged, limit=self._page):
                if now - one.last_message_at < RESOLVED_AFTER or not self._charge(one, now):
                    # In the order of their last messages: what follows is not old enough either, or finds no room.
                    return
                self._judged = one.last_message

    def _charge(self, one: Silent, now: datetime) -> bool:
        """Charge it if it is a resolution; False when there is no room for that now, so that it waits."""
        charge = self._rules.charge_at(one.opened_at)
        if not CreditPolicy(charge.policy).waits_for_resolution:
            return True
        judge = partial(is_to_be_charged_as_resolved, at=now)
        history = self._app.store.credit_histories.of(one.conversation)
        self._disputed.pop(one.conversation, None)
        if history is None or resolved_at(history, now) is None:
            return True
        if is_disputed(history):
            self._disputed[one.conversation] = one
            return True
        try:
            self._app.store.ledger.charge_if(one.conversation, judge, charge, now, fence=self._fence)
        except OutOfCredits as error:
            _log.warning("conversation %s is resolved and waits for credits: %s", one.conversation, error.message)
            return False
        return True

    def _log_notices(self) -> None:
        if self._logged is None:
            self._logged = next((notice.id for notice in self._app.store.notices.latest(1)), 0)
            return
        for notice in reversed(self._app.store.notices.latest(PAGE, kind=NOTICE, after=self._logged)):
            _log.warning("%s", notice.text)
            self._logged = notice.id
