/** Times as the user types them: in the browser's zone, which is the zone of the panels that are pushed. */

export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The next working day's ten o'clock, as [date, time] for inputs. */
export function suggestion() {
  const day = new Date();
  do day.setDate(day.getDate() + 1);
  while ([0, 6].includes(day.getDay()));
  day.setHours(10, 0, 0, 0);
  return inputs(day);
}

/** An instant as [date, time] for inputs. */
export function inputs(instant) {
  const two = (number) => String(number).padStart(2, "0");
  return [
    `${instant.getFullYear()}-${two(instant.getMonth() + 1)}-${two(instant.getDate())}`,
    `${two(instant.getHours())}:${two(instant.getMinutes())}`,
  ];
}

/** The instant of inputs. */
export function instant(date, time) {
  return new Date(`${date}T${time}`);
}

/** The instant so many minutes later. */
export function later(start, minutes) {
  return new Date(start.getTime() + minutes * 60_000);
}

/** An instant for people. */
export function shown(text) {
  return new Date(text).toLocaleString([], { dateStyle: "full", timeStyle: "short" });
}
