"""Identity numbers of four countries, made up by their own rules, beside numbers that only look so."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from custagent.conversation.privacy import mask
from custagent.core.privacy import MaskKind

KINDS = {MaskKind.IDENTITY_NUMBER}


def swedish(born: date, serial: int, *, coordination: bool = False) -> tuple[str, str]:
    """Day of birth (eight digits) and the last four, with the check digit reckoned from the definition."""
    day = f"{born:%Y%m}{born.day + 60 if coordination else born.day:02d}"
    nine = f"{day[2:]}{serial:03d}"
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(nine))
    return day, f"{serial:03d}{-total % 10}"


def swedes(count: int) -> list[tuple[str, str]]:
    chance = random.Random(7)
    first = date(1930, 1, 1)
    days = [first + timedelta(days=chance.randrange(365 * 85)) for _ in range(count)]
    return [swedish(day, chance.randrange(1, 1000), coordination=number % 4 == 0) for number, day in enumerate(days)]


def german_tax(seed: int) -> str:
    """One of the first ten digits twice (or, for odd seeds, three times), and the check digit."""
    chance = random.Random(seed)
    while True:
        different = chance.sample("0123456789", 8 if seed % 2 else 9)
        digits = different + [different[0]] * (2 if seed % 2 else 1)
        chance.shuffle(digits)
        text = "".join(digits)
        if text[0] != "0" and different[0] * 3 not in text:
            break
    product = 10
    for digit in text:
        total = (int(digit) + product) % 10
        product = (2 * (total or 10)) % 11
    check = 11 - product
    return text + str(0 if check == 10 else check)


def french(seed: int) -> list[str]:
    """The parts of a NIR: sex, year, month, department, commune, order, key."""
    chance = random.Random(seed)
    department = ["2A", "2B", "75", "13", "97", "01"][seed % 6]
    parts = [
        chance.choice("12"), f"{chance.randrange(100):02d}", f"{chance.randrange(1, 13):02d}", department,
        f"{chance.randrange(1, 1000):03d}", f"{chance.randrange(1, 1000):03d}",
    ]  # fmt: skip
    number = int("".join(parts).replace("A", "0").replace("B", "0"))
    number -= {"2A": 1_000_000, "2B": 2_000_000}.get(department, 0)
    return [*parts, f"{97 - number % 97:02d}"]


@pytest.mark.parametrize(("day", "serial"), swedes(40))
def test_swedish_numbers(day: str, serial: str) -> None:
    written = [f"{day}-{serial}", f"{day[2:]}-{serial}", f"{day[2:]}+{serial}", f"{day} {serial}", f"{day}{serial}"]
    written += [f"{day[2:]} - {serial}", f"{day[:4]}-{day[4:6]}-{day[6:]}-{serial}", f"{day[2:]}–{serial}"]
    for number in written:
        assert mask(f"Hej, {number}!").text == "Hej, [identity number]!"
    assert mask(f"mitt personnummer är {day[2:]}{serial}").text == "mitt personnummer är [identity number]"


@pytest.mark.parametrize(
    "written",
    ["811218-9876", "19121212-1212", "121212+1212", "701063-2391", "８１１２１８-９８７６", "8112\u200b18-98\u200b76"],
)
def test_swedish_examples(written: str) -> None:
    assert mask(written).text == "[identity number]"


@pytest.mark.parametrize(
    "text",
    [
        "811218-9877",  # Luhn
        "811318-9871",  # month 13
        "811232-9875",  # day 32
        "810229-1238",  # no leap year
        "811292-9872",  # day 92
        "811200-9875",
        "811218-0009",  # no birth number
        "556036-0793",  # a company
        "202100-4185",
        "16811218-9876",
        "X811218-9876",
        "811218-98761",
        "order 8112189876",
        "ordernummer: 8112189876",
        "faktura 198112189876",
        "Sendungsnummer 8112189876",
        "ring 8112189876",
        "tel: 8112189876",
        "+8112189876",
        "+46 811218 9876",
    ],
)
def test_what_is_no_swedish_number_stays(text: str) -> None:
    assert mask(text).text == text


def test_numbers_that_begin_like_a_swedish_phone_number_need_a_word() -> None:
    for born in (date(2007, 1, 13), date(2008, 11, 3)):
        day, serial = swedish(born, 245)
        assert mask(f"nås på {day[2:]}{serial}").text == f"nås på {day[2:]}{serial}"
        assert mask(f"personnr {day[2:]}{serial}").text == "personnr [identity number]"
        assert mask(f"{day[2:]}-{serial}").text == "[identity number]"


def test_recent_dates_with_a_running_number_or_a_time_need_a_word() -> None:
    day, serial = swedish(date(2024, 11, 15), 123)
    assert serial[:2] < "24"
    for written in (f"{day}{serial}", f"{day}-{serial}", f"{day} {serial}", f"{day[2:]}-{serial}"):
        assert mask(f"nr {written}").text == f"nr {written}"
        assert mask(f"barnets personnummer {written}").text == "barnets personnummer [identity number]"
    day, serial = swedish(date(2024, 11, 15), 987)
    assert mask(f"nr {day}-{serial}").text == "nr [identity number]"
    assert mask(f"{day[2:]}+{serial}").text == "[identity number]"


@pytest.mark.parametrize("seed", range(40))
def test_german_tax_numbers(seed: int) -> None:
    number = german_tax(seed)
    spaced = f"{number[:2]} {number[2:5]} {number[5:8]} {number[8:]}"
    for written in (number, spaced):
        assert mask(f"Meine Steuer-ID ist {written}.").text == "Meine Steuer-ID ist [identity number]."
        assert mask(f"Hallo, {written}.").text == "Hallo, [identity number]."
    assert mask(f"Bestellung {number}").text == f"Bestellung {number}"
    assert mask(f"IdNr. zur Bestellung {number}").text == "IdNr. zur Bestellung [identity number]"


@pytest.mark.parametrize("number", ["86095742719", "65929970489", "57549285017", "25768131411", "47036892816"])
def test_german_examples(number: str) -> None:
    assert mask(number).text == "[identity number]"


@pytest.mark.parametrize(
    "text",
    [
        "86095742718",  # check digit
        "12345678903",  # every digit once
        "11223456780",  # two digits twice
        "11145678903",  # three in a row
        "00095742719",
        "06095742719",
        "8609574271",
        "860957427190",
        "+86095742719",
        "A86095742719",
        "Tel. 86095742719",
        "tracking number 86095742719",
        "86 095 742 719 00",
        "12 86 095 742 719",
        "99999999999",
        "48 512 345 678",
        "01512345678",
    ],
)
def test_what_is_no_german_tax_number_stays(text: str) -> None:
    assert mask(text, kinds=KINDS).text == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Mein Personalausweis: T220001293", "Mein Personalausweis: [identity number]"),
        ("Personalausweisnummer L01X00T47 1", "Personalausweisnummer [identity number]"),
        ("ausweis t220001293", "ausweis [identity number]"),
        ("Reisepass C01X00T478", "Reisepass [identity number]"),
        ("T220001293 is my passport", "[identity number] is my passport"),
        ("IDD<<T220001293<<<<<<", "IDD<<[identity number]<<<<<<"),
        ("Personalausweis T220001294", "Personalausweis T220001294"),
        ("Artikel T220001293", "Artikel T220001293"),
        ("Personalausweis A220001293", "Personalausweis A220001293"),
        ("Personalausweis T220001293X", "Personalausweis T220001293X"),
    ],
)
def test_german_identity_cards(text: str, masked: str) -> None:
    assert mask(text).text == masked


@pytest.mark.parametrize("seed", range(40))
def test_french_numbers(seed: int) -> None:
    parts = french(seed)
    for written in (
        "".join(parts),
        " ".join(parts),
        ".".join(parts),
        "".join(parts[:-1]) + " / " + parts[-1],
        "".join(parts).lower(),
    ):
        assert mask(f"Mon numéro : {written}.").text == "Mon numéro : [identity number]."


@pytest.mark.parametrize("number", ["255081416802538", "2 55 08 14 168 025 38"])
def test_french_examples(number: str) -> None:
    assert mask(number).text == "[identity number]"


@pytest.mark.parametrize(
    "text",
    [
        "255081416802539",  # key
        "055081416802538",
        "555081416802538",
        "2550814168025",  # no key
        "2 55 13 14 168 025 21",  # month 13
        "2 55 00 14 168 025 00",
        "25508141680253800",
        "A255081416802538",
        "+255081416802538",
        "2550814168025.38",
    ],
)
def test_what_is_no_french_number_stays(text: str) -> None:
    allowed = "[identity number]" if text == "2550814168025.38" else text
    assert mask(text).text == allowed


def test_rare_french_numbers_need_a_separator_or_a_word() -> None:
    parts = ["7", "85", "05", "75", "006", "084"]
    key = f"{97 - int(''.join(parts)) % 97:02d}"
    bare = "".join(parts) + key
    assert mask(f"IMEI {bare}").text == f"IMEI {bare}"
    assert mask(f"sécurité sociale {bare}").text == "sécurité sociale [identity number]"
    assert mask(" ".join([*parts, key])).text == "[identity number]"


@pytest.mark.parametrize(
    "number",
    [
        "123-45-6789", "001-01-0001", "665-99-9999", "667-01-0001", "899-99-9999", "123 45 6789", "123.45.6789",
        "078-05-1120", "457-55-5462", "219-09-9999", "900-70-0000"[:-1] + "1", "911-50-1234", "999-65-1234", "912-88-1234",
        "912-90-1234", "912-92-1234", "912-94-1234", "912-99-1234", "１２３-４５-６７８９", "123–45–6789",
    ],
)  # fmt: skip
def test_american_numbers(number: str) -> None:
    assert mask(f"It is {number}.").text == "It is [identity number]."
    assert mask(f"SSN: {number}").text == "SSN: [identity number]"
    bare = "".join(filter(str.isdigit, number))
    assert mask(f"my social security number is {bare}").text == "my social security number is [identity number]"
    assert mask(f"{bare} is my ITIN").text == "[identity number] is my ITIN"
    assert mask(f"It is {bare}.").text == f"It is {bare}."


@pytest.mark.parametrize(
    "text",
    [
        "000-45-6789",
        "666-45-6789",
        "123-00-6789",
        "123-45-0000",
        "900-49-1234",
        "912-66-1234",
        "912-69-1234",
        "912-89-1234",
        "912-93-1234",
        "123-45 6789",
        "123-456-789",
        "12-345-6789",
        "123-45-678",
        "123-45-67890",
        "0123-45-6789",
        "a123-45-6789",
        "+123-45-6789",
        "1-123-45-6789",
        "123-45-6789-1",
        "12 123 45 6789",
        "123 45 6789 12",
        "tel 123 45 6789",
        "phone: 123.45.6789",
        "order no 123 45 6789",
        "123456789",
        "order 123456789",
        "202-555-0123",
        "(202) 555-0123",
        "2026-11-15",
        "15-11-2026",
        "10115-12-3456",
    ],
)
def test_what_is_no_american_number_stays(text: str) -> None:
    assert mask(text).text == text
