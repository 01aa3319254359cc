"""What mail programs write around the mail that is answered, in the languages of ANS-6 and how they spell it there.

Verbs, headings and telephones' greetings are in the catalogues (`mail`), for the answerer knows them too; here is what
only whole mails hold. All in lower case, without marks: see `quoted.folded`.
"""

from __future__ import annotations

#: The labels above a quoted mail, as Outlook and others write them, by what they name.
LABELS = {
    "from": "from von från fra de van da od lähettäjä expéditeur remitente mittente afzender nadawca avsender"
    " lähettänyt",
    "sent": "sent date gesendet datum skickat sendt dato envoyé enviado enviada enviado\xa0el fecha data inviato"
    " verzonden wysłano lähetetty päivämäärä päiväys enviado\xa0em enviada\xa0em",
    "to": "to an till til à a para aan do vastaanottaja destinataire destinatario pour adressat odbiorca",
    "subject": "subject betreff ämne emne objet asunto assunto oggetto onderwerp temat aihe otsikko sujet",
    "copy": "cc bcc kopia kopi kopie kopio dw cci",
}

#: More verbs than the catalogues', among them those that Apple's programs use. Found at the start of a word.
WROTE = (
    "wrote", "writes", "schrieb", "skrev", "a écrit", "écrit", "escribió", "escribio", "ha escrito", "escreveu",
    "ha scritto", "scrive", "schreef", "geschreven", "kirjoitti", "napisał", "napisana przez", "pisze", "skriver",
    "schreibt", "kirjoittaa", "va escriure", "napsal", "napísal", "írta", "a scris", "написал", "написав", "έγραψε",
    "yazdı", "kirjutas", "rakstīja", "rašė", "님이 작성", "写道", "寫道",
)  # fmt: skip

#: Who tells of an own letter: "On Monday I wrote:" is no heading.
FIRST_PERSON = frozenset("i we ich wir jag jeg vi je nous ik wij ja my minä io eu yo".split()) | {"j'ai", "j’ai"}

#: Headings of the original, beside the catalogues'.
ORIGINAL = (
    "original message", "forwarded message", "begin forwarded message", "message d'origine", "message d’origine",
    "ursprüngliche nachricht", "ursprungligt meddelande", "original appointment", "ursprünglicher termin",
    "reply message", "oprindelig besked", "message du", "weitergeleitete nachricht", "original-nachricht", "mensagem original", "mensagem encaminhada",
    "vidarebefordrat meddelande", "reenviado", "messaggio originale", "oorspronkelijk bericht", "doorgestuurd bericht",
)  # fmt: skip

#: The marks above which other programs ask for the reply.
ABOVE = (
    "reply above this line", "type your reply above", "reply above this", "write above this line",
    "antworten sie oberhalb dieser zeile", "bitte antworten sie über dieser linie", "über dieser linie",
    "oberhalb dieser zeile", "répondez au-dessus de cette ligne", "au-dessus de cette ligne",
    "por encima de esta línea", "encima de esta línea", "acima desta linha", "sopra questa riga", "sopra questa linea",
    "boven deze regel", "ovanför denna rad", "ovanför den här raden", "over denne linje", "over denne linjen",
    "powyżej tej linii", "tämän rivin yläpuolelle", "tämän viivan yläpuolelle",
)  # fmt: skip

#: Telephones' and programs' greetings that are surely none of the writer's words, beside the catalogues' vaguer ones.
SENT_FROM = (
    "sent from my", "sent from mail for", "sent from outlook", "sent from yahoo", "sent from proton", "yahoo mail: search, organize, conquer", "get outlook for",
    "von meinem iphone", "von meinem ipad", "von meinem", "gesendet von", "gesendet mit", "outlook für",
    "holen sie sich outlook", "diese nachricht wurde von meinem",
    "skickat från min", "skickades från min", "skickat från", "hämta outlook", "skaffa outlook",
    "envoyé de mon", "envoyé depuis", "envoyé à partir de", "obtenez outlook", "obtenir outlook", "télécharger outlook",
    "enviado desde mi", "enviado desde", "obtener outlook", "descargar outlook",
    "enviado do meu", "enviado a partir", "obter o outlook", "obtenha o outlook", "enviado de meu",
    "inviato da", "inviato dal mio", "scarica outlook", "ottieni outlook",
    "verstuurd vanaf mijn", "verzonden vanaf mijn", "verstuurd vanaf", "verzonden met", "download outlook",
    "outlook voor", "sendt fra min", "sendt fra", "hent outlook", "få outlook", "skaff outlook",
    "lähetetty iphonesta", "lähetetty minun", "lähetetty", "hanki outlook", "hae outlook",
    "wysłane z", "wysłano z", "pobierz outlook",
)  # fmt: skip
