/** One conversation as the console shows it: events merged without holes, then turned into lines. No network, no page. */

import { day } from "../shared/format";
import type { Event, MessageEvent } from "../shared/schemas";
import { submissionTitle } from "./submissions";
import { outcomeWords, reasonWords } from "./words";

/**
 * Adds events to those that are known (ordered by `seq`, each once).
 *
 * `missing` tells that there is a hole between the two: then `events` are the old ones and the caller asks for everything
 * after the last of them.
 */
export function merge(known: readonly Event[], news: readonly Event[]): { events: readonly Event[]; missing: boolean } {
  const last = lastSeq(known);
  const fresh = news.filter((event) => event.seq > last).sort((a, b) => a.seq - b.seq);
  if (fresh.length === 0) return { events: known, missing: false };
  const events = [...known];
  for (const event of fresh) {
    const before = lastSeq(events);
    if (event.seq === before) continue;
    if (event.seq > before + 1) return { events: known, missing: true };
    events.push(event);
  }
  return { events, missing: false };
}

export function lastSeq(events: readonly Event[]): number {
  return events[events.length - 1]?.seq ?? 0;
}

/** A line of the transcript: a new day, something quiet that happened, or what somebody said. */
export type Line =
  | { kind: "day"; key: string; text: string }
  | { kind: "note"; key: string; text: string; at: string; urgent: boolean }
  | { kind: "message"; key: string; message: MessageEvent; who: string; sameAsBefore: boolean };

export function lines(events: readonly Event[]): Line[] {
  const result: Line[] = [];
  let today = "";
  let before: { author: string; who: string } | null = null;
  for (const event of events) {
    if (event.type === "unknown") continue;
    const thisDay = day(event.at);
    if (thisDay !== today) {
      today = thisDay;
      before = null;
      result.push({ kind: "day", key: `d${event.seq}`, text: thisDay });
    }
    if (event.type === "message") {
      const who = speaker(event);
      const sameAsBefore = before?.author === event.author && before.who === who;
      before = { author: event.author, who };
      result.push({ kind: "message", key: `m${event.seq}`, message: event, who, sameAsBefore });
    } else {
      before = null;
      const text = note(event);
      if (text !== null) result.push({ kind: "note", key: `n${event.seq}`, text, at: event.at, urgent: event.type === "urgent" });
    }
  }
  return result;
}

/** Who said it, in French. */
export function speaker(message: MessageEvent): string {
  switch (message.author) {
    case "citizen":
      return "La personne";
    case "assistant":
      return "Assistant automatique";
    case "agent":
      return message.data.agent_name ?? "Agent";
    case "system":
      return message.data.kind === "emergency" ? "Carte d’urgence" : "Message automatique";
  }
}

type Happening = Exclude<Event, MessageEvent | { type: "unknown" }>;

/** Null for what the next line says anyway. */
function note(event: Happening): string | null {
  switch (event.type) {
    case "owner": {
      const { owner, agent_name: name, reason } = event.data;
      if (owner === "agent") return `${name ?? "Un agent"} a pris la conversation`;
      if (owner === "queue") return reason ? `Dans la file\u00a0: ${queueReason(reason)}` : "Dans la file";
      if (reason === "closed") return null;
      if (reason === "returned") return `${name ?? "Un agent"} a rendu la conversation à l’assistant`;
      if (reason === "citizen_left_queue") return "La personne a quitté la file et revient à l’assistant";
      return "La conversation est chez l’assistant";
    }
    case "queue":
      return typeof event.data.place === "number" ? `Place dans la file à l’arrivée\u00a0: ${event.data.place}` : null;
    case "urgent":
      return "Mots d’urgence repérés\u00a0: conversation marquée urgente";
    case "submission":
      return `Enregistré\u00a0: ${submissionTitle(event.data)}`;
    case "closed": {
      const outcome = event.data.outcome;
      return outcome ? `Conversation terminée\u00a0: ${lowerFirst(outcomeWords(outcome))}` : "Conversation terminée";
    }
  }
}

const QUEUE_REASONS: Record<string, string> = {
  agent_lost: "l’agent a perdu la connexion",
  released: "remise dans la file par l’agent",
};

function queueReason(reason: string): string {
  return QUEUE_REASONS[reason] ?? lowerFirst(reasonWords(reason));
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLocaleLowerCase("fr") + text.slice(1);
}

/** The `client_id`s of an agent's messages that the transcript holds: these need not be shown as "on their way" any more. */
export function arrived(events: readonly Event[]): Set<string> {
  const ids = new Set<string>();
  for (const event of events) {
    if (event.type === "message" && event.author === "agent" && event.data.client_id) ids.add(event.data.client_id);
  }
  return ids;
}
