// That an answer is being written: seen as dots, and told to screen readers once.

/** An answer takes at most so long; a stop that was lost ends then. */
const LONGEST = 60_000;

export class Typing {
  #dots;
  #told;
  #timer = 0;

  constructor(dots, told) {
    this.#dots = dots;
    this.#told = told;
  }

  /** `words` is what is told, "" when nobody writes. */
  show(words) {
    clearTimeout(this.#timer);
    this.#dots.hidden = words === "";
    this.#told.textContent = words;
    if (words !== "") this.#timer = setTimeout(() => this.show(""), LONGEST);
  }
}
