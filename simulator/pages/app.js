/** Which page the address is, and links within the pages without a reload, so that the exchanges stay in view. */

import { Refused } from "./api.js";
import { fill, message } from "./element.js";
import { candidatePage } from "./candidate.js";
import { panelPage } from "./panel.js";
import { settingsPage } from "./settings.js";

/** Opens an address of these pages. */
export function open(address) {
  history.pushState(null, "", address);
  return render();
}

async function render() {
  const main = document.getElementById("main");
  main.setAttribute("aria-busy", "true");
  try {
    fill(main, ...(await page()));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    fill(main, message("bad", error.message));
  }
  main.removeAttribute("aria-busy");
  for (const link of document.querySelectorAll("nav a")) {
    if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function page() {
  const [, name, id] = location.pathname.split("/");
  if (name === "candidates") return candidatePage(new URLSearchParams(location.search).get("id") ?? "", open);
  if (name === "panels") return panelPage(decodeURIComponent(id), open);
  return settingsPage(render);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  const isPlain = !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey && event.button === 0;
  if (!link || !isPlain || link.origin !== location.origin || link.target) return;
  event.preventDefault();
  void open(link.href);
});
addEventListener("popstate", render);
void render();
