// Files that the visitor sends, chosen, pasted or dropped, and how files stand in the thread.
import { element, sign } from "./words.js";

const UNITS = ["B", "KB", "MB"];
const SHOWN = /^image\/(?:png|jpeg|gif|webp)$/;

/** A size for people: "1.4 MB". */
export function sizeOf(bytes, locale) {
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < UNITS.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: unit === 0 ? 0 : 1 }).format(value)} ${UNITS[unit]}`;
}

/** The button beside the field, what is pasted into it, and what is dropped on the chat. `send(file)` is called for each. */
export class FilePicker {
  #zone;
  #send;

  constructor({ button, input, zone, box, send }) {
    this.#zone = zone;
    this.#send = send;
    button.addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      this.#take(input.files);
      input.value = "";
      box.focus();
    });
    box.addEventListener("paste", (event) => {
      const { files } = event.clipboardData;
      // A text that is copied as a picture too is meant as text.
      if (files.length === 0 || event.clipboardData.types.includes("text/plain")) return;
      event.preventDefault();
      this.#take(files);
    });
    for (const name of ["dragenter", "dragover"]) {
      zone.addEventListener(name, (event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        zone.classList.add("dropping");
      });
    }
    zone.addEventListener("dragleave", (event) => {
      if (!zone.contains(event.relatedTarget)) zone.classList.remove("dropping");
    });
    zone.addEventListener("drop", (event) => {
      zone.classList.remove("dropping");
      if (event.dataTransfer.files.length === 0) return;
      event.preventDefault();
      this.#take(event.dataTransfer.files);
    });
  }

  #take(files) {
    for (const file of files) this.#send(file);
  }
}

/**
 * The files of a message as a list. `attachments` are {name, size, media_type, available}; `fetch(number)` brings one as
 * a Blob, or null; `content` is the file itself while it is on its way.
 */
export function fileList({ attachments, say, locale, fetch, content = null }) {
  const list = element("ul", { className: "files" });
  attachments.forEach((attachment, number) => {
    list.append(fileItem({ attachment, say, locale, load: () => fetch(number), content }));
  });
  return list;
}

function fileItem({ attachment, say, locale, load, content }) {
  const { name, size, media_type: type, available } = attachment;
  const title = element("bdi", { className: "file" }, name);
  const weight = available && size !== null ? sizeOf(size, locale) : "";
  const small = element("span", { className: "size", dir: "ltr" }, weight);
  const told = element("span", { className: "gone", set: { role: "status" } }, available ? "" : say("fileGone"));
  if (!available) return element("li", {}, sign("page"), element("span", { className: "words" }, title, told));
  // What is read out has in it what is seen.
  const label = say("download", { name: `${name} ${weight}`.trim() });
  const button = element("button", { type: "button", set: { "aria-label": label } });
  button.append(sign("page"), element("span", { className: "words" }, title, " ", small), sign("down"));
  button.addEventListener("click", async () => {
    button.disabled = true;
    const blob = content ?? (await load());
    button.disabled = false;
    told.textContent = blob === null ? say("fileGone") : "";
    if (blob !== null) save(blob, name);
  });
  const item = element("li", {}, button, told);
  if (SHOWN.test(type)) item.prepend(picture({ name, load: () => content ?? load(), type }));
  return item;
}

/** A small look at a picture, when it comes into view. */
function picture({ name, load, type }) {
  const shown = element("img", { alt: name, className: "preview", hidden: true });
  const watch = new IntersectionObserver(async ([entry]) => {
    if (!entry.isIntersecting) return;
    watch.disconnect();
    const blob = await load();
    if (blob === null) return;
    const address = URL.createObjectURL(new Blob([blob], { type }));
    shown.addEventListener("load", () => URL.revokeObjectURL(address), { once: true });
    shown.addEventListener("error", () => shown.remove(), { once: true });
    shown.src = address;
    shown.hidden = false;
  });
  // What is hidden is never in view, so what stands around it is watched.
  requestAnimationFrame(() => shown.parentElement && watch.observe(shown.parentElement));
  return shown;
}

/** Offers the file for saving; it is never opened as a page of ours. */
function save(blob, name) {
  const address = URL.createObjectURL(new Blob([blob], { type: "application/octet-stream" }));
  const anchor = element("a", { href: address, download: name });
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
