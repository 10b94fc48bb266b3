/** Modal dialogs and menus. The browser keeps the focus inside a dialog and returns it afterwards. */

import { fill, h } from "/console/element.js";

let count = 0;

/**
 * Opens a dialog with the children that `content(controls)` returns, and returns the controls: `close()`,
 * `setTitle(text)`, `setContent(...children)`, and `ignoreEscape()`, for content that can't be shown again. `closed()`
 * is called however the dialog closes.
 */
export function openDialog(title, content, { closed = () => {} } = {}) {
  let ignoresEscape = false;
  const id = `dialog-${++count}`;
  const heading = h("h2", { id }, title);
  const body = h("div");
  const box = h(
    "dialog",
    {
      "aria-labelledby": id,
      close: () => (box.remove(), closed()),
      keydown: (event) => ignoresEscape && event.key === "Escape" && event.preventDefault(),
    },
    heading,
    body,
  );
  const controls = {
    close: () => box.close(),
    setContent: (...children) => fill(body, ...children),
    setTitle: (text) => fill(heading, text),
    ignoreEscape: () => (ignoresEscape = true),
  };
  fill(body, content(controls));
  document.body.append(box);
  box.showModal();
  return controls;
}

/** A menu that a button opens: arrow keys move, Escape and Tab close it. `entries` have the role menuitem. */
export function menu(label, button, entries) {
  const list = h("div.menu", { role: "menu", "aria-label": label, hidden: true }, entries);
  const items = () => [...list.querySelectorAll("[role=menuitem]")];
  const isOpen = () => !list.hidden;
  const open = (place = 0) => {
    list.hidden = false;
    button.setAttribute("aria-expanded", "true");
    items().at(place)?.focus();
  };
  const close = (returnsFocus) => {
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (returnsFocus) button.focus();
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
