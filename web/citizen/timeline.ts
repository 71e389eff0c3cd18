/** Pure logic of the conversation: merging events, pending messages, what is shown. */
import { textLength } from "../shared/format";
import type { Event, MessageEvent } from "../shared/schemas";
import { receipt } from "./texts";
import type { Outgoing } from "./trace";

/** Code points after trimming, as the front desk counts. */
export const TEXT_LIMIT = 2_000;
/** From here on the counter is shown. */
export const COUNTER_FROM = 1_800;

export function checkText(text: string): { empty: boolean; left: number; tooLong: boolean; counter: boolean } {
  const length = textLength(text);
  return { empty: length === 0, left: TEXT_LIMIT - length, tooLong: length > TEXT_LIMIT, counter: length >= COUNTER_FROM };
}

/**
 * Adds what arrived to what is known. Events that are known already are dropped; `hole` says that something between is
 * missing, then nothing after the hole is taken: it has to be asked for again from `cursor`.
 */
export function merge(known: Event[], incoming: Event[]): { events: Event[]; cursor: number; hole: boolean } {
  const events = [...known];
  let cursor = events[events.length - 1]?.seq ?? 0;
  for (const event of [...incoming].sort((a, b) => a.seq - b.seq)) {
    if (event.seq <= cursor) continue;
    if (event.seq !== cursor + 1) return { events, cursor, hole: true };
    events.push(event);
    cursor = event.seq;
  }
  return { events, cursor, hole: false };
}

/** What remains to be sent once these events are known: an event with our client_id proves that it is stored. */
export function stillToSend(outbox: Outgoing[], events: Event[]): Outgoing[] {
  if (outbox.length === 0) return outbox;
  const stored = new Set<string>();
  for (const event of events) {
    if (event.type === "message" && event.author === "citizen" && event.data.client_id) stored.add(event.data.client_id);
  }
  const rest = outbox.filter((message) => !stored.has(message.client_id));
  return rest.length === outbox.length ? outbox : rest;
}

/** True while the last thing said is the citizen's and the assistant owes an answer. */
export function awaitsAssistant(events: Event[]): boolean {
  for (let index = events.length - 1; index >= 0; index -= 1) {
    const event = events[index];
    if (event?.type === "owner" || event?.type === "closed") return false; // what was said before went to somebody else
    if (event?.type === "message" && event.author !== "system") return event.author === "citizen";
    if (event?.type === "message" && event.data.reply_to) return false;
  }
  return false;
}

/** The number of the newest message that somebody else wrote, 0 without one. */
export function lastForeignSeq(events: Event[]): number {
  for (let index = events.length - 1; index >= 0; index -= 1) {
    const event = events[index];
    if (event?.type === "message" && event.author !== "citizen") return event.seq;
  }
  return 0;
}

/** What the page says when the conversation changes hands; texts.ts has a sentence for each kind. */
export interface Note {
  kind: "queued" | "alarm" | "taken" | "requeued" | "assistant" | "closed";
  /** The agent's name, where there is one. */
  name: string;
}

/** The changes of hands worth telling, by seq. Where the front desk says it in words right after, nothing is added. */
export function changes(events: Event[]): Map<number, Note> {
  const found = new Map<number, Note>();
  const told = (index: number): boolean =>
    events
      .slice(index + 1, index + 3)
      .some((event) => event.type === "message" && event.author === "system" && event.data.kind === "notice");
  const closes = (index: number): boolean => events[index]?.type === "closed";
  let owner = "assistant";
  events.forEach((event, index) => {
    if (event.type === "closed" && !told(index)) found.set(event.seq, { kind: "closed", name: "" });
    if (event.type !== "owner") return;
    const { owner: next, agent_name, reason } = event.data;
    const before = owner;
    owner = next;
    if (next === before || told(index)) return;
    const name = agent_name ?? "";
    if (next === "agent") found.set(event.seq, { kind: "taken", name });
    if (next === "queue") {
      const kind = before === "agent" ? "requeued" : reason === "emergency" ? "alarm" : "queued";
      found.set(event.seq, { kind, name });
    }
    if (next === "assistant" && !closes(index - 1) && !closes(index + 1)) found.set(event.seq, { kind: "assistant", name });
  });
  return found;
}

/** Who speaks, for grouping: consecutive messages of one speaker share one visible name. */
export const speakerOf = (message: MessageEvent): string =>
  message.author === "agent" ? `agent ${message.data.agent_name ?? ""}` : message.author;

/** What a receipt says of a kind of submission; a kind of a newer front desk gets words that fit any. */
export function receiptWords(kind: string): { title: string; what: string } {
  return kind === "appointment" || kind === "incident" ? receipt.kinds[kind] : receipt.other;
}
