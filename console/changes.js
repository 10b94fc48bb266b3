/** Activity: the account's change feed as a timeline, newest first, going on live. */

import { ask } from "/console/client.js";
import { arrange, fill, h, icon, swap } from "/console/element.js";
import { ACTOR } from "/console/fragments.js";
import { announce, blank, chip, press } from "/console/page.js";
import { clock, day, moment } from "/console/times.js";

const FIRST = 25;
const PAGE = 50;
const STRETCH = 500;
const STEP = 100;
const ENOUGH = 10;
const PAGES_AT_ONCE = 6;

// The log is read forward only. So first where its stretches end, then the steps of the last stretch, then where the
// entries of the last step are, and then the last of these whole.
const ENDS = `
  query Ends($candidateId: ID, $first: Int!, $after: String) {
    interviewPanelChanges(candidateId: $candidateId, first: $first, after: $after) {
      pageInfo { hasNextPage endCursor }
    }
  }`;

const CURSORS = `
  query Cursors($candidateId: ID, $first: Int!, $after: String) {
    interviewPanelChanges(candidateId: $candidateId, first: $first, after: $after) { edges { cursor } }
  }`;

const ENTRIES = `${ACTOR}
  query Entries($candidateId: ID, $first: Int!, $after: String) {
    interviewPanelChanges(candidateId: $candidateId, first: $first, after: $after) {
      edges { node {
        cursor kind at
        actor { ...Actor }
        panel { id version startsAt status candidate { id name } interviews(includeCanceled: true) { id subject } }
      } }
    }
  }`;

const KINDS = {
  CREATED: ["plus", "good", "scheduled", "Scheduled"],
  UPDATED: ["form", "plain", "updated", "Updated"],
  RESCHEDULED: ["clock", "info", "rescheduled", "Rescheduled"],
  CANCELED: ["cross", "bad", "cancelled", "Cancelled"],
  RESTORED: ["undo", "warn", "restored", "Restored"],
  FEEDBACK_SUBMITTED: ["check", "due", "gave feedback on", "Feedback"],
};

export default function show(page) {
  const candidateId = new URLSearchParams(location.search).get("candidateId") ?? undefined;
  const filter = { who: "", kind: "" };
  const days = new Map();
  const drawn = new Map();
  let past = backwards(candidateId);
  let entries = [];
  let reading;

  page.open("Activity", {
    lead: "Every change of the interviews that you may see, newest first.",
    beside: filters(),
  });
  const timeline = h("div.timeline");
  const more = h("p.more");

  page.load(
    async () => {
      const from = backwards(candidateId);
      return { from, latest: await from.earlier(FIRST) };
    },
    ({ from, latest }) => {
      past = from;
      // What came live while this was on its way is newer than all of it.
      const known = new Set(latest.map(({ cursor }) => cursor));
      const newer = entries.filter(({ cursor, at }) => !known.has(cursor) && !(at < latest[0]?.at));
      entries = [...newer, ...latest];
      draw();
    },
  );
  page.on("change", (change) => {
    if (
      (candidateId && change.panel.candidate.id !== candidateId) ||
      entries.some(({ cursor }) => cursor === change.cursor)
    )
      return;
    // What older entries say of the panel is how it stands now.
    for (const entry of entries) if (entry.panel.id === change.panel.id) entry.panel = change.panel;
    entries.unshift(change);
    draw(change.cursor);
  });

  const shown = () =>
    entries.filter(
      ({ actor, kind }) => (!filter.who || actor.__typename === filter.who) && (!filter.kind || kind === filter.kind),
    );

  function showEarlier() {
    reading ??= readOn().finally(() => (reading = undefined));
    return reading;
  }

  async function readOn() {
    const from = past;
    const earlier = await from.earlier(PAGE);
    if (from !== past || page.signal.aborted) return;
    entries.push(...earlier);
    draw();
  }

  /** Reads on while the filter leaves little to see, but not through the whole log at one go. */
  async function showEnough() {
    draw();
    for (let pages = 0; pages < PAGES_AT_ONCE && past.hasMore() && shown().length < ENOUGH; pages += 1)
      await showEarlier();
  }

  function draw(freshCursor) {
    const byDay = new Map();
    for (const change of shown()) {
      const name = day(change.at);
      byDay.set(name, [...(byDay.get(name) ?? []), line(change, change.cursor === freshCursor)]);
    }
    arrange(
      timeline,
      [...byDay].map(([name, lines]) => {
        if (!days.has(name)) days.set(name, h("section", null, h("h2", null, name), h("ol")));
        arrange(days.get(name).lastElementChild, lines);
        return days.get(name);
      }),
    );
    fill(
      more,
      past.hasMore() &&
        h(
          "button.quiet",
          { "data-focus": "more", click: ({ currentTarget }) => press(currentTarget, showEarlier) },
          "Show earlier",
        ),
    );
    page.show(
      candidateId &&
        entries[0] &&
        h(
          "p.note.calm",
          null,
          "Only ",
          h("b", null, entries[0].panel.candidate.name),
          ". ",
          h("a", { href: "/activity" }, "Show everything"),
        ),
      byDay.size ? timeline : nothing(),
      more,
    );
  }

  /** An entry's line stays the same element for as long as it says the same: its light and its focus live on. */
  function line(change, isFresh) {
    const old = drawn.get(change.cursor);
    if (old?.panel === change.panel) return old.element;
    const fresh = entry(change, page.viewer, isFresh);
    drawn.set(change.cursor, { panel: change.panel, element: old ? swap(old.element, fresh) : fresh });
    return fresh;
  }

  const nothing = () =>
    entries.length
      ? blank("pulse", "Nothing of that kind", `None of the last ${entries.length} changes is like that.`)
      : blank("pulse", "No activity yet", "Pushes, moves, cancellations and feedback appear here as they happen.");

  function filters() {
    const choose =
      (name) =>
      ({ target }) => {
        filter[name] = target.value;
        showEnough().catch(({ message }) => announce(message));
      };
    return h(
      "search.filters",
      null,
      h(
        "select",
        { "aria-label": "Who", change: choose("who") },
        h("option", { value: "" }, "Everyone"),
        h("option", { value: "Integration" }, "GoodTime"),
        h("option", { value: "User" }, "People"),
      ),
      h(
        "select",
        { "aria-label": "What", change: choose("kind") },
        h("option", { value: "" }, "All changes"),
        Object.entries(KINDS).map(([kind, words]) => h("option", { value: kind }, words[3])),
      ),
    );
  }
}

