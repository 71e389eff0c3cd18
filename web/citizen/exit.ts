/**
 * « Quitter vite »: the conversation disappears from this browser and another site takes the page's place, so that
 * the Back button does not return here. Inside a widget the whole host page is left, with the help of widget.js.
 */
import { eraseTrace } from "./trace";

export const framed = (): boolean => window.parent !== window;

/** Whether this page is the widget's frame (widget.html) rather than the full page. */
export const inWidget = (): boolean => document.documentElement.dataset["page"] === "widget" && framed();

/** What the frame tells widget.js. Nothing secret goes this way: the host page is not trusted. */
export type FrameMessage = { relais: "close" | "escape" | "news" | "leave" | "erased"; to?: string };

/** `to` travels with `leave` and `erased`; widget.js takes https: only. */
export function tellHost(message: FrameMessage): void {
  if (framed()) window.parent.postMessage(message, "*");
}

/** The ordinary site to go to, https: only. */
export function destination(): string {
  const wanted = document.querySelector<HTMLMetaElement>('meta[name="relais-exit"]')?.content ?? "";
  return wanted.startsWith("https://") ? wanted : "https://www.google.fr/";
}

/** Blanks the page and erases the trace; after this nothing of the conversation can be seen. */
export function vanish(stop: () => void): void {
  document.documentElement.classList.add("vanished");
  stop();
  eraseTrace();
  document.title = "\u200b";
  document.body.replaceChildren();
}

export function leave(stop: () => void): void {
  vanish(stop);
  const to = destination();
  if (!framed()) return location.replace(to);
  tellHost({ relais: "leave", to });
  // A host page without widget.js (a bare iframe): the click allows this frame to move the whole tab.
  setTimeout(() => {
    try {
      window.top?.location.replace(to);
    } catch {
      location.replace("about:blank"); // a sandboxed frame may move only itself
    }
  }, 300);
}

/** True on the third Escape, each less than 800 ms after the one before. */
export function tripleEscape(): (at: number) => boolean {
  let times: number[] = [];
  return (at) => {
    const last = times[times.length - 1];
    times = last !== undefined && at - last < 800 ? [...times, at] : [at];
    if (times.length < 3) return false;
    times = [];
    return true;
  };
}
