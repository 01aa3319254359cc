"""Masking as a whole: what overlaps, what was masked before, what nobody meant, and how long it takes."""

from __future__ import annotations

import json
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.conversation.privacy import ALL, mask
from custagent.conversation.privacy.view import PLACEHOLDERS
from custagent.core.privacy import MaskKind


@st.composite
def cards(draw: st.DrawFn) -> str:
    prefix, length = draw(
        st.sampled_from([("4", 16), ("4", 19), ("53", 16), ("2500", 16), ("37", 15), ("62", 17), ("36", 14)])
    )
    rest = draw(st.text("0123456789", min_size=length - 1 - len(prefix), max_size=length - 1 - len(prefix)))
    body = [int(digit) for digit in prefix + rest]
    total = sum(sum(divmod(digit * (2 - place % 2), 10)) for place, digit in enumerate(reversed(body)))
    digits = prefix + rest + str(-total % 10)
    separator = draw(st.sampled_from(["", " ", "-", ".", "\u00a0", "\u200b"]))
    return separator.join(digits[place : place + 4] for place in range(0, length, 4))


@st.composite
def ibans(draw: st.DrawFn) -> str:
    country, length = draw(st.sampled_from([("SE", 20), ("DE", 18), ("FR", 23), ("NO", 11), ("PL", 24), ("ES", 20)]))
    body = draw(st.text("0123456789", min_size=length, max_size=length))
    check = 98 - int(body + "".join(str(int(letter, 36)) for letter in country) + "00") % 97
    account = f"{country}{check:02d}{body}"
    separator = draw(st.sampled_from(["", " ", "-"]))
    written = separator.join(account[place : place + 4] for place in range(0, len(account), 4))
    return draw(st.sampled_from([written, written.lower()]))


@st.composite
def swedes(draw: st.DrawFn) -> str:
    born = date(1935, 1, 1) + timedelta(days=draw(st.integers(0, 365 * 75)))
    nine = f"{born:%y%m}{born.day + draw(st.sampled_from([0, 60])):02d}{draw(st.integers(1, 999)):03d}"
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(nine))
    digits = f"{nine}{-total % 10}"
    century = draw(st.sampled_from(["", f"{born:%Y}"[:2]]))
    return f"{century}{digits[:6]}{draw(st.sampled_from(['-', ' - ', '–']))}{digits[6:]}"


#: Any text but one that ends in a country code, which makes a phone number of what follows.
AROUND = st.text(st.characters(exclude_characters="+"), max_size=40)
FRAGMENTS = st.sampled_from(
    [
        *"0123456789 .:-+=\n\"'(?!,é/\u200b", *PLACEHOLDERS.values(), "my password is ", "password: ", "hunter2 ", "lösenord ",
        "är ", "to ", "for ", "PIN ", "cvv ", "verification code: ", "SSN ", "order ", "card ", "4111 1111 1111 1111", "12/27 ",
        "811218-9876", "123-45-6789", "SE45 5000 0000 0583 9825 7466", "86095742719", "2 55 08 14 168 025 38", "T220001293",
        "Ausweis ", "1234", "123 ", "wrong ", "and ", "user: ", "API key: ", "abcdef0123456789 ", "https://a:b@c ", "still ",
        "4222222222222", "８", "198112189876", "what ",
    ]
)  # fmt: skip


@given(AROUND, st.one_of(cards(), ibans(), swedes()), AROUND)
def test_a_valid_number_is_masked_whatever_stands_around_it(before: str, number: str, after: str) -> None:
    text = f"{before} {number} {after}"
    masked = mask(text)
    covered = {place for found in masked.found for place in range(found.start, found.end)}
    assert covered >= set(range(len(before) + 1, len(before) + 1 + len(number)))


WORDS = st.sampled_from(
    'is not my är ist hunter wrong to for what the key card number code, bank: order? "yes" (it) on'.split()
)


@given(st.text(st.characters(exclude_categories=["Nd"])) | st.lists(WORDS).map(" ".join))
def test_a_text_without_digits_and_without_words_for_secrets_never_changes(text: str) -> None:
    assert mask(text).text == text


