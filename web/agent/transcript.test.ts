import { expect, test } from "vitest";
import type { Event } from "../shared/schemas";
import { arrived, lines, merge } from "./transcript";

function said(seq: number, author: "citizen" | "assistant" = "citizen"): Event {
  return { seq, at: `2026-11-23T12:00:${String(seq).padStart(2, "0")}Z`, type: "message", author, data: { text: `texte ${seq}` } } as Event;
}
function replied(seq: number, name: string, clientId: string): Event {
  return {
    seq, at: "2026-11-23T12:01:00Z", type: "message", author: "agent", data: { text: "oui", agent_name: name, client_id: clientId },
  };
}
function owner(seq: number, data: { owner: "assistant" | "queue" | "agent"; agent_name?: string; reason?: string }): Event {
  return { seq, at: "2026-11-23T12:02:00Z", type: "owner", author: "system", data };
}
const seqs = (events: readonly Event[]): number[] => events.map((event) => event.seq);
const notes = (events: Event[]): string[] => lines(events).flatMap((line) => (line.kind === "note" ? [line.text] : []));

test("events that come twice or in another order are there once, in order", () => {
  const { events, missing } = merge([said(1), said(2)], [said(4), said(2), said(3), said(3)]);
  expect(seqs(events)).toEqual([1, 2, 3, 4]);
  expect(missing).toBe(false);
});

test("a hole is noticed and nothing is shown behind it", () => {
  const known = [said(1)];
  const { events, missing } = merge(known, [said(2), said(4)]);
  expect(events).toBe(known);
  expect(missing).toBe(true);
});

test("nothing new keeps the same list, so the page has nothing to do", () => {
  const known = [said(1), said(2)];
  expect(merge(known, [said(1)]).events).toBe(known);
});

test("a run of messages by one speaker is headed once", () => {
  const messages = lines([said(1), said(2), said(3, "assistant"), said(4)]).flatMap((line) => (line.kind === "message" ? [line] : []));
  expect(messages.map((line) => line.sameAsBefore)).toEqual([false, true, false, false]);
  expect(messages.map((line) => line.who)).toEqual(["La personne", "La personne", "Assistant automatique", "La personne"]);
});

test("two agents are two speakers", () => {
  const messages = lines([replied(1, "Anne", "a"), replied(2, "Paul", "b")]).flatMap((line) => (line.kind === "message" ? [line] : []));
  expect(messages.map((line) => [line.who, line.sameAsBefore])).toEqual([["Anne", false], ["Paul", false]]);
});

test("changes of owner read as sentences", () => {
  expect(notes([
    owner(1, { owner: "queue", reason: "asked" }),
    owner(2, { owner: "agent", agent_name: "Anne Roux", reason: "claimed" }),
    owner(3, { owner: "queue", reason: "agent_lost" }),
    owner(4, { owner: "assistant", agent_name: "Anne Roux", reason: "returned" }),
  ])).toEqual([
    "Dans la file\u00a0: demande une personne",
    "Anne Roux a pris la conversation",
    "Dans la file\u00a0: l’agent a perdu la connexion",
    "Anne Roux a rendu la conversation à l’assistant",
  ]);
});

test("a closing is told once, with its outcome", () => {
  const closed: Event = { seq: 2, at: "2026-11-23T12:02:00Z", type: "closed", author: "system", data: { outcome: "redirected" } };
  expect(notes([owner(1, { owner: "assistant", reason: "closed" }), closed])).toEqual([
    "Conversation terminée\u00a0: orientation vers un autre service",
  ]);
});

test("a submission reads as a sentence with its number", () => {
  const data = { kind: "incident", number: "MC-2026-000012", version: 2 };
  expect(notes([{ seq: 1, at: "2026-11-23T12:00:00Z", type: "submission", author: "system", data }])).toEqual([
    "Enregistré\u00a0: Main courante MC-2026-000012 (version\u00a02)",
  ]);
});

test("an event of a newer front desk is passed over", () => {
  expect(lines([{ seq: 1, at: "2026-11-23T12:00:00Z", type: "unknown" }])).toEqual([]);
});

test("the messages that the transcript holds are known by their client id", () => {
  expect(arrived([said(1), replied(2, "Anne", "c-1")])).toEqual(new Set(["c-1"]));
});
