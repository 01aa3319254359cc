// Where the visitor writes: grows with the text, Enter sends, Shift and Enter makes a line, composing never sends.

const SHOW_LEFT_BELOW = 400;

export class Composer {
  #box;
  #left;
  #say;
  max = 4000;

  constructor({ form, box, left, say, send }) {
    this.#box = box;
    this.#left = left;
    this.#say = say;
    box.addEventListener("input", () => this.#changed());
    box.addEventListener("keydown", (event) => {
      // 229: Safari ends composing before it reports the Enter that ended it.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      form.requestSubmit();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = box.value.trim();
      if (text === "" || [...text].length > this.max) return;
      this.text = "";
      box.focus();
      send(text);
    });
  }

  set text(text) {
    this.#box.value = text;
    this.#changed();
  }

  get text() {
    return this.#box.value;
  }

  focus() {
    this.#box.focus();
    this.#box.setSelectionRange(this.#box.value.length, this.#box.value.length);
  }

  #changed() {
    this.#box.style.height = "auto";
    this.#box.style.height = `${this.#box.scrollHeight}px`;
    const left = this.max - [...this.#box.value.trim()].length;
    const text = left < 0 ? this.#say("tooLong", { count: -left }) : this.#say("left", { count: left });
    this.#left.textContent = left < SHOW_LEFT_BELOW ? text : "";
    this.#box.setAttribute("aria-invalid", String(left < 0));
    this.#box.form.classList.toggle("empty", this.#box.value.trim() === "");
  }
}
