import { expect, test } from "vitest";
import {
  NOTHING, change, draftOf, forget, load, nextOf, outgoingOf, save, settle, withDraft, withOutgoing, type Delivery, type Outgoing,
} from "./outbox";

const one = (client_id: string, state: Delivery = "waiting"): Outgoing => ({ client_id, text: `texte ${client_id}`, state, error: null });

class MemoryStorage implements Storage {
  private readonly map = new Map<string, string>();
  get length(): number { return this.map.size; }
  clear(): void { this.map.clear(); }
  getItem(key: string): string | null { return this.map.get(key) ?? null; }
  key(index: number): string | null { return [...this.map.keys()][index] ?? null; }
  removeItem(key: string): void { this.map.delete(key); }
  setItem(key: string, value: string): void { this.map.set(key, value); }
}

test("each conversation has its own draft", () => {
  const writing = withDraft(withDraft(NOTHING, "a", "bonjour"), "b", "merci");
  expect([draftOf(writing, "a"), draftOf(writing, "b"), draftOf(writing, "c")]).toEqual(["bonjour", "merci", ""]);
  expect(withDraft(withDraft(NOTHING, "a", "x"), "a", "")).toEqual(NOTHING);
});

test("messages leave in order: one that was refused holds those behind it", () => {
  const writing = withOutgoing(NOTHING, "a", [one("1", "stored"), one("2"), one("3")]);
  expect(nextOf(writing, "a")?.client_id).toBe("2");
  expect(nextOf(change(writing, "a", "2", { state: "refused" }), "a")).toBeNull();
  expect(nextOf(change(writing, "a", "2", { state: "sending" }), "a")).toBeNull();
  expect(nextOf(change(writing, "a", "2", { state: "stored" }), "a")?.client_id).toBe("3");
});

test("what the transcript shows is no longer on its way", () => {
  const writing = withOutgoing(NOTHING, "a", [one("1", "stored"), one("2", "sending")]);
  expect(outgoingOf(settle(writing, "a", new Set(["1"])), "a").map((left) => left.client_id)).toEqual(["2"]);
  expect(settle(writing, "a", new Set(["9"]))).toBe(writing);
  expect(settle(writing, "a", new Set(["1", "2"]))).toEqual(NOTHING);
});

test("after a reload the same agent finds drafts, and unanswered messages are sent again with the same id", () => {
  const storage = new MemoryStorage();
  save(storage, "7", withOutgoing(withDraft(NOTHING, "a", "brouillon"), "a", [one("1", "sending"), one("2", "refused")]));
  const writing = load(storage, "7");
  expect(draftOf(writing, "a")).toBe("brouillon");
  expect(outgoingOf(writing, "a").map((left) => [left.client_id, left.state])).toEqual([["1", "waiting"], ["2", "refused"]]);
});

test("another agent finds nothing, and what was there is gone", () => {
  const storage = new MemoryStorage();
  save(storage, "7", withDraft(NOTHING, "a", "brouillon"));
  expect(load(storage, "8")).toEqual(NOTHING);
  expect(storage.length).toBe(0);
});

test("signing out leaves nothing behind", () => {
  const storage = new MemoryStorage();
  save(storage, "7", withDraft(NOTHING, "a", "brouillon"));
  forget(storage);
  expect(load(storage, "7")).toEqual(NOTHING);
});
