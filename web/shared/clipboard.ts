/** Copying a text. */

/**
 * Copies `text`; false when the browser does not let us.
 *
 * The clipboard of modern browsers is closed to plain-http addresses and to frames that were not given it, which our
 * widget may be in: the old command still works there, on a press of a button.
 */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function copyBySelection(text: string): boolean {
  const before = document.activeElement;
  const box = document.createElement("textarea");
  box.value = text;
  box.readOnly = true;
  box.className = "visually-hidden";
  document.body.append(box);
  try {
    box.select();
    return document.execCommand("copy");
  } finally {
    box.remove();
    if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  }
}
