/** The console's French for what the API says in English identifiers, and for times. */

export const OUTCOMES = ["answered", "redirected", "appointment", "emergency_services", "citizen_left", "other"] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const OUTCOME_WORDS: Record<Outcome, string> = {
  answered: "Réponse apportée",
  redirected: "Orientation vers un autre service",
  appointment: "Rendez-vous proposé ou pris",
  emergency_services: "Renvoi vers les secours (17, 112, 114…)",
  citizen_left: "La personne est partie",
  other: "Autre",
};

/** An outcome of an older or newer version stays readable. */
export function outcomeWords(outcome: string): string {
  const known = OUTCOMES.find((one) => one === outcome);
  return known ? OUTCOME_WORDS[known] : readable(outcome);
}

const REASONS: Record<string, string> = {
  asked: "Demande une personne",
  emergency: "Urgence possible",
  not_understood: "L’assistant n’a pas compris",
  sensitive: "Sujet sensible",
  language: "Écrit dans une autre langue",
  assistant_unavailable: "Assistant indisponible",
  appointment: "Rendez-vous",
  incident: "Main courante",
};

/** The reason of a handoff. Webhook callers may name their own: such a name is shown as it is, made readable. */
export function reasonWords(reason: string): string {
  return REASONS[reason] ?? readable(reason);
}

const LANGUAGES = new Intl.DisplayNames(["fr"], { type: "language", fallback: "code" });

/** "français" for "fr"; what is no language code is shown as it came. */
export function languageWords(code: string): string {
  try {
    return LANGUAGES.of(code) ?? code;
  } catch {
    return code;
  }
}

/** "lieu_incident" becomes "Lieu incident": slot names are identifiers, and new ones appear without a new console. */
export function readable(identifier: string): string {
  const words = identifier.replace(/[_-]+/g, " ").trim();
  return words.charAt(0).toLocaleUpperCase("fr") + words.slice(1);
}

/** The value of a slot as one line of text, or null when there is nothing to show. */
export function slotWords(value: unknown): string | null {
  if (value === null || value === undefined || value === "") return null;
  if (typeof value === "boolean") return value ? "Oui" : "Non";
  if (typeof value === "string") return value;
  if (typeof value === "number") return value.toLocaleString("fr");
  if (Array.isArray(value)) return value.map(slotWords).filter((part) => part !== null).join(", ") || null;
  return JSON.stringify(value);
}

/** A short name that agents can say aloud to each other; the id itself is long and random. */
export function shortName(conversationId: string): string {
  return conversationId.replace(/[^A-Za-z0-9]/g, "").slice(-4).toUpperCase();
}

/** "0:42", "12:05", "1 h 07": how long ago `since` (ISO) was, for a glance. Never negative, whatever the clocks say. */
export function waited(since: string, now: number): string {
  const seconds = Math.max(0, Math.floor((now - Date.parse(since)) / 1_000));
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${String(seconds % 60).padStart(2, "0")}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${String(minutes % 60).padStart(2, "0")}`;
  return `${Math.floor(hours / 24)} j ${hours % 24} h`;
}

/** The same in words, by the minute, for screen readers. */
export function waitedWords(since: string, now: number): string {
  const minutes = Math.max(0, Math.floor((now - Date.parse(since)) / 60_000));
  if (minutes < 1) return "attend depuis moins d’une minute";
  if (minutes < 60) return `attend depuis ${plural(minutes, "minute")}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `attend depuis ${plural(hours, "heure")}`;
  return `attend depuis ${plural(Math.floor(hours / 24), "jour")}`;
}

/** "1 message", "3 messages", "0 message" (French counts from two), joined by a no-break space. */
export function plural(count: number, singular: string, many = `${singular}s`): string {
  return `${count.toLocaleString("fr")}\u00a0${count < 2 ? singular : many}`;
}

const EXACT = new Intl.DateTimeFormat("fr-FR", { dateStyle: "full", timeStyle: "medium" });

/** The whole date and time, for a tooltip. */
export const exact = (iso: string): string => EXACT.format(new Date(iso));
