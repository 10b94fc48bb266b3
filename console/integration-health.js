/** How an integration is doing: whether it has called, when it pushed last, and which of its pushes were refused. */

import { ask } from "/console/client.js";
import { fill, h } from "/console/element.js";
import { chip, emptyState, runAction, skeleton } from "/console/page.js";
import { moment, relative } from "/console/times.js";

const DAY = 86_400_000;
const PAGE = 25;
const SHOWN = 3;

/** What the row of an integration needs to know; `$since` is an instant. */
export const HEALTH = `
  fragment Health on Integration {
    lastCallAt lastPushAt
    refusedPushes(since: $since, first: ${SHOWN}) { totalCount edges { node { ...Refusal } } }
  }
  fragment Refusal on RefusedPush { id at errors { code path } }`;

const REFUSED = `
  query Refused($after: String) {
    integrations { id name refusedPushes(first: ${PAGE}, after: $after) {
      totalCount pageInfo { hasNextPage endCursor } edges { node { id at errors { code path } } }
    } }
  }`;

const REASONS = {
  NOT_FOUND: "No such candidate",
  INVALID: "A value that can't be",
  TAKEN: "Named twice",
  INTERVIEWER_NOT_FOUND: "An interviewer without an account",
  INTERVIEWER_DEACTIVATED: "A deactivated interviewer",
  DUPLICATE_INTERVIEWER: "An interviewer listed twice",
  FEEDBACK_TEMPLATE_NOT_FOUND: "No such feedback template",
  CANDIDATE_ARCHIVED: "The candidate is archived",
  CANDIDATE_ERASED: "The candidate was erased",
  PANEL_CANCELED: "The panel was cancelled",
  SEQUENCE_CONFLICT: "Other content under the same sequence",
};

/** A day ago: refusals since then are shown on the row. */
export const aDayAgo = () => new Date(Date.now() - DAY).toISOString();

export const isWaiting = ({ enabled, lastCallAt }) => enabled && !lastCallAt;

/** The state of an integration that is on, and its refusals of the last day. */
export function healthSection({ name, lastCallAt, lastPushAt, refusedPushes: { totalCount, edges } }) {
  return h(
    "div.health",
    null,
    h("h5", null, "How it is doing"),
    h(
      "p.chips",
      null,
      lastCallAt ? chip("good", "Connected") : chip("due", `Waiting for ${name}'s first call`),
      totalCount > 0 && chip("bad", `${totalCount} ${totalCount === 1 ? "push" : "pushes"} refused in the last day`),
    ),
    h(
      "dl.facts",
      null,
      fact("Last call", lastCallAt, "None yet: enter the key in its settings"),
      fact("Last push", lastPushAt, "None yet"),
    ),
    totalCount > 0 && h("ul.refusals", null, edges.map(refusal)),
    totalCount > 0 && h("p", null, h("a", { href: "/settings/integrations?tab=refused" }, "All refusals of the last week")),
  );
}

const fact = (term, instant, missing) =>
  h(
    "div",
    null,
    h("dt", null, term),
    h("dd", null, instant ? h("time", { datetime: instant, title: moment(instant) }, relative(instant)) : missing),
  );

const refusal = ({ node: { at, errors } }) =>
  h(
    "li",
    null,
    h("time", { datetime: at, title: relative(at) }, moment(at)),
    h("ul", null, errors.map(({ code, path }) => h("li", null, REASONS[code] ?? code, " ", h("code", null, path.join("."))))),
  );

/** The tab of all refusals that are kept. */
export function showRefused(page, headingOf) {
  const body = h("div.refused");
  page.show(skeleton());
  page.load(
    () => ask(REFUSED),
    ({ integrations }) => {
      fill(body, integrations.map(refusedOf));
      page.show(headingOf("Refused pushes", "Kept for seven days: what was wrong, and nothing of what was sent."), body);
    },
  );
}

function refusedOf({ name, refusedPushes: { edges, pageInfo, totalCount } }) {
  if (!totalCount)
    return emptyState("check", "No push was refused", `What ${name} pushes with mistakes in it appears here.`);
  const list = h("ul.refusals", null, edges.map(refusal));
  const more = h("p.more");
  const drawMore = ({ hasNextPage, endCursor }) =>
    fill(more, hasNextPage && h("button.quiet", { click: ({ currentTarget }) => runAction(currentTarget, () => next(endCursor)) }, "Show more"));
  const next = async (after) => {
    const { integrations } = await ask(REFUSED, { after });
    const { refusedPushes } = integrations.find((each) => each.name === name);
    list.append(...refusedPushes.edges.map(refusal));
    drawMore(refusedPushes.pageInfo);
  };
  drawMore(pageInfo);
  return h("section", { "aria-label": name }, h("h3", null, `${name}: ${totalCount}`), list, more);
}
