"""What must be so after any number of kills (CONV-2, R1 to R3): tests of an `aftermath`, in the short form and the long."""

from __future__ import annotations

from collections import Counter
from itertools import chain

from custagent.store import Store
from custagent.testing import FrozenClock
from tests.acceptance.phone import ANSWER


class AfterKills:
    """Mixed into a test class that has an `aftermath`."""

    def test_it_was_under_load(self, aftermath):
        load = aftermath.load
        assert aftermath.busy >= 0.9 * aftermath.kills
        # Everybody went on through it all: how fast is the machine's, and the dice's.
        for asked in ([len(one.acknowledged) for one in load.visitors], [len(one.asked) for one in load.callers]):
            assert min(asked) >= 1
            assert sum(asked) >= aftermath.kills / 6

    def test_every_acknowledged_message_is_there_once(self, aftermath):
        written, threads = aftermath.house.inbound(), aftermath.house.threads()
        assert aftermath.load.meta.acknowledged <= written.keys()
        for visitor in aftermath.load.visitors:
            asked = [number for number, kind, _ in threads[visitor.key] if kind == "inbound"]
            assert visitor.acknowledged.items() <= written.items()
            assert set(visitor.acknowledged.values()) <= set(asked)
            # At most the one that it was just sending when it was told to stop was written and not acknowledged.
            assert len(asked) - len(visitor.acknowledged) in (0, 1)
        for caller in aftermath.load.callers:
            asked = [number for number, kind, _ in threads[caller.phone] if kind == "inbound"]
            assert asked == [written[message] for message in caller.asked]
        assert len(written) == sum(kind == "inbound" for _, kind, _ in chain(*threads.values()))

    def test_every_message_is_answered_once(self, aftermath):
        threads = aftermath.house.threads()
        for key in [one.key for one in aftermath.load.visitors] + [one.phone for one in aftermath.load.callers]:
            kinds = [kind for _, kind, _ in threads[key]]
            assert kinds[1] == "disclosure"
            kinds.remove("disclosure")
            assert kinds == ["inbound", "answer"] * (len(kinds) // 2)
            assert {text for _, kind, text in threads[key] if kind == "answer"} == {ANSWER}

    def test_every_reply_came_to_the_phone_and_few_came_twice(self, aftermath):
        threads, meta = aftermath.house.threads(), aftermath.load.meta
        for caller in aftermath.load.callers:
            ours = [str(number) for number, kind, _ in threads[caller.phone] if kind != "inbound"]
            came = [reply.reference for reply in meta.replies_to(caller.phone)]
            # In order, and a second copy right after the first: nothing else goes out before it is done.
            assert list(dict.fromkeys(came)) == ours
            assert came == sorted(came, key=ours.index)
        assert aftermath.copies <= aftermath.kills
        assert aftermath.house.delivery(aftermath.load.channel).keys() <= aftermath.load.final

    def test_no_message_was_shown_twice_in_the_chat_and_none_was_left_out(self, aftermath):
        for visitor in aftermath.load.visitors:
            shown = [message["id"] for message in visitor.heard]
            assert shown == [number for number, _, _ in aftermath.house.threads()[visitor.key]]

    def test_every_conversation_was_charged_once(self, aftermath):
        charges = Counter(conversation for conversation, _ in aftermath.house.charges())
        assert len(charges) == len(aftermath.load.visitors) + len(aftermath.load.callers)
        assert set(charges.values()) == {1}
        assert {amount for _, amount in aftermath.house.charges()} == {-100}

    def test_the_ledger_and_the_database_are_whole(self, aftermath):
        with Store(aftermath.house.home.database, FrozenClock()) as store:
            assert store.ledger.verify() is None
            store.check()
            listed = store.conversations.list()
            assert len(listed) == len(aftermath.load.visitors) + len(aftermath.load.callers)
            for conversation in listed:
                assert set(store.outbox.statuses(conversation.id).values()) <= {"sent", *aftermath.load.final}

    def test_the_ledger_can_be_reckoned_again_from_what_was_said(self, aftermath):
        for words in (["verify"], ["replay", "--policy", "conversation"]):
            done = aftermath.house.custagent("credits", *words)
            assert done.returncode == 0, done.stdout + done.stderr
