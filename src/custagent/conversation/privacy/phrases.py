"""How people announce a password in the product's twelve languages, and how they only talk about one.

Nouns and states are in folded spelling (lower case, no accents); links are as written, in any case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """One language's words about passwords."""

    #: A pattern for the word itself; the last part of a compound is enough.
    noun: str = ""
    #: "is": what follows is the password, unless it is a state.
    link: str
    #: Words that also have other meanings: what follows is a password only if it looks like one.
    weak_link: str = ""
    #: Beginnings of what may stand between the noun and "is": "for my account", "that I use", "mitt".
    between: str
    #: "still", "now", "the following": skipped before something that looks like a password.
    filler: str
    #: What a password may be besides being something: wrong, forgotten, too short.
    states: str
    #: The shape of further states: endings of participles, prefixes like "un"; as typed, or folded.
    state_ending: str = r"(?!)"
    #: A new clause begins here.
    conjunctions: str


ENGLISH: Final = Phrases(
    link=r"is|was|are|['’]s",
    weak_link=r"to|as|with",
    between=r"for|to|of|on|at|from|in|i|you|we|that|which|here",
    filler=r"still|now|currently|actually|just|not|only|simply|probably|set to|changed to|the following|following|"
    r"as follows|called|either|also|again|supposed to be|something like|like",
    states="""wrong incorrect invalid lost broken missing gone weak strong short long old new ok okay fine good bad correct right
    same different insecure unsafe secure safe secret hidden visible unknown empty blank none null mandatory
    optional private mine yours here there this that it what which who how why where when unavailable inactive
    active dead temporary permanent public default not never always again na n/a unset set help please problem
    problems issue error stuck frozen kaput down off on done late early important confidential identical similar
    unique random complex simple easy difficult hard impossible possible useless annoying nonsense ridiculous stupid
    rubbish crap lowercase uppercase numeric alphanumeric case-sensitive sensitive reset kept known sent shown
    stolen forgotten hacked leaked written yes no todo tbd redacted see below above attached password email username
    login understood enough perfect great poor vulnerable corrupt messed screwed fucked toast history everything
    nothing something anything personal fixed case urgent sorry anymore thanks thank awesome funny weird odd strange
    terrible ancient garbage trash dodgy overdue public obsolete illegal expiry fault faulty trouble expired
    rejected denied blocked locked disabled refused changed required needed protected compromised saved failed
    failing""",
    state_ending=r"(?:ed|ing|able|ible|less|ate)$|^(?:un|in|im|non|mis)\w{5,}$",
    conjunctions=r"and|but|or|so|because|please|which|can|could|what|why|when|help|thanks|thank|it|i|my",
)

SWEDISH: Final = Phrases(
    noun=r"losenord(?:et|en|ets)?|\blosen(?:et)?",
    link=r"är|ar|var|lyder|heter",
    weak_link=r"till",
    between=r"till|för|for|på|pa|som|jag|mitt|vi|ni|du|här",
    filler=r"fortfarande|nu|inte|bara|alltså|just nu|följande|även|nog|väl",
    states="""fel felaktigt felaktig ogiltigt ogiltig glomt bortglomt borta slut utganget utgangen sparrat last blockerat stulet
    hackat lackt kort langt svagt starkt gammalt nytt ratt korrekt giltigt samma annorlunda sakert hemligt okant
    tomt konstigt bra daligt trasigt forsvunnet andrat bytt obligatoriskt nodvandigt har dar detta det vad inaktivt
    aktivt omojligt svart latt osakert tillfalligt privat inte ok okej kasst knas knasigt krangligt viktigt kansligt
    knackt nej ja mitt ditt ingenting inget personligt vilket kvar skyddat avvisat nekat aterstallt avslaget oppet
    offentligt borttaget uppsagt""",
    state_ending=r"(?:at|gt|bart|lost|tt|rt|nt)$|^o\w{4,}[dt]$",
    conjunctions=r"och|men|eller|så|sa|men|tack|kan|vad|hjälp|jag|snälla|det",
)

