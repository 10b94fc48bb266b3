/** Copying to the clipboard, also on pages without https, where browsers offer no clipboard API. */

/** Copies the text that `source`, an element of the page, shows. Returns false where the browser refuses. */
export async function copy(text, source) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without https there is no `navigator.clipboard`, but a selection can still be copied.
    if (source.select) source.select();
    else getSelection().selectAllChildren(source);
    return document.execCommand("copy");
  }
}
