// The head of the widget: who has the conversation, and that it is an AI while the agent has it (ASG-3, HND-3).
import { initials, sign } from "./words.js";

export class Header {
  #elements;
  #say;
  #hello = null;
  #holder = null;

  constructor(elements, say) {
    this.#elements = elements;
    this.#say = say;
  }

  /** Who the agent and the company are. */
  set hello(hello) {
    this.#hello = hello;
  }

  /** Who has it now, as {holder, name, initials_of}; tells in words what changed, "" when nothing did. */
  show({ holder, name, initials_of: face }) {
    const { face: picture, name: title, line } = this.#elements;
    const company = this.#hello.company;
    const shown = { agent: name || this.#say("agent"), person: name, nobody: company }[holder];
    title.textContent = shown;
    picture.replaceChildren(face ? initials(face) : holder === "nobody" ? initials(company) : sign("spark"));
    line.replaceChildren(
      ...(holder === "agent" ? [sign("spark"), this.#say("powered")] : [this.#say(holder === "person" ? "person" : "waiting")]),
    );
    line.dataset.holder = holder;
    const before = this.#holder;
    this.#holder = `${holder} ${shown}`;
    if (before === null || before === this.#holder) return "";
    if (holder === "person") return this.#say("joined", { name: shown });
    return holder === "agent" ? this.#say("backToAgent", { name: shown }) : this.#say("waitingNote");
  }
}
