/** Who can interview and what they can be asked to fill in: the ATS's users and templates, and GoodTime's own people. */

import { ask } from "./api.js";
import { h, labelled, select } from "./element.js";

/** People whom GoodTime knows from the company's calendar: whether the ATS has them, only the ATS can say. */
const OUTSIDERS = [
  { name: "Olive Contractor", email: "olive@contractors.example" },
  { name: "Otto Newcomer", email: "otto@newcomers.example" },
];

const DIRECTORY = `
  query Directory {
    users(first: 100) { edges { node { id name email } } }
    feedbackTemplates(first: 100) { edges { node { id name } } }
  }`;

const PRE_CHECK = `
  query PreCheck($emails: [String!]) {
    users(emails: $emails, first: 100) { edges { node { id email } } }
  }`;

const nodes = (connection) => connection.edges.map((edge) => edge.node);

/** Loads everybody who could interview, each with `hasAccount`, and the feedback templates. */
export async function loadDirectory() {
  const data = await ask("Who is there", DIRECTORY);
  const people = [...nodes(data.users), ...OUTSIDERS];
  const checked = await ask("Pre-check: who has an account", PRE_CHECK, { emails: people.map((each) => each.email) });
  const accounts = new Set(nodes(checked.users).map((user) => user.email));
  return {
    people: people.map((person) => ({ ...person, hasAccount: accounts.has(person.email) })),
    templates: nodes(data.feedbackTemplates),
  };
}

/** Boxes to pick interviewers by; those without an account are shown and can't be picked. `chosen` holds emails. */
export function peoplePicker(name, people, chosen) {
  return h(
    "fieldset.people",
    null,
    h("legend", null, "Interviewers"),
    people.map((person) =>
      h(
        "label",
        { title: person.email },
        h("input", {
          type: "checkbox",
          name,
          value: person.email,
          checked: person.hasAccount && chosen.includes(person.email),
          disabled: !person.hasAccount,
        }),
        h("span", null, person.name),
        !person.hasAccount && h("small", null, "no account in the ATS"),
      ),
    ),
  );
}

/** A choice of one feedback form, or none. */
export function templatePicker(name, templates, chosen) {
  const options = [["", "None"], ...templates.map((template) => [template.id, template.name])];
  return labelled("Feedback form", select(name, options, chosen ?? ""));
}
