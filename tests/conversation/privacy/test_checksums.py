"""Check digits, against numbers that authorities and standards print as examples."""

from __future__ import annotations

import pytest

from custagent.conversation.privacy.checksums import luhn, mod11_10, mod97, weighted_731


@pytest.mark.parametrize(
    ("holds", "number"),
    [
        (luhn, "79927398713"),
        (luhn, "4111111111111111"),
        (luhn, "378282246310005"),
        (luhn, "8112189876"),
        (mod97, "GB82WEST12345698765432"),
        (mod97, "DE89370400440532013000"),
        (mod11_10, "86095742719"),
        (mod11_10, "65929970489"),
        (weighted_731, "L898902C36"),
        (weighted_731, "T220001293"),
    ],
)
def test_an_example_holds_and_no_other_check_digit_does(holds, number: str) -> None:
    assert holds(number)
    place = 3 if holds is mod97 else len(number) - 1
    for digit in "0123456789":
        if digit != number[place]:
            assert not holds(number[:place] + digit + number[place + 1 :])
