/** The form behind a feedback link: one interviewer's view of one interview, kept as a draft until it is final. */

import { ask } from "/console/client.js";
import { fill, h, icon } from "/console/element.js";
import { BLANK, announce, blank, chip, face, press } from "/console/page.js";
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
    id status completedAt instructions
    interviewer { id name }
    template { id name }
    fields { id type label description required options }
    answers { fieldId values }
  }`;

const SUBMIT = `
  mutation Submit($input: SubmitFeedbackInput!) {
    submitFeedback(input: $input) { form { id status } errors { code message path } }
  }`;

const YES_NO = ["Yes", "No"];

export default function show(page) {
  const { id } = page.params;
  const { viewer } = page;
  let editor;
  const trail = (path, words) => h("a.trail", { href: path }, icon("back"), words);
  page.open("Feedback", { trail: trail("/interviews", "My interviews"), lead: BLANK });

  page.load(
    () =>
      ask(FORM, { id }).catch((failure) => {
        if (failure.code !== "FORBIDDEN") throw failure;
        return { feedbackForm: null, refusal: failure.message };
      }),
    ({ feedbackForm: form, refusal }) => {
      if (refusal) return page.show(blank("check", "Not needed", refusal));
      if (!form)
        return page.show(
          blank("question", "No such form", "Either there is none under this link, or it is somebody else's."),
        );
      const { interview } = form;
      const isMine = form.interviewer.id === viewer.id;
      page.open(`Feedback on ${interview.candidate.name}`, {
        trail:
          isMine || viewer.role === "INTERVIEWER"
            ? trail("/interviews", "My interviews")
            : trail(`/candidates/${interview.candidate.id}`, interview.candidate.name),
        lead: [
          interview.subject,
          " · ",
          day(interview.startsAt),
          ", ",
          h("span.whole", null, span(interview.startsAt, interview.endsAt), " ", zoneName(interview.startsAt)),
        ],
      });
      const isOpen = isMine && form.status === "PENDING";
      // A form being filled in stays as it is: what comes live must not touch a word of it.
      editor = isOpen
        ? (editor ??
          formEditor(
            form,
            (words) => ((editor = undefined), page.reload().then(() => (page.heading.focus(), announce(words)))),
          ))
        : undefined;
      const colleagues = interview.feedbackForms.filter((other) => other.id !== form.id && other.status !== "VOIDED");
      const read = [...page.body.querySelectorAll("details[open]")].map(({ dataset }) => dataset.form);
      const beside = aside(interview, colleagues, viewer);
      for (const details of beside.querySelectorAll("details")) details.open = read.includes(details.dataset.form);
      if (editor && page.body.contains(editor)) page.body.querySelector("aside").replaceWith(beside);
      else page.show(h("div.profile", null, h("div.feed", null, editor ?? readOnly(form, isMine)), beside));
    },
  );
  page.on(
    "change",
    ({ panel }) =>
      panel.interviews.some(({ interviewers }) => interviewers.some(({ feedbackForm }) => feedbackForm?.id === id)) &&
      page.reloadSoon(),
  );
}

function aside({ candidate, note }, colleagues, viewer) {
  const name =
    viewer.role === "INTERVIEWER" ? candidate.name : h("a", { href: `/candidates/${candidate.id}` }, candidate.name);
  return h(
    "aside.card",
    { "aria-label": "About the interview" },
    h(
      "dl",
      null,
      h(
        "div",
        null,
        h("dt", null, "Candidate"),
        h("dd", null, name, candidate.headline && h("small", null, candidate.headline)),
      ),
      note && h("div", null, h("dt", null, "Note"), h("dd.prose", null, note)),
      h(
        "div",
        null,
        h("dt", null, "Colleagues' feedback"),
        h(
          "dd",
          null,
          colleagues.length ? h("ul.people.tall", null, colleagues.map(colleague)) : "Nobody else was asked.",
        ),
      ),
    ),
  );
}

function colleague({ id, interviewer, status, fields, answers }) {
  const head = [face(interviewer.name), h("b", null, interviewer.name)];
  if (status !== "COMPLETED") return h("li", null, head, chip("plain", "Pending"));
  if (!answers) return h("li", null, head, chip("plain", icon("lock"), "Hidden until yours is in"));
  const score = fields.find(({ type }) => type === "SCORE");
  const verdict = answers.find(({ fieldId }) => fieldId === score?.id)?.values[0];
  return h(
    "li",
    null,
    h(
      "details",
      { "data-form": id },
      h("summary", null, head, verdict && scoreChip(score, verdict)),
      answerList(fields, answers),
    ),
  );
}

const scoreChip = ({ options }, verdict) =>
  chip(["bad", "warn", "info", "good"][options.indexOf(verdict)] ?? "plain", verdict);

function answerList(fields, answers) {
  const given = new Map(answers.map(({ fieldId, values }) => [fieldId, values]));
  return h(
    "dl.answers",
    null,
    fields.map((field) => {
      const values = given.get(field.id) ?? [];
      const content = !values.length
        ? h("span.faint", null, "No answer")
        : field.type === "SCORE"
          ? scoreChip(field, values[0])
          : field.type === "CODE"
            ? h("pre", { tabindex: "0" }, values[0])
            : values.join(", ");
      return h("div", null, h("dt", null, field.label), h("dd.prose", null, content));
    }),
  );
}

function readOnly({ status, completedAt, interviewer, instructions, fields, answers, template }, isMine) {
  const whose = isMine ? "Your feedback" : `Feedback of ${interviewer.name}`;
  const notes = {
    COMPLETED: [
      chip("good", icon("check"), "Submitted"),
      ` ${whose} came in on ${completedAt ? moment(completedAt) : ""} and is final.`,
    ],
    PENDING: [chip("due", "Pending"), ` ${interviewer.name} has not submitted it yet. Only they can fill it in.`],
    VOIDED: [
      chip("plain", "Not needed"),
      " The interview was cancelled, or the interviewer was taken off it: this form needs no answer.",
    ],
  };
  return h(
    "section.card.form",
    null,
    h("p.state", null, notes[status]),
    h("h2", null, template.name),
    instructions && h("p.prose", null, instructions),
    answers
      ? answerList(fields, answers)
      : status === "COMPLETED"
        ? h("p.note", null, icon("lock"), " The answers are not yours to read, or not until your own feedback is in.")
        : h(
            "ul.plainly",
            null,
            fields.map(({ label }) => h("li", null, label)),
          ),
  );
}

function formEditor(form, submitted) {
  const draft = keptDraft(form.id);
  const summary = h("div.problem.summary", { role: "alert", tabindex: "-1", hidden: true });
  const saved = h(
    "p.faint",
    { role: "status" },
    draft.exists ? "Your draft is back: it is kept in this browser." : "A draft is kept in this browser as you write.",
  );
  const fields = form.fields.map((field) => fieldInput(field, draft.values[field.id] ?? []));
  const submit = h("button.solid", null, "Submit feedback");
  const editor = h(
    "form.card.form",
    { submit: send, input: keep, change: keep, novalidate: true },
    h("h2", null, form.template.name),
    form.instructions && h("p.prose", null, form.instructions),
    form.fields.some(({ required }) => required) &&
      h("p.faint", null, h("span.must", { "aria-hidden": "true" }, "*"), " means that an answer is required."),
    summary,
    fields.map(({ element }) => element),
    h("footer", null, submit, h("div", null, h("p", null, "Submitted feedback is final."), saved)),
  );
  return editor;

  function keep() {
    draft.keep(Object.fromEntries(fields.map(({ field, values }) => [field.id, values()])));
    fill(saved, "Draft kept in this browser.");
  }

  function send(event) {
    event.preventDefault();
    press(submit, hand, ({ message }) => showSummary(h("p", null, message, " Your draft is kept.")));
  }

  async function hand() {
    const answers = fields
      .map(({ field, values }) => ({ fieldId: field.id, values: values() }))
      .filter(({ values }) => values.length);
    const {
      submitFeedback: { errors },
    } = await ask(SUBMIT, { input: { formId: form.id, answers } });
    if (!errors.length) return (draft.drop(), submitted("Your feedback is in. Thank you."));
    if (errors.some(({ code }) => code === "FEEDBACK_VOIDED" || code === "FEEDBACK_ALREADY_SUBMITTED"))
      return submitted(errors[0].message);
    complain(errors, answers);
  }

  function complain(errors, answers) {
    const known = new Map(fields.map((entry) => [entry.field.id, entry]));
    const about = ({ path }) =>
      known.get(path.find((step) => known.has(step)) ?? answers[path[path.indexOf("answers") + 1]]?.fieldId);
    fields.forEach((entry) =>
      entry.complain(errors.filter((error) => about(error) === entry).map(({ message }) => quoted(message))),
    );
    showSummary(
      h(
        "p",
        null,
        h(
          "b",
          null,
          errors.length === 1 ? "One answer needs another look:" : `${errors.length} answers need another look:`,
        ),
      ),
      h(
        "ul",
        null,
        errors.map((error) => {
          const entry = about(error);
          return h(
            "li",
            null,
            entry
              ? h(
                  "a",
                  { href: `#${entry.id}`, click: (event) => (event.preventDefault(), entry.focus()) },
                  quoted(error.message),
                )
              : quoted(error.message),
          );
        }),
      ),
    );
  }

  function showSummary(...children) {
    fill(summary, children).hidden = false;
    summary.focus();
  }
}

