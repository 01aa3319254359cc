// Everything by keyboard. A key does something only while nobody writes.
export function keys({ list, thread, open, refresh }) {
  const rows = () => [...list.querySelectorAll("a.row")].filter((row) => !row.closest("li").hidden);
  const move = (step) => {
    const all = rows();
    if (!all.length) return;
    const focused = all.indexOf(document.activeElement);
    const at = focused >= 0 ? focused : all.findIndex((row) => row.hasAttribute("aria-current"));
    const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  };
  const submit = (action) => thread.querySelector(`form[data-action=${action}]`)?.requestSubmit();
  const write = (mode) => thread.querySelector(`.tab[data-mode=${mode}]`)?.click();
  const choose = (id) => { const field = thread.querySelector(id); field?.focus(); field?.showPicker?.(); };
  const help = () => document.getElementById("keys").showModal();
  const does = {
    j: () => move(1), k: () => move(-1), t: () => submit("take"), r: () => write("reply"), n: () => write("note"),
    a: () => choose("#to"), z: () => (thread.querySelector("#until") ? choose("#until") : submit("wake")),
    b: () => submit("release"), e: () => submit("close"), "/": () => list.querySelector("#filter")?.focus(), "?": help,
  };
  document.getElementById("help").addEventListener("click", help);
  document.addEventListener("keydown", (event) => {
    const field = event.target.closest?.("input, textarea, select, dialog");
    if (event.key === "Escape" && field && !field.matches("dialog")) { field.blur(); return; }
    if (field || event.ctrlKey || event.metaKey || event.altKey || !(event.key in does)) return;
    event.preventDefault();
    try { does[event.key](); } catch { refresh(); }
  });
}
