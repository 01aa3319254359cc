// Server-sent events over fetch, because EventSource can send no token and gives up on any answer but 200.

const LONGEST_WAIT = 30_000;
const CONNECT_TIMEOUT = 15_000;

/** Splits a stream of text into events as the HTML standard says (server-sent events, §9.2.6). */
export class EventParser {
  #rest = "";
  #event = { name: "", data: [], id: null };

  constructor({ onEvent, onRetry }) {
    this.onEvent = onEvent;
    this.onRetry = onRetry;
  }

  feed(text) {
    this.#rest += text;
    // A line feed after a carriage return may still be on its way, so that one waits.
    const lines = this.#rest.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop();
    for (const line of lines) this.#line(line);
  }

  #line(line) {
    if (line === "") {
      const { name, data, id } = this.#event;
      this.#event = { name: "", data: [], id: null };
      if (data.length > 0) this.onEvent({ name: name || "message", data: data.join("\n"), id });
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#event.name = value;
    else if (field === "data") this.#event.data.push(value);
    else if (field === "id") this.#event.id = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.onRetry(Number(value));
  }
}

/**
 * A stream that comes back by itself, from where it was, with back-off and jitter.
 * `silence` is how long nothing may come before the connection counts as dead, milliseconds.
 */
export class EventStream {
  #address;
  #token;
  #silence;
  #hear;
  #lastId = "";
  #retry = 1000;
  #failures = 0;
  #abort = null;
  #wake = null;
  #stopped = false;
  #parked = false;

  /** `hear` is {event(name, value), opened(), lost(status), alive()}; it begins behind the message `after`. */
  constructor({ address, token, silence, hear, after = "" }) {
    this.#lastId = after;
    this.#address = address;
    this.#token = token;
    this.#silence = silence;
    this.#hear = hear;
    this.#run();
  }

  /** Try now: somebody looks at the page; or, `anew`, the network is back, and the old connection may be dead. */
  wake({ anew = false } = {}) {
    this.#parked = false;
    if (anew) this.#abort?.abort();
    this.#wake?.();
  }

  stop() {
    this.#stopped = true;
    this.#abort?.abort();
    this.#wake?.();
  }

  async #run() {
    while (!this.#stopped) {
      const refused = await this.#connect();
      if (this.#stopped) return;
      if (!this.#parked) this.#hear.lost(refused.status);
      await this.#pause(refused.after);
    }
  }

  /** Reads until the connection ends; tells the status that it was refused with (0: none) and how long to wait. */
  async #connect() {
    this.#abort = new AbortController();
    let watchdog = setTimeout(() => this.#abort.abort(), CONNECT_TIMEOUT);
    try {
      const headers = { Authorization: `Bearer ${this.#token}` };
      if (this.#lastId !== "") headers["Last-Event-ID"] = this.#lastId;
      const response = await fetch(this.#address, { headers, cache: "no-store", signal: this.#abort.signal });
      if (!response.ok) return { status: response.status, after: Number(response.headers.get("Retry-After")) * 1000 };
      this.#hear.opened();
      const parser = new EventParser({
        onEvent: (event) => this.#take(event),
        onRetry: (milliseconds) => (this.#retry = milliseconds),
      });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        clearTimeout(watchdog);
        watchdog = setTimeout(() => this.#abort.abort(), this.#silence);
        const { done, value } = await reader.read();
        if (done) break;
        this.#hear.alive?.();
        parser.feed(value);
      }
    } catch {
      // The connection failed, broke or fell silent: all of them mean to come back.
    } finally {
      clearTimeout(watchdog);
    }
    return { status: 0, after: 0 };
  }

  #take({ name, data, id }) {
    let value;
    try {
      value = JSON.parse(data);
    } catch {
      return;
    }
    if (name === "live") this.#failures = 0;
    if (name === "closed" && value.reason === "elsewhere") this.#parked = true;
    this.#hear.event(name, value);
    // Only what was dealt with counts as seen.
    if (id !== null) this.#lastId = id;
  }

  async #pause(after) {
    const backOff = Math.min(LONGEST_WAIT, this.#retry * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 10);
    const wait = Math.max(after || 0, backOff * (0.5 + Math.random() / 2));
    await new Promise((resolve) => {
      const timer = this.#parked ? 0 : setTimeout(resolve, wait);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }
}
