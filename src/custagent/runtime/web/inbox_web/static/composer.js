// Where people write: a reply or a note, canned texts by a slash, a draft that is kept, a suggestion of the agent.
import { post, say, tell } from "./live.js";

const DRAFT_MS = 800;
/** What the agent drafted by itself, by conversation: the last words it is for, and what it says once that is known. */
const drafts = new Map();

export function composer(form, refresh, noting) {
  const text = form.querySelector("textarea");
  const canned = form.querySelector("#canned");
  const base = form.getAttribute("action").replace(/\/reply(\?|$)/, "/{}$1");
  const address = (action) => base.replace("{}", action);
  let timer = 0;

  const mode = (note) => {
    form.classList.toggle("noting", note);
    for (const tab of form.querySelectorAll(".tab")) tab.setAttribute("aria-pressed", String((tab.dataset.mode === "note") === note));
    text.placeholder = say(note ? "write_note" : "write_reply");
    form.querySelector("label[for=text]").textContent = say(note ? "your_note" : "your_reply");
    form.querySelector(".primary").textContent = say(note ? "keep_note" : "send");
  };
  const choices = () => [...canned.children].filter((one) => !one.hidden);
  const select = (index) => choices().forEach((one, number) => one.setAttribute("aria-selected", String(number === index)));
  const chosen = () => choices().findIndex((one) => one.getAttribute("aria-selected") === "true");
  const offer = () => {
    const match = /^\/(\S*)$/.exec(text.value);
    for (const one of canned.children) one.hidden = !match || !one.textContent.toLowerCase().includes(match[1].toLowerCase());
    canned.hidden = !choices().length;
    if (!canned.hidden) select(0);
  };
  const insert = (one) => {
    text.value = one.dataset.text;
    canned.hidden = true;
    text.focus();
    keep();
  };
  const kept = (told) => { form.querySelector("#kept").textContent = told; };
  const keep = () => {
    clearTimeout(timer);
    if (form.classList.contains("noting")) return;
    timer = setTimeout(async () => {
      if (await post(address("draft"), { text: text.value })) kept(text.value ? say("draft_kept") : "");
    }, DRAFT_MS);
  };
  const tellSources = (answer) => kept(answer.sources.length ? say("drafted_from", { sources: answer.sources.join(", ") }) : say("drafted"));
  // Where the agent only suggests: its draft for what the contact has said last, once, and in nobody's way.
  const offerDraft = async () => {
    const before = drafts.get(base);
    const seen = form.elements.seen.value;
    const draft = before?.seen === seen ? before : { seen, answer: post(address("suggest"), {}), last: before?.last ?? "" };
    drafts.set(base, draft);
    const answer = await draft.answer;
    if (!answer?.answers || !form.isConnected) return;
    const untouched = text.value === draft.last;
    if (!draft.offered && (untouched || !text.value)) {
      draft.offered = true;
      draft.last = text.value = answer.text;
      tellSources(answer);
    } else if (draft.offered && untouched) {
      // The page was shown anew meanwhile.
      tellSources(answer);
    }
  };

  mode(noting);
  for (const tab of form.querySelectorAll(".tab")) tab.addEventListener("click", () => { mode(tab.dataset.mode === "note"); text.focus(); });
  text.addEventListener("input", () => { offer(); keep(); });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); return; }
    if (canned.hidden) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) { event.preventDefault(); select((chosen() + step + choices().length) % choices().length); }
    if (event.key === "Enter" || event.key === "Tab") { event.preventDefault(); insert(choices()[Math.max(chosen(), 0)]); }
    if (event.key === "Escape") { event.stopPropagation(); canned.hidden = true; }
  });
  canned.addEventListener("click", (event) => { const one = event.target.closest("li"); if (one) insert(one); });
  form.querySelector("[data-suggest]").addEventListener("click", async (event) => {
    const button = event.currentTarget;
    button.disabled = true;
    const answer = await post(address("suggest"), {});
    button.disabled = false;
    if (!answer) return;
    if (!answer.text) { tell(say("nothing_to_answer")); return; }
    text.value = text.value.trim() ? `${text.value.trim()}\n\n${answer.text}` : answer.text;
    text.focus();
    keep();
    tellSources(answer);
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const note = form.classList.contains("noting");
    if (!text.value.trim()) { tell(say("nothing_to_write")); return; }
    clearTimeout(timer);
    const sent = { text: text.value, seen: form.elements.seen.value };
    if (!(await post(address(note ? "note" : "reply"), sent))) { await refresh(); return; }
    text.value = "";
    mode(false);
    await refresh();
    tell(say(note ? "noted" : "sent"));
  });
  if ("wantsDraft" in form.dataset && !noting) offerDraft();
}
