"""Identity numbers of Sweden, Germany, France and the United States, each by its own rules and check digits.

A number with check digits is masked wherever it stands, unless its shape is also that of something harmless; what then
decides is said at each rule. A number that is written without separators and introduced as an order, invoice, parcel or
phone number stays. Identity numbers of other countries are not known here.
"""

from __future__ import annotations

import re
from calendar import isleap
from collections.abc import Iterator
from typing import Final

from custagent.conversation.privacy import surroundings
from custagent.conversation.privacy.checksums import luhn, mod11_10, weighted_731
from custagent.conversation.privacy.found import Found
from custagent.conversation.privacy.surroundings import is_reference, near, stands_alone
from custagent.conversation.privacy.view import View
from custagent.core.privacy import MaskKind

_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FEBRUARY: Final = 2
#: What a samordningsnummer adds to the day.
_COORDINATION: Final = 60
#: Months of a NIR: real ones, and those for people whose month or place of birth is not known.
_FRENCH_MONTHS: Final = frozenset((*range(1, 13), *range(20, 43), *range(50, 100)))
_HOURS: Final = 24
_MINUTES: Final = 60
#: A date of these years in front of four digits is more often an order number or a time stamp than a contact.
_RECENT: Final = range(2015, 2035)

_swedish = re.compile(
    r"(?P<century>1[89]|20)?(?P<year>[0-9]{2})(?P<dash>-?)(?P<month>[0-9]{2})(?P=dash)(?P<day>[0-9]{2})"
    r"(?P<sign> ?[-+] ?| ?)(?P<serial>[0-9]{4})"
)
_german_tax = re.compile(r"[1-9][0-9]{10}|[1-9][0-9] [0-9]{3} [0-9]{3} [0-9]{3}")
_german_card = re.compile(r"[cfghjklmnprtvwxyz][cfghjklmnprtvwxyz0-9]{8} ?[0-9]")
_french = re.compile(
    r"(?P<sex>[1-478])[ .]?(?P<year>[0-9]{2})[ .]?(?P<month>[0-9]{2})[ .]?(?P<department>[0-9]{2}|2[ab])[ .]?"
    r"[0-9]{3}[ .]?[0-9]{3}[ ./-]{0,3}(?P<key>[0-9]{2})"
)
_american = re.compile(r"([0-9]{3})([-. ]?)([0-9]{2})(\2)([0-9]{4})")
_start = re.compile(r"(?<![0-9a-z_+])(?:[0-9](?=[0-9 .+-]{5})|[cfghjklmnprtvwxyz](?=[0-9cfghjklmnprtvwxyz]{8}))")


def find_identity_numbers(view: View) -> Iterator[Found]:
    """Identity numbers of every country that is known here."""
    for beginning in _start.finditer(view.folded):
        for pattern, holds in _RULES:
            match = pattern.match(view.folded, beginning.start())
            if match and stands_alone(view, *match.span()) and holds(view, match):
                yield Found(kind=MaskKind.IDENTITY_NUMBER, start=match.start(), end=match.end())


def _is_swedish(view: View, match: re.Match[str]) -> bool:
    """Personnummer and samordningsnummer (day plus 60): a day of the calendar and Luhn over ten digits.

    Without a separator, numbers that begin like a mobile or Stockholm phone number, or with a recent date, need a word
    such as personnummer beside them; so do recent dates followed by what may be a time of day.
    """
    year, month, day = (int(match[name]) for name in ("year", "month", "day"))
    centuries = (int(match["century"]),) if match["century"] else (20, 19)
    if match["dash"] and not match["century"]:
        return False
    digits = f"{match['year']}{match['month']}{match['day']}{match['serial']}"
    years = [century * 100 + year for century in centuries]
    day -= _COORDINATION if day > _COORDINATION else 0
    if not any(_is_day(each, month, day) for each in years) or not luhn(digits) or match["serial"].startswith("000"):
        return False
    if near(view, *match.span(), surroundings.SWEDISH):
        return True
    recent = "+" not in match["sign"] and years[0] in _RECENT
    if match["sign"].strip():
        return not (recent and _is_time(match["serial"]))
    phone = not match["century"] and digits.startswith(("070", "08"))
    return not (recent or phone or is_reference(view, match.start()))


def _is_day(year: int, month: int, day: int) -> bool:
    if not 1 <= month <= len(_DAYS):
        return False
    return 1 <= day <= _DAYS[month - 1] - (month == _FEBRUARY and not isleap(year))


def _is_time(serial: str) -> bool:
    return int(serial[:2]) < _HOURS and int(serial[2:]) < _MINUTES


def _is_german_tax(view: View, match: re.Match[str]) -> bool:
    """Steuer-ID (§ 139b AO): of the first ten digits one occurs twice or three times, never three in a row; check digit."""
    digits = match[0].replace(" ", "")
    counts = sorted(digits[:-1].count(digit) for digit in set(digits[:-1]))
    if counts[-1] not in (2, 3) or counts[-2:-1] != [1] or any(digit * 3 in digits[:-1] for digit in set(digits)):
        return False
    if not (mod11_10(digits) and stands_alone(view, *match.span(), " " if " " in match[0] else "")):
        return False
    return near(view, *match.span(), surroundings.GERMAN_TAX) or not is_reference(view, match.start())


def _is_german_card(view: View, match: re.Match[str]) -> bool:
    """The serial of a German identity card or passport: nine characters and a check digit.

    One in ten order codes of this shape has a right check digit: a word such as Ausweis must stand beside it.
    """
    return weighted_731(match[0].replace(" ", "")) and near(view, *match.span(), surroundings.GERMAN_CARD)


def _is_french(view: View, match: re.Match[str]) -> bool:
    """NIR: sex, year, month (or a substitute), department, and a key that makes the whole divisible by 97.

    The rare first digits 3, 4, 7 and 8 need a separator or a word such as sécurité sociale, for device numbers have
    fifteen digits too.
    """
    if int(match["month"]) not in _FRENCH_MONTHS or match["department"] == "00":
        return False
    number = re.sub(r"[ ./-]", "", match[0])[:-2]
    for corsica, department in (("2a", "19"), ("2b", "18")):
        number = number.replace(corsica, department)
    if 97 - int(number) % 97 != int(match["key"]):
        return False
    usual = match["sex"] in "12" or not match[0].isdigit()
    return usual or near(view, *match.span(), surroundings.FRENCH)


def _is_american(view: View, match: re.Match[str]) -> bool:
    """SSN (area, group and serial never all zeros, area not 666) and ITIN (area from 900, certain groups).

    There is no check digit: a number without separators counts beside a word such as SSN only.
    """
    area, separator, group, _, serial = match.groups()
    if area >= "900":
        holds = "50" <= group <= "65" or "70" <= group <= "88" or "90" <= group <= "92" or group >= "94"
    else:
        holds = area not in ("000", "666") and group != "00"
    if not holds or serial == "0000" or not stands_alone(view, *match.span(), separator):
        return False
    if near(view, *match.span(), surroundings.AMERICAN):
        return True
    return separator == "-" or (bool(separator) and not is_reference(view, match.start()))


_RULES: Final = (
    (_swedish, _is_swedish),
    (_german_tax, _is_german_tax),
    (_german_card, _is_german_card),
    (_french, _is_french),
    (_american, _is_american),
)
