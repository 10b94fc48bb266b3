/** Users: who has an account, to double-check that all interviewers do before anybody schedules in GoodTime. */

import { ask } from "/console/client.js";
import { arrange, fill, h, icon } from "/console/element.js";
import { PLACEHOLDER, ROLES, avatar, chip, emptyState, firstRows, runAction, skeleton } from "/console/page.js";
import { moment } from "/console/times.js";

const PAGE = 50;
const MOST_EMAILS = 100;
const TYPING_PAUSE = 250;

const LIST = `
  query Users($search: String, $includeDeactivated: Boolean!, $first: Int!, $after: String) {
    users(search: $search, includeDeactivated: $includeDeactivated, first: $first, after: $after) {
      pageInfo { hasNextPage endCursor }
      edges { node { id name email role deactivatedAt } }
    }
  }`;

const CHECK = `
  query WhoHasAnAccount($emails: [String!]!) {
    users(emails: $emails, includeDeactivated: true, first: ${MOST_EMAILS}) { edges { node { email name deactivatedAt } } }
  }`;

export default function show(page) {
  new Users(page).show();
}

class Users {
  filter = { search: new URLSearchParams(location.search).get("search") ?? "", includeDeactivated: false };
  rows = h("ul.users", { "aria-label": "Users" });
  more = h("p.more");

  constructor(page) {
    this.page = page;
  }

  show() {
    this.page.showHeading("Users", {
      lead: "Interviewers need an account before GoodTime can put them on a panel.",
    });
    this.page.heading.closest(".head").after(checkForm(), this.filterBar());
    this.page.show(skeleton(6));
    this.page.load(
      () => firstRows(Math.max(PAGE, this.rows.children.length || this.page.kept.rows || 0), (...place) => this.fetch(...place)),
      (users) => this.replaceRows(users),
    );
  }

  async fetch(first, after) {
    return (await ask(LIST, { ...this.filter, search: this.filter.search || null, first, after })).users;
  }

  replaceRows(users) {
    arrange(this.rows, []);
    this.appendRows(users);
    const nobody = emptyState("people", "Nobody found", "No user matches. Users are synced from the ATS's directory.");
    this.page.show(users.edges.length ? [this.rows, this.more] : nobody);
  }

  appendRows({ edges, pageInfo }) {
    this.rows.append(...edges.map(({ node }) => userRow(node)));
    this.page.keep({ rows: this.rows.children.length });
    const next = async () => this.appendRows(await this.fetch(PAGE, pageInfo.endCursor));
    fill(
      this.more,
      pageInfo.hasNextPage &&
        h("button.quiet", { click: ({ currentTarget }) => runAction(currentTarget, next) }, "Show more"),
    );
  }

  filterBar() {
    let timer;
    const search = ({ target }) => {
      clearTimeout(timer);
      this.filter.search = target.value.trim();
      timer = setTimeout(() => this.page.signal.aborted || this.page.reload(), TYPING_PAUSE);
    };
    const include = ({ target }) => {
      this.filter.includeDeactivated = target.checked;
      this.page.reload();
    };
    return h(
      "search.filters",
      null,
      h(
        "label.find",
        null,
        icon("search"),
        h("input", { type: "search", "aria-label": "Search by name or email", placeholder: "Name or email", value: this.filter.search, input: search }),
      ),
      h("label.check", null, h("input", { type: "checkbox", change: include }), "Show deactivated"),
    );
  }
}

const userRow = ({ name, email, role, deactivatedAt }) =>
  h(
    "li",
    null,
    avatar(name),
    h("p", null, h("b", null, name), h("span.faint", null, email)),
    chip("plain", ROLES[role]),
    deactivatedAt && chip("bad", h("span", { title: `Since ${moment(deactivatedAt)}` }, "Deactivated")),
  );

/** A box for a list of emails, and who of them is missing. */
function checkForm() {
  const field = h("textarea", { rows: "3", "aria-label": "Emails of interviewers", placeholder: "ivo@example.com, mei@example.com" });
  const outcome = h("div", { role: "status" }, PLACEHOLDER);
  const check = async () => {
    const emails = [...new Set(field.value.toLowerCase().match(/[^\s,;<>]+@[^\s,;<>]+/g) ?? [])];
    if (!emails.length) return void fill(outcome, h("p", null, "Paste at least one email."));
    if (emails.length > MOST_EMAILS)
      return void fill(outcome, h("p", null, `These are ${emails.length} emails: check ${MOST_EMAILS} at a time.`));
    const { users } = await ask(CHECK, { emails });
    fill(outcome, missing(emails, users.edges.map(({ node }) => node)));
  };
  const button = h("button.quiet.small", { click: ({ currentTarget }) => runAction(currentTarget, check) }, "Check accounts");
  return h(
    "details.check-accounts",
    null,
    h("summary", null, "Double-check that all of your interviewers have accounts"),
    h("p", null, "Paste their emails, separated by commas, blanks or lines."),
    field,
    button,
    outcome,
  );
}

function missing(emails, users) {
  const byEmail = new Map(users.map((user) => [user.email.toLowerCase(), user]));
  const without = emails.filter((email) => !byEmail.has(email));
  const deactivated = emails.filter((email) => byEmail.get(email)?.deactivatedAt);
  if (!without.length && !deactivated.length) return h("p", null, `All ${emails.length} have an account.`);
  return [
    without.length > 0 && [h("p", null, `Without an account: ${without.length} of ${emails.length}`), list(without)],
    deactivated.length > 0 && [h("p", null, "Deactivated, and so not to be assigned:"), list(deactivated)],
  ];
}

const list = (emails) =>
  h(
    "ul.emails",
    null,
    emails.map((email) => h("li", null, email)),
  );
