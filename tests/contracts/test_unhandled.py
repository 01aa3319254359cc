"""What every ConversationStore tells of the agents' work."""

from custagent.core.conversation import Status
from custagent.core.message import MessageKind

OPEN = {"status": Status.OPEN}


def test_oldest_first_and_only_what_no_turn_dealt_with(talk):
    first, second = talk.hear("one"), talk.hear("two", contact_key="k2")
    talk.hear("three")
    talk.say(first.conversation, MessageKind.ANSWER, handled=(first.message.id,))
    assert talk.unhandled() == [(second.conversation.id, ["two"]), (first.conversation.id, ["three"])]
    assert [each for each, _ in talk.conversations.unhandled()] == [
        talk.now(second.conversation),
        talk.now(first.conversation),
    ]


def test_anothers_messages_are_not_touched(talk):
    first, second = talk.hear("one"), talk.hear("two", contact_key="k2")
    talk.say(first.conversation, MessageKind.ANSWER, handled=(second.message.id,))
    assert len(talk.unhandled()) == 2


def test_what_people_have_is_theirs_until_they_give_it_back(talk):
    begun = talk.hear("one")
    talk.say(begun.conversation, **OPEN)
    assert talk.unhandled() == []
    talk.say(begun.conversation, status=Status.PENDING)
    assert talk.unhandled() == [(begun.conversation.id, ["one"])]


def test_a_person_who_replies_has_dealt_with_all_there_was(talk):
    begun = talk.hear("one")
    talk.hear("two")
    talk.say(begun.conversation, MessageKind.PERSON, **OPEN)
    talk.hear("three")
    talk.say(begun.conversation, status=Status.PENDING)
    assert talk.unhandled() == [(begun.conversation.id, ["three"])]


def test_no_more_than_are_asked_for_none_that_are_busy_and_of_no_full_channel(talk):
    first, second, third = (talk.hear(str(number), contact_key=f"k{number}") for number in range(3))
    others = talk.hear("other", channel="other", contact_key="k9")

    def found(**asked) -> list[str]:
        return [conversation.id for conversation, _ in talk.conversations.unhandled(**asked)]

    everything = [one.conversation.id for one in (first, second, third, others)]
    assert found() == everything
    assert found(limit=2) == everything[:2]
    assert found(limit=2, busy=[first.conversation.id]) == everything[1:3]
    assert found(full=[first.conversation.channel]) == everything[3:]
    assert found(limit=0) == []


def test_of_one_conversation(talk):
    begun = talk.hear("one")
    talk.hear("two")
    talk.hear("other", contact_key="k2")
    conversation, messages = talk.conversations.unhandled_in(begun.conversation.id)
    assert conversation == talk.now(begun.conversation)
    assert [message.text for message in messages] == ["one", "two"]
    talk.say(begun.conversation, **OPEN)
    assert talk.conversations.unhandled_in(begun.conversation.id) is None, "people have it"
    talk.say(begun.conversation, MessageKind.ANSWER, status=Status.PENDING)
    talk.say(begun.conversation, handled=tuple(message.id for message in messages))
    assert talk.conversations.unhandled_in(begun.conversation.id) is None, "nothing waits"
    assert talk.conversations.unhandled_in("nowhere") is None
