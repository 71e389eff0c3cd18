import * as v from "valibot";
import { afterEach, describe, expect, it, vi } from "vitest";
import { copyText } from "./clipboard";
import { day, duration, phoneWords, placeMoment, placePeriod, textLength } from "./format";
import { mailHref, safeHref } from "./href";
import { backoff } from "./live";
import { AgentFrame, CitizenFrame, Event, Submission } from "./schemas";

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

  it("take submissions, one of a later version as unknown, and refuse a malformed known one", () => {
    const one = { number: "RDV-2026-000001", version: 1, versions: 1, at: head.at };
    const wish = { start: "2026-11-26T08:00:00+01:00", end: "2026-11-26T12:00:00+01:00", text: null };
    const data = { reason: "other", unit: "any", wishes: [wish], name: "Camille Exemple", phone: "+33199001234" };
    expect(v.parse(Submission, { ...one, kind: "appointment", data })).toMatchObject({ kind: "appointment", data });
    expect(v.parse(Submission, { ...one, kind: "survey", data: 3 })).toEqual({ ...one, kind: "unknown" });
    expect(v.safeParse(Submission, { ...one, kind: "incident", intact: true, data }).success).toBe(false);
    const badly = { ...data, wishes: [{ ...wish, start: "2026-11-26T08:00:00Z" }] };
    expect(v.safeParse(Submission, { ...one, kind: "appointment", data: badly }).success).toBe(false);
    const event = { ...head, type: "submission", author: "system", data: { kind: "appointment", number: one.number, version: 1 } };
    expect(v.parse(Event, event)).toEqual(event);
    expect(v.safeParse(Event, { ...event, data: { kind: "appointment" } }).success).toBe(false);
    const frame = { type: "events", conversation_id: "a", events: [event], cursor: 1, submissions: [{ ...one, kind: "appointment", data }] };
    expect(v.parse(AgentFrame, frame)).toMatchObject({ submissions: [{ number: one.number }] });
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

  it("tells the clock of the place, not this machine's", () => {
    expect(placeMoment("2026-03-01T07:05:00-04:00")).toBe("dimanche 1er mars 2026 à 7\u00a0h\u00a005");
    expect(placeMoment("2026-11-21T23:30:00+00:00")).toBe("samedi 21 novembre 2026 à 23\u00a0h\u00a030 (UTC)");
    expect(placeMoment("2026-12-31T23:30:00+11:00")).toBe("jeudi 31 décembre 2026 à 23\u00a0h\u00a030");
  });

  it("tells from when to when", () => {
    const at = (clock: string, day = 26): string => `2026-11-${day}T${clock}:00+01:00`;
    expect(placePeriod(at("08:00"), at("12:00"))).toBe("jeudi 26 novembre 2026 de 8\u00a0h\u00a000 à 12\u00a0h\u00a000");
    expect(placePeriod(at("08:00"), at("08:00"))).toBe("jeudi 26 novembre 2026 à 8\u00a0h\u00a000");
    expect(placePeriod(at("22:00"), at("01:00", 27))).toMatch(/^du jeudi 26 .* au vendredi 27 /);
    expect(placePeriod(at("22:00"), null)).toMatch(/^jeudi 26 /);
    expect(placePeriod(null, at("22:00"))).toMatch(/^jusqu’au jeudi 26 /);
    expect(placePeriod(null, undefined)).toBeNull();
  });

  it("writes French numbers in pairs", () => {
    expect(phoneWords("+33199001234")).toBe("01\u00a099\u00a000\u00a012\u00a034");
    expect(phoneWords("+262262001234")).toBe("+262262001234");
  });

  it("counts characters as people do", () => expect(textLength("  a😀é  ")).toBe(3));
});

it("backoff grows to 30 s and always waits at least half of its span", () => {
  expect([0, 1, 2, 5, 50].map((attempt) => backoff(attempt, 1))).toEqual([1_000, 2_000, 4_000, 30_000, 30_000]);
  expect(backoff(0, 0)).toBe(500);
});

it("mailHref lets nothing but the address through", () => {
  expect(mailHref("camille@exemple.fr")).toBe("mailto:camille@exemple.fr");
  expect(mailHref("a?bcc=x&body=y@exemple.fr")).toBe("mailto:a%3Fbcc%3Dx%26body%3Dy@exemple.fr");
});

describe("copyText", () => {
  afterEach(() => vi.unstubAllGlobals());

  class Box {
    value = "";
    readOnly = false;
    className = "";
    select = vi.fn();
    remove = vi.fn();
    focus = vi.fn();
  }

  /** A browser whose clipboard is closed, and whose old command works or not. */
  function closed(works: boolean): { box: Box; before: Box } {
    const box = new Box();
    const before = new Box();
    vi.stubGlobal("HTMLElement", Box);
    vi.stubGlobal("navigator", { clipboard: { writeText: () => Promise.reject(new Error("NotAllowedError")) } });
    vi.stubGlobal("document", {
      activeElement: before, createElement: () => box, body: { append: vi.fn() }, execCommand: () => works,
    });
    return { box, before };
  }

  it("uses the clipboard where it may", async () => {
    const writeText = vi.fn(() => Promise.resolve());
    vi.stubGlobal("navigator", { clipboard: { writeText } });
    expect(await copyText("RDV-2026-000012")).toBe(true);
    expect(writeText).toHaveBeenCalledWith("RDV-2026-000012");
  });

  it("copies a selection where the clipboard is closed, and gives the focus back", async () => {
    const { box, before } = closed(true);
    expect(await copyText("RDV-2026-000012")).toBe(true);
    expect(box.value).toBe("RDV-2026-000012");
    expect(box.select).toHaveBeenCalledOnce();
    expect(box.remove).toHaveBeenCalledOnce();
    expect(before.focus).toHaveBeenCalledOnce();
  });

  it("says so when nothing worked", async () => {
    const { box } = closed(false);
    expect(await copyText("RDV-2026-000012")).toBe(false);
    expect(box.remove).toHaveBeenCalledOnce();
  });
});
