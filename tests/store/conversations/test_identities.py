"""A contact is found by whatever the channel knows of them, and nobody is taken for somebody else."""

from __future__ import annotations

import pytest

from custagent.core.channel_event import IdentitiesChanged
from custagent.core.message import Identity, IdentityKind

PHONE, OTHER_PHONE = (Identity(kind=IdentityKind.PHONE, value=value) for value in ("46700000001", "46700000002"))
BSUID, OTHER_BSUID = (Identity(kind=IdentityKind.BSUID, value=value) for value in ("SE.1", "SE.2"))
NAME = Identity(kind=IdentityKind.USERNAME, value="ada")
MAIL = Identity(kind=IdentityKind.EMAIL, value="ada@northwind.example")
CUSTOMER = Identity(kind=IdentityKind.CUSTOMER, value="c-17")


@pytest.fixture
def contact_of(desk):
    """The contact whom a message that tells these is taken to be from."""

    def hear(*identities, key: str = ""):
        return desk.hear(key=key or identities[0].value, identities=identities).conversation.contact

    return hear


@pytest.fixture
def changes(store, desk):
    def take(before, now, *, key: str = "", external_id: str = "e1"):
        event = IdentitiesChanged(
            channel="chat", external_id=external_id, before=before, now=now, contact_key=key, at=desk.clock.now()
        )
        store.channel_news.take_soon([event], desk.clock.now(), threadings=desk.THREADINGS).result()

    return take


class TestWhoWrote:
    def test_somebody_whose_number_is_left_out_later(self, contact_of):
        first = contact_of(BSUID, PHONE)
        assert contact_of(BSUID).id == first.id

    def test_somebody_with_a_new_number_who_is_reached_by_it(self, contact_of):
        first = contact_of(BSUID, PHONE, key=PHONE.value)
        again = contact_of(BSUID, OTHER_PHONE, key=OTHER_PHONE.value)
        assert (again.id, again.key) == (first.id, OTHER_PHONE.value)
        assert contact_of(PHONE).id != first.id, "the old number is anybody's now"

    def test_somebody_who_was_known_by_the_key_alone(self, desk, contact_of):
        old = desk.hear(key=PHONE.value).conversation.contact
        assert contact_of(BSUID, PHONE).id == old.id
        assert contact_of(BSUID).id == old.id

    def test_not_the_earlier_owner_of_a_number(self, contact_of, store):
        earlier = contact_of(BSUID, PHONE, key=PHONE.value)
        later = contact_of(OTHER_BSUID, PHONE, key=PHONE.value)
        assert later.id != earlier.id
        assert later.key == PHONE.value
        assert contact_of(BSUID).id == earlier.id
        assert [one.id for one in store.erasure.find(PHONE.value)] == [later.id]

    @pytest.mark.parametrize("claimed", [NAME, MAIL])
    def test_not_who_calls_himself_the_same(self, contact_of, claimed):
        first = contact_of(BSUID, claimed)
        assert contact_of(OTHER_BSUID, claimed).id != first.id

    def test_a_customer_who_signs_in_elsewhere_keeps_the_first_key(self, contact_of):
        first = contact_of(CUSTOMER, key="browser-1")
        again = contact_of(CUSTOMER, key="browser-2")
        assert (again.id, again.key) == (first.id, "browser-1")

    def test_a_message_that_comes_again_changes_nobody(self, desk, contact_of):
        first = desk.hear(key=PHONE.value, identities=(BSUID, PHONE), external_id="m1").conversation.contact
        contact_of(BSUID, OTHER_PHONE, key=OTHER_PHONE.value)
        again = desk.hear(key=PHONE.value, identities=(BSUID, PHONE), external_id="m1")
        assert again.duplicate
        assert (again.conversation.contact.id, again.conversation.contact.key) == (first.id, OTHER_PHONE.value)


class TestWhoIsKnownByOtherThingsNow:
    def test_is_found_by_them(self, contact_of, changes):
        ada = contact_of(BSUID, PHONE, key=PHONE.value)
        changes((BSUID,), (OTHER_BSUID, OTHER_PHONE), key=OTHER_PHONE.value)
        found = contact_of(OTHER_BSUID, OTHER_PHONE, key=OTHER_PHONE.value)
        assert (found.id, found.key) == (ada.id, OTHER_PHONE.value)

    def test_is_one_with_whom_wrote_from_the_new_number_before_it_was_told(self, contact_of, store, desk):
        ada = contact_of(PHONE)
        when = desk.clock.now()
        desk.clock.advance(minutes=1)
        new = desk.hear("From my new phone", key=OTHER_PHONE.value, identities=(OTHER_PHONE,)).conversation
        event = IdentitiesChanged(
            channel="chat",
            external_id="e1",
            before=(PHONE,),
            now=(OTHER_PHONE,),
            contact_key=OTHER_PHONE.value,
            at=when,
        )
        store.channel_news.take_soon([event], desk.clock.now(), threadings=desk.THREADINGS).result()
        assert store.conversations.conversation(new.id).contact.id == ada.id
        assert contact_of(OTHER_PHONE).id == ada.id
        store.check()

    def test_is_not_the_earlier_owner_of_the_new_number(self, contact_of, changes, store, desk):
        bo = contact_of(OTHER_PHONE)
        desk.clock.advance(hours=1)
        ada = contact_of(PHONE)
        changes((PHONE,), (OTHER_PHONE,), key=OTHER_PHONE.value)
        assert contact_of(OTHER_PHONE).id == ada.id
        assert len(store.erasure.conversations_of([bo.id])) == 1, "what Bo wrote stays Bo's"

    def test_nobody_known_changes_nothing(self, contact_of, changes):
        changes((PHONE,), (OTHER_PHONE,), key=OTHER_PHONE.value)
        assert contact_of(OTHER_PHONE).key == OTHER_PHONE.value

    def test_the_older_one_keeps_the_name_and_what_it_lacked_comes_along(self, desk, changes, store):
        ada = desk.hear(key=PHONE.value, identities=(PHONE,), contact_name="Ada").conversation.contact
        new = desk.hear(key=BSUID.value, identities=(BSUID,), contact_name="A.", language="sv").conversation.contact
        changes((PHONE,), (BSUID,))
        (found,) = store.erasure.find(BSUID.value)
        assert (found.id, found.name, found.language) == (ada.id, "Ada", "sv")
        assert store.erasure.find(str(new.id)) == ()

    def test_is_known_by_them_once(self, contact_of, changes):
        ada = contact_of(PHONE)
        changes((PHONE,), (OTHER_PHONE,))
        bo = contact_of(PHONE, key="bo")
        changes((PHONE,), (OTHER_PHONE,))
        assert (contact_of(OTHER_PHONE).id, contact_of(PHONE, key="bo").id) == (ada.id, bo.id)


@pytest.mark.parametrize("typed", ["@Ada", "ada", "+46 700 00 00 01", "SE.1"])
def test_privacy_finds_them_by_each(contact_of, store, typed):
    ada = contact_of(BSUID, PHONE, NAME)
    contact_of(OTHER_BSUID, OTHER_PHONE)
    assert [one.id for one in store.erasure.find(typed)] == [ada.id]
