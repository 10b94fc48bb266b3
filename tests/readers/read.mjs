/** Reads calendars with each npm library: a JSON list of texts on stdin, what each reader makes of each on stdout. */

import { readFileSync } from "node:fs";
import ICAL from "ical.js";
import nodeIcal from "node-ical";
import { convertIcsCalendar } from "ts-ics";

const instant = (date) => date.toISOString().replace(".000Z", "Z");
const email = (uri) => decodeURIComponent(String(uri ?? "").replace(/^mailto:/i, ""));
const list = (value) => (value === undefined ? [] : [value].flat());

function withIcalJs(text) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  const component = calendar.getFirstSubcomponent("vevent");
  const event = new ICAL.Event(component);
  const value = (name) => component.getFirstPropertyValue(name);
  return {
    method: calendar.getFirstPropertyValue("method"),
    uid: event.uid,
    sequence: event.sequence,
    start: instant(event.startDate.toJSDate()),
    end: instant(event.endDate.toJSDate()),
    summary: event.summary,
    description: event.description,
    location: event.location ?? null,
    url: value("url"),
    status: value("status"),
    organizer: email(value("organizer")),
    attendees: event.attendees.map((each) => [
      email(each.getFirstValue()), each.getParameter("cn"), each.getParameter("partstat"),
    ]),
  };
}

function withNodeIcal(text) {
  const calendar = nodeIcal.sync.parseICS(text);
  const event = Object.values(calendar).find(({ type }) => type === "VEVENT");
  return {
    method: event.method ?? calendar.vcalendar?.method ?? null,
    uid: event.uid,
    sequence: Number(event.sequence),
    start: instant(event.start),
    end: instant(event.end),
    summary: event.summary,
    description: event.description,
    location: event.location ?? null,
    url: event.url?.val ?? event.url ?? null,
    status: event.status ?? null,
    organizer: email(event.organizer.val),
    attendees: list(event.attendee).map(({ val, params }) => [email(val), String(params.CN), params.PARTSTAT]),
  };
}

function withTsIcs(text) {
  const calendar = convertIcsCalendar(undefined, text);
  const [event] = calendar.events;
  return {
    method: calendar.method,
    uid: event.uid,
    sequence: event.sequence,
    start: instant(event.start.date),
    end: instant(event.end.date),
    summary: event.summary,
    description: event.description,
    location: event.location ?? null,
    url: event.url ?? null,
    status: event.status ?? null,
    organizer: email(event.organizer.email),
    attendees: list(event.attendees).map((each) => [email(each.email), each.name, each.partstat]),
  };
}

const readers = { "ical.js": withIcalJs, "node-ical": withNodeIcal, "ts-ics": withTsIcs };
const texts = JSON.parse(readFileSync(0, "utf8"));

function attempt(read, text) {
  try {
    return read(text);
  } catch (error) {
    return { error: String(error) };
  }
}

const answers = Object.entries(readers).map(([name, read]) => [name, texts.map((text) => attempt(read, text))]);
console.log(JSON.stringify(Object.fromEntries(answers)));
