/** A candidate's profile: who it is, how to schedule, and the interview panels as they stand right now. */

import { ask } from "/console/client.js";
import { menu } from "/console/dialog.js";
import { arrange, fill, h, holdingFocus, icon, swap } from "/console/element.js";
import { CANDIDATE, PANEL } from "/console/fragments.js";
import { BLANK, announce, blank, chip, face, press } from "/console/page.js";
import { panelCard, start, when } from "/console/panels.js";
import { scheduleBanner, scheduleEntry } from "/console/schedule.js";
import { moment } from "/console/times.js";

const PAGES = { coming: 25, before: 10 };
const MOST = 75;

const PAGE = `
  fragment Page on InterviewPanelConnection { pageInfo { hasNextPage endCursor } edges { node { ...Panel } } }`;

// Lists begin with what is oldest. So what is coming is asked for apart, or a long past would hide it.
const COMING = "interviewPanels(upcomingOnly: true, first: $coming, after: $after) { ...Page }";
const BEFORE = `interviewPanels(
  filter: { candidateId: $id, status: [TENTATIVE, AWAITING_FEEDBACK, COMPLETE, CANCELED] }, first: $before, after: $after
) { ...Page }`;

const PROFILE = `${PANEL}${PAGE}${CANDIDATE}
  query Profile($id: ID!, $coming: Int!, $before: Int!, $after: String) {
    before: ${BEFORE}
    candidate(id: $id) {
      ...Candidate
      externalId emails createdAt
      owner { id name }
      followers { id name }
      hiring: posting { id hiringManager { id name } }
      coming: ${COMING}
    }
  }`;

const MORE = {
  coming: `${PANEL}${PAGE}
    query More($id: ID!, $coming: Int!, $after: String) { candidate(id: $id) { coming: ${COMING} } }`,
  before: `${PANEL}${PAGE}
    query More($id: ID!, $before: Int!, $after: String) { before: ${BEFORE} }`,
};

const WORDS = {
  CREATED: "scheduled",
  UPDATED: "updated",
  RESCHEDULED: "rescheduled",
  CANCELED: "cancelled",
  RESTORED: "restored",
};

