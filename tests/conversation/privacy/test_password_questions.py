"""Questions about passwords reach the agent whole, in twelve languages."""

from __future__ import annotations

import pytest

from custagent.conversation.privacy import mask
from custagent.conversation.privacy.phrases import LANGUAGES

#: Questions and complaints about passwords, a block a language.
HARMLESS = {
    "en": """
how do I reset my password?
How can I reset my password
I forgot my password
my password is not working
My password is wrong
my password isn't accepted
my password is not accepted by your site
my password was rejected
My password is expired!
My password is expired, what should I do?
the password is incorrect
what is my password?
What is the password for the demo account?
I don't know what my password is
I don't know what my password is please help
I don't remember what my password is, thanks
where do I change the password in the app
password reset link does not arrive
password reset email never came
Password reset: how?
Why is my password always wrong
Your password must be at least 8 characters long
the password is 8-20 characters long
the password is 8 characters
My password is 100% correct
my password is only 12 characters
Is my password stored safely?
my password is case-sensitive, right?
Password: forgotten
Password: how do I change it?
Re: password: urgent
my password and username are both rejected
My password is being refused since 2024-05-03
my password was changed on 12/05/2024
my password is too short it says
I need a password for this. It is order 12345.
The password for order 12345 is wrong
How long is a password valid: 30 days?
Is a password required? Order number: AB123456
password protected pdf
password manager 1Password is great
Password error 0x80070005
Forgot password Windows10
change password on iPhone12
my passwords are the same
password must contain: one digit
what if my password is lost
I entered my password 3 times
the password is "not valid" it says
it says "password is incorrect"
no password is required
The password field is empty.
The default password is in the manual.
Enter your password here: https://example.com/login
My password is the problem
My password is https://example.com/reset ?
is my password anna@example.com or my user name
password=$PASSWORD
the password "field" is empty
click password "Show"
the button says password: "Forgot password?"
the password is ******** on the page
my password is my problem
two-factor and password: which is safer?
""",
    "sv": """
Hur återställer jag mitt lösenord?
Jag har glömt mitt lösenord
mitt lösenord är glömt
Mitt lösenord är fel
mitt lösenord fungerar inte
Mitt lösenord är spärrat!
mitt lösenord är för kort
lösenordet är felaktigt, säger ni
Vad är mitt lösenord?
Jag vet inte vad mitt lösenord är
Hur byter jag lösenord till mitt konto?
lösenordet måste vara minst 8 tecken
Lösenordet är 12 tecken
Lösenord: glömt
lösenordet är ogiltigt och jag är utelåst
Är lösenordet skiftlägeskänsligt?
Mitt lösenord är ändrat
mitt lösenord är hackat
Lösenordet till kontot är borttaget
""",
    "de": """
Wie setze ich mein Passwort zurück?
Ich habe mein Passwort vergessen
Mein Passwort ist falsch
Mein Passwort ist abgelaufen.
mein Passwort funktioniert nicht
Das Passwort ist gesperrt!
Passwort vergessen
Passwort: vergessen
Wie lautet mein Passwort?
Das Passwort ist zu kurz
Mein Passwort ist ungültig und ich komme nicht rein
Wie lang muss ein Passwort sein: 8 Zeichen?
Das Passwort für mein Konto ist falsch
Ich weiß nicht, was mein Passwort ist.
Mein Passwort wurde geändert
Ist das Passwort 12 Zeichen lang?
Das Kennwort ist nicht korrekt
""",
    "fr": """
Comment réinitialiser mon mot de passe ?
J'ai oublié mon mot de passe
Mon mot de passe est incorrect
Mon mot de passe est expiré.
mon mot de passe ne fonctionne pas
Mon mot de passe est bloqué !
mot de passe oublié
Mot de passe : oublié
Quel est mon mot de passe ?
Le mot de passe est trop court
Le mot de passe de mon compte est refusé
Je ne sais pas quel est mon mot de passe
Le mot de passe doit contenir 8 caractères
Mon mot de passe n'est plus valable
Mon mot de passe a été piraté
""",
    "es": """
¿Cómo restablezco mi contraseña?
He olvidado mi contraseña
Mi contraseña es incorrecta
Mi contraseña está bloqueada
mi contraseña no funciona
Mi contraseña ha caducado
Contraseña: olvidada
¿Cuál es mi contraseña?
La contraseña es demasiado corta
La contraseña de mi cuenta es incorrecta
La contraseña debe tener 8 caracteres
No sé cuál es mi contraseña
la clave es llegar temprano
Mi contraseña es válida, creo
""",
    "pt": """
Como redefinir minha senha?
Esqueci minha senha
Minha senha é inválida
Minha senha está bloqueada
minha senha não funciona
Minha senha expirou
Senha: esquecida
Qual é minha senha?
A senha é muito curta
A senha da minha conta é incorreta
A senha deve ter 8 caracteres
Não sei qual é a minha senha
minha senha e meu usuário não funcionam
""",
    "it": """
Come reimposto la mia password?
Ho dimenticato la password
La mia password è sbagliata
La mia password è scaduta.
la mia password non funziona
La password è stata bloccata
Password: dimenticata
Qual è la mia password?
La password è troppo corta
La password del mio account è errata
La password deve avere 8 caratteri
Non so quale sia la mia password
la password e il nome utente
password e username
""",
    "nl": """
Hoe reset ik mijn wachtwoord?
Ik ben mijn wachtwoord vergeten
Mijn wachtwoord is onjuist
Mijn wachtwoord is verlopen.
mijn wachtwoord werkt niet
Mijn wachtwoord is geblokkeerd!
Wachtwoord: vergeten
Wat is mijn wachtwoord?
Het wachtwoord is te kort
Het wachtwoord van mijn account is onjuist
Het wachtwoord moet 8 tekens hebben
Ik weet niet wat mijn wachtwoord is
""",
    "da": """
Hvordan nulstiller jeg min adgangskode?
Jeg har glemt min adgangskode
Min adgangskode er forkert
Min adgangskode er udløbet.
min adgangskode virker ikke
Min adgangskode er spærret!
Adgangskode: glemt
Hvad er min adgangskode?
Adgangskoden er for kort
Adgangskoden til min konto er forkert
Adgangskoden skal være på 8 tegn
Jeg ved ikke hvad min adgangskode er
Mit kodeord er blokeret
""",
    "nb": """
Hvordan tilbakestiller jeg passordet mitt?
Jeg har glemt passordet mitt
Passordet mitt er feil
Passordet mitt er utløpt.
passordet mitt virker ikke
Passordet er sperret!
Passord: glemt
Hva er passordet mitt?
Passordet er for kort
Passordet til kontoen min er feil
Passordet må ha 8 tegn
Jeg vet ikke hva passordet mitt er
""",
    "fi": """
Miten nollaan salasanani?
Unohdin salasanani
Salasanani on väärä
Salasanani on vanhentunut.
salasanani ei toimi
Salasanani on lukittu!
Salasana: unohtunut
Mikä on salasanani?
Salasana on liian lyhyt
Salasana tilille on väärä
Salasanassa on oltava 8 merkkiä
En tiedä mikä salasanani on
""",
    "pl": """
Jak zresetować hasło?
Zapomniałem hasła
Moje hasło jest nieprawidłowe
Moje hasło wygasło.
moje hasło nie działa
Moje hasło jest zablokowane!
Hasło: zapomniane
Jakie jest moje hasło?
Hasło jest za krótkie
Hasło do mojego konta jest błędne
Hasło musi mieć 8 znaków
Nie wiem, jakie mam hasło
Moje hasło to problem
""",
}


def lines(block: str) -> list[str]:
    return block.strip().split("\n")


@pytest.mark.parametrize(
    ("language", "text"), [(lang, text) for lang, block in HARMLESS.items() for text in lines(block)]
)
def test_a_question_about_passwords_stays_whole(language: str, text: str) -> None:
    assert mask(text).text == text


@pytest.mark.parametrize("text", [text for block in HARMLESS.values() for text in lines(block)])
def test_a_password_is_still_seen_after_a_harmless_sentence(text: str) -> None:
    assert mask(f"{text}\nPassword: hunter22").text == f"{text}\nPassword: [password]"


def test_there_are_words_for_twelve_languages() -> None:
    assert len(LANGUAGES) == len(HARMLESS) == 12
