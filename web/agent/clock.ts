/** The one clock of the console: everything that is due (renewals, reconnections, polls, counters on the screen) hangs on it. */

type Listener = (now: number) => void;

const listeners = new Set<Listener>();

/** Calls `listener` about once a second with `Date.now()`; the returned function stops that. */
export function onBeat(listener: Listener): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

function beat(): void {
  const now = Date.now();
  for (const listener of listeners) listener(now);
}

/**
 * Starts the clock, in a worker (see `clock.worker.ts` for the reason).
 *
 * Where the browser refuses the worker, a page timer takes over: right while the tab is in front, late behind.
 */
export function startClock(): void {
  const fallBack = (): void => {
    window.setInterval(beat, 1_000);
  };
  try {
    const worker = new Worker(new URL("./clock.worker.ts", import.meta.url), { type: "module", name: "clock" });
    worker.addEventListener("message", beat);
    worker.addEventListener("error", () => {
      worker.terminate();
      fallBack();
    }, { once: true });
  } catch (error) {
    console.warn("No worker for the clock, claims may be lost while this tab is in the background", error);
    fallBack();
  }
}

/**
 * Asks the browser not to freeze this page while it is signed in: a page that holds a Web Lock is left running, and a
 * frozen one could not renew its claims. The returned function gives the lock back.
 */
export function stayAwake(): () => void {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  // Web Locks exist in secure contexts only (https or localhost).
  if ("locks" in navigator) void navigator.locks.request("relais-console", { mode: "shared" }, () => held);
  return release;
}
