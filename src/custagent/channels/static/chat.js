// The frame: puts the pieces together and talks to the server and to the loader on the page around it.
import { Composer } from "./composer.js";
import { EmailOffer } from "./email.js";
import { Header } from "./header.js";
import { Outbox } from "./outbox.js";
import { EventStream } from "./stream.js";
import { directionOf, hasWords, wordsFor } from "./texts.js";
import { Thread } from "./thread.js";

const API = new URL("./", location.href);
const POST_TIMEOUT = 15_000;
const TOKEN = /^[\w-]{43}$/;
const byId = (id) => document.getElementById(id);
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The page around the frame. Its origin has to be one that the server lists, and all that is said goes to it alone. */
class Page {
  #origin = null;
  #hear;
  #kept = null;

  constructor(hear) {
    this.#hear = hear;
    const listed = document.querySelector("meta[name=custagent-parents]").content.split(" ");
    const allowed = new Set([location.origin, ...listed.filter(Boolean)]);
    window.addEventListener("message", (event) => {
      if (event.source !== window.parent || event.source === window || !allowed.has(event.origin)) return;
      if (event.data?.source !== "custagent" || (this.#origin ?? event.origin) !== event.origin) return;
      this.#origin = event.origin;
      this.#take(event.data);
    });
  }

  say(type, values = {}) {
    if (this.#origin !== null) window.parent.postMessage({ source: "custagent", type, ...values }, this.#origin);
  }

  /** Keeps a new token, and tells which one counts: another tab may have been quicker. */
  keep(token) {
    return new Promise((resolve) => {
      if (this.#origin === null) return resolve(token);
      this.#kept = resolve;
      this.say("keep", { token });
      setTimeout(() => resolve(token), 2000);
    });
  }

  #take(said) {
    if (said.type === "token" && this.#kept !== null && TOKEN.test(said.token)) this.#kept(said.token);
    this.#hear(said);
  }
}

class Chat {
  #token = null;
  #stream = null;
  #live = false;
  #open = false;
  #modal = false;
  #unread = 0;
  #bannerTimer = 0;
  #typingTimer = 0;
  #hello = null;
  #words = null;
  #intro = { greeting: "", disclosure: "" };

  start({ token, locales }) {
    this.locales = locales;
    this.#words = wordsFor(locales);
    // All parts ask here anew for each word, so that they speak on in another language when the conversation does.
    const say = (this.say = (key, values) => this.#words.say(key, values));
    this.#label();
    this.header = new Header({ face: byId("face"), name: byId("name"), line: byId("line") }, say);
    this.thread = new Thread({
      log: byId("log"),
      scroller: byId("scroller"),
      more: byId("more"),
      locale: () => this.#words.locale,
      say,
      choose: (text) => this.send(text),
      judge: (id, verdict) => this.#judge(id, verdict),
    });
    this.outbox = new Outbox({ post: (entry) => this.#post(entry), thread: this.thread, show: (one) => this.#show(one) });
    this.composer = new Composer({
      form: byId("composer"),
      box: byId("box"),
      left: byId("left"),
      say,
      send: (text) => this.send(text),
    });
    this.email = new EmailOffer({ form: byId("email"), say, leave: (address) => this.#leaveEmail(address) });
    byId("close").addEventListener("click", () => this.#close());
    document.addEventListener("keydown", (event) => this.#key(event));
    document.addEventListener("visibilitychange", () => document.hidden || this.#back());
    window.addEventListener("online", () => this.#back({ anew: true }));
    if (TOKEN.test(token ?? "")) this.#listen(token);
    this.#introduce();
  }

  /** The words that stand on the page whatever is said, in the language of the moment. */
  #label() {
    const { language, direction } = this.#words;
    document.documentElement.lang = language;
    document.documentElement.dir = direction;
    for (const labelled of document.querySelectorAll("[data-label]")) {
      labelled.setAttribute("aria-label", this.say(labelled.dataset.label));
    }
    for (const named of document.querySelectorAll("[data-text]:not(.bubble)")) named.textContent = this.say(named.dataset.text);
    byId("box").placeholder = this.say("placeholder");
  }

  /** The conversation goes on in the language of the reply: so does the widget, where it has the words (ANS-6). */
  #follow({ sender, language }) {
    if (sender === "contact" || language === this.#words.language || !(hasWords(language) || directionOf(language) === "rtl")) return;
    this.#words = wordsFor([...this.locales.filter((tag) => tag.startsWith(language)), language]);
    this.#label();
    this.thread.retell();
    this.header.retell();
    this.#title();
  }

  /** The panel was opened or closed. */
  set shown({ open, modal, focus, text }) {
    this.#open = open;
    this.#modal = modal;
    if (!open) return;
    this.#read();
    if (text) this.composer.text = text;
    if (focus) this.composer.focus();
    this.thread.toEnd();
    this.#back();
  }

  /** Another tab began the chat. */
  set token(token) {
    if (this.#token === null && TOKEN.test(token ?? "")) this.#listen(token);
  }

  send(text) {
    this.email.hide();
    this.outbox.add(text);
  }

  /** The greeting and the disclosure, before anything is written and however long the server takes. */
  async #introduce() {
    for (let tries = 0; this.#hello === null; tries += 1) {
      const response = await this.#fetch("hello", { query: { locale: this.locales.join(",") } });
      if (response?.ok) {
        this.#welcome(await response.json());
        return;
      }
      this.#trouble(response?.status ?? 0);
      await pause(Math.min(30_000, 1000 * 2 ** tries) * (0.5 + Math.random() / 2));
    }
  }

  #welcome(hello) {
    this.#hello = hello;
    this.header.hello = hello;
    this.thread.agentName = hello.agent;
    this.composer.max = hello.max_text;
    this.#title();
    this.#intro = { greeting: hello.greeting, disclosure: hello.disclosure };
    // The disclosure is the first thing that is read (ASG-4).
    if (hello.disclosure) this.thread.introduce(hello.disclosure, "disclosure", hello);
    if (hello.greeting) this.thread.introduce(hello.greeting, "greeting", hello);
    this.thread.toEnd();
    this.#head(hello.state);
    this.#well();
    if (this.#token !== null) this.#listen(this.#token);
  }

  #title() {
    if (this.#hello === null) return;
    const title = this.say("chat", { company: this.#hello.company });
    document.title = title;
    byId("app").setAttribute("aria-label", title);
    page.say("named", { title });
  }

  #listen(token) {
    this.#token = token;
    // Names come with the hello: messages are shown when it is there.
    if (this.#hello === null) return;
    this.#stream?.stop();
    this.thread.replaying = true;
    this.#live = false;
    this.#stream = new EventStream({
      address: new URL("events", API),
      token,
      // Two signs of life may be missed.
      silence: 2.25 * 1000 * this.#hello.heartbeat,
      hear: {
        opened: () => {
          this.#well();
          this.outbox.wake();
        },
        lost: (status) => this.#trouble(status),
        event: (name, value) => this.#event(name, value),
      },
    });
  }

  #event(name, value) {
    if (name === "message") this.outbox.arrived(value);
    else if (name === "header") this.#head(value);
    else if (name === "typing") this.#typing(value.on);
    else if (name === "closed" && value.reason === "elsewhere") this.#banner("elsewhere");
    else if (name === "live") {
      this.#live = true;
      // After the browser has taken notice of the old ones.
      requestAnimationFrame(() => (this.thread.replaying = false));
    }
  }

  #show(message) {
    const fresh = !this.thread.has(message.id);
    if (message.sender !== "contact") this.#typing(false);
    if (fresh && this.#saidBefore(message)) return;
    this.thread.show(message);
    if (!fresh) return;
    this.#follow(message);
    this.email.show(this.#hello?.email_offer === true && message.kind === "handoff-unavailable");
    if (this.#live && message.sender !== "contact" && (!this.#open || document.hidden)) {
      this.#unread += 1;
      page.say("unread", { count: this.#unread });
    }
  }

  /** The greeting and disclosure that stand at the top are not said twice, except after a person (ASG-4). */
  #saidBefore({ sender, kind, text }) {
    if (sender === "person") this.#intro = { greeting: "", disclosure: "" };
    return (kind === "greeting" || kind === "disclosure") && text === this.#intro[kind];
  }

  #head(state) {
    this.thread.keepsFace = state.holder === "person" && state.initials_of === "";
    const changed = this.header.show(state);
    if (changed && this.#live) this.thread.note(changed);
  }

  #typing(on) {
    clearTimeout(this.#typingTimer);
    const status = byId("typing");
    status.hidden = !on;
    byId("typing-text").textContent = on ? this.say("typing", { name: byId("name").textContent }) : "";
    if (!on) return;
    this.#typingTimer = setTimeout(() => this.#typing(false), 60_000);
    this.thread.follow();
  }

  async #post(entry) {
    const unsure = { later: 0, unsure: true };
    if (this.#token === null && !(await this.#begin())) return { later: 0, unsure: false };
    const message = { client_msg_id: entry.id, text: entry.text, language: this.locales[0] ?? "" };
    const response = await this.#fetch("messages", { json: message });
    if (response === null || response.status >= 500) return unsure;
    const answer = await response.json().catch(() => null);
    if (answer === null) return unsure;
    if (response.ok) return { sent: answer.id };
    if (response.status === 409) return { again: true };
    const seconds = Number(response.headers.get("Retry-After")) || 1;
    if (response.status === 429) return { later: seconds, unsure: false, reason: this.say("tooFast", { count: seconds }) };
    if ([401, 403, 404, 408].includes(response.status)) {
      this.#trouble(response.status);
      return { later: 1, unsure: false };
    }
    return { never: this.say("refused") };
  }

  /** The first message: a token is asked for only now, so that who writes nothing leaves nothing. */
  async #begin() {
    const response = await this.#fetch("session", { json: {} });
    if (!response?.ok) {
      this.#trouble(response?.status ?? 0);
      return false;
    }
    const { token } = await response.json();
    const counts = await page.keep(token);
    if (this.#token === null) this.#listen(counts);
    return true;
  }

  #forget() {
    page.say("forget", { token: this.#token });
    this.#stream?.stop();
    this.#token = null;
    this.thread.clear();
  }

  async #leaveEmail(address) {
    return (await this.#fetch("email", { json: { email: address } }))?.status ?? 0;
  }

  async #judge(message, verdict) {
    return (await this.#fetch("feedback", { json: { message, verdict } }))?.ok ?? false;
  }

  /** The response; null when none came. */
  async #fetch(path, { json, query = {} } = {}) {
    const address = new URL(path, API);
    for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
    const headers = this.#token === null ? {} : { Authorization: `Bearer ${this.#token}` };
    const options = { headers, cache: "no-store", signal: AbortSignal.timeout(POST_TIMEOUT) };
    if (json !== undefined) {
      headers["Content-Type"] = "application/json";
      // keepalive: what was sent arrives although the visitor goes on to another page.
      Object.assign(options, { method: "POST", body: JSON.stringify(json), keepalive: true });
    }
    return fetch(address, options).catch(() => null);
  }

  #trouble(status) {
    if (status === 401) this.#forget();
    if (status === 403 || status === 404) this.#banner("unavailable");
    else if (this.#bannerTimer === 0) this.#bannerTimer = setTimeout(() => this.#banner("lost"), 1500);
  }

  #well() {
    clearTimeout(this.#bannerTimer);
    this.#bannerTimer = 0;
    this.#banner("");
  }

  #banner(key) {
    const text = key === "" ? "" : this.say(key);
    if (byId("banner").textContent !== text) byId("banner").textContent = text;
  }

  /** Somebody looks at the page, or the network is back. */
  #back({ anew = false } = {}) {
    if (this.#open && !document.hidden) this.#read();
    this.#stream?.wake({ anew });
    this.outbox?.wake();
  }

  #read() {
    if (this.#unread === 0) return;
    this.#unread = 0;
    page.say("unread", { count: 0 });
  }

  #close() {
    // From here on what arrives is unread, whenever the page around takes the panel away.
    this.#open = false;
    page.say("close");
  }

  #key(event) {
    if (event.key === "Escape" && !event.isComposing) this.#close();
    if (event.key !== "Tab" || !this.#modal) return;
    const stops = [...document.querySelectorAll("a[href], button, textarea, input, [tabindex='0']")].filter(
      (stop) => stop.checkVisibility?.() ?? stop.offsetParent !== null,
    );
    const [first, last] = [stops[0], stops[stops.length - 1]];
    if (document.activeElement !== (event.shiftKey ? first : last)) return;
    event.preventDefault();
    (event.shiftKey ? last : first).focus();
  }
}

const chat = new Chat();
let started = false;
const page = new Page((said) => {
  if (said.type === "init") {
    if (!started) chat.start(said);
    started = true;
    page.say("ready");
  } else if (!started) {
    return;
  } else if (said.type === "show") {
    chat.shown = said;
  } else if (said.type === "token") {
    chat.token = said.token;
  }
});

// Opened by itself the frame is a page of its own, which remembers nobody.
if (window.parent === window) {
  started = true;
  document.documentElement.classList.add("alone");
  chat.start({ token: null, locales: [...navigator.languages] });
  chat.shown = { open: true, modal: false, focus: true, text: "" };
}
