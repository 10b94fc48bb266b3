/** The page of a feedback form: the form itself, and beside it the interview and what colleagues wrote. */

import { ask } from "/console/client.js";
import { h, icon } from "/console/element.js";
import { FeedbackEditor } from "/console/feedback-editor.js";
import { PLACEHOLDER, announce, avatar, chip, emptyState, runAction } from "/console/page.js";
import { day, moment, span, zoneName } from "/console/times.js";

const FORM = `
  query Form($id: ID!) {
    feedbackForm(id: $id) {
      ...Form
      interview {
        id subject startsAt endsAt note
        candidate { id name headline }
        feedbackForms { ...Form }
      }
    }
  }
  fragment Form on FeedbackForm {
    id status completedAt instructions waivedAt waivedBy { id name }
    interviewer { id name }
    template { id name }
    fields { id type label description required options }
    answers { fieldId values }
  }`;

const WAIVE = `mutation Waive($id: ID!) { done: waiveFeedback(formId: $id) { form { id status } errors { message } } }`;

const REOPEN = `mutation Reopen($id: ID!) { done: reopenFeedback(formId: $id) { form { id status } errors { message } } }`;

const SCORE_TONES = ["bad", "warn", "info", "good"];

export default function show(page) {
  new Feedback(page).show();
}

class Feedback {
  constructor(page) {
    this.page = page;
    this.id = page.params.id;
    this.formIds = new Set([this.id]);
  }

  show() {
    this.page.showHeading("Feedback", { parent: parentLink("/interviews", "My interviews"), lead: PLACEHOLDER });
    this.page.load(
      () => this.fetch(),
      (data) => this.draw(data),
    );
    this.page.on("change", ({ panel }) => this.isAbout(panel) && this.page.reloadSoon());
    this.page.on("form", ({ form }) => this.formIds.has(form.id) && this.page.reloadSoon());
    this.page.on("candidate", ({ candidate }) => candidate.id === this.candidateId && this.page.reloadSoon());
    this.page.on("gone", ({ nodeId }) => this.formIds.has(nodeId) && this.page.reloadSoon());
  }

  fetch() {
    return ask(FORM, { id: this.id }).catch((failure) => {
      if (failure.code !== "FORBIDDEN") throw failure;
      return { feedbackForm: null, refusal: failure.message };
    });
  }

  isAbout(panel) {
    return panel.interviews.some(({ interviewers }) =>
      interviewers.some(({ feedbackForm }) => feedbackForm?.id === this.id),
    );
  }

  draw({ feedbackForm: form, refusal }) {
    if (refusal) return this.page.show(emptyState("check", "Feedback not needed", refusal));
    if (!form)
      return this.page.show(
        emptyState("question", "Form not found", "There is no feedback form at this address, or it isn't yours."),
      );
    this.candidateId = form.interview.candidate.id;
    this.formIds = new Set([this.id, ...form.interview.feedbackForms.map(({ id }) => id)]);
    const isMine = form.interviewer.id === this.page.viewer.id;
    this.drawHeading(form.interview, isMine);
    this.drawForm(form, isMine);
  }

  drawHeading({ subject, startsAt, endsAt, candidate }, isMine) {
    const toInterviews = isMine || this.page.viewer.role === "INTERVIEWER";
    this.page.showHeading(`Feedback on ${candidate.name}`, {
      parent: toInterviews
        ? parentLink("/interviews", "My interviews")
        : parentLink(`/candidates/${candidate.id}`, candidate.name),
      lead: [
        subject,
        " · ",
        day(startsAt),
        ", ",
        h("span.nowrap", null, span(startsAt, endsAt), " ", zoneName(startsAt)),
      ],
    });
  }

  drawForm(form, isMine) {
    const { body, viewer } = this.page;
    const isOpen = isMine && form.status === "PENDING";
    // A form being filled in stays the same element: a live update must not touch what is typed.
    if (isOpen) this.editor ??= new FeedbackEditor(form, (message) => this.finish(message)).element;
    else this.editor = undefined;
    const expanded = [...body.querySelectorAll("details[open]")].map(({ dataset }) => dataset.form);
    const aside = interviewAside(form, viewer);
    for (const details of aside.querySelectorAll("details")) details.open = expanded.includes(details.dataset.form);
    if (this.editor && body.contains(this.editor)) body.querySelector("aside").replaceWith(aside);
    else {
      const content = this.editor ?? [readOnlyForm(form, isMine), viewer.role !== "INTERVIEWER" && this.waiver(form)];
      this.page.show(h("div.profile", null, h("div.feed", null, content), aside));
    }
  }

