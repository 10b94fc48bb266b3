/** Finds anybody from any view: candidates by name or email, and users. An Interviewer finds whom they interview. */

import { ask } from "/console/client.js";
import { openDialog } from "/console/dialog.js";
import { fill, h, icon } from "/console/element.js";
import { ROLES, avatar } from "/console/page.js";
import { moment } from "/console/times.js";

const TYPING_PAUSE = 150;
const FOUND = 8;

const PEOPLE = `
  query Find($search: String!) {
    candidates(filter: { search: $search }, first: ${FOUND}) { edges { node { id name stage { name } } } }
    archived: candidates(filter: { search: $search, archived: true }, first: 4) { edges { node { id name } } }
    users(search: $search, first: 5) { edges { node { id name email role } } }
  }`;

const OWN = `
  query FindOwn($me: ID!) {
    interviews(filter: { interviewerId: $me }, last: 100) {
      edges { node { id subject startsAt candidate { name } } }
    }
  }`;

const nodes = ({ edges }) => edges.map(({ node }) => node);

/** Opens the finder. `navigate(path)` goes to what was chosen. */
export function openFinder(viewer, navigate) {
  const finder = new Finder(viewer.role === "INTERVIEWER" ? ownInterviews(viewer) : findPeople, navigate);
  finder.open();
}

async function findPeople(search) {
  const { candidates, archived, users } = await ask(PEOPLE, { search });
  return [
    ...nodes(candidates).map(({ id, name, stage }) => ({ name, detail: stage.name, path: `/candidates/${id}` })),
    ...nodes(archived).map(({ id, name }) => ({ name, detail: "Archived", path: `/candidates/${id}` })),
    ...nodes(users).map(({ name, email, role }) => ({
      name,
      detail: `${ROLES[role]} · ${email}`,
      path: `/settings/users?${new URLSearchParams({ search: email })}`,
    })),
  ];
}

function ownInterviews({ id: me }) {
  let loaded;
  return async (search) => {
    loaded ??= nodes((await ask(OWN, { me })).interviews);
    const wanted = search.toLowerCase();
    return loaded
      .filter(({ subject, candidate }) => `${candidate.name} ${subject}`.toLowerCase().includes(wanted))
      .slice(-FOUND)
      .reverse()
      .map(({ id, subject, startsAt, candidate }) => ({
        name: candidate.name,
        detail: `${subject} · ${moment(startsAt)}`,
        path: `/interviews#${id}`,
      }));
  };
}

/** A combobox over a list of what was found (ARIA Authoring Practices): arrows move, Enter opens. */
class Finder {
  found = [];
  active = 0;
  searches = 0;

  constructor(find, navigate) {
    Object.assign(this, { find, navigate });
    this.list = h("ul.found", { role: "listbox", id: "found", "aria-label": "Found" });
    this.status = h("p.faint", { role: "status" }, "Type a name or an email.");
    this.field = h("input", {
      type: "search",
      role: "combobox",
      "aria-label": "Find anybody",
      "aria-controls": "found",
      "aria-expanded": "false",
      "aria-autocomplete": "list",
      autocomplete: "off",
      autofocus: true,
      maxlength: "200",
      placeholder: "Find anybody",
      input: () => this.typed(),
      keydown: (event) => this.move(event),
    });
  }

  open() {
    this.dialog = openDialog("Find anybody", ({ close }) => [
      h("label.find", null, icon("search"), this.field),
      this.status,
      this.list,
      h("menu", null, h("button.quiet.small", { click: close }, "Close")),
    ]);
    this.field.focus();
  }

  typed() {
    clearTimeout(this.typing);
    this.typing = setTimeout(() => this.search(this.field.value.trim()), TYPING_PAUSE);
  }

  async search(words) {
    const search = ++this.searches;
    if (!words) return this.draw([], "Type a name or an email.");
    fill(this.status, "Searching…");
    try {
      const found = await this.find(words);
      if (search === this.searches) this.draw(found, found.length ? countOf(found) : `Nobody matches “${words}”.`);
    } catch (failure) {
      if (search === this.searches) this.draw([], failure.message);
    }
  }

  draw(found, status) {
    this.found = found;
    this.active = 0;
    fill(this.status, status);
    fill(
      this.list,
      found.map(({ name, detail }, place) =>
        h(
          "li",
          { role: "option", id: `found-${place}`, click: () => this.choose(place) },
          avatar(name),
          h("span", null, h("b", null, name), h("small", null, detail)),
        ),
      ),
    );
    this.markActive();
  }

  markActive() {
    const options = [...this.list.children];
    options.forEach((option, place) => option.setAttribute("aria-selected", String(place === this.active)));
    options[this.active]?.scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-expanded", String(options.length > 0));
    if (options.length) this.field.setAttribute("aria-activedescendant", `found-${this.active}`);
    else this.field.removeAttribute("aria-activedescendant");
  }

  move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter") this.choose(this.active);
    if (!step || !this.found.length) return;
    event.preventDefault();
    this.active = (this.active + step + this.found.length) % this.found.length;
    this.markActive();
  }

  choose(place) {
    if (!this.found[place]) return;
    this.dialog.close();
    this.navigate(this.found[place].path);
  }
}

const countOf = ({ length }) => (length === 1 ? "1 found" : `${length} found`);
