// The page of the inbox: opens conversations without loading anew, and does what the forms do without leaving the page.
import { ask, listen, post, say, showPart, tell } from "./live.js";
import { composer } from "./composer.js";
import { keys } from "./keys.js";

/** What is done, in a line; that an answer is called wrong is seen where it stands. */
const DONE = {
  take: "take", assign: "assign", snooze: "snooze", wake: "wake", release: "release", close: "close", again: "again", "give-up": "give_up",
};
const list = document.getElementById("list");
const thread = document.getElementById("thread");

document.body.classList.add("enhanced");

/** The conversation that is shown, "" for none. */
export function shown() {
  return thread.querySelector("article")?.dataset.id ?? "";
}

/** Show the list and, where one is open, the conversation as they are now. What is being written stays. */
export async function refresh() {
  const query = new URLSearchParams(location.search);
  if (shown()) query.set("chosen", shown());
  // What was found stays as it is: looking for it again would be written down as one more search.
  if (!list.querySelector("[data-found]")) await showPart(list, `/inbox/list?${query}`, () => {
    const filter = document.getElementById("filter");
    const words = filter && filter.value !== filter.defaultValue ? filter.value : "";
    const row = document.activeElement?.closest?.("a.row");
    const place = row ? [...list.querySelectorAll("a.row")].indexOf(row) : 0;
    const inside = list.contains(document.activeElement) ? document.activeElement.id : "";
    const top = list.scrollTop;
    return () => {
      const again = document.getElementById("filter");
      if (words) { again.value = words; narrow(words); }
      list.scrollTop = top;
      if (inside) document.getElementById(inside)?.focus();
      if (!row) return;
      // The line may have gone: then whoever stood on it stands on the one that took its place.
      const rows = [...list.querySelectorAll("a.row")];
      (rows.find((one) => one.dataset.id === row.dataset.id) ?? rows[Math.min(place, rows.length - 1)] ?? thread).focus({ preventScroll: true });
    };
  });
  if (shown()) await showThread(shown());
}

async function showThread(id) {
  await showPart(thread, `/inbox/c/${id}/thread${location.search}`, () => {
    const text = document.getElementById("text");
    const said = document.getElementById("said");
    const kept = text && { value: text.value, at: text.selectionStart, has: document.activeElement === text };
    const noting = Boolean(text?.form.classList.contains("noting"));
    const atEnd = said.scrollHeight - said.scrollTop - said.clientHeight < 60;
    const top = said.scrollTop;
    const brief = document.getElementById("brief").open;
    const focused = thread.contains(document.activeElement) && document.activeElement !== thread ? document.activeElement : null;
    const action = focused?.closest("form[data-action]")?.dataset.action;
    return () => {
      const list = document.getElementById("said");
      list.scrollTop = atEnd ? list.scrollHeight : top;
      document.getElementById("brief").open = brief;
      const field = document.getElementById("text");
      if (field) {
        if (kept) field.value = kept.value;
        composer(field.form, refresh, noting);
      }
      if (kept?.has && field) {
        field.focus();
        field.setSelectionRange(kept.at, kept.at);
        // What was offered to be put in for what is being typed is offered still.
        if (kept.value.startsWith("/")) field.dispatchEvent(new Event("input"));
        return;
      }
      if (!focused) return;
      const same = focused.id ? document.getElementById(focused.id) : thread.querySelector(`form[data-action="${action}"] button`);
      (same ?? thread).focus({ preventScroll: true });
    };
  });
}

/** Open a conversation as a click on its line does. */
export async function open(link) {
  history.pushState(null, "", link.href);
  for (const row of list.querySelectorAll(".row")) row.removeAttribute("aria-current");
  link.setAttribute("aria-current", "true");
  document.body.classList.add("reading");
  // This address, and no other part, counts as having looked.
  const part = await ask(link.href);
  if (!part) return;
  thread.replaceChildren(...part.body.childNodes);
  settle();
  thread.focus();
  await refresh();
}

function settle() {
  const said = document.getElementById("said");
  if (said) said.scrollTop = said.scrollHeight;
  const field = document.getElementById("text");
  if (field) composer(field.form, refresh, false);
}

/** Show only the lines with these words. */
function narrow(words) {
  const wanted = words.toLowerCase();
  for (const row of list.querySelectorAll(".rows li")) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  list.classList.toggle("narrowed", Boolean(list.querySelector(".rows")) && !list.querySelector(".rows li:not([hidden])"));
}

/** What a reply rests on, beside the conversation; Esc leads back. */
async function showWhy(link) {
  const part = await ask(link.href);
  if (!part) return;
  document.getElementById("why-place").replaceChildren(...part.querySelectorAll("#why-content > *"));
  document.getElementById("why").showModal();
  document.getElementById("why").addEventListener("close", () => (document.getElementById(link.id) ?? thread).focus(), { once: true });
}

list.addEventListener("input", (event) => { if (event.target.id === "filter") narrow(event.target.value); });
list.addEventListener("change", (event) => { if (event.target.matches("select")) event.target.form.requestSubmit(); });
list.addEventListener("click", (event) => {
  const link = event.target.closest("a.row");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(link);
});
thread.addEventListener("click", (event) => {
  const link = event.target.closest("a.why");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  showWhy(link);
});
thread.addEventListener("change", (event) => {
  if (event.target.id === "to" && event.target.value) event.target.form.requestSubmit();
  if (event.target.id === "until" && event.target.value !== "none") event.target.form.requestSubmit();
});
thread.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-action]");
  if (!form || form.classList.contains("composer")) return;
  event.preventDefault();
  if (!(await post(form.action, new FormData(form)))) return;
  await refresh();
  tell(form.dataset.action in DONE ? say(DONE[form.dataset.action]) : "");
});
window.addEventListener("popstate", () => location.reload());

keys({ list, thread, open, refresh });
settle();
listen(refresh);
