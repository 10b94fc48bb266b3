/** Reads the feed at a URL as node-ical subscribes to one: what it has of each event, by its UID. */

import nodeIcal from "node-ical";

const events = Object.values(await nodeIcal.async.fromURL(process.argv[2])).filter(({ type }) => type === "VEVENT");
const shown = events.map(({ uid, summary, start, status }) => [
  uid, { summary, start: start.toISOString().replace(".000Z", "Z"), status },
]);
console.log(JSON.stringify(Object.fromEntries(shown)));
