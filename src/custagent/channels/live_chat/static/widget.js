// The live chat's loader: a button and an iframe. It has no dependency, reads nothing of the page but its language and
// title, and stores one thing, the visitor's token, when the visitor has written.
//   <script async src="https://HOST/chat/widget.js" data-channel="website" data-locale="sv"></script>
// It is served without comments and blanks (`loader.py`), which asks two things of what stands here: statements
// end in semicolons, and nothing is divided. Pages may hold on to an old loader, so what it and the frame tell each other
// may grow, but not change.
(() => {
  "use strict";
  const script = document.currentScript;
  const channel = script?.dataset.channel ?? "";
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(channel)) {
    console.error("custagent: the script tag needs data-channel, the name of the live chat");
    return;
  }
  const { q: queued = [], open: there } = window.custagent ?? {};
  if (there) return;
  const base = new URL("./", script.src);
  const key = `custagent:${base.host}:${channel}`;
  // Of each language: open, close, unread, wait, lost, chat.
  const TEXTS = "{{texts}}";
  const locales = [script.dataset.locale, document.documentElement.lang, ...navigator.languages].filter(Boolean);
  const codes = locales.map((tag) => tag.toLowerCase().split(/[-_]/)[0].replace(/^n[on]$/, "nb"));
  const [toOpen, toClose, unreadOf, wait, lost, chatText = "Chat"] = TEXTS[codes.find((code) => Object.hasOwn(TEXTS, code)) ?? "en"];

  // Without storage (blocked, full, or not consented to) the chat lasts as long as the page.
  let memory = null;
  let consent = script.dataset.consent !== "required";
  const store = {
    get token() {
      try {
        return memory ?? localStorage.getItem(key);
      } catch {
        return memory;
      }
    },
    set token(token) {
      memory = token;
      try {
        if (token === null || !consent) localStorage.removeItem(key);
        else localStorage.setItem(key, token);
      } catch {
        // memory has it
      }
    },
  };

  const set = (made, attributes) => {
    for (const name in attributes) made.setAttribute(name, attributes[name]);
  };
  const make = (name, properties, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };
  const icon = (kind, path) => {
    const [svg, line] = ["svg", "path"].map((name) => document.createElementNS("http://www.w3.org/2000/svg", name));
    set(svg, { viewBox: "0 0 24 24", class: kind, "aria-hidden": "true" });
    set(line, { d: path });
    svg.append(line);
    return svg;
  };

  const host = make("div", { id: "custagent" });
  const root = host.attachShadow({ mode: "open" });
  const badge = make("span", { className: "badge", hidden: true, ariaHidden: "true" });
  const launcher = make("button", { type: "button", className: "launcher" },
    icon("talk", "M21 11.5a8 8 0 0 1-8.2 8 9 9 0 0 1-3.3-.6L4 20.5l1.4-4.3A7.6 7.6 0 0 1 4.4 12a8.3 8.3 0 0 1 16.6-.5zM9 11.7h.01M12.7 11.7h.01M16.4 11.7h.01"),
    icon("down", "M6 9.5l6 6 6-6"), badge);
  const status = make("p", { className: "status" });
  const panel = make("div", { className: "panel", id: "panel", hidden: true }, status);
  const whole = make("div", {}, panel, launcher);
  set(status, { role: "status" });
  set(panel, { role: "dialog", "aria-label": chatText });
  set(launcher, { "aria-controls": "panel" });
  // A constructed sheet needs no leave of the page's Content-Security-Policy.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("{{style}}");
  root.adoptedStyleSheets = [sheet];
  root.append(whole);

  const small = matchMedia("(max-width: 560px), (max-height: 460px)");
  let frame = null;
  let ready = false;
  let open = false;
  let unread = 0;
  let prefill = "";
  let retry = 0;
  let tries = 0;
  let titled = "";
  /** What the site has signed of who the visitor is; null: nobody. */
  let jwt = null;
  /** The colours, the side and the scheme: those of the tag, until the frame tells those of today. */
  let side = "";
  let scheme = "";
  const look = (colour, text, ...rest) => {
    [side = "", scheme = ""] = rest;
    if (/^#[0-9a-f]{6}$/i.test(colour)) host.style.setProperty("--c", colour);
    if (/^#[0-9a-f]{6}$/i.test(text)) host.style.setProperty("--t", text);
  };
  look(...(script.dataset.look ?? "").split(" "));
  const hearers = new Map();
  /** What the page hears of the chat; a fault in the page's own code is the page's. */
  const emit = (name, told) => hearers.get(name)?.forEach((hear) => queueMicrotask(() => hear(told)));

  const tell = (type, values) => frame?.contentWindow?.postMessage({ source: "custagent", type, ...values }, base.origin);
  const show = (focus) => {
    tell("show", { open, modal: open && small.matches, focus, text: prefill });
    prefill = "";
  };
  const draw = () => {
    whole.className = `${open ? "open" : ""} ${ready ? "ready" : ""} ${side} ${scheme}`;
    panel.hidden = !open;
    badge.hidden = !unread || open;
    badge.textContent = unread > 9 ? "9+" : unread;
    const more = badge.hidden ? "" : ", " + unreadOf.replace("{n}", unread);
    set(panel, { "aria-modal": small.matches });
    set(launcher, { "aria-expanded": open, "aria-label": (open ? toClose : toOpen) + more });
    const title = badge.hidden ? "" : `(${badge.textContent}) `;
    if (title !== titled) {
      // What the page has made of its title meanwhile stays.
      const plain = document.title.startsWith(titled) ? document.title.slice(titled.length) : document.title;
      document.title = (titled = title) + plain;
    }
    status.hidden = ready;
    document.documentElement.style.overflow = open && small.matches ? "hidden" : "";
  };
  const fit = () => {
    // The keyboard of a phone covers the page; the chat keeps above it.
    const view = window.visualViewport;
    const covered = open && small.matches && view && view.height < innerHeight - 60;
    panel.style.blockSize = covered ? `${view.height}px` : "";
    panel.style.insetBlockStart = covered ? `${view.offsetTop}px` : "";
  };

  /** The frame's page may be away, as while the server starts again: it is asked for until it answers. */
  const load = () => {
    ready = false;
    frame?.remove();
    // Who has written before may have the frame's files; who is new gets all in one.
    const fresh = store.token === null ? "&new" : "";
    frame = make("iframe", { title: chatText, src: new URL(`${channel}/frame?locale=${locales.slice(0, 8)}${fresh}`, base).href });
    const sandbox = "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox allow-downloads";
    // On its own server's pages the frame could take a sandbox off, so there is no use in one.
    if (base.origin !== location.origin) set(frame, { sandbox });
    frame.addEventListener("load", () => tell("init", { token: store.token, locales }));
    panel.prepend(frame);
    // Most often the chat is there before anybody has read it.
    setTimeout(() => (status.textContent ||= wait), 300);
    clearTimeout(retry);
    retry = setTimeout(() => {
      status.textContent = lost;
      load();
    }, Math.min(3e4, 4e3 * 2 ** tries++));
  };
  const seen = () => open && !document.hidden;
  const count = (now) => {
    if (now === unread) return;
    emit("unread", (unread = now));
    draw();
  };
  const setOpen = (wanted, text = "") => {
    prefill = text || prefill;
    const changed = open !== wanted;
    open = wanted;
    if (open && frame === null) load();
    draw();
    fit();
    if (ready) show(open);
    if (changed) emit(open ? "open" : "close");
    if (open) count(0);
    else if (changed) launcher.focus();
  };

  const heard = {
    ready() {
      ready = true;
      tries = 0;
      clearTimeout(retry);
      draw();
      if (jwt !== null) tell("identify", { jwt });
      show(open);
    },
    /** `instead` is the token that this one takes the place of. */
    keep({ token, instead = null }) {
      if (store.token === instead) store.token = token;
      tell("token", { token: store.token });
    },
    forget({ token }) {
      if (store.token === token) store.token = null;
    },
    named({ title }) {
      set(panel, { "aria-label": title });
      frame.title = title;
    },
    look({ look: told }) {
      look(...told);
      draw();
    },
    event({ name, told }) {
      emit(name, told);
      if (name === "message" && told.sender !== "contact" && !seen()) count(unread + 1);
    },
    close: () => setOpen(false),
  };
  addEventListener("message", (event) => {
    if (frame === null || event.source !== frame.contentWindow || event.origin !== base.origin) return;
    if (event.data?.source === "custagent" && Object.hasOwn(heard, event.data.type)) heard[event.data.type](event.data);
  });
  addEventListener("storage", (event) => {
    if (event.key !== key) return;
    memory = null;
    if (event.newValue === null) leave();
    else if (frame === null) load();
    else if (ready) tell("token", { token: event.newValue });
  });
  launcher.addEventListener("click", () => setOpen(!open));
  root.addEventListener("keydown", (event) => event.key === "Escape" && open && setOpen(false));
  document.addEventListener("click", (event) => {
    const asked = event.target instanceof Element && event.target.closest("[data-custagent-open]");
    if (asked) setOpen(true, asked.dataset.custagentOpen);
  });
  small.addEventListener("change", () => {
    draw();
    fit();
    if (ready) show(false);
  });
  document.addEventListener("visibilitychange", () => seen() && count(0));
  window.visualViewport?.addEventListener("resize", fit);
  window.visualViewport?.addEventListener("scroll", fit);

  /** The visitor has signed out, here or in another tab. */
  const leave = () => {
    jwt = null;
    tell("logout");
  };
  // custagent("open", "What does it cost?"): docs/live-chat.md tells of each.
  const calls = {
    open: (text = "") => setOpen(true, String(text)),
    close: () => setOpen(false),
    on: (name, hear) => hearers.set(name, [...(hearers.get(name) ?? []), hear]),
    identify(token) {
      jwt = token;
      if (ready) tell("identify", { jwt });
    },
    logout() {
      store.token = null;
      leave();
    },
    consent(given) {
      const kept = store.token;
      consent = given;
      if (kept) store.token = kept;
    },
  };
  const custagent = (name, ...rest) => {
    if (Object.hasOwn(calls, name)) calls[name](...rest);
    else console.error(`custagent: there is no ${name}`);
  };
  window.custagent = Object.freeze(Object.assign(custagent, calls));

  const begin = () => {
    document.body.append(host);
    draw();
    // Who has written before hears of answers with the chat closed; for all others nothing is asked of the server.
    if (store.token !== null) load();
    for (const call of queued) custagent(...call);
  };
  if (document.body) begin();
  else document.addEventListener("DOMContentLoaded", begin);
})();
