"""The store: one database file, and what is kept in it by subject."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from custagent.core.ports import Clock
from custagent.store.database.database import Database
from custagent.store.database.seal import seal

if TYPE_CHECKING:
    from custagent.store.audit import Audit
    from custagent.store.channel_states import ChannelStates
    from custagent.store.checks import ChannelChecks
    from custagent.store.content.documents import SqliteDocumentStore
    from custagent.store.content.gap_questions import GapQuestions
    from custagent.store.content.gaps import Gaps
    from custagent.store.content.questions import Questions
    from custagent.store.content.sources import SqliteSourceStates
    from custagent.store.content.vectors import SqliteVectorCache
    from custagent.store.conversations.channel_news import ChannelNews
    from custagent.store.conversations.conversations import SqliteConversationStore
    from custagent.store.conversations.feedback import SqliteFeedback
    from custagent.store.conversations.files import AttachedFiles
    from custagent.store.conversations.handoffs import Handoffs
    from custagent.store.conversations.left_to_people import OptOuts
    from custagent.store.conversations.mail_traffic import MailTraffic
    from custagent.store.conversations.notes import Notes
    from custagent.store.conversations.outbox import SqliteOutbox
    from custagent.store.conversations.past import PastConversations
    from custagent.store.conversations.queue import Queue
    from custagent.store.conversations.recaps import Recaps
    from custagent.store.conversations.search import Search
    from custagent.store.conversations.timers import Timers
    from custagent.store.conversations.undelivered import Undelivered
    from custagent.store.database.lease import Lease
    from custagent.store.erasure import Erasure
    from custagent.store.ledger.credit_histories import CreditHistories
    from custagent.store.ledger.ledger import Ledger
    from custagent.store.notices import Notices
    from custagent.store.notifications import Notifications
    from custagent.store.pauses import Pauses
    from custagent.store.presence import Presence
    from custagent.store.sign_in import SignIn
    from custagent.store.stats import Stats
    from custagent.store.totals import Totals
    from custagent.store.versions import AppliedVersions

Made_co = TypeVar("Made_co", covariant=True)


class _Part(cached_property[Made_co]):
    """A part of the store, imported and made when it is first asked for: a command pays for what it reads.

    Once, also when two threads ask at the same time.
    """

    @overload
    def __get__(self, instance: None, owner: type[Any] | None = None) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None) -> Made_co: ...
    def __get__(self, instance: Any, owner: type[Any] | None = None) -> Any:
        if instance is None:
            return self
        with instance.making:
            return super().__get__(instance, owner)


class Store:
    """Opens the workspace's database and hands out its parts. A context manager; or `close()` it.

    Threads may share it; other processes may have the same file open. Every method of every part raises StoreError
    when the database is full, busy for too long, damaged, closed, or of a newer custagent.
    """

    def __init__(self, path: Path, clock: Clock, *, make_conversation_id: Callable[[], str] | None = None) -> None:
        self._database = Database(path)
        self._clock = clock
        self._make_conversation_id = make_conversation_id
        self._seals = False
        #: Held while a part is made.
        self.making = threading.RLock()

    @_Part
    def documents(self) -> SqliteDocumentStore:
        from custagent.store.content.documents import SqliteDocumentStore

        return SqliteDocumentStore(self._database, self._clock)

    @_Part
    def vectors(self) -> SqliteVectorCache:
        from custagent.store.content.vectors import SqliteVectorCache

        return SqliteVectorCache(self._database)

    @_Part
    def sources(self) -> SqliteSourceStates:
        from custagent.store.content.sources import SqliteSourceStates

        return SqliteSourceStates(self._database)

    @_Part
    def versions(self) -> AppliedVersions:
        from custagent.store.versions import AppliedVersions

        return AppliedVersions(self._database)

    @_Part
    def audit(self) -> Audit:
        from custagent.store.audit import Audit

        return Audit(self._database)

    @_Part
    def ledger(self) -> Ledger:
        from custagent.store.ledger.ledger import Ledger

        return Ledger(self._database)

    @_Part
    def credit_histories(self) -> CreditHistories:
        from custagent.store.ledger.credit_histories import CreditHistories

        return CreditHistories(self._database)

    @_Part
    def notices(self) -> Notices:
        from custagent.store.notices import Notices

        return Notices(self._database)

    @_Part
    def notifications(self) -> Notifications:
        from custagent.store.notifications import Notifications

        return Notifications(self._database)

    @_Part
    def conversations(self) -> SqliteConversationStore:
        from custagent.store.conversations.conversations import SqliteConversationStore, new_conversation_id

        return SqliteConversationStore(self._database, self._make_conversation_id or new_conversation_id)

    @_Part
    def channel_news(self) -> ChannelNews:
        from custagent.store.conversations.channel_news import ChannelNews
        from custagent.store.conversations.conversations import new_conversation_id

        return ChannelNews(self._database, self._make_conversation_id or new_conversation_id)

    @_Part
    def files(self) -> AttachedFiles:
        from custagent.store.conversations.files import AttachedFiles

        return AttachedFiles(self._database)

    @_Part
    def opt_outs(self) -> OptOuts:
        from custagent.store.conversations.left_to_people import OptOuts

        return OptOuts(self._database)

    @_Part
    def outbox(self) -> SqliteOutbox:
        from custagent.store.conversations.outbox import SqliteOutbox

        return SqliteOutbox(self._database, self._clock)

    @_Part
    def undelivered(self) -> Undelivered:
        from custagent.store.conversations.undelivered import Undelivered

        return Undelivered(self._database)

    @_Part
    def mail_traffic(self) -> MailTraffic:
        from custagent.store.conversations.mail_traffic import MailTraffic

        return MailTraffic(self._database)

    @_Part
    def timers(self) -> Timers:
        from custagent.store.conversations.timers import Timers

        return Timers(self._database)

    @_Part
    def feedback(self) -> SqliteFeedback:
        from custagent.store.conversations.feedback import SqliteFeedback

        return SqliteFeedback(self._database)

    @_Part
    def questions(self) -> Questions:
        from custagent.store.content.questions import Questions

        return Questions(self._database)

    @_Part
    def gaps(self) -> Gaps:
        from custagent.store.content.gaps import Gaps

        return Gaps(self._database)

    @_Part
    def gap_questions(self) -> GapQuestions:
        from custagent.store.content.gap_questions import GapQuestions

        return GapQuestions(self._database)

    @_Part
    def lease(self) -> Lease:
        from custagent.store.database.lease import Lease

        return Lease(self._database)

    @_Part
    def pauses(self) -> Pauses:
        from custagent.store.pauses import Pauses

        return Pauses(self._database)

    @_Part
    def presence(self) -> Presence:
        from custagent.store.presence import Presence

        return Presence(self._database)

    @_Part
    def handoffs(self) -> Handoffs:
        from custagent.store.conversations.handoffs import Handoffs

        return Handoffs(self._database)

    @_Part
    def recaps(self) -> Recaps:
        from custagent.store.conversations.recaps import Recaps

        return Recaps(self._database)

    @_Part
    def checks(self) -> ChannelChecks:
        from custagent.store.checks import ChannelChecks

        return ChannelChecks(self._database)

    @_Part
    def channel_states(self) -> ChannelStates:
        from custagent.store.channel_states import ChannelStates

        return ChannelStates(self._database)

    @_Part
    def totals(self) -> Totals:
        from custagent.store.totals import Totals

        return Totals(self._database)

    @_Part
    def stats(self) -> Stats:
        from custagent.store.stats import Stats

        return Stats(self._database)

    @_Part
    def search(self) -> Search:
        from custagent.store.conversations.search import Search

        return Search(self._database)

    @_Part
    def past(self) -> PastConversations:
        from custagent.store.conversations.past import PastConversations

        return PastConversations(self._database)

    @_Part
    def erasure(self) -> Erasure:
        from custagent.store.erasure import Erasure

        return Erasure(self._database)

    @_Part
    def queue(self) -> Queue:
        from custagent.store.conversations.queue import Queue

        return Queue(self._database)

    @_Part
    def notes(self) -> Notes:
        from custagent.store.conversations.notes import Notes

        return Notes(self._database)

    @_Part
    def sign_in(self) -> SignIn:
        from custagent.store.sign_in import SignIn

        return SignIn(self._database)

    def load(self) -> None:
        """Make all parts now: a program that runs for long must not look for a module when its files are used up."""
        for name, part in vars(Store).items():
            if isinstance(part, _Part):
                getattr(self, name)

    def check(self, *, seconds: float | None = None) -> bool:
        """Look through the whole file; False when `seconds` were over first. Raises StoreError when it is damaged."""
        return self._database.check(seconds=seconds)

    def changes(self) -> int:
        """A number that is another one after each change, of any process."""
        return self._database.changes()

    def seal(self) -> None:
        """Let `close` note what the file looks like, so that the next `check` finds what a disk changes meanwhile."""
        self._seals = True

    def between_writes(self, action: Callable[[], None]) -> None:
        """Do something while this process holds no lock on the file: whoever is stopped in a write takes it along."""
        self._database.between_writes(action)

    def close(self) -> None:
        """Finish what was queued and let go of the file. May be called twice."""
        self._database.close()
        # Last: whoever has the lock may still write.
        if "lease" in self.__dict__:
            self.lease.close()
        if self._seals:
            self._seals = False
            seal(self._database.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
