import { expect, test } from "vitest";
import { languageWords, plural, readable, reasonWords, shortName, slotWords, waited, waitedWords } from "./words";

const T0 = Date.parse("2026-11-23T20:00:00Z");
const ago = (seconds: number): string => new Date(T0 - seconds * 1_000).toISOString();

test("waiting times grow from seconds to days", () => {
  expect([0, 42, 725, 3_600, 4_020, 90_000].map((seconds) => waited(ago(seconds), T0))).toEqual(
    ["0:00", "0:42", "12:05", "1 h 00", "1 h 07", "1 j 1 h"],
  );
});

test("a clock that is late never shows a negative time", () => {
  expect(waited(ago(-90), T0)).toBe("0:00");
  expect(waitedWords(ago(-90), T0)).toBe("attend depuis moins d’une minute");
});

test("times in words count as French does", () => {
  expect(waitedWords(ago(61), T0)).toBe("attend depuis 1\u00a0minute");
  expect(waitedWords(ago(7_300), T0)).toBe("attend depuis 2\u00a0heures");
  expect(plural(0, "message")).toBe("0\u00a0message");
});

test("reasons and slots that the console does not know stay readable", () => {
  expect(reasonWords("asked")).toBe("Demande une personne");
  expect([reasonWords("appointment"), reasonWords("incident")]).toEqual(["Rendez-vous", "Main courante"]);
  expect(reasonWords("stolen_car")).toBe("Stolen car");
  expect(readable("lieu_incident")).toBe("Lieu incident");
});

test("slot values become one line, empty ones nothing", () => {
  expect([true, "Lyon", 2, ["a", null, "b"], { a: 1 }, null, "", []].map(slotWords)).toEqual(
    ["Oui", "Lyon", "2", "a, b", '{"a":1}', null, null, null],
  );
});

test("languages have their French name, anything else is shown as it came", () => {
  expect(languageWords("fr")).toBe("français");
  expect(languageWords("pas une langue")).toBe("pas une langue");
});

test("short names are the last four letters or digits of the id", () => {
  expect(shortName("Qw3-_x9Kb_")).toBe("X9KB");
});
