/** Parts of an interview that the profile and My interviews both show: time, venue, responses. */

import { externalLink, h, icon } from "/console/element.js";
import { date, differsFromLocal, span, zoneName } from "/console/times.js";

/** Tone, icon and label of an interviewer's response to the invitation. */
export const RESPONSES = {
  ACCEPTED: ["good", "check", "Accepted"],
  TENTATIVE: ["warn", "question", "Tentative"],
  DECLINED: ["bad", "cross", "Declined"],
  NEEDS_ACTION: ["plain", "clock", "No response yet"],
};

/**
 * The time of an interview in the viewer's time zone, and in the panel's where clocks there differ. `shownDay` is an
 * instant of the day that the heading names; an interview on another day shows its date.
 */
export function interviewTime({ startsAt, endsAt, timezone }, shownDay) {
  const city = timezone.split("/").at(-1).replaceAll("_", " ");
  return h(
    "div.when",
    null,
    date(startsAt) !== date(shownDay) && h("b", null, date(startsAt)),
    h("time", { datetime: startsAt }, span(startsAt, endsAt)),
    h("small", null, zoneName(startsAt)),
    differsFromLocal(startsAt, timezone) &&
      h(
        "small.there",
        { title: timezone },
        date(startsAt, timezone) !== date(startsAt) && h("span", null, date(startsAt, timezone)),
        h("span", null, span(startsAt, endsAt, timezone)),
        h("span", null, `${zoneName(startsAt, timezone)} · ${city}`),
      ),
  );
}

/** Where an interview takes place: a room, a link to the meeting, or both. */
export function venue({ location, meetingUrl }) {
  if (!location && !meetingUrl) return null;
  return h(
    "p.where",
    null,
    location && h("span", null, icon("place"), location),
    meetingUrl && externalLink("a", meetingUrl, null, icon("video"), "Join the meeting"),
  );
}
