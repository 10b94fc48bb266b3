/** A question in front of everything else. The browser keeps the focus inside and gives it back. */

import { fill, h } from "/console/element.js";

let count = 0;

/**
 * Opens a dialog whose content is made by `content({ close, redraw })`. `redraw(...children)` replaces it.
 * After `firm()` Escape doesn't close it, for what can't be seen a second time. `closed` is called however it closes.
 */
export function dialog(title, content, { closed = () => {} } = {}) {
  let isFirm = false;
  const id = `dialog-${++count}`;
  const heading = h("h2", { id }, title);
  const body = h("div");
  const box = h(
    "dialog",
    {
      "aria-labelledby": id,
      close: () => (box.remove(), closed()),
      keydown: (event) => isFirm && event.key === "Escape" && event.preventDefault(),
    },
    heading,
    body,
  );
  const tools = {
    close: () => box.close(),
    redraw: (...children) => fill(body, ...children),
    retitle: (words) => fill(heading, words),
    firm: () => (isFirm = true),
  };
  fill(body, content(tools));
  document.body.append(box);
  box.showModal();
  return tools;
}

/** A menu behind an ellipsis button: arrows move, Escape and Tab leave. `entries` are elements with role menuitem. */
export function menu(label, button, entries) {
  const list = h("div.menu", { role: "menu", "aria-label": label, hidden: true }, entries);
  const items = () => [...list.querySelectorAll("[role=menuitem]")];
  const isOpen = () => !list.hidden;
  const open = (place = 0) => {
    list.hidden = false;
    button.setAttribute("aria-expanded", "true");
    items().at(place)?.focus();
  };
  const close = (backToButton) => {
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (backToButton) button.focus();
  };
  button.setAttribute("aria-haspopup", "menu");
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", () => (isOpen() ? close(true) : open()));
  button.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp")
      (event.preventDefault(), open(event.key === "ArrowUp" ? -1 : 0));
  });
  const wrap = h("div.menued", null, button, list);
  list.addEventListener("click", () => close(true));
  list.addEventListener("keydown", (event) => {
    const all = items();
    const place = all.indexOf(document.activeElement);
    const target = {
      ArrowDown: all[place + 1] ?? all[0],
      ArrowUp: all[place - 1] ?? all.at(-1),
      Home: all[0],
      End: all.at(-1),
    }[event.key];
    if (target) (event.preventDefault(), target.focus());
    else if (event.key === "Escape") close(true);
    else if (event.key === "Tab") close(false);
  });
  wrap.addEventListener(
    "focusout",
    ({ relatedTarget }) => relatedTarget && !wrap.contains(relatedTarget) && close(false),
  );
  document.addEventListener("pointerdown", ({ target }) => isOpen() && !wrap.contains(target) && close(false));
  return wrap;
}
