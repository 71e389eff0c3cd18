import { describe, expect, it } from "vitest";
import type { Event } from "../shared/schemas";
import { awaitsAssistant, changes, checkText, lastForeignSeq, merge, receiptWords, stillToSend } from "./timeline";

const at = "2026-11-23T10:00:00.000Z";
const says = (seq: number, client_id = `c${seq}`): Event => ({
  seq,
  at,
  type: "message",
  author: "citizen",
  data: { text: "Bonjour", client_id },
});
const answers = (seq: number, reply_to: number): Event => ({
  seq,
  at,
  type: "message",
  author: "assistant",
  data: { text: "Bonjour !", reply_to },
});
const owned = (seq: number, owner: "assistant" | "queue" | "agent", reason = "asked", agent_name?: string): Event => ({
  seq,
  at,
  type: "owner",
  author: "system",
  data: { owner, reason, agent_name },
});
const notice = (seq: number): Event => ({
  seq,
  at,
  type: "message",
  author: "system",
  data: { text: "Votre demande est dans la file.", kind: "notice" },
});
const closed = (seq: number): Event => ({ seq, at, type: "closed", author: "system", data: { outcome: "answered" } });

describe("checkText", () => {
  it("counts code points after trimming, as the front desk does", () => {
    expect(checkText("  \n ").empty).toBe(true);
    expect(checkText("é".repeat(2_000)).tooLong).toBe(false);
    expect(checkText("😀".repeat(2_000))).toMatchObject({ tooLong: false, left: 0, counter: true });
    expect(checkText(`${"a".repeat(2_000)}   `).tooLong).toBe(false);
    expect(checkText("a".repeat(2_001))).toMatchObject({ tooLong: true, left: -1 });
    expect(checkText("a".repeat(1_799)).counter).toBe(false);
    expect(checkText("a".repeat(1_800)).counter).toBe(true);
  });
});

describe("merge", () => {
  it("adds what is new, in order, and drops what is known", () => {
    const result = merge([says(1)], [answers(2, 1), says(1), says(3)].reverse());
    expect(result.events.map((event) => event.seq)).toEqual([1, 2, 3]);
    expect(result).toMatchObject({ cursor: 3, hole: false });
  });

  it("stops at a hole, so that the cursor asks for what is missing", () => {
    const result = merge([says(1)], [says(2), says(4)]);
    expect(result.events.map((event) => event.seq)).toEqual([1, 2]);
    expect(result).toMatchObject({ cursor: 2, hole: true });
  });

  it("does not change what it was given", () => {
    const known = [says(1)];
    merge(known, [says(2)]);
    expect(known).toHaveLength(1);
  });
});

describe("stillToSend", () => {
  it("drops what has come back as an event, and only that", () => {
    const outbox = ["c1", "c2"].map((client_id) => ({ client_id, text: "Bonjour", at }));
    expect(stillToSend(outbox, [says(1, "c1"), answers(2, 1)]).map((one) => one.client_id)).toEqual(["c2"]);
    expect(stillToSend(outbox, [answers(2, 1)])).toBe(outbox);
  });
});

describe("awaitsAssistant", () => {
  it("is true until the assistant or the front desk has answered", () => {
    expect(awaitsAssistant([])).toBe(false);
    expect(awaitsAssistant([says(1)])).toBe(true);
    expect(awaitsAssistant([says(1), answers(2, 1)])).toBe(false);
    expect(awaitsAssistant([says(1), { ...notice(2), data: { text: "…", kind: "emergency", reply_to: 1 } } as Event])).toBe(false);
    expect(awaitsAssistant([says(1), owned(2, "queue")])).toBe(false);
    expect(awaitsAssistant([owned(1, "agent"), says(2), owned(3, "assistant"), closed(4)])).toBe(false);
    expect(awaitsAssistant([owned(1, "agent"), says(2), owned(3, "assistant"), closed(4), says(5)])).toBe(true);
  });
});

describe("changes", () => {
  const kinds = (events: Event[]): string[] => [...changes(events).values()].map((note) => note.kind);

  it("tells who has the conversation", () => {
    expect(kinds([says(1), owned(2, "queue"), owned(3, "agent", "claimed", "Camille"), owned(4, "queue", "lease")])).toEqual([
      "queued",
      "taken",
      "requeued",
    ]);
    expect(kinds([says(1), owned(2, "queue", "emergency")])).toEqual(["alarm"]);
    expect(changes([owned(1, "agent", "claimed", "Camille")]).get(1)?.name).toBe("Camille");
  });

  it("says the end once", () => {
    const start = [owned(1, "agent"), says(2), says(3), says(4)];
    expect(kinds([...start, closed(5), owned(6, "assistant")])).toEqual(["taken", "closed"]);
    expect(kinds([...start, owned(5, "assistant"), closed(6)])).toEqual(["taken", "closed"]);
    expect(kinds([...start, owned(5, "assistant")])).toEqual(["taken", "assistant"]);
  });

  it("adds nothing where the front desk says it in words", () => {
    expect(kinds([says(1), owned(2, "queue"), notice(3)])).toEqual([]);
    expect(kinds([says(1), owned(2, "queue"), notice(3), owned(4, "agent", "claimed", "Camille")])).toEqual(["taken"]);
  });
});

it("lastForeignSeq is the newest message of somebody else", () => {
  expect(lastForeignSeq([says(1), answers(2, 1), says(3), owned(4, "queue")])).toBe(2);
  expect(lastForeignSeq([says(1)])).toBe(0);
});

it("receiptWords promise nothing, also for a kind of a newer front desk", () => {
  expect(receiptWords("appointment")).toEqual({ title: "Demande de rendez-vous", what: "Demande à confirmer par l’unité." });
  expect(receiptWords("incident").what).toBe("Déclaration à vérifier par un agent, ce n’est pas une plainte.");
  expect(receiptWords("toString")).toEqual(receiptWords("survey"));
});
