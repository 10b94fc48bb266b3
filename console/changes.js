/** Activity: the account's changes as a timeline, newest first, updated live. */

import { ChangeLog } from "/console/change-log.js";
import { arrange, fill, h, icon, swap } from "/console/element.js";
import { announce, chip, emptyState, runAction } from "/console/page.js";
import { clock, day, moment } from "/console/times.js";

const FIRST = 25;
const PAGE = 50;
const ENOUGH = 10;
const MOST_PAGES = 6;

const TYPES = {
  PANEL_CREATED: { symbol: "plus", tone: "good", verb: "scheduled", label: "Scheduled" },
  PANEL_UPDATED: { symbol: "form", tone: "plain", verb: "updated", label: "Updated" },
  PANEL_RESCHEDULED: { symbol: "clock", tone: "info", verb: "rescheduled", label: "Rescheduled" },
  PANEL_CANCELED: { symbol: "cross", tone: "bad", verb: "cancelled", label: "Cancelled" },
  PANEL_RESTORED: { symbol: "undo", tone: "warn", verb: "restored", label: "Restored" },
  PANEL_FEEDBACK_SUBMITTED: { symbol: "check", tone: "due", verb: "submitted feedback on", label: "Feedback submitted" },
  CANDIDATE_CREATED: { symbol: "people", tone: "good", verb: "added", label: "Candidate added" },
  CANDIDATE_UPDATED: { symbol: "people", tone: "plain", verb: "updated", label: "Candidate updated" },
  CANDIDATE_ARCHIVED: { symbol: "people", tone: "warn", verb: "archived", label: "Candidate archived" },
  CANDIDATE_UNARCHIVED: { symbol: "people", tone: "good", verb: "brought back", label: "Candidate back" },
  CANDIDATE_ERASED: { symbol: "people", tone: "bad", verb: "erased", label: "Candidate erased" },
  INTEGRATION_CHANGED: { symbol: "plug", tone: "plain", verb: "changed the integration with", label: "Integration" },
};

export default function show(page) {
  new Activity(page).show();
}

class Activity {
  candidateId = new URLSearchParams(location.search).get("candidateId") ?? undefined;
  log = new ChangeLog(this.candidateId);
  filter = { actor: "", type: "" };
  changes = [];
  lines = new Map();
  sections = new Map();
  timeline = h("div.timeline");
  more = h("p.more");

  constructor(page) {
    this.page = page;
  }

  show() {
    this.page.showHeading("Activity", {
      lead: "Every change of what you have access to, newest first.",
      controls: this.filterBar(),
    });
    this.page.load(
      async () => {
        const log = new ChangeLog(this.candidateId);
        const latest = await log.readEarlier(FIRST);
        while (log.hasMore && latest.length < (this.page.kept.rows ?? 0)) latest.push(...(await log.readEarlier(PAGE)));
        return { log, latest };
      },
      (loaded) => this.replaceChanges(loaded),
    );
    for (const type of ["change", "candidate", "integration"]) this.page.on(type, (change) => this.addChange(change));
    this.page.on("gone", ({ nodeId }) => this.removeChangesOf(nodeId));
  }

  replaceChanges({ log, latest }) {
    this.log = log;
    // What arrived live while this was loading is newer than all of it.
    const loaded = new Set(latest.map(({ cursor }) => cursor));
    const newer = this.changes.filter(({ cursor, at }) => !loaded.has(cursor) && !(at < latest[0]?.at));
    this.changes = [...newer, ...latest];
    this.draw();
  }

  addChange(change) {
    if (this.candidateId && candidateOf(change)?.id !== this.candidateId) return;
    if (this.changes.some(({ cursor }) => cursor === change.cursor)) return;
    // Older entries of this panel show its current state too.
    for (const older of this.changes)
      if (change.panel && older.panel?.id === change.panel.id) older.panel = change.panel;
    this.changes.unshift(change);
    this.draw(change.cursor);
  }

  /** Takes off what is about something that has left the viewer's view. */
  removeChangesOf(nodeId) {
    const isAbout = (change) => [change.panel?.id, candidateOf(change)?.id].includes(nodeId);
    if (!this.changes.some(isAbout)) return;
    this.changes = this.changes.filter((change) => !isAbout(change));
    this.draw();
  }

  shownChanges() {
    const { actor, type } = this.filter;
    return this.changes.filter(
      (change) => (!actor || change.actor.__typename === actor) && (!type || change.type === type),
    );
  }

  showEarlier() {
    this.reading ??= this.readEarlier().finally(() => (this.reading = undefined));
    return this.reading;
  }

  async readEarlier() {
    const { log } = this;
    const earlier = await log.readEarlier(PAGE);
    if (log !== this.log || this.page.signal.aborted) return;
    this.changes.push(...earlier);
    this.draw();
  }