@given(st.lists(FRAGMENTS, max_size=25).map("".join))
def test_masking_again_changes_nothing(text: str) -> None:
    once = mask(text)
    again = mask(once.text)
    assert again.text == once.text
    assert again.found == ()


@given(st.lists(FRAGMENTS, max_size=25).map("".join), st.sets(st.sampled_from(MaskKind)))
def test_positions_are_those_of_the_original(text: str, kinds: set[MaskKind]) -> None:
    masked = mask(text, kinds=kinds)
    assert {found.kind for found in masked.found} <= kinds
    rebuilt, place = "", 0
    for found in masked.found:
        assert place <= found.start < found.end <= len(text)
        rebuilt += text[place : found.start] + PLACEHOLDERS[found.kind]
        place = found.end
    assert rebuilt + text[place:] == masked.text


@given(st.text(st.characters(exclude_categories=[])))
def test_no_text_is_an_error(text: str) -> None:
    mask(text)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("my password is 4111 1111 1111 1111", "my password is [card number]"),
        ("password: abc-123-45-6789", "password: [password]"),
        ("password: SE45 5000 0000 0583 9825 7466", "password: [IBAN]"),
        ("PIN 4111 1111 1111 1111", "PIN [card number]"),
        ("my PIN is 1234 and my password is hunter2", "my PIN is [security code] and my password is [password]"),
        ("one-time password: 482913", "one-time password: [security code]"),
        ("the token is password: ghp_" + "a1B2" * 10, "the token is password: [API key]"),
        # Two cards could be meant: nothing of either stays.
        ("821112148 5314 1118 0000 0007", "[card number]"),
        ("811218-9876, 4111 1111 1111 1111", "[identity number], [card number]"),
        ("4111-1111-1111-1111-811218-9876", "[card number]-[identity number]"),
        ("order 4111111111111111 8112189876", "order [card number] [identity number]"),
        ("[password] [card number] [IBAN]", "[password] [card number] [IBAN]"),
        ("my [password] is wrong", "my [password] is wrong"),
        ("", ""),
    ],
)
def test_what_overlaps(text: str, masked: str) -> None:
    assert mask(text).text == masked


def test_only_the_kinds_that_are_set_are_masked() -> None:
    texts = {
        MaskKind.CARD_NUMBER: "4111 1111 1111 1111",
        MaskKind.IBAN: "SE45 5000 0000 0583 9825 7466",
        MaskKind.IDENTITY_NUMBER: "811218-9876",
        MaskKind.PASSWORD: "password: hunter2",
        MaskKind.SECURITY_CODE: "PIN 1234",
        MaskKind.API_KEY: "API key: abcdef0123456789",
    }
    assert set(texts) == ALL
    whole = "; ".join(texts.values())
    for kind, text in texts.items():
        assert mask(whole, kinds=(kind,)).text == whole.replace(text, mask(text).text)
        assert mask(text, kinds=ALL - {kind}).text == text
    assert mask(whole, kinds=()).text == whole


def test_a_found_stretch_does_not_repeat_the_secret() -> None:
    assert "hunter2" not in repr(mask("password: hunter2"))


