/** Scorecards on a profile: who has submitted feedback, and every score that the viewer may read. */

import { ask } from "/console/client.js";
import { fill, h, icon } from "/console/element.js";
import { chip } from "/console/page.js";
import { date } from "/console/times.js";

const PANELS = 5;
const TONES = ["bad", "warn", "info", "good"];

const SCORECARDS = `
  query Scorecards($id: ID!) {
    candidate(id: $id) {
      interviewPanels(last: ${PANELS}) { edges { node { id interviews { id subject startsAt feedbackForms {
        id status interviewer { id name } fields { id type options } answers { fieldId values }
      } } } } }
    }
  }`;

/** The card of a candidate's scorecards. `load()` reads them, again after every change of a form. */
export class Scorecards {
  element = h("section.scorecards", { "aria-labelledby": "scorecards", hidden: true });
  loads = 0;

  constructor(candidateId) {
    this.candidateId = candidateId;
  }

  async load() {
    const load = ++this.loads;
    const data = await ask(SCORECARDS, { id: this.candidateId }).catch((failure) => failure);
    if (load !== this.loads) return;
    if (data instanceof Error) return this.drawFailure(data);
    const interviews = (data.candidate?.interviewPanels.edges ?? []).flatMap(({ node }) => node.interviews);
    const now = new Date().toISOString();
    this.draw(interviews.filter(({ startsAt, feedbackForms }) => startsAt <= now && feedbackForms.length).reverse());
  }

  draw(interviews) {
    const asked = interviews.flatMap(({ feedbackForms }) => feedbackForms).filter(({ status }) => status !== "VOIDED");
    const submitted = asked.filter(({ status }) => status === "COMPLETED");
    this.element.hidden = !asked.length;
    fill(
      this.element,
      h("h2", { id: "scorecards" }, "Scorecards"),
      h("p.faint", null, `${submitted.length} of ${asked.length} submitted`),
      interviews.map(interviewScores),
    );
  }

  drawFailure({ message }) {
    this.element.hidden = false;
    const retry = h("button.quiet.small", { click: () => this.load() }, "Try again");
    fill(this.element, h("h2", { id: "scorecards" }, "Scorecards"), h("p", { role: "alert" }, message), retry);
  }
}

const interviewScores = ({ subject, startsAt, feedbackForms }) =>
  h(
    "div",
    null,
    h("h3", null, subject, " ", h("small.faint", null, date(startsAt))),
    h("ul", null, feedbackForms.map(scoreRow)),
  );

const scoreRow = (form) =>
  h(
    "li",
    null,
    h("a", { href: `/feedback/${form.id}`, "data-focus": `score-${form.id}` }, form.interviewer.name),
    score(form),
  );

function score({ status, fields, answers }) {
  if (status === "VOIDED") return chip("plain", "Not needed");
  if (status !== "COMPLETED") return chip("due", "Pending");
  if (!answers) return chip("plain", icon("lock"), "Submitted");
  const field = fields.find(({ type }) => type === "SCORE");
  const [value] = answers.find(({ fieldId }) => fieldId === field?.id)?.values ?? [];
  return value ? chip(TONES[field.options.indexOf(value)] ?? "plain", value) : chip("good", icon("check"), "Submitted");
}
