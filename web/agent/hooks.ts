/** Small hooks of the console's components. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { RefObject } from "preact";
import { onBeat } from "./clock";

/** `Date.now()`, renewed about once a second. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => onBeat(setNow), []);
  return now;
}

/** Opens a `<dialog>` as soon as it is on the page, and gives the focus back to where it was when it goes. */
export function useModal(): RefObject<HTMLDialogElement | null> {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    const dialog = ref.current;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return ref;
}
