// Thumbs under a reply: whether it helped. The last word counts, and the same thumb again takes it back.
import { element, sign } from "./words.js";

/**
 * The two buttons, with `verdict` ("up", "down" or "") pressed.
 * `give(verdict)` sends it and tells whether it was kept; only one is under way at a time, and the last one wins.
 */
export function thumbs({ verdict, say, give }) {
  const told = element("span", { className: "told", set: { role: "status" } });
  const buttons = ["up", "down"].map((kind) => {
    const button = element("button", { type: "button", className: kind, set: { "aria-label": say(`thumb_${kind}`), "data-say-label": `thumb_${kind}` } });
    button.append(sign("thumb"));
    button.addEventListener("click", () => press(kind));
    return button;
  });
  let kept = verdict;
  let wanted = verdict;
  let busy = false;

  function show(pressed, words = "") {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.className === pressed));
    if (told.textContent !== words) told.textContent = words;
  }

  async function press(kind) {
    wanted = wanted === kind ? "" : kind;
    show(wanted);
    if (busy) return;
    busy = true;
    while (kept !== wanted) {
      const asked = wanted;
      if (await give(asked)) {
        kept = asked;
        if (kept === wanted) show(kept, kept === "" ? "" : say("thumbsThanks"));
      } else {
        wanted = kept;
        show(kept, say("thumbsFailed"));
      }
    }
    busy = false;
  }

  show(verdict);
  return element("div", { className: "thumbs", role: "group", set: { "aria-label": say("thumbs"), "data-say-label": "thumbs" } }, ...buttons, told);
}
