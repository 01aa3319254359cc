"""kill -9 on a runner while contacts write mail to it, and what must be so afterwards: in the short form and the long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.acceptance.conftest import clean_environment
from tests.acceptance.kills import Aftermath, Load, Often, kill_often
from tests.acceptance.letters import CHANNEL, Writer, channel
from tests.acceptance.mail_servers import Dovecot, Submission

#: Nobody here is a machine, however often they write.
_PATIENT = "replies_a_day: 1000\nmails_an_hour: 1000"


class _Post:
    """The mail servers, which have nothing under way of their own."""

    idle = True


class Correspondent:
    """A contact who writes a mail, waits for the answer, and writes the next one."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.asked: list[str] = []
        self.waits = False

    @property
    def answered(self) -> set[str]:
        return {str(one.mail["In-Reply-To"]).strip("<>") for one in self.writer.got}

    def ask(self) -> None:
        self.waits = True
        self.asked.append(str(self.writer.write()["Message-ID"]).strip("<>"))

    def wait(self, *, stop: Any = None, seconds: float = 60) -> bool:
        """Until all that it asked is answered; False when stopped before."""
        while not (set(self.asked) <= self.answered or (stop is not None and stop.is_set())):
            seconds -= 0.2
            assert seconds > 0, (self.writer.address, set(self.asked) - self.answered)
            self.writer.came(0.2)
        self.waits = not set(self.asked) <= self.answered
        return not self.waits


def kill_under_mail(
    new_mail_house: Callable[..., Any], servers: tuple[Dovecot, Submission], port: int, *, kills: int, seed: int
) -> Aftermath:
    """So many runners are killed, one after the other, while ten contacts write."""
    house = new_mail_house(channel(*servers, more=_PATIENT))
    writers = [Correspondent(Writer(*servers, f"writer{number}@example.org")) for number in range(10)]
    load = Load(meta=_Post(), visitors=[], callers=writers, channel=CHANNEL, final=frozenset({"sent"}))  # type: ignore[arg-type] # they do what callers do
    with Often(house, port, clean_environment()) as often:
        # The mailbox is ours from the first look on: what came before is nobody's promise.
        often.start()
        _until_read(house)
        often.end(9)  # type: ignore[arg-type] # SIGKILL
        return kill_often(house, load, [often] * kills, seed=seed)


def _until_read(house: Any) -> None:
    from tests.acceptance.conftest import wait_until

    def is_read() -> bool:
        with house.rows() as rows:
            return bool(rows.execute("SELECT count(*) FROM channel_progress").fetchone()[0])

    wait_until(is_read)


class AfterMailKills:
    """Mixed into a test class that has an `aftermath`."""

    def test_it_was_under_load(self, aftermath):
        assert aftermath.busy >= 0.9 * aftermath.kills
        assert min(len(one.asked) for one in aftermath.load.callers) >= 1

    def test_every_mail_is_there_once(self, aftermath):
        written = aftermath.house.inbound()
        asked = [number for one in aftermath.load.callers for number in one.asked]
        assert set(asked) == written.keys()
        with aftermath.house.rows() as rows:
            assert rows.execute("SELECT count(*) FROM messages WHERE kind = 'inbound'").fetchone()[0] == len(asked)

    def test_every_mail_is_answered_once(self, aftermath):
        threads = aftermath.house.threads()
        for one in aftermath.load.callers:
            kinds = [kind for _, kind, _ in threads[one.writer.address]]
            assert Counter(kinds) == {name: len(one.asked) for name in ("inbound", "disclosure", "answer")}

    def test_every_answer_came_and_few_came_twice(self, aftermath):
        copies = 0
        for one in aftermath.load.callers:
            came = Counter(str(got.mail["Message-ID"]) for got in one.writer.got)
            assert one.answered == set(one.asked)
            # A second copy is the same mail.
            assert len(came) == len(one.asked)
            copies += came.total() - len(came)
        assert copies <= aftermath.kills

    def test_every_conversation_was_charged_once(self, aftermath):
        charges = Counter(conversation for conversation, _ in aftermath.house.charges())
        assert len(charges) == sum(len(one.asked) for one in aftermath.load.callers)
        assert set(charges.values()) == {1}
