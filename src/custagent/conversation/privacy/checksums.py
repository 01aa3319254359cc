"""Check digits: what tells a real number from an order number of the same length."""

from __future__ import annotations

from typing import Final

_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_BASE: Final = 36


def luhn(digits: str) -> bool:
    """Whether the digits end in their Luhn check digit (ISO/IEC 7812-1 annex B)."""
    odd = sum(map(int, digits[-1::-2]))
    return (odd + sum(_DOUBLED[int(digit)] for digit in digits[-2::-2])) % 10 == 0


def mod97(iban: str) -> bool:
    """Whether the letters and digits of an IBAN, without separators, leave 1 (ISO 13616-1, ISO 7064 MOD 97-10)."""
    turned = iban[4:] + iban[:4]
    return int("".join(str(int(character, _BASE)) for character in turned)) % 97 == 1


def mod11_10(digits: str) -> bool:
    """Whether the digits end in their check digit by ISO 7064 MOD 11,10, as German tax numbers do."""
    product = 10
    for digit in digits[:-1]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return (product + int(digits[-1])) % 10 == 1


def weighted_731(characters: str) -> bool:
    """Whether letters (A is 10) and digits end in their check digit by weights 7, 3, 1 (ICAO 9303-3 §4.9)."""
    values = (int(character, _BASE) for character in characters[:-1])
    total = sum(value * (7, 3, 1)[place % 3] for place, value in enumerate(values))
    return total % 10 == int(characters[-1])
