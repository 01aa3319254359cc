// When nobody is there, the visitor may leave an address where the answer will go (HND-2).

export class EmailOffer {
  #form;

  /** `leave(address)` sends it and tells the HTTP status, 0 when there was no connection. */
  constructor({ form, say, leave }) {
    this.#form = form;
    const [input, button, told] = [form.querySelector("input"), form.querySelector("button"), form.querySelector("p")];
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      button.disabled = true;
      const status = await leave(input.value.trim());
      button.disabled = false;
      told.hidden = false;
      const wrong = status === 400;
      input.setAttribute("aria-invalid", String(wrong));
      form.classList.toggle("done", status === 204);
      if (status === 204) told.textContent = say("emailThanks", { email: input.value.trim() });
      else told.textContent = say(wrong ? "emailWrong" : "emailFailed");
    });
  }

  /** Show or hide the form, by what was said last. */
  show(wanted) {
    if (!wanted) return this.hide();
    this.#form.classList.remove("done");
    this.#form.querySelector("p").hidden = true;
    this.#form.hidden = false;
    this.#form.scrollIntoView({ block: "nearest" });
  }

  hide() {
    this.#form.hidden = true;
  }
}
