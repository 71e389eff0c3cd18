import { expect, it } from "vitest";
import { tripleEscape } from "./exit";

it("leaves on three quick presses, not on slow ones", () => {
  const pressed = tripleEscape();
  expect([0, 300, 900].map(pressed)).toEqual([false, false, true]);
  expect([2_000, 3_000, 4_000].map(pressed)).toEqual([false, false, false]);
  // The last slow one is the first of three quick ones.
  expect([4_100, 4_200].map(pressed)).toEqual([false, true]);
  expect(pressed(4_300)).toBe(false);
});
