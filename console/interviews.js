/** My interviews: what is coming, what feedback is due, and the invite for my calendar. */

import { download, joined } from "/console/calendar.js";
import { ask } from "/console/client.js";
import { h, icon, outward } from "/console/element.js";
import { announce, announcer, blank, chip, face, press } from "/console/page.js";
import { RESPONSES } from "/console/panels.js";
import { day, moment, relative } from "/console/times.js";
import { whenCell } from "/console/when.js";

const MINE = `
  query MyInterviews($me: ID!, $from: DateTime!, $until: DateTime!) {
    coming: interviews(filter: { interviewerId: $me, startsAfter: $from }, first: 50) { edges { node { ...Seat } } }
    past: interviews(filter: { interviewerId: $me, startsAfter: $until, startsBefore: $from }, first: 50) {
      edges { node { ...Seat } }
    }
    viewer { ... on User { feedbackForms(status: PENDING, first: 50) { edges { node {
      id interview { id subject startsAt endsAt candidate { id name } }
    } } } } }
  }
  fragment Seat on Interview {
    id subject startsAt endsAt timezone location meetingUrl
    candidate { id name headline }
    interviewers { responseStatus user { id name } feedbackForm { id status } }
  }`;

const INVITE = `query Invite($id: ID!) { node(id: $id) { ... on Interview { calendarInvite } } }`;

const INVITES = `
  query Invites($me: ID!, $from: DateTime!) {
    interviews(filter: { interviewerId: $me, startsAfter: $from }, first: 50) { edges { node { calendarInvite } } }
  }`;

const TWO_WEEKS = 14 * 86_400_000;
const HALF_DAY = 43_200_000;

export default function show(page) {
  const { viewer } = page;
  const announceChange = announcer("Your interviews with ");
  page.open("My interviews", { lead: "The interviews that you are on, and the feedback that is waiting for you." });

  page.load(
    () => {
      // From half a day back, so that the interview that runs right now is not past yet.
      const from = new Date(Date.now() - HALF_DAY);
      return ask(MINE, { me: viewer.id, from: from.toISOString(), until: new Date(from - TWO_WEEKS).toISOString() });
    },
    (data) => draw(data),
  );
  page.on("change", ({ panel }) => {
    const isMine = panel.interviews.some(({ interviewers }) => interviewers.some(({ user }) => user.id === viewer.id));
    const wasMine = panel.interviews.some(({ id }) => page.body.querySelector(`[data-id="${CSS.escape(id)}"]`));
    if (!isMine && !wasMine) return;
    page.reloadSoon();
    announceChange(panel.candidate.name);
  });

  function draw({ coming, past, viewer: { feedbackForms } }) {
    const now = new Date().toISOString();
    const nodes = ({ edges }) => edges.map(({ node }) => node);
    const near = nodes(coming);
    const ahead = near.filter(({ endsAt }) => endsAt >= now);
    const behind = [...near.filter(({ endsAt }) => endsAt < now), ...nodes(past)].sort((one, other) =>
      other.startsAt.localeCompare(one.startsAt),
    );
    const due = nodes(feedbackForms).filter(({ interview }) => interview.startsAt < now);
    page.show(
      h(
        "div.agenda",
        null,
        due.length > 0 &&
          h(
            "section.section",
            null,
            h("h2", null, "Feedback due ", chip("due", String(due.length))),
            h("ul.cards.due", null, due.map(dueCard)),
          ),
        h(
          "section.section",
          null,
          h(
            "div.between",
            null,
            h("h2", null, "Coming up"),
            ahead.length > 0 &&
              h(
                "button.quiet.small",
                {
                  click: ({ currentTarget }) => press(currentTarget, () => downloadAll(viewer.id)),
                  "data-focus": "all",
                },
                icon("calendar"),
                "Add all to my calendar",
                h("span.hushed", null, ", as one .ics file"),
              ),
          ),
          ahead.length
            ? days(ahead)
            : blank("calendar", "Nothing coming up", "Interviews that you are put on appear here by themselves."),
        ),
        behind.length > 0 && h("section.section", null, h("h2", null, "The last two weeks"), days(behind)),
      ),
    );
  }

  function days(interviews) {
    const byDay = grouped(interviews);
    return [...byDay].map(([title, seats]) =>
      h("div.day", null, h("h3", null, title), h("ul.cards", null, seats.map(seat))),
    );
  }

  function seat({ id, subject, startsAt, endsAt, timezone, location, meetingUrl, candidate, interviewers }) {
    const mine = interviewers.find(({ user }) => user.id === viewer.id);
    const others = interviewers.filter((interviewer) => interviewer !== mine);
    const name =
      viewer.role === "INTERVIEWER" ? candidate.name : h("a", { href: `/candidates/${candidate.id}` }, candidate.name);
    return h(
      "li.card.seat",
      { "data-id": id },
      whenCell({ startsAt, endsAt, timezone }, startsAt),
      h(
        "div.what",
        null,
        h("h4", null, name),
        h("p", null, subject, candidate.headline && h("span.faint", null, ` · ${candidate.headline}`)),
        (location || meetingUrl) &&
          h(
            "p.where",
            null,
            location && h("span", null, icon("place"), location),
            meetingUrl && outward("a", meetingUrl, null, icon("video"), "Join the meeting"),
          ),
        h(
          "p.with",
          null,
          mine && yourAnswer(mine.responseStatus),
          others.map(({ user }) => h("span.person", null, face(user.name), user.name)),
        ),
      ),
      h(
        "div.acts",
        null,
        mine?.feedbackForm && formLink(mine.feedbackForm),
        endsAt > new Date().toISOString() &&
          h(
            "button.quiet.small",
            {
              click: ({ currentTarget }) => press(currentTarget, () => downloadInvite(id, subject)),
              "data-focus": `invite-${id}`,
            },
            icon("download"),
            "Calendar invite",
            h("span.hushed", null, ` for ${subject} with ${candidate.name}, as an .ics file`),
          ),
      ),
    );
  }
}