#: What customers write all day.
EVERYDAY = """
Where is my order 10004711?
Order #4500123456 has not arrived
My order number is 2026-11-15-0042
Bestellnummer 302-1234567-1234567
order 114-3941689-8772232
Invoice 2026000123 of 2026-11-15
faktura nr 20261115001, OCR 123456789012347
Tracking number 1Z999AA10123456784
Sendungsnummer 00340434161094042557
PostNord UA123456785SE
DHL JD014600006281230704
FedEx 7777 1234 5678
USPS 9400 1118 9922 3397 6239 10
Call me at +46 70 123 45 67 or 08-123 456 78
ring 0701234567
mobil 070-1234567
Tel. 030 12345678
Ruf mich an: 0151 23456789
+49 151 2345 6789
06 12 34 56 78
+33 6 12 34 56 78
+1 (202) 555-0123
(202) 555-0123 ext 12
202-555-0123
+44 20 7946 0958
+358 40 123 4567
+48 512 345 678
91 123 45 67
on 2026-11-15 at 10:30
15.11.2026, 10.30 Uhr
2026-11-15T10:30:00.123456Z
from 11/15/2026 to 11/20/2026
It costs 1.234.567,89 EUR
1 234 567,89 kr
$1,234.56 and 15% off
ISBN 978-3-16-148410-0
ISBN 0-306-40615-2
EAN 4006381333931
GTIN 07350053850019
article 123.456.78
SKU AB-1234-5678-90
model WH-1000XM4
serial C02XL0GTJGH5
IMEI 352099001761481
MAC 00:1B:44:11:3A:B7
IP 192.168.0.1, 10.0.0.255
version 3.11.7-rc1
VAT no DE123456789
Org.nr 556036-0793
organisationsnummer 202100-4185
VAT SE556036079301
BIC SWEDSESS
Bankgiro 123-4567, plusgiro 12 34 56-7
clearing 8327-9, account 123 456 789-0
zip 94105-1234
114 35 Stockholm
10115 Berlin
flight SK1415, seat 12A
booking X7K9P2
case 00012345
customer number 1234567890
Kundennummer 1234567890
the 8-digit number 12345678
coordinates 59.329323, 18.068581
I ordered 2, 3, 4, 5, 6 and 7 pieces of each
size 42 43 44 45 46 47 48 49 50
error 0x80070005 (code 500)
https://shop.example.com/order/1234567890?ref=9876543210
123e4567-e89b-12d3-a456-426614174000
warranty until 2031-12, bought 2026
Windows 11 24H2 build 26100.2314
24 x 30 x 12 cm, 1.5 kg
Is 5,000 mAh enough for 48 h?
code SUMMER20 gives 20 %
How do I delete my card?
Which cards do you take: Visa, Mastercard?
My card ending in 1111 was charged twice
Can I pay by IBAN?
What is an SSN for?
Varför vill ni ha mitt personnummer?
Wozu brauchen Sie meine Steuer-ID?
"""


@pytest.mark.parametrize("text", EVERYDAY.strip().split("\n"))
def test_everyday_numbers_stay(text: str) -> None:
    assert mask(text).text == text


def test_customers_questions_and_help_pages_stay(eval_data: Path) -> None:
    """In thousands of real texts nothing is masked but a password that is announced as one."""
    texts: list[str] = []
    for file in sorted((eval_data / "dev").glob("*/*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            texts += [item[key] for key in ("question", "title", "text") if isinstance(item.get(key), str)]
    changed = [text[:1000] for text in texts if mask(text[:1000]).found]
    assert len(texts) > 3000
    assert len(changed) <= len(texts) / 2000, changed


#: Beginnings that lead each pattern as far as it goes, over and over.
ADVERSARIAL = [
    "4", "4 ", "4111-1111-", "41 11 ", "4111111111111111 ", "0" * 19 + " ", "４",
    "4111 1111 1111 1111 12/27 ", "SE45 ", "no 12 ab ", "se45 5000 ", "123-45-", "123-45-6789-", "850709-",
    "850709-9805 ", "1 85 05 78 ", "t220001", "t22000129 ", "order 8112189876 ",
    "password ", "password:", "password is ", "password for a ", 'password "', "password='", "password: x ",
    "what my password is ", "my password is hunter2 ", "my password is still ", "password: " + "a" * 300 + " ", "lösenord är ",
    "hasło to ", "mot de passe est ", "pin ", "pin 1 ", "cvv is not ", "otp for a b c ", "verification code: a",
    "eyJaaaaaaaaaa-", "eyJaaaaaaaaaa.", "-----BEGIN PRIVATE KEY-----", "-----BEGIN ", "sk-", "xoxb-", "glpat-.",
    "SG.aaaaaaaaaaaaaaaa.", "a://b:", "a://", "bearer ", "bearer a", "api key ", "token=a", "123456789:AA", "pat-na1-",
    "[card number]", "a-", "\u200b", "4\u200b", "e\u0301", "\ufe0f", "\ud800", '"',
]  # fmt: skip


@pytest.mark.parametrize("unit", ADVERSARIAL, ids=ascii)
def test_time_is_linear(unit: str) -> None:
    """100 KB take far less than the two seconds allowed here; anything squared would take minutes."""
    text = unit * (100_000 // len(unit))
    started = time.process_time()
    mask(text)
    assert time.process_time() - started < 2
