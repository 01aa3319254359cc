// The frame: puts the pieces together and talks to the server and to the loader on the page around it.
import { Banner } from "./banner.js";
import { Composer } from "./composer.js";
import { EmailForm } from "./email.js";
import { FilePicker, sizeOf } from "./files.js";
import { Header } from "./header.js";
import { Intro } from "./intro.js";
import { Labels } from "./labels.js";
import { Outbox, outcome } from "./outbox.js";
import { Page, isToken } from "./page.js";
import { Server, backOff } from "./server.js";
import { openStream } from "./share.js";
import { Thread } from "./thread.js";
import { keepFocus } from "./trap.js";
import { Typing } from "./typing.js";

/** What the loader keeps in place of a token once the site has signed the visitor in: that somebody has written. */
const SIGNED_IN = "identified";
const byId = (id) => document.getElementById(id);

class Chat {
  #server = new Server();
  #stream = null;
  /** The site has said who the visitor is. */
  #identified = false;
  /** Under way: the site is about to say so. */
  #identifying = null;
  #live = false;
  #modal = false;
  #hello = null;
  #labels = null;
  #intro = { greeting: "", disclosure: "" };

  start({ token, locales }) {
    this.locales = locales;
    this.#labels = new Labels(locales);
    // All parts ask here anew for each word, so that they speak on in another language when the conversation does.
    const say = (this.say = (key, values) => this.#labels.say(key, values));
    this.#labels.write();
    this.header = new Header({ face: byId("face"), name: byId("name"), line: byId("line") }, say);
    this.typing = new Typing(byId("typing"), byId("typing-text"));
    this.banner = new Banner(byId("banner"), say);
    this.thread = new Thread({
      log: byId("log"),
      scroller: byId("scroller"),
      more: byId("more"),
      locale: () => this.#labels.locale,
      say,
      choose: (text) => this.send(text),
      judge: (id, verdict) => this.#judge(id, verdict),
      fetch: (id, number) => this.#server.file(id, number),
    });
    this.outbox = new Outbox({ post: (entry) => this.#post(entry), thread: this.thread, show: (one) => this.#show(one) });
    const write = (text) => this.send(text);
    this.composer = new Composer({ form: byId("composer"), box: byId("box"), left: byId("left"), say, send: write });
    const form = (id, done) => new EmailForm({ form: byId(id), say, leave: (address) => this.#mail(id, address), done });
    this.email = form("email", "emailThanks");
    this.transcript = form("transcript", "transcriptThanks");
    this.intro = new Intro({
      form: byId("intro"),
      say,
      done: () => {
        this.#ready();
        this.composer.focus();
      },
    });
    const send = (file) => this.#sendFile(file);
    this.picker = new FilePicker({ button: byId("attach"), input: byId("file"), zone: byId("app"), box: byId("box"), send });
    byId("close").addEventListener("click", () => page.say("close"));
    byId("mail").addEventListener("click", () => this.transcript.show(byId("transcript").hidden));
    document.addEventListener("keydown", (event) => this.#key(event));
    document.addEventListener("visibilitychange", () => document.hidden || this.#back());
    window.addEventListener("online", () => this.#back({ anew: true }));
    if (isToken(token)) this.#listen(token);
    this.#introduce();
  }

  /** The conversation goes on in the language of the reply: so does the widget, where it has the words (ANS-6). */
  #follow({ sender, language }) {
    if (sender === "contact" || !this.#labels.follow(language)) return;
    this.thread.retell();
    this.header.retell();
    this.#title();
  }

  /** The panel was opened or closed. */
  set shown({ open, modal, focus, text }) {
    this.#modal = modal;
    if (!open) return;
    if (text) this.composer.text = text;
    if (focus && this.intro.open) this.intro.focus();
    else if (focus) this.composer.focus();
    this.thread.toEnd();
    this.#back();
  }

  /** Another tab began the chat, or the visitor was signed in there, so that this one's token is worth nothing. */
  set token(token) {
    if (this.#identified) return;
    if (this.#server.token === null && isToken(token)) this.#listen(token);
    else if (this.#server.token !== null && token === SIGNED_IN) this.leave();
  }

  send(text) {
    this.email.hide();
    this.outbox.add(text);
  }

  /** The site says who the visitor is: {jwt}, as it has signed it. What was written before goes on under that name. */
  identify({ jwt }) {
    this.#identifying = this.#exchange(jwt).finally(() => (this.#identifying = null));
  }

  async #exchange(jwt) {
    const { token: before } = this.#server;
    const { token, same, refused } = await this.#server.identify(jwt);
    if (refused !== undefined) {
      page.tell("refused", refused);
      return;
    }
    if (this.#identified && !same) this.thread.clear();
    // Nothing of who it is stays in the browser: the site says it anew on each page.
    if (isToken(before)) page.say("keep", { token: SIGNED_IN, instead: before });
    this.#identified = true;
    this.#listen(token);
    page.tell("identified");
  }

  /** The visitor has signed out: nothing is left of the thread. */
  leave() {
    this.#stream?.stop();
    this.#stream = null;
    this.#server.token = null;
    this.#identified = false;
    this.intro.values = null;
    this.thread.clear();
    this.transcript.hide();
    this.email.hide();
    if (this.#hello === null) return;
    this.#head(this.#hello.state);
    this.#ready();
  }

  /** What the visitor can do now: write, or first say who they are. */
  #ready() {
    const { ask = [], identity, attachments = null, transcript = false } = this.#hello ?? {};
    const known = this.#server.token !== null || this.intro.values !== null;
    const barred = identity === "required" && !this.#identified;
    if (ask.length > 0 && !known && !barred) {
      if (!this.intro.open) this.intro.show(ask);
    } else this.intro.hide();
    byId("composer").hidden = this.intro.open || barred;
    byId("barred").hidden = !barred;
    byId("attach").hidden = attachments === null;
    byId("mail").hidden = !transcript || this.#server.token === null;
  }

  #sendFile(file) {
    const { attachments } = this.#hello ?? {};
    if (!attachments || byId("composer").hidden) return;
    if (file.size > attachments.largest) {
      const most = sizeOf(attachments.largest, this.#labels.locale);
      this.thread.note(this.say("fileTooLarge", { name: file.name, size: most }), { alert: true });
      return;
    }
    this.email.hide();
    this.outbox.add("", file);
  }

  /** The greeting and the disclosure, before anything is written and however long the server takes. */
  async #introduce() {
    // It came with the page, except for a visitor who has written: who has the conversation is not in the page.
    const said = byId("hello").textContent;
    if (said !== "" && this.#server.token === null) this.#welcome(JSON.parse(said));
    for (let tries = 0; this.#hello === null; tries += 1) {
      const response = await this.#server.ask("hello", { query: { locale: this.locales.join(",") } });
      if (response?.ok) {
        this.#welcome(await response.json());
        return;
      }
      this.#trouble(response?.status ?? 0);
      await backOff(tries);
    }
  }

  #welcome(hello) {
    this.#hello = hello;
    this.header.hello = hello;
    this.thread.agentName = hello.agent;
    this.composer.max = hello.max_text;
    byId("file").accept = (hello.attachments?.types ?? []).join(",");
    this.#labels.hello = hello;
    this.#title();
    if (hello.look) page.say("look", { look: hello.look });
    this.#intro = { greeting: hello.greeting, disclosure: hello.disclosure };
    // The disclosure is the first thing that is read (ASG-4).
    if (hello.disclosure) this.thread.introduce(hello.disclosure, "disclosure", hello);
    if (hello.greeting) this.thread.introduce(hello.greeting, "greeting", hello);
    this.#head(hello.state);
    this.banner.well();
    this.#ready();
    if (this.#server.token !== null) this.#listen(this.#server.token);
    page.tell("ready");
    // To look at what stands where lays the page out, fonts and all: the browser does that by itself in a moment.
    requestAnimationFrame(() => this.thread.toEnd());
  }

  #title() {
    if (this.#hello === null) return;
    const { title } = this.#labels;
    document.title = title;
    byId("app").setAttribute("aria-label", title);
    page.say("named", { title });
  }

  /** Hear of a conversation; of one that has just `begun` here, nothing that comes is old. */
  #listen(token, { begun = false } = {}) {
    this.#server.token = token;
    // Names come with the hello: messages are shown when it is there.
    if (this.#hello === null) return;
    this.#stream?.stop();
    this.thread.replaying = !begun;
    this.#live = begun;
    this.#ready();
    this.#stream = openStream({
      address: this.#server.address("events"),
      token,
      // Two signs of life may be missed.
      silence: 2.25 * 1000 * this.#hello.heartbeat,
      hear: {
        opened: () => {
          this.banner.well();
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
    else if (name === "closed" && value.reason === "elsewhere") this.banner.show(this.say("elsewhere"));
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
    if (this.#live) page.tell("message", { id: message.id, sender: message.sender });
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
    this.typing.show(on ? this.say("typing", { name: byId("name").textContent }) : "");
    if (on) this.thread.follow();
  }

  async #post(entry) {
    await this.#identifying;
    if (this.#server.token === null && !(await this.#begin())) return { later: 0, unsure: false };
    const asked = this.intro.values;
    const message = { client_msg_id: entry.id, text: entry.text, language: this.locales[0] ?? "" };
    if (asked !== null && Object.keys(asked).length > 0) message.asked = asked;
    const told = (share) => this.thread.progress(entry.element, share);
    const { status, answer, wait } = await this.#server.post(message, entry.file, told);
    if (status === 202) {
      this.intro.values = null;
      if (this.#identified) page.say("keep", { token: SIGNED_IN });
    }
    if ([401, 403, 404, 408].includes(status)) this.#trouble(status);
    return outcome({ status, answer, wait }, this.say);
  }

  /** The first message: a token is asked for only now, so that who writes nothing leaves nothing. */
  async #begin() {
    // Somebody whom the site has to name again is not somebody new.
    if (this.#identified || this.#hello?.identity === "required") return false;
    const response = await this.#server.ask("session", { json: {} });
    if (!response?.ok) {
      this.#trouble(response?.status ?? 0);
      return false;
    }
    const { token } = await response.json();
    const counts = await page.keep(token);
    if (this.#server.token === null) this.#listen(counts, { begun: counts === token });
    return true;
  }

  #forget() {
    this.#stream?.stop();
    if (this.#identified) {
      // It has run out. What is written waits for the site to name the visitor anew.
      this.#server.token = null;
      page.tell("expired");
      return;
    }
    page.say("forget", { token: this.#server.token });
    this.#server.token = null;
    this.thread.clear();
  }

  async #mail(path, address) {
    const { language } = this.#labels;
    return (await this.#server.ask(path, { json: { email: address, language } }))?.status ?? 0;
  }

  async #judge(message, verdict) {
    return (await this.#server.ask("feedback", { json: { message, verdict } }))?.ok ?? false;
  }

  #trouble(status) {
    if (status === 401) this.#forget();
    this.banner.trouble(status);
  }

  /** Somebody looks at the page, or the network is back. */
  #back({ anew = false } = {}) {
    this.#stream?.wake({ anew });
    this.outbox?.wake();
  }

  #key(event) {
    if (event.key === "Escape" && !event.isComposing) page.say("close");
    if (event.key === "Tab" && this.#modal) keepFocus(event);
  }
}

const chat = new Chat();
let started = false;
const start = (said) => {
  started = true;
  chat.start(said);
  page.say("ready");
};
const page = new Page((said) => {
  if (said.type === "init" && !started) start(said);
  else if (!started) return;
  else if (said.type === "show") chat.shown = said;
  // Of a frame that began by itself, the page may know more by now.
  else if (said.type === "token" || said.type === "init") chat.token = said.token;
  else if (said.type === "identify") chat.identify(said);
  else if (said.type === "logout") chat.leave();
});

// Who is new has no token to wait for, and the address says the rest.
const address = new URLSearchParams(location.search);
if (address.has("new") && page.near) start({ token: null, locales: (address.get("locale") ?? "").split(",").filter(Boolean) });

// Opened by itself the frame is a page of its own, which remembers nobody.
if (window.parent === window) {
  started = true;
  document.documentElement.classList.add("alone");
  chat.start({ token: null, locales: [...navigator.languages] });
  chat.shown = { open: true, modal: false, focus: true, text: "" };
}
