"""Account numbers of every country are masked, in the groups that people write; nothing else is."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.conversation.privacy import mask
from custagent.conversation.privacy.ibans import LENGTHS


def iban(country: str, body: str) -> str:
    """The account with its check digits, reckoned by the standard's own words."""
    digits = "".join(str(int(character, 36)) for character in f"{body}{country}00")
    return f"{country}{98 - int(digits) % 97:02d}{body}"


def account(country: str, seed: int = 0) -> str:
    return iban(country, "".join(random.Random(f"{country}{seed}").choices("0123456789", k=LENGTHS[country] - 4)))


def grouped(number: str, separator: str = " ") -> str:
    return separator.join(number[place : place + 4] for place in range(0, len(number), 4))


@pytest.mark.parametrize("country", sorted(LENGTHS))
def test_every_country_is_known(country: str) -> None:
    number = account(country)
    for written in (number, grouped(number), number.lower(), grouped(number, "-"), grouped(number, "\u00a0")):
        assert mask(f"IBAN: {written}, please").text == "IBAN: [IBAN], please"


@pytest.mark.parametrize("country", sorted(LENGTHS))
def test_another_length_or_check_digit_is_none(country: str) -> None:
    number = account(country)
    check = f"{(int(number[2:4]) + 1) % 100:02d}"
    for wrong in (number[:-1], number + "7", country + check + number[4:]):
        text = mask(f"to {wrong} now", kinds={"iban"}).text
        assert text == f"to {wrong} now"


@pytest.mark.parametrize(
    "written",
    [
        "GB29 NWBK 6016 1331 9268 19",
        "GB29 NWBK 6016 13 31926819",
        "GB82 WEST 1234 5698 7654 32",
        "DE89 3704 0044 0532 0130 00",
        "DE 89 370400440532013000",
        "FR14 2004 1010 0505 0001 3M02 606",
        "IT60 X054 2811 1010 0000 0123 456",
        "IT60 X 05428 11101 000000123456",
        "ES91 2100 0418 4502 0005 1332",
        "SE45 5000 0000 0583 9825 7466",
        "SE 45 5000 0000 0583 9825 7466",
        "se4550000000058398257466",
        "NO93 8601 1117 947",
        "NO93 86011117947",
        "BE68 5390 0754 7034",
        "BE68-5390-0754-7034",
        "NL91 ABNA 0417 1643 00",
        "DK50 0040 0440 1162 43",
        "FI21 1234 5600 0007 85",
        "PL61 1090 1014 0000 0712 1981 2874",
        "PT50 0002 0123 1234 5678 9015 4",
        "CH93 0076 2011 6238 5295 7",
        "AT61 1904 3002 3457 3201",
        "MT84 MALT 0110 0001 2345 MTLC AST0 01S",
        "SE45 5000 ０000 0583 9825 7466",
        "SE45 5000 0000\u200b 0583 9825 7466",
    ],
)
def test_printed_examples(written: str) -> None:
    assert mask(f"({written})").text == "([IBAN])"


@pytest.mark.parametrize(
    "text",
    [
        "no 12 of the big red box was in it",
        "se 45 000",
        "be 16 or so 1234 5678 9012",
        "IBAN?",
        "DE89",
        "DE89 3704 0044 0532 0130",
        "XX89 3704 0044 0532 0130 00",
        "DE00 0000 0000 0000 0000 00",
        "XDE89370400440532013000",
        "SE45 5000 0000 0583 9825 7467",
        "it 60 people at 5 in 2026 for 300 in all",
        "AB123456789SE",
        "GB-29-2026-11-15-0001-0002",
        "LV 80 is a road, LT 12 is none 1000",
        "DE 12345 Berlin, 030 1234567, 10115",
        "es 91 de las 2100 que hay en la 0418 4502",
        "VAT DE123456789",
        "VAT SE556036079301",
        "BIC DEUTDEFF500",
        "at 10 21 32 43 54 65 76 87 98",
        "NO 938601111794",
        "part NL91-ABNA-0417",
        "ISIN SE0000108656",
        "ISIN DE0005557508",
        "flight SK 1415, seat 12A, 2026-11-15",
        "SI19 SK24 SM27 SO23 ST25",
        "PL61 1090 1014 0000 0712 1981 2875",
        "https://example.com/SE4550000000058398257467",
        "CH93 0076 2011 6238 5295",
        "MD5 d41d8cd98f00b204e9800998ecf8427e",
    ],
)
def test_what_is_no_account_stays(text: str) -> None:
    assert mask(text).text == text


@given(st.text(alphabet="abcdefgh ijklmnopqrstuvwxyz", max_size=60))
def test_no_sentence_is_an_account(text: str) -> None:
    assert mask(f"no12 {text}").found == ()