function yourAnswer(status) {
  const [tone, symbol, words] = RESPONSES[status];
  return h(`span.answer.tone-${tone}`, null, icon(symbol), `You: ${words.toLowerCase()}`);
}

function grouped(interviews) {
  const days = new Map();
  for (const interview of interviews)
    days.set(day(interview.startsAt), [...(days.get(day(interview.startsAt)) ?? []), interview]);
  return days;
}

const formLink = ({ id, status }) =>
  status === "COMPLETED"
    ? h("a.chip.good", { href: `/feedback/${id}` }, icon("check"), "Feedback in")
    : h("a.quiet.small", { href: `/feedback/${id}` }, icon("form"), "Feedback form");

const dueCard = ({ id, interview: { id: interviewId, subject, endsAt, candidate } }) =>
  h(
    "li.card.seat",
    { "data-id": interviewId },
    h(
      "div.what",
      null,
      h("h3", null, candidate.name),
      h(
        "p",
        null,
        subject,
        h(
          "span.faint",
          null,
          endsAt < new Date().toISOString() ? " · ended " : " · ends ",
          h("time", { datetime: endsAt, title: moment(endsAt) }, relative(endsAt)),
        ),
      ),
    ),
    h(
      "div.acts",
      null,
      h(
        "a.solid.small",
        { href: `/feedback/${id}` },
        icon("form"),
        "Give feedback",
        h("span.hushed", null, ` on ${candidate.name}`),
      ),
    ),
  );

async function downloadInvite(id, subject) {
  const { node } = await ask(INVITE, { id });
  download(node.calendarInvite, subject);
  announce("The invite is downloaded: open it to put the interview into your calendar.");
}

async function downloadAll(me) {
  const { interviews } = await ask(INVITES, { me, from: new Date().toISOString() });
  download(joined(interviews.edges.map(({ node }) => node.calendarInvite)), "My interviews");
  announce("Open the file to put them into your calendar. A newer one moves what has moved, and doubles nothing.");
}
