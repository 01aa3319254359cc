// What the page hears from the runner, and how it asks and tells.
const told = document.getElementById("told");
const title = document.title;
const words = JSON.parse(document.body.dataset.words);

/** Our words in the language of the page, with what is filled in: say("one_waits", { name }). */
export function say(key, values = {}) {
  return words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Say something in a line; screen readers hear it. */
export function tell(text) {
  told.textContent = text;
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => { told.textContent = ""; }, 6000);
}

/** Send a form; false when it was refused, and then it is said why. */
export async function post(address, form) {
  try {
    const response = await fetch(address, {
      method: "POST",
      body: new URLSearchParams(form),
      headers: { accept: "application/json", "x-csrf": document.body.dataset.csrf },
    });
    if (response.status === 401) { location.reload(); return false; }
    const body = await response.json();
    if (!response.ok) { tell(body.error ?? say("not_done")); return false; }
    return body;
  } catch {
    tell(say("not_sent"));
    return false;
  }
}

/** A part of a page; null when it cannot be had, and then it is said why. */
export async function ask(address) {
  try {
    const response = await fetch(address, { headers: { "x-part": "1" } });
    if (response.status === 401) { location.reload(); return null; }
    const part = new DOMParser().parseFromString(await response.text(), "text/html");
    if (response.ok) return part;
    tell(part.querySelector("[role=alert]")?.textContent ?? say("cannot_show"));
  } catch {
    tell(say("unreachable"));
  }
  return null;
}

/** Put a part of the page in its place. `around` is called just before, for what people do meanwhile; what it returns, just after. */
export async function showPart(place, address, around) {
  const part = await ask(address);
  if (!part) return;
  const after = around();
  place.replaceChildren(...part.body.childNodes);
  after();
}

/** Hear of changes: show them, count those that wait for me in the title, and notify who has asked for it. */
export function listen(refresh) {
  const button = document.getElementById("notify");
  if ("Notification" in window && Notification.permission === "default") {
    button.hidden = false;
    button.addEventListener("click", async () => { button.hidden = (await Notification.requestPermission()) !== "default"; });
  }
  let before = null;
  let timer = 0;
  const source = new EventSource("/inbox/events");
  source.onmessage = (event) => {
    const now = JSON.parse(event.data);
    const waits = now.mine_count + now.unassigned;
    document.title = waits ? `(${waits}) ${title}` : title;
    if (before) {
      const fresh = now.mine.filter(([id]) => !before.mine.some(([known]) => known === id));
      if (fresh.length) announce(fresh.length > 1 ? say("several_wait", { count: fresh.length }) : say("one_waits", { name: fresh[0][1] || say("a_contact") }), now);
      else if (now.unassigned > before.unassigned) announce(say("somebody_waits"), now);
      // The page is new with the first event; many changes at once are shown once.
      clearTimeout(timer);
      timer = setTimeout(refresh, 150);
    }
    before = now;
  };
  source.onerror = () => { if (source.readyState === EventSource.CLOSED) tell(say("not_connected")); };
}

/** Say it in the page, and to who has asked for it while the page is out of sight. */
function announce(text, now) {
  tell(text);
  if (document.hidden && window.Notification?.permission === "granted") {
    new Notification(text, { body: say("waiting", { mine: now.mine_count, unassigned: now.unassigned }), tag: "custagent" });
  }
}
