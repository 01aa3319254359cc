// The words of the moment, and those that stand on the page whatever is said.
import { directionOf, hasWords, wordsFor } from "./texts.js";

export class Labels {
  #locales;
  #words;
  #hello = null;

  /** `locales` are the visitor's languages, the best first. */
  constructor(locales) {
    this.#locales = locales;
    this.#words = wordsFor(locales);
  }

  get language() {
    return this.#words.language;
  }

  /** What times and numbers are written for. */
  get locale() {
    return this.#words.locale;
  }

  /** What the chat is called: by its owner, or after the company. */
  get title() {
    return this.#own?.title ?? this.say("chat", { company: this.#hello.company });
  }

  /** The owner's words, and who the company is. */
  set hello(hello) {
    this.#hello = hello;
    this.write();
  }

  get #own() {
    return this.#hello?.words?.[this.language];
  }

  say(key, values) {
    return this.#words.say(key, values);
  }

  /** Speak a language from here on, where there are words in it (ANS-6); tells whether that changes anything. */
  follow(language) {
    if (language === this.language || !(hasWords(language) || directionOf(language) === "rtl")) return false;
    this.#words = wordsFor([...this.#locales.filter((tag) => tag.startsWith(language)), language]);
    this.write();
    return true;
  }

  /** Write them onto the page. */
  write() {
    const { language, direction } = this.#words;
    document.documentElement.lang = language;
    document.documentElement.dir = direction;
    for (const labelled of document.querySelectorAll("[data-label]")) {
      labelled.setAttribute("aria-label", this.say(labelled.dataset.label));
    }
    for (const named of document.querySelectorAll("[data-text]:not(.bubble)")) named.textContent = this.say(named.dataset.text);
    document.getElementById("box").placeholder = this.#own?.placeholder ?? this.say("placeholder");
  }
}
