// On a phone the chat fills the screen: the Tab key stays in it.

const STOPS = "a[href], button, textarea, input, [tabindex='0']";

/** Leads the focus from the last stop to the first one, and back. */
export function keepFocus(event) {
  const stops = [...document.querySelectorAll(STOPS)].filter((stop) => stop.checkVisibility?.() ?? stop.offsetParent !== null);
  const [first, last] = [stops[0], stops[stops.length - 1]];
  if (document.activeElement !== (event.shiftKey ? first : last)) return;
  event.preventDefault();
  (event.shiftKey ? last : first).focus();
}