export default function show(page) {
  const { id } = page.params;
  const trail = h("a.trail", { href: "/" }, icon("back"), "Candidates");
  const panels = new Map();
  const unread = new Map();
  const cards = new Map();
  let candidate;
  let drawn;

  const banner = h("div");
  const sections = {
    coming: section("Coming up", "panels-coming"),
    past: section("Earlier", "panels-past"),
    canceled: h("details.section.canceled", { hidden: true }, h("summary", null), h("div.cards")),
  };
  const empty = blank(
    "calendar",
    "No interviews",
    "An interview made in GoodTime appears here the moment it is scheduled.",
  );
  const more = h("p.more");
  const feed = h("div.feed", null, banner, empty, sections.coming, sections.past, sections.canceled, more);
  const aside = h("aside.card", { "aria-label": "About" });

  // As high as what is coming, so that nothing moves down when it comes.
  page.open("Candidate", { trail, portrait: h("span.face"), lead: BLANK, tags: chip("plain", BLANK) });
  page.load(
    () => {
      const shown = (least) => Math.min(Math.max(least, panels.size), MOST);
      return ask(PROFILE, { id, coming: shown(PAGES.coming), before: shown(PAGES.before) });
    },
    (data) => {
      if (!data.candidate) {
        page.open("Candidate", { trail });
        return page.show(
          blank("question", "No such candidate", "Either there is none under this address, or you may not see them."),
        );
      }
      candidate = data.candidate;
      panels.clear();
      takePages({ coming: candidate.coming, before: data.before });
      drawHead();
      fill(aside, about(candidate));
      drawPanels();
      page.show(h("div.profile", null, feed, aside));
    },
  );

  page.on("integration", () => page.reload());
  page.on("change", ({ kind, actor, panel }) => {
    if (!candidate || panel.candidate.id !== candidate.id) return;
    Object.assign(candidate, panel.candidate);
    drawHead();
    const isMine = actor.id === page.viewer.id;
    settle(panel, !isMine);
    if (isMine) return;
    if (WORDS[kind]) announce(h("b", null, actor.name), ` ${WORDS[kind]} the interviews of ${when(panel)}.`);
    else announce("Feedback was submitted for the interviews of ", when(panel), ".");
  });

  function takePages(pages) {
    for (const [name, { edges, pageInfo }] of Object.entries(pages)) {
      for (const { node } of edges) panels.set(node.id, node);
      if (pageInfo.hasNextPage) unread.set(name, pageInfo.endCursor);
      else unread.delete(name);
    }
    fill(
      more,
      unread.size > 0 &&
        h("button.quiet", { click: ({ currentTarget }) => press(currentTarget, showMore) }, "Show more interviews"),
    );
  }

  async function showMore() {
    const [[name, after]] = unread;
    const { candidate: found, before } = await ask(MORE[name], { id, [name]: PAGES[name], after });
    takePages({ [name]: before ?? found.coming });
    drawPanels();
  }

  /** A panel as it now stands takes the place of what was known of it. */
  function settle(panel, isFresh = false) {
    const known = panels.get(panel.id);
    if (known && known.version > panel.version) return;
    panels.set(panel.id, panel);
    drawPanels(isFresh ? panel.id : undefined);
  }

  function drawHead() {
    const { name, headline, stage, posting, archivedAt, scheduleAction: action } = candidate;
    const worth = JSON.stringify([name, headline, stage, posting, archivedAt, action]);
    if (worth === drawn) return;
    drawn = worth;
    const tags = [
      chip("plain", stage.name),
      posting && chip("plain", posting.title),
      archivedAt && chip("warn", "Archived"),
    ];
    page.open(name, { trail, portrait: face(name), lead: headline, tags, beside: action && ellipsis(action) });
    fill(banner, action?.bannerLabel && scheduleBanner(action, candidate));
  }

  function ellipsis(action) {
    const button = h(
      "button.bare.big",
      { "aria-label": `More for ${candidate.name}`, "data-focus": "more" },
      icon("more"),
    );
    return menu("More", button, [scheduleEntry(action, candidate)]);
  }

  // A card that is restored goes from one section to another, and the keyboard with it.
  const drawPanels = (freshId) => holdingFocus(feed, feed, () => arrangePanels(freshId));

  function arrangePanels(freshId) {
    for (const panel of panels.values()) {
      const old = cards.get(panel.id);
      if (old?.panel === panel) continue;
      const element = panelCard(panel, { viewer: page.viewer, candidate, settle, isFresh: panel.id === freshId });
      cards.set(panel.id, { panel, element: old ? swap(old.element, element) : element });
    }
    for (const gone of [...cards.keys()].filter((key) => !panels.has(key))) cards.delete(gone);
    const now = new Date().toISOString();
    const place = ({ cancellation, endsAt }) =>
      cancellation ? "canceled" : endsAt && endsAt < now ? "past" : "coming";
    const byStart = (one, other) => (start(one) ?? "").localeCompare(start(other) ?? "");
    for (const [name, box] of Object.entries(sections)) {
      const inside = [...panels.values()].filter((panel) => place(panel) === name).sort(byStart);
      if (name !== "coming") inside.reverse();
      box.hidden = !inside.length;
      arrange(
        box.lastElementChild,
        inside.map((panel) => cards.get(panel.id).element),
      );
      if (name === "canceled")
        fill(box.firstElementChild, `Cancelled (${inside.length}${unread.has("before") ? "+" : ""})`);
    }
    empty.hidden = !sections.coming.hidden || !sections.past.hidden;
  }
}

const section = (title, id) =>
  h("section.section", { "aria-labelledby": id, hidden: true }, h("h2", { id }, title), h("div.cards"));

function about({ emails, owner, followers, hiring, externalId, createdAt }) {
  const names = (people) => people.map(({ name }) => h("span.person", null, face(name), name));
  const fact = (term, content) => content && h("div", null, h("dt", null, term), h("dd", null, content));
  return h(
    "dl",
    null,
    fact(
      "Email",
      emails.length > 0 && emails.map((email) => h("a", { href: `mailto:${encodeURIComponent(email)}` }, email)),
    ),
    fact("Owner", owner && names([owner])),
    fact("Hiring manager", hiring?.hiringManager && names([hiring.hiringManager])),
    fact("Followers", followers.length > 0 && names(followers)),
    fact("Added", moment(createdAt)),
    fact("Id in the source", externalId && h("code", null, externalId)),
  );
}
