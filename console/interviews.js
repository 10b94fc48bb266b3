/** My interviews: what is upcoming, which feedback is due, and invites for the viewer's calendar. */

import { download, mergeCalendars, openSubscribeDialog } from "/console/calendar.js";
import { ask } from "/console/client.js";
import { h, icon } from "/console/element.js";
import { RESPONSES, interviewTime, venue } from "/console/interview-parts.js";
import { announce, announcer, avatar, chip, emptyState, firstRows, runAction } from "/console/page.js";
import { day, moment, relative } from "/console/times.js";

const SEATS = `
  edges { node {
    id subject startsAt endsAt timezone location meetingUrl
    candidate { id name headline }
    interviewers { responseStatus user { id name } feedbackForm { id status } }
  } }
  pageInfo { hasNextPage endCursor }`;

const COMING = `
  query Coming($me: ID!, $from: DateTime!, $first: Int!, $after: String) {
    list: interviews(filter: { interviewerId: $me, startsAfter: $from }, first: $first, after: $after) { ${SEATS} }
  }`;

const PAST = `
  query Past($me: ID!, $from: DateTime!, $until: DateTime!, $first: Int!, $after: String) {
    list: interviews(
      filter: { interviewerId: $me, startsAfter: $until, startsBefore: $from }, first: $first, after: $after
    ) { ${SEATS} }
  }`;

const DUE = `
  query Due($first: Int!, $after: String) {
    viewer { ... on User { feedbackForms(status: PENDING, first: $first, after: $after) {
      edges { node { id interview { id subject startsAt endsAt candidate { id name } } } }
      pageInfo { hasNextPage endCursor }
    } } }
  }`;

const INVITE = `
  query Invite($id: ID!) { node(id: $id) { ... on Interview { calendarInvites { text user { id } } } } }`;

const INVITES = `
  query Invites($me: ID!, $from: DateTime!, $after: String) {
    interviews(
      filter: { interviewerId: $me, startsAfter: $from, includeCanceled: true }, first: 100, after: $after
    ) {
      edges { node { calendarInvites { text user { id } } } } pageInfo { hasNextPage endCursor }
    }
  }`;

const TWO_WEEKS = 14 * 86_400_000;
const HALF_DAY = 43_200_000;
const PAGE = 100;

export default function show(page) {
  const { viewer } = page;
  let sought = location.hash.slice(1);
  const announceChange = announcer("Your interviews with ");
  page.showHeading("My interviews", { lead: "Interviews you conduct, and feedback you still have to give." });
  page.load(
    async () => {
      // From half a day back, so that an interview that runs right now isn't listed as past.
      const from = new Date(Date.now() - HALF_DAY);
      const times = { me: viewer.id, from: from.toISOString(), until: new Date(from - TWO_WEEKS).toISOString() };
      const [coming, past, forms] = await Promise.all([
        firstRows(page.kept.rows ?? PAGE, async (first, after) => (await ask(COMING, { ...times, first, after })).list),
        firstRows(Infinity, async (first, after) => (await ask(PAST, { ...times, first, after })).list),
        firstRows(Infinity, async (first, after) => (await ask(DUE, { first, after })).viewer.feedbackForms),
      ]);
      return { coming, past, forms };
    },
    (data) => {
      page.show(agenda(data, viewer, showMore));
      // The finder leads to one of them.
      if (sought) page.body.querySelector(`[data-id="${CSS.escape(sought)}"]`)?.scrollIntoView({ block: "center" });
      sought = "";
    },
  );
  const showMore = () => {
    page.kept = { ...page.kept, rows: (page.kept.rows ?? PAGE) + PAGE };
    page.keep({ rows: page.kept.rows });
    return page.reload();
  };
  page.on("change", ({ panel }) => {
    const isMine = panel.interviews.some(({ interviewers }) => interviewers.some(({ user }) => user.id === viewer.id));
    const wasMine = panel.interviews.some(({ id }) => page.body.querySelector(`[data-id="${CSS.escape(id)}"]`));
    if (!isMine && !wasMine) return;
    page.reloadSoon();
    announceChange(panel.candidate.name);
  });
  page.on("form", ({ form }) => form.interviewer.id === viewer.id && page.reloadSoon());
  page.on("candidate", () => page.reloadSoon());
  page.on("gone", ({ nodeId }) => page.body.querySelector(`[data-id="${CSS.escape(nodeId)}"]`) && page.reloadSoon());
}

function agenda({ coming, past, forms }, viewer, showMore) {
  const now = new Date().toISOString();
  const near = nodes(coming);
  const upcoming = near.filter(({ endsAt }) => endsAt >= now);
  const ended = [...near.filter(({ endsAt }) => endsAt < now), ...nodes(past)];
  ended.sort((one, other) => other.startsAt.localeCompare(one.startsAt));
  const due = nodes(forms).filter(({ interview }) => interview.startsAt < now);
  const isToday = ({ startsAt }) => day(startsAt) === day(now);
  const before = ended.filter((interview) => !isToday(interview));
  return h(
    "div.agenda",
    null,
    todaySection([...ended.filter(isToday).reverse(), ...upcoming.filter(isToday)], due, viewer),
    due.length > 0 && dueSection(due),
    upcomingSection(upcoming, (interview) => !isToday(interview), viewer),
    coming.pageInfo.hasNextPage && moreButton(showMore),
    before.length > 0 && h("section.section", null, h("h2", null, "The last two weeks"), days(before, viewer)),
  );
}

