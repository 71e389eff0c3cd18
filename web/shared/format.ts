/** Dates, times and durations as French readers write them, in the local time zone. */

const clock = new Intl.DateTimeFormat("fr-FR", { hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat("fr-FR", { weekday: "long", day: "numeric", month: "long" });
const dateAndYear = new Intl.DateTimeFormat("fr-FR", { day: "numeric", month: "long", year: "numeric" });

const startOfDay = (moment: Date): number =>
  new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();

/** « 14:05 » */
export const timeOfDay = (iso: string): string => clock.format(new Date(iso));

/** « aujourd’hui », « hier », « lundi 23 novembre », « 3 janvier 2025 » */
export function day(iso: string, now: Date = new Date()): string {
  const moment = new Date(iso);
  const days = Math.round((startOfDay(now) - startOfDay(moment)) / 86_400_000);
  if (days === 0) return "aujourd’hui";
  if (days === 1) return "hier";
  return moment.getFullYear() === now.getFullYear() ? date.format(moment) : dateAndYear.format(moment);
}

/** « 45 s », « 3 min », « 1 h 05 »: how long, from milliseconds; never negative. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds}\u00a0s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}\u00a0min`;
  return `${Math.floor(minutes / 60)}\u00a0h\u00a0${String(minutes % 60).padStart(2, "0")}`;
}

/** Length as the front desk counts it: code points, after trimming. */
export const textLength = (text: string): number => [...text.trim()].length;

const placeDay = new Intl.DateTimeFormat("fr-FR", { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });

/**
 * The day and the clock that a time itself carries (« 2026-11-26T08:00:00+04:00 » is 8 h 00), whatever the browser's time
 * zone is: an appointment overseas is told in the time of the place.
 */
function atPlace(iso: string): { date: string; clock: string; offset: string } {
  const day = placeDay.format(new Date(`${iso.slice(0, 10)}T00:00:00Z`)).replace(/(^| )1 /, "$11er ");
  const offset = iso.slice(19);
  return { date: day, clock: `${Number(iso.slice(11, 13))}\u00a0h\u00a0${iso.slice(14, 16)}`, offset };
}

// No French territory lives on this clock, so whoever reads it has to know.
const zoneWords = (offset: string): string => (offset === "+00:00" ? " (UTC)" : "");

/** « jeudi 26 novembre 2026 à 8 h 00 »: from ISO 8601 with an offset. */
export function placeMoment(iso: string): string {
  const { date, clock, offset } = atPlace(iso);
  return `${date} à ${clock}${zoneWords(offset)}`;
}

/** « jeudi 26 novembre 2026 de 8 h 00 à 12 h 00 »: from when to when; null when neither is known. */
export function placePeriod(start: string | null | undefined, end: string | null | undefined): string | null {
  if (!start) return end ? `jusqu’au ${placeMoment(end)}` : null;
  if (!end || start === end) return placeMoment(start);
  const from = atPlace(start);
  const to = atPlace(end);
  if (from.date !== to.date || from.offset !== to.offset) return `du ${placeMoment(start)} au ${placeMoment(end)}`;
  return `${from.date} de ${from.clock} à ${to.clock}${zoneWords(to.offset)}`;
}

/** « 01 99 00 12 34 » for a French number in E.164, another one as it is. */
export function phoneWords(number: string): string {
  const digits = /^\+33([1-9]\d{8})$/.exec(number)?.[1];
  return digits ? `0${digits}`.replace(/(\d\d)(?=\d)/g, "$1\u00a0") : number;
}
