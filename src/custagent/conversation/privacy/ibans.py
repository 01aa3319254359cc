"""International bank account numbers: the length of their country and a remainder of 1 (ISO 13616-1).

They may be written in groups, as on paper, in upper or lower case. Groups with letters have at most four characters, and
some eight of all characters are digits: so no sentence is taken for an account.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from custagent.conversation.privacy.checksums import mod97
from custagent.conversation.privacy.found import Found
from custagent.conversation.privacy.view import View
from custagent.core.privacy import MaskKind

# The SWIFT registry, and the countries that use IBANs without being in it.
_REGISTERED: Final = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 "
    "FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 "
    "LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 "
    "RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
)
_UNREGISTERED: Final = (
    "AO25 BF28 BJ28 CF27 CG27 CI28 CM27 CV25 DZ26 GA27 GQ27 GW25 IR26 KM27 MA28 MG27 ML28 MZ25 NE28 SN28 TD27 TG28"
)
#: Characters by country (ISO 3166-1 alpha-2).
LENGTHS: Final = {entry[:2]: int(entry[2:]) for entry in f"{_REGISTERED} {_UNREGISTERED}".split()}

_FEWEST_DIGITS: Final = 8
_GROUP: Final = 4

_beginning = re.compile(r"(?<![0-9A-Za-z_])([A-Za-z]{2})[ -]?[0-9]{2}")
_part = re.compile(r"[0-9A-Za-z]+")


def find_ibans(view: View) -> Iterator[Found]:
    """Account numbers."""
    for beginning in _beginning.finditer(view.text):
        length = LENGTHS.get(beginning[1].upper())
        if length is None:
            continue
        match = _of_length(length).match(view.text, beginning.start())
        if match and _is_iban(match[0]):
            yield Found(kind=MaskKind.IBAN, start=match.start(), end=match.end())


@cache
def _of_length(length: int) -> re.Pattern[str]:
    """So many letters and digits, single separators between, nothing of the kind behind."""
    return re.compile(rf"[A-Za-z]{{2}}[ -]?[0-9]{{2}}(?:[ .-]?[0-9A-Za-z]){{{length - 4}}}(?![0-9A-Za-z_])")


def _is_iban(written: str) -> bool:
    parts = _part.findall(written)
    iban = "".join(parts)
    looks_so = len(parts) == 1 or all(part.isdigit() or len(part) <= _GROUP for part in parts[:-1])
    return looks_so and sum(map(str.isdigit, iban)) >= _FEWEST_DIGITS and mod97(iban)
