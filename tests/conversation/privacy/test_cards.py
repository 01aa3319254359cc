"""Card numbers are masked however they are written; numbers that are no cards stay."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.conversation.privacy import mask
from custagent.core.privacy import MaskKind

#: First digits and length of each network.
NETWORKS = [
    ("4", 16), ("4", 19), ("51", 16), ("55", 16), ("2221", 16), ("2720", 16), ("2345", 16), ("34", 15), ("37", 15),
    ("300", 14), ("305", 16), ("3095", 14), ("36", 14), ("38", 14), ("39", 19), ("3528", 16), ("3589", 19), ("2131", 15),
    ("1800", 15), ("6011", 16), ("644", 16), ("65", 19), ("62", 16), ("62", 17), ("62", 18), ("81", 16), ("5018", 16),
    ("5019", 16), ("58", 18), ("6304", 16), ("6759", 19), ("2200", 16), ("606282", 16), ("9792", 16), ("8600", 16),
    ("9860", 16), ("508500", 16), ("506099", 19),
]  # fmt: skip


def with_luhn(digits: str) -> str:
    """The digits and their Luhn check digit, reckoned the slow way."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return digits + str(-total % 10)


def card(prefix: str, length: int, seed: int = 0) -> str:
    rest = "".join(random.Random(f"{prefix}{length}{seed}").choices("0123456789", k=length - 1 - len(prefix)))
    return with_luhn(prefix + rest)


@pytest.mark.parametrize(("prefix", "length"), NETWORKS)
@pytest.mark.parametrize("separator", ["", " ", "-", ".", " - ", "\u00a0"])
def test_every_network_is_known(prefix: str, length: int, separator: str) -> None:
    for seed in range(5):
        number = card(prefix, length, seed)
        written = separator.join(number[place : place + 4] for place in range(0, length, 4))
        assert mask(f"Pay with {written}, please").text == "Pay with [card number], please"


@pytest.mark.parametrize(
    "written",
    [
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111.1111.1111.1111",
        "4111  1111  1111  1111",
        "3782 822463 10005",
        "3782-822463-10005",
        "3056 930902 5904",
        "41111111 11111111",
        "411111 1111111111",
        "４１１１ １１１１ １１１１ １１１１",
        "٤١١١ ١١١١ ١١١١ ١١١١",
        "4\u200b111111111111\u200d111",
        "4111\u00ad1111\u20601111\ufeff1111",
        "4️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣",
        "5555 5555 5555 4444",
        "6011111111111117",
        "3530 1113 3330 0000",
        "5105 1051 0510 5100",
        "2223 0031 2200 3222",
        "6200 0000 0000 0005",
        "30569309025904",
        "371449635398431",
    ],
)
@pytest.mark.parametrize("around", ["{}", "Card:{}.", "({})", "カード{}です", "nr {}\n", "order 17 {} 12/27", "\t{},x"])
def test_ways_of_writing_a_card(written: str, around: str) -> None:
    assert mask(around.format(written)).text == around.format("[card number]")


