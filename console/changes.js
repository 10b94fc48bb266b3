/** Activity: the account's change feed as a timeline, newest first, going on live. */

import { ask } from "/console/client.js";
import { arrange, fill, h, icon } from "/console/element.js";
import { ACTOR } from "/console/fragments.js";
import { blank, chip, press } from "/console/page.js";
import { clock, day, moment } from "/console/times.js";

const PAGE = 50;
const CURSORS_AT_ONCE = 500;

// The log is read forward. So first only where its entries are, then the last of them whole.
const CURSORS = `
  query Cursors($candidateId: ID, $first: Int!, $after: String) {
    interviewPanelChanges(candidateId: $candidateId, first: $first, after: $after) {
      pageInfo { hasNextPage endCursor }
      edges { cursor }
    }
  }`;

const ENTRIES = `${ACTOR}
  query Entries($candidateId: ID, $first: Int!, $after: String) {
    interviewPanelChanges(candidateId: $candidateId, first: $first, after: $after) {
      edges { node {
        cursor kind at
        actor { ...Actor }
        panel { id startsAt status candidate { id name } interviews(includeCanceled: true) { id subject } }
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
  let cursors = [];
  let entries = [];
  let unread = 0;

  page.open("Activity", {
    lead: "Every change of an interview panel, as it is committed. Kept for 30 days.",
    beside: filters(),
  });
  const timeline = h("div.timeline");
  const more = h("p.more");

  page.load(
    async () => {
      const found = await allCursors();
      return { found, latest: await entriesFrom(found, Math.max(0, found.length - PAGE)) };
    },
    ({ found, latest }) => {
      cursors = found;
      unread = Math.max(0, found.length - PAGE);
      entries = latest.reverse();
      draw();
    },
  );
  page.on("change", (change) => {
    if (
      (candidateId && change.panel.candidate.id !== candidateId) ||
      entries.some(({ cursor }) => cursor === change.cursor)
    )
      return;
    entries.unshift(change);
    draw(change.cursor);
  });

  async function allCursors() {
    const found = [];
    for (let after, goesOn = true; goesOn;) {
      const {
        interviewPanelChanges: { edges, pageInfo },
      } = await ask(CURSORS, { candidateId, first: CURSORS_AT_ONCE, after });
      found.push(...edges.map(({ cursor }) => cursor));
      [after, goesOn] = [pageInfo.endCursor, pageInfo.hasNextPage && !page.signal.aborted];
    }
    return found;
  }

  async function entriesFrom(found, start, first = PAGE) {
    const {
      interviewPanelChanges: { edges },
    } = await ask(ENTRIES, { candidateId, first, after: found[start - 1] });
    return edges.map(({ node }) => node);
  }

  async function showEarlier() {
    const start = Math.max(0, unread - PAGE);
    const earlier = await entriesFrom(cursors, start, unread - start);
    entries.push(...earlier.reverse());
    unread = start;
    draw();
  }

  function draw(freshCursor) {
    const shown = entries.filter(
      ({ actor, kind }) => (!filter.who || actor.__typename === filter.who) && (!filter.kind || kind === filter.kind),
    );
    const days = new Map();
    for (const change of shown) {
      const name = day(change.at);
      if (!days.has(name)) days.set(name, []);
      days.get(name).push(entry(change, page.viewer, change.cursor === freshCursor));
    }
    arrange(
      timeline,
      [...days].map(([name, items]) => h("section", null, h("h2", null, name), h("ol", null, items))),
    );
    fill(
      more,
      unread > 0 &&
        h("button.quiet", { click: ({ currentTarget }) => press(currentTarget, showEarlier) }, "Show earlier"),
    );
    page.show(
      candidateId &&
        entries[0] &&
        h(
          "p.note",
          null,
          "Only ",
          h("b", null, entries[0].panel.candidate.name),
          ". ",
          h("a", { href: "/activity" }, "Show everything"),
        ),
      shown.length
        ? timeline
        : blank(
            "pulse",
            entries.length ? "Nothing of that kind" : "No activity yet",
            entries.length
              ? "No loaded entry matches the filter."
              : "Pushes, moves, cancellations and feedback appear here as they happen.",
          ),
      more,
    );
  }

  function filters() {
    const choose =
      (name) =>
      ({ target }) => ((filter[name] = target.value), draw());
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
        panel.startsAt && ` · now on ${moment(panel.startsAt)}`,
        panel.status === "CANCELED" && " · now cancelled",
      ),
    ),
    h("time", { datetime: at, title: moment(at) }, clock(at)),
  );
}
