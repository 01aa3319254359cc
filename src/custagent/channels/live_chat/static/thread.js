// The list of messages. Each id is shown once, in the order of ids; what is not sent yet stands at the end.
import { fileList } from "./files.js";
import { body } from "./markup.js";
import { thumbs } from "./thumbs.js";
import { directionOf } from "./texts.js";
import { element, initials, link, sign, webAddress } from "./words.js";

export class Thread {
  #log;
  #scroller;
  #more;
  #say;
  #locale;
  #choose;
  #judge;
  #fetch;
  #shown = new Map();
  agentName = "";
  /** A person answers behind the agent's face (HND-3). */
  keepsFace = false;

  /**
   * `choose(text)` is called with the option that the visitor picked, `judge(id, verdict)` with what they think of a
   * reply: it tells whether that was kept. `fetch(id, number)` brings a message's file.
   */
  constructor({ log, scroller, more, say, locale, choose, judge, fetch }) {
    this.#log = log;
    this.#scroller = scroller;
    this.#more = more;
    this.#say = say;
    this.#locale = locale;
    this.#choose = choose;
    this.#judge = judge;
    this.#fetch = fetch;
    scroller.addEventListener("scroll", () => this.#atEnd() && (more.hidden = true), { passive: true });
    more.addEventListener("click", () => this.toEnd());
  }

  /** While older messages come in, screen readers are not told each of them. */
  set replaying(on) {
    this.#log.setAttribute("aria-live", on ? "off" : "polite");
    this.#log.setAttribute("aria-busy", String(on));
  }

  has(id) {
    return this.#shown.has(id);
  }

  /** Show a message of the server; one that is there already only gets the server's words. */
  show(message) {
    const there = this.#shown.get(message.id);
    if (there) {
      this.#write(there.querySelector(".bubble"), message.text);
      return;
    }
    const made = this.#message(message);
    this.#shown.set(message.id, made);
    const stay = !this.#atEnd();
    this.#place(made, message.id);
    if (message.sender === "contact") this.#spendOptions();
    if (message.options.length > 0) made.insertBefore(this.#options(message.options), made.querySelector(".thumbs"));
    if (stay && message.sender !== "contact") this.#more.hidden = false;
    else this.#reveal(made);
  }

  /** A line that nobody said: what the visitor sees first, or that somebody joined. */
  note(text, { alert = false } = {}) {
    const made = element("p", { className: alert ? "note alert" : "note", set: alert ? { role: "alert" } : {} }, text);
    this.#log.insertBefore(made, this.#firstPending());
    if (this.#atEnd()) this.toEnd();
  }

  /** What is said before anything is written: by the agent, or in the name of the company. */
  introduce(text, kind, { company, language }) {
    const sender = this.agentName ? "agent" : "person";
    const made = this.#message({ sender, kind, author: company, language, text, sources: [], at: "" });
    const first = [...this.#log.children].find((child) => !child.dataset.intro) ?? null;
    made.dataset.intro = "true";
    this.#log.insertBefore(made, first);
  }

  /** The visitor's message, before the server has it. */
  pend(text, retry, file = null) {
    const attachments = file && [{ name: file.name, size: file.size, media_type: file.type, available: true }];
    const made = this.#message({ sender: "contact", kind: "inbound", author: "", text, sources: [], at: "", attachments, file });
    if (file) made.append(element("progress", { max: 1, value: 0, set: { "aria-label": this.#say("uploading", { name: file.name }) } }));
    made.classList.add("pending");
    made.append(element("p", { className: "state" }));
    made.retry = retry;
    this.#spendOptions();
    this.#log.append(made);
    this.toEnd();
    return made;
  }

  /** How sending goes: "sending", "failed" (it will be tried again) or "refused" (it will not). */
  mark(made, state, reason = "") {
    made.dataset.state = state;
    const line = made.querySelector(".state");
    if (state === "sending") {
      line.removeAttribute("role");
      line.replaceChildren(this.#say("sending"));
      return;
    }
    const told = reason || this.#say(state);
    // The same words again are not announced again.
    if (line.dataset.told === told && line.getAttribute("role") === "alert") return;
    line.dataset.told = told;
    line.setAttribute("role", "alert");
    line.replaceChildren(told);
    if (state === "failed") {
      const button = element("button", { type: "button", className: "retry" }, this.#say("retry"));
      button.addEventListener("click", () => made.retry());
      line.append(" ", button);
    }
  }

  /** How much of a file has gone, 0 to 1. */
  progress(made, share) {
    const bar = made.querySelector("progress");
    if (bar) bar.value = share;
  }

  /** The server has it, under this id. */
  confirm(made, id) {
    if (this.#shown.has(id)) {
      made.remove();
      return;
    }
    made.classList.remove("pending");
    delete made.dataset.state;
    made.querySelector(".state").remove();
    made.querySelector("progress")?.remove();
    made.querySelector("time").replaceWith(this.#time(new Date().toISOString()));
    this.#shown.set(id, made);
    this.#place(made, id);
  }

  /** The words around the messages once more, in the language of the moment. */
  retell() {
    for (const named of this.#log.querySelectorAll("[data-say]")) named.textContent = this.#say(named.dataset.say);
    for (const labelled of this.#log.querySelectorAll("[data-say-label]")) {
      labelled.setAttribute("aria-label", this.#say(labelled.dataset.sayLabel));
    }
    for (const time of this.#log.querySelectorAll("time[datetime]")) time.replaceWith(this.#time(time.dateTime));
    for (const bubble of this.#log.querySelectorAll(".bubble")) {
      const { text } = bubble.dataset;
      delete bubble.dataset.text;
      this.#write(bubble, text);
    }
  }

  clear() {
    for (const made of this.#shown.values()) made.remove();
    for (const note of this.#log.querySelectorAll(".note")) note.remove();
    this.#shown.clear();
  }

  /** Something below the messages has grown. */
  follow() {
    if (this.#atEnd()) this.toEnd();
  }

  toEnd() {
    this.#more.hidden = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #atEnd() {
    return this.#scroller.scrollHeight - this.#scroller.scrollTop - this.#scroller.clientHeight < 80;
  }

  /** A long answer is read from its first line. */
  #reveal(made) {
    this.toEnd();
    const over = made.getBoundingClientRect().top - this.#scroller.getBoundingClientRect().top;
    if (over < 0) this.#scroller.scrollTop += over - 12;
  }

  #firstPending() {
    return this.#log.querySelector(".pending");
  }

  #place(made, id) {
    made.dataset.id = String(id);
    const later = [...this.#log.children].find(
      (child) => child !== made && (child.classList.contains("pending") || Number(child.dataset.id ?? 0) > id),
    );
    // Moving an element that is in its place already would make screen readers say it again.
    if (!made.isConnected || made.nextElementSibling !== (later ?? null)) this.#log.insertBefore(made, later ?? null);
  }

  #message({ id, sender, kind, author, language = "", text, sources, at, feedback = null, attachments = [], file = null }) {
    const made = element("div", { className: `message ${sender} ${kind}` });
    made.append(this.#who(sender, author, at));
    if (sender !== "contact") made.append(this.#face(sender, author));
    const bubble = element("div", { className: "bubble", dir: "auto" });
    // A reply's language is known; what a visitor or a person types may be in any.
    if (sender === "agent" && language) Object.assign(bubble, { lang: language, dir: directionOf(language) });
    made.append(bubble);
    this.#write(bubble, text);
    if (attachments?.length > 0) {
      const fetch = (number) => this.#fetch(Number(made.dataset.id), number);
      made.append(fileList({ attachments, say: this.#say, locale: this.#locale(), fetch, content: file }));
    }
    if (sources.length > 0) made.append(this.#sources(sources));
    if (feedback !== null) {
      made.append(thumbs({ verdict: feedback, say: this.#say, give: (verdict) => this.#judge(id, verdict) }));
    }
    return made;
  }

  #write(bubble, text) {
    if (bubble.dataset.text === text) return;
    bubble.dataset.text = text;
    const marks = bubble.closest(".contact") === null;
    bubble.replaceChildren(body(text, this.#say("newWindow"), { marks }));
  }

  #who(sender, author, at) {
    const line = element("p", { className: "who" });
    const name = { contact: this.#say("you"), agent: this.agentName || this.#say("agent"), person: author }[sender];
    line.append(element("span", { className: sender === "contact" ? "name unseen" : "name", dir: "auto" }, name));
    if (sender === "agent") line.append(" ", element("span", { className: "mark", set: { "data-say": "ai" } }, this.#say("ai")));
    line.append(element("span", { className: "unseen" }, ": "), at ? this.#time(at) : element("time"));
    return line;
  }

  #face(sender, author) {
    const face = element("span", { className: "face", set: { "aria-hidden": "true" } });
    face.append(sender === "agent" || this.keepsFace ? sign("spark") : initials(author) || "·");
    return face;
  }

  #time(at) {
    const moment = new Date(at);
    const today = moment.toDateString() === new Date().toDateString();
    const style = { hour: "2-digit", minute: "2-digit", ...(today ? {} : { day: "numeric", month: "short" }) };
    return element("time", { dateTime: at }, moment.toLocaleString(this.#locale(), style));
  }

  #sources(sources) {
    const list = element("ul", {
      className: "sources",
      set: { "aria-label": this.#say("sources"), "data-say-label": "sources" },
    });
    for (const { title, url } of sources) {
      const address = url === null ? null : webAddress(url);
      const item = element("li", {}, sign(address === null ? "page" : "link"));
      if (address === null) {
        item.append(
          element("span", { dir: "auto" }, title),
          element("span", { className: "unseen" }, ` ${this.#say("file")}`),
        );
      } else {
        const anchor = link(address, title, this.#say("newWindow"));
        anchor.dir = "auto";
        item.append(anchor);
      }
      if (address !== null) item.append(element("span", { className: "host", dir: "ltr" }, new URL(address).host));
      // The text names each page by its place in this list.
      if (sources.length > 1) item.append(element("span", { className: "number" }, ` [${list.children.length + 1}]`));
      list.append(item);
    }
    return list;
  }

  #options(options) {
    const group = element("div", {
      className: "options",
      role: "group",
      set: { "aria-label": this.#say("options"), "data-say-label": "options" },
    });
    for (const option of options) {
      const button = element("button", { type: "button", dir: "auto" }, option);
      button.addEventListener("click", () => this.#choose(option));
      group.append(button);
    }
    return group;
  }

  /** A question back is answered by what is written next, so its options go. */
  #spendOptions() {
    for (const group of this.#log.querySelectorAll(".options")) group.remove();
  }
}