@pytest.mark.parametrize(
    "written",
    ["41 11 11 11 11 11 11 11", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "4111 11 1111 111111", "411 1 111-1.11111111"],
)
def test_odd_groups_count_when_the_row_of_numbers_is_nothing_but_the_card(written: str) -> None:
    assert mask(f"It is {written}, thanks").text == "It is [card number], thanks"
    assert mask(f"It is 12 {written}, thanks").text == f"It is 12 {written}, thanks"


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111112",  # Luhn
        "4111 1111 1111 1112",
        "order 4111111111111113",
        "7992739871300000",
        "1234567812345670",  # Luhn, but nobody's first digits
        "9876543210987652",
        "0000000000000000",
        "411111111111111",  # 15 digits
        "41111111111111111",
        "41111111111111111111",  # 20 digits
        "4111111111111111111111",
        "ABC4111111111111111",
        "4111111111111111abc",
        "x_4111111111111111",
        "JD014600006281230704",  # a parcel
        "RR123456785SE",
        "1Z999AA10123456784",
        "00340434161094042557",
        "9400111899223397623910",
        "+49 1512 3456789",
        "+4915123456789",
        "0049 1512 3456789",
        "070-123 45 67",
        "+1 (202) 555-0123",
        "08-123 456 78, 08-123 456 79",
        "2026-11-15 12:30:45.123456",
        "2026-11-15 2026-11-16 2026-11-17",
        "1.234.567.890.123",
        "1 234 567,89 kr and 9 876 543,21 kr",
        "0.4111111111111111",
        "3.4111111111111111",
        "978-3-16-148410-0",
        "9783161484100",
        "4006381333931",  # EAN-13
        "4006381333931 4006381333924",
        "1731676800000",
        "192.168.100.200 192.168.100.201",
        "4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26",
        "59.329323, 18.068581",
        "352099001761481",  # IMEI
        "89461111111111111116",  # SIM card
        "123e4567-e89b-12d3-a456-426614174000",
        "d41d8cd98f00b204e9800998ecf8427e",
    ],
)
def test_what_is_no_card_stays(text: str) -> None:
    assert mask(text).text == text


def test_thirteen_digits_are_a_card_only_beside_a_word_about_cards() -> None:
    number = "4222222222222"
    assert mask(f"EAN {number}").text == f"EAN {number}"
    assert mask(f"my visa {number}").text == "my visa [card number]"
    assert mask(f"{number} is my old card").text == "[card number] is my old card"
    maestro = card("5018", 15)
    assert mask(f"see page {maestro}").text == f"see page {maestro}"
    assert mask(f"kortet {maestro}").text == "kortet [card number]"


def test_ean_codes_that_pass_luhn_by_chance_stay() -> None:
    """One in ten does."""
    passing = 0
    for seed in range(400):
        body = "4" + f"{random.Random(seed).randrange(10**11):011d}"
        ean = body + str(-sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body)) % 10)
        passing += ean == with_luhn(ean[:-1])
        assert mask(f"Do you have {ean} in stock?").text == f"Do you have {ean} in stock?"
    assert passing > 20


def test_the_longest_number_wins() -> None:
    number = card("4", 19)
    assert mask(number).text == "[card number]"
    assert mask("4111 1111 1111 1111 12").text == "[card number] 12"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("4111 1111 1111 1111 12/27 123", "[card number] 12/27 [security code]"),
        ("4111111111111111, exp 12/2027, 123", "[card number], exp 12/2027, [security code]"),
        ("378282246310005 01-28 1234.", "[card number] 01-28 [security code]."),
        ("4111 1111 1111 1111 12/27 cvv 123", "[card number] 12/27 cvv [security code]"),
        ("4111 1111 1111 1111 13/27 123", "[card number] 13/27 123"),
        ("4111 1111 1111 1111 12/27 12345", "[card number] 12/27 12345"),
        ("4111 1111 1111 1111 and 4222 2222 2222 2220", "[card number] and [card number]"),
    ],
)
def test_what_follows_a_card(text: str, masked: str) -> None:
    assert mask(text).text == masked


def test_the_position_is_that_of_the_original() -> None:
    text = "é ４１１１ １１１１ １１１１\u200b １１１１!"
    (found,) = mask(text).found
    assert (found.kind, text[: found.start], text[found.end :]) == (MaskKind.CARD_NUMBER, "é ", "!")


@given(st.sampled_from(NETWORKS), st.integers(0, 10**6))
def test_one_wrong_digit_is_no_card(network: tuple[str, int], seed: int) -> None:
    number = card(*network, seed=seed)
    wrong = number[:-1] + str((int(number[-1]) + 1 + seed % 9) % 10)
    assert mask(wrong, kinds={MaskKind.CARD_NUMBER}).text == wrong
