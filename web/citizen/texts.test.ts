import { expect, it } from "vitest";
import { sentences } from "../shared/errors";
import * as texts from "./texts";

/** Every string in a value; functions are called with plausible values. */
function strings(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "function") return [String((value as (...values: unknown[]) => unknown)(3, 5))];
  if (Array.isArray(value)) return value.flatMap(strings);
  if (value && typeof value === "object") return Object.values(value).flatMap(strings);
  return [];
}

const all = [...strings(texts), ...strings(sentences)].filter((text) => !text.startsWith("/"));

it("finds the texts", () => expect(all.length).toBeGreaterThan(80));

it.each(all)("French typography: %s", (text) => {
  expect(text).not.toMatch(/ [;:?!»]|« |\w[?!;]|'/);
  expect(text).not.toMatch(/\d \d{3}/);
});
