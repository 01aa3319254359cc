// What the visitor wrote and the server has not confirmed yet. It is sent in order, one at a time, until it is there.

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;
const LONGEST_HOLD = 10_000;

/** A version 4 UUID; `crypto.randomUUID` is missing on pages without TLS. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** What an answer of the server means for what was sent. */
export function outcome({ status, answer, wait }, say) {
  if (status === 0 || status >= 500 || answer === null) return { later: 0, unsure: true };
  if (status < 300) return { sent: answer.id };
  if (status === 409) return { again: true };
  if (status === 429) return { later: wait, unsure: false, reason: say("tooFast", { count: wait }) };
  if ([401, 403, 404, 408].includes(status)) return { later: 1, unsure: false };
  return { never: answer.error?.code === "file-kind" ? say("fileKind") : say("refused") };
}

/**
 * `post(entry)` sends one and tells what became of it:
 *   {sent: id} | {later: seconds, unsure, reason} | {never: reason} | {again: true}
 * `unsure` means that the server may have it all the same: the next try, with the same id, will tell.
 */
export class Outbox {
  #queue = [];
  #held = [];
  #busy = false;
  #unsure = false;
  #unsureSince = 0;
  #failures = 0;
  #timer = 0;

  constructor({ post, thread, show }) {
    this.post = post;
    this.thread = thread;
    this.show = show;
  }

  /** A text, or a file. */
  add(text, file = null) {
    const entry = { id: uuid(), text, file, element: null };
    entry.element = this.thread.pend(text, () => this.wake(), file);
    this.#queue.push(entry);
    this.wake();
  }

  /** Try now. */
  wake() {
    clearTimeout(this.#timer);
    if (!this.#busy) this.#drain();
  }

  /** A message from the stream: shown now, or after the one that is just being sent, which it may be itself. */
  arrived(message) {
    this.#held.push(message);
    this.#release();
  }

  #release() {
    const patience = performance.now() - this.#unsureSince < LONGEST_HOLD;
    if (this.#busy || (this.#unsure && patience)) return;
    for (const message of this.#held.splice(0)) this.show(message);
  }

  async #drain() {
    this.#busy = true;
    while (this.#queue.length > 0) {
      const entry = this.#queue[0];
      this.thread.mark(entry.element, "sending");
      const result = await this.post(entry);
      if (result.again) {
        entry.id = uuid();
        continue;
      }
      if (result.later !== undefined) {
        this.#wait(result);
        break;
      }
      this.#queue.shift();
      this.#unsure = false;
      this.#failures = 0;
      if (result.never !== undefined) this.thread.mark(entry.element, "refused", result.never);
      else this.thread.confirm(entry.element, result.sent);
    }
    this.#busy = false;
    this.#release();
  }

  #wait({ later, unsure, reason }) {
    for (const entry of this.#queue) this.thread.mark(entry.element, "failed", reason);
    if (unsure && !this.#unsure) this.#unsureSince = performance.now();
    this.#unsure = unsure;
    const backOff = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#failures) * (0.75 + Math.random() / 2);
    this.#failures = Math.min(this.#failures + 1, 10);
    this.#timer = setTimeout(() => this.wake(), Math.max(later * 1000, backOff));
  }
}
