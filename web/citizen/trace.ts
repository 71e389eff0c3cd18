/**
 * What this browser keeps of a conversation: which one it is and what was not sent yet. In sessionStorage only, so it
 * survives a reload and disappears with the tab (docs/decisions/2026-11-23-browser-trace.md). Where storage is refused
 * (some third-party frames), it is kept in memory and a reload starts afresh.
 */
import * as v from "valibot";

export const Outgoing = v.object({
  client_id: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,64}$/)),
  text: v.string(),
  payload: v.optional(v.string()),
  /** When it was written, ISO 8601. */
  at: v.string(),
  /** Its number once the front desk has acknowledged it; it leaves the outbox when its event arrives. */
  seq: v.optional(v.number()),
  /** Why it will not be sent again by itself; absent while it may still go. */
  refused: v.optional(v.string()),
});
export type Outgoing = v.InferOutput<typeof Outgoing>;

export const Trace = v.object({
  conversation: v.nullable(v.object({ id: v.string(), token: v.string() })),
  outbox: v.array(Outgoing),
  draft: v.string(),
});
export type Trace = v.InferOutput<typeof Trace>;

export const emptyTrace = (): Trace => ({ conversation: null, outbox: [], draft: "" });

const KEY = "relais";

/** The tab's storage, or null when the browser refuses it. */
function tabStorage(): Storage | null {
  try {
    return window.sessionStorage;
  } catch {
    return null; // a third-party frame without storage: memory only
  }
}

export function loadTrace(): Trace {
  const saved = tabStorage()?.getItem(KEY);
  if (!saved) return emptyTrace();
  try {
    return v.parse(Trace, JSON.parse(saved));
  } catch {
    eraseTrace(); // written by another version: it can't be continued
    return emptyTrace();
  }
}

export function saveTrace(trace: Trace): void {
  if (!trace.conversation && trace.outbox.length === 0 && trace.draft === "") return eraseTrace();
  try {
    tabStorage()?.setItem(KEY, JSON.stringify(trace));
  } catch {
    // Full or refused: the page goes on in memory.
  }
}

/** Leaves nothing of us in this browser's storage. */
export function eraseTrace(): void {
  tabStorage()?.removeItem(KEY);
}