  /** Reads on while the filter leaves few changes, but not through the entire log at once. */
  async showEnough() {
    this.draw();
    for (let pages = 0; pages < MOST_PAGES && this.log.hasMore && this.shownChanges().length < ENOUGH; pages += 1)
      await this.showEarlier();
  }

  draw(freshCursor) {
    const linesByDay = new Map();
    for (const change of this.shownChanges()) {
      const title = day(change.at);
      linesByDay.set(title, [...(linesByDay.get(title) ?? []), this.line(change, change.cursor === freshCursor)]);
    }
    arrange(
      this.timeline,
      [...linesByDay].map(([title, lines]) => this.daySection(title, lines)),
    );
    fill(this.more, this.log.hasMore && this.moreButton());
    this.page.keep({ rows: this.changes.length });
    this.page.show(
      this.candidateId && this.changes[0] && candidateNote(candidateOf(this.changes[0])),
      linesByDay.size ? this.timeline : this.emptyTimeline(),
      this.more,
    );
  }

  daySection(title, lines) {
    if (!this.sections.has(title)) this.sections.set(title, h("section", null, h("h2", null, title), h("ol")));
    const section = this.sections.get(title);
    arrange(section.lastElementChild, lines);
    return section;
  }

  /** The line of a change. It stays the same element while its panel does, with its highlight and its focus. */
  line(change, isFresh) {
    const old = this.lines.get(change.cursor);
    if (old && old.panel === change.panel) return old.element;
    const fresh = changeLine(change, this.page.viewer, isFresh);
    this.lines.set(change.cursor, { panel: change.panel, element: old ? swap(old.element, fresh) : fresh });
    return fresh;
  }

  moreButton() {
    return h(
      "button.quiet",
      { "data-focus": "more", click: ({ currentTarget }) => runAction(currentTarget, () => this.showEarlier()) },
      "Show earlier",
    );
  }

  emptyTimeline() {
    return this.changes.length
      ? emptyState(
          "pulse",
          "No matching changes",
          `None of the last ${this.changes.length} changes matches the filters.`,
        )
      : emptyState("pulse", "No activity yet", "Scheduled, moved and cancelled interviews and feedback appear here.");
  }

  filterBar() {
    return h(
      "search.filters",
      null,
      this.picker("actor", "Changed by", [
        ["", "Everyone"],
        ["Integration", "GoodTime"],
        ["User", "People"],
      ]),
      this.picker("type", "Type of change", [
        ["", "All changes"],
        ...Object.entries(TYPES).map(([type, { label }]) => [type, label]),
      ]),
    );
  }

  picker(name, title, options) {
    const choose = ({ target }) => {
      this.filter[name] = target.value;
      this.showEnough().catch(({ message }) => announce(message));
    };
    return h(
      "select",
      { "aria-label": title, change: choose },
      options.map(([value, label]) => h("option", { value }, label)),
    );
  }
}

const candidateNote = ({ name }) =>
  h("p.note.calm", null, "Showing only ", h("b", null, name), ". ", h("a", { href: "/activity" }, "Show all activity"));

const candidateOf = ({ panel, candidate }) => candidate ?? panel?.candidate;

function changeLine(change, viewer, isFresh) {
  const { type, at, actor, panel } = change;
  const { symbol, tone, verb } = TYPES[type];
  return h(
    `li${isFresh ? ".fresh" : ""}`,
    null,
    h(`span.marker.tone-${tone}`, null, icon(symbol)),
    h(
      "div",
      null,
      h(
        "p",
        null,
        h("b", null, actor.name),
        actor.__typename === "Integration" && [" ", chip("plain", "App")],
        ` ${verb} `,
        panel && type !== "PANEL_FEEDBACK_SUBMITTED" && "interviews of ",
        subjectOf(change, viewer),
        previousTime(change),
      ),
      panel && h("p.faint", null, subjects(panel), " · ", currentState(panel)),
    ),
    h("time", { datetime: at, title: moment(at) }, clock(at)),
  );
}

function subjectOf(change, viewer) {
  const candidate = candidateOf(change);
  if (!candidate) return h("b", null, change.integration.name);
  return viewer.role === "INTERVIEWER"
    ? h("b", null, candidate.name)
    : h("a", { href: `/candidates/${candidate.id}` }, candidate.name);
}

const previousTime = ({ previousStartsAt }) =>
  previousStartsAt && [", before on ", h("span.nowrap", null, moment(previousStartsAt))];

function subjects({ interviews }) {
  const [first, second, ...others] = interviews.map(({ subject }) => subject);
  return [first, second && `, ${second}`, others.length > 0 && ` and ${others.length} more`];
}

function currentState({ status, startsAt }) {
  if (status === "CANCELED") return "now cancelled";
  return startsAt ? ["now on ", h("span.nowrap", null, moment(startsAt))] : "no date";
}
