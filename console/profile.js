/** A candidate's profile: facts, how to schedule, and the interview panels, updated live. */

import { ask } from "/console/client.js";
import { menu } from "/console/dialog.js";
import { arrange, fill, h, icon, keepFocus, swap } from "/console/element.js";
import { CANDIDATE, PANEL } from "/console/fragments.js";
import { PLACEHOLDER, announce, avatar, chip, emptyState, runAction } from "/console/page.js";
import { panelCard, panelDay, panelStart } from "/console/panels.js";
import { scheduleBanner, scheduleMenuItem } from "/console/schedule.js";
import { Scorecards } from "/console/scorecards.js";
import { moment } from "/console/times.js";

const PAGES = { coming: 25, before: 10 };
const MOST = 75;

const PAGE = `
  fragment Page on InterviewPanelConnection { pageInfo { hasNextPage endCursor } edges { node { ...Panel } } }`;

// Lists begin with the oldest. So upcoming panels are requested separately, or a long past would hide them.
const COMING = `interviewPanels(upcomingOnly: true, first: $coming, after: $after) { ...Page }`;
const BEFORE = `interviewPanels(
  filter: { candidateId: $id, status: [TENTATIVE, AWAITING_FEEDBACK, COMPLETE, CANCELED] }, first: $before, after: $after
) { ...Page }`;

