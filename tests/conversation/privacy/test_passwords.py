"""Announced passwords are masked, and nothing else of the message."""

from __future__ import annotations

import pytest

from custagent.conversation.privacy import mask
from custagent.conversation.privacy.phrases import STATES
from custagent.core.privacy import MaskKind

#: The password stands between ‹ and ›.
ANNOUNCED = """
my password is ‹hunter2›
My password is: ‹hunter2›.
My password's ‹hunter2›, can you log in?
password: ‹hunter2›
Password:‹hunter2›
PASSWORD = ‹Tr0ub4dor&3›
password=‹abc›&user=anna
password -> ‹hunter2›
Password → ‹hunter2›
my password is ‹hunter›
my password is ‹hunter› and I cannot log in
my password is ‹hunter›, what now?
My password is ‹Fluffy!›
my password is "‹correct horse battery staple›"
my password is “‹hunter two›”
my password is '‹hunter2›'
my password is `‹hunter2›`
**Password:** ‹hunter2›
{"user": "anna", "password": "‹s3cret›"}
my password is ‹Sommar2024!›
my password is ‹p@ssword›
my password is ‹123456›
my password is ‹1234 5678›
my password is still ‹hunter2› but it is rejected
my password is not ‹hunter2› any more
my password is the following: ‹hunter2›
I changed my password to ‹hunter2› yesterday
I set the password as ‹abc123x›
the password for my account is ‹hunter2›
the password I use is ‹hunter2›
Password for example.com is ‹hunter2›
Password for wifi: ‹abcd1234›
user anna password ‹hunter22›
my login password (‹hunter22›) fails
Password:
‹hunter2›
My password is
‹hunter2›
Username: anna Password: ‹hunter› Email: a@b.example
user: anna, pwd: ‹hunter2›, thanks
pw: ‹hunter2›
passcode is ‹998877›
my passphrase is "‹blue horse›"
my wifipassword is ‹hunter2›
https://anna:‹hunter2›@files.example.com/x
mitt lösenord är ‹sommar›
mitt lösenord är ‹sommar2024›
Lösenordet är ‹sommar2024›.
lösenord: ‹sommar›
losenord: ‹sommar›
Lösenordet till mitt konto är ‹hemligt9›
jag bytte lösenord till ‹Sommar24›
mitt wifilösenord är ‹kanelbulle›
Passwort lautet ‹geheim1›
Mein Passwort ist ‹Sonnenblume›
Passwort: ‹Sonnenblume›
Das WLAN-Passwort ist ‹Sonne123›
Kennwort: ‹Sonne123›
Das Passwort für mein Konto lautet ‹Sonne123›
Mein Passwort lautet wie folgt: ‹Sonne123›
mot de passe : ‹soleil›
Mon mot de passe est ‹soleil›
Mon mot de passe est le suivant : ‹soleil12›
mdp: ‹soleil12›
Le mot de passe de mon compte est ‹soleil12›
Mi contraseña es ‹girasol›
contraseña: ‹girasol1›
La contraseña de mi cuenta es ‹girasol1›
mi contrasena es ‹girasol1›
Minha senha é ‹girassol›
senha: ‹girassol1›
a senha da minha conta é ‹girassol1›
palavra-passe: ‹girassol1›
La mia password è ‹girasole›
password: ‹girasole1›
la password del mio account è ‹girasole1›
la mia password e' ‹girasole1›
Mijn wachtwoord is ‹zonnebloem›
wachtwoord: ‹zonnebloem›
Het wachtwoord van mijn account is ‹zonnebloem1›
Min adgangskode er ‹solsikke›
adgangskode: ‹solsikke1›
Adgangskoden til min konto er ‹solsikke1›
Mit kodeord er ‹solsikke›
Passordet mitt er ‹solsikke1›
Mitt passord er ‹solsikke›
passord: ‹solsikke›
Salasanani on ‹auringonkukka›
salasana: ‹kissa123›
Salasana on ‹kissa123›
Moje hasło to ‹slonecznik›
hasło: ‹slonecznik1›
Hasło do konta to ‹slonecznik1›
moje haslo to ‹slonecznik1›
Ｐａｓｓｗｏｒｄ：‹hunter2›
mitt lo\u0308senord a\u0308r ‹sommar2024›
my pass\u200bword is ‹hun\u200bter2›
"""


def lines(block: str) -> list[str]:
    return [line for line in block.strip("\n").split("\n") if line]


def announced() -> list[str]:
    """The entries of ANNOUNCED; one that ends in a colon or "is" goes on in the next line."""
    entries: list[str] = []
    for line in lines(ANNOUNCED):
        if line.startswith("‹"):
            entries[-1] += f"\n{line}"
        else:
            entries.append(line)
    return entries


@pytest.mark.parametrize("entry", announced())
def test_an_announced_password_is_masked(entry: str) -> None:
    before, password = entry.split("‹")
    password, after = password.split("›")
    masked = mask(before + password + after)
    assert masked.text == f"{before}[password]{after}"
    assert [(found.kind, found.start, found.end) for found in masked.found] == [
        (MaskKind.PASSWORD, len(before), len(before) + len(password))
    ]


@pytest.mark.parametrize("link", ["my password is {}", "password: {}", "mitt lösenord är {}.", 'password: "{}"'])
def test_no_word_for_a_state_is_taken_for_a_password(link: str) -> None:
    for word in STATES:
        text = link.format(word)
        assert mask(text).text == text


def test_a_long_password_is_masked_to_its_end() -> None:
    for password in ("x1" * 4000, "x" * 4000):
        assert mask(f"password: {password} ok").text == "password: [password] ok"


def test_only_passwords_that_are_asked_for_are_masked() -> None:
    assert mask("my password is hunter2", kinds={MaskKind.IBAN}).text == "my password is hunter2"
