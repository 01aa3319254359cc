"""PINs, card codes and one-time codes are masked after their word; other digits stay."""

from __future__ import annotations

import pytest

from custagent.conversation.privacy import mask

#: The code stands between ‹ and ›.
ANNOUNCED = """
My PIN is ‹1234›
PIN: ‹1234›.
PIN ‹123456› does not work
pin code ‹1234›
my PIN code is ‹12 34›
PIN = ‹1 2 3 4›
I changed my PIN to ‹4321›
the PIN for my card is ‹1234›
PIN (‹1234›)
CVV ‹123›
cvv: ‹1234›
CVC2: ‹987›
the cvv on my card is ‹987›
card verification number ‹987›
Your verification code is ‹482913›
verification code: ‹AB12CD›
verification code: ‹G-482913›
OTP: ‹482 913›
one-time password ‹482913›
my one-time passcode is "‹482913›"
2FA code ‹482-913›
SMS code → ‹4829›
security code is still ‹123›
pinkod: ‹1234›
Min PIN-kod är ‹1234›
engångskoden är ‹123 456›
Säkerhetskoden på kortet är ‹123›
verifieringskod ‹123456›
PIN lautet ‹1234›
Mein Sicherheitscode lautet ‹1234›
Kartenprüfnummer: ‹123›
TAN ‹123456›
Bestätigungscode: ‹123456›
le code de vérification est ‹123456›
code PIN : ‹1234›
cryptogramme visuel ‹123›
mi código de verificación es ‹123456›
código PIN ‹1234›
o código de verificação é ‹123456›
il codice di verifica è ‹123456›
codice PIN: ‹1234›
verificatiecode is ‹123456›
mijn pincode is ‹1234›
engangskode: ‹123456›
min pinkode er ‹1234›
bekræftelseskoden er ‹123456›
engangskoden er ‹123456›
kertakäyttökoodi: ‹123456›
PIN-koodini on ‹1234›
kod weryfikacyjny to ‹123456›
kod PIN: ‹1234›
ＰＩＮ： ‹１２３４›
"""

HARMLESS = """
How do I change my PIN?
I forgot my PIN code
my PIN is not working
My PIN is wrong 3 times
PIN code must have 4 digits
the PIN is 4 digits long
my pin is 12 months old
PIN 1234567890123
what's the PIN code for 12345 Berlin?
my PIN was changed on 12.05.2024
my pin is 2024-05-03
PIN 12.50
PIN 50%
spinning 1234
pinboard 1234
tandem 123456
CVV is 3 digits
where do I find the CVV 2 on the card?
CVV 12345
the verification code never arrives
The verification code expires in 10 minutes
verification code: please send again
the verification code 2 times
I did not get the code 482913x
error code 4711
postal code 12345
promo code: SUMMER20
discount code 202611
zip code: 90210
booking confirmation code: X7K9P2
country code +46
QR code 123456
item code 123456
Felkod 4711
Fehlercode 123456
Postleitzahl 12345
code postal 75001
code promo 202611
código postal 28001
kod pocztowy 00950
kod rabatowy 2026
security code on version 2.0.1
PIN 4111 1111 1111 1112
OTP 12
one-time payment of 1234 kr
"""


@pytest.mark.parametrize("entry", ANNOUNCED.strip().split("\n"))
def test_an_announced_code_is_masked(entry: str) -> None:
    before, _, rest = entry.partition("‹")
    code, _, after = rest.partition("›")
    masked = mask(before + code + after)
    assert masked.text == f"{before}[security code]{after}"
    assert [(found.start, found.end) for found in masked.found] == [(len(before), len(before) + len(code))]


@pytest.mark.parametrize("text", HARMLESS.strip().split("\n"))
def test_other_digits_stay(text: str) -> None:
    assert mask(text).text == text
