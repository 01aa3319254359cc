// One stream for all tabs of a visitor: a browser opens six connections to a server, and each tab would keep one of them.
// The tab that holds a lock has the stream and tells the others what it brings. Where a browser has no such lock, or gives
// none to a frame on another site, or the tab that holds it has fallen asleep, a tab has a stream of its own.
import { EventStream } from "./stream.js";

/** How long the tab with the stream may take to answer, milliseconds. */
const PATIENCE = 3000;

/** A stream that this tab may share: `options` and the rest as EventStream's. */
export function openStream(options) {
  try {
    const name = `custagent ${nameOf(options.token)}`;
    return new SharedStream(name, new BroadcastChannel(name), options);
  } catch {
    return new EventStream(options);
  }
}

/** Tabs of one visitor meet under it; the token cannot be read from it (FNV-1a, twice). */
function nameOf(token) {
  return [2166136261, 40389]
    .map((start) => [...token].reduce((sum, sign) => Math.imul(sum ^ sign.charCodeAt(0), 16777619), start) >>> 0)
    .join("-");
}

class SharedStream {
  #channel;
  #options;
  #hear;
  #name;
  #own = null;
  #stopped = new AbortController();
  #release = () => {};
  #leads = false;
  /** What the stream has brought: messages by their ids, and the last of each other kind. */
  #messages = new Map();
  #states = new Map();
  #live = false;
  #timer = 0;
  #watch = 0;
  #heardAt = performance.now();

  constructor(name, channel, options) {
    this.#name = name;
    this.#channel = channel;
    this.#options = options;
    this.#hear = options.hear;
    channel.addEventListener("message", (event) => this.#told(event.data));
    const { signal } = this.#stopped;
    navigator.locks.request(name, { signal }, () => this.#lead()).catch(() => signal.aborted || this.#open());
    this.#watch = setInterval(() => this.#look(), options.silence / 3);
    this.#ask();
  }

  /** Try now: somebody looks at the page, or the network is back. */
  wake({ anew = false } = {}) {
    if (this.#own !== null) this.#own.wake({ anew });
    else this.#ask();
  }

  stop() {
    this.#stopped.abort();
    this.#release();
    this.#own?.stop();
    clearTimeout(this.#timer);
    clearInterval(this.#watch);
    this.#channel.close();
  }

  get #last() {
    return Math.max(0, ...this.#messages.keys());
  }

  #lead() {
    this.#leads = true;
    this.#open();
    return new Promise((resolve) => (this.#release = resolve));
  }

  #open() {
    clearTimeout(this.#timer);
    if (this.#own !== null || this.#stopped.signal.aborted) return;
    const after = this.#last;
    const hear = {
      opened: () => this.#both({ opened: true }),
      lost: (status) => this.#both({ lost: status }),
      alive: () => this.#tell({ alive: true }),
      event: (name, value) => this.#both({ name, value }),
    };
    this.#own = new EventStream({ ...this.#options, hear, after: after > 0 ? String(after) : "" });
  }

  /** To this tab, and to the others where this one leads. */
  #both(said) {
    this.#take(said);
    this.#tell(said);
  }

  #tell(said) {
    if (this.#leads) this.#channel.postMessage(said);
  }

  #ask() {
    if (this.#own !== null) return;
    this.#channel.postMessage({ asks: this.#last });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), PATIENCE);
  }

  #told(said) {
    if ("asks" in said) {
      if (!this.#leads) return;
      this.#own.wake();
      if (this.#live) this.#channel.postMessage({ past: this.#past(said.asks) });
      else this.#channel.postMessage({ alive: true });
      return;
    }
    this.#heardAt = performance.now();
    clearTimeout(this.#timer);
    if ("past" in said) {
      this.#take({ opened: true });
      for (const one of said.past) this.#take(one);
    } else if (!("alive" in said)) this.#take(said);
  }

  #past(after) {
    const messages = [...this.#messages].filter(([id]) => id > after).sort(([one], [other]) => one - other);
    const state = (name) => (this.#states.has(name) ? [{ name, value: this.#states.get(name) }] : []);
    // As the server tells it: who writes now comes last, for a message says that nobody does.
    return [
      ...state("header"),
      ...messages.map(([, value]) => ({ name: "message", value })),
      ...state("typing"),
      { name: "live", value: {} },
    ];
  }

  #take(said) {
    if (said.opened) this.#hear.opened();
    else if ("lost" in said) this.#hear.lost(said.lost);
    else if (said.name === "message") {
      // It may come from both: an own stream, and the tab that leads.
      if (this.#messages.has(said.value.id)) return;
      this.#messages.set(said.value.id, said.value);
      this.#hear.event("message", said.value);
    } else {
      this.#states.set(said.name, said.value);
      if (said.name === "live") this.#live = true;
      this.#hear.event(said.name, said.value);
    }
  }

  /** The tab with the stream gives signs of life as often as the server does. */
  #look() {
    if (this.#own === null && performance.now() - this.#heardAt > this.#options.silence) this.#ask();
  }
}
