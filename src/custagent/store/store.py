"""The store: one database file, and what is kept in it by subject."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from custagent.core.ports import Clock
from custagent.store.audit import Audit
from custagent.store.channel_news import ChannelNews
from custagent.store.channel_states import ChannelStates
from custagent.store.checks import ChannelChecks
from custagent.store.conversations import SqliteConversationStore, new_conversation_id
from custagent.store.credit_histories import CreditHistories
from custagent.store.database import Database
from custagent.store.documents import SqliteDocumentStore
from custagent.store.erasure import Erasure
from custagent.store.feedback import SqliteFeedback
from custagent.store.files import AttachedFiles
from custagent.store.gap_questions import GapQuestions
from custagent.store.gaps import Gaps
from custagent.store.handoffs import Handoffs
from custagent.store.lease import Lease
from custagent.store.ledger import Ledger
from custagent.store.left_to_people import OptOuts
from custagent.store.mail_traffic import MailTraffic
from custagent.store.notes import Notes
from custagent.store.notices import Notices
from custagent.store.notifications import Notifications
from custagent.store.outbox import SqliteOutbox
from custagent.store.past import PastConversations
from custagent.store.pauses import Pauses
from custagent.store.presence import Presence
from custagent.store.questions import Questions
from custagent.store.queue import Queue
from custagent.store.recaps import Recaps
from custagent.store.seal import seal
from custagent.store.search import Search
from custagent.store.sign_in import SignIn
from custagent.store.sources import SqliteSourceStates
from custagent.store.stats import Stats
from custagent.store.timers import Timers
from custagent.store.totals import Totals
from custagent.store.undelivered import Undelivered
from custagent.store.vectors import SqliteVectorCache
from custagent.store.versions import AppliedVersions


class Store:
    """Opens the workspace's database and hands out its parts. A context manager; or `close()` it.

    Threads may share it; other processes may have the same file open. Every method of every part raises StoreError
    when the database is full, busy for too long, damaged, closed, or of a newer custagent.
    """

    def __init__(
        self, path: Path, clock: Clock, *, make_conversation_id: Callable[[], str] = new_conversation_id
    ) -> None:
        self._database = Database(path)
        self._seals = False
        self.documents = SqliteDocumentStore(self._database, clock)
        self.vectors = SqliteVectorCache(self._database)
        self.sources = SqliteSourceStates(self._database)
        self.versions = AppliedVersions(self._database)
        self.audit = Audit(self._database)
        self.ledger = Ledger(self._database)
        self.credit_histories = CreditHistories(self._database)
        self.notices = Notices(self._database)
        self.notifications = Notifications(self._database)
        self.conversations = SqliteConversationStore(self._database, make_conversation_id)
        self.channel_news = ChannelNews(self._database, make_conversation_id)
        self.files = AttachedFiles(self._database)
        self.opt_outs = OptOuts(self._database)
        self.outbox = SqliteOutbox(self._database, clock)
        self.undelivered = Undelivered(self._database)
        self.mail_traffic = MailTraffic(self._database)
        self.timers = Timers(self._database)
        self.feedback = SqliteFeedback(self._database)
        self.questions = Questions(self._database)
        self.gaps = Gaps(self._database)
        self.gap_questions = GapQuestions(self._database)
        self.lease = Lease(self._database)
        self.pauses = Pauses(self._database)
        self.presence = Presence(self._database)
        self.handoffs = Handoffs(self._database)
        self.recaps = Recaps(self._database)
        self.checks = ChannelChecks(self._database)
        self.channel_states = ChannelStates(self._database)
        self.totals = Totals(self._database)
        self.stats = Stats(self._database)
        self.search = Search(self._database)
        self.past = PastConversations(self._database)
        self.erasure = Erasure(self._database)
        self.queue = Queue(self._database)
        self.notes = Notes(self._database)
        self.sign_in = SignIn(self._database)

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
