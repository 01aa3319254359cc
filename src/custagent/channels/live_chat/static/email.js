// A form for one email address: where an answer may go when nobody is there (HND-2), or where the chat is sent to.

export class EmailForm {
  #form;

  /** `leave(address)` sends it and tells the HTTP status, 0 when there was no connection; `done` names the thanks. */
  constructor({ form, say, leave, done }) {
    this.#form = form;
    const [input, button, told] = [form.querySelector("input"), form.querySelector("button"), form.querySelector("p")];
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      button.disabled = true;
      const email = input.value.trim();
      const status = await leave(email);
      button.disabled = false;
      told.hidden = false;
      input.setAttribute("aria-invalid", String(status === 400));
      form.classList.toggle("done", status === 204);
      if (status === 204) told.textContent = say(done, { email });
      else if (status === 429) told.textContent = say("emailLater");
      else told.textContent = say(status === 400 ? "emailWrong" : "emailFailed");
    });
  }

  /** Show or hide the form. */
  show(wanted) {
    if (!wanted) return this.hide();
    this.#form.classList.remove("done");
    this.#form.querySelector("p").hidden = true;
    this.#form.hidden = false;
    this.#form.scrollIntoView({ block: "nearest" });
    return undefined;
  }

  hide() {
    this.#form.hidden = true;
  }
}