/** The log from its end: `earlier(many)` is what came before that which was read last, newest first. */
function backwards(candidateId) {
  let stretches;
  let steps = [];
  let cursors = [];

  const read = async (query, first, after) => (await ask(query, { candidateId, first, after })).interviewPanelChanges;

  async function starts(size, after, most = Infinity) {
    const found = [];
    for (let goesOn = true; goesOn && found.length < most;) {
      found.push(after);
      const { pageInfo } = await read(ENDS, size, after);
      [after, goesOn] = [pageInfo.endCursor, pageInfo.hasNextPage];
    }
    return found;
  }

  async function earlier(many) {
    stretches ??= await starts(STRETCH);
    const found = [];
    while (found.length < many && hasMore()) {
      if (!steps.length) steps = await starts(STEP, stretches.pop(), STRETCH / STEP);
      const start = steps.at(-1);
      if (!cursors.length) cursors = (await read(CURSORS, STEP, start)).edges.map(({ cursor }) => cursor);
      const unread = Math.max(0, cursors.length - (many - found.length));
      const page = await read(ENTRIES, cursors.length - unread || 1, cursors[unread - 1] ?? start);
      found.push(...page.edges.map(({ node }) => node).reverse());
      cursors = cursors.slice(0, unread);
      if (!unread) steps.pop();
    }
    return found;
  }

  const hasMore = () => stretches?.length + steps.length > 0;
  return { earlier, hasMore };
}

function entry({ kind, at, actor, panel }, viewer, isFresh) {
  const [symbol, tone, verb] = KINDS[kind];
  const subjects = panel.interviews.map(({ subject }) => subject);
  return h(
    `li${isFresh ? ".fresh" : ""}`,
    null,
    h(`span.knot.tone-${tone}`, null, icon(symbol)),
    h(
      "div",
      null,
      h(
        "p",
        null,
        h("b", null, actor.name),
        actor.__typename === "Integration" && [" ", chip("plain", "App")],
        ` ${verb} `,
        kind === "FEEDBACK_SUBMITTED" ? "" : "interviews of ",
        viewer.role === "INTERVIEWER"
          ? h("b", null, panel.candidate.name)
          : h("a", { href: `/candidates/${panel.candidate.id}` }, panel.candidate.name),
      ),
      h(
        "p.faint",
        null,
        subjects.slice(0, 2).join(", "),
        subjects.length > 2 && ` and ${subjects.length - 2} more`,
        " · ",
        standing(panel),
      ),
    ),
    h("time", { datetime: at, title: moment(at) }, clock(at)),
  );
}

function standing({ status, startsAt }) {
  if (status === "CANCELED") return "now cancelled";
  return startsAt ? ["now on ", h("span.whole", null, moment(startsAt))] : "without a date";
}
