/** The editor of a pending feedback form, with a draft that this tab keeps until the form is submitted. */

import { ask, session } from "/console/client.js";
import { fill, h } from "/console/element.js";
import { answerField } from "/console/feedback-fields.js";
import { runAction } from "/console/page.js";

const SUBMIT = `
  mutation Submit($input: SubmitFeedbackInput!) {
    submitFeedback(input: $input) { form { id status } errors { code message path } }
  }`;

const FINAL = ["FEEDBACK_VOIDED", "FEEDBACK_ALREADY_SUBMITTED"];

/** Calls `finish(message)` once the form is submitted, or can't be submitted any more. */
export class FeedbackEditor {
  constructor(form, finish) {
    this.form = form;
    this.finish = finish;
    this.draft = savedDraft(form);
    this.fields = form.fields.map((field) => answerField(field, this.draft.values[field.id] ?? []));
    this.summary = h("div.problem.summary", { role: "alert", tabindex: "-1", hidden: true });
    this.draftState = h(
      "p.faint",
      { role: "status" },
      this.draft.exists
        ? "Your draft was restored. This tab keeps it until you sign out."
        : "This tab keeps your draft as you type, until you sign out.",
    );
    this.submitButton = h("button.solid", null, "Submit feedback");
    this.element = this.#formElement();
  }

  #formElement() {
    const { template, instructions, fields } = this.form;
    const save = () => this.#saveDraft();
    const submit = (event) => {
      event.preventDefault();
      const showError = ({ message }) => this.#showSummary(h("p", null, message, " Your draft is saved."));
      runAction(this.submitButton, () => this.#submit(), showError);
    };
    return h(
      "form.card.form",
      { submit, input: save, change: save, novalidate: true },
      h("h2", null, template.name),
      instructions && h("p.prose", null, instructions),
      fields.some(({ required }) => required) &&
        h("p.faint", null, h("span.must", { "aria-hidden": "true" }, "*"), " means that an answer is required."),
      this.summary,
      this.fields.map(({ element }) => element),
      h(
        "footer",
        null,
        this.submitButton,
        h("div", null, h("p", null, "Submitted feedback is final."), this.draftState),
      ),
    );
  }

  #saveDraft() {
    this.draft.save(Object.fromEntries(this.fields.map(({ field, values }) => [field.id, values()])));
    fill(this.draftState, "Draft saved in this tab.");
  }

  async #submit() {
    const answers = this.fields
      .map(({ field, values }) => ({ fieldId: field.id, values: values() }))
      .filter(({ values }) => values.length);
    const { errors } = (await ask(SUBMIT, { input: { formId: this.form.id, answers } })).submitFeedback;
    if (!errors.length) {
      this.draft.remove();
      await this.finish("Feedback submitted. Thank you.");
    } else if (errors.some(({ code }) => FINAL.includes(code))) await this.finish(errors[0].message);
    else this.#showErrors(errors, answers);
  }

  #showErrors(errors, answers) {
    const fieldOf = (error) => this.#fieldOf(error, answers);
    for (const field of this.fields)
      field.showErrors(errors.filter((error) => fieldOf(error) === field).map(({ message }) => withQuotes(message)));
    const count = errors.length === 1 ? "One answer needs" : `${errors.length} answers need`;
    this.#showSummary(
      h("p", null, h("b", null, `${count} correction:`)),
      h(
        "ul",
        null,
        errors.map((error) => h("li", null, errorText(error, fieldOf(error)))),
      ),
    );
  }

  /** The field that an error is about: its path names the field, or the place of the answer. */
  #fieldOf({ path }, answers) {
    const ids = this.fields.map(({ field }) => field.id);
    const id = path.find((step) => ids.includes(step)) ?? answers[path[path.indexOf("answers") + 1]]?.fieldId;
    return this.fields.find(({ field }) => field.id === id);
  }

  #showSummary(...children) {
    fill(this.summary, children).hidden = false;
    this.summary.focus();
  }
}

function errorText({ message }, field) {
  if (!field) return withQuotes(message);
  const focus = (event) => (event.preventDefault(), field.focus());
  return h("a", { href: `#${field.id}`, click: focus }, withQuotes(message));
}

/** The API quotes names in backticks, as code; people are shown quotation marks. */
const withQuotes = (message) => message.replace(/`([^`]*)`/g, "“$1”");

const DRAFT = "callboard.draft.";

/**
 * The draft of a form, which only the interviewer edits. The tab keeps it: it survives a reload and a sign-in that has
 * expired, is nobody else's, and is removed on submission, on signing out and with the tab.
 */
function savedDraft({ id, interviewer }) {
  const key = `${DRAFT}${interviewer.id}.${id}`;
  const stored = sessionStorage.getItem(key);
  return {
    exists: Boolean(stored),
    values: JSON.parse(stored ?? "{}"),
    save: (values) => sessionStorage.setItem(key, JSON.stringify(values)),
    remove: () => sessionStorage.removeItem(key),
  };
}

session.addEventListener("ended", ({ detail: reason }) => {
  if (reason === "expired") return;
  const drafts = Object.keys(sessionStorage).filter((key) => key.startsWith(DRAFT));
  drafts.forEach((key) => sessionStorage.removeItem(key));
});
