/** Formats instants, in the viewer's time zone unless another is named. */

const CHOSEN = "callboard.times";

export const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
let localZone, TIME;

const language = navigator.languages.find((name) => name.startsWith("en")) ?? "en-GB";
const formats = new Map();
const isTwelveHours = new Intl.DateTimeFormat(language, { hour: "numeric" }).resolvedOptions().hour12;

/** The zone and the clock ("12" or "24") that the viewer has chosen in this browser; what is empty is as it has it. */
export function chosenTimes() {
  try {
    return JSON.parse(localStorage.getItem(CHOSEN)) ?? {};
  } catch {
    return {};
  }
}

/** Shows times in that zone and by that clock from here on, and in the next visit. */
export function chooseTimes(chosen) {
  try {
    localStorage.setItem(CHOSEN, JSON.stringify(chosen));
  } catch {
    // Where the browser keeps nothing, the choice counts for this page.
  }
  useTimes(chosen);
}

function useTimes({ zone, clock }) {
  const hour12 = clock ? clock === "12" : isTwelveHours;
  TIME = { hour: hour12 ? "numeric" : "2-digit", minute: "2-digit", hour12 };
  // "24:15" is how some locales write midnight by a clock of 24 hours.
  if (!hour12) Object.assign(TIME, { hour12: undefined, hourCycle: "h23" });
  localZone = isZone(zone) ? zone : browserZone;
}

function isZone(zone) {
  try {
    return Boolean(zone && Intl.DateTimeFormat("en", { timeZone: zone }));
  } catch {
    return false;
  }
}

useTimes(chosenTimes());

function format(options, timeZone) {
  const key = JSON.stringify([options, timeZone]);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(language, { ...options, timeZone }));
  return formats.get(key);
}

const formatted = (instant, options, timeZone = localZone) => format(options, timeZone).format(new Date(instant));

const year = (instant) => formatted(instant, { year: "numeric" });
const isThisYear = (instant) => year(instant) === year(Date.now());

/** Thursday, 12 December; with the year when it is another. */
export const day = (instant, timeZone) =>
  formatted(
    instant,
    { weekday: "long", day: "numeric", month: "long", ...(isThisYear(instant) ? {} : { year: "numeric" }) },
    timeZone,
  );

/** Thu, 12 Dec, 10:00 */
export const moment = (instant, timeZone) =>
  formatted(
    instant,
    { weekday: "short", day: "numeric", month: "short", ...TIME, ...(isThisYear(instant) ? {} : { year: "numeric" }) },
    timeZone,
  );

export const clock = (instant, timeZone) => formatted(instant, TIME, timeZone);

/** Thu, 12 Dec */
export const date = (instant, timeZone) =>
  formatted(instant, { weekday: "short", day: "numeric", month: "short" }, timeZone);

/** 10:00 – 11:00; 23:30–00:15⁺¹ over midnight, where the locale's own format would write both dates. */
export const span = (from, to, timeZone) =>
  date(from, timeZone) === date(to, timeZone)
    ? format(TIME, timeZone ?? localZone).formatRange(new Date(from), new Date(to))
    : `${clock(from, timeZone)}–${clock(to, timeZone)}⁺¹`;

/** GMT+1, or PST where the locale has a name. */
export const zoneName = (instant, timeZone = localZone) =>
  format({ timeZoneName: "short" }, timeZone)
    .formatToParts(new Date(instant))
    .find(({ type }) => type === "timeZoneName").value;

/** Whether clocks of that zone show another time than the viewer's at this instant. */
export const differsFromLocal = (instant, timeZone) => {
  const clockFields = { day: "numeric", hour: "numeric", minute: "numeric" };
  return formatted(instant, clockFields, timeZone) !== formatted(instant, clockFields);
};

const relativeFormat = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const DAY = 86_400;
const HALF_MINUTE = 30;
const UNITS = [
  ["hour", 3_600],
  ["minute", 60],
];

/** in 2 days, yesterday, just now. Days are calendar days: 30 hours from now may be the day after tomorrow. */
export function relative(instant) {
  const seconds = (new Date(instant) - Date.now()) / 1000;
  if (Math.abs(seconds) >= DAY) return relativeFormat.format(dayNumber(instant) - dayNumber(Date.now()), "day");
  for (const [unit, size] of UNITS)
    if (Math.abs(seconds) >= size - HALF_MINUTE) return relativeFormat.format(Math.round(seconds / size), unit);
  return "just now";
}

function dayNumber(instant) {
  const parts = format({ year: "numeric", month: "numeric", day: "numeric" }, localZone).formatToParts(new Date(instant));
  const part = (name) => Number(parts.find(({ type }) => type === name).value);
  return Date.UTC(part("year"), part("month") - 1, part("day")) / (DAY * 1000);
}