GERMAN: Final = Phrases(
    noun=r"passwort(?:s|es)?|passworter|kennwort(?:s|es)?|losungswort",
    link=r"ist|lautet|lautete|war|heißt|heisst|wäre",
    weak_link=r"auf|in|zu|als",
    between=r"für|fuer|fur|zu|zum|zur|von|vom|das|der|des|die|ich|bei|mit",
    filler=r"immer noch|noch|jetzt|aktuell|derzeit|nicht|folgendes|wie folgt|nur|wohl|eigentlich|also",
    states="""falsch inkorrekt ungultig ungueltig abgelaufen vergessen weg verloren gesperrt blockiert geknackt gehackt gestohlen
    schwach stark kurz lang alt neu richtig korrekt gultig gueltig gleich dasselbe anders sicher unsicher geheim
    unbekannt leer defekt kaputt unmoglich schwer leicht wichtig privat aktiv inaktiv hier da dort was nicht nein ja
    ok okay gut schlecht komisch zuruckgesetzt geandert erforderlich notig notwendig pflicht temporar fehlerhaft
    futsch mir dir bekannt klar egal tot identisch personlich schrott mull offentlich hilfe bitte""",
    state_ending=r"^(?:ge|ab|an|auf|aus|ver|zer|be|ent|er|un|zuruck)\w+(?:t|en)$|(?:ig|lich|bar|isch|los|iert|haft)$|^un\w{4,}$",
    conjunctions=r"und|aber|oder|doch|bitte|danke|kann|können|was|warum|ich|es|hilfe|wie",
)

FRENCH: Final = Phrases(
    noun=r"mots? de passe|\bmotdepasse|\bmdp",
    link=r"est|était|etait|c['’]est|sera",
    weak_link=r"à|en|par|pour",
    between=r"de|du|pour|que|qui|sur|d['’]\S+|pour|des|à|j['’]\S+",
    filler=r"toujours|maintenant|actuellement|pas|le suivant|bien|encore|donc|seulement|suivant",
    states="""incorrect incorrecte faux fausse errone erronee invalide expire oublie perdu bloque verrouille refuse rejete pirate
    vole faible fort court long trop ancien nouveau bon mauvais correct exact valide juste meme different securise
    sur secret inconnu vide casse impossible possible difficile facile obligatoire necessaire requis ici la quoi
    actif inactif desactive ok bien mort introuvable indisponible temporaire confidentiel personnel prive compromis
    non oui pas rejete reinitialise change modifie important identique bizarre nul nulle public publique aide merci""",
    state_ending=r"(?:ees?|able|ible|eux|if|é)$|^(?:in|im|il|ir|de)\w{5,}$",
    conjunctions=r"et|mais|ou|car|merci|que|je|pouvez|comment|pourquoi|il|aidez",
)

SPANISH: Final = Phrases(
    noun=r"contrasenas?|\bclave (?:de acceso|secreta|personal)",
    link=r"es|era|sería",
    weak_link=r"a|por|en",
    between=r"de|del|para|que|en|la|mi|con",
    filler=r"todavía|todavia|ahora|actualmente|la siguiente|no|solo|sólo|siguiente|aún",
    states="""incorrecta incorrecto erronea erroneo invalida invalido valida caducada vencida debil fuerte corta larga vieja
    antigua nueva correcta correcto misma mismo diferente segura seguro insegura secreta desconocida vacia imposible
    dificil facil obligatoria necesaria temporal privada aqui esta cual ok buena mala rara equivocada falsa
    confidencial importante personal no si mia igual unica que ayuda gracias olvidada olvidado bloqueada bloqueado
    caducado perdida robada hackeada cambiada restablecida rechazada pesima horrible publica""",
    state_ending=r"(?:ad|id)[oa]s?$|ble$|^(?:in|im|des)\w{5,}$",
    conjunctions=r"y|pero|o|porque|gracias|por|pueden|puedo|que|no|cómo|ayuda",
)