/** The viewer's day: how much it holds, what is next, and all of its interviews, those that are over too. */
function todaySection(interviews, due, viewer) {
  const now = new Date().toISOString();
  const next = interviews.find(({ startsAt }) => startsAt > now);
  const facts = [
    interviews.length ? counted(interviews.length, "interview") : "No interviews",
    next && `next ${relative(next.startsAt)}: ${next.subject} with ${next.candidate.name}`,
    due.length > 0 && `${counted(due.length, "feedback form")} due`,
  ];
  return h(
    "section.section",
    { "aria-labelledby": "today" },
    h("h2", { id: "today" }, `Today, ${day(now)}`),
    h("p.faint", null, facts.filter(Boolean).join(" · ")),
    interviews.length > 0 && h("ul.cards", null, interviews.map((interview) => interviewCard(interview, viewer, "h3"))),
  );
}

const counted = (count, thing) => `${count} ${thing}${count === 1 ? "" : "s"}`;

const nodes = ({ edges }) => edges.map(({ node }) => node);

const dueSection = (forms) =>
  h(
    "section.section",
    null,
    h("h2", null, "Feedback due ", chip("due", String(forms.length))),
    h("ul.cards.due", null, forms.map(dueCard)),
  );

function upcomingSection(interviews, isLater, viewer) {
  const later = interviews.filter(isLater);
  const addAll = ({ currentTarget }) => runAction(currentTarget, () => downloadAllInvites(viewer.id));
  return h(
    "section.section",
    null,
    h(
      "div.between",
      null,
      h("h2", null, "Upcoming"),
      interviews.length > 0 &&
        h(
          "button.quiet.small",
          { click: addAll, "data-focus": "all" },
          icon("download"),
          "Add all to my calendar",
          h("span.visually-hidden", null, ", as one .ics file"),
        ),
      h("button.quiet.small", { click: openSubscribeDialog, "data-focus": "subscribe" }, icon("calendar"), "Subscribe"),
    ),
    later.length
      ? days(later, viewer)
      : emptyState("calendar", "No upcoming interviews", "Interviews you are assigned to appear here."),
  );
}

const moreButton = (showMore) =>
  h(
    "p.more",
    null,
    h(
      "button.quiet",
      { click: ({ currentTarget }) => runAction(currentTarget, showMore), "data-focus": "more" },
      "Show more",
      h("span.visually-hidden", null, " upcoming interviews"),
    ),
  );

function days(interviews, viewer) {
  const byDay = new Map();
  for (const interview of interviews) {
    const title = day(interview.startsAt);
    byDay.set(title, [...(byDay.get(title) ?? []), interviewCard(interview, viewer)]);
  }
  return [...byDay].map(([title, cards]) => h("div.day", null, h("h3", null, title), h("ul.cards", null, cards)));
}

/** `heading` is one level below that of what the card stands in. */
function interviewCard(interview, viewer, heading = "h4") {
  const { id, subject, startsAt, candidate, interviewers } = interview;
  const mine = interviewers.find(({ user }) => user.id === viewer.id);
  const others = interviewers.filter((interviewer) => interviewer !== mine);
  const name =
    viewer.role === "INTERVIEWER" ? candidate.name : h("a", { href: `/candidates/${candidate.id}` }, candidate.name);
  return h(
    "li.card.seat",
    { "data-id": id },
    interviewTime(interview, startsAt),
    h(
      "div.what",
      null,
      h(heading, null, name),
      h("p", null, subject, candidate.headline && h("span.faint", null, ` · ${candidate.headline}`)),
      venue(interview),
      h(
        "p.with",
        null,
        mine && ownResponse(mine.responseStatus),
        others.map(({ user }) => h("span.person", null, avatar(user.name), user.name)),
      ),
    ),
    h("div.acts", null, mine?.feedbackForm && formLink(mine.feedbackForm), inviteButton(interview, viewer)),
  );
}

function inviteButton({ id, subject, endsAt, candidate }, viewer) {
  if (endsAt <= new Date().toISOString()) return null;
  return h(
    "button.quiet.small",
    {
      click: ({ currentTarget }) => runAction(currentTarget, () => downloadInvite(id, subject, viewer)),
      "data-focus": `invite-${id}`,
    },
    icon("download"),
    "Calendar invite",
    h("span.visually-hidden", null, ` for ${subject} with ${candidate.name}, as an .ics file`),
  );
}

function ownResponse(status) {
  const [tone, symbol, label] = RESPONSES[status];
  return h(`span.answer.tone-${tone}`, null, icon(symbol), `You: ${label.toLowerCase()}`);
}

const formLink = ({ id, status }) =>
  status === "COMPLETED"
    ? h("a.chip.good", { href: `/feedback/${id}` }, icon("check"), "Feedback submitted")
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
        h("span.visually-hidden", null, ` on ${candidate.name}`),
      ),
    ),
  );

async function downloadInvite(id, subject, viewer) {
  const { node } = await ask(INVITE, { id });
  download(ownInvite(node, viewer.id), subject);
  announce("Invite downloaded. Open the file to add the interview to your calendar.");
}

/** Every interview to come, page by page; cancelled ones too, so that calendars take them off. */
async function downloadAllInvites(me) {
  const invites = [];
  const from = new Date().toISOString();
  for (let after = null, more = true; more; ) {
    const { interviews } = await ask(INVITES, { me, from, after });
    invites.push(...nodes(interviews).map((interview) => ownInvite(interview, me)));
    ({ hasNextPage: more, endCursor: after } = interviews.pageInfo);
  }
  download(mergeCalendars(invites), "My interviews");
  announce("Open the file to add the interviews to your calendar. A newer file updates them without duplicates.");
}

const ownInvite = ({ calendarInvites }, me) => calendarInvites.find(({ user }) => user.id === me)?.text ?? "";
