const LOCALE = "en-GB";
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 });
const tiny = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 2 });
const clock = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short" });
const dayAndYear = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", year: "numeric" });

/** 12,345 */
export const count = (value: number): string => whole.format(value);

/** A number with one decimal where it is small. */
export const amount = (value: number): string => (value >= 100 ? whole : short).format(value);

/** Events by the second: 0, 0.4, 12. */
export const rate = (value: number): string => `${amount(value)}/s`;

/** `1 event`, `2 events` */
export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

/** How long: `4 s`, `3 min`, `2 h`, `5 days`. */
export function duration(seconds: number): string {
  if (seconds < 1) return seconds <= 0 ? "0 s" : "under 1 s";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129_600) return `${Math.round(seconds / 3_600)} h`;
  return plural(Math.round(seconds / 86_400), "day");
}

/** As people read it: the time for today, the day before that. */
export function moment(iso: string, now: number): string {
  const date = new Date(iso);
  const time = date.getTime();
  if (Number.isNaN(time)) return iso;
  if (isSameDay(date, new Date(now))) return clock.format(date);
  const isThisYear = date.getFullYear() === new Date(now).getFullYear();
  return `${(isThisYear ? day : dayAndYear).format(date)}, ${clock.format(date)}`;
}

/** `just now`, `3 min ago`, and the day for what is older. */
export function ago(iso: string, now: number): string {
  const seconds = (now - Date.parse(iso)) / 1_000;
  if (Number.isNaN(seconds)) return iso;
  if (seconds < 10) return "just now";
  return seconds < 129_600 ? `${duration(seconds)} ago` : moment(iso, now);
}

/** `2026-11-28 04:47:46.948 UTC` */
export const exact = (iso: string): string => {
  const time = Date.parse(iso);
  return Number.isNaN(time) ? iso : new Date(time).toISOString().replace("T", " ").replace("Z", " UTC");
};

/** US dollars: cents for what people pay, more digits for what is next to nothing. */
export function dollars(value: number): string {
  if (value === 0) return "$0";
  if (value < 0.01) return `$${tiny.format(value)}`;
  return `$${new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(value)}`;
}

/** `change-price` and `ChangePrice` as words: `Change price`. */
export function words(name: string): string {
  const text = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/[-_]+/g, " ")
    .toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const isSameDay = (a: Date, b: Date): boolean => a.toDateString() === b.toDateString();

export const isDateTime = (text: string): boolean =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text);