/** The API quotes names as code is quoted; people are shown them as people quote. */
const quoted = (message) => message.replace(/`([^`]*)`/g, "“$1”");

/** An input for a field by its type: `values()` as the API takes them, `complain(messages)` beside it. */
function fieldInput(field, initial) {
  const id = `field-${field.id}`;
  const label = [
    field.label,
    field.required && [h("span.must", { "aria-hidden": "true" }, " *"), h("span.hushed", null, " (required)")],
  ];
  const description = field.description && h("p.faint", { id: `${id}-about` }, field.description);
  const problem = h("p.problem", { id: `${id}-problem` });
  const aria = {
    "aria-describedby": [description && `${id}-about`, `${id}-problem`].filter(Boolean).join(" "),
    "aria-required": field.required ? "true" : undefined,
  };
  const many = { SCORE: "radio", YES_NO: "radio", MULTIPLE_SELECT: "checkbox" }[field.type];
  return many ? choices() : single();

  function choices() {
    const options = field.options.length ? field.options : YES_NO;
    const inputs = options.map((option, place) =>
      h("input", {
        type: many,
        name: id,
        value: option,
        checked: initial.includes(option),
        id: place ? `${id}-${place}` : id,
      }),
    );
    const { "aria-required": required, ...described } = aria;
    const group = h(
      `fieldset.${field.type === "SCORE" ? "score" : "choice"}`,
      {
        ...described,
        role: many === "radio" ? "radiogroup" : undefined,
        "aria-required": many === "radio" ? required : undefined,
      },
      h("legend", null, label),
      description,
      h(
        "div.options",
        null,
        inputs.map((input) => h("label.option", null, input, h("span", null, input.value))),
      ),
      problem,
    );
    return entry(group, () => inputs.filter(({ checked }) => checked).map(({ value }) => value), inputs);
  }

  function single() {
    const common = { id, value: initial[0] ?? "", ...aria };
    const input = {
      TEXT: () => h("input", { type: "text", maxlength: "500", ...common }),
      DATE: () => h("input", { type: "date", ...common }),
      CODE: () => h("textarea.code", { rows: "8", spellcheck: "false", ...common }),
      TEXTAREA: () => h("textarea", { rows: "5", ...common }),
      DROPDOWN: () => {
        const select = h(
          "select",
          { ...aria, id },
          h("option", { value: "" }, "Choose…"),
          field.options.map((option) => h("option", { value: option }, option)),
        );
        select.value = initial[0] ?? "";
        return select;
      },
    }[field.type]();
    return entry(
      h("div.field", null, h("label", { for: id }, label), description, input, problem),
      () => (input.value.trim() ? [input.value] : []),
      [input],
    );
  }

  function entry(element, values, inputs) {
    const complain = (messages) => {
      fill(problem, messages.join(" "));
      inputs.forEach((input) =>
        messages.length ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid"),
      );
    };
    return {
      id,
      field,
      element,
      values,
      complain,
      focus: () => (inputs.find(({ checked }) => checked) ?? inputs[0]).focus(),
    };
  }
}

/** The draft of a form, in this browser only: it survives a reload and goes once the form is in. */
function keptDraft(formId) {
  const key = `callboard.draft.${formId}`;
  const kept = localStorage.getItem(key);
  return {
    exists: Boolean(kept),
    values: JSON.parse(kept ?? "{}"),
    keep: (values) => localStorage.setItem(key, JSON.stringify(values)),
    drop: () => localStorage.removeItem(key),
  };
}
