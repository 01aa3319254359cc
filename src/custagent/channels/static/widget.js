// The live chat's loader: a button and an iframe. It has no dependency, reads nothing of the page but its language, and
// stores one thing, the visitor's token, when the visitor has written.
//   <script async src="https://HOST/chat/widget.js" data-channel="website" data-locale="sv"></script>
(() => {
  "use strict";
  const script = document.currentScript;
  const channel = script?.dataset.channel ?? "";
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(channel)) {
    console.error("custagent: the script tag needs data-channel, the name of the live chat");
    return;
  }
  if (window.custagent) return;
  const base = new URL("./", script.src);
  const key = `custagent:${base.host}:${channel}`;
  // Of each language: open, close, unread, wait, lost, chat.
  const TEXTS = "{{texts}}";
  const locales = [script.dataset.locale, document.documentElement.lang, ...navigator.languages].filter(Boolean);
  const codes = locales.map((tag) => tag.toLowerCase().split(/[-_]/)[0].replace(/^n[on]$/, "nb"));
  const [toOpen, toClose, unreadOf, wait, lost, chatText = "Chat"] = TEXTS[codes.find((code) => Object.hasOwn(TEXTS, code)) ?? "en"];

  // Without storage (blocked, or full) the chat lasts as long as the page.
  let memory = null;
  const store = {
    get token() {
      try {
        return localStorage.getItem(key) ?? memory;
      } catch {
        return memory;
      }
    },
    set token(token) {
      memory = token;
      try {
        if (token === null) localStorage.removeItem(key);
        else localStorage.setItem(key, token);
      } catch {
        // memory has it
      }
    },
  };

  const make = (name, properties, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };
  const icon = (className, path) => {
    const [svg, line] = ["svg", "path"].map((name) => document.createElementNS("http://www.w3.org/2000/svg", name));
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("class", className);
    svg.setAttribute("aria-hidden", "true");
    line.setAttribute("d", path);
    svg.append(line);
    return svg;
  };

  const host = make("div", { id: "custagent" });
  const root = host.attachShadow({ mode: "open" });
  const badge = make("span", { className: "badge", hidden: true, ariaHidden: "true" });
  const launcher = make("button", { type: "button", className: "launcher" },
    icon("talk", "M21 11.5a8 8 0 0 1-8.2 8 9 9 0 0 1-3.3-.6L4 20.5l1.4-4.3A7.6 7.6 0 0 1 4.4 12a8.3 8.3 0 0 1 16.6-.5zM9 11.7h.01M12.7 11.7h.01M16.4 11.7h.01"),
    icon("down", "M6 9.5l6 6 6-6"), badge);
  const status = make("p", { className: "status" }, wait);
  const panel = make("div", { className: "panel", id: "panel", hidden: true }, status);
  const whole = make("div", {}, panel, launcher);
  status.setAttribute("role", "status");
  panel.setAttribute("role", "dialog");
  panel.setAttribute("aria-label", chatText);
  launcher.setAttribute("aria-controls", "panel");
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

  const tell = (type, values) => frame?.contentWindow?.postMessage({ source: "custagent", type, ...values }, base.origin);
  const show = (focus) => {
    tell("show", { open, modal: open && small.matches, focus, text: prefill });
    prefill = "";
  };
  const draw = () => {
    whole.className = `${open ? "open" : ""} ${ready ? "ready" : ""}`;
    panel.hidden = !open;
    panel.setAttribute("aria-modal", String(small.matches));
    launcher.setAttribute("aria-expanded", String(open));
    badge.hidden = unread === 0 || open;
    badge.textContent = unread > 9 ? "9+" : String(unread);
    const more = unread > 0 && !open ? `, ${unreadOf.replace("{n}", unread)}` : "";
    launcher.setAttribute("aria-label", (open ? toClose : toOpen) + more);
    status.hidden = ready;
    document.documentElement.style.overflow = open && small.matches ? "hidden" : "";
  };
  const fit = () => {
    // The keyboard of a phone covers the page; the chat keeps above it.
    const view = window.visualViewport;
    const covered = open && small.matches && view && view.height < window.innerHeight - 60;
    panel.style.blockSize = covered ? `${view.height}px` : "";
    panel.style.insetBlockStart = covered ? `${view.offsetTop}px` : "";
  };

  /** The frame's page may be away, as while the server starts again: it is asked for until it answers. */
  const load = () => {
    ready = false;
    frame?.remove();
    frame = make("iframe", { title: chatText, src: new URL(`${channel}/frame`, base).href });
    const rights = "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox";
    // On its own server's pages the frame could take a sandbox off, so there is no use in one.
    if (base.origin !== location.origin) frame.setAttribute("sandbox", rights);
    frame.addEventListener("load", () => tell("init", { token: store.token, locales }));
    panel.prepend(frame);
    clearTimeout(retry);
    retry = setTimeout(() => {
      status.textContent = lost;
      load();
    }, Math.min(30_000, 4000 * 2 ** tries++));
  };
  const setOpen = (wanted, text = "") => {
    if (text) prefill = text;
    const changed = open !== wanted;
    open = wanted;
    if (open && frame === null) load();
    draw();
    fit();
    if (ready) show(open);
    if (changed && !open) launcher.focus();
  };

  const heard = {
    ready() {
      ready = true;
      tries = 0;
      clearTimeout(retry);
      draw();
      show(open);
    },
    keep({ token }) {
      if (store.token === null) store.token = token;
      tell("token", { token: store.token });
    },
    forget({ token }) {
      if (store.token === token) store.token = null;
    },
    unread({ count }) {
      unread = Number(count) || 0;
      draw();
    },
    named({ title }) {
      panel.setAttribute("aria-label", String(title));
      frame.title = String(title);
    },
    close: () => setOpen(false),
  };
  window.addEventListener("message", (event) => {
    if (frame === null || event.source !== frame.contentWindow || event.origin !== base.origin) return;
    if (event.data?.source === "custagent" && Object.hasOwn(heard, event.data.type)) heard[event.data.type](event.data);
  });
  window.addEventListener("storage", (event) => {
    if (event.key !== key || event.newValue === null) return;
    if (frame === null) load();
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
  window.visualViewport?.addEventListener("resize", fit);
  window.visualViewport?.addEventListener("scroll", fit);
  window.custagent = Object.freeze({ open: (text = "") => setOpen(true, String(text)), close: () => setOpen(false) });

  const begin = () => {
    document.body.append(host);
    draw();
    // Who has written before hears of answers with the chat closed; for all others nothing is asked of the server.
    if (store.token !== null) load();
  };
  if (document.body) begin();
  else document.addEventListener("DOMContentLoaded", begin);
})();
