import { describe, expect, test } from "vitest";
import type { Appointment, Incident } from "../shared/schemas";
import { asText, caution, facts, inOrder, later, submissionTitle } from "./submissions";

const appointment: Appointment = {
  kind: "appointment", number: "RDV-2026-000012", version: 1, versions: 1, at: "2026-11-23T10:00:00.000Z",
  data: {
    reason: "complaint", reason_text: "Vol d’un vélo", commune_code: "69383", commune_name: "Lyon 3e", postcode: "69003", unit: "any",
    wishes_text: "jeudi matin",
    wishes: [
      { start: "2026-11-26T08:00:00+01:00", end: "2026-11-26T12:00:00+01:00", text: "jeudi matin" },
      { start: "2026-12-01T14:00:00+04:00", end: "2026-12-01T14:00:00+04:00", text: null },
    ],
    name: "Camille Exemple", phone: "+33199001234", email: "camille@exemple.fr", accessibility: null,
  },
};
const incident: Incident = {
  kind: "incident", number: "MC-2026-000003", version: 2, versions: 2, at: "2026-11-23T10:00:00.000Z", intact: true,
  data: {
    what: "Une camionnette\ndevant mon portail", when_text: "samedi soir", when_start: null, when_end: null, when_precision: "unknown",
    where_text: "", commune_code: "2A004", commune_name: null, people_text: null, witnesses_text: "Ma sœur", wish_text: null,
    name: "Camille Exemple", phone: null, email: "a?bcc=b@exemple.fr", callback: false,
  },
};
const row = (one: Appointment | Incident, label: string) => facts(one).filter((fact) => fact.label === label);
const value = (one: Appointment | Incident, label: string): string[] => row(one, label).map((fact) => fact.value);

test("titles carry the number, and the version from the second on", () => {
  expect(submissionTitle(appointment)).toBe("Demande de rendez-vous RDV-2026-000012");
  expect(submissionTitle(incident)).toBe("Main courante MC-2026-000003 (version\u00a02)");
  expect(submissionTitle({ kind: "survey", number: "X-1", version: 1 })).toBe("Demande X-1");
});

describe("facts of an appointment", () => {
  test("are in French, in the time of the place, whatever this machine's time zone is", () => {
    expect(value(appointment, "Motif")).toEqual(["Déposer une plainte"]);
    expect(value(appointment, "Service")).toEqual(["Police ou gendarmerie"]);
    expect(value(appointment, "Commune")).toEqual(["Lyon 3e, 69003 (code Insee 69383)"]);
    expect(value(appointment, "Créneau possible")).toEqual([
      "jeudi matin (jeudi 26 novembre 2026 de 8\u00a0h\u00a000 à 12\u00a0h\u00a000)",
      "mardi 1er décembre 2026 à 14\u00a0h\u00a000",
    ]);
  });

  test("a press calls or writes", () => {
    expect(row(appointment, "Téléphone")).toEqual([
      { label: "Téléphone", value: "01\u00a099\u00a000\u00a012\u00a034", href: "tel:+33199001234" },
    ]);
    expect(row(appointment, "Adresse e-mail")[0]?.href).toBe("mailto:camille@exemple.fr");
  });

  test("what was not given is left out", () => {
    expect(row(appointment, "Besoin particulier")).toEqual([]);
    expect(row(appointment, "Versions")).toEqual([]);
  });
});

describe("facts of an incident report", () => {
  test("keep the citizen's lines and say what is not known", () => {
    expect(value(incident, "Faits")).toEqual(["Une camionnette\ndevant mon portail"]);
    expect(value(incident, "Précision")).toEqual(["La personne ne sait pas"]);
    expect(value(incident, "Commune")).toEqual(["Code Insee 2A004"]);
    expect(value(incident, "Être rappelé")).toEqual(["Non"]);
    expect([row(incident, "Où"), row(incident, "Date"), row(incident, "Téléphone")]).toEqual([[], [], []]);
    expect(value(incident, "Versions")).toEqual(["2\u00a0versions"]);
  });

  test("an address can't add a recipient", () => {
    expect(row(incident, "Adresse e-mail")[0]?.href).toBe("mailto:a%3Fbcc%3Db@exemple.fr");
  });

  test("a reason of a newer front desk stays readable", () => {
    const newer = { ...appointment, data: { ...appointment.data, reason: "lost_pet", unit: "customs" } };
    expect([value(newer, "Motif"), value(newer, "Service")]).toEqual([["Lost pet"], ["Customs"]]);
  });
});

test("what is copied begins with what it is", () => {
  expect(asText(incident).split("\n").slice(0, 3)).toEqual([
    "Main courante MC-2026-000003 (version\u00a02)",
    "Déclaration à vérifier par un agent, ce n’est pas une plainte.",
    "Faits\u00a0: Une camionnette",
  ]);
});

test("each kind says what it is not", () => {
  expect(caution(appointment)).toMatch("à confirmer");
  expect(caution({ ...appointment, kind: "unknown" })).toMatch("Rechargez");
  expect(facts({ ...appointment, kind: "unknown" }).map((fact) => fact.label)).toEqual(["Reçue"]);
});

test("an answer that was on its way does not take back what came meanwhile", () => {
  const first = { ...incident, version: 1, versions: 1 };
  expect(later([incident], [first])).toEqual([incident]);
  expect(later([first], [incident])).toEqual([incident]);
  expect(later([incident], [incident, appointment])).toHaveLength(2);
  expect(later([incident], null)).toEqual([incident]);
});

test("the newest stands last, whichever kind it is", () => {
  const older = { ...incident, at: "2026-11-22T10:00:00.000Z" };
  expect(inOrder([appointment, older])).toEqual([older, appointment]);
  expect(inOrder([older, appointment])).toEqual([older, appointment]);
});
