/** Creates elements. Text becomes a text node: markup in a name is shown, never parsed. */

/** Creates an element: `h("button.plain", { click: close }, "Close")`. Attributes that are functions are listeners. */
export function h(tag, attributes, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (["value", "checked", "selected"].includes(key)) element[key] = value;
    else if (value !== undefined && value !== null && value !== false)
      element.setAttribute(key, value === true ? "" : value);
  }
  return fill(element, ...children);
}

/** Replaces the children of an element. Returns the element; null, undefined and false are left out. */
export function fill(element, ...children) {
  element.replaceChildren(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** A labelled field of a form. */
export function labelled(text, field, hint) {
  return h("label.field", null, h("span", null, text), field, hint && h("small", null, hint));
}

/** A select of [value, text] pairs. */
export function select(name, options, chosen) {
  return h(
    "select",
    { name },
    options.map(([value, text]) => h("option", { value, selected: value === chosen }, text)),
  );
}

/** A message for the user: `kind` is "good" or "bad". */
export function message(kind, ...text) {
  return h(`p.message.${kind}`, { role: kind === "bad" ? "alert" : "status" }, text);
}