PORTUGUESE: Final = Phrases(
    noun=r"\bsenhas?\b|palavras?[- ]passe",
    link=r"é|era|eh|seria",
    weak_link=r"e|para|por|como",
    between=r"de|do|da|para|que|no|na|com|eu",
    filler=r"ainda|agora|atualmente|a seguinte|não|nao|só|seguinte|apenas",
    states="""incorreta incorreto errada errado invalida invalido valida expirada fraca forte curta longa velha antiga nova
    correta certa mesma diferente segura insegura secreta desconhecida vazia impossivel dificil facil obrigatoria
    necessaria temporaria privada aqui esta qual ok boa ma ruim estranha falsa confidencial importante pessoal nao
    sim minha igual unica que ajuda obrigado esquecida esquecido bloqueada bloqueado expirado perdida roubada
    alterada recusada redefinida pessima horrivel publica""",
    state_ending=r"(?:ad|id)[oa]s?$|vel$|^(?:in|im|des)\w{5,}$",
    conjunctions=r"e|mas|ou|porque|obrigad[oa]|por|pode|podem|que|não|como|ajuda",
)

ITALIAN: Final = Phrases(
    noun=r"parola d['’]ordine|parola chiave personale",
    link=r"è|e['’]|era|sarebbe",
    weak_link=r"e|in|con|a",
    between=r"di|del|della|per|che|su|dell['’]\S+|mia|nuova",
    filler=r"ancora|adesso|ora|attualmente|la seguente|non|solo|seguente|sempre",
    states="""errata errato sbagliata sbagliato scorretta corretta corretto incorretta valida invalida scaduta dimenticata persa
    debole forte corta lunga vecchia nuova giusta stessa diversa sicura insicura segreta sconosciuta vuota
    impossibile difficile facile obbligatoria necessaria temporanea privata qui questa quale ok buona brutta strana
    falsa compromessa ignota importante personale no non si mia uguale unica cosa aiuto grazie bloccata bloccato
    rubata hackerata rifiutata pubblica pessima cambiata""",
    state_ending=r"(?:at|it|ut|ess|ors)[oaie]$|bile$|^(?:in|im|dis|s[cf])\w{5,}$",
    conjunctions=r"e|ma|o|perché|perche|grazie|per|potete|posso|che|non|come|aiuto",
)

DUTCH: Final = Phrases(
    noun=r"wachtwoord(?:en)?|paswoord|toegangscode",
    link=r"is|was|luidt",
    weak_link=r"naar|in|als",
    between=r"voor|van|op|dat|die|ik|bij|om|mijn",
    filler=r"nog steeds|nog|nu|momenteel|niet|alleen|het volgende|als volgt|gewoon",
    states="""fout onjuist verkeerd ongeldig verlopen vergeten kwijt weg verloren zwak sterk kort lang oud nieuw juist correct
    goed slecht geldig hetzelfde anders veilig onveilig geheim onbekend leeg kapot onmogelijk moeilijk makkelijk
    zoek verplicht nodig tijdelijk prive hier dit dat wat niet ok oke raar vreemd openbaar belangrijk nee ja
    persoonlijk hulp bedankt geblokkeerd gehackt gestolen geweigerd gewijzigd""",
    state_ending=r"^(?:ge|ver|be|on|af)\w+(?:d|t|en)$|(?:lijk|baar|loos|isch)$|^on\w{4,}$",
    conjunctions=r"en|maar|of|want|bedankt|kan|kunt|wat|hoe|ik|het|graag|help",
)

DANISH: Final = Phrases(
    noun=r"adgangskode(?:n|r|rne)?|kodeord(?:et)?",
    link=r"er|var|lyder|hedder",
    weak_link=r"til",
    between=r"til|for|på|pa|som|jeg|min|mit|fra",
    filler=r"stadig|nu|ikke|bare|kun|følgende|lige nu|altså",
    states="""forkert forkerte ugyldig ugyldigt udlobet glemt vak tabt sparret last blokeret hacket stjalet svag svagt stark
    starkt kort lang langt gammel gammelt ny nyt rigtig rigtigt korrekt gyldig samme anderledes sikker sikkert
    usikker hemmelig ukendt tom tomt umulig svar let nodvendig pakravet midlertidig privat her dette hvad ikke ok
    okay god godt darlig markelig vigtig nej ja personlig hjalp tak""",
    state_ending=r"(?:et|ede|igt?|bar|ende)$|^u\w{5,}$",
    conjunctions=r"og|men|eller|så|tak|kan|hvad|hvordan|jeg|det|hjælp",
)

