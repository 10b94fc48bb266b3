/** The clipboard, which browsers hand to pages in their own way where there is no https. */

/** Copies a text that an element of the page shows. False where the browser refuses. */
export async function copy(text, shown) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without https the browser has no clipboard for pages; what is selected it still copies.
    if (shown.select) shown.select();
    else getSelection().selectAllChildren(shown);
    return document.execCommand("copy");
  }
}
