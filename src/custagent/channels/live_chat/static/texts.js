// The widget's own words, one table a language: those of the catalogues (`[widget]`), put in by the server.
const TEXTS = "{{texts}}";

const RIGHT_TO_LEFT = new Set(["ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"]);

function isLocale(tag) {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

/** How a language runs, by its code. */
export function directionOf(language) {
  return RIGHT_TO_LEFT.has(language) ? "rtl" : "ltr";
}

/** Whether there are words in a language, by its code. */
export function hasWords(language) {
  return Object.hasOwn(TEXTS, language);
}

/** Norwegian is one language to a browser, and two to those who write it: both read the one that we have. */
function codeOf(tag) {
  const code = tag.toLowerCase().split("-")[0];
  return code === "no" || code === "nn" ? "nb" : code;
}

/** The words of the first language that we have; `locale` and `direction` go by the first that was asked for. */
export function wordsFor(tags) {
  const locales = tags.map((tag) => String(tag).replaceAll("_", "-")).filter(isLocale);
  const codes = locales.map(codeOf);
  const language = codes.find(hasWords) ?? "en";
  const table = JSON.parse(TEXTS[language]);
  let plural = null;
  const say = (key, values = {}) => {
    // Browsers take a while to make one, and the first words count nothing.
    if ("count" in values) plural ??= new Intl.PluralRules(language);
    const form = "count" in values ? `${key}_${plural.select(values.count)}` : key;
    const text = table[Object.hasOwn(table, form) ? form : key];
    return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
  };
  // Times are written as in the visitor's country, where the language agrees.
  const locale = locales.find((tag) => codeOf(tag) === codes[0]) ?? language;
  return { language, locale, direction: directionOf(codes[0]), say };
}
