/** Candidates: everyone the viewer has access to, with the next interview and the Schedule button of each. */

import { Filters } from "/console/candidates-filters.js";
import { ask } from "/console/client.js";
import { arrange, fill, h, swap } from "/console/element.js";
import { CANDIDATE } from "/console/fragments.js";
import { PLACEHOLDER, announcer, avatar, firstRows, runAction, skeleton } from "/console/page.js";
import { scheduleButton } from "/console/schedule.js";
import { moment, relative } from "/console/times.js";

const PAGE = 25;

const LIST = `${CANDIDATE}
  query Candidates($filter: CandidateFilter, $orderBy: CandidateOrder, $first: Int!, $after: String) {
    candidates(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
      totalCount
      pageInfo { hasNextPage endCursor }
      edges { node { ...Candidate } }
    }
  }`;

export default function show(page) {
  new Candidates(page).show();
}

class Candidates {
  rows = new Map();
  endCursor = null;
  count = h("p.lead", { role: "status" }, PLACEHOLDER);
  list = h("div", { role: "rowgroup" });
  more = h("p.more");
  announceChange = announcer("Interviews of ");

  constructor(page) {
    this.page = page;
    this.filters = new Filters(page, () => this.applyFilter());
    this.table = h("div.rows", { role: "table", "aria-label": "Candidates" }, tableHead(), this.list);
  }

  show() {
    const { page } = this;
    page.showHeading("Candidates");
    page.heading.after(this.count);
    page.heading.closest(".head").after(...this.filters.elements());
    page.show(skeleton(8, "div.skeleton.tall"));
    page.load(
      () => firstRows(Math.max(PAGE, this.rows.size || page.kept.rows || 0), (first, after) => this.fetch(first, after)),
      (candidates) => this.replaceRows(candidates),
    );
    page.on("integration", () => page.reload());
    page.on("change", (change) => this.updateRow(change));
    page.on("candidate", (change) => this.updateCandidate(change));
    page.on("gone", ({ nodeId }) => this.rows.has(nodeId) && page.reloadSoon());
  }

  async fetch(first, after) {
    return (await ask(LIST, { ...this.filters.variables, first, after })).candidates;
  }

  replaceRows(candidates) {
    this.rows = new Map(candidates.edges.map(({ node: { id } }) => [id, this.rows.get(id)]));
    this.appendRows(candidates);
    this.page.show(candidates.edges.length ? [this.table, this.more] : this.filters.emptyState());
  }

  appendRows({ edges, pageInfo, totalCount }) {
    for (const { node } of edges) this.drawRow(node);
    this.endCursor = pageInfo.endCursor;
    arrange(this.list, [...this.rows.values()]);
    this.page.keep({ rows: this.rows.size });
    fill(this.count, totalCount === 1 ? "1 candidate" : `${totalCount.toLocaleString()} candidates`);
    const showMore = ({ currentTarget }) => runAction(currentTarget, () => this.showMore());
    fill(
      this.more,
      pageInfo.hasNextPage && h("button.quiet", { click: showMore }, `Show more (${this.rows.size} of ${totalCount})`),
    );
  }

  /** Draws a candidate's row. It stays the same element while nothing in it changes, with its highlight and focus. */
  drawRow(candidate, isFresh = this.rows.get(candidate.id)?.classList.contains("fresh")) {
    const old = this.rows.get(candidate.id);
    const fresh = row(candidate, isFresh);
    if (old?.isEqualNode(fresh)) return;
    this.rows.set(candidate.id, old ? swap(old, fresh) : fresh);
  }

  async showMore() {
    const last = this.list.lastElementChild;
    this.appendRows(await this.fetch(PAGE, this.endCursor));
    last.nextElementSibling?.querySelector("a").focus();
  }

  updateRow({ type, panel: { candidate } }) {
    if (this.filters.followsInterviews) this.page.reloadSoon();
    if (!this.rows.has(candidate.id)) return;
    this.drawRow(candidate, true);
    if (type !== "PANEL_FEEDBACK_SUBMITTED") this.announceChange(candidate.name);
  }

  /** Whether a candidate is in the list, and where, depends on the filter and on their name. */
  updateCandidate({ type, candidate }) {
    const isShown = this.rows.has(candidate.id);
    if (type === "CANDIDATE_ARCHIVED" && !isShown) return;
    if (isShown) this.drawRow(candidate, true);
    this.page.reloadSoon();
  }

  applyFilter() {
    this.rows.clear();
    this.page.kept = {};
    this.page.reload();
  }
}

function tableHead() {
  const titles = ["Candidate", "Stage", "Posting", "Upcoming interview"];
  const header = (title) => h("span", { role: "columnheader" }, title);
  const schedule = header(h("span.visually-hidden", null, "Schedule"));
  return h("div", { role: "rowgroup" }, h("div.row.caption", { role: "row" }, titles.map(header), schedule));
}

function row(candidate, isFresh) {
  const upcoming = candidate.upcoming.edges[0]?.node;
  const cell = (name, ...content) => h(`div.${name}`, { role: "cell" }, content);
  return h(
    `div.row${isFresh ? ".fresh" : ""}`,
    { role: "row" },
    h(
      "div.who",
      { role: "rowheader" },
      avatar(candidate.name),
      h(
        "span",
        null,
        h("a", { href: `/candidates/${candidate.id}`, "data-focus": `name-${candidate.id}` }, candidate.name),
        candidate.headline && h("small", null, candidate.headline),
      ),
    ),
    cell("stage", candidate.stage.name),
    cell("posting", candidate.posting?.title ?? h("span.faint", null, "No posting")),
    cell("next", upcoming ? upcomingInterview(upcoming) : h("span.faint", null, "None scheduled")),
    cell("act", candidate.scheduleAction?.dashboardLabel && scheduleButton(candidate.scheduleAction, candidate)),
  );
}

function upcomingInterview({ startsAt, interviews }) {
  const [first, ...others] = interviews;
  return [
    h("time", { datetime: startsAt, title: relative(startsAt) }, moment(startsAt)),
    first && h("small", null, first.subject, others.length > 0 && ` and ${others.length} more`),
  ];
}
