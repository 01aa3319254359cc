// Text into elements: paragraphs, lists, bold, italics, code and links. Everything is built from text nodes: nothing is
// ever read as HTML.
import { element, link, webAddress } from "./words.js";

const ADDRESS = /https?:\/\/[^\s<>"“”«»]+/iu;
/** What stands within a line; an address goes first where it begins first, so that its signs are its own. */
const INLINE = new RegExp(
  [
    /(?<!!)\[(?<label>[^[\]\n]{1,200})\]\((?<target>https?:\/\/[^\s()]{1,2000}(?:\([^\s()]{0,200}\)[^\s()]{0,200})?)\)/,
    new RegExp(`(?<address>${ADDRESS.source})`),
    /\*\*(?=[^\s*])(?<bold>[^*\n]{0,500}[^\s*])\*\*(?!\*)/,
    /(?<![\p{L}\p{N}*])\*(?=[^\s*])(?<star>[^*\n]{0,500}[^\s*])\*(?![\p{L}\p{N}*])/,
    /(?<![\p{L}\p{N}_])_(?=[^\s_])(?<line>[^_\n]{0,500}[^\s_])_(?![\p{L}\p{N}_])/,
    /`(?<code>[^`\n]{1,500})`/,
  ]
    .map((one) => one.source)
    .join("|"),
  "giu",
);
const PAIRS = { ")": "(", "]": "[", "}": "{" };
const BULLET = /^[-*•][^\S\n]+(?=\S)/;
const NUMBER = /^(\d{1,3})[.)][^\S\n]+(?=\S)/;

/** Where an address ends: punctuation after it belongs to the sentence, a closing bracket to its opening one. */
function trimmed(address) {
  let end = address.length;
  while (end > 0) {
    const last = address[end - 1];
    const opening = PAIRS[last];
    const kept = address.slice(0, end);
    if (opening ? kept.split(opening).length > kept.split(last).length - 1 : !/[.,;:!?'’*_]/u.test(last)) break;
    end -= 1;
  }
  return address.slice(0, end);
}

/** One of the things within a line, and how much of the text it took; null where it is only text after all. */
function made({ label, target, address, bold, star, line, code }, whole, { hint, marks }) {
  if (address !== undefined) {
    const shown = trimmed(whole);
    const url = webAddress(shown);
    return url === null ? null : [link(url, shown, hint), shown.length];
  }
  if (!marks) return null;
  if (label !== undefined) {
    const url = webAddress(target);
    return url === null ? null : [link(url, label, hint), whole.length];
  }
  if (code !== undefined) return [element("code", {}, code), whole.length];
  const [name, inner] = bold === undefined ? ["em", star ?? line] : ["strong", bold];
  return [element(name, {}, within(inner, { hint, marks })), whole.length];
}

function within(text, options) {
  const parts = document.createDocumentFragment();
  let from = 0;
  // Of its own, for what is bold may hold more.
  const search = new RegExp(INLINE);
  for (let match = search.exec(text); match !== null; match = search.exec(text)) {
    const found = made(match.groups, match[0], options);
    if (found === null) {
      search.lastIndex = match.index + 1;
      continue;
    }
    const [one, length] = found;
    parts.append(text.slice(from, match.index), one);
    from = search.lastIndex = match.index + length;
  }
  parts.append(text.slice(from));
  return parts;
}

/**
 * A message's text: blank lines part paragraphs, lines that begin with "- " or "1. " are lists. `hint` is what links say
 * to screen readers; without `marks` signs are only signs, as in what visitors write.
 */
export function body(text, hint, { marks = false } = {}) {
  const options = { hint, marks };
  const whole = document.createDocumentFragment();
  for (const block of text.split(/\n[^\S\n]*\n/)) {
    let open = null;
    for (const line of block.split("\n")) {
      if (line.trim() === "") continue;
      const number = marks ? NUMBER.exec(line) : null;
      const bullet = (marks && BULLET.exec(line)) || (line.startsWith("- ") && ["- "]);
      const kind = number ? "ol" : bullet ? "ul" : "p";
      const goesOn = open?.localName === kind;
      if (!goesOn) whole.append((open = element(kind)));
      if (number && !goesOn) open.start = Number(number[1]);
      if (kind === "p") open.append(goesOn ? "\n" : "", within(line, options));
      else open.append(element("li", {}, within(line.slice((number ?? bullet)[0].length), options)));
    }
  }
  return whole;
}
