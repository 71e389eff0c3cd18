import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { day, duration, textLength } from "./format";
import { safeHref } from "./href";
import { backoff } from "./live";
import { CitizenFrame, Event } from "./schemas";

describe("safeHref", () => {
  it("lets https:, tel: and sms: pass", () => {
    expect(safeHref("https://www.service-public.gouv.fr/a?b=c#d")).toBe("https://www.service-public.gouv.fr/a?b=c#d");
    expect(safeHref("tel:0892705705")).toBe("tel:0892705705");
    expect(safeHref("tel:+33145678900")).toBe("tel:+33145678900");
    expect(safeHref("sms:114")).toBe("sms:114");
  });

  it.each([
    "javascript:alert(1)",
    " javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,x",
    "http://exemple.fr",
    "//exemple.fr",
    "/agent/",
    "https://",
    "https://banque.fr@exemple.fr/",
    "tel:javascript",
    "sms:114?body=x",
    "tel:",
    "blob:https://exemple.fr/x",
    "",
    null,
    undefined,
  ])("refuses %s", (value) => expect(safeHref(value)).toBeNull());
});

describe("schemas", () => {
  const head = { seq: 1, at: "2026-11-23T10:00:00.000Z" };

  it("take an event type of a later version as unknown, and refuse a malformed known one", () => {
    expect(v.parse(Event, { ...head, type: "survey", author: "system", data: {} })).toMatchObject({ type: "unknown", seq: 1 });
    expect(v.safeParse(Event, { ...head, type: "message", author: "agent", data: {} }).success).toBe(false);
    expect(v.safeParse(Event, { ...head, seq: 0, type: "survey" }).success).toBe(false);
    expect(v.safeParse(Event, { ...head, at: "hier", type: "survey" }).success).toBe(false);
  });

  it("refuse a frame that docs/api.md does not know", () => {
    expect(v.safeParse(CitizenFrame, { type: "ack", client_id: "a", seq: 3 }).success).toBe(true);
    expect(v.safeParse(CitizenFrame, { type: "ack", client_id: "a", seq: "3" }).success).toBe(false);
    expect(v.safeParse(CitizenFrame, { type: "reload" }).success).toBe(false);
    expect(v.safeParse(CitizenFrame, undefined).success).toBe(false);
  });
});

describe("format", () => {
  it("names days", () => {
    const now = new Date(2026, 10, 23, 0, 30);
    const on = (...date: [number, number, number, number]): string => new Date(...date).toISOString();
    expect(day(on(2026, 10, 23, 0), now)).toBe("aujourd’hui");
    expect(day(on(2026, 10, 22, 23), now)).toBe("hier");
    expect(day(on(2026, 10, 20, 12), now)).toBe("vendredi 20 novembre");
    expect(day(on(2025, 0, 3, 12), now)).toBe("3 janvier 2025");
  });

  it("writes durations", () => {
    expect(duration(-5)).toBe("0\u00a0s");
    expect(duration(59_999)).toBe("59\u00a0s");
    expect(duration(61_000)).toBe("1\u00a0min");
    expect(duration(3_900_000)).toBe("1\u00a0h\u00a005");
  });

  it("counts characters as people do", () => expect(textLength("  a😀é  ")).toBe(3));
});

it("backoff grows to 30 s and always waits at least half of its span", () => {
  expect([0, 1, 2, 5, 50].map((attempt) => backoff(attempt, 1))).toEqual([1_000, 2_000, 4_000, 30_000, 30_000]);
  expect(backoff(0, 0)).toBe(500);
});
