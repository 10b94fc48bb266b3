/** The dashboard: every candidate whom the viewer may see, what comes next for each, and the button that schedules. */

import { ask } from "/console/client.js";
import { arrange, fill, h, icon, swap } from "/console/element.js";
import { CANDIDATE } from "/console/fragments.js";
import { BLANK, announcer, blank, face, press, skeleton } from "/console/page.js";
import { scheduleLink } from "/console/schedule.js";
import { moment, relative } from "/console/times.js";

const PAGE = 25;
const FILTERS = ["search", "stageId", "postingId"];

const LIST = `${CANDIDATE}
  query Candidates($filter: CandidateFilter, $first: Int!, $after: String) {
    candidates(filter: $filter, first: $first, after: $after) {
      totalCount
      pageInfo { hasNextPage endCursor }
      edges { node { ...Candidate } }
    }
  }`;

const CHOICES = `query Choices { stages { id name } postings { id title } }`;

export default function show(page) {
  const rows = new Map();
  const announceChange = announcer("Interviews of ");
  const filter = chosen();
  let end = null;

  const count = h("p.lead", { role: "status" }, BLANK);
  const table = h("div.rows", { role: "table", "aria-label": "Candidates" });
  const head = h(
    "div.row.caption",
    { role: "row" },
    ["Candidate", "Stage", "Posting", "Upcoming interview", "Schedule"].map((title) =>
      h("span", { role: "columnheader" }, title === "Schedule" ? h("span.hushed", null, title) : title),
    ),
  );
  const list = h("div", { role: "rowgroup" });
  const more = h("p.more");
  table.append(h("div", { role: "rowgroup" }, head), list);

  page.open("Candidates");
  page.heading.after(count);
  page.heading.closest(".head").after(filterBar(filter, page, refresh));
  page.show(skeleton(8, "div.bones.tall"));

  page.load(
    () => ask(LIST, { filter, first: Math.max(PAGE, Math.min(rows.size, 100)) }),
    ({ candidates }) => {
      rows.clear();
      append(candidates);
      page.show(candidates.edges.length ? [table, more] : nothing(filter));
    },
  );
  page.on("integration", () => page.reload());
  page.on("change", ({ kind, panel: { candidate } }) => {
    if (!rows.has(candidate.id)) return;
    const old = rows.get(candidate.id);
    rows.set(candidate.id, swap(old, row(candidate, true)));
    if (kind !== "FEEDBACK_SUBMITTED") announceChange(candidate.name);
  });

  function append({ edges, pageInfo, totalCount }) {
    for (const { node } of edges) rows.set(node.id, row(node));
    end = pageInfo.endCursor;
    arrange(list, [...rows.values()]);
    fill(count, totalCount === 1 ? "1 candidate" : `${totalCount.toLocaleString()} candidates`);
    fill(
      more,
      pageInfo.hasNextPage && h("button.quiet", { click: showMore }, `Show more (${rows.size} of ${totalCount})`),
    );
  }

  const showMore = ({ currentTarget }) =>
    press(currentTarget, async () => {
      const last = list.lastElementChild;
      append((await ask(LIST, { filter, first: PAGE, after: end })).candidates);
      last.nextElementSibling?.querySelector("a").focus();
    });

  async function refresh() {
    rows.clear();
    await page.reload();
  }
}

function chosen() {
  const asked = new URLSearchParams(location.search);
  return Object.fromEntries(FILTERS.filter((name) => asked.get(name)).map((name) => [name, asked.get(name)]));
}

function filterBar(filter, page, refresh) {
  let typing;
  const choose = (name, value) => {
    if (value) filter[name] = value;
    else delete filter[name];
    const asked = new URLSearchParams(filter).toString();
    history.replaceState(null, "", asked ? `/?${asked}` : "/");
    refresh();
  };
  const search = h("input", {
    type: "search",
    "aria-label": "Search by name or email",
    placeholder: "Search by name or email",
    value: filter.search ?? "",
    maxlength: "200",
    input: () => {
      clearTimeout(typing);
      typing = setTimeout(() => page.signal.aborted || choose("search", search.value.trim()), 250);
    },
  });
  const picker = (name, title) =>
    h(
      "select",
      { "aria-label": title, change: ({ target }) => choose(name, target.value) },
      h("option", { value: "" }, `All ${title.toLowerCase()}`),
    );
  const stages = picker("stageId", "Stages");
  const postings = picker("postingId", "Postings");
  ask(CHOICES).then(
    (choices) => {
      stages.append(...choices.stages.map(({ id, name }) => h("option", { value: id }, name)));
      postings.append(...choices.postings.map(({ id, title }) => h("option", { value: id }, title)));
      stages.value = filter.stageId ?? "";
      postings.value = filter.postingId ?? "";
    },
    () => {},
  );
  return h("search.filters", null, h("label.find", null, icon("search"), search), stages, postings);
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
      face(candidate.name),
      h(
        "span",
        null,
        h("a", { href: `/candidates/${candidate.id}`, "data-focus": `name-${candidate.id}` }, candidate.name),
        candidate.headline && h("small", null, candidate.headline),
      ),
    ),
    cell("stage", candidate.stage.name),
    cell("posting", candidate.posting?.title ?? h("span.faint", null, "No posting")),
    cell("next", upcoming ? upcomingWords(upcoming) : h("span.faint", null, "None planned")),
    cell("act", candidate.scheduleAction?.dashboardLabel && scheduleLink(candidate.scheduleAction, candidate)),
  );
}

function upcomingWords({ startsAt, interviews }) {
  const [first, ...others] = interviews;
  return [
    h("time", { datetime: startsAt, title: relative(startsAt) }, moment(startsAt)),
    first && h("small", null, first.subject, others.length > 0 && ` and ${others.length} more`),
  ];
}

function nothing(filter) {
  return Object.keys(filter).length
    ? blank(
        "search",
        "Nobody fits",
        "No candidate matches these filters. ",
        h("a", { href: "/" }, "Show all candidates"),
      )
    : blank("people", "No candidates yet", "Candidates whom you may see appear here.");
}
