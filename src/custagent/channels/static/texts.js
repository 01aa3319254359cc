// The widget's own words, one block a language. Keys are the same in every language.
const TEXTS = {
  en: {
    chat: "Chat with {company}",
    messages: "Messages",
    you: "You",
    agent: "Assistant",
    ai: "AI",
    powered: "Powered by AI",
    person: "You are chatting with a person",
    waiting: "Waiting for a person",
    waitingName: "{company}",
    close: "Close chat",
    write: "Write your message",
    placeholder: "Write a message…",
    send: "Send message",
    sources: "Sources",
    newWindow: "(opens in a new tab)",
    file: "(document)",
    options: "Choose a topic",
    typing: "{name} is writing…",
    sending: "Sending…",
    failed: "Not sent.",
    retry: "Try again",
    tooFast: "You are writing very fast. This will be sent in {seconds} seconds.",
    refused: "This message cannot be sent.",
    left: "{count} characters left",
    tooLong: "{count} characters too many",
    lost: "No connection. Trying again…",
    unavailable: "The chat is not available on this page.",
    elsewhere: "The chat is open in other tabs. It goes on here when you come back.",
    joined: "{name} has joined the chat.",
    backToAgent: "{name} (AI) is answering again.",
    waitingNote: "A person will take over.",
    newMessages: "New messages",
    thumbs: "Did this reply help?",
    thumb_up: "Helpful",
    thumb_down: "Not helpful",
    thumbsThanks: "Thank you!",
    thumbsFailed: "Not saved. Please try again.",
    emailAsk: "Where may we send the answer?",
    email: "Email address",
    emailSend: "Leave address",
    emailThanks: "Thank you. The answer will be sent to {email}.",
    emailWrong: "This does not look like an email address.",
    emailFailed: "The address could not be sent. Please try again.",
  },
  sv: {
    chat: "Chatta med {company}",
    messages: "Meddelanden",
    you: "Du",
    agent: "Assistent",
    ai: "AI",
    powered: "Drivs av AI",
    person: "Du chattar med en människa",
    waiting: "Väntar på en medarbetare",
    waitingName: "{company}",
    close: "Stäng chatten",
    write: "Skriv ditt meddelande",
    placeholder: "Skriv ett meddelande…",
    send: "Skicka meddelandet",
    sources: "Källor",
    newWindow: "(öppnas i en ny flik)",
    file: "(dokument)",
    options: "Välj ett ämne",
    typing: "{name} skriver…",
    sending: "Skickar…",
    failed: "Inte skickat.",
    retry: "Försök igen",
    tooFast: "Du skriver väldigt snabbt. Det här skickas om {seconds} sekunder.",
    refused: "Det här meddelandet kan inte skickas.",
    left: "{count} tecken kvar",
    tooLong: "{count} tecken för mycket",
    lost: "Ingen anslutning. Försöker igen…",
    unavailable: "Chatten är inte tillgänglig på den här sidan.",
    elsewhere: "Chatten är öppen i andra flikar. Den fortsätter här när du kommer tillbaka.",
    joined: "{name} är nu med i chatten.",
    backToAgent: "{name} (AI) svarar igen.",
    waitingNote: "En medarbetare tar över.",
    newMessages: "Nya meddelanden",
    thumbs: "Hjälpte svaret?",
    thumb_up: "Det hjälpte",
    thumb_down: "Det hjälpte inte",
    thumbsThanks: "Tack!",
    thumbsFailed: "Inte sparat. Försök igen.",
    emailAsk: "Vart får vi skicka svaret?",
    email: "E-postadress",
    emailSend: "Lämna adress",
    emailThanks: "Tack. Svaret skickas till {email}.",
    emailWrong: "Det här ser inte ut som en e-postadress.",
    emailFailed: "Adressen kunde inte skickas. Försök igen.",
  },
};

const RIGHT_TO_LEFT = new Set(["ar", "fa", "he", "ur"]);

function isLocale(tag) {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

/** The words of the first language that we have; `locale` and `direction` go by the first that was asked for. */
export function wordsFor(tags) {
  const locales = tags.map((tag) => String(tag).replaceAll("_", "-")).filter(isLocale);
  const codes = locales.map((tag) => tag.toLowerCase().split("-")[0]);
  const language = codes.find((code) => Object.hasOwn(TEXTS, code)) ?? "en";
  const table = TEXTS[language];
  const say = (key, values = {}) => table[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
  // Times are written as in the visitor's country, where the language agrees.
  const locale = locales.find((tag) => tag.toLowerCase().startsWith(`${codes[0]}-`)) ?? codes[0] ?? language;
  return { language, locale, direction: RIGHT_TO_LEFT.has(codes[0]) ? "rtl" : "ltr", say };
}
