"""What conversations cost by the settings in force, and by those that were in force when they began (CRED-3, CRED-4)."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime

from custagent.config.workspace import workspace_from_text
from custagent.conversation.credits import Pricing, PricingInForce, pricing_at
from custagent.core.conversation import Charge, Conversation
from custagent.core.credit import CreditTerms
from custagent.core.errors import ConfigError
from custagent.core.record import AppliedVersion
from custagent.core.workspace import Workspace
from custagent.runtime.bootstrap import WORKSPACE_KEY, Application
from custagent.runtime.in_force import InForce

_log = logging.getLogger(__name__)


class CreditRules:
    """The `credits:` block in all its applied versions. Threads may share it.

    A conversation is paid by the version that was in force when it began, to its end; allowance, cap and alerts are
    those of now.
    """

    def __init__(self, app: Application, in_force: InForce | None = None) -> None:
        self._app = app
        self._in_force = in_force or InForce(app)
        self._lock = threading.Lock()
        #: The version that was the last one at the last look, and what all of them say.
        self._known: tuple[int, tuple[PricingInForce, ...]] = (0, ())

    def terms(self) -> CreditTerms | None:
        """What limits new charges now; None: usage is counted, not limited. Raises ConfigError, StoreError."""
        return self._in_force.workspace().credit_terms()

    def workspace(self) -> Workspace:
        """The workspace in force. Raises ConfigError, StoreError."""
        return self._in_force.workspace()

    def pricing_now(self) -> Pricing:
        """What a conversation that begins now is paid by."""
        return _pricing(self._in_force.workspace())

    def pricing_at(self, opened_at: datetime) -> Pricing:
        """What a conversation that began then is paid by."""
        return pricing_at(opened_at, self.changes())

    def charge_of(self, conversation: Conversation) -> Charge:
        """What a charged reply in the conversation costs, if it is the first, and what limits it now."""
        return self.charge_at(conversation.opened_at)

    def charge_of_reply(self, message: int) -> Charge | None:
        """The same for the conversation of a message; None for a message that is not there."""
        opened_at = self._app.store.credit_histories.opened_at(message)
        return self.charge_at(opened_at) if opened_at else None

    def charge_at(self, opened_at: datetime) -> Charge:
        """The same for a conversation that began then."""
        pricing = self.pricing_at(opened_at)
        return Charge(amount=pricing.price, policy=pricing.policy.value, terms=self.terms())

    def changes(self) -> tuple[PricingInForce, ...]:
        """All pricings that were put into force, in that order; while nothing was, what the file says."""
        live = self._app.store.versions.applied(WORKSPACE_KEY)
        if live is None:
            return (PricingInForce(since=datetime.min.replace(tzinfo=UTC), pricing=self.pricing_now()),)
        with self._lock:
            if self._known[0] != live.version:
                history = self._app.store.versions.history(WORKSPACE_KEY)
                self._known = live.version, tuple(self._read(version) for version in history)
            return self._known[1]

    def _read(self, version: AppliedVersion) -> PricingInForce:
        try:
            pricing = _pricing(workspace_from_text(version.text, self._app.home))
        except ConfigError as error:
            # Written by another version of custagent; what it says of credits cannot be told.
            _log.error("version %s of %s cannot be read: %s", version.version, WORKSPACE_KEY, error)
            pricing = Pricing()
        return PricingInForce(since=version.applied_at, pricing=pricing)


def _pricing(workspace: Workspace) -> Pricing:
    if workspace.credits is None:
        return Pricing()
    return Pricing(policy=workspace.credits.policy, price=workspace.credits.price_in_force)
