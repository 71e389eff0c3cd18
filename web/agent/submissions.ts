/** Appointments and incident reports in the console's French. No network and no page in here. */

import { phoneWords, placePeriod } from "../shared/format";
import { mailHref, safeHref } from "../shared/href";
import type { Appointment, Incident, Submission } from "../shared/schemas";
import { exact, plural, readable } from "./words";

export interface Fact {
  label: string;
  value: string;
  /** Where a press on the value leads: it calls or writes. */
  href?: string | undefined;
}

const REASONS: Record<string, string> = {
  complaint: "Déposer une plainte",
  incident_report: "Faire une main courante",
  holiday_watch: "Opération tranquillité vacances",
  weapon_surrender: "Remettre une arme",
  other: "Autre",
};
const UNITS: Record<string, string> = { police: "Police", gendarmerie: "Gendarmerie", any: "Police ou gendarmerie" };
const PRECISIONS: Record<string, string> = {
  exact: "Exacte", approximate: "Approximative", period: "Période", unknown: "La personne ne sait pas",
};
const KINDS: Record<string, string> = { appointment: "Demande de rendez-vous", incident: "Main courante" };

/** « Main courante MC-2026-000012 (version 2) »; also for the event that tells of it. */
export function submissionTitle(one: { kind: string; number: string; version: number }): string {
  const title = `${KINDS[one.kind] ?? "Demande"} ${one.number}`;
  return one.version > 1 ? `${title} (version\u00a0${one.version})` : title;
}

/** What an agent must know before relying on it. */
export function caution(one: Submission): string {
  switch (one.kind) {
    case "appointment":
      return "Demande à confirmer par l’unité.";
    case "incident":
      return "Déclaration à vérifier par un agent, ce n’est pas une plainte.";
    case "unknown":
      return "Rechargez cette page pour lire cette demande.";
  }
}

/** Everything that was submitted, labelled, in the order in which an agent reads it; what was not given is left out. */
export function facts(one: Submission): Fact[] {
  const all = one.kind === "appointment" ? appointmentFacts(one) : one.kind === "incident" ? incidentFacts(one) : [];
  const received = { label: one.version > 1 ? "Version reçue" : "Reçue", value: exact(one.at) };
  const versions = one.versions > 1 ? [{ label: "Versions", value: plural(one.versions, "version") }] : [];
  return [...all.filter((fact): fact is Fact => Boolean(fact.value)), received, ...versions];
}

interface Given { label: string; value: string | null | undefined; href?: string | undefined }

function appointmentFacts({ data }: Appointment): Given[] {
  return [
    { label: "Motif", value: REASONS[data.reason] ?? readable(data.reason) },
    { label: "Objet", value: data.reason_text },
    { label: "Commune", value: commune(data.commune_name, data.postcode, data.commune_code) },
    { label: "Service", value: UNITS[data.unit] ?? readable(data.unit) },
    { label: "Souhaits", value: data.wishes_text },
    ...(data.wishes ?? []).map(({ start, end, text }) => {
      const when = placePeriod(start, end);
      return { label: "Créneau possible", value: text ? `${text} (${when})` : when };
    }),
    ...contact(data),
    { label: "Besoin particulier", value: data.accessibility },
  ];
}

function incidentFacts({ data }: Incident): Given[] {
  return [
    { label: "Faits", value: data.what },
    { label: "Quand", value: data.when_text },
    { label: "Date", value: placePeriod(data.when_start, data.when_end) },
    { label: "Précision", value: PRECISIONS[data.when_precision] ?? readable(data.when_precision) },
    { label: "Où", value: data.where_text },
    { label: "Commune", value: commune(data.commune_name, null, data.commune_code) },
    { label: "Personnes concernées", value: data.people_text },
    { label: "Témoins", value: data.witnesses_text },
    { label: "Souhait ou crainte", value: data.wish_text },
    ...contact(data),
    { label: "Être rappelé", value: data.callback ? "Oui" : "Non" },
  ];
}

function contact({ name, phone, email }: Pick<Appointment["data"], "name" | "phone" | "email">): Given[] {
  return [
    { label: "Nom", value: name },
    { label: "Téléphone", value: phone && phoneWords(phone), href: (phone && safeHref(`tel:${phone}`)) || undefined },
    { label: "Adresse e-mail", value: email, href: email ? mailHref(email) : undefined },
  ];
}

type Text = string | null | undefined;

function commune(name: Text, postcode: Text, code: Text): string {
  const told = [name, postcode].filter(Boolean).join(", ");
  if (!code) return told;
  return told ? `${told} (code Insee ${code})` : `Code Insee ${code}`;
}

/** The whole of it as text, to be pasted elsewhere. */
export function asText(one: Submission): string {
  return [submissionTitle(one), caution(one), ...facts(one).map(({ label, value }) => `${label}\u00a0: ${value}`)].join("\n");
}

/** The newest last. */
export const inOrder = (list: readonly Submission[]): Submission[] => [...list].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));

/** Of two readings the later one: nothing that was submitted ever goes away, so it holds at least as many versions. */
export function later(known: readonly Submission[], read: readonly Submission[] | null | undefined): readonly Submission[] {
  const versions = (list: readonly Submission[]): number => list.reduce((sum, one) => sum + one.versions, 0);
  return read && versions(read) >= versions(known) ? read : known;
}
