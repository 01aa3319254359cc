// The line above the messages: that the connection is lost, or the chat is not here. A short loss is not told.

const PATIENCE = 1500;

export class Banner {
  #line;
  #say;
  #timer = 0;

  constructor(line, say) {
    this.#line = line;
    this.#say = say;
  }

  /** The server could not be reached, or refused with this status (0: no answer). */
  trouble(status) {
    if (status === 403 || status === 404) this.show(this.#say("unavailable"));
    else if (this.#timer === 0) this.#timer = setTimeout(() => this.show(this.#say("lost")), PATIENCE);
  }

  /** The server was reached. */
  well() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.show("");
  }

  show(text) {
    // The same words again are not announced again.
    if (this.#line.textContent !== text) this.#line.textContent = text;
  }
}
