// What visitors are asked before their first message.
import { element } from "./words.js";

/** What browsers know of these two. */
const KNOWN = {
  name: { type: "text", autocomplete: "name" },
  email: { type: "email", autocomplete: "email", inputMode: "email" },
};

export class Intro {
  #form;
  #say;
  #done;
  #fields = [];
  /** By name, once the form was sent; null before. */
  values = null;

  /** `done()` is called when everything is filled in. */
  constructor({ form, say, done }) {
    this.#form = form;
    this.#say = say;
    this.#done = done;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  get open() {
    return !this.#form.hidden;
  }

  /** Ask for these, as [{name, label, required}]; label "" is one that the chat has words for. */
  show(asked) {
    const place = this.#form.querySelector("div");
    this.#fields = asked.map((one) => this.#field(one));
    place.replaceChildren(...this.#fields.map(({ whole }) => whole));
    this.#form.hidden = false;
  }

  hide() {
    this.#form.hidden = true;
  }

  focus() {
    this.#fields[0].input.focus();
  }

  #field({ name, label, required }) {
    const id = `ask-${name}`;
    const input = element("input", { id, maxLength: 200, required, ...(KNOWN[name] ?? { type: "text" }) });
    const title = element("label", { htmlFor: id }, label || this.#say(name === "email" ? "email" : "introName"));
    if (!required) title.append(" ", element("span", { className: "optional" }, this.#say("optional")));
    const wrong = element("p", { id: `${id}-wrong`, className: "wrong", set: { role: "alert" } });
    input.setAttribute("aria-describedby", wrong.id);
    return { name, input, wrong, required, whole: element("div", {}, title, input, wrong) };
  }

  #submit() {
    const faulty = this.#fields.filter((field) => {
      const { name, input, required, wrong } = field;
      const value = input.value.trim();
      let told = "";
      if (required && value === "") told = this.#say("introMissing");
      else if (name === "email" && value !== "" && !/^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$/.test(value)) told = this.#say("emailWrong");
      wrong.textContent = told;
      input.setAttribute("aria-invalid", String(told !== ""));
      return told !== "";
    });
    if (faulty.length > 0) {
      faulty[0].input.focus();
      return;
    }
    this.values = Object.fromEntries(
      this.#fields.map(({ name, input }) => [name, input.value.trim()]).filter(([, value]) => value !== ""),
    );
    this.hide();
    this.#done();
  }
}
