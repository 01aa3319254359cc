// Text into elements, and small signs. Everything is built from text nodes: nothing is ever read as HTML.

/** A new element with properties (`className`, `type`, …), attributes under `set`, and children (elements or text). */
export function element(name, properties = {}, ...children) {
  const { set = {}, ...rest } = properties;
  const made = Object.assign(document.createElement(name), rest);
  for (const [attribute, value] of Object.entries(set)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

const SHAPES = {
  spark: "M12 2.5l2.1 6.1a2 2 0 0 0 1.3 1.3l6.1 2.1-6.1 2.1a2 2 0 0 0-1.3 1.3L12 21.5l-2.1-6.1a2 2 0 0 0-1.3-1.3L2.5 12l6.1-2.1a2 2 0 0 0 1.3-1.3z",
  page: "M7 3h7l5 5v12a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zm6 1v5h5",
  thumb: "M7.5 11v9H4.6a.6.6 0 0 1-.6-.6v-7.8a.6.6 0 0 1 .6-.6zl3.6-7.4a1.1 1.1 0 0 1 1-.6 1.9 1.9 0 0 1 1.9 2.2L13.4 9h4.5a2 2 0 0 1 2 2.4l-1.4 7a2 2 0 0 1-2 1.6h-9",
  clip: "M20 11.5l-8.4 8.3a5.3 5.3 0 0 1-7.5-7.5l8.7-8.6a3.6 3.6 0 0 1 5 5l-8.5 8.5a1.8 1.8 0 0 1-2.6-2.6l7.7-7.6",
  down: "M12 4v12M6.5 10.5L12 16l5.5-5.5M5 20h14",
  link: "M10 14a4.5 4.5 0 0 0 6.4 0l3-3a4.5 4.5 0 0 0-6.4-6.4l-1 1M14 10a4.5 4.5 0 0 0-6.4 0l-3 3a4.5 4.5 0 0 0 6.4 6.4l1-1",
};

/** One of the signs above, invisible to screen readers. */
export function sign(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `sign ${name}`);
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

/** The address when it is a page of the web, else null: `javascript:`, `data:` and the like never become links. */
export function webAddress(text) {
  try {
    const url = new URL(text);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

/** A link that opens in a new tab and tells the other side nothing. */
export function link(address, label, hint) {
  const made = element("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow" });
  // An address runs from left to right in any text, and disturbs nothing of it.
  made.append(element("bdi", { dir: label === address || label.startsWith("http") ? "ltr" : "auto" }, label));
  made.append(element("span", { className: "unseen" }, ` ${hint}`));
  return made;
}

/** Up to two initials of a name. */
export function initials(name) {
  const parts = name.trim().split(/\s+/).filter(Boolean);
  const chosen = parts.length > 1 ? [parts[0], parts[parts.length - 1]] : parts;
  return chosen.map((part) => [...part][0].toLocaleUpperCase()).join("");
}
