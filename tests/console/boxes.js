// Returns a line for each fault of the page's boxes. A text may leave a box that scrolls, and be cut off where its title
// has all of it. Run by boxes.py.
() => {
  const LAYERS = "dialog, #bar, nav, #notices, .menu, .tip, .suggestions";
  const HIDDEN = ".visually-hidden, .skip, .scroller thead, .audit thead";
  const PARTS = "label, button, a, summary, .find, .editor, .option";
  const CONTROLS = "button, input, select, textarea, .chip, .avatar, .marker, .logo, img";
  const faults = new Set();
  const named = (element, text = element.textContent) =>
    `${element.tagName.toLowerCase()}.${element.className} “${text.trim().slice(0, 24)}”`;
  const isShown = (element) =>
    element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !element.closest(HIDDEN);
  const page = document.documentElement;
  if (page.scrollWidth > page.clientWidth) faults.add(`the page is ${page.scrollWidth} wide in ${page.clientWidth}`);

  // What clips an element, from the inside, each with its edges. Measured once each.
  const clipping = new Map();
  const clipsOf = (element) => {
    if (!element || element === document.body) return [];
    if (!clipping.has(element)) {
      const { overflowX, overflowY } = getComputedStyle(element);
      const own = { element, edge: element.getBoundingClientRect(), X: overflowX, Y: overflowY };
      const isClip = overflowX !== "visible" || overflowY !== "visible";
      clipping.set(element, [...(isClip ? [own] : []), ...clipsOf(element.parentElement)]);
    }
    return clipping.get(element);
  };
  const inside = (element, box) => {
    // What remains of the box in all that clips it, and the first that cuts it off for good.
    let rest = { left: box.left, right: box.right, top: box.top, bottom: box.bottom };
    for (const { element: around, edge, ...overflow } of clipsOf(element))
      for (const [axis, low, high] of [["X", "left", "right"], ["Y", "top", "bottom"]]) {
        if (overflow[axis] === "visible") continue;
        const isOut = rest[low] < edge[low] - 1 || rest[high] > edge[high] + 1;
        if (overflow[axis] === "hidden" && isOut) return { cutBy: around };
        rest = { ...rest, [low]: Math.max(rest[low], edge[low]), [high]: Math.min(rest[high], edge[high]) };
      }
    return { rest };
  };
  const isTitled = (element, text) => element.closest("[title]")?.title.includes(text.trim().slice(0, 60));
  const block = (element) => {
    while (/^inline$|contents/.test(getComputedStyle(element).display)) element = element.parentElement;
    return element;
  };

  const items = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || element.closest("option, noscript, .code, svg") || !isShown(element)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const holder = block(element), place = holder.getBoundingClientRect();
    for (const box of range.getClientRects()) {
      if (box.width < 1 || box.height < 1) continue;
      const { rest, cutBy } = inside(element, box);
      if (cutBy && !isTitled(element, node.data)) faults.add(`${named(element, node.data)} is cut off by ${named(cutBy, "")}`);
      const isOut = box.right > place.right + 1 || box.left < place.left - 1;
      if (!cutBy && isOut && getComputedStyle(holder).overflowX === "visible") faults.add(`${named(element, node.data)} leaves ${named(holder, "")}`);
      if (rest) items.push({ node, element, box: { ...rest, top: rest.top + box.height * 0.25, bottom: rest.bottom - box.height * 0.25 } });
    }
  }
  for (const element of document.querySelectorAll(CONTROLS))
    if (isShown(element)) {
      const { rest } = inside(element.parentElement, element.getBoundingClientRect());
      if (rest) items.push({ node: element, element, box: rest });
    }
  const byTop = items
    .map((item) => ({ ...item, layer: item.element.closest(LAYERS), part: item.element.closest(PARTS) }))
    .sort((one, other) => one.box.top - other.box.top);
  byTop.forEach((one, place) => {
    for (let next = place + 1; next < byTop.length && byTop[next].box.top < one.box.bottom - 1; next += 1) {
      const other = byTop[next];
      const isSame = one.node === other.node || (one.part && one.part === other.part) || one.layer !== other.layer;
      if (isSame || one.element.contains(other.node) || other.element.contains(one.node)) continue;
      const width = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
      if (width > 1) faults.add(`${named(one.element)} lies over ${named(other.element)}`);
    }
  });
  return [...faults];
}
