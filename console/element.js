/** Creates elements. Text becomes a text node: markup in a name is shown, never parsed. */

import { BASE } from "/console/base.js";

const SVG = "http://www.w3.org/2000/svg";

/** Creates an element: `h("button.quiet", { click: close }, "Close")`. Attributes that are functions are listeners. */
export function h(tag, attributes, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (key === "value" || key === "checked") element[key] = value;
    else if (value !== undefined && value !== null && value !== false)
      element.setAttribute(key, value === true ? "" : addressed(key, value));
  }
  return fill(element, ...children);
}

/** A link to what is Callboard's own begins with where Callboard is. */
const addressed = (key, value) =>
  (key === "href" || key === "src") && String(value).startsWith("/") ? BASE + value : value;

/** Replaces the children of an element. Returns the element; null, undefined and false are left out. */
export function fill(element, ...children) {
  element.replaceChildren(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** Replaces an element; the keyboard's focus stays on its counterpart in the new one. Returns the new element. */
export function swap(old, fresh) {
  keepFocus(old, fresh, () => old.replaceWith(fresh));
  return fresh;
}

/** Makes these elements the parent's children, in this order, touching only those out of place. */
export function arrange(parent, elements) {
  const wanted = new Set(elements);
  keepFocus(parent, parent, () => {
    for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
    elements.forEach((element, place) => {
      if (parent.children[place] !== element) parent.insertBefore(element, parent.children[place] ?? null);
    });
  });
}

/**
 * Changes the page without losing the focus. If the focused element of `old` is gone after the change, the element of
 * `fresh` with the same `data-focus` or address gets it; else, where `fresh` replaces `old`, the first that can.
 */
export function keepFocus(old, fresh, change) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  change();
  if (!focused || focused === document.activeElement) return;
  const name = focused.dataset.focus ? "data-focus" : "href";
  const value = CSS.escape(focused.getAttribute(name) ?? "");
  const counterpart = focused.isConnected ? focused : value && fresh.querySelector(`[${name}="${value}"]`);
  const first = fresh === old ? null : fresh.querySelector("a[href], button");
  (counterpart || first)?.focus({ preventScroll: true });
}

const STROKES = {
  people:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20c0-3.6 2.9-6 6.5-6s6.5 2.4 6.5 6M16 4.4a3.5 3.5 0 0 1 0 6.4M18 14.4c2.2.8 3.5 2.9 3.5 5.6",
  calendar: "M4 6.5h16v13H4zM4 10.5h16M8 4v4M16 4v4",
  pulse: "M3 12h4l3-7 4 14 3-7h4",
  plug: "M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4",
  code: "M8 7l-5 5 5 5M16 7l5 5-5 5",
  away: "M10 5H5v14h14v-5M14 4h6v6M20 4l-9 9",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  back: "M15 5l-7 7 7 7",
  down: "M6 9l6 6 6-6",
  check: "M5 12.5l4.5 4.5L19 7",
  cross: "M6 6l12 12M18 6L6 18",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7v5l3.5 2",
  place: "M12 21s7-6 7-11.5a7 7 0 0 0-14 0C5 15 12 21 12 21ZM12 12a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z",
  video: "M3 7h12v10H3zM15 11l6-3.5v9L15 13",
  form: "M6 3h9l4 4v14H6zM9.5 12h6M9.5 16h6",
  key: "M8 19a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM11 12l9-9M16 7l3 3",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM16 16l5 5",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  download: "M12 4v11M7 11l5 5 5-5M4 20h16",
  undo: "M9 14L4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
  plus: "M12 5v14M5 12h14",
  question: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM9.2 9.2a2.9 2.9 0 1 1 4 2.7c-.8.4-1.2.9-1.2 1.8M12 17.2h.01",
  warn: "M12 4l9 16H3zM12 10v4M12 17h.01",
  leave: "M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
};

/** A decorative icon, hidden from screen readers: the text beside it says the same. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }))
    svg.setAttribute(key, value);
  svg.append(document.createElementNS(SVG, "path"));
  svg.firstChild.setAttribute("d", STROKES[name]);
  return svg;
}

/** A link to another application. It opens in a new tab that gets no reference to this one. */
export function externalLink(tag, url, attributes, ...children) {
  const safe = /^https?:/i.test(url) ? url : undefined;
  return h(
    tag,
    { href: safe, target: "_blank", rel: "noopener noreferrer", ...attributes },
    children,
    icon("away"),
    h("span.visually-hidden", null, " (opens in a new tab)"),
  );
}