NORWEGIAN: Final = Phrases(
    noun=r"passord(?:et|ene)?",
    link=r"er|var|lyder|heter",
    weak_link=r"til",
    between=r"til|for|på|pa|som|jeg|mitt|fra",
    filler=r"fortsatt|fremdeles|nå|ikke|bare|kun|følgende|altså",
    states="""feil galt ugyldig utlopt utgatt glemt borte tapt sperret last blokkert hacket stjalet svakt sterkt kort langt
    gammelt nytt riktig korrekt gyldig samme annerledes sikkert usikkert hemmelig ukjent tomt umulig vanskelig lett
    nodvendig pakrevd midlertidig privat her dette hva ikke ok okei bra darlig rart viktig nei ja personlig hjelp
    takk""",
    state_ending=r"(?:et|ede|igt?|bar|ende|dd|tt|ert)$|^u\w{5,}$",
    conjunctions=r"og|men|eller|så|takk|kan|hva|hvordan|jeg|det|hjelp",
)

FINNISH: Final = Phrases(
    noun=r"salasana(?:ni|si|n|mme|t)?|tunnussana(?:ni)?",
    link=r"on|oli",
    weak_link=r"",
    between=r"tilille|tilin|palveluun|jota|joka|tänne|wifiin",
    filler=r"edelleen|yhä|nyt|ei|vain|seuraava|siis",
    states="""vaara vaarin virheellinen vanhentunut unohtunut unohduksissa hukassa kadonnut lukittu lukossa estetty hakkeroitu
    varastettu heikko vahva lyhyt pitka vanha uusi oikea oikein kelvollinen kelpaamaton sama eri turvallinen
    salainen tuntematon tyhja rikki mahdoton vaikea helppo pakollinen tarpeen valiaikainen yksityinen tassa mika ei
    ok hyva huono outo tarkea poissa vaihdettu nollattu kylla oma apua kiitos""",
    state_ending=r"(?:nut|nyt|ttu|tty|ton|inen)$|^epa",
    conjunctions=r"ja|mutta|tai|kiitos|voitteko|miten|mitä|en|se|apua",
)

POLISH: Final = Phrases(
    noun=r"\bhasl(?:o|a|em|u)\b",
    link=r"to|brzmi|to jest",
    weak_link=r"jest|na|było|jako",
    between=r"do|dla|od|które|ktore|moje|z",
    filler=r"nadal|teraz|wciąż|nie|tylko|następujące|obecnie|nowe",
    states="""nieprawidlowe niepoprawne bledne zle niewazne wygaslo zapomniane zgubione zablokowane slabe silne krotkie dlugie
    stare nowe poprawne prawidlowe dobre takie samo inne bezpieczne tajne nieznane puste niemozliwe trudne latwe
    obowiazkowe wymagane tymczasowe prywatne tutaj co nie ok problem tajemnica podstawa bzdura zart glupota
    koniecznosc tak moje pomocy prosze dziekuje zresetowane odrzucone zmienione skradzione""",
    state_ending=r"(?:ane|one|ete)$|^nie",
    conjunctions=r"i|a|ale|lub|bo|proszę|prosze|dziękuję|jak|co|czy|nie|pomocy",
)

LANGUAGES: Final = (
    ENGLISH, SWEDISH, GERMAN, FRENCH, SPANISH, PORTUGUESE, ITALIAN, DUTCH, DANISH, NORWEGIAN, FINNISH, POLISH,
)  # fmt: skip
#: Said in every language.
EVERYWHERE: Final = (
    r"(?<![0-9])passwords?|\bpassword(?:et|en)|\bpasswd|\bpass[- ]?(?:code|phrase)|\bpass word|\bpasswrd|\bpwd|\bpw"
)
STATES: Final = frozenset(word for language in LANGUAGES for word in language.states.split())

#: Verb-less sentences about passwords: what is quoted or typed there is prose if one of these is in it.
PROSE: Final = frozenset(
    """the a an is are not your you i to of with for or and must should has have been was this that be it
    der die das ist nicht und oder mit ein eine muss ihr sie le la les est pas et ou un une votre vous de du
    el los es no y o su una para o os nao e sua um uma il lo non ed suo het een niet en uw ar inte och ett din ditt
    er ikke og et dit on ei ja se nie jest oraz""".split()
)
