/** The audit trail: who switched, generated, revoked, cancelled, restored, let in or changed a role. Newest first. */

import { ask } from "/console/client.js";
import { fill, h } from "/console/element.js";
import { chip, emptyState, firstRows, runAction, skeleton } from "/console/page.js";
import { moment } from "/console/times.js";

const PAGE = 50;

const LIST = `
  query Audit($filter: AuditEventFilter, $first: Int!, $after: String) {
    auditEvents(filter: $filter, first: $first, after: $after) {
      pageInfo { hasNextPage endCursor }
      edges { node {
        id act at targetId
        actor { ... on User { name } ... on Integration { name } }
        apiKey { prefix }
        target { __typename ... on User { userName: name } ... on Integration { integrationName: name }
          ... on ApiKey { prefix } ... on InterviewPanel { candidate { id candidateName: name } }
          ... on Interview { subject candidate { id candidateName: name } } ... on Candidate { id candidateName: name } }
        details { name value }
      } }
    }
  }`;

const ACTS = `query Acts { __type(name: "AuditAct") { enumValues { name } } }`;

export default function show(page) {
  new AuditTrail(page).show();
}

class AuditTrail {
  act = "";
  rows = h("tbody");
  more = h("p.more");
  picker = h("select", { "aria-label": "Act", change: ({ target }) => ((this.act = target.value), this.page.reload()) });

  constructor(page) {
    this.page = page;
  }

  show() {
    this.page.showHeading("Audit trail", {
      lead: "Who did what. No event is ever changed or removed.",
      controls: h("search.filters", null, this.picker),
    });
    fill(this.picker, option("", "All acts"));
    // Without introspection the trail is shown all the same, unfiltered.
    ask(ACTS).then(
      ({ __type }) => this.picker.append(...__type.enumValues.map(({ name }) => option(name, words(name)))),
      () => this.picker.remove(),
    );
    this.page.show(skeleton(8));
    this.page.load(
      () => firstRows(Math.max(PAGE, this.page.kept.rows ?? 0), (...place) => this.fetch(...place)),
      (events) => this.replaceRows(events),
    );
  }

  async fetch(first, after) {
    return (await ask(LIST, { filter: this.act ? { acts: [this.act] } : null, first, after })).auditEvents;
  }

  replaceRows(events) {
    fill(this.rows);
    this.appendRows(events);
    const nothing = emptyState("lock", "Nothing yet", "Switches, keys, cancels and roles appear here.");
    this.page.show(events.edges.length ? [table(this.rows), this.more] : nothing);
  }

  appendRows({ edges, pageInfo }) {
    this.rows.append(...edges.map(({ node }) => eventRow(node)));
    this.page.keep({ rows: this.rows.children.length });
    const next = async () => this.appendRows(await this.fetch(PAGE, pageInfo.endCursor));
    fill(
      this.more,
      pageInfo.hasNextPage &&
        h("button.quiet", { click: ({ currentTarget }) => runAction(currentTarget, next) }, "Show earlier"),
    );
  }
}

const option = (value, text) => h("option", { value }, text);

/** `API_KEY_GENERATED` as "API key generated". */
const words = (name) => (name[0] + name.slice(1).toLowerCase().replaceAll("_", " ")).replace("Api key", "API key");

const table = (rows) =>
  h(
    "div.scrolls",
    { tabindex: "0", role: "region", "aria-label": "Audit trail" },
    h(
      "table.audit",
      null,
      h("thead", null, h("tr", null, ["When", "Who", "Act", "What", "Details"].map((name) => h("th", { scope: "col" }, name)))),
      rows,
    ),
  );

const eventRow = ({ act, at, actor, apiKey, target, targetId, details }) =>
  h(
    "tr",
    null,
    h("td", null, h("time", { datetime: at }, moment(at))),
    h("td", null, actor.name, apiKey && h("small", null, `${apiKey.prefix}…`)),
    h("td", null, chip("plain", words(act))),
    h("td", null, targetName(target) ?? h("code", null, targetId)),
    h("td", null, details.map(({ name, value }) => h("div", null, `${name}: ${value}`))),
  );

/** What it was done to, for people; nothing where nobody sees it any more. */
function targetName(target) {
  if (!target) return undefined;
  const { userName, integrationName, prefix, subject, candidate, candidateName, id } = target;
  if (candidateName) return h("a", { href: `/candidates/${id}` }, candidateName);
  if (candidate) return [subject && `${subject}, `, h("a", { href: `/candidates/${candidate.id}` }, candidate.candidateName)];
  return userName ?? integrationName ?? (prefix && `${prefix}…`);
}
