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