const PROFILE = `${PANEL}${PAGE}${CANDIDATE}
  query Profile($id: ID!, $coming: Int!, $before: Int!, $after: String) {
    before: ${BEFORE}
    candidate(id: $id) {
      ...Candidate
      externalId emails createdAt erasedAt
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

const VERBS = {
  PANEL_CREATED: "scheduled",
  PANEL_UPDATED: "updated",
  PANEL_RESCHEDULED: "rescheduled",
  PANEL_CANCELED: "cancelled",
  PANEL_RESTORED: "restored",
};

export default function show(page) {
  new Profile(page).show();
}

class Profile {
  panels = new Map();
  cards = new Map();
  endCursors = new Map();
  parent = h("a.trail", { href: "/" }, icon("back"), "Candidates");
  banner = h("div");
  sections = {
    coming: section("Upcoming", "panels-coming"),
    past: section("Past", "panels-past"),
    canceled: h("details.section.canceled", { hidden: true }, h("summary", null), h("div.cards")),
  };
  empty = emptyState("calendar", "No interviews", "Interviews scheduled in GoodTime appear here at once.");
  more = h("p.more");
  aside = h("aside.card", { "aria-label": "About" });

  constructor(page) {
    this.page = page;
    this.id = page.params.id;
    this.scorecards = new Scorecards(this.id);
    const { coming, past, canceled } = this.sections;
    this.feed = h("div.feed", null, this.banner, this.empty, coming, past, canceled, this.more);
  }

  show() {
    const { page, parent } = this;
    // As high as the loaded heading, so that nothing moves down when it arrives.
    const portrait = h("span.avatar");
    page.showHeading("Candidate", { parent, portrait, lead: PLACEHOLDER, tags: chip("plain", PLACEHOLDER) });
    page.load(
      () => this.fetch(),
      (data) => (data.candidate ? this.replaceAll(data) : this.showNotFound()),
    );
    page.on("integration", () => page.reload());
    page.on("change", (change) => this.addChange(change));
    page.on("candidate", ({ candidate }) => candidate.id === this.id && page.reloadSoon());
    page.on("gone", ({ nodeId }) => nodeId === this.id && page.reload());
    page.on("form", ({ form }) => this.cards.size && this.showsForm(form.id) && this.scorecards.load());
  }

  fetch() {
    const size = (least) => Math.min(Math.max(least, this.panels.size, this.page.kept.panels ?? 0), MOST);
    return ask(PROFILE, { id: this.id, coming: size(PAGES.coming), before: size(PAGES.before) });
  }

  showNotFound() {
    this.page.showHeading("Candidate", { parent: this.parent });
    this.page.show(
      emptyState("question", "Candidate not found", "There is no candidate at this address, or you have no access."),
    );
  }

  replaceAll({ candidate, before }) {
    this.candidate = candidate;
    this.panels.clear();
    this.addPages({ coming: candidate.coming, before });
    this.drawHeading();
    fill(this.aside, candidateFacts(candidate), this.scorecards.element);
    this.drawPanels();
    this.page.show(h("div.profile", null, this.feed, this.aside));
    this.scorecards.load();
  }

  showsForm(id) {
    const hasForm = ({ interviewers }) => interviewers.some(({ feedbackForm }) => feedbackForm?.id === id);
    return [...this.panels.values()].some(({ interviews }) => interviews.some(hasForm));
  }

  addChange({ type, actor, panel }) {
    const { candidate } = this;
    if (!candidate || panel.candidate.id !== candidate.id) return;
    Object.assign(candidate, panel.candidate);
    this.drawHeading();
    const isOwn = actor.id === this.page.viewer.id;
    this.updatePanel(panel, !isOwn);
    this.scorecards.load();
    if (isOwn) return;
    if (VERBS[type]) announce(h("b", null, actor.name), ` ${VERBS[type]} the interviews of ${panelDay(panel)}.`);
    else announce("Feedback was submitted for the interviews of ", panelDay(panel), ".");
  }

  addPages(pages) {
    for (const [name, { edges, pageInfo }] of Object.entries(pages)) {
      for (const { node } of edges) this.panels.set(node.id, node);
      if (pageInfo.hasNextPage) this.endCursors.set(name, pageInfo.endCursor);
      else this.endCursors.delete(name);
    }
    this.page.keep({ panels: this.panels.size });
    const showMore = ({ currentTarget }) => runAction(currentTarget, () => this.showMore());
    fill(this.more, this.endCursors.size > 0 && h("button.quiet", { click: showMore }, "Show more interviews"));
  }

  async showMore() {
    const [[name, after]] = this.endCursors;
    const { candidate, before } = await ask(MORE[name], { id: this.id, [name]: PAGES[name], after });
    this.addPages({ [name]: before ?? candidate.coming });
    this.drawPanels();
  }

  /** Takes the panel as the server returned it, unless a newer version is known. */
  updatePanel(panel, isFresh = false) {
    const known = this.panels.get(panel.id);
    if (known && known.version > panel.version) return;
    this.panels.set(panel.id, panel);
    this.drawPanels(isFresh ? panel.id : undefined);
  }

  drawHeading() {
    const { name, headline, stage, posting, archivedAt, erasedAt, scheduleAction: action } = this.candidate;
    const shown = JSON.stringify([name, headline, stage, posting, archivedAt, erasedAt, action]);
    if (shown === this.shownHeading) return;
    this.shownHeading = shown;
    const tags = [
      chip("plain", stage.name),
      posting && chip("plain", posting.title),
      archivedAt && !erasedAt && chip("warn", "Archived"),
      erasedAt && chip("bad", "Erased"),
    ];
    const controls = this.actionMenu(action);
    this.page.showHeading(name, { parent: this.parent, portrait: avatar(name), lead: headline, tags, controls });
    fill(this.banner, action?.bannerLabel && scheduleBanner(action, this.candidate));
  }

  actionMenu(action) {
    const label = `More actions for ${this.candidate.name}`;
    const button = h("button.bare.big", { "aria-label": label, "data-focus": "more" }, icon("more"));
    const entries = [action && scheduleMenuItem(action, this.candidate), this.eraseMenuItem()].filter(Boolean);
    return entries.length > 0 && menu("More actions", button, entries);
  }

  eraseMenuItem() {
    if (!["SUPER_ADMIN", "ADMIN"].includes(this.page.viewer.role) || this.candidate.erasedAt) return null;
    const open = async () => {
      const { openEraseDialog } = await import("/console/erasure.js");
      openEraseDialog(this.candidate, () => this.page.reload());
    };
    return h("button.danger", { role: "menuitem", tabindex: "-1", click: open }, icon("cross"), h("span", null, "Erase personal data"));
  }

  /** A card that is restored moves to another section, and the keyboard's focus moves with it. */
  drawPanels(freshId) {
    keepFocus(this.feed, this.feed, () => {
      this.drawCards(freshId);
      this.arrangeSections();
    });
  }

  drawCards(freshId) {
    const { viewer } = this.page;
    const update = (panel) => this.updatePanel(panel);
    for (const panel of this.panels.values()) {
      const old = this.cards.get(panel.id);
      if (old?.panel === panel) continue;
      const isFresh = panel.id === freshId;
      const element = panelCard(panel, { viewer, candidate: this.candidate, update, isFresh });
      this.cards.set(panel.id, { panel, element: old ? swap(old.element, element) : element });
    }
    for (const id of [...this.cards.keys()]) if (!this.panels.has(id)) this.cards.delete(id);
  }

  arrangeSections() {
    const now = new Date().toISOString();
    for (const [name, box] of Object.entries(this.sections)) {
      const panels = [...this.panels.values()].filter((panel) => sectionOf(panel, now) === name).sort(byStart);
      if (name !== "coming") panels.reverse();
      box.hidden = !panels.length;
      arrange(
        box.lastElementChild,
        panels.map(({ id }) => this.cards.get(id).element),
      );
      if (name === "canceled")
        fill(box.firstElementChild, `Cancelled (${panels.length}${this.endCursors.has("before") ? "+" : ""})`);
    }
    this.empty.hidden = !this.sections.coming.hidden || !this.sections.past.hidden;
  }
}

const section = (title, id) =>
  h("section.section", { "aria-labelledby": id, hidden: true }, h("h2", { id }, title), h("div.cards"));

function sectionOf({ cancellation, endsAt }, now) {
  if (cancellation) return "canceled";
  return endsAt && endsAt < now ? "past" : "coming";
}

const byStart = (one, other) => (panelStart(one) ?? "").localeCompare(panelStart(other) ?? "");

function candidateFacts({ emails, owner, followers, hiring, externalId, createdAt }) {
  const people = (users) => users.map(({ name }) => h("span.person", null, avatar(name), name));
  const fact = (term, content) => content && h("div", null, h("dt", null, term), h("dd", null, content));
  return h(
    "dl",
    null,
    fact(
      "Email",
      emails.length > 0 && emails.map((email) => h("a", { href: `mailto:${encodeURIComponent(email)}` }, email)),
    ),
    fact("Owner", owner && people([owner])),
    fact("Hiring manager", hiring?.hiringManager && people([hiring.hiringManager])),
    fact("Followers", followers.length > 0 && people(followers)),
    fact("Created", moment(createdAt)),
    fact("External ID", externalId && h("code", null, externalId)),
  );
}
