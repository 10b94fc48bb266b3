/** What a list of candidates shows and in which order: its views, the search field and the pickers, kept in the address. */

import { BASE } from "/console/base.js";
import { ask } from "/console/client.js";
import { fill, h, icon } from "/console/element.js";
import { emptyState, soon } from "/console/page.js";

const TYPING_PAUSE = 250;

const CHOICES = `query Choices { stages { id name } postings { id title } }`;

const VIEWS = {
  all: { label: "All", filter: {}, empty: ["No candidates yet", "Candidates you have access to appear here."] },
  mine: {
    label: "Mine",
    filter: { mine: true },
    empty: ["No candidates of yours", "Those you own, follow, interview, or whose posting you manage appear here."],
  },
  unplanned: {
    label: "Nothing planned",
    filter: { hasUpcomingPanel: false },
    empty: ["Everybody has an interview to come", "Candidates without one appear here."],
  },
  due: {
    label: "Feedback due",
    filter: { feedbackDue: true },
    empty: ["No feedback is due", "Candidates appear here when their interviews are over and a form is missing."],
  },
  archived: {
    label: "Archived",
    filter: { archived: true },
    empty: ["Nobody is archived", "Candidates who were archived appear here."],
  },
};

const ORDERS = { name: ["Name", "NAME"], stage: ["Stage", "STAGE"], next: ["Next interview", "NEXT_INTERVIEW"] };

/** The view, the order and the filters of the address. Calls `apply` after every change of one of the filters. */
export class Filters {
  chosen = new Map();
  tabs = h("ul.views", { "aria-label": "Views" });

  constructor(page, apply) {
    Object.assign(this, { page, apply });
    const parameters = new URLSearchParams(location.search);
    for (const name of ["view", "sort", "search", "stageId", "postingId"])
      if (parameters.get(name)) this.chosen.set(name, parameters.get(name));
  }

  get view() {
    return VIEWS[this.chosen.get("view")] ?? VIEWS.all;
  }

  get isNarrowed() {
    return ["search", "stageId", "postingId"].some((name) => this.chosen.has(name));
  }

  /** Whether a change of a candidate's interviews may move them within the list, in or out. */
  get followsInterviews() {
    return this.view !== VIEWS.all || this.chosen.get("sort") === "next";
  }

  /** The variables of the query. */
  get variables() {
    const [, orderBy] = ORDERS[this.chosen.get("sort")] ?? ORDERS.name;
    const { search, stageId, postingId } = Object.fromEntries(this.chosen);
    return { filter: { ...this.view.filter, search, stageId, postingId }, orderBy };
  }

  elements() {
    this.drawTabs();
    return [this.tabs, this.bar()];
  }

  drawTabs() {
    const link = ([name, view]) =>
      h(
        "li",
        null,
        h("a", { href: this.address(name), "aria-current": view === this.view && "page", "data-focus": name }, view.label),
      );
    fill(this.tabs, Object.entries(VIEWS).map(link));
  }

  /** The address of a view, with the other filters as they are. */
  address(view) {
    const parameters = new URLSearchParams([...this.chosen].filter(([name]) => name !== "view"));
    if (view !== "all") parameters.set("view", view);
    return parameters.size ? `/?${parameters}` : "/";
  }

  set(name, value) {
    if (value) this.chosen.set(name, value);
    else this.chosen.delete(name);
    history.replaceState(null, "", BASE + this.address(this.chosen.get("view") ?? "all"));
    this.drawTabs();
    this.apply();
  }

  bar() {
    let typing;
    const search = h("input", {
      type: "search",
      "aria-label": "Search by name or email",
      placeholder: "Search by name or email",
      value: this.chosen.get("search") ?? "",
      maxlength: "200",
      input: () => {
        clearTimeout(typing);
        typing = setTimeout(() => this.page.signal.aborted || this.set("search", search.value.trim()), TYPING_PAUSE);
      },
    });
    const stages = this.picker("Stages", "stageId", "All stages");
    const postings = this.picker("Postings", "postingId", "All postings");
    const orders = Object.entries(ORDERS).slice(1);
    const sort = this.picker("Sort by", "sort", "By name");
    setOptions(sort, orders, ([id, [label]]) => [id, `By ${label.toLowerCase()}`], this.chosen.get("sort"));
    const offer = () =>
      ask(CHOICES).then(
        (choices) => {
          setOptions(stages, choices.stages, ({ id, name }) => [id, name], this.chosen.get("stageId"));
          setOptions(postings, choices.postings, ({ id, title }) => [id, title], this.chosen.get("postingId"));
        },
        () => {}, // Without its choices the list is still of use.
      );
    offer();
    this.page.on("directory", soon(offer));
    return h("search.filters", null, h("label.find", null, icon("search"), search), stages, postings, sort);
  }

  picker(title, name, unset) {
    const choose = ({ target }) => this.set(name, target.value);
    return h("select", { "aria-label": title, change: choose }, h("option", { value: "" }, unset));
  }

  emptyState() {
    const { view, isNarrowed } = this;
    if (!isNarrowed && this.chosen.get("sort") !== "next") return emptyState("people", ...view.empty);
    const link = h("a", { href: "/" }, "Show all candidates");
    return emptyState("search", "No matches", "No candidate matches these filters. ", link);
  }
}

/** Offers these choices behind the first option, in place of earlier ones. */
function setOptions(select, choices, optionOf, chosen = "") {
  const option = ([value, label]) => h("option", { value }, label);
  fill(select, select.firstElementChild, choices.map((choice) => option(optionOf(choice))));
  select.value = chosen;
}