  /** What a recruiter may do about a form that isn't filled in: ask for it no longer, or again. */
  waiver({ id, status, waivedAt, interviewer }) {
    const isWaived = status === "VOIDED" && waivedAt;
    if (status !== "PENDING" && !isWaived) return null;
    const act = async () => {
      const { errors } = (await ask(isWaived ? REOPEN : WAIVE, { id })).done;
      if (errors.length) return announce(errors[0].message);
      await this.finish(isWaived ? `${interviewer.name} is asked for feedback again.` : "This feedback is no longer waited for.");
    };
    return h(
      "button.quiet",
      { click: ({ currentTarget }) => runAction(currentTarget, act), "data-focus": "waive" },
      isWaived ? "Ask for this feedback again" : "No longer ask for this feedback",
    );
  }

  async finish(message) {
    this.editor = undefined;
    await this.page.reload();
    this.page.heading.focus();
    announce(message);
  }
}

const parentLink = (path, title) => h("a.trail", { href: path }, icon("back"), title);

function interviewAside({ id, interview: { candidate, note, feedbackForms } }, viewer) {
  const colleagues = feedbackForms.filter((form) => form.id !== id && form.status !== "VOIDED");
  const name =
    viewer.role === "INTERVIEWER" ? candidate.name : h("a", { href: `/candidates/${candidate.id}` }, candidate.name);
  const fact = (term, tag, ...content) => h("div", null, h("dt", null, term), h(tag, null, content));
  return h(
    "aside.card",
    { "aria-label": "About the interview" },
    h(
      "dl",
      null,
      fact("Candidate", "dd", name, candidate.headline && h("small", null, candidate.headline)),
      note && fact("Note", "dd.prose", note),
      fact(
        "Colleagues' feedback",
        "dd",
        colleagues.length
          ? h("ul.people", null, colleagues.map(colleagueRow))
          : "No other interviewer was asked for feedback.",
      ),
    ),
  );
}

function colleagueRow({ id, interviewer, status, fields, answers }) {
  const head = [avatar(interviewer.name), h("b", null, interviewer.name)];
  if (status !== "COMPLETED") return h("li", null, head, chip("plain", "Pending"));
  if (!answers) return h("li", null, head, chip("plain", icon("lock"), "Hidden until you submit yours"));
  const score = fields.find(({ type }) => type === "SCORE");
  const [value] = answers.find(({ fieldId }) => fieldId === score?.id)?.values ?? [];
  return h(
    "li",
    null,
    h(
      "details",
      { "data-form": id },
      h("summary", null, head, value && scoreChip(score, value)),
      answerList(fields, answers),
    ),
  );
}

const scoreChip = ({ options }, value) => chip(SCORE_TONES[options.indexOf(value)] ?? "plain", value);

function answerList(fields, answers) {
  const valuesByField = new Map(answers.map(({ fieldId, values }) => [fieldId, values]));
  return h(
    "dl.answers",
    null,
    fields.map((field) =>
      h(
        "div",
        null,
        h("dt", null, field.label),
        h("dd.prose", null, answerContent(field, valuesByField.get(field.id))),
      ),
    ),
  );
}

function answerContent(field, values = []) {
  if (!values.length) return h("span.faint", null, "No answer");
  if (field.type === "SCORE") return scoreChip(field, values[0]);
  if (field.type === "CODE") return h("pre", { tabindex: "0" }, values[0]);
  return values.join(", ");
}

function readOnlyForm(form, isMine) {
  const { instructions, fields, answers, status, template } = form;
  return h(
    "section.card.form",
    null,
    h("p.state", null, stateNote(form, isMine)),
    h("h2", null, template.name),
    instructions && h("p.prose", null, instructions),
    answers ? answerList(fields, answers) : status === "COMPLETED" ? hiddenAnswers() : questionList(fields),
  );
}

function stateNote({ status, completedAt, waivedAt, waivedBy, interviewer }, isMine) {
  const whose = isMine ? "Your feedback" : `The feedback of ${interviewer.name}`;
  const submittedAt = completedAt ? ` on ${moment(completedAt)}` : "";
  return {
    COMPLETED: [chip("good", icon("check"), "Submitted"), ` ${whose} was submitted${submittedAt} and is final.`],
    PENDING: [chip("due", "Pending"), ` ${interviewer.name} has not submitted it yet. Only they can fill it in.`],
    VOIDED: [
      chip("plain", "Not needed"),
      waivedAt
        ? ` ${waivedBy.name} no longer asks for it, since ${moment(waivedAt)}.`
        : " The interview was cancelled, or the interviewer was removed from it. This form needs no answer.",
    ],
  }[status];
}

const hiddenAnswers = () =>
  h("p.note", null, icon("lock"), " You have no access to these answers, or not before you submit your own feedback.");

const questionList = (fields) =>
  h(
    "ul.plainly",
    null,
    fields.map(({ label }) => h("li", null, label)),
  );
