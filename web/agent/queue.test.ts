import { expect, test } from "vitest";
import type { QueueItem } from "../shared/schemas";
import { arrivals, inOrder, lost, seenAfter, step, unread, unreadTotal } from "./queue";

let handoff = 0;
function item(id: string, change: Partial<QueueItem> = {}): QueueItem {
  handoff += 1;
  return {
    conversation_id: id, handoff_id: `h${handoff}`, status: "waiting", reason: "asked", priority: "normal", urgent: false,
    waiting_since: "2026-11-23T20:00:00Z", unread: 0, ...change,
  };
}
const ids = (items: readonly QueueItem[]): string[] => items.map((one) => one.conversation_id);

test("urgent conversations come first, whoever called them urgent", () => {
  const waiting = [item("a"), item("b", { urgent: true }), item("c"), item("d", { priority: "urgent" })];
  expect(ids(inOrder(waiting))).toEqual(["b", "d", "a", "c"]);
});

test("inside one rank the server's order stands, also for one that was given back", () => {
  const waiting = [item("back", { waiting_since: "2026-11-23T20:30:00Z" }), item("high", { priority: "high" }), item("old")];
  expect(ids(inOrder(waiting))).toEqual(["back", "high", "old"]);
});

test("a second handoff of the same conversation is an arrival again", () => {
  const first = item("a");
  expect(arrivals([first], [first])).toEqual([]);
  const second = item("a");
  expect(arrivals([first], [second])).toEqual([second]);
});

test("only what the agent did not let go is lost", () => {
  const [a, b, c] = [item("a"), item("b"), item("c")];
  expect(ids(lost([a, b, c], [b], new Set(["c"])))).toEqual(["a"]);
});

test("what was on the screen is read, what comes afterwards is unread", () => {
  const first = item("a", { unread: 2 });
  expect(unread(first, {})).toBe(2);
  const seen = seenAfter({}, [first], "a");
  expect(unread(first, seen)).toBe(0);
  const later = { ...first, unread: 3 };
  expect(unread(later, seenAfter(seen, [later], null))).toBe(1);
});

test("after the agent's reply the count starts again from nothing", () => {
  let seen = seenAfter({}, [item("a", { unread: 4 })], "a");
  seen = seenAfter(seen, [item("a", { unread: 0 })], null);
  expect(unread(item("a", { unread: 1 }), seen)).toBe(1);
});

test("unread messages add up over the conversations", () => {
  const mine = [item("a", { unread: 2 }), item("b", { unread: 1 }), item("c", { unread: null })];
  expect(unreadTotal(mine, { a: 2 })).toBe(1);
});

test("steps stay inside the list and start at its ends", () => {
  expect([step(-1, 1, 3), step(-1, -1, 3), step(2, 1, 3), step(0, -1, 3), step(0, 1, 3), step(0, 1, 0)]).toEqual([0, 2, 2, 0, 1, -1]);
});
