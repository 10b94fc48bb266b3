/** The candidate's page, to which the Schedule buttons of the ATS lead: pick templates, people, forms and times. */

import { ask } from "./api.js";
import { loadDirectory, peoplePicker, templatePicker } from "./directory.js";
import { h, labelled, message, select } from "./element.js";
import { outcome, push } from "./push.js";
import { ZONE, instant, later, shown, suggestion } from "./times.js";

/** GoodTime's own templates of interviews: what is held in which order, in minutes. */
const TEMPLATES = {
  screen: { name: "Phone screen", events: [["Phone screen", 30]] },
  onsite: {
    name: "On-site",
    events: [
      ["System design", 60],
      ["Pair programming", 60],
      ["Values", 45],
    ],
  },
  manager: { name: "Hiring manager", events: [["Hiring manager", 45]] },
};

const CANDIDATE = `
  query Candidate($externalId: String!) {
    candidate(externalId: $externalId) {
      id externalId name headline
      stage { name }
      posting { title }
      interviewPanels(first: 20) { edges { node { externalId status startsAt } } }
    }
  }`;

/** The page's elements. `open` leads to another address of these pages. */
export async function candidatePage(externalId, open) {
  const { candidate } = await ask("The candidate", CANDIDATE, { externalId });
  if (!candidate) return [h("h1", null, "Candidate"), message("bad", `The ATS knows no candidate ${externalId}.`)];
  const directory = await loadDirectory();
  return [
    h("h1", null, candidate.name),
    h("p", null, [candidate.headline, candidate.posting?.title, candidate.stage.name].filter(Boolean).join(" · ")),
    panels(candidate.interviewPanels.edges.map((edge) => edge.node)),
    h("h2", null, "Schedule interviews"),
    scheduleForm(candidate, directory, open),
  ];
}

function panels(nodes) {
  if (!nodes.length) return h("p", null, "Nothing is scheduled yet.");
  const link = (panel) =>
    h("a", { href: `/panels/${encodeURIComponent(panel.externalId)}` }, panel.startsAt ? shown(panel.startsAt) : "Panel");
  return h(
    "ul",
    null,
    nodes.map((panel) => h("li", null, link(panel), ` ${panel.status.toLowerCase().replaceAll("_", " ")}`)),
  );
}

function scheduleForm(candidate, directory, open) {
  const events = h("div");
  const outcomes = h("div", { "aria-live": "polite" });
  const template = select("template", Object.entries(TEMPLATES).map(([key, each]) => [key, each.name]));
  const choose = () =>
    events.replaceChildren(...TEMPLATES[template.value].events.map((event, place) => eventFields(event, place, directory)));
  template.addEventListener("change", choose);
  choose();
  const [date, time] = suggestion();
  const submit = async (event) => {
    event.preventDefault();
    const panel = { externalId: `gt-${crypto.randomUUID().slice(0, 8)}`, candidate };
    const payload = await push("Schedule", panel, inputsOf(new FormData(event.target), panel.externalId));
    if (payload.errors.length) outcomes.replaceChildren(...[outcome(payload)].flat());
    else await open(`/panels/${encodeURIComponent(panel.externalId)}`);
  };
  return h(
    "form",
    { submit },
    labelled("Interview template", template),
    h(
      "div.row",
      null,
      labelled("Date", h("input", { type: "date", name: "date", value: date, required: true })),
      labelled("Start", h("input", { type: "time", name: "time", value: time, required: true }), ZONE),
      labelled("Location", h("input", { name: "location", placeholder: "Room 4.12" })),
    ),
    events,
    h("button.primary", { type: "submit" }, "Schedule"),
    outcomes,
  );
}

function eventFields([subject, minutes], place, { people, templates }) {
  return h(
    "section.event",
    null,
    h("h3", null, `${subject}, ${minutes} minutes`),
    peoplePicker(`people-${place}`, people, []),
    templatePicker(`form-${place}`, templates, templates[0]?.id),
  );
}

/** The InterviewInputs that the form means: one event after another, from the start. */
function inputsOf(form, externalId) {
  let start = instant(form.get("date"), form.get("time"));
  return TEMPLATES[form.get("template")].events.map(([subject, durationMinutes], place) => {
    const event = {
      externalId: `${externalId}-${place + 1}`,
      subject,
      startsAt: start.toISOString(),
      durationMinutes,
      location: form.get("location") || null,
      feedbackTemplateId: form.get(`form-${place}`) || null,
      interviewers: form.getAll(`people-${place}`).map((email) => ({ email })),
    };
    start = later(start, durationMinutes);
    return event;
  });
}
