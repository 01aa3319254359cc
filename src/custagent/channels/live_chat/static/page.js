// The page around the frame: what is said to it, and what it says.

const TOKEN = /^[\w-]{43}$/;

/** Its origin has to be one that the server lists, and all that is said goes to it alone. */
export class Page {
  #origin = null;
  #hear;
  #kept = null;

  /** `hear(said)` is called with each of its messages. */
  constructor(hear) {
    this.#hear = hear;
    const listed = document.querySelector("meta[name=custagent-parents]").content.split(" ");
    const allowed = new Set([location.origin, ...listed.filter(Boolean)]);
    // Some browsers name it before it speaks.
    const around = location.ancestorOrigins?.[0];
    if (allowed.has(around)) this.#origin = around;
    window.addEventListener("message", (event) => {
      if (event.source !== window.parent || event.source === window || !allowed.has(event.origin)) return;
      if (event.data?.source !== "custagent" || (this.#origin ?? event.origin) !== event.origin) return;
      this.#origin = event.origin;
      this.#take(event.data);
    });
  }

  /** Whether it can be spoken to. */
  get near() {
    return this.#origin !== null;
  }

  say(type, values = {}) {
    if (this.near) window.parent.postMessage({ source: "custagent", type, ...values }, this.#origin);
  }

  /** What the site's own script hears: custagent("on", name, …). */
  tell(name, told) {
    this.say("event", { name, told });
  }

  /** Keeps a new token, and tells which one counts: another tab may have been quicker. */
  keep(token) {
    return new Promise((resolve) => {
      if (!this.near) return resolve(token);
      const done = (this.#kept = (counts) => {
        this.#kept = null;
        resolve(counts);
      });
      this.say("keep", { token });
      setTimeout(() => this.#kept === done && done(token), 2000);
    });
  }

  #take(said) {
    // Who has asked is told; nobody else began anything.
    if (said.type === "token" && this.#kept !== null && isToken(said.token)) this.#kept(said.token);
    else this.#hear(said);
  }
}

/** Whether it is a token of a visitor whom nobody has signed in. */
export function isToken(text) {
  return TOKEN.test(text ?? "");
}
