// The head of the widget: who has the conversation, and that it is an AI while the agent has it (ASG-3, HND-3).
import { element, initials, sign } from "./words.js";

/** How the server names pictures of people. */
const PHOTO = /^[0-9a-f]{32}\.(?:png|jpe?g|webp)$/;

export class Header {
  #elements;
  #say;
  #hello = null;
  #holder = null;
  #state = null;

  constructor(elements, say) {
    this.#elements = elements;
    this.#say = say;
  }

  /** Who the agent and the company are. */
  set hello(hello) {
    this.#hello = hello;
  }

  /** Who has it now, as {holder, name, initials_of}; tells in words what changed, "" when nothing did. */
  show(state) {
    this.#state = state;
    const { holder, name, initials_of: face } = state;
    const { face: picture, name: title, line } = this.#elements;
    const company = this.#hello.company;
    const shown = { agent: name || this.#say("agent"), person: name, nobody: company }[holder];
    title.textContent = shown;
    const drawn = face ? initials(face) : holder === "nobody" ? initials(company) : sign("spark");
    this.#portray(picture, drawn, state.photo);
    line.replaceChildren(
      ...(holder === "agent" ? [sign("spark"), this.#say("powered")] : [this.#say(holder === "person" ? "person" : "waiting")]),
    );
    line.dataset.holder = holder;
    const before = this.#holder;
    // Not by what is shown, which changes with the language.
    this.#holder = `${holder} ${name}`;
    if (before === null || before === this.#holder) return "";
    if (holder === "person") return this.#say("joined", { name: shown });
    return holder === "agent" ? this.#say("backToAgent", { name: shown }) : this.#say("waitingNote");
  }

  /** The person's picture, or what is drawn where there is none, or it cannot be had. */
  #portray(picture, drawn, photo) {
    const named = PHOTO.test(photo ?? "") ? `photos/${photo}` : "";
    if (named === "") {
      picture.replaceChildren(drawn);
      return;
    }
    if (picture.querySelector("img")?.getAttribute("src") === named) return;
    const shown = element("img", { alt: "", width: 42, height: 42, decoding: "async" });
    shown.addEventListener("error", () => shown.isConnected && picture.replaceChildren(drawn));
    shown.src = named;
    picture.replaceChildren(shown);
  }

  /** The same once more, in the language of the moment. */
  retell() {
    if (this.#state !== null) this.show(this.#state);
  }
}
